"""Cultures in Wagtail's admin: kept by the administrator, chosen by every trainer."""

from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from attune.cultures.models import Culture


class CultureViewSet(SnippetViewSet):
    model = Culture
    icon = "globe"
    menu_order = 260
    add_to_admin_menu = True
    list_display = ["name", "spoken_language", "country"]
    search_fields = ["name", "summary"]


register_snippet(CultureViewSet)
