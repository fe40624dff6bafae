"""The chooser of recordings, with no word of another client's.

wagtailmedia's own lists the collections and favourite tags of the whole site beside the
recordings. Here stand the same templates with what the user may see; searching is left to
the package, which finds only that.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin.forms.search import SearchForm
from wagtail.admin.modal_workflow import render_modal_workflow
from wagtail.permissions import policy_registry
from wagtail.search.backends import get_search_backends
from wagtailmedia.forms import get_media_form
from wagtailmedia.models import get_media_model
from wagtailmedia.utils import paginate
from wagtailmedia.views import chooser as wagtailmedia_chooser

KINDS = ("audio", "video")
CHANGING = ("change", "delete")
SEARCHING = ("q", "p", "tag", "collection_id")


def choose(request: HttpRequest, media_type: str | None = None) -> HttpResponse:
    policy = policy_registry.get_by_type(get_media_model())
    if not policy.user_has_any_permission(request.user, ("add", *CHANGING)):
        raise PermissionDenied
    if any(name in request.GET for name in SEARCHING):
        found: HttpResponse = wagtailmedia_chooser.chooser(request, media_type)
        return found
    forms = {}
    if policy.user_has_permission(request.user, "add"):
        forms = {kind: _form(request.user, kind) for kind in KINDS if media_type in (None, kind)}
    return _modal(request, media_type=media_type, forms=forms)


def upload(request: HttpRequest, media_type: str) -> HttpResponse:
    policy = policy_registry.get_by_type(get_media_model())
    if not policy.user_has_permission(request.user, "add"):
        raise PermissionDenied
    if request.method != "POST":
        return _modal(
            request, media_type=media_type, forms={media_type: _form(request.user, media_type)}
        )
    form = _form(request.user, media_type, request.POST, request.FILES)
    if not form.is_valid():
        return _modal(request, media_type=media_type, forms={media_type: form})
    media = form.save()
    # Its tags were written after it was indexed.
    for backend in get_search_backends():
        backend.add(media)
    result = wagtailmedia_chooser.get_media_json(media)
    return render_modal_workflow(
        request, None, None, None, json_data={"step": "media_chosen", "result": result}
    )


def refuse_foreign(user: Any, media_id: int) -> None:
    """404 for a recording that the user may neither change nor choose."""
    model = get_media_model()
    media = model._default_manager.filter(pk=media_id).first()
    policy = policy_registry.get_by_type(model)
    if media is None or not policy.user_has_any_permission_for_instance(
        user, (*CHANGING, "choose"), media
    ):
        raise Http404


def _form(user: Any, kind: str, *data: Any) -> Any:
    model = get_media_model()
    media = model(uploaded_by_user=user, type=kind)
    return get_media_form(model)(*data, user=user, instance=media, prefix="media-chooser-upload")


def _modal(request: HttpRequest, *, media_type: str | None, forms: dict[str, Any]) -> HttpResponse:
    policy = policy_registry.get_by_type(get_media_model())
    media = policy.instances_user_has_any_permission_for(request.user, CHANGING)
    if media_type is not None:
        media = media.filter(type=media_type)
    ordering = wagtailmedia_chooser.get_ordering(request)
    paginator, page = paginate(request, media.order_by(ordering))
    collections = policy.collections_user_has_any_permission_for(request.user, CHANGING)
    titles = {"audio": _("Choose audio"), "video": _("Choose video")}
    return render_modal_workflow(
        request,
        "wagtailmedia/chooser/chooser.html",
        None,
        {
            "media_files": page,
            "searchform": SearchForm(),
            "collections": collections if len(collections) > 1 else None,
            "uploadforms": forms,
            "is_searching": False,
            "media_type": media_type,
            "ordering": ordering,
            "title": titles.get(media_type or "", _("Choose a media item")),
            "icon": f"wagtailmedia-{media_type}" if media_type else "media",
            "chooser_url": reverse("wagtailmedia:chooser_typed", args=[media_type])
            if media_type
            else reverse("wagtailmedia:chooser"),
            "elided_page_range": paginator.get_elided_page_range(page.number),
        },
        json_data={
            "step": "chooser",
            "error_label": _("Server Error"),
            "error_message": _("Report this error to your webmaster."),
            "tag_autocomplete_url": reverse("wagtailadmin_tag_autocomplete"),
        },
    )
