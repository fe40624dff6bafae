"""Which answers a regrade reaches, and what it would change. Reads only.

Answers are found by translation key: in every language, copies not. The preview (see
``overview``) and the job ask the same functions, so that what was shown is what happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from attune.curriculum.models import FrozenContent
from attune.quizzes.grading import AttemptResult
from attune.quizzes.models import AttemptQuestion, QuizAttempt, Regrade
from attune.quizzes.questions import Item, Question, item_for, question_type
from attune.quizzes.regrading import (
    AnswerAgain,
    Effect,
    Outcome,
    effect_of,
    grade_again,
    result_again,
)

AT_ONCE = 500
CLOSED = (QuizAttempt.State.HANDED_IN, QuizAttempt.State.AWAITING)


class Versions:
    """Frozen versions and their items, each fetched and built once."""

    def __init__(self) -> None:
        self._rows: dict[int, FrozenContent] = {}
        self._items: dict[int, Item] = {}

    def fetch(self, ids: Iterable[int]) -> None:
        missing = set(ids) - self._rows.keys()
        if missing:
            self._rows |= FrozenContent.objects.in_bulk(missing)

    def item(self, version: int) -> Item:
        if version not in self._items:
            self._items[version] = item_for(self._rows[version].body)
        return self._items[version]

    def digest(self, version: int) -> str:
        return self._rows[version].digest


@dataclass(frozen=True)
class Aim:
    """By which version answers are graded: one for each language, or what each was shown."""

    target: str
    items: Mapping[str, Item] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)

    def version_for(self, answer: AttemptQuestion, shown: Item) -> tuple[Item | None, int | None]:
        """The item, and its frozen row where there is one already."""
        if self.target == Regrade.Target.SHOWN:
            return shown, answer.frozen_id
        return self.items.get(shown.language), self.ids.get(shown.language)


@dataclass(frozen=True, slots=True)
class Change:
    """One answer and its attempt, after regrading. ``version_after`` is None if not frozen yet."""

    answer: AttemptQuestion
    again: AnswerAgain
    version_after: int | None
    result: AttemptResult | None
    effect: Effect

    @property
    def attempt(self) -> QuizAttempt:
        found: QuizAttempt = self.answer.attempt
        return found

    @property
    def moves(self) -> bool:
        """Something changes, be it only the version that the answer was graded by."""
        return self.again.outcome == Outcome.CHANGED or (
            self.again.is_graded and self.version_after != self.answer.version_id
        )


def affected(question_key: UUID) -> Any:
    """The answers to a question in attempts that were handed in."""
    return AttemptQuestion.objects.filter(question_key=question_key, attempt__state__in=CLOSED)


def aim_of(regrade: Regrade) -> Aim:
    versions = list(regrade.versions.all())
    return Aim(
        regrade.target,
        {each.language: item_for(each.body) for each in versions},
        {each.language: each.pk for each in versions},
    )


def published(question_key: UUID) -> list[Question]:
    """The question in each language in which it is published."""
    found: list[Question] = []
    rows = Question.objects.filter(translation_key=question_key, live=True)
    for kind in {each.kind for each in rows}:
        model = question_type(kind)
        found += (
            model.objects.filter(translation_key=question_key, live=True)
            .select_related("locale")
            .prefetch_related(*model.definition_prefetch)
        )
    return found


def frozen_versions(question_key: UUID) -> list[FrozenContent]:
    """All versions that were ever asked, newest first."""
    return list(
        FrozenContent.objects.filter(kind=FrozenContent.Kind.QUESTION, key=question_key).order_by(
            "-frozen_at", "-pk"
        )
    )


def wanted_aim(question_key: UUID, target: str, version: FrozenContent | None = None) -> Aim:
    """What a preview grades by. Freezes nothing: looking is not asking."""
    if target == Regrade.Target.SHOWN:
        return Aim(target)
    if target == Regrade.Target.VERSION:
        if version is None or version.key != question_key:
            raise ValueError(_("Choose one of this question’s versions."))
        return Aim(
            target, {version.language: item_for(version.body)}, {version.language: version.pk}
        )
    bodies = {each.locale.language_code: each.definition() for each in published(question_key)}
    digests = {
        FrozenContent.digest_of(
            kind=FrozenContent.Kind.QUESTION, key=question_key, language=language, body=body
        ): language
        for language, body in bodies.items()
    }
    known = FrozenContent.objects.filter(digest__in=digests).values_list("digest", "pk")
    return Aim(
        target,
        {language: item_for(body) for language, body in bodies.items()},
        {digests[digest]: pk for digest, pk in known},
    )


# --- What would change ------------------------------------------------------------------------


def examine(answers: Sequence[AttemptQuestion], *, aim: Aim, versions: Versions) -> list[Change]:
    """What regrading these answers changes; each needs its ``attempt``. Two queries at most."""
    versions.fetch(each.frozen_id for each in answers)
    graded = []
    for answer in answers:
        shown = versions.item(answer.frozen_id)
        version, version_id = aim.version_for(answer, shown)
        if answer.attempt.unit_id is None:
            again = AnswerAgain(Outcome.NO_QUIZ, answer.raw, answer.success)
        else:
            again = grade_again(
                response=answer.response,
                weight=answer.weight,
                raw=answer.raw,
                success=answer.success,
                shown=shown,
                version=version,
            )
        graded.append((answer, again, version_id if again.is_graded else answer.version_id))
    marks = _marks_of(
        answer.attempt_id
        for answer, again, _version in graded
        if again.outcome == Outcome.CHANGED and answer.attempt.scaled is not None
    )
    return [
        _change(answer, again, version_id, marks.get(answer.attempt_id))
        for answer, again, version_id in graded
    ]


def _marks_of(attempts: Iterable[int]) -> dict[int, dict[int, tuple[float | None, int]]]:
    """For each attempt the points and weight of its answers, in the order of their positions."""
    marks: dict[int, dict[int, tuple[float | None, int]]] = {}
    wanted = list(attempts)
    if wanted:
        rows = AttemptQuestion.objects.filter(attempt__in=wanted).order_by("attempt", "position")
        for attempt, pk, raw, weight in rows.values_list("attempt_id", "pk", "raw", "weight"):
            marks.setdefault(attempt, {})[pk] = (raw, weight)
    return marks


def _change(
    answer: AttemptQuestion,
    again: AnswerAgain,
    version_after: int | None,
    marks: dict[int, tuple[float | None, int]] | None,
) -> Change:
    attempt = answer.attempt
    if marks is None:
        return Change(answer, again, version_after, None, Effect.NONE)
    result = result_again(
        (marks | {answer.pk: (again.raw, answer.weight)}).values(), pass_mark=attempt.pass_mark
    )
    effect = effect_of((attempt.scaled, attempt.passed), (result.scaled, result.passed))
    return Change(answer, again, version_after, result, effect)
