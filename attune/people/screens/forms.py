"""Forms of the people screens. Each offers only what its user may choose from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from attune.people.models import (
    Engagement,
    Location,
    Membership,
    MembershipRole,
    Organisation,
    Team,
    WorkingHours,
)
from attune.people.zones import zones
from attune.tabular.reading import MAX_BYTES


class ZoneField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        empty = [("", _("As at the location"))] if not kwargs.get("required", True) else []
        super().__init__(**{"label": _("Time zone"), "choices": [*empty, *zones()], **kwargs})


class LanguageField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"label": _("Language"), "choices": settings.LANGUAGES, **kwargs})


class DayField(forms.DateField):
    widget = AdminDateInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.required:
            self.initial = self.initial or timezone.localdate


class RolesField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "label": _("Roles"),
                "choices": MembershipRole.Role.choices,
                "help_text": _(
                    "HR adds and changes people and reads their results; managers read them; "
                    "trainers write for their client."
                ),
                **kwargs,
            }
        )


class JobFields(forms.Form):
    """What a job consists of, at an organisation that the user manages."""

    roles = RolesField()
    job_title = forms.CharField(label=_("Job title"), max_length=200, required=False)
    location = forms.ModelChoiceField(
        label=_("Location"), queryset=Location.objects.none(), required=False
    )
    hired_on = DayField(label=_("First day at work"))
    external_id = forms.CharField(
        label=_("Personnel number"),
        max_length=100,
        required=False,
        help_text=_("The number in your own HR system, if you import from there."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field: Any = self.fields["location"]
        field.queryset = Location.objects.manageable_by(user).select_related("organisation")
        field.label_from_instance = lambda place: f"{place} ({place.organisation})"


class AddPersonForm(JobFields):
    field_order = ("full_name", "email", "organisation", "roles")
    full_name = forms.CharField(label=_("Full name"), max_length=200)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("An invitation goes to this address. It becomes the name to sign in with."),
    )
    organisation = forms.ModelChoiceField(
        label=_("Employer"), queryset=Organisation.objects.none(), empty_label=None
    )
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False)
    language = LanguageField()
    time_zone = ZoneField(required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["organisation"].queryset = Organisation.objects.manageable_by(user)
        teams = Team.objects.manageable_by(user).select_related("engagement")
        fields["team"].queryset = teams
        fields["team"].label_from_instance = lambda team: f"{team} ({team.engagement})"


class ImportForm(forms.Form):
    organisation = forms.ModelChoiceField(
        label=_("Employer"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        help_text=_("Everybody in the file works, or worked, here."),
    )
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        help_text=_("CSV or XLSX, at most 5 MB and 20,000 people; the first sheet is read."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    applies_on = DayField(
        label=_("Changes apply from"),
        help_text=_("Moves between teams begin on this day, unless the file gives one."),
    )
    creates_places = forms.BooleanField(
        label=_("Create locations and teams that are not there yet"), required=False
    )
    invites = forms.BooleanField(
        label=_("Invite new people by e-mail, in their language"), required=False
    )
    is_complete = forms.BooleanField(
        label=_("The file is complete: whoever works here stands in it"),
        required=False,
        help_text=_(
            "Then you see by name who is missing, and decide whether they have left. Without "
            "it, nobody leaves for not being in the file."
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["organisation"].queryset = Organisation.objects.manageable_by(user)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(
                gettext("The file has more than %(most)d MB. Split it.")
                % {"most": MAX_BYTES // 1_000_000}
            )
        return file


class JobForm(JobFields):
    """A further job, or with ``membership`` a change of one that stands."""

    field_order = ("organisation", "roles")
    organisation = forms.ModelChoiceField(
        label=_("Employer"), queryset=Organisation.objects.none(), empty_label=None
    )

    def __init__(
        self, *args: Any, user: Any, membership: Membership | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, user=user, **kwargs)
        fields: dict[str, Any] = self.fields
        if membership is None:
            fields["organisation"].queryset = Organisation.objects.manageable_by(user)
        else:
            del fields["organisation"]
            fields["location"].queryset = Location.objects.filter(
                organisation=membership.organisation_id
            ).select_related("organisation")


class EndJobForm(forms.Form):
    left_on = DayField(
        label=_("Last day at work"),
        help_text=_(
            "Access ends when that day is over. Choose yesterday to end it at once. Results "
            "and certificates stay."
        ),
    )


class DescribeForm(forms.Form):
    full_name = forms.CharField(label=_("Full name"), max_length=200)
    language = LanguageField()
    time_zone = ZoneField()


class EraseForm(forms.Form):
    typed = forms.CharField(
        label=_("Type the person’s full name"),
        help_text=_("As it stands on this page. Nothing else keeps you from a slip."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if " ".join(typed.split()) != " ".join(self.name.split()):
            raise ValidationError(gettext("This is not the person’s name. Nobody was erased."))
        return typed


class AddressForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)


class JoinTeamForm(forms.Form):
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    from_date = DayField(label=_("First day in the team"))

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["team"]
        field.queryset = teams.select_related("engagement")
        field.label_from_instance = lambda team: f"{team} ({team.engagement})"


class LeaveTeamForm(forms.Form):
    until_date = DayField(label=_("Last day in the team"))


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Organisation
        fields = ("name", "code", "kind")


class RenameOrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The code stands in learning records and the kind in engagements: both stay."""

    class Meta:
        model = Organisation
        fields = ("name",)


