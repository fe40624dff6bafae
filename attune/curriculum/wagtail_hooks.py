"""What Wagtail calls: choosers that know tenants, copies that remember, homes with grants."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest
from wagtail import hooks
from wagtail.models import Page
from wagtail.permission_policies.pages import PagePermissionPolicy
from wagtail.query import PageQuerySet

from attune.curriculum.models import (
    ClientHomePage,
    LearningUnitPage,
    ModulePage,
    ProgrammePage,
)
from attune.curriculum.services import grant_authoring, remember_copies
from attune.people.access import reach_of


@hooks.register("construct_page_chooser_queryset")
def choose_among_own_and_shared(pages: PageQuerySet, request: HttpRequest) -> PageQuerySet:
    """A trainer links to pages of the own client and of nobody; never to another client's."""
    reach = reach_of(request.user)
    if reach.everything:
        return pages
    foreign = Q(pk__in=[])
    own = reach.authors_for | reach.clients
    for path in ClientHomePage.objects.exclude(organisation__in=own).values_list("path", flat=True):
        foreign |= Q(path__startswith=path)
    return pages.exclude(foreign)


@hooks.register("construct_explorer_page_queryset")
def explore_only_ones_own(
    parent_page: Page, pages: PageQuerySet, request: HttpRequest
) -> PageQuerySet:
    """No list of what stands beneath a page that is not the user's to explore.

    Wagtail lists whatever lies below the common ancestor of all that a user may edit. With a
    home in two languages that is the root, and another client's page would show its title.
    """
    explorable = PagePermissionPolicy().explorable_instances(request.user)
    if not parent_page.is_root() and not explorable.filter(pk=parent_page.pk).exists():
        raise Http404
    return pages


@hooks.register("after_copy_page")
def copies_remember(request: HttpRequest, page: Page, new_page: Page) -> None:
    if isinstance(page.specific, (ProgrammePage, ModulePage, LearningUnitPage)):
        remember_copies(source=page, copy=new_page)


@hooks.register("after_create_page")
@hooks.register("after_edit_page")
def homes_come_with_grants(request: HttpRequest, page: Page) -> None:
    if isinstance(page, ClientHomePage) and page.organisation_id:
        grant_authoring(home=page)


@hooks.register("construct_main_menu")
def no_menu_items_without_use(request: HttpRequest, menu_items: list[Any]) -> None:
    """HR has no pages, images or documents to see: an empty explorer only confuses."""
    reach = reach_of(request.user)
    if reach.everything or reach.authors_for:
        return
    menu_items[:] = [item for item in menu_items if item.name not in {"explorer"}]
