"""Pictures, recordings and lessons beside a question: whose they are, and what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection
from wagtail.test.utils.form_data import inline_formset, rich_text
from wagtailmedia.models import get_media_model

from attune.curriculum.models import ClientCollection
from attune.quizzes.models import QuizPage, QuizQuestion
from attune.quizzes.questions import question_type
from attune.quizzes.services import hand_in, start_attempt
from tests import factories
from tests.conftest import Cast, Content
from tests.factories import as_user
from tests.quizzes.support import NOW, QuizSet, choice, true_false
from tests.quizzes.test_admin import form_data, url
from tests.quizzes.test_translation import translated

pytestmark = pytest.mark.django_db

TRUE_FALSE, CHOICE = question_type("true_false"), question_type("choice")
PUBLISH = {"action-publish": "1"}


@pytest.fixture(autouse=True)
def media_root(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def collection_of(organisation: Any) -> Collection:
    found: Collection = ClientCollection.objects.get(organisation=organisation).collection
    return found


def image_of(organisation: Any, title: str = "Plan of the plant") -> Any:
    return get_image_model().objects.create(
        title=title, file=get_test_image_file(), collection=collection_of(organisation)
    )


def recording_of(organisation: Any, title: str = "The call") -> Any:
    return get_media_model().objects.create(
        title=title,
        type="audio",
        duration=3,
        file=ContentFile(b"ID3", name="call.mp3"),
        collection=collection_of(organisation),
    )


# --- The author's form ----------------------------------------------------------------------


@pytest.fixture
def trainer(
    client: Client, cast: Cast, nordlicht_content: Content, cedar_content: Content
) -> Client:
    return as_user(client, cast.nordlicht.trainer)


def foreign_things(cast: Cast, content: Content) -> dict[str, Any]:
    return {
        "image": image_of(cast.cedar.client, "Canary"),
        "recording": recording_of(cast.cedar.client, "Canary"),
        "lesson": content.lesson,
    }


@pytest.mark.parametrize("publish", [{}, PUBLISH], ids=["draft", "publish"])
@pytest.mark.parametrize("name", ["image", "recording", "lesson"])
def test_what_is_another_clients_is_refused(
    trainer: Client, cast: Cast, cedar_content: Content, name: str, publish: dict[str, str]
) -> None:
    foreign = foreign_things(cast, cedar_content)[name]
    words = {"image_alt": "A plan", "transcript": rich_text("<p>Hello.</p>")}
    sent = form_data(TRUE_FALSE, **{name: str(foreign.pk)}, **words)
    answer = trainer.post(url(TRUE_FALSE, "add"), sent | publish)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "not yours" in page
    assert foreign.title not in page
    assert not TRUE_FALSE.objects.exists()


def test_an_options_picture_of_another_client_is_refused(trainer: Client, cast: Cast) -> None:
    foreign = image_of(cast.cedar.client, "Canary")
    rows = [
        {"text": "Today.", "correct": "on", "image": str(foreign.pk)},
        {"text": "Soon.", "image": ""},
    ]
    answer = trainer.post(url(CHOICE, "add"), form_data(CHOICE, options=inline_formset(rows)))
    assert answer.status_code == 200
    assert "not yours" in answer.content.decode()
    assert "Canary" not in answer.content.decode()
    assert not CHOICE.objects.exists()


@pytest.mark.parametrize(
    ("bank", "whose", "words"),
    [
        (None, "nordlicht", "Choose something shared"),
        ("cedar", "nordlicht", "belongs to another client"),
        ("nordlicht", "nordlicht", ""),
    ],
)
def test_a_question_shows_only_what_its_bank_may_show(
    client: Client,
    cast: Cast,
    nordlicht_content: Content,
    cedar_content: Content,
    bank: str | None,
    whose: str,
    words: str,
) -> None:
    """The administrator sees the files of all, and could hand one client's to another."""
    as_user(client, cast.administrator)
    owner = getattr(cast, bank).client.pk if bank else ""
    image = image_of(getattr(cast, whose).client)
    rows = [
        {"text": "Today.", "correct": "on", "image": str(image.pk)},
        {"text": "Soon.", "image": ""},
    ]
    for sent in (
        form_data(CHOICE, owner=owner, image=str(image.pk), image_alt="A plan"),
        form_data(CHOICE, owner=owner, lesson=str(nordlicht_content.lesson.pk)),
        form_data(CHOICE, owner=owner, options=inline_formset(rows)),
    ):
        answer = client.post(url(CHOICE, "add"), sent)
        assert answer.status_code == (200 if words else 302)
        assert words in answer.content.decode()
    assert CHOICE.objects.exists() is not bool(words)


