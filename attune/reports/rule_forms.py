"""What HR fills in for a rule. Every choice is one of the engagement's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.widgets import AdminDateInput

from attune.enrolments.models import AssignmentRule
from attune.people.models import Engagement, Location
from attune.reports import matrix
from attune.reports.due import LONGEST


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """``rule`` is new or stands; of one that stands, engagement and programme stay."""

    programme = forms.ChoiceField(label=gettext_lazy("Programme"))

    class Meta:
        model = AssignmentRule
        fields = (
            "name",
            "team",
            "location",
            "role",
            "hired_since",
            "starts_on",
            "due_days",
            "due_on",
            "hour",
            "moved",
            "repeat_months",
            "note",
        )
        widgets = {
            "hired_since": AdminDateInput(),
            "starts_on": AdminDateInput(),
            "due_on": AdminDateInput(),
        }
        help_texts = {
            "name": gettext_lazy("What you and HR of the other side will know it by."),
            "hired_since": gettext_lazy("Left empty, it does not matter when they were hired."),
            "starts_on": gettext_lazy(
                "Nothing is asked for before that day, and nobody’s time runs from an earlier one."
            ),
            "due_days": gettext_lazy(
                "Counted from the day on which somebody joins, or from the day above if that is "
                "later; in a new round, from its first day."
            ),
            "due_on": gettext_lazy(
                "Left empty, everybody has the days above. With a date, it is due then, and only "
                "who joins later has the days above."
            ),
            "repeat_months": gettext_lazy(
                "Counted from the day on which each person completed it. Left empty, it is asked "
                "for again only when its validity ends."
            ),
            "note": gettext_lazy("The people assigned read it beside the due date."),
        }

    def __init__(
        self,
        *args: Any,
        engagement: Engagement,
        programmes: list[matrix.Programme],
        user: Any,
        now: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.engagement, self.now = engagement, now
        self.programmes = {str(each.key): each for each in programmes}
        rule = self.instance
        fields: dict[str, Any] = self.fields
        fields["team"].queryset = engagement.teams.all()
        fields["team"].empty_label = _("All teams of the engagement")
        places = Location.objects.visible_to(user).filter(
            organisation__in=[engagement.client_id, engagement.vendor_id]
        )
        if rule.location_id is not None:
            places = places | Location.objects.filter(pk=rule.location_id)
        fields["location"].queryset = places.order_by("name")
        fields["location"].empty_label = _("Wherever they work")
        fields["role"].choices = [("", _("Whatever their role")), *fields["role"].choices[1:]]
        if rule.pk:
            del self.fields["programme"]
        else:
            fields["programme"].choices = [(key, _named(each)) for key, each in self._programmes()]

    def _programmes(self) -> list[tuple[str, matrix.Programme]]:
        return list(self.programmes.items())

    def clean_due_on(self) -> date | None:
        on: date | None = self.cleaned_data["due_on"]
        if on is None:
            return None
        if on > (self.now + LONGEST).date():
            raise forms.ValidationError(_("This is more than two years away."))
        if on <= self.now.date() and on != self.instance.due_on:
            raise forms.ValidationError(_("This day has passed already. Choose a later one."))
        return on

    def clean_starts_on(self) -> date:
        on: date = self.cleaned_data["starts_on"]
        if abs(on - self.now.date()) > LONGEST:
            raise forms.ValidationError(_("This is more than two years away."))
        return on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        starts_on, due_on = data.get("starts_on"), data.get("due_on")
        if starts_on and due_on and due_on < starts_on:
            self.add_error("due_on", _("It would be due before the rule begins."))
        return data

    def rule(self) -> AssignmentRule:
        """The rule as filled in, not saved."""
        rule: AssignmentRule = self.instance
        rule.engagement = self.engagement
        if not rule.pk:
            chosen = self.programmes[self.cleaned_data["programme"]]
            rule.programme, rule.programme_key = chosen.page, chosen.key
        return rule


def _named(programme: matrix.Programme) -> str:
    days = programme.page.due_after_days
    return ngettext(
        "%(title)s (%(days)d day to finish)", "%(title)s (%(days)d days to finish)", days
    ) % {"title": programme.title, "days": days}
