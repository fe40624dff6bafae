"""What cultures add to the Wagtail admin: cultures and norms, client cards, SLA targets.

Cultures and norms are the administrator's to keep, and every trainer's to read or choose.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from attune.cultures.models import Culture, Norm
from attune.cultures.viewsets import ExpectationsViewSetGroup, VariablesView
from attune.people.access import reach_of


class CultureViewSet(SnippetViewSet):
    model = Culture
    icon = "globe"
    menu_order = 260
    add_to_admin_menu = True
    list_display = ["name", "spoken_language", "country"]
    search_fields = ["name", "summary"]


class NormViewSet(SnippetViewSet):
    """A trainer reads them; the administrator keeps them."""

    model = Norm
    icon = "openquote"
    menu_order = 261
    add_to_admin_menu = True
    inspect_view_enabled = True
    inspect_view_fields = ["culture", "name", "at_the_desk", "reason"]
    list_display = ["name", "culture"]
    list_filter = ["culture"]
    search_fields = ["name", "at_the_desk", "reason"]


register_snippet(CultureViewSet)
register_snippet(NormViewSet)


@hooks.register("register_admin_viewset")
def expectations() -> ExpectationsViewSetGroup:
    return ExpectationsViewSetGroup()


@hooks.register("register_admin_urls")
def variables_url() -> list[Any]:
    return [path("attune/variables/", VariablesView.as_view(), name="attune_variables")]


class VariablesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        reach = reach_of(request.user)
        return reach.everything or bool(reach.authors_for)


@hooks.register("register_admin_menu_item")
def variables_menu_item() -> MenuItem:
    return VariablesMenuItem(
        _("Variables"),
        reverse("attune_variables"),
        name="attune-variables",
        icon_name="code",
        order=256,
    )
