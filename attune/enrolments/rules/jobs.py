"""Rules that concern many people, as background jobs: a step is some hundred of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.enrolments.rules.follow import follow_people, follow_rule
from attune.enrolments.rules.models import AssignmentRule
from attune.enrolments.rules.scope import CHUNK, Scope, candidates, how_many
from attune.enrolments.rules.services import APPLY, FOLLOW
from attune.jobs.kinds import JobFailed, Kind, Progress, Work
from attune.jobs.models import Job

MOST = 1_000_000


def apply_rule(work: Work, cursor: Any) -> Progress:
    """The next people whom the rule concerns, as it stands now."""
    payload = work.job.payload
    rule = (
        AssignmentRule.objects.filter(pk=payload["rule"])
        .select_related("programme__locale", "engagement__client", "engagement__vendor")
        .first()
    )
    if rule is None:
        raise JobFailed(_("The rule is gone."))
    if cursor is None:
        cursor = {"after": 0, "done": 0, "total": how_many(rule, most=MOST), "changes": {}}
    # What was to be withdrawn is not, once somebody has switched the rule on again meanwhile.
    ends = bool(payload["ends"]) and not rule.is_active
    ids = candidates(rule, after=cursor["after"], size=CHUNK)
    if not ids or (not ends and not rule.is_in_force):
        return Progress(
            done=cursor["done"],
            total=cursor["done"],
            finished=True,
            result={"changes": cursor["changes"]},
        )
    changes = follow_rule(Scope(rule, now=timezone.now()), ids, ends=ends).changes
    counted = dict(cursor["changes"])
    for change, n in changes.items():
        counted[change.value] = counted.get(change.value, 0) + n
    done = cursor["done"] + len(ids)
    total = max(cursor["total"], done)
    return Progress(
        cursor={"after": ids[-1], "done": done, "total": total, "changes": counted},
        done=done,
        total=total,
        words=_("Bringing people to what the rule asks for."),
    )


def follow_many(work: Work, cursor: Any) -> Progress:
    """The next of the people whose jobs or teams have changed."""
    people = work.job.payload["people"]
    begin = cursor or 0
    ids = people[begin : begin + CHUNK]
    if not ids:
        return Progress(done=len(people), total=len(people), finished=True)
    follow_people(ids, now=timezone.now())
    return Progress(cursor=begin + len(ids), done=begin + len(ids), total=len(people))


def page_of(job: Job) -> str:
    """The rule's own page, where a package above this one has screens for rules."""
    try:
        return reverse("attune_reports:rule", args=[job.payload["rule"]])
    except NoReverseMatch:
        return ""


KINDS = (
    Kind(
        name=APPLY,
        label=gettext_lazy("Assignment by a rule"),
        step=apply_rule,
        page=page_of,
        keeps=timedelta(days=30),
    ),
    Kind(
        name=FOLLOW,
        label=gettext_lazy("Rules follow jobs and teams"),
        step=follow_many,
        can_cancel=False,
    ),
)
