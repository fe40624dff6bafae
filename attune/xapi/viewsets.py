"""Record stores in Wagtail's admin: listed, added, changed and tried out by administrators.

The secret goes in and never comes out: its field is always empty, and leaving it empty keeps
what is there. Saving asks the store a harmless question and says what it answered.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from attune.safety.encryption import Secret
from attune.xapi import connecting, health, lanes
from attune.xapi.answers import Verdict
from attune.xapi.models import Lane

STATES = {
    "active": _("active"),
    "backing off": _("backing off"),
    "paused": _("paused"),
    "off": _("off"),
}


class LaneForm(WagtailAdminModelForm):
    class Meta:
        model = Lane
        fields = (
            "name",
            "is_enabled",
            "endpoint",
            "username",
            "password",
            "version",
            "client",
            "connect_timeout",
            "read_timeout",
            "batch_size",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = self.instance.password
        self.initial["password"] = ""
        self.fields["batch_size"].widget.attrs |= {"min": 1, "max": 100}

    def clean_password(self) -> Any:
        entered = self.cleaned_data.get("password")
        text = entered if isinstance(entered, str) else ""
        return Secret.seal(text) if text else self._kept

    def clean_endpoint(self) -> str:
        endpoint: str = self.cleaned_data["endpoint"].rstrip("/")
        if endpoint.endswith("/statements"):
            raise ValidationError(_("Leave “/statements” out: it is added."))
        if "@" in endpoint.split("//", 1)[-1].split("/", 1)[0]:
            raise ValidationError(_("User name and password have fields of their own."))
        return endpoint

    def clean_batch_size(self) -> int:
        size: int = self.cleaned_data["batch_size"]
        if size > 100:
            raise ValidationError(_("At most 100: stores refuse more."))
        return size

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        moved = self.instance.pk and "endpoint" in self.changed_data
        # Otherwise whoever may change the address could have the secret sent to a place
        # of theirs without ever having known it.
        if moved and self._kept and not self.data.get(self.add_prefix("password")):
            self.add_error("password", _("Enter the secret again, since the address changes."))
        return cleaned

    def save(self, commit: bool = True) -> Lane:
        lane: Lane = super().save(commit=commit)
        if commit:
            lanes.settings_changed(lane)
        return lane


class _TriesOut:
    """After saving, say what the store answers."""

    def form_valid(self, form: forms.ModelForm[Lane]) -> Any:
        response = super().form_valid(form)  # type: ignore[misc]  # the view beside it has one
        lane = form.instance
        if lane.pk and lane.is_enabled:
            answer = connecting.try_out(lane)
            if answer.verdict is Verdict.DELIVERED:
                messages.success(self.request, _("The record store answers."))  # type: ignore[attr-defined]
            else:
                messages.warning(
                    self.request,  # type: ignore[attr-defined]
                    _(
                        "Saved, but the record store answers: %(words)s. What is recorded waits "
                        "and is sent as soon as it can be. (Credentials that may only write are "
                        "answered 403 here and work all the same.)"
                    )
                    % {"words": answer.message},
                )
        return response


class LaneCreateView(_TriesOut, generic.CreateView):
    pass


def _refuse_environment(lane: Lane) -> Lane:
    if lane.from_environment:
        raise PermissionDenied(
            _("This record store is set by the environment (ATTUNE_LRS_…) and is changed there.")
        )
    return lane


class LaneEditView(_TriesOut, generic.EditView):
    def get_object(self, queryset: Any = None) -> Lane:
        return _refuse_environment(super().get_object(queryset))


class LaneDeleteView(generic.DeleteView):
    def get_object(self, queryset: Any = None) -> Lane:
        return _refuse_environment(super().get_object(queryset))


class LaneIndexView(generic.IndexView):
    def get_edit_url(self, instance: Lane) -> str | None:
        return None if instance.from_environment else super().get_edit_url(instance)

    def get_delete_url(self, instance: Lane) -> str | None:
        return None if instance.from_environment else super().get_delete_url(instance)


def _state(lane: Lane) -> str:
    words = str(STATES[lane.state])
    reason = lane.pause_reason or (lane.last_error if lane.failures else "")
    return f"{words}: {reason[:120]}" if reason else words


class LaneViewSet(ModelViewSet):
    model = Lane
    name = "attune_xapi_lane"
    url_prefix = "learning-record-stores"
    icon = "upload"
    menu_label = _("Learning record stores")
    add_to_settings_menu = True
    copy_view_enabled = False
    inspect_view_enabled = True
    add_to_reference_index = False
    add_view_class = LaneCreateView
    edit_view_class = LaneEditView
    delete_view_class = LaneDeleteView
    index_view_class = LaneIndexView
    list_display = (
        "name",
        Column("origin", label=_("Origin"), accessor="get_origin_display"),
        "endpoint",
        Column("state", label=_("State"), accessor=_state),
        Column("waiting", label=_("Waiting"), accessor=health.waiting),
        Column("delivered_total", label=_("Delivered")),
        Column("quarantined", label=_("Quarantined"), accessor=health.quarantined),
    )
    inspect_view_fields = (
        "name",
        "origin",
        "is_enabled",
        "endpoint",
        "username",
        "version",
        "client",
        "pause_reason",
        "last_error",
        "last_error_at",
        "last_success_at",
        "delivered_total",
    )

    def get_form_class(self, for_update: bool = False) -> type[LaneForm]:
        return LaneForm


lane_viewset = LaneViewSet()
