"""What the pages of a case show, as plain values that templates print.

The body of a frozen scene is read as it was stored, not through today's blocks: a block that
has changed since must not change or break what somebody is in the middle of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from wagtailmedia.models import get_media_model

from attune.case_studies.branching.values import Case, Meter
from attune.cultures.models import Norm

KINDS = ("narration", "people", "ticket", "mails", "chat", "call", "meeting")


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block of a scene. ``value`` is what its template expects, whatever was stored."""

    kind: str
    value: Any
    recording: Any = None

    @property
    def template(self) -> str:
        return f"attune_case_studies/blocks/{self.kind}.html"


def blocks_of(body: Iterable[Mapping[str, Any]]) -> list[ShownBlock]:
    """The blocks of a scene in order. One query where there are recordings."""
    found = [
        (str(block.get("type")), _plain(block.get("value")))
        for block in body
        if block.get("type") in KINDS
    ]
    ids = [value.get("recording") for _kind, value in found if isinstance(value, dict)]
    recordings = _recordings([each for each in ids if isinstance(each, int)])
    return [
        ShownBlock(
            kind,
            value,
            recording=recordings.get(value.get("recording") or 0)
            if isinstance(value, dict)
            else None,
        )
        for kind, value in found
    ]


def _plain(value: Any) -> Any:
    """A stored value without the wrapping that list blocks give their children."""
    if isinstance(value, dict):
        if "value" in value and value.get("type") == "item":
            return _plain(value["value"])
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _recordings(ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    return {row.pk: row for row in get_media_model().objects.filter(pk__in=ids)}


@dataclass(frozen=True, slots=True)
class ShownMeter:
    """A meter in figures and words. ``was`` is None where nothing changed or is told."""

    meter: Meter
    value: int
    was: int | None = None

    @property
    def label(self) -> str:
        return self.meter.label

    @property
    def share(self) -> int:
        """Of its range, in per cent: the length of the bar."""
        return self._share(self.value)

    @property
    def share_was(self) -> int | None:
        return None if self.was is None else self._share(self.was)

    @property
    def gain(self) -> int:
        """The part of the bar that has come since, in per cent."""
        return max(self.share - (self.share_was or 0), 0)

    def _share(self, value: int) -> int:
        span = self.meter.highest - self.meter.lowest
        return round(100 * (value - self.meter.lowest) / span) if span > 0 else 0

    @property
    def words(self) -> str:
        """“70 of 100”, “90 of 120 min”, “3, between −5 and 5”."""
        unit = f" {self.meter.unit}" if self.meter.unit else ""
        if self.meter.lowest == 0:
            return _("%(value)d of %(highest)d%(unit)s") % {
                "value": self.value,
                "highest": self.meter.highest,
                "unit": unit,
            }
        return _("%(value)d%(unit)s, between %(lowest)d and %(highest)d") % {
            "value": self.value,
            "lowest": self.meter.lowest,
            "highest": self.meter.highest,
            "unit": unit,
        }

    @property
    def direction(self) -> str:
        if self.was is None or self.was == self.value:
            return ""
        return "up" if self.value > self.was else "down"

    @property
    def change(self) -> str:
        """“was 50, up 20”; empty where nothing changed."""
        if self.was is None or not self.direction:
            return ""
        words = (
            _("was %(was)d, up %(by)d") if self.direction == "up" else _("was %(was)d, down %(by)d")
        )
        return words % {"was": self.was, "by": abs(self.value - self.was)}


def meters_of(
    case: Case, state: Mapping[str, int], *, was: Mapping[str, int] | None = None
) -> list[ShownMeter]:
    """The meters that the author shows, with what they were before if ``was`` is given."""
    return [
        ShownMeter(
            meter,
            state.get(meter.name, meter.start),
            was.get(meter.name, meter.start) if was is not None else None,
        )
        for meter in case.meters
        if meter.shown
    ]


def norm_named(name: str, *, language: str) -> Norm | None:
    """The norm that a choice names, with its reason, where it is kept in this language."""
    if not name:
        return None
    found: Norm | None = (
        Norm.objects.filter(name__iexact=name.strip(), locale__language_code=language)
        .select_related("culture")
        .order_by("pk")
        .first()
    )
    return found


@dataclass(frozen=True, slots=True)
class ShownCompetency:
    """A competency's result in figures and words."""

    label: str
    earned: int
    lowest: int
    highest: int
    scaled: float

    @property
    def percent(self) -> int:
        return round(100 * self.scaled)

    @property
    def words(self) -> str:
        if self.scaled >= 0.85:
            return _("shown clearly")
        if self.scaled >= 0.6:
            return _("shown for the most part")
        if self.scaled >= 0.3:
            return _("shown in part")
        return _("hardly shown")

    @property
    def figures(self) -> str:
        """Counted from the lowest possible, so that nobody earns less than nothing."""
        return _("%(earned)d of %(most)d points") % {
            "earned": self.earned - self.lowest,
            "most": self.highest - self.lowest,
        }


def competencies_of(case: Case, results: Mapping[str, Mapping[str, Any]]) -> list[ShownCompetency]:
    """In the author's order; what no decision on the path could show is left out."""
    return [
        ShownCompetency(
            each.label,
            int(results[each.name]["earned"]),
            int(results[each.name]["lowest"]),
            int(results[each.name]["highest"]),
            float(results[each.name]["scaled"]),
        )
        for each in case.competencies
        if each.name in results
    ]
