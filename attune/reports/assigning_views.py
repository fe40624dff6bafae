"""HR assigns a programme to people of an engagement: choose, read what it changes, confirm.

One form that works without JavaScript: searching keeps what is chosen, and nothing is
written before the page that names everybody was confirmed.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminDateInput

from attune.curriculum.models import ProgrammePage
from attune.people.access import can_author_for, reach_of
from attune.people.models import Engagement, Location, Person, Team
from attune.reports import matrix
from attune.reports.access import (
    assignable_engagements,
    members_of,
    people_of,
    reads_reports,
    zone_of,
)
from attune.reports.assigning import Change, Plan, carry_out, plan
from attune.reports.case_values import missing_values
from attune.reports.drawing import clock, zone_in_words
from attune.reports.due import (
    AT_WORK,
    AT_WORK_LABEL,
    DueForm,
    due_at,
    zone_choices,
    zones_at_work,
)

SHOWN = 50
AT_ONCE = 500
NAMED = 100
RESULT = "attune_reports.assigned"

CHANGES = {
    Change.NEW: gettext_lazy("Newly assigned"),
    Change.RESUMES: gettext_lazy("Assigned again; goes on where they left off"),
    Change.NEXT_ROUND: gettext_lazy("Their completion has expired: a new round begins"),
    Change.REASON: gettext_lazy("In the programme already: your reason and date are added"),
    Change.DUE_DATE: gettext_lazy("Assigned by hand already: date and note become these"),
    Change.NONE: gettext_lazy("Assigned just so already: nothing changes"),
    Change.DONE: gettext_lazy("Complete and valid: nothing changes"),
    Change.EXEMPT: gettext_lazy("Exempt: nothing changes"),
}


class AssignForm(DueForm):
    """Programme, people and due date, all of one engagement."""

    field_order = ("programme", "teams", "people", "find", "due_on", "due_time", "zone", "note")

    programme = forms.ChoiceField(label=gettext_lazy("Programme"))
    teams = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Whole teams"),
        queryset=Team.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"), queryset=Person.objects.none(), required=False
    )
    find = forms.CharField(
        label=gettext_lazy("Find by name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("The people assigned read it beside the due date."),
    )

    def __init__(
        self,
        *args: Any,
        engagement: Engagement,
        programmes: list[matrix.Programme],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.engagement = engagement
        self.programmes = {str(each.key): each.page for each in programmes}
        on = self.now.date()
        self.fields["due_on"].required = False
        self.fields["due_on"].widget = AdminDateInput()
        self.fields["due_on"].help_text = _(
            "Left empty, everybody gets the days that the programme allows, from today."
        )
        fields: dict[str, Any] = self.fields
        fields["programme"].choices = [(str(each.key), _in_words(each)) for each in programmes]
        fields["teams"].queryset = engagement.teams.all()
        fields["people"].queryset = people_of(engagement, on=on)

    def chosen_people(self) -> list[Person]:
        """Everybody chosen, by hand or with a team; only people of this engagement."""
        on = self.now.date()
        by_hand = [person.pk for person in self.cleaned_data.get("people", [])]
        with_team = members_of(self.cleaned_data.get("teams") or Team.objects.none(), on=on)
        everybody = people_of(self.engagement, on=on)
        return list(everybody.filter(pk__in=by_hand) | everybody.filter(pk__in=with_team))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors or not data.get("programme"):
            return data
        chosen = self.chosen_people()
        if not chosen:
            raise forms.ValidationError(_("Choose at least one person or one team."))
        if len(chosen) > AT_ONCE:
            raise forms.ValidationError(
                _("These are %(chosen)d people. Assign at most %(most)d at a time, team by team.")
                % {"chosen": len(chosen), "most": AT_ONCE}
            )
        self.due = self._due(chosen, programme=self.programmes[data["programme"]])
        self.refuse_the_past(self.due.values())
        self.chosen = chosen
        return data

    def _due(self, people: list[Person], *, programme: ProgrammePage) -> dict[int, datetime]:
        at: time = self.cleaned_data["due_time"]
        zones = zones_at_work(people, self.engagement, on=self.now.date())
        if self.cleaned_data["zone"] != AT_WORK:
            zones = dict.fromkeys(zones, ZoneInfo(self.cleaned_data["zone"]))
        days = timedelta(days=programme.due_after_days)
        return {
            person: due_at(
                self.cleaned_data["due_on"] or (self.now.astimezone(zone) + days).date(), at, zone
            )
            for person, zone in zones.items()
        }

    def plan(self) -> Plan:
        return plan(
            people=self.chosen,
            programme=self.programmes[self.cleaned_data["programme"]],
            engagement=self.engagement,
            due=self.due,
            note=self.cleaned_data["note"],
            now=self.now,
        )


def _in_words(programme: matrix.Programme) -> str:
    days = programme.page.due_after_days
    return ngettext(
        "%(title)s (%(days)d day to finish)", "%(title)s (%(days)d days to finish)", days
    ) % {"title": programme.title, "days": days}


class AssignView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_reports/assign.html"
    page_title = gettext_lazy("Assign people")
    header_icon = "user"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.now = timezone.now()
        self.engagements = assignable_engagements(request.user, on=self.now.date())
        if not reads_reports(request.user) or not _is_hr(request.user, self.engagements):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:completion"), "label": _("Completion")},
            {"url": "", "label": self.get_page_title()},
        ]

    @cached_property
    def engagement(self) -> Engagement | None:
        chosen = self.request.GET.get("engagement")
        engagements = self.engagements.select_related("client", "vendor")
        if chosen:
            return get_object_or_404(engagements, pk=_number(chosen))
        return engagements[0] if len(engagements[:2]) == 1 else None

    @cached_property
    def programmes(self) -> list[matrix.Programme]:
        """Live programmes of the engagement's client."""
        if self.engagement is None:
            return []
        owned = set(
            ProgrammePage.objects.live()
            .owned_by([self.engagement.client_id])
            .values_list("translation_key", flat=True)
        )
        return [each for each in matrix.programmes_for(self.request.user) if each.key in owned]

    def form_for(self, engagement: Engagement, data: Any = None) -> AssignForm:
        zone = str(zone_of(self.request.user))
        return AssignForm(
            data,
            engagement=engagement,
            programmes=self.programmes,
            now=self.now,
            zones=[
                (AT_WORK, AT_WORK_LABEL),
                *zone_choices(engagement.client_time_zone, zone, *self._vendor_zones(engagement)),
            ],
            initial={"programme": self.request.GET.get("programme", "")},
        )

    def _vendor_zones(self, engagement: Engagement) -> list[str]:
        places = Location.objects.visible_to(self.request.user).filter(
            organisation=engagement.vendor_id
        )
        return list(places.order_by("time_zone").values_list("time_zone", flat=True).distinct())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form_for(self.engagement) if self.engagement and self.programmes else None
        return self.render_to_response(self.get_context_data(form=form))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.engagement is None or not self.programmes:
            return self.get(request)
        form = self.form_for(self.engagement, request.POST)
        do = request.POST.get("do")
        if do in ("check", "save") and form.is_valid():
            made = form.plan()
            if do == "check":
                return self.render_to_response(self.get_context_data(form=form, plan=made))
            carry_out(made, assigned_by=request.user, now=self.now)
            request.session[RESULT] = _result(made)
            return redirect("attune_reports:assigned")
        if do not in ("check", "save"):
            form.full_clean()
            form.errors.clear()
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        form, made = kwargs.get("form"), kwargs.get("plan")
        context |= {
            "engagement": self.engagement,
            "engagements": self.engagements.select_related("client", "vendor"),
            "programmes": self.programmes,
            "media": forms.Media(),
        }
        if form is not None:
            context["media"] = form.media
            context |= self._people(form)
        if made is not None:
            context |= self._confirmation(made, form=form)
        return context

    def _people(self, form: AssignForm) -> dict[str, Any]:
        """Who is chosen, and who is on offer: never one option per person of a large vendor."""
        cleaned = getattr(form, "cleaned_data", {})
        people = people_of(form.engagement, on=self.now.date())
        chosen = list(cleaned.get("people") or [])
        words = cleaned.get("find", "") if form.is_bound else ""
        others = people.exclude(pk__in=[person.pk for person in chosen])
        if words:
            others = others.filter(full_name__icontains=words)
        found = list(others[: SHOWN + 1])
        return {
            "everybody": people.count(),
            "chosen": chosen,
            "offered": found[:SHOWN],
            "more_than_shown": len(found) > SHOWN,
            "shown": SHOWN,
            "words": words,
            "teams": _with_size(form.engagement, on=self.now),
            "chosen_teams": {team.pk for team in cleaned.get("teams") or []},
        }

    def _confirmation(self, made: Plan, *, form: Any) -> dict[str, Any]:
        zone = zone_of(self.request.user)
        client = made.engagement.client_zone
        zones = sorted(
            {step.due_at.tzinfo for step in made.steps if isinstance(step.due_at.tzinfo, ZoneInfo)},
            key=str,
        )
        steps = [
            {
                "person": step.person,
                "words": CHANGES[step.change],
                "change": step.change.value,
                "due": clock(step.due_at, zone=step.due_at.tzinfo, others=[client], now=self.now),  # type: ignore[arg-type]
            }
            for step in made.steps[:NAMED]
        ]
        return {
            "plan": made,
            "missing_values": missing_values(made.programme, made.engagement),
            "keeps_the_card": can_author_for(self.request.user, made.engagement.client_id),
            "programme": next(
                each for each in self.programmes if each.page.pk == made.programme.pk
            ),
            "steps": steps,
            "unnamed": max(len(made.steps) - NAMED, 0),
            "changes": [(CHANGES[change], n) for change, n in made.counts.most_common()],
            "due_zones": ", ".join(zone_in_words(each) for each in zones),
            "reader_zone": zone_in_words(zone),
            "carried": [
                (name, value)
                for name in ("programme", "teams", "people", "due_on", "due_time", "zone", "note")
                for value in self.request.POST.getlist(name)
            ],
        }


