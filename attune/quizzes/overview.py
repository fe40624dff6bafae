"""What a regrade would do, as plain values: shown at once, or kept by a job and shown later.

What is kept says by which versions it was worked out (``aim``) and how the answers stood
(``standing``), so that a page can tell when it is not the whole truth any more. No names are
kept: they are looked up for whoever reads.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Sum

from attune.quizzes.affected import AT_ONCE, Aim, Change, Versions, affected, examine
from attune.quizzes.models import AttemptQuestion, QuizAttempt
from attune.quizzes.regrading import LEFT_ALONE, Effect, Outcome

_ORDER = {effect.value: number for number, effect in enumerate(Effect)}


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer that is not simply left as it is: before and after. Its fields are a row."""

    answer: int
    attempt: int
    number: int
    unit: int | None
    outcome: str
    effect: str
    why: str
    raw_before: float | None
    raw_after: float | None
    scaled_before: float | None
    scaled_after: float | None

    @classmethod
    def of(cls, change: Change) -> Seen:
        attempt = change.attempt
        return cls(
            answer=change.answer.pk,
            attempt=attempt.pk,
            number=attempt.number,
            unit=attempt.unit_id,
            outcome=str(change.again.outcome.value),
            effect=str(change.effect.value),
            why=change.again.why,
            raw_before=change.answer.raw,
            raw_after=change.again.raw,
            scaled_before=attempt.scaled,
            scaled_after=attempt.scaled if change.result is None else change.result.scaled,
        )

    @property
    def row(self) -> list[Any]:
        return list(astuple(self))


@dataclass
class Overview:
    """Counts, and every answer that is not simply left as it is."""

    total: int = 0
    moving: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    versions: Counter[int] = field(default_factory=Counter)
    lines: list[Seen] = field(default_factory=list)

    @property
    def left_alone(self) -> int:
        return sum(self.outcomes[each.value] for each in LEFT_ALONE)

    @property
    def unchanged(self) -> int:
        return self.effects[Effect.NONE.value] - self.left_alone

    def only(self, show: str) -> list[Seen]:
        """Those with one effect; ``left`` for what is left alone; else all of them."""
        if show == "left":
            left = {each.value for each in LEFT_ALONE}
            return [each for each in self.lines if each.outcome in left]
        if show in Effect.values:
            return [each for each in self.lines if each.effect == show]
        return self.lines

    def count(self, changes: Iterable[Change]) -> list[Seen]:
        """Count these as well; the lines to keep of them."""
        kept = []
        for change in changes:
            self.total += 1
            self.moving += change.moves
            self.effects[str(change.effect.value)] += 1
            self.outcomes[str(change.again.outcome.value)] += 1
            self.versions[change.answer.version_id] += 1
            if change.again.outcome != Outcome.SAME:
                kept.append(Seen.of(change))
        return kept

    def in_order(self) -> Overview:
        self.lines.sort(key=lambda each: (_ORDER[each.effect], each.answer))
        return self

    # --- As JSON ---

    def counts(self) -> dict[str, Any]:
        """All but the lines; JSON has no numbers as keys."""
        return {
            "total": self.total,
            "moving": self.moving,
            "effects": dict(self.effects),
            "outcomes": dict(self.outcomes),
            "versions": {str(version): count for version, count in self.versions.items()},
        }

    @classmethod
    def from_counts(cls, counts: dict[str, Any], rows: Iterable[list[Any]] = ()) -> Overview:
        found = cls(
            total=counts["total"],
            moving=counts["moving"],
            effects=Counter(counts["effects"]),
            outcomes=Counter(counts["outcomes"]),
            versions=Counter({int(key): count for key, count in counts["versions"].items()}),
            lines=[Seen(*row) for row in rows],
        )
        return found.in_order()


def look_on(
    question_key: UUID, aim: Aim, *, after: int, overview: Overview, size: int = AT_ONCE
) -> tuple[int, list[Seen]]:
    """Count the next answers beyond ``after``: the last of them (0: there are none), the lines."""
    answers: list[AttemptQuestion] = list(
        affected(question_key).filter(pk__gt=after).select_related("attempt").order_by("pk")[:size]
    )
    if not answers:
        return 0, []
    return answers[-1].pk, overview.count(examine(answers, aim=aim, versions=Versions()))


def overview_of(question_key: UUID, aim: Aim) -> Overview:
    """All of it at once, some hundred answers at a time."""
    overview, reached = Overview(), 0
    while True:
        last, lines = look_on(question_key, aim, after=reached, overview=overview)
        if not last:
            return overview.in_order()
        overview.lines += lines
        reached = last


def would_move(question_key: UUID, aim: Aim) -> bool:
    """Whether a regrade would change anything: ends at the first answer that it would."""
    overview, reached = Overview(), 0
    while not overview.moving:
        reached, _lines = look_on(question_key, aim, after=reached, overview=overview)
        if not reached:
            return False
    return True


def open_count(question_key: UUID) -> int:
    """Attempts that ask the question and are not handed in yet."""
    return AttemptQuestion.objects.filter(
        question_key=question_key, attempt__state=QuizAttempt.State.OPEN
    ).count()


def standing_of(question_key: UUID) -> dict[str, Any]:
    """Changes whenever an answer is handed in, marked, regraded or deleted."""
    found = (
        affected(question_key)
        .order_by()
        .aggregate(
            answers=Count("pk"),
            last=Max("pk"),
            handed_in=Max("attempt__handed_in_at"),
            points=Sum("raw"),
            results=Sum("attempt__raw"),
            keys=Sum("key_id"),
        )
    )
    return {
        **found,
        "handed_in": found["handed_in"].isoformat() if found["handed_in"] else "",
        # Sums of floats depend on their order, which a database is free to choose.
        "points": round(found["points"] or 0, 4),
        "results": round(found["results"] or 0, 4),
    }


def digest_of(aim: Aim) -> str:
    """By what answers are graded, as a hash: another once the question is published anew."""
    said = {language: item.definition for language, item in aim.items.items()}
    text = json.dumps([aim.target, said], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
