"""Record stores in Wagtail's admin: listed, added, changed and tried out by administrators.

Saving asks the store a harmless question and says what it answered.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from attune.xapi import connecting, filters, health
from attune.xapi.answers import Verdict
from attune.xapi.forms import lane_panels
from attune.xapi.models import FilteredBy, Lane

STATES = {
    "active": _("active"),
    "backing off": _("backing off"),
    "paused": _("paused"),
    "off": _("off"),
}


class _TriesOut:
    """After saving, say what the store answers."""

    def form_valid(self, form: forms.ModelForm[Lane]) -> Any:
        response = super().form_valid(form)  # type: ignore[misc]  # the view beside it has one
        lane = form.instance
        for doubt in getattr(form, "doubts", ()):
            messages.warning(self.request, doubt)  # type: ignore[attr-defined]
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


class LaneInspectView(generic.InspectView):
    """With what the lane takes, which stands in rows of its own."""

    def get_fields_context(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = super().get_fields_context()
        at = self.fields.index("client") + 1
        chosen = [
            (_("Only for engagements"), FilteredBy.ENGAGEMENT),
            (_("Only with verbs"), FilteredBy.VERB),
        ]
        shown[at:at] = [
            {
                "label": label,
                "value": ", ".join(filters.values_of(self.object, by)) or _("all"),
                "component": None,
            }
            for label, by in chosen
        ]
        return shown


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
    inspect_view_class = LaneInspectView
    edit_handler = lane_panels
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
        "authentication",
        "token_endpoint",
        "scope",
        "username",
        "version",
        "compresses",
        "client",
        "pause_reason",
        "last_error",
        "last_error_at",
        "last_success_at",
        "delivered_total",
    )


lane_viewset = LaneViewSet()
