"""Each tenant's assignment rule, and whom it leaves out. Part of ``world``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attune.enrolments.models import AssignmentRule
from attune.enrolments.rules.services import leave_out, make_rule


def ruled(tenant: Any, programme: Any, *, now: datetime) -> None:
    """A rule of the programme that is given already, with a canary in each of its texts."""
    team = tenant.things["team"]
    by = tenant.people["vendorhr"]
    rule = AssignmentRule(
        name=tenant.title("rulename"),
        engagement=team.engagement,
        programme=programme,
        programme_key=programme.translation_key,
        team=team,
        starts_on=now.date(),
        due_days=30,
        note=tenant.plant("rulenote"),
    )
    make_rule(rule=rule, by=by.user, now=now)
    exception = leave_out(
        rule=rule, person=by, reason=tenant.plant("exceptionreason"), by=by.user, now=now
    )
    tenant.subject("rule of assignment", rule_id=rule.pk)
    tenant.subject("rule exception", exception_id=exception.pk)
