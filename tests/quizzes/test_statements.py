"""Golden statements: what an attempt says to the record store, letter by letter.

A missing golden fails, and its failure prints what it would hold: read it before you keep it.
No switch writes them, on purpose.
"""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from modelcluster.models import get_all_child_relations
from wagtail.models import Locale, Page, TranslatableMixin

from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.marking import criteria_of
from attune.quizzes.models import QuizAttempt
from attune.quizzes.questions import Question, question_types
from attune.quizzes.services import (
    ask_regrade,
    hand_in,
    mark_answer,
    run_regrade,
    save_answer,
    start_attempt,
    write_question,
)
from attune.xapi.linting import lint
from attune.xapi.models import StatementRecord
from tests import factories
from tests.conftest import Content, Pair
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import NOW, QuizSet, quiz_of, right_answer, true_false

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
# (kind, outcome)
ANSWERED = [(name, outcome) for name, kind in KINDS.items() for outcome in kind.answers]


def fixed(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-4000-8000-{number:012x}")


def with_fixed_keys(quiz_set: QuizSet) -> QuizSet:
    """The same quiz with ids that are the same in every run."""
    Person.objects.filter(pk=quiz_set.person.pk).update(pseudonym=fixed(1))
    # What the signed-in user remembers of itself, as a new request would read it.
    quiz_set.person.refresh_from_db()
    quiz_set.person.user = type(quiz_set.person.user).objects.get(pk=quiz_set.person.user_id)
    Enrolment.objects.update(registration=fixed(2))
    for number, page in enumerate(
        (quiz_set.quiz, quiz_set.content.module, quiz_set.content.programme), start=10
    ):
        Page.objects.filter(pk=page.pk).update(translation_key=fixed(number))
    parts = itertools.count(100)
    for number, question in enumerate(quiz_set.questions, start=20):
        type(question).objects.filter(pk=question.pk).update(translation_key=fixed(number))
        for relation in get_all_child_relations(question):
            model = relation.related_model
            if issubclass(model, TranslatableMixin):
                for row in model.objects.filter(question=question.pk).order_by("pk"):
                    model.objects.filter(pk=row.pk).update(translation_key=fixed(next(parts)))
    quiz_set.quiz.refresh_from_db()
    return quiz_set


@pytest.fixture
def fixed_keys(quiz_set: QuizSet) -> QuizSet:
    return with_fixed_keys(quiz_set)


def begun(quiz_set: QuizSet, number: int = 1) -> QuizAttempt:
    now = NOW + timedelta(hours=number)
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=now)
    QuizAttempt.objects.filter(pk=attempt.pk).update(deed=fixed(1000 + number))
    attempt.refresh_from_db()
    return attempt


def said(kind: str) -> dict[str, Any]:
    row = StatementRecord.objects.filter(kind=kind).order_by("-pk").first()
    assert row is not None, f"nothing was recorded as {kind}"
    statement: dict[str, Any] = json.loads(row.body)
    assert lint(statement) == []
    return statement


