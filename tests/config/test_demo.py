"""The demo engagement: loaded once for this module, and looked at from several sides."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page
from wagtail_localize.models import Translation

from attune.case_studies.casting import case_of
from attune.case_studies.checks import errors_of
from attune.case_studies.shown import norm_named
from attune.curriculum.models import ModuleLibraryPage, ModulePage, ProgrammePage
from attune.enrolments.models import Enrolment, UnitProgress
from attune.lessons.models import LessonPage
from attune.people.models import Engagement, Person
from attune.quizzes.models import ExtraTime, Question, QuizAttempt, QuizPage
from attune.xapi.linting import lint
from attune.xapi.models import StatementRecord
from config import demo
from config.demo import content, reading, translations
from config.demo.progress import CAST

pytestmark = pytest.mark.xdist_group("demo")  # loaded once for all of them


def load(now: datetime | None = None) -> list[str]:
    lines: list[str] = []
    demo.load(now or timezone.now(), lines.append)
    return lines


def counts() -> Counter[str]:
    """How many rows there are of everything that is ours, Wagtail's or wagtail-localize's."""
    found: Counter[str] = Counter()
    for model in apps.get_models():
        if model._meta.app_label.startswith(("attune_", "wagtail")):
            found[model._meta.label] = model._base_manager.count()
    return found


@pytest.fixture(scope="module")
def _loaded(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The demo, loaded once and taken back when this module is done."""
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        try:
            yield load()
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


@pytest.fixture
def loaded(_loaded: list[str], db: None) -> list[str]:
    return _loaded


def test_a_second_load_changes_nothing(loaded):
    before = counts()
    revisions = set(Page.objects.values_list("pk", "latest_revision"))
    again = load(timezone.now() + timedelta(days=3))
    assert again == []
    assert counts() == before
    assert set(Page.objects.values_list("pk", "latest_revision")) == revisions


def test_what_a_trainer_edited_is_left_alone(loaded, django_user_model):
    lesson = LessonPage.objects.get(slug="saying-no", locale__language_code="en")
    lesson.title = "How to say no"
    klaus = django_user_model.objects.get(email="klaus@nordlicht.example")
    lesson.save_revision(user=klaus).publish(user=klaus)
    load()
    assert (
        LessonPage.objects.get(slug="saying-no", locale__language_code="en").title
        == "How to say no"
    )


def test_every_page_is_live_with_a_history(loaded):
    pages = Page.objects.filter(depth__gt=1)
    assert pages.count() == 53
    assert not pages.exclude(live=True).exists()
    assert not pages.filter(has_unpublished_changes=True).exists()
    assert not pages.filter(latest_revision=None).exists()
    assert not pages.exclude(latest_revision__user__email=content.SYSTEM_EMAIL).exists()
    assert not Question.objects.exclude(live=True).exists()


def test_a_drill_draws_other_questions_each_time_against_the_clock(loaded):
    drill = QuizPage.objects.get(slug="escalation-drill")
    (draw,) = drill.quiz_questions.all()
    assert (draw.draw_count, draw.draw_tag) == (3, "escalation")
    attempts = QuizAttempt.objects.filter(unit=drill)
    assert attempts.exclude(handed_in_at=None).exists()
    seen = {frozenset(each.questions.values_list("question_key", flat=True)) for each in attempts}
    assert {len(keys) for keys in seen} == {3}
    assert len(seen) > 1
    for attempt in attempts:
        more = ExtraTime.objects.filter(person=attempt.person).first()
        minutes = 6 * (1 + more.percent / 100) if more else 6
        assert attempt.due_at - attempt.started_at == timedelta(minutes=minutes)
    assert ExtraTime.objects.get().granted_by.email == "hana@habagat.example"


