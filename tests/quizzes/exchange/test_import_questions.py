"""A file into a bank: what is new, changed, unchanged, refused, and that twice is once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from modelcluster.models import get_all_child_relations
from wagtail.models import (
    Locale,
    ReferenceIndex,
    Task,
    Workflow,
    WorkflowState,
    WorkflowTask,
)
from wagtail.search.backends import get_search_backend

from attune.people.models import Organisation, Person
from attune.quizzes.exchange import export, format_named, formats
from attune.quizzes.exchange.contract import Draft
from attune.quizzes.import_models import QuestionImport, QuestionSource
from attune.quizzes.models import QuestionLogEntry
from attune.quizzes.questions import Question, question_type, question_types
from attune.quizzes.services import (
    AlreadyApplied,
    apply_import,
    carry_out,
    export_drafts,
    plan_import,
)
from tests import factories
from tests.conftest import Pair
from tests.quizzes.exchange.samples import DRAFTS
from tests.quizzes.support import choice, true_false

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INSTALLED = {"true_false", "choice"}

GIFT = """
// [id:late] [tag:Punctuality]
::Late::Five past nine is <b>late</b>. {TRUE#It is.#Right.}

// [id:reply]
::Reply::With which can a colleague plan?
{=Today by 15\\:00.#A time. ~As soon as I can.#When? ~Soon.}
"""


@pytest.fixture
def bank(nordlicht_habagat: Pair) -> Organisation:
    return nordlicht_habagat.client


def plan(body: str | bytes, bank: Organisation | None, form: str = "gift") -> Any:
    return plan_import(
        form=format_named(form),
        body=body.encode() if isinstance(body, str) else body,
        owner=bank,
        locale=Locale.get_default(),
        topic="communication",
    )


def do(
    body: str | bytes, bank: Organisation | None, form: str = "gift", **more: Any
) -> dict[str, int]:
    made = plan(body, bank, form)
    carry_out(made, **{"publish": True, "user": None, "now": NOW, **more})
    counts: dict[str, int] = made.counts
    return counts


def test_new_questions_are_what_the_editor_would_have_made(
    bank: Organisation, klaus: Person
) -> None:
    assert do(GIFT, bank, user=klaus.user)["new"] == 2
    late = question_type("true_false").objects.get()
    assert (late.title, late.prompt) == ("Late", "<p>Five past nine is <b>late</b>.</p>")
    assert (late.owner, late.topic, late.answer) == (bank, "communication", True)
    assert [tag.name for tag in late.tags.all()] == ["punctuality"]
    assert late.live
    assert not late.has_unpublished_changes
    assert late.live_revision_id == late.latest_revision_id is not None
    again = late.get_latest_revision_as_object()
    assert again.as_data() == late.as_data()
    reply = question_type("choice").objects.get()
    assert reply.options.all()[0].text == "Today by 15:00."
    assert len({option.translation_key for option in reply.options.all()}) == 3
    assert reply.get_latest_revision_as_object().as_data() == reply.as_data()
    assert list(get_search_backend().search("colleague", type(reply))) == [reply]
    logged = QuestionLogEntry.objects.filter(object_id=str(late.pk))
    assert {(entry.action, entry.organisation_id, entry.user_id) for entry in logged} == {
        ("attune_quizzes.import", bank.pk, klaus.user.pk),
        ("wagtail.publish", bank.pk, klaus.user.pk),
    }


def test_references_are_those_that_wagtail_itself_would_find(bank: Organisation) -> None:
    do(GIFT, bank)
    fields = ("to_content_type", "to_object_id", "model_path", "content_path_hash")
    for question in Question.objects.all():
        ours = set(ReferenceIndex.objects.filter(object_id=str(question.pk)).values_list(*fields))
        ReferenceIndex.objects.filter(object_id=str(question.pk)).delete()
        ReferenceIndex.create_or_update_for_object(question)
        assert ours
        assert ours == set(
            ReferenceIndex.objects.filter(object_id=str(question.pk)).values_list(*fields)
        )


def test_as_drafts_nothing_is_live(bank: Organisation) -> None:
    do(GIFT, bank, publish=False)
    assert not Question.objects.filter(live=True).exists()
    question = question_type("true_false").objects.get()
    assert question.has_unpublished_changes
    assert do(GIFT, bank, publish=False)["unchanged"] == 2


def test_twice_changes_nothing(bank: Organisation) -> None:
    do(GIFT, bank)
    before = list(Question.objects.non_polymorphic().order_by("pk").values())
    assert do(GIFT, bank) == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    assert list(Question.objects.non_polymorphic().order_by("pk").values()) == before
    assert QuestionSource.objects.count() == 2


def test_a_changed_question_is_a_new_revision_of_the_same(bank: Organisation) -> None:
    do(GIFT, bank)
    was = question_type("choice").objects.get()
    keys = {option.text: option.translation_key for option in was.options.all()}
    counts = do(GIFT.replace("~Soon.", "~Maybe.").replace("When?", "When is that?"), bank)
    assert counts == {"new": 0, "changed": 1, "unchanged": 1, "refused": 0}
    now = question_type("choice").objects.get()
    assert (now.pk, now.translation_key) == (was.pk, was.translation_key)
    assert now.latest_revision_id > was.latest_revision_id
    assert now.live_revision_id == now.latest_revision_id
    assert {option.text: option.translation_key for option in now.options.all()} == {
        "Today by 15:00.": keys["Today by 15:00."],
        "As soon as I can.": keys["As soon as I can."],
        "Maybe.": keys["Soon."],
    }
    assert [option.feedback for option in now.options.all()] == ["A time.", "When is that?", ""]


def test_what_is_changed_in_bulk_is_what_wagtail_would_have_made(
    bank: Organisation, klaus: Person
) -> None:
    do(GIFT, bank)
    do(GIFT.replace("colleague", "neighbour").replace("::Reply", "::Answer"), bank, user=klaus.user)
    reply = question_type("choice").objects.get()
    backend = get_search_backend()
    assert list(backend.search("neighbour", type(reply))) == [reply]
    assert list(backend.search("colleague", type(reply))) == []
    assert reply.get_latest_revision_as_object().as_data() == reply.as_data()
    assert reply.latest_revision.user == klaus.user
    logged = QuestionLogEntry.objects.filter(object_id=str(reply.pk), user=klaus.user)
    assert {entry.action for entry in logged} == {
        "attune_quizzes.import",
        "wagtail.publish",
        "wagtail.rename",
    }
    fields = ("to_content_type", "to_object_id", "model_path", "content_path_hash")
    rows = ReferenceIndex.objects.filter(object_id=str(reply.pk))
    ours = set(rows.values_list(*fields))
    rows.delete()
    ReferenceIndex.create_or_update_for_object(reply)
    assert ours == set(rows.values_list(*fields))


def test_a_question_of_which_wagtail_knows_more_goes_its_way(
    bank: Organisation, klaus: Person
) -> None:
    do(GIFT, bank)
    late, reply = question_type("true_false").objects.get(), question_type("choice").objects.get()
    # One is to go live next year, the other waits for somebody's review.
    late.go_live_at = datetime(2090, 1, 1, tzinfo=UTC)
    late.save_revision().publish()
    review = Workflow.objects.create(name="Review")
    WorkflowTask.objects.create(workflow=review, task=Task.objects.create(name="Look"))
    state = review.start(reply, klaus.user)
    do(
        GIFT.replace("Five past", "Six past").replace("colleague", "neighbour"),
        bank,
        user=klaus.user,
    )
    late, reply = question_type("true_false").objects.get(), question_type("choice").objects.get()
    assert "Five past" in late.prompt, "still to come"
    assert "Six past" in late.get_latest_revision_as_object().prompt
    assert late.latest_revision.approved_go_live_at == datetime(2090, 1, 1, tzinfo=UTC)
    assert "neighbour" in reply.prompt
    state.refresh_from_db()
    assert state.status == WorkflowState.STATUS_CANCELLED


def test_an_option_that_goes_takes_its_key_with_it(bank: Organisation) -> None:
    do(GIFT, bank)
    keys = {o.text: o.translation_key for o in question_type("choice").objects.get().options.all()}
    do(GIFT.replace("~As soon as I can.#When? ", ""), bank)
    now = question_type("choice").objects.get()
    assert {o.text: o.translation_key for o in now.options.all()} == {
        text: keys[text] for text in ("Today by 15:00.", "Soon.")
    }


def test_as_a_draft_a_change_leaves_the_live_one(bank: Organisation) -> None:
    do(GIFT, bank)
    do(GIFT.replace("<b>late</b>", "late"), bank, publish=False)
    question = question_type("true_false").objects.get()
    assert "<b>" in question.prompt
    assert "<b>" not in question.get_latest_revision_as_object().prompt
    assert do(GIFT.replace("<b>late</b>", "late"), bank)["unchanged"] == 2


def test_what_was_edited_here_stays_while_the_file_says_nothing_new(bank: Organisation) -> None:
    do(GIFT, bank)
    question = question_type("true_false").objects.get()
    question.title = "Late, by a trainer"
    question.save_revision().publish()
    made = plan(GIFT, bank)
    assert made.counts["unchanged"] == 2
    (noted,) = [step for step in made.steps if step.notes]
    assert "edited here" in noted.notes[0]
    assert do(GIFT.replace("::Late::", "::Too late::"), bank)["changed"] == 1


def test_without_ids_the_content_is_the_identity(bank: Organisation) -> None:
    aiken = "When is noon?\nA. At 12\nB. At 13\nANSWER: A\n"
    assert do(aiken, bank, "aiken")["new"] == 1
    assert do(aiken, bank, "aiken")["unchanged"] == 1
    gift = "When is noon? {=At 12 ~At 13}"
    assert do(gift, bank)["unchanged"] == 1
    assert do(gift.replace("At 13", "At 14"), bank)["new"] == 1


def test_what_was_written_here_is_known_again(bank: Organisation) -> None:
    choice(bank)
    true_false(bank)
    questions = Question.objects.filter(owner=bank)
    for form in ("gift", "moodle", "qti", "csv", "xlsx", "aiken"):
        made = export(format_named(form), export_drafts(questions))
        counts = do(made.body, bank, form)
        assert counts == {"new": 0, "changed": 0, "unchanged": made.count, "refused": 0}, form
    assert questions.count() == 2
    assert {q.latest_revision_id for q in questions} == {
        q.live_revision_id for q in Question.objects.all()
    }


def test_into_another_bank_they_are_new_with_keys_of_their_own(
    bank: Organisation, cedar_deccan: Pair
) -> None:
    choice(bank)
    body = export(format_named("csv"), export_drafts(Question.objects.all())).body
    assert do(body, cedar_deccan.client, "csv")["new"] == 1
    one, other = Question.objects.order_by("pk")
    assert one.translation_key != other.translation_key
    assert do(body, None, "csv")["new"] == 1


def test_the_other_language_is_another_bank(bank: Organisation) -> None:
    do(GIFT, bank)
    made = plan_import(
        form=format_named("gift"),
        body=GIFT.encode(),
        owner=bank,
        locale=factories.german(),
        topic="etiquette",
    )
    assert made.counts["new"] == 2


def test_what_cannot_be_asked_is_refused_with_its_place(bank: Organisation) -> None:
    body = (
        "// [id:a]\nOnly one {=yes}\n\n"
        "Two right {=a =b ~c}\n\n"
        "// [id:c]\n::Long::Which? {=" + "x" * 700 + " ~b}\n\n"
        "// [id:d]\nIs it? {T}\n\n// [id:d]\nIs it not? {F}\n\n"
        "A scale {#5..1}\n"
    )
    made = plan(body, bank)
    refused = [(step.draft.place, step.reason) for step in made.of("refused")]
    places = [place for place, _reason in refused] + [f.place for f in made.findings if f.refused]
    assert {"line 4", "line 7", "line 13"} <= set(places)
    assert any("600" in reason for _place, reason in refused)
    assert any("“d”" in reason for _place, reason in refused)
    assert made.counts["new"] >= 1
    assert made.counts["refused"] >= 3


def test_a_type_that_is_not_installed_is_refused_by_name(bank: Organisation) -> None:
    class Strange:
        scheme = slug = "strange"
        never: tuple[str, ...] = ()
        kinds = frozenset({"haiku"})

        def read(self, body: bytes) -> Any:
            from attune.quizzes.exchange.contract import Parsed  # noqa: PLC0415

            return Parsed(drafts=[Draft(kind="haiku", prompt="<p>Old pond</p>", data={})])

    made = plan_import(
        form=Strange(),  # type: ignore[arg-type]
        body=b"",
        owner=bank,
        locale=Locale.get_default(),
        topic="etiquette",
    )
    assert made.counts["refused"] == 1
    assert "haiku" in made.steps[0].reason


def test_another_type_under_the_same_id_is_refused(bank: Organisation) -> None:
    do(GIFT, bank)
    made = plan("// [id:late]\nIs it {=late ~early}?", bank)
    assert made.counts == {"new": 0, "changed": 0, "unchanged": 0, "refused": 1}


def many(number: int, word: str = "ticket") -> str:
    return "\n\n".join(
        f"// [id:q{n}]\n::Q {n}::About {word} {n}? " + ("{T}" if n % 2 else "{=yes ~no ~maybe}")
        for n in range(number)
    )


def test_queries_do_not_grow_with_each_new_question(bank: Organisation) -> None:
    do(many(4), bank)  # content types, log actions
    Question.objects.all().delete()
    sizes = {}
    for number in (20, 220):
        with CaptureQueriesContext(connection) as queries:
            do(many(number, f"{number}"), bank)
        sizes[number] = len(queries)
        Question.objects.all().delete()
    assert (sizes[220] - sizes[20]) / 200 <= 0.2, sizes
    assert sizes[20] < 20 + 60, sizes


def test_a_plan_asks_a_fixed_number_of_queries(bank: Organisation) -> None:
    do(many(60), bank)
    counted = []
    for number in (10, 60):
        with CaptureQueriesContext(connection) as queries:
            plan(many(number), bank)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 15


def test_queries_do_not_grow_with_each_changed_question(bank: Organisation) -> None:
    do(many(12), bank)
    counted = []
    for number, word in ((2, "a"), (12, "b")):
        with CaptureQueriesContext(connection) as queries:
            do(many(number, word), bank)
        counted.append(len(queries))
    assert (counted[1] - counted[0]) / 10 <= 1, counted
    assert counted[0] < 70, counted


def test_a_file_is_taken_over_once(bank: Organisation, klaus: Person) -> None:
    kept = QuestionImport.objects.create(
        owner=bank,
        locale=Locale.get_default(),
        topic="etiquette",
        format="gift",
        file_name="q.txt",
        body=GIFT.encode(),
        uploaded_by=klaus.user,
        uploaded_at=NOW,
    )
    assert apply_import(deed=kept.deed, user=klaus.user, now=NOW)["new"] == 2
    kept.refresh_from_db()
    assert kept.body is None
    assert kept.result["new"] == 2
    with pytest.raises(AlreadyApplied):
        apply_import(deed=kept.deed, user=klaus.user, now=NOW)
    assert Question.objects.count() == 2


def test_a_fault_in_the_middle_leaves_nothing(
    bank: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("attune.quizzes.services.take_over.remember", fall)
    with pytest.raises(RuntimeError):
        do(GIFT, bank)
    assert Question.objects.count() == 0


def test_scripts_do_not_come_with_a_question(bank: Organisation) -> None:
    do(
        '// [id:x]\n[html]<p onclick="x()">Hi<script>alert(1)</script></p> {T#<img src\\=x>#ok}',
        bank,
    )
    question = question_type("true_false").objects.get()
    assert question.prompt == "<p>Hi</p>"
    assert "<" not in question.feedback_false


@pytest.mark.parametrize("slug", [form.slug for form in formats()])
def test_every_installed_type_goes_in_comes_out_and_is_known_again(
    bank: Organisation, slug: str
) -> None:
    installed = {model.kind for model in question_types()}
    form = format_named(slug)
    samples = [draft for draft in DRAFTS.values() if draft.kind in installed]
    made = export(form, samples)
    assert do(made.body, bank, slug)["new"] == made.count > 0
    ours = export(form, export_drafts(Question.objects.filter(owner=bank)))
    unchanged = {"new": 0, "changed": 0, "unchanged": made.count, "refused": 0}
    assert do(ours.body, bank, slug) == unchanged
    assert do(made.body, bank, slug) == unchanged


def test_a_change_of_any_installed_type_keeps_the_keys_of_its_rows(bank: Organisation) -> None:
    installed = {model.kind for model in question_types()}
    samples = [draft for draft in DRAFTS.values() if draft.kind in installed]
    form = format_named("csv")
    do(form.write(samples), bank, "csv")
    before = {q.pk: (q.translation_key, row_keys(q)) for q in Question.objects.all()}
    changed = [replace(draft, prompt="<p>Asked anew.</p>") for draft in samples]
    counts = do(form.write(changed), bank, "csv")
    assert counts == {"new": 0, "changed": len(samples), "unchanged": 0, "refused": 0}
    assert {q.pk: (q.translation_key, row_keys(q)) for q in Question.objects.all()} == before
    assert {q.prompt for q in Question.objects.all()} == {"<p>Asked anew.</p>"}


def row_keys(question: Any) -> dict[str, list[tuple[int, Any]]]:
    return {
        relation.get_accessor_name(): [
            (row.pk, row.translation_key)
            for row in getattr(question, relation.get_accessor_name()).all()
            if hasattr(row, "translation_key")
        ]
        for relation in get_all_child_relations(type(question))
    }
