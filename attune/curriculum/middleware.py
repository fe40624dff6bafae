"""Doors of Wagtail's admin that know no tenants: narrowed where possible, else kept shut.

Some views list every page, file, review or colleague of the site, whoever asks, or show a
page by its number before they ask for a permission; and they offer no hook to narrow them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from taggit.models import Tag
from wagtail.admin.auth import require_admin_access
from wagtail.models import Page, Task, Workflow
from wagtail.permissions import policy_registry

from attune.curriculum import media_chooser, tenancy
from attune.people.access import person_of, reach_of

KEPT_FOR_THE_ADMINISTRATOR = frozenset(
    {
        # Counts every page type and names the page edited last, of whatever client.
        "wagtailadmin_reports:page_types_usage",
        "wagtailadmin_reports:page_types_usage_results",
        # Lists the files of all collections. The editor's choosers do not use it.
        "wagtailadmin_api:documents:listing",
        "wagtailadmin_api:documents:detail",
        "wagtailadmin_api:documents:find",
        "wagtailadmin_api:images:listing",
        "wagtailadmin_api:images:detail",
        "wagtailadmin_api:images:find",
        # Chooses among the steps of all workflows, for a form that is the administrator's.
        "wagtailadmin_workflows:task_chooser",
        "wagtailadmin_workflows:task_chooser_results",
        "wagtailadmin_workflows:task_chooser_create",
        "wagtailadmin_workflows:task_chosen",
        "wagtail_localize:translations_report",
        "wagtail_localize:translations_report_results",
        # A read-only listing of every instance of a translatable snippet.
        "wagtail_localize:snippets_api_listing",
        "wagtail_localize:snippets_api_detail",
    }
)
PAGE_DOORS = ("wagtailadmin_pages:", "wagtailadmin_explore", "wagtailadmin_choose_page")
NAMES_A_PAGE = ("page_id", "parent_page_id", "page_to_move_id", "destination_id")
FILTERED_LISTS = (
    "wagtailadmin_pages:search",
    "wagtailadmin_pages:type_use",
    "wagtailadmin_explore",
    "wagtailadmin_reports:",
    "wagtailforms:",
)
# What a filter of these lists may be set to, by the parameter's name.
OWN_BY_PARAMETER: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        ("owner", "edited_by", "locked_by", "user", "requested_by", "last_published_by"),
        tenancy.own_users,
    ),
    "workflow": tenancy.own_workflows,
    "task": tenancy.own_tasks,
}
CHANGING = ("add", "change", "delete")
MAX_TAGS = 10


class TenantDoors:
    """After ``AuthenticationMiddleware``. Asks nothing of the administrator."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not match.view_name.startswith(("wagtail", "attune_")):
            return None
        name = match.view_name
        if name in KEPT_FOR_THE_ADMINISTRATOR and not reach_of(request.user).everything:
            raise PermissionDenied
        # Whoever is not signed in is sent to sign in by the view.
        if not request.user.is_authenticated or reach_of(request.user).everything:
            return None
        if _is_a_tenants(request.user):
            _guard_numbers(request, name, kwargs)
        if name == "wagtailmedia:media_usage":
            media_chooser.refuse_foreign(request.user, kwargs["media_id"])
        return INSTEAD[name](request, **kwargs) if name in INSTEAD else None

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """No choice of a filter names a colleague, review or tag of another client."""
        filters: Any = (response.context_data or {}).get("filters")
        if hasattr(filters, "form") and _is_a_tenants(request.user):
            for field in filters.form.fields.values():
                _narrow(field, request.user)
            if "tag" in filters.form.fields:
                _narrow_tags(filters.form.fields["tag"], request.user)
        return response


def _is_a_tenants(user: Any) -> bool:
    """Somebody of a client or a vendor. A host's own editors keep what Wagtail gives them."""
    return person_of(user) is not None and not reach_of(user).everything