def test_with_its_client_s_picture_a_question_does_not_move_to_the_shared_bank(
    client: Client, cast: Cast, nordlicht_content: Content
) -> None:
    question = true_false(cast.nordlicht.client)
    question.image, question.image_alt = image_of(cast.nordlicht.client), "A plan"
    question.save_revision().publish()
    as_user(client, cast.administrator)
    sent = form_data(TRUE_FALSE, owner="", image=str(question.image.pk), image_alt="A plan")
    answer = client.post(url(TRUE_FALSE, "edit", question.pk), sent | PUBLISH)
    assert "Choose something shared" in answer.content.decode()


def test_what_stood_there_before_stays(trainer: Client, cast: Cast) -> None:
    question = true_false(cast.nordlicht.client)
    question.image, question.image_alt = image_of(cast.cedar.client), "A plan"
    question.save_revision().publish()
    sent = form_data(
        TRUE_FALSE,
        title="Renamed",
        owner=cast.nordlicht.client.pk,
        image=str(question.image.pk),
        image_alt="A plan",
    )
    assert trainer.post(url(TRUE_FALSE, "edit", question.pk), sent | PUBLISH).status_code == 302
    question.refresh_from_db()
    assert (question.title, question.image.title) == ("Renamed", "Plan of the plant")


def test_own_things_are_taken(trainer: Client, cast: Cast, nordlicht_content: Content) -> None:
    picture, option = image_of(cast.nordlicht.client), image_of(cast.nordlicht.client, "Option")
    rows = [
        {"text": "Today.", "correct": "on", "image": str(option.pk)},
        {"text": "Soon.", "image": ""},
    ]
    sent = form_data(
        CHOICE,
        image=str(picture.pk),
        image_alt="Two machines, one behind the other.",
        lesson=str(nordlicht_content.lesson.pk),
        options=inline_formset(rows),
    )
    answer = trainer.post(url(CHOICE, "add"), sent | PUBLISH)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    frozen = CHOICE.objects.get().definition()
    assert frozen["image"] == {"id": picture.pk, "alt": "Two machines, one behind the other."}
    assert frozen["options"][0]["image"] == {"id": option.pk, "alt": ""}
    assert "image" not in frozen["options"][1]
    lesson = nordlicht_content.lesson
    assert frozen["lesson"] == {"key": str(lesson.translation_key), "title": lesson.title}


@pytest.mark.parametrize(
    ("things", "words"),
    [
        (("image",), "Say in words what the image shows."),
        (("recording",), "Give the transcript of the recording."),
        (("image", "recording"), "not both"),
    ],
)
def test_nothing_is_shown_without_words_for_it(
    trainer: Client, cast: Cast, things: tuple[str, ...], words: str
) -> None:
    made = {
        "image": image_of(cast.nordlicht.client),
        "recording": recording_of(cast.nordlicht.client),
    }
    sent = form_data(TRUE_FALSE, **{name: str(made[name].pk) for name in things})
    refused = trainer.post(url(TRUE_FALSE, "add"), sent | PUBLISH)
    assert words in refused.content.decode()
    assert trainer.post(url(TRUE_FALSE, "add"), sent).status_code == 302  # as a draft


def test_a_question_without_any_is_frozen_as_ever(cast: Cast) -> None:
    """A key that says nothing would give each question a new version."""
    frozen = true_false(cast.nordlicht.client).definition()
    assert not {"image", "recording", "lesson"} & frozen.keys()


# --- What the learner sees --------------------------------------------------------------------


def begun(quiz_set: QuizSet) -> Any:
    return start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)