class AssignedView(WagtailAdminTemplateMixin, TemplateView):
    """What was done. Loading it again does nothing."""

    template_name = "attune_reports/assigned.html"
    page_title = gettext_lazy("Assigned")
    header_icon = "check"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        if RESULT not in request.session:
            return redirect("attune_reports:assign")
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:completion"), "label": _("Completion")},
            {"url": reverse("attune_reports:assign"), "label": _("Assign people")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        result = self.request.session[RESULT]
        return super().get_context_data(
            **kwargs,
            result=result,
            changes=[(CHANGES[Change(change)], n) for change, n in result["changes"]],
        )


def _result(made: Plan) -> dict[str, Any]:
    return {
        "programme": str(made.programme.translation_key),
        "title": made.programme.title,
        "engagement": made.engagement.pk,
        "engagement_name": made.engagement.name,
        "people": len(made.steps),
        "new": made.new,
        "affected": made.affected,
        "changes": [(change.value, n) for change, n in made.counts.most_common()],
    }


def _is_hr(user: Any, engagements: QuerySet[Engagement]) -> bool:
    """HR, even of an organisation without an engagement yet: it is told so in words."""
    reach = reach_of(user)
    return reach.everything or bool(reach.manages) or engagements.exists()


def _with_size(engagement: Engagement, *, on: datetime) -> list[dict[str, Any]]:
    teams = engagement.teams.annotate(
        size=Count(
            "memberships__person",
            filter=Q(memberships__until_date__isnull=True)
            | Q(memberships__until_date__gte=on.date()),
            distinct=True,
        )
    )
    return [{"pk": team.pk, "name": team.name, "size": team.size} for team in teams]


def _number(text: str) -> int:
    """An id from an address; anything else is the id of nobody."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