def test_the_etiquette_module_is_there_in_german_with_the_same_ids(loaded):
    module = ModulePage.objects.get(slug="etiquette", locale__language_code="en")
    german = module.get_translations().get().specific
    assert german.locale.language_code == "de"
    units = list(module.get_children().specific())
    translated = list(german.get_children().specific())
    assert [unit.translation_key for unit in units] == [each.translation_key for each in translated]
    for unit, other in zip(units, translated, strict=True):
        assert unit.title != other.title
        if isinstance(unit, LessonPage):
            assert [block.id for block in unit.body] == [block.id for block in other.body]
            assert list(unit.self_checks()) == list(other.self_checks())
            for check, its in zip(
                unit.self_checks().values(), other.self_checks().values(), strict=True
            ):
                assert [o["correct"] for o in check["options"]] == [
                    o["correct"] for o in its["options"]
                ]
                assert check["question"] != its["question"]


def test_a_german_quiz_asks_german_questions_with_the_same_keys(loaded):
    quiz = QuizPage.objects.get(slug="etiquette-quiz", locale__language_code="en")
    german = quiz.get_translations().get()
    mine = [row.question for row in quiz.quiz_questions.all()]
    theirs = [row.question for row in german.quiz_questions.all()]
    assert [each.translation_key for each in mine] == [each.translation_key for each in theirs]
    for one, other in zip(mine, theirs, strict=True):
        assert other.locale.language_code == "de"
        assert one.prompt != other.prompt
        assert one.item().correct_responses() == other.item().correct_responses()


def test_wagtail_localize_can_go_on_from_here(loaded, django_user_model):
    """An English sentence is changed: the German page keeps every other one."""
    lesson = LessonPage.objects.get(slug="small-talk")
    german = lesson.get_translations().get()
    before = german.body.get_prep_value()
    klaus = django_user_model.objects.get(email="klaus@nordlicht.example")
    lesson.summary = "Changed."
    lesson.save_revision(user=klaus).publish(user=klaus)
    translation = Translation.objects.get(
        source__object_id=lesson.translation_key, target_locale=german.locale
    )
    total, done = translation.get_progress()
    assert done == total
    translation.source.update_from_db()
    total, done = translation.get_progress()
    assert done == total - 1
    translation.save_target(user=klaus, publish=False)
    german.get_latest_revision().publish(user=klaus)
    german.refresh_from_db()
    assert german.body.get_prep_value() == before
    assert german.title.startswith("Small Talk: wie viel")


def test_the_programme_keeps_its_last_module_closed(loaded):
    programme = ProgrammePage.objects.get(slug="german-colleagues")
    rows = list(programme.programme_modules.all())
    assert [row.module.slug for row in rows] == ["etiquette", "communication", "customer-service"]
    assert [row.opens_after and row.opens_after.slug for row in rows] == [
        None,
        None,
        "communication",
    ]
    assert len(programme.review_note) <= 300
    assert "data protection officer" in programme.wagtail_admin_comments.get().text


def test_the_shared_library_stands_beside_the_clients(loaded):
    shared = ModuleLibraryPage.objects.get(slug="shared-modules")
    assert shared.get_parent().slug == "attune"


@pytest.mark.parametrize("person", demo.PEOPLE, ids=lambda person: person.name)
def test_each_of_the_cast_can_sign_in(loaded, client, person):
    response = client.post(
        reverse("attune_accounts:sign_in"),
        {"username": person.email, "password": person.password},
    )
    assert response.status_code == 302
    assert client.get(response.url).status_code == 200


def test_an_outsider_finds_none_of_it(loaded, client, django_user_model):
    client.force_login(
        django_user_model.objects.get(email="arjun@deccan-deskline.example"),
        backend=settings.AUTHENTICATION_BACKENDS[-1],
    )
    pages = Page.objects.descendant_of(
        Page.objects.get(slug="nordlicht", locale__language_code="en")
    )
    assert pages.count() > 15
    for page in pages:
        assert client.get(page.url).status_code == 404, page.url


def test_a_trainer_explores_the_own_pages_in_both_languages_and_nothing_else(
    loaded, client, django_user_model
):
    client.force_login(
        django_user_model.objects.get(email="klaus@nordlicht.example"),
        backend=settings.AUTHENTICATION_BACKENDS[-1],
    )
    cedar = Page.objects.get(slug="cedar-pine")
    for page in Page.objects.filter(depth__gt=1).exclude(slug="shared-modules"):
        theirs = page.path.startswith(cedar.path)
        response = client.get(reverse("wagtailadmin_explore", args=[page.pk]))
        assert response.status_code == (404 if theirs else 200), page.url_path
        if theirs:
            assert page.title not in response.text