def seen(client: Client, name: str, attempt: Any, *args: Any) -> str:
    address = reverse(f"attune_quizzes:{name}", args=[attempt.deed, *args])
    return client.get(address).content.decode()


def test_a_picture_is_shown_and_its_words_remain(client: Client, quiz_set: QuizSet) -> None:
    question = quiz_set.questions[0]
    image = image_of(question.owner)
    question.image, question.image_alt = image, "Two machines"
    question.save()
    attempt = begun(quiz_set)
    as_user(client, quiz_set.person)
    page = seen(client, "question", attempt, 1)
    assert 'alt="Two machines"' in page
    assert "srcset=" in page
    image.delete()
    assert "An image that was removed since: Two machines" in seen(client, "question", attempt, 1)


def test_a_recording_comes_with_its_transcript(client: Client, quiz_set: QuizSet) -> None:
    question = quiz_set.questions[0]
    recording = recording_of(question.owner)
    question.recording = recording
    question.transcript = "<p>When <b>exactly</b>?<script>alert(1)</script></p>"
    question.save()
    attempt = begun(quiz_set)
    as_user(client, quiz_set.person)
    page = seen(client, "question", attempt, 1)
    assert "<audio controls" in page
    assert "<p>When <b>exactly</b>?</p>" in page
    recording.delete()
    gone = seen(client, "question", attempt, 1)
    assert "<audio" not in gone
    assert "<p>When <b>exactly</b>?</p>" in gone


def test_options_have_pictures_in_question_and_result(client: Client, quiz_set: QuizSet) -> None:
    option = quiz_set.questions[1].options.first()
    option.image = image_of(quiz_set.questions[1].owner)
    option.save()
    attempt = begun(quiz_set)
    as_user(client, quiz_set.person)
    assert seen(client, "question", attempt, 2).count("option-picture") == 1
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert seen(client, "result", attempt).count("option-picture") == 1


def test_the_result_leads_to_the_lesson(
    client: Client, quiz_set: QuizSet, cedar_content: Content
) -> None:
    first, second = quiz_set.questions[:2]
    own = quiz_set.content.lesson
    for question, lesson in ((first, own), (second, cedar_content.lesson)):
        question.lesson = lesson
        question.save()
    attempt = begun(quiz_set)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    as_user(client, quiz_set.person)
    page = seen(client, "result", attempt)
    assert f"Read it again: {own.title}</a>" in page
    assert f'href="{own.url}"' in page
    # It is no part of what Maria learns, so there is no way there.
    assert cedar_content.lesson.url not in page


def test_the_lesson_is_named_in_the_readers_language(client: Client, quiz_set: QuizSet) -> None:
    home = quiz_set.content.home
    home.get_parent().specific.copy_for_translation(factories.german()).save_revision().publish()
    for page in (home, quiz_set.content.library, quiz_set.content.module):
        translated(type(page).objects.get(pk=page.pk))
    lesson = quiz_set.content.lesson
    german = translated(type(lesson).objects.get(pk=lesson.pk), {lesson.title: "Pünktlichkeit"})
    quiz_set.questions[0].lesson = lesson
    quiz_set.questions[0].save()
    attempt = begun(quiz_set)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    type(attempt).objects.filter(pk=attempt.pk).update(language="de")
    as_user(client, quiz_set.person)
    page = seen(client, "result", attempt)
    assert "Pünktlichkeit" in page
    assert german.url in page


def test_many_pictures_cost_as_much_as_one(
    client: Client, quiz_set: QuizSet, django_assert_max_num_queries: Any
) -> None:
    quiz = QuizPage.objects.get(pk=quiz_set.quiz.pk)
    for number in range(10):
        question = choice(quiz_set.questions[0].owner, f"More {number}")
        question.image, question.image_alt = image_of(question.owner), "A plan"
        question.lesson = quiz_set.content.lesson
        question.save()
        QuizQuestion.objects.create(page=quiz, question=question, sort_order=10 + number)
    attempt = begun(quiz_set)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    as_user(client, quiz_set.person)
    seen(client, "result", attempt)  # the sizes are made when they are first asked for
    with django_assert_max_num_queries(12):
        page = seen(client, "result", attempt)
    assert page.count('alt="A plan"') == 10
