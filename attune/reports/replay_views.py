"""Replays, for administrators: ask for one, see first what it would send, follow and steer it.

The outbox knows pseudonyms and codes; here people, enrolments and engagements are chosen by
name and shown by name, as far as the reader sees them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages

from attune.enrolments.models import Enrolment
from attune.people.models import Engagement, Organisation, Person
from attune.reports.delivery_screens import ForOperators
from attune.reports.drawing import day_in
from attune.xapi import replays
from attune.xapi.replays import CannotReplay, Preview, Wish

PER_PAGE = 25
CANDIDATES = 20


class ForAdministrators(ForOperators):
    """A replay sends everybody's records to where a lane leads: it is for whoever sees lanes."""

    page_title = gettext_lazy("Replays")
    header_icon = "rotate"
    tab = "replays"

    def crumbs(self, *names: str) -> list[dict[str, Any]]:
        first = {"url": reverse("attune_reports:replays"), "label": _("Replays")}
        return [*self.breadcrumbs_items, first, *({"url": "", "label": name} for name in names)]


# --- in words -----------------------------------------------------------------------------------


class Names:
    """Names of what replays were narrowed to, one query per kind whatever their number."""

    def __init__(self, user: Any, rows: Iterable[Any]) -> None:
        rows = list(rows)
        actors = {row.actor for row in rows if row.actor}
        registrations = {row.registration for row in rows if row.registration}
        engagements = {row.engagement for row in rows if row.engagement}
        clients = {row.client for row in rows if row.client}
        self.people: dict[UUID, str] = dict(
            Person.objects.visible_to(user)
            .filter(pseudonym__in=actors)
            .values_list("pseudonym", "full_name")
        )
        enrolments = Enrolment.objects.visible_to(user).select_related("person", "programme")
        self.enrolments: dict[UUID, str] = {
            each.registration: _("%(person)s in %(programme)s")
            % {"person": each.person.full_name, "programme": _title(each)}
            for each in enrolments.filter(registration__in=registrations)
        }
        self.engagements: dict[str, str] = dict(
            Engagement.objects.visible_to(user)
            .filter(code__in=engagements)
            .values_list("code", "name")
        )
        self.clients: dict[str, str] = dict(
            Organisation.objects.visible_to(user)
            .filter(code__in=clients)
            .values_list("code", "name")
        )

    def scope_of(self, row: Any, zone: Any) -> list[str]:
        """What a replay or wish is about, part by part. What was erased has no name left."""
        erased = _("somebody who was erased")
        parts = []
        if row.registration:
            parts.append(self.enrolments.get(row.registration, str(row.registration)))
        elif row.actor:
            parts.append(self.people.get(row.actor, erased))
        if row.engagement:
            parts.append(self.engagements.get(row.engagement, row.engagement))
        if row.client:
            parts.append(self.clients.get(row.client, row.client))
        parts.append(_period(row.since, row.until, zone))
        return parts


def _title(enrolment: Enrolment) -> str:
    return enrolment.programme.title if enrolment.programme else _("a programme that is gone")


def _period(since: datetime | None, until: datetime | None, zone: Any) -> str:
    first = day_in(since, zone)
    last = day_in(until - timedelta(microseconds=1), zone) if until else ""
    if first and last:
        return _("%(first)s to %(last)s") % {"first": first, "last": last}
    if first:
        return _("from %s on") % first
    return _("until %s") % last if last else _("all times")


# --- the list -----------------------------------------------------------------------------------


class ReplaysView(ForAdministrators, TemplateView):
    template_name = "attune_reports/replays.html"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(replays.replays(), PER_PAGE).get_page(self.request.GET.get("p"))
        rows = list(page.object_list)
        names = Names(self.request.user, rows)
        return super().get_context_data(
            **kwargs,
            page_obj=page,
            rows=[_row(each, names, self.zone) for each in rows],
            has_lanes=replays.known_lanes().exists(),
            zone=self.zone,
            index_url=reverse("attune_reports:replays"),
        )


def _row(replay: Any, names: Names, zone: Any) -> dict[str, Any]:
    return {
        "replay": replay,
        "scope": names.scope_of(replay, zone),
        "percent": replays.percent(replay),
        "waits_for": _waits_for(replay),
        "by": replay.asked_by or _("the system, since the record store was new or changed"),
        "url": reverse("attune_reports:replay", args=[replay.pk]),
    }


