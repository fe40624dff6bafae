"""Teams: joined, left, moved between. Rows are dated and never rewritten to another team."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from attune.people.models import Membership, Person, Team, TeamMembership
from attune.people.services.authority import lock_person, require_manager
from attune.people.services.places import places_changed


@transaction.atomic
def join_team(
    *, person: Person, team: Team, from_date: date, by: Any, until_date: date | None = None
) -> TeamMembership:
    """The person is in the team from that day.

    Within one engagement a person is in one team a day, so that what they did that day is
    counted once. The job behind it is with the engagement's vendor, or its client.

    :raises ValidationError: in another team of the engagement then, or no such job.
    :raises NotAllowed: ``by`` does not manage the employer.
    """
    row = _join(person=person, team=team, from_date=from_date, until_date=until_date, by=by)
    places_changed(person.pk)
    return row


def _join(
    *, person: Person, team: Team, from_date: date, until_date: date | None, by: Any
) -> TeamMembership:
    person = lock_person(person)
    _require_staffing(person=person, team=team, on=from_date, by=by)
    row = TeamMembership(person=person, team=team, from_date=from_date, until_date=until_date)
    row.full_clean(validate_unique=False, validate_constraints=False)
    if until_date is not None and until_date < from_date:
        raise ValidationError({"until_date": _("The last day cannot be before the first.")})
    clash = _clashing(person=person, team=team, from_date=from_date, until_date=until_date).first()
    if clash is not None:
        raise ValidationError(
            _("%(person)s is in the team %(team)s at that time.")
            % {"person": person, "team": clash.team}
        )
    row.save()
    return row


@transaction.atomic
def leave_team(*, row: TeamMembership, until_date: date, by: Any) -> TeamMembership | None:
    """``until_date`` is the last day in the team. A row that has not begun by then goes."""
    left = _leave(row=row, until_date=until_date, by=by)
    places_changed(row.person_id)
    return left


def _leave(*, row: TeamMembership, until_date: date, by: Any) -> TeamMembership | None:
    lock_person(row.person)
    row = TeamMembership.objects.select_related("team__engagement", "person").get(pk=row.pk)
    _require_staffing(person=row.person, team=row.team, on=row.from_date, by=by)
    if until_date < row.from_date:
        row.delete()
        return None
    # A later last day than before must not reach into the next team.
    others = _clashing(
        person=row.person, team=row.team, from_date=row.from_date, until_date=until_date
    ).exclude(pk=row.pk)
    if (clash := others.first()) is not None:
        raise ValidationError(
            {
                "until_date": _("%(person)s is in the team %(team)s at that time.")
                % {"person": row.person, "team": clash.team}
            }
        )
    row.until_date = until_date
    row.save(update_fields=["until_date"])
    return row


@transaction.atomic
def move_team(*, row: TeamMembership, to: Team, on: date, by: Any) -> TeamMembership:
    """From ``on`` the person is in ``to``; the day before was the last in the old team.

    A row planned for later within the engagement gives way to the move; one that was begun
    on the very day of the move covers no day and goes.
    """
    person = lock_person(row.person)
    row = TeamMembership.objects.select_related("team__engagement").get(pk=row.pk)
    if row.team_id == to.pk:
        raise ValidationError({"team": _("The person is in this team already.")})
    if row.team.engagement_id != to.engagement_id:
        raise ValidationError({"team": _("A move stays within one engagement.")})
    if row.until_date is not None and row.until_date < on:
        raise ValidationError({"on": _("The person had left the team by then.")})
    if on < row.from_date:
        raise ValidationError({"on": _("The person joined the team after that day.")})
    _require_staffing(person=person, team=to, on=on, by=by)
    until_date = row.until_date
    _leave(row=row, until_date=on - timedelta(days=1), by=by)
    _clashing(person=person, team=to, from_date=on, until_date=None).filter(
        from_date__gt=on
    ).delete()
    moved = _join(person=person, team=to, from_date=on, until_date=until_date, by=by)
    places_changed(person.pk)
    return moved


def _clashing(*, person: Person, team: Team, from_date: date, until_date: date | None) -> Any:
    rows = TeamMembership.objects.select_related("team").filter(
        Q(until_date__isnull=True) | Q(until_date__gte=from_date),
        person=person,
        team__engagement=team.engagement_id,
    )
    return rows if until_date is None else rows.filter(from_date__lte=until_date)


def _require_staffing(*, person: Person, team: Team, on: date, by: Any) -> None:
    """The job that puts the person into the team, managed by ``by``, or refuse."""
    sides = (team.engagement.vendor_id, team.engagement.client_id)
    jobs = Membership.objects.filter(
        Q(left_on__isnull=True) | Q(left_on__gte=on),
        person=person,
        organisation__in=sides,
        hired_on__lte=on,
    )
    employers = list(jobs.values_list("organisation", flat=True))
    if not employers:
        # Say so only to someone who may know it.
        require_manager(by=by, organisation=sides[0])
        raise ValidationError(
            _("On that day %(person)s does not work for the vendor or the client.")
            % {"person": person}
        )
    # Whoever works on both sides is their vendor's to place.
    require_manager(by=by, organisation=sides[0] if sides[0] in employers else sides[1])
