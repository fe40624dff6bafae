"""Which statements in quarantine an operator means: the filters, and what was ticked.

The list, its export, the page that asks once more and the deed read the same names from the
address or the form, so that what is done is what was shown.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.reports.delivery_words import kind_in_words
from attune.xapi import operating, quarantine
from attune.xapi.quarantine import Choice

MOST_TICKED = 500
"""As many keys as are looked at: a list shows far fewer."""
GIVEN_UP = "given-up"


class QuarantineForm(forms.Form):
    """The filters. ``shelf`` is no filter but which of the two lists it is."""

    shelf = forms.ChoiceField(
        choices=[("", ""), (GIVEN_UP, GIVEN_UP)], required=False, widget=forms.HiddenInput
    )
    lane = forms.ChoiceField(label=gettext_lazy("Record store"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    since = forms.DateField(
        label=gettext_lazy("Refused from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Refused until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.zone = zone
        lane: Any = self.fields["lane"]
        lane.choices = [("", _("All")), *operating.lane_names().items()]
        kind: Any = self.fields["kind"]
        kind.choices = [
            ("", _("All")),
            *((each, kind_in_words(each)) for each in quarantine.kinds()),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("This lies before the first day."))
        return cleaned

    @property
    def narrows(self) -> bool:
        return self.is_valid() and any(
            value for name, value in self.cleaned_data.items() if name != "shelf"
        )

    @property
    def is_given_up(self) -> bool:
        return self.data.get("shelf") == GIVEN_UP

    def choice(self) -> Choice:
        """What the filters leave; nothing at all where one of them is not one."""
        if not self.is_valid():
            return Choice(given_up=self.is_given_up, keys=frozenset())
        chosen = self.cleaned_data
        return Choice(
            lane=int(chosen["lane"]) if chosen["lane"] else None,
            kind=chosen["kind"],
            since=self._begin(chosen["since"]),
            until=self._begin(chosen["until"], days=1),
            given_up=self.is_given_up,
        )

    def _begin(self, day: Any, *, days: int = 0) -> datetime | None:
        """Midnight in the reader's zone; of the last days of all times there is none."""
        if day is None:
            return None
        try:
            return datetime.combine(day + timedelta(days=days), time(), self.zone).astimezone(UTC)
        except OverflowError:
            return None

    def chosen(self) -> dict[str, str]:
        """The filters as they were sent, fitting or not."""
        return {name: self.data[name] for name in self.fields if self.data.get(name)}

    def query(self, **more: str) -> str:
        """The filters as they stand in the address."""
        query = urlencode(self.chosen() | more)
        return f"?{query}" if query else ""


class Ticked:
    """Which of them: those with a tick, or all that the filters leave.

    ``seen`` is when the list was shown; what came since then is not meant by “all”. ``deed``
    names what one deed gave up, for taking it back at once.
    """

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        self.form = QuarantineForm(data, zone=zone)
        self.is_all = bool(data.get("all"))
        self.keys = frozenset(
            int(key)
            for key in data.getlist("key")[:MOST_TICKED]
            if key.isascii() and key.isdecimal() and len(key) < 19
        )
        self.seen = _moment(data.get("seen"))
        self.deed = _moment(data.get("deed"))

    @property
    def is_empty(self) -> bool:
        return not (self.is_all or self.keys or self.deed)

    def choice(self) -> Choice:
        choice = self.form.choice()
        if self.deed is not None:
            return replace(choice, given_up=True, given_up_at=self.deed)
        if self.is_all:
            return replace(choice, seen_at=self.seen)
        # By key alone: a filter that no longer fits would only hide what was ticked.
        return Choice(keys=self.keys, given_up=self.form.is_given_up)

    def hidden(self) -> list[tuple[str, str]]:
        """What a form has to carry along so that the same is meant."""
        if self.deed is not None:
            return [("shelf", GIVEN_UP), ("deed", self.deed.isoformat())]
        if not self.is_all:
            shelf = self.form.data.get("shelf", "")
            return [("shelf", shelf), *(("key", str(key)) for key in sorted(self.keys))]
        seen = self.seen.isoformat() if self.seen else ""
        return [*self.form.chosen().items(), ("all", "1"), ("seen", seen)]


def _moment(text: str | None) -> datetime | None:
    try:
        found = parse_datetime(text or "")
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
