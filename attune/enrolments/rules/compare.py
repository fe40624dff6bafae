"""What a rule would change, person by person, before anything is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from attune.enrolments.models import Assignment, DueExtension, Enrolment
from attune.enrolments.rules.scope import Scope, Target, chunks
from attune.enrolments.states import State

UTC = ZoneInfo("UTC")


class Change(StrEnum):
    """What the rule does to one person."""

    NEW = "new"
    RESUMES = "resumes"
    NEXT_ROUND = "next_round"
    MOVES = "moves"
    REASON = "reason"
    LEAVES = "leaves"
    DONE = "done"
    EXEMPT = "exempt"
    NONE = "none"


NEWLY_ASSIGNED = frozenset({Change.NEW, Change.RESUMES, Change.NEXT_ROUND})
UNCHANGED = frozenset({Change.DONE, Change.EXEMPT, Change.NONE})


@dataclass(frozen=True, slots=True)
class Step:
    """One person. ``before`` and ``after`` are the due dates that count, by all reasons.

    ``enrolment`` is the newest round and ``mine`` the rule's live reason for it, if there are.
    ``stays`` says that somebody who leaves the scope keeps the programme by another reason.
    """

    person_id: int
    change: Change
    before: datetime | None
    after: datetime | None
    zone: ZoneInfo
    target: Target | None = None
    enrolment: Enrolment | None = None
    mine: Assignment | None = None
    stays: bool = False

    def is_overdue_at(self, now: datetime) -> bool:
        """Whether it would be overdue the moment it is given."""
        given = self.change in NEWLY_ASSIGNED or self.change is Change.MOVES
        return given and self.after is not None and self.after < now


@dataclass(slots=True)
class Tally:
    """Steps counted, as they pass by."""

    changes: Counter[Change]
    overdue: int = 0

    @property
    def covered(self) -> int:
        return self.changes.total() - self.changes[Change.LEAVES]

    @property
    def new(self) -> int:
        return sum(self.changes[each] for each in NEWLY_ASSIGNED)

    @property
    def moves(self) -> int:
        return self.changes[Change.MOVES]

    @property
    def leaves(self) -> int:
        return self.changes[Change.LEAVES]

    @property
    def reasons(self) -> int:
        """In the programme for another reason already; nothing else changes for them."""
        return self.changes[Change.REASON]

    @property
    def affected(self) -> int:
        return sum(n for change, n in self.changes.items() if change not in UNCHANGED)

    @property
    def signature(self) -> str:
        """The same for the same changes: what somebody has read, and confirms."""
        return ",".join(f"{change}:{n}" for change, n in sorted(self.changes.items()) if n)

    def count(self, steps: Iterable[Step], *, now: datetime) -> None:
        for step in steps:
            self.changes[step.change] += 1
            self.overdue += step.is_overdue_at(now)


def empty_tally() -> Tally:
    return Tally(Counter())


def compare(scope: Scope, ids: Sequence[int], *, ends: bool = False) -> list[Step]:
    """What the rule does to these people. Some seven queries, whatever their number.

    Whoever it does not concern, before or after, has no step. ``ends``: the rule asks for
    nothing any more, so that everybody leaves its scope.
    """
    rounds = scope.rounds(ids)
    targets = {} if ends else scope.targets(ids, rounds=rounds)
    newest = {person: each[0] for person, each in rounds.items()}
    live = _live_reasons(newest.values())
    extensions = _extensions(newest.values())
    steps = []
    for person in ids:
        enrolment = newest.get(person)
        reasons = live.get(enrolment.pk, []) if enrolment is not None else []
        extension = extensions.get(enrolment.pk) if enrolment is not None else None
        step = _step(scope, person, targets.get(person), enrolment, reasons, extension)
        if step is not None:
            steps.append(step)
    return steps


def preview(scope: Scope) -> Iterable[list[Step]]:
    """Everybody whom the rule concerns, some hundred at a time. Writes nothing."""
    for ids in chunks(scope.rule):
        yield compare(scope, ids)


def _live_reasons(enrolments: Iterable[Enrolment]) -> dict[int, list[Assignment]]:
    found: dict[int, list[Assignment]] = defaultdict(list)
    ids = [enrolment.pk for enrolment in enrolments]
    for reason in Assignment.objects.filter(enrolment__in=ids, withdrawn_at__isnull=True):
        found[reason.enrolment_id].append(reason)
    return found


def _extensions(enrolments: Iterable[Enrolment]) -> dict[int, DueExtension]:
    ids = [enrolment.pk for enrolment in enrolments]
    rows = DueExtension.objects.filter(enrolment__in=ids).order_by("given_at", "pk")
    return {row.enrolment_id: row for row in rows}  # the newest is read last, and stands


def due_that_counts(
    reasons: Iterable[tuple[datetime | None, datetime]], extension: DueExtension | None
) -> datetime | None:
    """The earliest date of live reasons, given as (due, assigned at), with what was put off."""
    if extension is None:
        dues = [due for due, _at in reasons]
    else:
        later = [due for due, at in reasons if at > extension.given_at]
        dues = [extension.due_at, *later]
    return min((due for due in dues if due is not None), default=None)


def _step(
    scope: Scope,
    person: int,
    target: Target | None,
    enrolment: Enrolment | None,
    reasons: Sequence[Assignment],
    extension: DueExtension | None,
) -> Step | None:
    reference = scope.rule.reference
    mine = next(
        (
            each
            for each in reasons
            if each.reason == Assignment.Reason.RULE and each.reference == reference
        ),
        None,
    )
    others = [(each.due_at, each.assigned_at) for each in reasons if each is not mine]
    before = enrolment.due_at if enrolment is not None else None
    if target is None:
        if mine is None:
            return None
        after = due_that_counts(others, extension) if others else None
        return Step(
            person, Change.LEAVES, before, after, UTC, None, enrolment, mine, stays=bool(others)
        )
    given_at = mine.assigned_at if mine is not None else scope.now
    after = due_that_counts([*others, (target.due_at, given_at)], extension)
    if target.renews:
        after = target.due_at
    change = _change(scope, target, enrolment, mine, moves=before != after)
    return Step(person, change, before, after, target.zone, target, enrolment, mine)


def _change(
    scope: Scope,
    target: Target,
    enrolment: Enrolment | None,
    mine: Assignment | None,
    *,
    moves: bool,
) -> Change:
    if enrolment is None:
        return Change.NEW
    if target.renews:
        return Change.NEXT_ROUND
    settled = {
        State.WITHDRAWN: Change.RESUMES,
        State.COMPLETED: Change.DONE,
        State.EXEMPT: Change.EXEMPT,
    }
    if enrolment.state in settled:
        return settled[State(enrolment.state)]
    if moves:
        return Change.MOVES
    return Change.REASON if mine is None else Change.NONE
