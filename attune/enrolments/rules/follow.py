"""Bring assignments to what the rules ask for: many people in few statements.

Everything of some hundred people commits at once, statements included. What was earned
elsewhere is counted person by person, but only for those who have earned something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, When

from attune.curriculum.activities import activities_for
from attune.curriculum.models import ProgrammePage
from attune.enrolments.due_dates import add_months
from attune.enrolments.models import Assignment, Enrolment, ModuleEvidence
from attune.enrolments.records import Entry, statement_about
from attune.enrolments.rules.compare import Change, Step, Tally, compare, empty_tally
from attune.enrolments.rules.models import AssignmentRule, RuleQuerySet
from attune.enrolments.rules.scope import CHUNK, Scope, chunks
from attune.enrolments.services.assign import count_what_is_earned
from attune.enrolments.services.locking import lock_people
from attune.enrolments.services.renew import renew
from attune.enrolments.services.start_unit import state_on_return
from attune.enrolments.states import State, standing_at
from attune.enrolments.structure import places_in
from attune.people.models import Membership, Person, TeamMembership
from attune.xapi import outbox, verbs


@transaction.atomic
def follow_rule(scope: Scope, ids: Sequence[int], *, ends: bool = False) -> Tally:
    """Give, move and withdraw what the rule asks of these people; what that changed.

    Idempotent. ``ends``: withdraw whatever it gave them.
    """
    lock_people(ids)
    steps = compare(scope, ids, ends=ends)
    tally = empty_tally()
    tally.count(steps, now=scope.now)
    by_change: dict[Change, list[Step]] = defaultdict(list)
    for step in steps:
        by_change[step.change].append(step)
    _enrol(scope, by_change.pop(Change.NEW, []))
    for step in by_change.pop(Change.NEXT_ROUND, []):
        _next_round(scope, step)
    leaving = by_change.pop(Change.LEAVES, [])
    staying = [step for each in by_change.values() for step in each]
    _give(scope, staying)
    _resume(scope, by_change.get(Change.RESUMES, []))
    _leave(scope, leaving)
    return tally


def follow_people(ids: Sequence[int], *, now: datetime) -> None:
    """Bring these people to what the rules that could match them ask for. For some hundred."""
    rules = AssignmentRule.objects.that_could_match(ids).select_related(
        "programme__locale", "engagement__client", "engagement__vendor"
    )
    for rule in rules.order_by("pk"):
        follow_rule(Scope(rule, now=now), ids)


def follow_all(*, now: datetime) -> int:
    """Each night: days that were reached, and whatever was missed; how many were affected."""
    return _follow_each(AssignmentRule.objects.in_force(), now=now)


def _follow_each(rules: RuleQuerySet, *, now: datetime) -> int:
    affected = 0
    for rule in rules.order_by("pk").select_related(
        "programme__locale", "engagement__client", "engagement__vendor"
    ):
        scope = Scope(rule, now=now)
        for ids in chunks(rule):
            affected += follow_rule(scope, ids).affected
    return affected


def follow_the_day(*, now: datetime) -> None:
    """Each hour: people whose first or last day begins or ends about now, somewhere on earth.

    So that somebody's first day brings their training in the morning of that day, wherever
    that is. What this does not look for (a round that is to be repeated) the night finds.
    """
    today = now.astimezone(UTC).date()
    # Zones lie up to a day apart on either side; a last day is over the day after.
    window = (today - timedelta(days=2), today + timedelta(days=1))
    teams = TeamMembership.objects.filter(
        Q(from_date__range=window) | Q(until_date__range=window)
    ).values_list("person", flat=True)
    jobs = Membership.objects.filter(
        Q(hired_on__range=window) | Q(left_on__range=window)
    ).values_list("person", flat=True)
    ids = sorted({*teams, *jobs})
    for begin in range(0, len(ids), CHUNK):
        follow_people(ids[begin : begin + CHUNK], now=now)
    begins_or_ends = Q(starts_on__range=window) | Q(engagement__ends_on__range=window)
    _follow_each(AssignmentRule.objects.in_force().filter(begins_or_ends), now=now)


# --- Writing ----------------------------------------------------------------------------------


def _reason(scope: Scope, enrolment: Enrolment, due_at: datetime) -> Assignment:
    return Assignment(
        enrolment=enrolment,
        reason=Assignment.Reason.RULE,
        reference=scope.rule.reference,
        note=scope.rule.note,
        assigned_at=scope.now,
        due_at=due_at,
    )


def _programme(scope: Scope) -> ProgrammePage:
    programme: ProgrammePage | None = scope.rule.programme
    if programme is None:
        raise ValueError("A rule without its programme asks for nothing.")
    return programme


def _enrol(scope: Scope, steps: Sequence[Step]) -> None:
    if not steps:
        return
    rule, programme = scope.rule, _programme(scope)
    places = places_in([programme.pk])[programme.pk]
    people = Person.objects.in_bulk([step.person_id for step in steps])
    required = len({place.key for place in places if place.required})
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            person=people[step.person_id],
            programme_key=programme.translation_key,
            programme=programme,
            engagement=rule.engagement,
            due_at=step.after,
            enrolled_at=scope.now,
            modules_required=required,
        )
        for step in steps
    )
    Assignment.objects.bulk_create(
        _reason(scope, enrolment, step.target.due_at)
        for enrolment, step in zip(enrolments, steps, strict=True)
        if step.target is not None
    )
    outbox.record_many(_registered(programme, enrolments, at=scope.now))
    _count_earned(enrolments, [place.key for place in places], now=scope.now)


def _registered(
    programme: ProgrammePage, enrolments: Iterable[Enrolment], *, at: datetime
) -> Iterator[Entry]:
    (activity,) = activities_for([programme])
    for enrolment in enrolments:
        yield statement_about(
            deed=f"registered:{enrolment.registration}",
            verb=verbs.REGISTERED,
            activity=activity,
            enrolment=enrolment,
            at=at,
            kind="registered",
        )


def _count_earned(enrolments: Sequence[Enrolment], keys: Sequence[UUID], *, now: datetime) -> None:
    """Only for those of whom anything was ever completed; for others there is nothing."""
    earned = ModuleEvidence.objects.filter(
        person__in=[enrolment.person_id for enrolment in enrolments],
        module_key__in=keys,
        state=State.COMPLETED,
    )
    with_evidence = set(earned.values_list("person", flat=True))
    for enrolment in enrolments:
        if enrolment.person_id in with_evidence:
            count_what_is_earned(enrolment=enrolment, now=now)


def _next_round(scope: Scope, step: Step) -> None:
    if step.enrolment is None or step.target is None:
        return
    renew(
        enrolment=step.enrolment,
        now=scope.now,
        due_at=step.target.due_at,
        again=_to_take_again(scope, step),
        reason=Assignment.Reason.RULE,
        reference=scope.rule.reference,
        note=scope.rule.note,
    )


def _to_take_again(scope: Scope, step: Step) -> list[UUID]:
    """Modules that are too old for another round; one completed since then still counts."""
    if step.enrolment is None or step.target is None:
        return []
    months, zone = scope.rule.repeat_months, step.target.zone
    today = scope.now.astimezone(zone).date()
    again = []
    for row in step.enrolment.modules.filter(completed_at__isnull=False):
        standing = standing_at(
            stored=row.state, due_at=None, expires_at=row.expires_at, now=scope.now
        )
        is_old = months is not None and (
            add_months(row.completed_at.astimezone(zone).date(), months) <= today
        )
        if is_old or standing.state in (State.EXPIRING, State.EXPIRED):
            again.append(row.module_key)
    return again


def _give(scope: Scope, steps: Sequence[Step]) -> None:
    """The rule's reason, with its date and note, for people who are in the programme."""
    new, stale = [], []
    note = scope.rule.note
    for step in steps:
        if step.target is None or step.enrolment is None:
            continue
        if step.mine is None:
            new.append(_reason(scope, step.enrolment, step.target.due_at))
        elif step.mine.due_at != step.target.due_at or step.mine.note != note:
            step.mine.due_at, step.mine.note = step.target.due_at, note
            stale.append(step.mine)
    Assignment.objects.bulk_create(new)
    Assignment.objects.bulk_update(stale, ["due_at", "note"], batch_size=200)
    _set_due(steps)


