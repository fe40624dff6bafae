"""Which cards, targets and norms a user may read, and which cards they keep."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from attune.people.access import reach_of
from attune.people.models import Engagement


class OfClientQuerySet(models.QuerySet[Any]):
    """Rows of a client, or of one of its engagements."""

    def editable_by(self, user: Any) -> Self:
        """Those of the clients that the user writes for."""
        reach = reach_of(user)
        return self if reach.everything else self.filter(client__in=reach.authors_for)

    def visible_to(self, user: Any) -> Self:
        """Those of the user's own clients, and of the engagements that they see.

        A client that works with two vendors may have agreed different things with each, so
        a row of one engagement is not shown to the other vendor's people.
        """
        reach = reach_of(user)
        if reach.everything:
            return self
        engagements = Engagement.objects.visible_to(user)
        return self.filter(
            Q(client__in=reach.authors_for | reach.clients)
            | Q(engagement__in=engagements.values("pk"))
            | Q(engagement__isnull=True, client__in=engagements.values("client"))
        )

    def standing_for(self, client: Any, engagement_id: int | None) -> Self:
        """The rows of the whole client and, where one is named, of this engagement.

        ``client`` is its number, or a query for it.
        """
        return self.filter(
            Q(engagement__isnull=True) | Q(engagement=engagement_id),
            client__in=[client] if isinstance(client, int) else client,
        )


class NormQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Norms belong to a culture, not to a client: whoever learns or writes reads them."""
        reach = reach_of(user)
        if reach.everything or reach.employers:
            return self
        return self.none()