def _waits_for(replay: Any) -> str:
    """Why a running replay stands still, if it does."""
    if replay.state != "running":
        return ""
    if not replay.lane.is_enabled:
        return _("It waits until the record store is switched on.")
    if replay.lane.pause_reason:
        return _("It waits until the record store takes statements again: %s") % (
            replay.lane.pause_reason
        )
    return ""


# --- asking -------------------------------------------------------------------------------------


class ReplayForm(forms.Form):
    """What is to be sent where. Days are those of the reader's zone, both included."""

    lane = forms.ModelChoiceField(
        label=gettext_lazy("To the record store"),
        queryset=replays.known_lanes().none(),
        empty_label=None,
    )
    since = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Of the deeds. Empty: from the beginning, until now."),
    )
    client = forms.ModelChoiceField(
        label=gettext_lazy("Client"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("All clients"),
    )
    engagement = forms.ModelChoiceField(
        label=gettext_lazy("Engagement"),
        queryset=Engagement.objects.none(),
        required=False,
        empty_label=gettext_lazy("All engagements"),
    )
    find = forms.CharField(
        label=gettext_lazy("One person: name or e-mail"), required=False, max_length=200
    )
    person = forms.ModelChoiceField(
        queryset=Person.objects.none(), required=False, widget=forms.HiddenInput
    )
    enrolment = forms.ModelChoiceField(
        label=gettext_lazy("Only in"),
        queryset=Enrolment.objects.none(),
        required=False,
        empty_label=gettext_lazy("All programmes"),
    )
    what = forms.ChoiceField(
        label=gettext_lazy("What is sent"),
        choices=[
            ("again", gettext_lazy("Everything, also what was delivered there already")),
            ("missing", gettext_lazy("Only what never went there")),
        ],
        widget=forms.RadioSelect,
        initial="again",
    )
    per_minute = forms.IntegerField(
        label=gettext_lazy("Statements per minute, at most"),
        min_value=1,
        max_value=600_000,
        initial=6000,
    )

    def __init__(self, *args: Any, user: Any, zone: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.zone = user, zone
        fields: dict[str, Any] = self.fields
        fields["lane"].queryset = replays.known_lanes()
        engagements = Engagement.objects.visible_to(user)
        fields["client"].queryset = (
            Organisation.objects.visible_to(user)
            .filter(pk__in=engagements.values("client"))
            .order_by("name")
        )
        fields["engagement"].queryset = engagements.order_by("name")
        fields["engagement"].label_from_instance = lambda engagement: engagement.name
        fields["client"].label_from_instance = lambda client: client.name
        fields["person"].queryset = Person.objects.visible_to(user)
        fields["enrolment"].label_from_instance = _enrolment_in_words
        fields["enrolment"].queryset = self._enrolments()

    def _enrolments(self) -> QuerySet[Enrolment]:
        """Of the chosen person alone: a list of everybody's would be no list to choose from."""
        chosen = self.data.get("person", "") if self.is_bound else ""
        if not str(chosen).isdecimal():
            return Enrolment.objects.none()
        visible: QuerySet[Enrolment] = Enrolment.objects.visible_to(self.user)
        return visible.filter(person=int(chosen)).select_related("programme", "engagement")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        return data

    def wish(self) -> Wish:
        """What the valid form asks for."""
        data = self.cleaned_data
        until: date | None = data["until"]
        return Wish(
            lane=data["lane"].pk,
            since=self._midnight(data["since"]),
            until=self._midnight(until + timedelta(days=1)) if until else None,
            client=data["client"].code if data["client"] else "",
            engagement=data["engagement"].code if data["engagement"] else "",
            actor=data["person"].pseudonym if data["person"] else None,
            registration=data["enrolment"].registration if data["enrolment"] else None,
            only_missing=data["what"] == "missing",
            per_minute=data["per_minute"],
        )

    def _midnight(self, day: date | None) -> datetime | None:
        return datetime.combine(day, time(), tzinfo=self.zone) if day else None


def _enrolment_in_words(enrolment: Enrolment) -> str:
    words = f"{_title(enrolment)} · {enrolment.engagement.name}"
    return _("%(words)s (round %(n)d)") % {"words": words, "n": enrolment.cycle}


class NewReplayView(ForAdministrators, TemplateView):
    """The form, and beneath it what it would send: nothing happens before the last button."""

    template_name = "attune_reports/new_replay.html"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs(_("New replay"))

    @cached_property
    def form(self) -> ReplayForm:
        sent = self.request.POST or self.request.GET
        asked = sent if "lane" in sent else None
        form = ReplayForm(asked, user=self.request.user, zone=self.zone)
        if asked is None and sent.get("person", "").isdecimal():
            # From a person's page: all but the person as it stands.
            given = {name: field.initial or "" for name, field in form.fields.items()}
            first = replays.known_lanes().first()
            given |= {"person": sent["person"], "lane": first.pk if first else ""}
            form = ReplayForm(given, user=self.request.user, zone=self.zone)
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.form.is_bound or not self.form.is_valid() or self._candidates():
            return self.get(request, *args, **kwargs)
        by = request.user.get_username()
        try:
            replay = replays.start(self.form.wish(), by=by, now=self.now)
        except CannotReplay as refused:
            self.form.add_error(None, str(refused))
            return self.get(request, *args, **kwargs)
        messages.success(request, _("The replay has begun."))
        return redirect("attune_reports:replay", replay.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = self.form
        candidates = self._candidates()
        person = form.cleaned_data.get("person") if form.is_bound and form.is_valid() else None
        context = super().get_context_data(
            **kwargs,
            form=form,
            has_lanes=replays.known_lanes().exists(),
            candidates=candidates,
            found_nobody=candidates == [],
            person=person,
            without_person=self._address(person="", find="", enrolment=""),
            index_url=reverse("attune_reports:new_replay"),
        )
        if form.is_bound and form.is_valid() and candidates is None:
            wish = form.wish()
            seen = replays.preview(wish)
            names = Names(self.request.user, [wish])
            context |= {
                "seen": seen,
                "figures": figures(seen),
                "minutes": round(seen.takes.total_seconds() / 60),
                "scope": names.scope_of(wish, self.zone),
                "hidden": [(name, self._sent(name)) for name in form.fields],
            }
        return context

    def _candidates(self) -> list[dict[str, str]] | None:
        """Whom the search means, each with the address that chooses them; ``None``: no search."""
        if not self.form.is_bound or not self.form.is_valid():
            return None
        wanted = self.form.cleaned_data["find"].strip()
        if not wanted or self.form.cleaned_data["person"]:
            return None
        people = Person.objects.visible_to(self.request.user).filter(
            Q(full_name__icontains=wanted) | Q(user__email__icontains=wanted)
        )
        shown: Iterable[Person] = people.select_related("user").order_by("full_name")[:CANDIDATES]
        return [
            {
                "name": each.full_name,
                "email": each.user.email if each.user else "",
                "url": self._address(person=str(each.pk), find=""),
            }
            for each in shown
        ]

    def _sent(self, name: str) -> str:
        value = self.form[name].value()
        return "" if value is None else str(value)

    def _address(self, **changes: str) -> str:
        kept = {name: self._sent(name) for name in self.form.fields} | changes
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{reverse('attune_reports:new_replay')}?{query}"


def figures(seen: Preview) -> list[tuple[str, int, str]]:
    """What a dry run counted: label, count, and what becomes of them. Nothing that is nothing."""
    rows = [
        (_("will be sent for the first time"), seen.never_sent, ""),
        (_("will be sent again"), seen.again, _("The store takes each for the one it has.")),
        (_("are there already"), 0 if seen.again else seen.delivered, _("They are not sent.")),
        (_("wait already"), seen.waiting, _("They are sent anyway.")),
        (
            _("are in quarantine"),
            seen.quarantined,
            _("They stay there; send them again from the quarantine."),
        ),
        (
            _("are archived and cannot be sent"),
            seen.archived,
            _("Restore first: %s") % ", ".join(seen.archives),
        ),
        (
            _("are not for this store"),
            seen.not_taken,
            _("By its settings it takes others; no replay goes round them."),
        ),
    ]
    return [row for row in rows if row[1]]


# --- one replay ---------------------------------------------------------------------------------


class ReplayView(ForAdministrators, TemplateView):
    template_name = "attune_reports/replay.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.number: int = kwargs["pk"]
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def replay(self) -> Any:
        replay = replays.replays().filter(pk=self.number).first()
        if replay is None:
            raise Http404
        return replay

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs(_("Replay %d") % self.number)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        number = self.replay.pk
        done = {
            "hold": lambda: replays.hold(number),
            "go_on": lambda: replays.go_on(number),
            "cancel": lambda: replays.cancel(number, now=self.now),
        }.get(request.POST.get("do", ""), lambda: False)()
        if not done:
            messages.warning(request, _("Nothing was changed: it is in another state by now."))
        return redirect("attune_reports:replay", number)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = Names(self.request.user, [self.replay])
        return super().get_context_data(
            **kwargs,
            **_row(self.replay, names, self.zone),
            is_open=self.replay.state in ("running", "held"),
            zone=self.zone,
        )
