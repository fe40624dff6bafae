"""The way to the screens for files: from a case study, and from the module where one is to stand.

Imported by ``apps.ready``, so that it registers itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button

from attune.case_studies import exchange_views
from attune.case_studies.models import CaseStudyPage
from attune.curriculum.models import ModulePage


@hooks.register("register_admin_urls")
def exchange_urls() -> list[Any]:
    return [path("attune/cases/", include(exchange_views))]


@hooks.register("register_page_header_buttons")
def exchange_buttons(
    page: Any, user: Any, view_name: str, next_url: Any = None
) -> Iterator[Button]:
    page = page.specific_deferred if hasattr(page, "specific_deferred") else page
    may = page.permissions_for_user(user) if page.pk else None
    if isinstance(page, CaseStudyPage) and may is not None and may.can_edit():
        yield Button(_("Import"), _url("import", page), icon_name="upload", priority=70)
        yield Button(_("Export"), _url("export", page), icon_name="download", priority=71)
    elif isinstance(page, ModulePage) and may is not None and may.can_add_subpage():
        yield Button(
            _("Import a case study"), _url("import", page), icon_name="upload", priority=70
        )


def _url(name: str, page: Any) -> str:
    return reverse(f"attune_case_exchange:{name}", args=[page.pk])