def test_a_lesson_confirmed_in_german_goes_on_in_german(loaded, client, django_user_model):
    client.force_login(
        django_user_model.objects.get(email="maria@habagat.example"),
        backend=settings.AUTHENTICATION_BACKENDS[-1],
    )
    lesson = LessonPage.objects.get(slug="namen-und-begruessung")
    for block_id in lesson.self_checks():
        client.post(
            reverse("attune_lessons:self_check", args=[lesson.pk]),
            {"block": block_id, "option": "0"},
        )
    response = client.post(
        reverse("attune_lessons:confirm", args=[lesson.pk]), {"done": "1", "then": "next"}
    )
    assert response.url.startswith("/de/nordlicht/")
    english = LessonPage.objects.get(slug="names-and-greetings")
    progress = UnitProgress.objects.get(
        person__full_name="Maria Santos", unit_key=english.translation_key
    )
    assert progress.completed_at is not None


def test_everything_simulated_says_so_and_lints(loaded):
    assert not Engagement.objects.exclude(is_simulated=True).exists()
    bodies = list(StatementRecord.objects.values_list("body", flat=True))
    assert len(bodies) > 1_500
    for body in bodies:
        statement = json.loads(body)
        assert lint(statement) == []
        extensions = statement["context"]["extensions"]
        assert any(
            iri.endswith("/simulated") and value is True for iri, value in extensions.items()
        )


def test_the_past_has_passed(loaded):
    """Deeds lie between the assignment and now, and follow each other."""
    now = timezone.now()
    assert not StatementRecord.objects.filter(occurred_at__gt=now).exists()
    for progress in UnitProgress.objects.select_related("enrolment"):
        assert progress.enrolment.enrolled_at < progress.started_at < now
        if progress.completed_at is not None:
            assert progress.started_at < progress.completed_at
    for attempt in QuizAttempt.objects.exclude(handed_in_at=None):
        assert attempt.started_at < attempt.handed_in_at


def test_every_state_that_hr_may_meet_is_there(loaded):
    now = timezone.now()
    standings = [
        each.standing(now)
        for each in Enrolment.objects.filter(engagement__code="nordlicht-habagat")
    ]
    assert len(standings) == 40
    states = Counter(standing.state.value for standing in standings)
    assert set(states) == {
        "not_started",
        "in_progress",
        "completed",
        "expiring",
        "expired",
        "attempts_exhausted",
        "paused",
    }
    assert states["completed"] >= 8
    assert states["attempts_exhausted"] == 2
    assert sum(standing.overdue for standing in standings) >= 4
    assert Engagement.objects.get(code="nordlicht-habagat").teams.count() == 3


def test_the_cast_begins_with_everything_before_it(loaded):
    for name in CAST:
        enrolment = Enrolment.objects.get(person__full_name=name)
        assert enrolment.state == "not_started"
        assert enrolment.due_at > timezone.now() + timedelta(days=2)
        assert not UnitProgress.objects.filter(person__full_name=name).exists()
    assert Person.objects.get(full_name="Maria Santos").time_zone == "Asia/Manila"


@pytest.mark.slow
def test_the_progress_follows_from_the_day_alone(db):
    """Two loads in two empty databases on one day tell the same story."""

    def story() -> list[Any]:
        return list(
            Enrolment.objects.order_by("person__full_name").values_list(
                "person__full_name", "state", "due_at", "completed_at", "started_at"
            )
        )

    stories = []
    for hour in (1, 5):
        with transaction.atomic():
            load(datetime(2026, 3, 4, hour, tzinfo=UTC))
            stories.append(story())
            transaction.set_rollback(True)
    assert stories[0] == stories[1]
    assert len(stories[0]) == 45


# --- The content's own faults ---------------------------------------------------------


@pytest.fixture
def copied_content(tmp_path: Path) -> Path:
    return Path(shutil.copytree(reading.ROOT, tmp_path / "demo_content"))


def change(root: Path, name: str, old: str, new: str) -> None:
    file = root / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


