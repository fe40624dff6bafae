"""What of Wagtail's own things belongs to somebody's client: pages, colleagues, tags, reviews.

Wagtail knows no tenants, so its lists of these are cut down to what stands here. Whose a
thing is follows from ``people.access`` and the client's home and collection, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from taggit.models import Tag, TaggedItem
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection, Page, Task, Workflow
from wagtail.permission_policies.pages import PagePermissionPolicy
from wagtail.permissions import policy_registry
from wagtailmedia.models import get_media_model

from attune.curriculum.querysets import client_homes
from attune.people.access import reach_of

EDITING = ("add", "change", "publish", "bulk_delete", "lock", "unlock")
FOUND_BY = ("add", "change", "choose")


def works_on_pages(user: Any) -> bool:
    return bool(PagePermissionPolicy().user_has_any_permission(user, EDITING))


def is_foreign(user: Any, page_ids: Many[int]) -> bool:
    """Whether one of these pages stands beneath the home of a client that is not the user's."""
    reach = reach_of(user)
    if reach.everything:
        return False
    own = reach.authors_for | reach.clients
    beneath = Q(pk__in=[])
    for path in client_homes().exclude(organisation__in=own).values_list("path", flat=True):
        beneath |= Q(path__startswith=path)
    return Page.objects.filter(beneath, pk__in=page_ids).exists()


def foreign_among(user: Any, references: Iterable[tuple[type[Any], str]]) -> bool:
    """Whether one of these (model, primary key) is another client's page or file.

    What does not exist is nobody's: a link to a page since deleted leads nowhere.
    """
    if reach_of(user).everything:
        return False
    by_model: dict[type[Any], set[str]] = {}
    for model, pk in references:
        by_model.setdefault(model, set()).add(pk)
    for model, pks in by_model.items():
        if issubclass(model, Page):
            if is_foreign(user, [int(pk) for pk in pks if pk.isdecimal()]):
                return True
            continue
        policy = policy_registry.get_by_type(model)
        theirs = policy.collections_user_has_any_permission_for(user, FOUND_BY)
        if model._default_manager.filter(pk__in=pks).exclude(collection__in=theirs).exists():
            return True
    return False


def is_kept_from(client_id: int | None, references: Iterable[tuple[type[Any], str]]) -> bool:
    """Whether one of these pages or files is a client's, and not this one's.

    Without a client: what everybody may use, so nothing of anybody's may be in it.
    """
    homes = client_homes().exclude(organisation=client_id).values_list("path", flat=True)
    beneath = Q(pk__in=[])
    for path in homes:
        beneath |= Q(path__startswith=path)
    theirs = Q(pk__in=[])
    for path in (
        Collection.objects.filter(attune_client__isnull=False)
        .exclude(attune_client__organisation=client_id)
        .values_list("path", flat=True)
    ):
        theirs |= Q(path__startswith=path)
    for model, pk in references:
        if issubclass(model, Page):
            if Page.objects.filter(beneath, pk=pk).exists():
                return True
        elif model._default_manager.filter(
            pk=pk, collection__in=Collection.objects.filter(theirs)
        ).exists():
            return True
    return False


def own_users(user: Any) -> QuerySet[Any]:
    """Those who write for the same clients, and oneself."""
    clients = reach_of(user).authors_for
    users = get_user_model()._default_manager.filter(
        Q(pk=user.pk) | Q(groups__attune_trains_for__in=clients)
    )
    return users.distinct()


def own_workflows(user: Any) -> QuerySet[Workflow]:
    """Reviews through which a page of the user's clients goes."""
    homes = client_homes().filter(organisation__in=reach_of(user).authors_for)
    return Workflow.objects.filter(workflow_pages__page__in=homes.values("pk")).distinct()


def own_tasks(user: Any) -> QuerySet[Task]:
    return Task.objects.filter(workflow_tasks__workflow__in=own_workflows(user)).distinct()


def own_tags(user: Any) -> QuerySet[Tag]:
    """Words by which files are found that the user may see. Wagtail has one list for all."""
    allowed = Q(pk__in=[])
    for model in (get_image_model(), get_document_model(), get_media_model()):
        policy = policy_registry.get_by_type(model)
        collections = policy.collections_user_has_any_permission_for(user, FOUND_BY)
        files = model._default_manager.filter(collection__in=collections).values("pk")
        allowed |= Q(
            content_type__app_label=model._meta.app_label,
            content_type__model=model._meta.model_name,
            object_id__in=files,
        )
    return Tag.objects.filter(pk__in=TaggedItem.objects.filter(allowed).values("tag"))