def _guard_numbers(request: HttpRequest, name: str, kwargs: dict[str, Any]) -> None:
    """Nothing of another client is shown, or named in a refusal, for its number alone."""
    pages = {int(kwargs[each]) for each in NAMES_A_PAGE if each in kwargs}
    if name.startswith(PAGE_DOORS):
        if not tenancy.works_on_pages(request.user):
            raise PermissionDenied
        if name.endswith(":revisions_compare"):
            pages.add(int(kwargs["pk"]))
        if name.endswith("_chosen_multiple"):
            pages |= _numbers(request, "id")
        if pages and tenancy.is_foreign(request.user, pages):
            raise Http404
    if name == "wagtail_bulk_action":
        _guard_bulk(request, kwargs)
    if "task_id" in kwargs and not _holds(tenancy.own_tasks(request.user), {kwargs["task_id"]}):
        raise Http404
    if name.startswith(FILTERED_LISTS):
        _guard_filters(request)


def _guard_bulk(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Wagtail lists by their titles what may not be touched."""
    try:
        model = apps.get_model(kwargs["app_label"], kwargs["model_name"])
    except LookupError:
        raise Http404 from None
    numbers = _numbers(request, "id")
    if issubclass(model, Page):
        numbers |= _numbers(request, "childOf")
        if tenancy.is_foreign(request.user, numbers):
            raise Http404
        return
    policy = policy_registry.get_by_type(model, fallback=False)
    if policy is not None:
        theirs = policy.instances_user_has_any_permission_for(request.user, CHANGING)
        if not _holds(theirs, numbers):
            raise Http404


def _numbers(request: HttpRequest, parameter: str) -> set[int]:
    return {int(each) for each in request.GET.getlist(parameter) if each.isdecimal()}


def _holds(rows: Any, numbers: set[int]) -> bool:
    """Whether all of these are among the rows."""
    return rows.filter(pk__in=numbers).values("pk").distinct().count() == len(numbers)


def _guard_filters(request: HttpRequest) -> None:
    """A filter that is set is shown in words: a number must not be turned into a name."""
    for parameter, own in OWN_BY_PARAMETER.items():
        asked = _numbers(request, parameter)
        if asked and not _holds(own(request.user), asked):
            raise Http404


def _narrow(field: Any, user: Any) -> None:
    if not isinstance(field, ModelChoiceField):
        return
    for model, own in (
        (get_user_model(), tenancy.own_users),
        (Workflow, tenancy.own_workflows),
        (Task, tenancy.own_tasks),
    ):
        rows: Any = field.queryset
        if rows.model is model:
            field.queryset = rows.filter(pk__in=own(user).values("pk"))


def _narrow_tags(field: Any, user: Any) -> None:
    own = set(tenancy.own_tags(user).values_list("name", flat=True))
    field.choices = [choice for choice in field.choices if choice[0] in own]


def own_tags(
    request: HttpRequest, app_name: str = "taggit", model_name: str = "tag"
) -> JsonResponse:
    """Completes a tag from those of the files that the user may see."""
    term = request.GET.get("term", "").strip()
    tags: Iterable[str] = ()
    if term and (app_name, model_name) == (Tag._meta.app_label, Tag._meta.model_name):
        found = tenancy.own_tags(request.user).filter(name__istartswith=term).order_by("name")
        tags = found.values_list("name", flat=True)[:MAX_TAGS]
    return JsonResponse(list(tags), safe=False)


INSTEAD: dict[str, Callable[..., HttpResponse]] = {
    name: require_admin_access(view)
    for name, view in {
        "wagtailadmin_tag_autocomplete": own_tags,
        "wagtailadmin_tag_model_autocomplete": own_tags,
        "wagtailmedia:chooser": media_chooser.choose,
        "wagtailmedia:chooser_typed": media_chooser.choose,
        "wagtailmedia:chooser_upload": media_chooser.upload,
    }.items()
}
"""Views of our own in the place of Wagtail's, for all but the administrator."""
