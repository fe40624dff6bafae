"""Questions in rows, as their trainers write and translate them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import inline_formset, streamfield

from attune.quizzes.questions import question_type
from attune.quizzes.services import save_answer
from tests import factories
from tests.conftest import Cast, Content
from tests.factories import as_user
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import of_kind, quiz_of
from tests.quizzes.test_admin import form_data, url
from tests.quizzes.test_translation import translated

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "rows", "words"),
    [
        (
            "matching",
            {
                "pairs": inline_formset([{"source": "A", "target": "1"}]),
                "distractors": inline_formset([]),
            },
            "Give at least 2 rows: there is 1.",
        ),
        (
            "matching",
            {
                "pairs": inline_formset(
                    [{"source": "A", "target": "1"}, {"source": "B", "target": "2"}]
                ),
                "distractors": inline_formset([{"text": "2"}]),
            },
            "“2” is there twice",
        ),
        (
            "sequencing",
            {"steps": inline_formset([{"text": "Greet."}, {"text": "greet."}])},
            "“greet.” is there twice",
        ),
        (
            "performance",
            {
                "steps": inline_formset(
                    [
                        {
                            "text": "The phone rings.",
                            "right": "Greet.",
                            "wrong": streamfield([("response", "Greet.")]),
                        }
                    ]
                )
            },
            "Step 1: “Greet.” is there twice",
        ),
        (
            "situational",
            {
                "replies": inline_formset(
                    [{"text": "A", "expert": "1"}, {"text": "B", "expert": "1"}]
                )
            },
            "The experts’ places have to be 1 to 2, each of them once.",
        ),
    ],
)
def test_what_cannot_be_asked_stays_a_draft(
    client: Client, cast: Cast, kind: str, rows: Any, words: str
) -> None:
    model: Any = question_type(kind)
    as_user(client, cast.nordlicht.trainer)
    data = form_data(model, **rows)
    refused = client.post(url(model, "add"), data | {"action-publish": "1"})
    assert words in refused.content.decode()
    assert not model.objects.exists()
    assert client.post(url(model, "add"), data).status_code == 302
    assert model.objects.get().live is False


@pytest.mark.parametrize(
    ("kind", "rows", "is_kept"),
    [
        ("matching", {"pairs": [{"source": "A", "target": ""}], "distractors": []}, True),
        ("matching", {"pairs": [], "distractors": [{"text": ""}]}, True),
        ("sequencing", {"steps": [{"text": "", "feedback": "Why?"}]}, True),
        ("performance", {"steps": [{"text": "", "right": "", "wrong": streamfield([])}]}, True),
        # A number cannot be left out, not even in a draft; the page says so.
        ("situational", {"replies": [{"text": "A", "expert": ""}]}, False),
        ("situational", {"replies": []}, True),
    ],
)
def test_an_unfinished_draft_is_kept_and_can_be_looked_at(
    client: Client, cast: Cast, kind: str, rows: Any, is_kept: bool
) -> None:
    model: Any = question_type(kind)
    as_user(client, cast.nordlicht.trainer)
    data = form_data(model, **{name: inline_formset(value) for name, value in rows.items()})
    answer = client.post(url(model, "add"), data)
    if not is_kept:
        assert answer.status_code == 200
        assert "This field is required." in answer.content.decode()
        return
    assert answer.status_code == 302
    question = model.objects.get()
    assert question.item().problems()
    preview = url(model, "preview_on_edit", question.pk)
    data["owner"] = str(cast.nordlicht.client.pk)
    assert client.post(preview, data).json()["is_available"] is True
    assert client.get(preview).status_code == 200


GERMAN = {
    "The caller says: “Nothing works!”": "Die Anruferin sagt: „Nichts geht!“",
    "“Please hold.”": "„Bitte warten.“",
    "Priority 1": "Priorität 1",
    "Greet the caller and give your name.": "Grüßen und den Namen nennen.",
    "“We do our best.”": "„Wir tun unser Bestes.“",
}


@pytest.mark.parametrize("kind", ["matching", "sequencing", "performance", "situational"])
def test_a_translated_question_is_answered_with_the_same_ids(cast: Cast, kind: str) -> None:
    english: Any = of_kind(kind, cast.nordlicht.client, "One question")
    german = translated(question_type(kind).objects.get(pk=english.pk), GERMAN)
    ours, theirs = english.item(), german.item()
    assert any(words in str(german.definition()) for words in GERMAN.values())
    assert sorted(ours.order(None)) == sorted(theirs.order(None))
    assert ours.correct_responses() == theirs.correct_responses()
    response = KINDS[kind].answers[next(iter(KINDS[kind].answers))][1](ours)
    assert theirs.grade(theirs.read(response)) == ours.grade(ours.read(response))


def test_a_copy_is_matched_and_ordered_by_keys_of_its_own(client: Client, cast: Cast) -> None:
    """What is answered of one must not be counted for the other."""
    as_user(client, cast.nordlicht.trainer)
    for kind in ("matching", "sequencing", "performance", "situational"):
        model: Any = question_type(kind)
        shared = of_kind(kind, None, "Shared one")
        address = url(model, "copy", shared.pk)
        assert client.get(address).status_code == 200
        assert client.post(address, form_data(model, title="Shared one")).status_code == 302
        copy = model.objects.exclude(pk=shared.pk).get()
        assert not set(copy.item().order(None)) & set(shared.item().order(None))


def test_a_half_done_answer_is_kept_and_said_before_handing_in(
    client: Client, cast: Cast, nordlicht_content: Content, nordlicht_habagat: Any
) -> None:
    question = of_kind("matching", cast.nordlicht.client, "Priorities")
    quiz = quiz_of(nordlicht_content.module, question)
    maria = cast.nordlicht.agent
    factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    as_user(client, maria)
    client.post(reverse("attune_quizzes:start", args=[quiz.pk]))
    attempt = quiz.attempts.get()
    address = reverse("attune_quizzes:question", args=[attempt.deed, 1])
    assert "still open" not in client.get(address).content.decode()
    saved = client.post(
        address, {"pair_2": "1", "sequence": "1"}, headers={"accept": "application/json"}
    )
    assert saved.json()["saved"] is True
    assert len(attempt.questions.get().response) == 1
    assert "2 of 3 still open" in client.get(address).content.decode()
    review = reverse("attune_quizzes:review", args=[attempt.deed])
    assert "Not complete" in client.get(review).content.decode()
    item = attempt.questions.select_related("frozen").get().item
    save_answer(attempt=attempt, position=1, raw=dict(item.key), sequence=9, now=timezone.now())
    assert "Not complete" not in client.get(review).content.decode()