LESSON = "german-colleagues/etiquette/small-talk.toml"
QUIZ = "german-colleagues/etiquette/etiquette-quiz.toml"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (LESSON, "minutes = 7", "minutes = 0", "small-talk.toml.minutes: should lie between"),
        (LESSON, "summary = ", "sumary = ", "small-talk.toml.sumary: is not known here"),
        (LESSON, 'type = "do_dont"', 'type = "do_not"', "body[4].type: “do_not” is none of"),
        (LESSON, 'title = "', f'title = "{"x" * 300}', "small-talk.toml.title: has 3"),
        (QUIZ, "pass_mark = 80", 'pass_mark = "80"', "pass_mark: should be of the kind int"),
        (QUIZ, "correct = true", "correct = false", "question[0]: Mark the right option."),
        (QUIZ, "[[question]]", "[[question", "etiquette-quiz.toml: "),
        (
            "german-colleagues/programme.toml",
            '"communication",',
            '"comunication",',
            "comunication/module.toml: [Errno 2]",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(copied_content, name, old, new, words):
    change(copied_content, name, old, new)
    with pytest.raises(reading.ContentError) as caught:
        reading.read_programmes(copied_content)
    assert words in str(caught.value)


@pytest.mark.django_db
def test_a_translation_must_have_the_same_bones(copied_content):
    german = "german-colleagues/etiquette/de/etiquette-quiz.toml"
    change(copied_content, german, "correct = true", "correct = false")
    change(copied_content, german, "correct = false", "correct = true")
    change(copied_content, german, 'key = "etq-unknown-gender"', 'key = "etq-unknown"')
    with pytest.raises(reading.ContentError, match="than the original"):
        reading.read_programmes(copied_content)


@pytest.mark.django_db
def test_a_translation_must_have_the_same_paragraphs(copied_content):
    change(
        copied_content,
        "german-colleagues/etiquette/de/small-talk.toml",
        'text = """\n',
        'text = """\nEin Absatz zu viel.\n\n',
    )
    programmes = reading.read_programmes(copied_content)
    with pytest.raises(reading.ContentError, match=r"body\..* has \d+ texts, its translation"):
        translations.check_translations(programmes)


def test_markdown_becomes_harmless_rich_text():
    html = reading.rich_text("### Head\n\n**Bold** <script>alert(1)</script>\n\n- one")
    assert "<h3>Head</h3>" in html
    assert "<strong>Bold</strong>" in html
    assert "<li>one</li>" in html
    assert "<script" not in html
    assert reading.paragraphs("*not* a <b>tag</b>").count("<") == 2


# --- Where it may be loaded ------------------------------------------------------------


def test_it_refuses_settings_for_the_open_network(monkeypatch):
    monkeypatch.setattr(settings, "SETTINGS_MODULE", "config.settings.production")
    with pytest.raises(demo.NotForTheOpenNetwork):
        demo.load(timezone.now(), print)
    with pytest.raises(CommandError, match="password that everybody knows"):
        call_command("load_demo", "--reset", "--no-input")


def test_people_are_a_table_of_five_columns():
    assert all(len(person) == 5 and all(person) for person in demo.PEOPLE)


def test_a_module_with_one_german_case_has_all_its_units_in_german(loaded):
    """What is not translated yet stands there in English, so that the module can be completed."""
    module = ModulePage.objects.get(slug="communication", locale__language_code="en")
    german = module.get_translations().get()
    assert german.title == "Kommunikation: klare Worte in beide Richtungen"
    units = list(module.units().specific())
    theirs = list(german.units().specific())
    assert [unit.translation_key for unit in units] == [each.translation_key for each in theirs]
    changed = [each for unit, each in zip(units, theirs, strict=True) if unit.title != each.title]
    assert [each.title for each in changed] == ["Fall: die verstrichene Zeit"]
    case = case_of(changed[0])
    assert case.scenes[1].choices[0].text.startswith("„Um 08:40 wurde unsere Anfrage abgelehnt")
    assert errors_of(changed[0]) == []
    for choice in (each for scene in case.scenes for each in scene.choices):
        norm = norm_named(choice.norm, language="de")
        assert norm is not None, choice.norm
        assert norm.culture.name == "Deutsche Arbeitskultur (Bremen und Chemnitz)"
