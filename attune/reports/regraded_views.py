"""What came of a regrade: how far it is, and afterwards the record of the deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from attune.people.models import Person
from attune.quizzes.models import Regrade, RegradeRow
from attune.quizzes.regrading import LEFT_ALONE, Effect
from attune.quizzes.services.regrade import counts_of
from attune.reports.access import zone_of
from attune.reports.module_views import ForTrainers
from attune.reports.regrade_views import (
    PER_PAGE,
    Line,
    names_for,
    percent_in_words,
    points_in_words,
    tabs_of,
    version_in_words,
)


class RegradedView(ForTrainers, TemplateView):
    """How far the job is, and afterwards what it changed. Stays as the record of the deed."""

    template_name = "attune_reports/regraded.html"
    page_title = gettext_lazy("Regrade")
    header_icon = "rotate"

    def find(self, **kwargs: Any) -> None:
        self.regrade = get_object_or_404(
            Regrade.objects.editable_by(self.request.user).select_related("asked_by"),
            deed=kwargs["deed"],
        )

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:regrades"), "label": _("Regrade")},
            {"url": "", "label": self.regrade.title},
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        regrade, user = self.regrade, self.request.user
        counts = counts_of(regrade)
        left = sum(counts[f"outcome_{each}"] for each in LEFT_ALONE)
        shown = {name: counts[f"effect_{name}"] for name in Effect.values} | {"left": left}
        show = self.request.GET.get("show", "")
        url = reverse("attune_reports:regraded", args=[regrade.deed])
        rows = regrade.rows.select_related("attempt__unit")
        if show == "left":
            rows = rows.filter(outcome__in=LEFT_ALONE)
        elif show in Effect.values:
            rows = rows.filter(effect=show)
        else:
            rows = rows.exclude(outcome="same")
        page = Paginator(rows.order_by("pk"), PER_PAGE).get_page(self.request.GET.get("p"))
        lines = self._lines(list(page.object_list))
        author = Person.objects.filter(user=regrade.asked_by_id).first()
        return super().get_context_data(
            **kwargs,
            regrade=regrade,
            zone=zone_of(user),
            who=author.full_name if author else _("the administrator"),
            counts=counts,
            done=counts["done"],
            total=max(regrade.total, counts["done"]),
            unchanged=shown["none"] - left,
            tabs=tabs_of(shown, show=show, base=url, extra={}),
            page_obj=page,
            lines=lines,
            hides_names=not all(each.who for each in lines),
            show=show,
            index_url=url,
            versions=[version_in_words(each) for each in regrade.versions.all()],
            again_url=reverse("attune_reports:regrade", args=[regrade.question_id])
            if regrade.question_id
            else "",
        )

    def _lines(self, rows: Sequence[RegradeRow]) -> list[Line]:
        names = names_for(self.request.user, [each.attempt_id for each in rows])
        return [
            Line(
                who=names.get(each.attempt_id, ""),
                quiz=each.attempt.unit.title if each.attempt.unit else "",
                number=each.attempt.number,
                words=each.get_outcome_display()
                if each.outcome in LEFT_ALONE
                else each.get_effect_display(),
                points=points_in_words(each.raw_before, each.raw_after),
                share=percent_in_words(each.scaled_before, each.scaled_after),
                why=each.why or (_("The completion was taken back.") if each.reopened else ""),
            )
            for each in rows
        ]
