"""Which of the rules in ``people.access`` a report or a screen of HR stands on.

No rule of its own about who reaches whom: it asks ``reach_of`` and the querysets'
``visible_to``, and says which answer each screen takes. Results are visible by result, so
what a reader of reports earned elsewhere as a learner is no part of their reports.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone

from attune.enrolments.models import Enrolment
from attune.enrolments.querysets import EnrolmentQuerySet
from attune.people.access import person_of, reach_of
from attune.people.models import Engagement, Person, Team, TeamMembership


def reads_reports(user: Any) -> bool:
    """HR and managers of a client or a vendor, and the administrator."""
    return reach_of(user).reads_results


def writes_modules(user: Any) -> bool:
    """Trainers of a client, and the administrator."""
    reach = reach_of(user)
    return reach.everything or bool(reach.authors_for)


def reported_engagements(user: Any) -> QuerySet[Engagement]:
    return Engagement.objects.results_visible_to(user)


def reported_enrolments(user: Any) -> EnrolmentQuerySet:
    """What the reports of this user speak about."""
    return Enrolment.objects.visible_to(user).filter(engagement__in=reported_engagements(user))


def managed_engagements(user: Any) -> QuerySet[Engagement]:
    """Engagements in which the user is HR on either side: may assign, pause, exempt."""
    reach = reach_of(user)
    if reach.everything:
        return Engagement.objects.all()
    return Engagement.objects.filter(Q(client__in=reach.manages) | Q(vendor__in=reach.manages))


def assignable_engagements(user: Any, *, on: date) -> QuerySet[Engagement]:
    """Those that have not ended: onboarding may well be assigned before the first day."""
    return managed_engagements(user).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


def may_act_on(user: Any, enrolment: Enrolment) -> bool:
    """May the user pause, exempt or withdraw? HR of the engagement, never on their own record."""
    person = person_of(user)
    if person is not None and person.pk == enrolment.person_id:
        return False
    return managed_engagements(user).filter(pk=enrolment.engagement_id).exists()


def people_of(engagement: Engagement, *, on: date) -> QuerySet[Person]:
    """Who is in a team of the engagement on that day, or will join one."""
    return Person.objects.filter(pk__in=members_of(engagement.teams.all(), on=on)).order_by(
        "full_name", "pk"
    )


def members_of(teams: QuerySet[Team], *, on: date) -> QuerySet[Any]:
    """Ids of the people in these teams on that day, or later."""
    running = Q(until_date__isnull=True) | Q(until_date__gte=on)
    return TeamMembership.objects.filter(running, team__in=teams).order_by().values("person")


def zone_of(user: Any) -> ZoneInfo:
    """The reader's own zone; the site's for an account without a person."""
    person = person_of(user)
    return person.zone if person is not None else ZoneInfo(timezone.get_current_timezone_name())
