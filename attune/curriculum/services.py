"""Writes that span pages: a client's home with its grants, and copies of content.

A client's ownership is decided by its home page; the grants of its trainers' group follow
that home in every language.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from attune.curriculum.models import (
    ClientCollection,
    ClientHomePage,
    LearningUnitPage,
    ModuleLibraryPage,
    ModulePage,
)
from attune.people.groups import ensure_groups
from attune.people.models import Organisation

AUTHORING = ("add_page", "change_page", "publish_page", "lock_page", "unlock_page")
MEDIA = (
    ("wagtailimages", "image"),
    ("wagtaildocs", "document"),
    ("wagtailmedia", "media"),
)
SHARED_COLLECTION = "Shared library"


@transaction.atomic
def establish_client_home(
    *, organisation: Organisation, parent: Page, title: str, locale: Locale | None = None
) -> ClientHomePage:
    """A client's home beneath ``parent``, with its module library, grants and workflow.

    :raises ValueError: the organisation is not a client, or has a home already.
    """
    if organisation.kind != Organisation.Kind.CLIENT:
        raise ValueError(f"{organisation} is not a client.")
    if organisation.home_pages.exists():
        raise ValueError(f"{organisation} has a home already.")
    home = ClientHomePage(
        title=title,
        slug=organisation.code,
        organisation=organisation,
        locale=locale or parent.locale,
    )
    parent.add_child(instance=home)
    library = ModuleLibraryPage(title=_("Modules"), slug="modules", locale=home.locale)
    home.add_child(instance=library)
    grant_authoring(home=home)
    return home


@transaction.atomic
def grant_authoring(*, home: ClientHomePage) -> None:
    """Let the trainers of a home's client write beneath it, and only there. Idempotent.

    :raises ValueError: the home belongs to no client yet.
    """
    if home.organisation is None:
        raise ValueError(f"{home} belongs to no client yet.")
    organisation: Organisation = home.organisation
    group = ensure_groups(organisation=organisation).trainers
    if group is None:
        raise ValueError(f"{organisation} has no trainers' group.")
    for codename in AUTHORING:
        GroupPagePermission.objects.get_or_create(
            group=group,
            page=home,
            permission=Permission.objects.get(
                content_type__app_label="wagtailcore", codename=codename
            ),
        )
    _grant_media(organisation=organisation, group=group)
    workflow, _created = Workflow.objects.get_or_create(
        name=_("Review by trainers of %(client)s") % {"client": organisation.code}
    )
    if not WorkflowTask.objects.filter(workflow=workflow).exists():
        task = GroupApprovalTask.objects.create(
            name=_("Approval by trainers of %(client)s") % {"client": organisation.code}
        )
        task.groups.add(group)
        # Not through workflow.workflow_tasks: that relation waits for the workflow's next save.
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.get_or_create(page=home, defaults={"workflow": workflow})


def _grant_media(*, organisation: Organisation, group: Group) -> None:
    own = _collection_of(organisation)
    shared = _collection(SHARED_COLLECTION)
    for app_label, model in MEDIA:
        for collection, verbs in ((own, ("add", "change", "choose")), (shared, ("choose",))):
            for verb in verbs:
                permission = Permission.objects.filter(
                    content_type__app_label=app_label, codename=f"{verb}_{model}"
                ).first()
                if permission is not None:
                    GroupCollectionPermission.objects.get_or_create(
                        group=group, collection=collection, permission=permission
                    )


def _collection_of(organisation: Organisation) -> Collection:
    found = ClientCollection.objects.filter(organisation=organisation).first()
    if found is None:
        found = ClientCollection.objects.create(
            organisation=organisation, collection=_collection(organisation.code)
        )
    return found.collection


def _collection(name: str) -> Collection:
    root = Collection.get_first_root_node()
    found = root.get_children().filter(name=name).first()
    return found or root.add_child(name=name)


def client_of(page: Page) -> Organisation | None:
    """The client that owns a page: the home above it decides. None for the shared library."""
    home = (
        ClientHomePage.objects.ancestor_of(page, inclusive=True)
        .select_related("organisation")
        .first()
    )
    return home.organisation if home is not None else None


@transaction.atomic
def copy_module(*, module: ModulePage, library: ModuleLibraryPage, user: Any) -> ModulePage:
    """An editable copy of a module with all its units, as drafts, in another library.

    The copies get translation keys of their own, since they are now other content, and
    remember what they were copied from.
    """
    slug = _free_slug(module.slug, library)
    copy = module.copy(
        recursive=True,
        to=library,
        update_attrs={"slug": slug},
        keep_live=False,
        copy_revisions=False,
        user=user,
    )
    remember_copies(source=module, copy=copy)
    copy.refresh_from_db()
    return copy


def remember_copies(*, source: Page, copy: Page) -> None:
    """Note on a copied module or unit, and all beneath it, what it was copied from.

    Children are paired by slug, which Wagtail's copy keeps.
    """
    pairs = [(source, copy)]
    while pairs:
        original, duplicate = pairs.pop()
        for model in (ModulePage, LearningUnitPage):
            model.objects.filter(pk=duplicate.pk).update(copied_from=original.translation_key)
        by_slug = {child.slug: child for child in original.get_children()}
        pairs.extend(
            (by_slug[child.slug], child)
            for child in duplicate.get_children()
            if child.slug in by_slug
        )
    _remember_in_drafts(copy)


def _remember_in_drafts(copy: Page) -> None:
    # A draft is published from its revision, which would bring the empty field back.
    for page in copy.get_descendants(inclusive=True).specific():
        if page.latest_revision_id and hasattr(page, "copied_from"):
            page.latest_revision.content["copied_from"] = (
                str(page.copied_from) if page.copied_from else None
            )
            page.latest_revision.save(update_fields=["content"])


def _free_slug(slug: str, parent: Page) -> str:
    taken = set(parent.get_children().values_list("slug", flat=True))
    candidate, number = slug, 2
    while candidate in taken:
        candidate = f"{slug}-{number}"
        number += 1
    return candidate
