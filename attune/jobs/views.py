"""A job's page, the list of one's jobs, the table of errors, the end before the end.

Another's job answers 404.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.jobs.kinds import registry
from attune.jobs.models import Job, JobPart
from attune.jobs.services import cancel
from attune.tabular.spreadsheets import csv_lines

PER_PAGE = 25
SHOWN_ERRORS = 50


class JobsView(WagtailAdminTemplateMixin, TemplateView):
    """One's jobs, newest first; the administrator's are everybody's."""

    template_name = "attune_jobs/jobs.html"
    page_title = gettext_lazy("Jobs")
    header_icon = "tasks"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        jobs = (
            Job.objects.visible_to(self.request.user)
            .select_related("asked_by")
            .defer("payload", "result", "cursor")
        )
        page = Paginator(jobs, PER_PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            **kwargs,
            page_obj=page,
            rows=[{"job": job, "label": label_of(job)} for job in page.object_list],
            index_url=reverse("attune_jobs:jobs"),
        )


class JobView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_jobs/job.html"
    page_title = gettext_lazy("Job")
    header_icon = "tasks"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.job = found(request, kwargs["uuid"])
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_jobs:jobs"), "label": _("Jobs")},
            {"url": "", "label": self.job.title},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job, kind = self.job, registry.get(self.job.kind)
        errors = errors_of(job)
        return super().get_context_data(
            **kwargs,
            job=job,
            label=label_of(job),
            page_url=kind.page(job) if kind is not None and kind.page is not None else "",
            can_cancel=kind is None or kind.can_cancel,
            errors=errors[:SHOWN_ERRORS],
            more=max(0, len(errors) - SHOWN_ERRORS),
        )


class CancelView(View):
    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        job = found(request, uuid)
        try:
            if cancel(job, now=timezone.now()):
                messages.success(request, _("It ends as soon as its worker hears of it."))
            else:
                messages.warning(request, _("It cannot be cancelled any more."))
        except OperationalError:
            # On SQLite the step at work holds the whole database.
            messages.warning(request, _("It is saving just now. Try again in a moment."))
        back = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
            back = reverse("attune_jobs:job", args=[job.uuid])
        return redirect(back)


class ErrorsView(View):
    def get(self, request: HttpRequest, uuid: UUID) -> StreamingHttpResponse:
        job = found(request, uuid)
        return StreamingHttpResponse(
            csv_lines([_("Where"), _("What"), _("Why")], errors_of(job)),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="errors-{job.uuid}.csv"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )


def found(request: HttpRequest, uuid: UUID) -> Job:
    job: Job = get_object_or_404(
        Job.objects.visible_to(request.user).select_related("asked_by"), uuid=uuid
    )
    return job


def label_of(job: Job) -> str:
    kind = registry.get(job.kind)
    return str(kind.label) if kind is not None else job.kind


def errors_of(job: Job) -> list[list[str]]:
    parts = JobPart.objects.filter(job=job, what=JobPart.What.ERRORS).order_by("pk")
    return [row for part in parts for row in part.rows]


app_name = "attune_jobs"
urlpatterns = [
    path("", JobsView.as_view(), name="jobs"),
    path("<uuid:uuid>/", JobView.as_view(), name="job"),
    path("<uuid:uuid>/cancel/", CancelView.as_view(), name="cancel"),
    path("<uuid:uuid>/errors.csv", ErrorsView.as_view(), name="errors"),
]
