"""Recipients of alerts and their limits, in Wagtail's Settings, for administrators.

Addresses of webhooks and secrets go in and never come out: their fields are always empty, and
leaving them empty keeps what is there.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from attune.notices.channels.webhook import Webhook
from attune.notices.destinations import host_of
from attune.notices.models import AlertRule, Destination
from attune.notices.models.ledger import Channel
from attune.safety.encryption import Secret


class DestinationForm(WagtailAdminModelForm):
    class Meta:
        model = Destination
        fields = (
            "name",
            "is_enabled",
            "takes_alerts",
            "channel",
            "email",
            "url",
            "secret",
            "language",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = {name: getattr(self.instance, name) for name in ("url", "secret")}
        for name in self._kept:
            self.initial[name] = ""
        self.fields["language"] = forms.ChoiceField(
            label=self.fields["language"].label, choices=settings.LANGUAGES
        )

    def _entered(self, name: str) -> str:
        entered = self.cleaned_data.get(name)
        return entered.strip() if isinstance(entered, str) else ""

    def clean_url(self) -> Any:
        text = self._entered("url")
        if not text:
            return self._kept["url"]
        try:
            with Webhook(url=text):
                pass
        except ValueError as error:
            raise ValidationError(
                _(
                    "This is not the address of a webhook: it begins with https:// and holds "
                    "neither user name nor password."
                )
            ) from error
        self.instance.host = host_of(text)
        return Secret.seal(text)

    def clean_secret(self) -> Any:
        text = self._entered("secret")
        return Secret.seal(text) if text else self._kept["secret"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        channel = cleaned.get("channel")
        if channel == Channel.EMAIL and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter the address that is written to."))
        if channel == Channel.WEBHOOK and not cleaned.get("url") and "url" not in self.errors:
            self.add_error("url", _("Enter the address of the webhook."))
        moved = self.instance.pk and self.data.get(self.add_prefix("url"))
        # Otherwise whoever may change the address could have the secret used for a place of
        # theirs without ever having known it.
        if moved and self._kept["secret"] and not self.data.get(self.add_prefix("secret")):
            self.add_error("secret", _("Enter the secret again, since the address changes."))
        return cleaned


def _refuse_environment(row: Destination) -> Destination:
    if row.from_environment:
        raise PermissionDenied(
            _("This recipient is set by the environment (ATTUNE_ALERT_…) and is changed there.")
        )
    return row


class DestinationEditView(generic.EditView):
    def get_object(self, queryset: Any = None) -> Destination:
        return _refuse_environment(super().get_object(queryset))


class DestinationDeleteView(generic.DeleteView):
    def get_object(self, queryset: Any = None) -> Destination:
        return _refuse_environment(super().get_object(queryset))


class DestinationIndexView(generic.IndexView):
    def get_edit_url(self, instance: Destination) -> str | None:
        return None if instance.from_environment else super().get_edit_url(instance)

    def get_delete_url(self, instance: Destination) -> str | None:
        return None if instance.from_environment else super().get_delete_url(instance)


class DestinationInspectView(generic.InspectView):
    """What is known of a recipient, and the button that tries it out."""

    template_name = "attune_notices/destination.html"


class DestinationViewSet(ModelViewSet):
    model = Destination
    name = "attune_notices_destination"
    url_prefix = "notices/recipients"
    icon = "mail"
    menu_label = _("Recipients of alerts")
    copy_view_enabled = False
    add_to_settings_menu = True
    inspect_view_enabled = True
    add_to_reference_index = False
    edit_view_class = DestinationEditView
    delete_view_class = DestinationDeleteView
    index_view_class = DestinationIndexView
    inspect_view_class = DestinationInspectView
    list_display = (
        "name",
        Column("origin", label=_("Origin"), accessor="get_origin_display"),
        Column("channel", label=_("Told by"), accessor="get_channel_display"),
        Column("address", label=_("To"), accessor="address"),
        BooleanColumn("takes_alerts", label=_("Gets alerts")),
        BooleanColumn("is_enabled", label=_("Switched on")),
    )
    inspect_view_fields = (
        "name",
        "origin",
        "is_enabled",
        "takes_alerts",
        "channel",
        "email",
        "host",
        "language",
    )

    def get_form_class(self, for_update: bool = False) -> type[DestinationForm]:
        return DestinationForm


class AlertRuleForm(WagtailAdminModelForm):
    class Meta:
        model = AlertRule
        fields = ("is_enabled", "minutes", "remind_hours")


class AlertRuleViewSet(ModelViewSet):
    model = AlertRule
    name = "attune_notices_rule"
    url_prefix = "notices/limits"
    icon = "warning"
    menu_label = _("Limits for alerts")
    copy_view_enabled = False
    add_to_settings_menu = True
    inspect_view_enabled = False
    add_to_reference_index = False
    list_display = (
        "__str__",  # a title, which leads to the form
        BooleanColumn("is_enabled", label=_("Told of")),
        Column("minutes", label=_("After minutes")),
        Column("remind_hours", label=_("Told again after hours")),
    )

    def get_form_class(self, for_update: bool = False) -> type[AlertRuleForm]:
        return AlertRuleForm


destinations_viewset = DestinationViewSet()
rules_viewset = AlertRuleViewSet()
