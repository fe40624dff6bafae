"""Where notices hang in Wagtail's admin."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from attune.notices import views
from attune.notices.permissions import is_operator
from attune.notices.viewsets import (
    AlertRuleViewSet,
    DestinationViewSet,
    destinations_viewset,
    rules_viewset,
)


@hooks.register("register_admin_viewset")
def register_recipients_and_limits() -> list[DestinationViewSet | AlertRuleViewSet]:
    return [destinations_viewset, rules_viewset]


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern | URLResolver]:
    return [path("attune/notices/", include(views))]


class LedgerMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return is_operator(request.user)


@hooks.register("register_reports_menu_item")
def ledger_menu_item() -> MenuItem:
    return LedgerMenuItem(
        _("Messages sent"),
        reverse("attune_notices:messages"),
        name="attune-messages",
        icon_name="mail",
        order=910,
    )
