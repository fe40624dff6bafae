"""Which κ is asked of which marks. The formulas have tests of their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.models import AttemptQuestion, Mark
from attune.quizzes.screens.agreement import FEWEST, Pair, agreement_of, band
from attune.quizzes.services import hand_in, start_attempt
from tests.conftest import Cast
from tests.quizzes.support import NOW, QuizSet


@given(st.floats(min_value=0, max_value=1))
def test_four_bands_of_a_quarter_each(share: float) -> None:
    assert band(share) in range(4)


def test_the_ends_of_the_bands() -> None:
    assert [band(share) for share in (0, 0.24, 0.25, 0.5, 0.75, 1)] == [0, 0, 1, 2, 3, 3]


def test_few_answers_say_nothing() -> None:
    found = agreement_of([Pair((1, 2), (0, 3))] * (FEWEST - 1))
    assert (found.answers, found.alike, found.kappa, found.measure) == (FEWEST - 1, 0, None, "")


def test_the_same_two_are_asked_by_cohen_in_whatever_order_they_marked() -> None:
    # One is always in the first band where the other is in the last: never alike.
    pairs = [Pair((1, 2), (0, 3)), Pair((2, 1), (3, 0))] * 5
    found = agreement_of(pairs)
    assert found.measure.startswith("Cohen")
    assert found.kappa == pytest.approx(0)  # by chance they would never agree either
    alike = agreement_of([Pair((1, 2), (0, 0)), Pair((2, 1), (3, 3))] * 5)
    assert alike.kappa == pytest.approx(1)


def test_several_are_asked_by_fleiss() -> None:
    pairs = [Pair((1, 2), (0, 0)), Pair((2, 3), (3, 3))] * 5
    found = agreement_of(pairs)
    assert found.measure.startswith("Fleiss")
    assert found.kappa == pytest.approx(1)
    # Somebody whose account is gone is nobody in particular.
    assert agreement_of([Pair((1, None), (0, 0)), Pair((1, None), (3, 3))] * 5).measure.startswith(
        "Fleiss"
    )


@pytest.mark.django_db
def test_the_page_shows_a_trainer_the_own_clients_questions_alone(
    client: Any, as_user: Any, quiz_set: QuizSet, cast: Cast
) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    row = attempt.questions.select_related("frozen").first()
    AttemptQuestion.objects.filter(pk=row.pk).update(needs_marking=True)
    for number, marker in enumerate((cast.nordlicht.trainer, cast.administrator), start=1):
        Mark.objects.create(
            question=row, marker=marker.user, number=number, share=0.5, marked_at=NOW
        )
    address = reverse("attune_quizzes_admin:agreement")
    html = as_user(client, cast.nordlicht.trainer).get(address).content.decode()
    assert row.item.name in html
    assert "Shown from 10 answers on" in html
    html = as_user(client, cast.cedar.trainer).get(address).content.decode()
    assert row.item.name not in html
    assert "No answer has been marked by two people yet" in html
