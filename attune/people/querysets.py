"""Querysets that speak the domain. ``visible_to`` asks ``access.reach_of`` and no one else."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from attune.people.access import reach_of


class PersonQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """People whom the user may see; past members stay, so that their results do.

        Whoever was erased is nobody: results keep the row that took their place, lists do not.
        """
        reach = reach_of(user)
        if reach.everything:
            return self.filter(erased_at__isnull=True)
        allowed = Q(pk=reach.person_id)
        if reach.organisations:
            allowed |= Q(memberships__organisation__in=reach.organisations)
        if reach.clients:
            allowed |= Q(team_memberships__team__engagement__client__in=reach.clients)
        return self.filter(
            pk__in=self.model._default_manager.filter(allowed, erased_at__isnull=True).values("pk")
        )

    def manageable_by(self, user: Any, *, on: date | None = None) -> Self:
        """People whom the user may change: HR of an organisation that employs them.

        Whoever has left is no longer theirs to change, though still theirs to see.
        """
        reach = reach_of(user)
        if reach.everything:
            return self
        return self.filter(
            pk__in=self.model._default_manager.filter(
                Q(memberships__left_on__isnull=True)
                | Q(memberships__left_on__gte=on or timezone.now().date()),
                memberships__organisation__in=reach.manages,
            ).values("pk")
        )

    def in_team_on(self, team_id: int, on: date) -> Self:
        return self.filter(
            Q(team_memberships__until_date__isnull=True) | Q(team_memberships__until_date__gte=on),
            team_memberships__team=team_id,
            team_memberships__from_date__lte=on,
        )


class OrganisationQuerySet(models.QuerySet[Any]):
    def clients(self) -> Self:
        return self.filter(kind="client")

    def vendors(self) -> Self:
        return self.filter(kind="vendor")

    def visible_to(self, user: Any) -> Self:
        """Own organisations, and both sides of the engagements that the user sees."""
        reach = reach_of(user)
        if reach.everything:
            return self
        allowed = Q(pk__in=reach.employers)
        if reach.vendors:
            allowed |= Q(engagements_as_client__vendor__in=reach.vendors)
        if reach.clients:
            allowed |= Q(engagements_as_vendor__client__in=reach.clients)
        if reach.authors_for:
            allowed |= Q(engagements_as_vendor__client__in=reach.authors_for)
        if reach.person_id is not None:
            worked_in = Q(teams__memberships__person=reach.person_id)
            engagements = self.model._meta.apps.get_model("attune_people", "Engagement")
            rows = engagements._default_manager.filter(worked_in)
            allowed |= Q(engagements_as_client__in=rows) | Q(engagements_as_vendor__in=rows)
        return self.filter(pk__in=self.model._default_manager.filter(allowed).values("pk"))

    def manageable_by(self, user: Any) -> Self:
        reach = reach_of(user)
        return self if reach.everything else self.filter(pk__in=reach.manages)


def _works_for(clients: frozenset[int], *, membership: str = "") -> Q:
    """Jobs at a vendor of people who are or were in a team of one of these clients.

    The team's vendor must be the employer: what somebody does at a second vendor, or a
    vendor's staff for another client, is none of this client's business.
    """
    engagement = f"{membership}person__team_memberships__team__engagement"
    return Q(
        **{
            f"{engagement}__client__in": clients,
            f"{engagement}__vendor": F(f"{membership}organisation"),
        }
    )


class LocationQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Places of one's own organisations, and where one's engagements' people work."""
        reach = reach_of(user)
        if reach.everything:
            return self
        allowed = Q(organisation__in=reach.employers)
        if reach.clients:
            allowed |= _works_for(reach.clients, membership="memberships__")
        return self.filter(pk__in=self.model._default_manager.filter(allowed).values("pk"))

    def manageable_by(self, user: Any) -> Self:
        reach = reach_of(user)
        return self if reach.everything else self.filter(organisation__in=reach.manages)


class EngagementQuerySet(models.QuerySet[Any]):
    def active(self, on: date) -> Self:
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            starts_on__lte=on,
        )

    def visible_to(self, user: Any) -> Self:
        """Engagements of the user's client or vendor (HR, manager, trainer), or worked in."""
        reach = reach_of(user)
        if reach.everything:
            return self
        allowed = Q(pk__in=[])
        if reach.clients or reach.authors_for:
            allowed |= Q(client__in=reach.clients | reach.authors_for)
        if reach.vendors:
            allowed |= Q(vendor__in=reach.vendors)
        if reach.person_id is not None:
            allowed |= Q(teams__memberships__person=reach.person_id)
        return self.filter(pk__in=self.model._default_manager.filter(allowed).values("pk"))

    def results_visible_to(self, user: Any) -> Self:
        """Engagements whose people's results the user may read (HR and managers)."""
        reach = reach_of(user)
        if reach.everything:
            return self
        return self.filter(Q(client__in=reach.clients) | Q(vendor__in=reach.vendors))


class TeamQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        reach = reach_of(user)
        if reach.everything:
            return self
        allowed = Q(engagement__client__in=reach.clients) | Q(engagement__vendor__in=reach.vendors)
        if reach.person_id is not None:
            allowed |= Q(memberships__person=reach.person_id)
        return self.filter(pk__in=self.model._default_manager.filter(allowed).values("pk"))

    def manageable_by(self, user: Any) -> Self:
        """Teams of the vendors whose people the user manages: they staff them."""
        reach = reach_of(user)
        if reach.everything:
            return self
        return self.filter(engagement__vendor__in=reach.manages)


class MembershipQuerySet(models.QuerySet[Any]):
    def unfinished(self, on: date) -> Self:
        """Running on that day, or agreed for a later one."""
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gte=on))

    def manageable_by(self, user: Any) -> Self:
        reach = reach_of(user)
        return self if reach.everything else self.filter(organisation__in=reach.manages)

    def active(self, on: date) -> Self:
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gte=on), hired_on__lte=on)

    def visible_to(self, user: Any) -> Self:
        """Jobs at organisations that the user reaches, and one's own."""
        reach = reach_of(user)
        if reach.everything:
            return self
        allowed = Q(person=reach.person_id) | Q(organisation__in=reach.organisations)
        if reach.clients:
            allowed |= _works_for(reach.clients)
        return self.filter(pk__in=self.model._default_manager.filter(allowed).values("pk"))


class TeamMembershipQuerySet(models.QuerySet[Any]):
    def active(self, on: date) -> Self:
        return self.filter(
            Q(until_date__isnull=True) | Q(until_date__gte=on),
            from_date__lte=on,
        )

    def visible_to(self, user: Any) -> Self:
        reach = reach_of(user)
        if reach.everything:
            return self
        return self.filter(
            Q(person=reach.person_id)
            | Q(team__engagement__client__in=reach.clients)
            | Q(team__engagement__vendor__in=reach.vendors)
        )