def _set_due(steps: Iterable[Step]) -> None:
    by_due: dict[datetime | None, list[int]] = defaultdict(list)
    for step in steps:
        if step.enrolment is not None and step.before != step.after:
            by_due[step.after].append(step.enrolment.pk)
    for due, ids in by_due.items():
        Enrolment.objects.filter(pk__in=ids).update(due_at=due)


def _resume(scope: Scope, steps: Sequence[Step]) -> None:
    ids = [step.enrolment.pk for step in steps if step.enrolment is not None]
    for enrolment in (
        Enrolment.objects.filter(pk__in=ids)
        .select_related("person", "programme", "engagement__client", "engagement__vendor")
        .order_by("pk")
    ):
        enrolment.state = state_on_return(enrolment)
        enrolment.resumes_as = ""
        enrolment.programme = _programme(scope)
        enrolment.save(update_fields=["state", "resumes_as", "programme"])
        count_what_is_earned(enrolment=enrolment, now=scope.now)


def _leave(scope: Scope, steps: Sequence[Step]) -> None:
    """The rule's reason goes; with the last reason the enrolment does, unless it is complete."""
    if not steps:
        return
    mine = [step.mine.pk for step in steps if step.mine is not None]
    Assignment.objects.filter(pk__in=mine).update(withdrawn_at=scope.now)
    _set_due(step for step in steps if step.stays)
    gone = [step.enrolment.pk for step in steps if step.enrolment is not None and not step.stays]
    Enrolment.objects.filter(pk__in=gone).exclude(
        state__in=[State.COMPLETED, State.WITHDRAWN]
    ).update(
        resumes_as=Case(When(state=State.PAUSED, then=F("resumes_as")), default=F("state")),
        state=State.WITHDRAWN,
        due_at=None,
    )
