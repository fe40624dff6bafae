"""Where the people screens hang in Wagtail's admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from attune.people.screens import urls
from attune.people.screens.base import URLS, manages_people, reads_people


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLResolver]:
    return [path("attune/people/", include((urls.urlpatterns, urls.app_name), namespace=URLS))]


class ForReaders(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_people(request.user)


class ForManagers(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return manages_people(request.user)


class PeopleMenu(SubmenuMenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_people(request.user)


@hooks.register("register_admin_menu_item")
def people_menu() -> MenuItem:
    items: list[Any] = [
        ForReaders(_("People"), reverse(f"{URLS}:people"), icon_name="group", order=1),
        ForManagers(_("Import"), reverse(f"{URLS}:import_people"), icon_name="upload", order=4),
        ForManagers(_("Erased people"), reverse(f"{URLS}:erased"), icon_name="bin", order=9),
        ForReaders(_("Organisations"), reverse(f"{URLS}:organisations"), icon_name="home", order=2),
        ForReaders(_("Engagements"), reverse(f"{URLS}:engagements"), icon_name="link", order=3),
    ]
    return PeopleMenu(
        _("People"), Menu(items=items), name="attune-people", icon_name="group", order=8800
    )
