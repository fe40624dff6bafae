"""Where jobs hang in Wagtail's admin."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from attune.jobs import views
from attune.jobs.models import Job


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern | URLResolver]:
    return [path("attune/jobs/", include(views))]


class JobsMenuItem(MenuItem):
    """For whoever has asked for one."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(Job.objects.visible_to(request.user).exists())


@hooks.register("register_reports_menu_item")
def jobs_menu_item() -> MenuItem:
    return JobsMenuItem(
        _("Jobs"), reverse("attune_jobs:jobs"), name="attune-jobs", icon_name="tasks", order=900
    )
