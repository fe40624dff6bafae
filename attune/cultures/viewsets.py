"""Client cards and SLA targets in the Wagtail admin: each trainer keeps the own clients'.

Wagtail's generic views know permissions per model. Here every address that names a row passes
one guard, which answers 404 for another client's row, and the lists hold none of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import ObjectList
from wagtail.admin.ui.tables import Column, LocaleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.models import Locale

from attune.cultures.models import ClientCard, SlaTarget
from attune.cultures.variables import VARIABLES, in_words, values_for
from attune.people.access import can_author_for, reach_of
from attune.people.models import Engagement, Organisation

View = Callable[..., HttpResponse]


def clients_of(user: Any) -> Any:
    """Clients that the user writes for."""
    reach = reach_of(user)
    clients = Organisation.objects.clients()
    return clients if reach.everything else clients.filter(pk__in=reach.authors_for)


class OfClientForm(WagtailAdminModelForm):
    """Offers the own clients and their engagements; whatever else is sent is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        clients = clients_of(self.for_user)
        fields["client"].queryset = clients
        fields["engagement"].queryset = Engagement.objects.filter(client__in=clients)
        fields["engagement"].empty_label = _("Every engagement of the client")
        if not self.initial.get("client") and len(only := list(clients[:2])) == 1:
            self.initial["client"] = only[0].pk

    def clean_client(self) -> Any:
        client = self.cleaned_data["client"]
        if not can_author_for(self.for_user, client.pk):
            raise forms.ValidationError(_("You do not write for this client."))
        return client

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        # Django leaves out constraints over a field that is not in the form: the language.
        if isinstance(self.instance, ClientCard) and not self.errors and "client" in data:
            language = self.instance.locale_id or Locale.get_default().pk
            same = ClientCard.objects.filter(
                client=data["client"], engagement=data.get("engagement"), locale=language
            )
            if same.exclude(pk=self.instance.pk).exists():
                raise forms.ValidationError(
                    _("There is a card for these in this language already. Change that one.")
                )
        return data


class OfClientIndexView(generic.IndexView):
    def get_base_queryset(self) -> Any:
        rows = self.model._default_manager.editable_by(self.request.user)
        return rows.select_related("client", "engagement")


class OfClientViewSet(ModelViewSet):
    """``copy`` is left out: a copy would be of the same client, where there is one already."""

    index_view_class = OfClientIndexView
    copy_view_enabled = False
    list_per_page = 50

    def get_edit_handler(self) -> Any:
        handler = ObjectList(self.model.panels, base_form_class=OfClientForm)
        return handler.bind_to_model(self.model)

    def get_urlpatterns(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urlpatterns()
        for pattern in patterns:
            pattern.callback = self.guarded(pattern.callback)
        return patterns

    def guarded(self, view: View) -> View:
        """The view, unless the row that it names is another client's: then 404."""

        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "pk" in kwargs:
                pk = unquote(str(kwargs["pk"]))
                number = int(pk) if pk.isdecimal() and len(pk) < 19 else 0
                rows = self.model._default_manager.editable_by(request.user)
                if not rows.filter(pk=number).exists():
                    raise Http404
            return view(request, *args, **kwargs)

        return inner


def _engagement(row: Any) -> str:
    return str(row.engagement or _("every engagement"))


class ClientCardViewSet(OfClientViewSet):
    model = ClientCard
    icon = "form"
    menu_label = _("Client cards")
    list_display = [
        "client",
        Column("engagement", label=_("Engagement"), accessor=_engagement),
        LocaleColumn(),
    ]


class SlaTargetViewSet(OfClientViewSet):
    model = SlaTarget
    icon = "time"
    menu_label = _("SLA targets")
    list_display = [
        "client",
        Column("engagement", label=_("Engagement"), accessor=_engagement),
        Column("team", label=_("Team or tier"), accessor=lambda row: row.team or _("every team")),
        Column("priority", label=_("Priority"), accessor="get_priority_display"),
        Column(
            "first_response",
            label=_("First response"),
            accessor=lambda row: in_words(row.first_response),
        ),
        Column(
            "resolution",
            label=_("Resolution"),
            accessor=lambda row: in_words(row.resolution) if row.resolution else "–",
        ),
    ]


class ExpectationsViewSetGroup(ModelViewSetGroup):
    menu_label = _("Client expectations")
    menu_icon = "group"
    menu_order = 255
    items = (ClientCardViewSet("attune_client_cards"), SlaTargetViewSet("attune_sla_targets"))


class VariablesView(WagtailAdminTemplateMixin, TemplateView):
    """The names that an author may use, and what they stand for with each of the clients."""

    template_name = "attune_cultures/admin/variables.html"
    page_title = _("Variables")
    header_icon = "code"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.clients = list(clients_of(request.user).order_by("name")[:20])
        if not (self.clients or reach_of(request.user).everything):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_client_cards:index"), "label": _("Client cards")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        language = str(getattr(self.request, "LANGUAGE_CODE", "en"))
        values = [values_for(client, language) for client in self.clients]
        return super().get_context_data(
            **kwargs,
            clients=self.clients,
            variables=[
                {
                    "name": f"{{{{ {each.name} }}}}",
                    "label": each.label,
                    "values": [of_client.get(each.name, "") for of_client in values],
                }
                for each in VARIABLES
            ],
            shared=f"{{{{ {VARIABLES[0].name} | … }}}}",
        )
