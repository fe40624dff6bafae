"""The bars of a lane: how much was delivered in each span, and where something went wrong.

Plain values in, coordinates and words out. The drawing says nothing that the table under it
does not say: a span in which something was refused or failed has a mark of its own shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WIDTH, HEIGHT, HEAD = 288, 56, 10
"""Of the drawing in its own units; ``HEAD`` is kept free above the bars for marks."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class Span:
    """What a bar stands for, as a row of the table. Times are on the reader's clock."""

    time: str
    delivered: int
    quarantined: int
    failures: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and whether its span has a mark; ``middle`` is where that stands."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    troubled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    summary: str
    bars: list[Bar]
    spans: list[Span]
    most: str
    begin: str
    end: str
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(each.delivered or each.quarantined or each.failures for each in self.spans)

    @property
    def is_troubled(self) -> bool:
        return any(bar.troubled for bar in self.bars)


def chart_of(
    counts: Sequence[tuple[datetime, int, int, int]],
    *,
    title: str,
    length: timedelta,
    zone: ZoneInfo,
) -> Chart:
    """*counts* are (begin, delivered, refused, failed attempts) of spans that follow each other."""
    highest = max((delivered for _begin, delivered, *_rest in counts), default=0)
    step = WIDTH / max(1, len(counts))
    bars, spans = [], []
    for place, (begin, delivered, quarantined, failures) in enumerate(counts):
        high = (HEIGHT - HEAD) * delivered / highest if highest else 0.0
        if delivered:
            high = max(high, 1.5)  # one statement beside ten thousand is still seen
        left = place * step + _GAP / 2
        bars.append(
            Bar(
                x=round(left, 2),
                y=round(HEIGHT - high, 2),
                width=round(step - _GAP, 2),
                height=round(high, 2),
                middle=round(place * step + step / 2, 2),
                troubled=bool(quarantined or failures),
            )
        )
        spans.append(Span(_time(begin, zone), delivered, quarantined, failures))
    return Chart(
        title=title,
        summary=_summary(counts, length),
        bars=bars,
        spans=spans,
        most=number(highest),
        begin=spans[0].time if spans else "",
        end=_time(counts[-1][0] + length, zone) if counts else "",
    )


def number(value: int) -> str:
    return str(number_format(value, 0, use_l10n=True, force_grouping=True))


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"


def _summary(counts: Sequence[tuple[datetime, int, int, int]], length: timedelta) -> str:
    """“1,240 delivered, 21 per minute at most; 3 refused, 1 failed attempt”."""
    delivered = sum(row[1] for row in counts)
    quarantined = sum(row[2] for row in counts)
    failures = sum(row[3] for row in counts)
    if not (delivered or quarantined or failures):
        return _("nothing was sent")
    highest = max(row[1] for row in counts) / (length / timedelta(minutes=1))
    words = _("%(n)s delivered") % {"n": number(delivered)}
    if delivered:
        words += ", " + _("at most %(rate)s a minute") % {"rate": _rate(highest)}
    if quarantined:
        words += "; " + _("%(n)s refused") % {"n": number(quarantined)}
    if failures:
        words += "; " + ngettext("%(n)s failed attempt", "%(n)s failed attempts", failures) % {
            "n": number(failures)
        }
    return words


def _rate(per_minute: float) -> str:
    if per_minute >= 10:
        return number(round(per_minute))
    return str(number_format(round(per_minute, 1), 1))