class EngagementForm(forms.ModelForm):  # type: ignore[type-arg]
    client_time_zone = ZoneField(
        label=_("Client’s time zone"),
        help_text=_("Due times are shown in this zone beside the reader’s own."),
    )
    starts_on = DayField(label=_("Starts on"))
    ends_on = DayField(label=_("Ends on"), required=False)

    class Meta:
        model = Engagement
        fields = (
            "name",
            "code",
            "client",
            "vendor",
            "distance",
            "client_time_zone",
            "starts_on",
            "ends_on",
            "is_simulated",
        )


class ChangeEngagementForm(EngagementForm):
    """The two parties decide who sees whose results: they never change."""

    class Meta:
        model = Engagement
        fields = ("name", "distance", "client_time_zone", "starts_on", "ends_on", "is_simulated")


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Team
        fields = ("name",)


class LocationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place with one row of hours per weekday (more where more stand already)."""

    time_zone = ZoneField()
    own_holidays = forms.CharField(
        label=_("Days off of its own"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "2026-12-24 Christmas Eve"}),
        help_text=_(
            "Beside the country’s public holidays, one a line: the day as year-month-day and, "
            "if you like, its name. Due dates move off them."
        ),
    )

    class Meta:
        model = Location
        fields = ("name", "country", "subdivision", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        standing: dict[int, list[WorkingHours]] = {}
        if self.instance.pk:
            days = self.instance.own_holidays.all()
            self.initial["own_holidays"] = "\n".join(str(each) for each in days)
            for row in self.instance.working_hours.all():
                standing.setdefault(row.weekday, []).append(row)
        self._slots: list[tuple[int, Any, str]] = []
        for weekday, label in WorkingHours.Weekday.choices:
            rows = standing.get(weekday, [])
            for number, row in enumerate(rows or [None]):
                name = f"hours_{weekday}_{number}"
                self._slots.append((weekday, label, name))
                for end, words in (("opens", _("from")), ("closes", _("until"))):
                    self.fields[f"{name}_{end}"] = forms.TimeField(
                        label=f"{label}, {words}",
                        required=False,
                        initial=getattr(row, end, None),
                        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
                    )

    def days(self) -> Iterator[tuple[Any, Any, Any]]:
        """(Weekday in words, its "from" field, its "until" field)."""
        for _weekday, label, name in self._slots:
            yield label, self[f"{name}_opens"], self[f"{name}_closes"]

    def plain_fields(self) -> list[Any]:
        return [self[name] for name in (*self.Meta.fields, "own_holidays")]

    def clean_own_holidays(self) -> dict[date, str]:
        """Day → its name, of the lines that were written."""
        found: dict[date, str] = {}
        wrong = []
        for line in self.cleaned_data["own_holidays"].splitlines():
            day, _space, name = line.strip().partition(" ")
            if not day:
                continue
            try:
                found[date.fromisoformat(day)] = name.strip()[:100]
            except ValueError:
                wrong.append(line.strip()[:60])
        if wrong:
            raise ValidationError(
                _("Not a day: %(lines)s. Write days like 2026-12-24, one a line.")
                % {"lines": "; ".join(wrong)}
            )
        return found

    def clean_subdivision(self) -> str:
        return str(self.cleaned_data["subdivision"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for _weekday, _label, name in self._slots:
            opens, closes = cleaned.get(f"{name}_opens"), cleaned.get(f"{name}_closes")
            if (opens is None) != (closes is None) and not (
                self.has_error(f"{name}_opens") or self.has_error(f"{name}_closes")
            ):
                missing = "closes" if closes is None else "opens"
                self.add_error(
                    f"{name}_{missing}", ValidationError(_("Give both times or neither."))
                )
        return cleaned

    def hours(self) -> list[tuple[int, time, time]]:
        return [
            (weekday, self.cleaned_data[f"{name}_opens"], self.cleaned_data[f"{name}_closes"])
            for weekday, _label, name in self._slots
            if self.cleaned_data.get(f"{name}_opens") is not None
        ]
