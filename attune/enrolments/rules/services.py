"""What people do with rules: make, change, switch off and on, leave somebody out.

Each applies at once: here and now where few people are concerned, else by a job that goes
on where it was interrupted. All run in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from attune.enrolments.rules.compare import Tally, empty_tally
from attune.enrolments.rules.follow import follow_people, follow_rule
from attune.enrolments.rules.models import AssignmentRule, RuleException
from attune.enrolments.rules.scope import Scope, chunks, how_many
from attune.jobs.models import Job
from attune.jobs.services import ask
from attune.people.models import Person

AT_ONCE = 300
"""So many people, and no more, are brought to a rule while somebody waits for the page."""
APPLY = "attune_enrolments.apply_rule"
FOLLOW = "attune_enrolments.follow_people"


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a deed: counted where it is done already, else the job that does it."""

    tally: Tally | None = None
    job: Job | None = None


@transaction.atomic
def make_rule(*, rule: AssignmentRule, by: Any, now: datetime) -> Applied:
    """Save a new rule and give what it asks for."""
    rule.made_by, rule.made_at = by, now
    rule.save()
    return apply(rule=rule, by=by, now=now)


@transaction.atomic
def change_rule(*, rule: AssignmentRule, by: Any, now: datetime) -> Applied:
    """Save what a rule says now; give, move and withdraw accordingly."""
    rule.version = _next_version(rule)
    rule.save()
    return apply(rule=rule, by=by, now=now)


@transaction.atomic
def switch_off(*, rule: AssignmentRule, withdraw: bool, by: Any, now: datetime) -> Applied:
    """The rule asks for nothing any more. ``withdraw``: what it gave is taken back, too;
    else it stays with those who have it, whatever becomes of them."""
    rule.version, rule.is_active = _next_version(rule), False
    rule.save(update_fields=["version", "is_active"])
    return apply(rule=rule, by=by, now=now, ends=True) if withdraw else Applied(empty_tally())


@transaction.atomic
def switch_on(*, rule: AssignmentRule, by: Any, now: datetime) -> Applied:
    rule.version, rule.is_active = _next_version(rule), True
    rule.save(update_fields=["version", "is_active"])
    return apply(rule=rule, by=by, now=now)


@transaction.atomic
def leave_out(
    *, rule: AssignmentRule, person: Person, reason: str, by: Any, now: datetime
) -> RuleException:
    """The rule leaves this person alone; what it gave them is withdrawn.

    :raises ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError("An exception needs a reason.")
    row, _created = RuleException.objects.get_or_create(
        rule=rule, person=person, defaults={"reason": reason, "made_by": by, "made_at": now}
    )
    follow_rule(Scope(rule, now=now), [person.pk], ends=not rule.is_in_force)
    return row


@transaction.atomic
def take_back_in(*, exception: RuleException, now: datetime) -> None:
    """The rule asks for this person again, if they are in its scope."""
    rule, person = exception.rule, exception.person_id
    exception.delete()
    if rule.is_in_force:
        follow_rule(Scope(rule, now=now), [person])


def apply(*, rule: AssignmentRule, by: Any, now: datetime, ends: bool = False) -> Applied:
    """Bring everybody whom the rule concerns to what it asks for."""
    if how_many(rule, most=AT_ONCE + 1) > AT_ONCE:
        return Applied(
            job=ask(
                kind=APPLY,
                title=_("Rule “%(name)s”") % {"name": rule.name},
                asked_by=by,
                now=now,
                # Another version is another job: the one at work may have passed people
                # whom only the new version concerns.
                subject=f"{rule.pk}:{rule.version}",
                scope=rule.engagement.code,
                payload={"rule": rule.pk, "version": rule.version, "ends": ends},
            )
        )
    tally = empty_tally()
    if ends or rule.is_in_force:
        scope = Scope(rule, now=now)
        for ids in chunks(rule):
            part = follow_rule(scope, ids, ends=ends)
            tally.changes += part.changes
            tally.overdue += part.overdue
    return Applied(tally=tally)


@transaction.atomic
def follow_places(*, person_ids: Sequence[int], now: datetime) -> None:
    """People's jobs or teams have changed: rules follow, for many people in a job."""
    ids = sorted(set(person_ids))
    if len(ids) <= AT_ONCE:
        follow_people(ids, now=now)
    elif AssignmentRule.objects.in_force().exists():
        ask(
            kind=FOLLOW,
            title=_("Assignment rules follow changes of jobs and teams"),
            asked_by=None,
            now=now,
            payload={"people": ids},
        )


def _next_version(rule: AssignmentRule) -> int:
    """One more than the version that stands; the row is held until the transaction ends."""
    AssignmentRule.objects.filter(pk=rule.pk).update(version=F("version") + 1)
    version: int = AssignmentRule.objects.values_list("version", flat=True).get(pk=rule.pk)
    return version
