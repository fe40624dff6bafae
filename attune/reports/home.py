"""What HR and managers see first in the admin: how each engagement stands, and where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q
from django.forms import Media
from django.utils import timezone
from wagtail.admin.ui.components import Component

from attune.enrolments.states import OPEN_STATES, State
from attune.reports.access import reads_reports, reported_engagements, reported_enrolments

MAX_ENGAGEMENTS = 12


class StandingPanel(Component):
    """Enrolments per engagement: complete, still open, overdue. Two queries."""

    name = "attune_standing"
    template_name = "attune_reports/home_panel.html"
    order = 50
    media = Media(css={"all": ["attune_reports/reports.css"]})

    def get_context_data(self, parent_context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        user = (parent_context or {})["request"].user
        engagements = list(
            reported_engagements(user).select_related("client", "vendor")[: MAX_ENGAGEMENTS + 1]
        )
        figures = {
            row["engagement"]: row
            for row in reported_enrolments(user)
            .filter(engagement__in=engagements)
            .latest_cycle()
            .exclude(state=State.WITHDRAWN)
            .with_standing(timezone.now())
            .values("engagement")
            .order_by()
            .annotate(
                everybody=Count("pk"),
                completed=Count("pk", filter=Q(state=State.COMPLETED)),
                open=Count("pk", filter=Q(state__in=OPEN_STATES)),
                overdue=Count("pk", filter=Q(is_overdue=True)),
            )
        }
        return {
            "rows": [
                {"engagement": each, "figures": figures.get(each.pk)}
                for each in engagements[:MAX_ENGAGEMENTS]
            ],
            "has_more": len(engagements) > MAX_ENGAGEMENTS,
        }


def standing_panel_for(user: Any) -> StandingPanel | None:
    return StandingPanel() if reads_reports(user) else None
