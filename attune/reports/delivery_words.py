"""States of lanes and of statements on their way, in words, with an icon and a tone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from attune.reports.drawing import Mark
from attune.xapi.health import LaneReport
from attune.xapi.trail import Copy

# state of a delivery -> (words, icon, tone)
COPY_STATES: dict[str, tuple[Any, str, str]] = {
    "delivered": (gettext_lazy("Delivered"), "done", "done"),
    "waiting": (gettext_lazy("On its way"), "hourglass", "plain"),
    "set aside": (gettext_lazy("Tried again later"), "clock", "warn"),
    "quarantined": (gettext_lazy("Refused"), "stop", "bad"),
    "given up": (gettext_lazy("Given up"), "minus", "plain"),
}
# What is worst first: a statement on several lanes is told by the first of these that it has.
_WORST = ("quarantined", "set aside", "waiting", "given up", "delivered")
_KINDS = {
    "statement_voided": gettext_lazy("Statement voided"),
}


def copy_mark(copy: Copy) -> Mark:
    words, icon, tone = COPY_STATES[copy.state]
    return Mark(state=copy.state, words=str(words), icon=icon, tone=tone)


def copies_mark(copies: Iterable[Copy]) -> Mark:
    """All copies in one word, for those who do not know lanes."""
    had = {copy.state for copy in copies}
    for state in _WORST:
        if state in had:
            words, icon, tone = COPY_STATES[state]
            return Mark(state=state, words=str(words), icon=icon, tone=tone)
    return Mark(state="kept", words=_("Kept here"), icon="empty", tone="plain")


def lane_mark(report: LaneReport) -> Mark:
    words, icon, tone = {
        "off": (_("Paused by an operator"), "pause", "warn"),
        "paused": (_("Stopped: needs somebody"), "stop", "bad"),
        "backing off": (_("Waiting to try again"), "clock", "warn"),
        "active": (_("Sending"), "play", "accent")
        if report.waiting or report.replaying
        else (_("All sent"), "done", "done"),
    }[report.state]
    return Mark(state=report.state, words=words, icon=icon, tone=tone)


def lane_sentence(report: LaneReport) -> str:
    """What the state means, and what happens next."""
    if report.state == "off":
        if report.from_environment:
            return _(
                "ATTUNE_LRS_ENDPOINT is no longer set, so nothing is sent. What was recorded "
                "is kept, and follows when it is set again."
            )
        return _("Nothing is sent until it is resumed. What is recorded meanwhile follows then.")
    again = _again(report.retry_in)
    if report.state == "paused":
        return _("The store turns us away; look at its settings. Nothing is lost.") + again
    if report.state == "backing off":
        return _("The store did not take the last batch. It is sent again.") + again
    if report.replaying:
        return _("A replay is bringing it what it has not got yet, a piece at a time.")
    if report.waiting:
        return _("The store answers well.")
    return _("Everything that was recorded for it has arrived or is in quarantine.")


def _again(retry_in: timedelta | None) -> str:
    if retry_in is None:
        return ""
    return " " + _("Next try in %(time)s.") % {"time": age_in_words(retry_in)}


def age_in_words(age: timedelta) -> str:
    """“3 minutes”, “2 hours”, “5 days”: one unit is enough to judge by."""
    seconds = max(0, round(age.total_seconds()))
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 120:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """``2 Mar 2026, 14:05:09``: operators compare it with a store's log."""
    if at is None:
        return ""
    return dateformat.format(
        at.astimezone(zone), pgettext("date and time with seconds", "j M Y, H:i:s")
    )


def kind_in_words(kind: str) -> str:
    """Kinds are our own names, such as ``unit_completed``."""
    return str(_KINDS.get(kind) or kind.replace("_", " ").capitalize())