def compare(name: str, statement: dict[str, Any]) -> None:
    path = GOLDEN / f"{name}.json"
    written = json.dumps(statement, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    assert path.is_file(), f"{path.name} is missing. It would be:\n{written}"
    assert written == path.read_text(encoding="utf-8"), path.name


def test_every_type_has_goldens() -> None:
    installed = {model.kind for model in question_types() if model.__module__.startswith("attune.")}
    assert installed == {kind for kind, _outcome in ANSWERED}


@pytest.fixture
def ask(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> Any:
    """A quiz of one question, made from an example of its kind."""

    def make(kind: str, example: str) -> QuizSet:
        question = write_question(
            kind=kind,
            owner=nordlicht_habagat.client,
            locale=Locale.get_default(),
            title=f"{kind}: {example}",
            prompt="<p>What helps your colleague to <b>plan</b>?</p>",
            explanation="<p>A named time lets the other person plan.</p>",
            data=KINDS[kind].examples[example],
        )
        beside = []
        if not question.item().is_scored:  # a quiz of surveys alone cannot be started
            beside = [true_false(nordlicht_habagat.client)]
        quiz = quiz_of(nordlicht_content.module, question, *beside, title="Etiquette quiz")
        enrolment = factories.enrol(
            maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW
        )
        return with_fixed_keys(
            QuizSet(quiz, [question, *beside], maria, enrolment, nordlicht_content)
        )

    return make


def answered(
    quiz_set: QuizSet, response_to: Any, *, marker: Any = None, share: float | None = None
) -> dict[str, Any]:
    """What is said of the answer to the first question of a quiz.

    ``share``: of the points that a trainer gives, where the answer waits for one.
    """
    attempt = begun(quiz_set)
    question = attempt.questions.select_related("frozen").get(position=1)
    save_answer(
        attempt=attempt,
        position=1,
        raw=response_to(question.item),
        sequence=1,
        now=attempt.started_at + timedelta(seconds=42),
    )
    hand_in(
        attempt=attempt,
        reader=quiz_set.reader,
        now=attempt.started_at + timedelta(minutes=3, seconds=5),
    )
    if share is not None:
        question.refresh_from_db()
        criteria = criteria_of(question.item, weight=question.weight)
        mark_answer(
            question=question,
            marker=marker.user,
            points=[each.points * share for each in criteria],
            comment="Name the time first.",
            now=attempt.started_at + timedelta(hours=2),
        )
    return said("question_answered")


@pytest.mark.parametrize(("kind", "outcome"), ANSWERED)
def test_answered(ask: Any, klaus: Person, kind: str, outcome: str) -> None:
    example, response_to = KINDS[kind].answers[outcome]
    share = KINDS[kind].marks.get(outcome)
    said_of_it = answered(ask(kind, example), response_to, marker=klaus, share=share)
    compare(f"answered_{kind}_{outcome}", said_of_it)


def test_a_reply_leaves_the_house_only_where_a_setting_says_so(
    ask: Any, klaus: Person, settings: Any
) -> None:
    settings.ATTUNE_SEND_WRITTEN_RESPONSES = True
    example, response_to = KINDS["written_reply"].answers["right"]
    statement = answered(ask("written_reply", example), response_to, marker=klaus, share=1.0)
    assert statement["result"]["response"] == "Friday is at risk.\nI will call at 15:00."


@pytest.mark.parametrize(("outcome", "right"), [("passed", 3), ("passed_partly", 2), ("failed", 1)])
def test_results(fixed_keys: QuizSet, outcome: str, right: int) -> None:
    attempt = begun(fixed_keys)
    for question in attempt.questions.select_related("frozen").order_by("position")[:right]:
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=attempt.started_at + timedelta(seconds=42),
        )
    hand_in(
        attempt=attempt,
        reader=fixed_keys.reader,
        now=attempt.started_at + timedelta(minutes=3, seconds=5),
    )
    compare(f"attempt_{outcome}", said(f"attempt_{outcome.removesuffix('_partly')}"))
    compare("attempt_terminated", said("attempt_terminated"))


def test_a_second_attempt_is_initialized(fixed_keys: QuizSet) -> None:
    hand_in(attempt=begun(fixed_keys), reader=fixed_keys.reader, now=NOW + timedelta(hours=1))
    # The random key of the attempt is part of the statement's id, and of nothing else in it.
    begun(fixed_keys, 2)
    statement = said("attempt_initialized")
    statement["id"] = str(fixed(0))
    compare("attempt_initialized", statement)


REGRADED = {
    "regraded_answer_voided": "answer_voided",
    "regraded_answered": "question_answered",
    "regraded_result_voided": "result_voided",
    "regraded_passed": "attempt_passed",
}


def test_a_regrade_takes_back_and_says_anew(fixed_keys: QuizSet) -> None:
    """The void refers to what was said first, and comes before what is said instead."""
    attempt = begun(fixed_keys)
    for question in attempt.questions.select_related("frozen").order_by("position")[1:2]:
        raw, later = right_answer(question), attempt.started_at + timedelta(seconds=42)
        for position, answer in ((question.position, raw), (1, False)):
            save_answer(attempt=attempt, position=position, raw=answer, sequence=1, now=later)
    hand_in(
        attempt=attempt,
        reader=fixed_keys.reader,
        now=attempt.started_at + timedelta(minutes=3, seconds=5),
    )
    first = {kind: said(kind) for kind in ("attempt_failed",)}
    answered = StatementRecord.objects.filter(kind="question_answered").order_by("pk").first()
    assert answered is not None
    mended: Any = Question.objects.get(pk=fixed_keys.questions[0].pk)
    mended.answer = False
    mended.save_revision().publish()
    regrade = ask_regrade(
        question=mended,
        target="published",
        reason="The key was the wrong way round",
        asked_by=None,
        now=NOW + timedelta(days=1),
        deed=fixed(3000),
    )
    run_regrade(regrade_id=regrade.pk, clock=lambda: NOW + timedelta(days=1))
    for name, kind in REGRADED.items():
        compare(name, said(kind))
    assert said("answer_voided")["object"]["id"] == str(answered.statement_id)
    assert said("result_voided")["object"]["id"] == first["attempt_failed"]["id"]
    order = list(StatementRecord.objects.order_by("pk").values_list("kind", flat=True))
    assert order[order.index("answer_voided") + 1] == "question_answered"
    assert order.index("result_voided") < order.index("attempt_passed")


def test_every_golden_is_compared_with_something() -> None:
    names = {f"answered_{kind}_{outcome}" for kind, outcome in ANSWERED} | {
        "attempt_passed",
        "attempt_passed_partly",
        "attempt_failed",
        "attempt_terminated",
        "attempt_initialized",
        *REGRADED,
    }
    assert {path.stem for path in GOLDEN.glob("*.json")} == names
