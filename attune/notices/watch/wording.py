"""What operators are told, in words and for machines.

Names a lane, what its store said, how many records wait, what to do, and where. Never what a
statement holds, and nothing of a person: a store's words are cut short and stripped of what
looks like an e-mail address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.notices.models import Incident
from attune.notices.models.alerts import Trouble
from attune.notices.sending import base_url
from attune.notices.watch.incidents import Event
from attune.xapi.health import LaneFigures

LONGEST_QUOTE = 200
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")

Told = Sequence[tuple[Incident, Event]]


def in_words(told: Told, lanes: Mapping[int, LaneFigures], *, now: datetime) -> tuple[str, str]:
    """Subject and text, in the language in force."""
    parts = [_paragraph(row, event, lanes.get(row.lane or 0), now) for row, event in told]
    parts.append(_("Nothing is lost: records wait until their store takes them. Times are in UTC."))
    return f"[Attune] {_subject(told)}", "\n\n".join(parts) + "\n"


def for_machines(told: Told, lanes: Mapping[int, LaneFigures]) -> dict[str, Any]:
    """The same as values: durations in seconds, moments in ISO 8601."""
    return {"events": [_event(row, event, lanes.get(row.lane or 0)) for row, event in told]}


def quoted(words: str) -> str:
    """A store's words, short, on one line, without addresses."""
    tidy = _ADDRESS.sub("…", " ".join(words.split()))
    return tidy if len(tidy) <= LONGEST_QUOTE else tidy[: LONGEST_QUOTE - 1] + "…"


def lasting(span: timedelta) -> str:
    """``3 min``, ``2 h 5 min``, ``4 d 3 h``."""
    minutes = max(int(span.total_seconds()), 0) // 60
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(days)d d %(hours)d h") % {
        "days": minutes // 1440,
        "hours": minutes % 1440 // 60,
    }


# --- the subject ----------------------------------------------------------------------------


def _subject(told: Told) -> str:
    if len(told) == 1:
        row, event = told[0]
        return _headline(row, event)
    wrong = sum(event is not Event.OVER for _row, event in told)
    over = len(told) - wrong
    parts = []
    if wrong:
        parts.append(ngettext("%d trouble", "%d troubles", wrong) % wrong)
    if over:
        parts.append(ngettext("%d over", "%d over", over) % over)
    return ", ".join(parts)


def _headline(row: Incident, event: Event) -> str:
    name = {"name": row.about}
    if event is Event.OVER:
        return {
            Trouble.PAUSED: _("Over: the lane “%(name)s” sends again"),
            Trouble.WAITING: _("Over: records no longer wait too long on “%(name)s”"),
            Trouble.QUARANTINE: _("Over: nothing is in quarantine on “%(name)s”"),
            Trouble.SWEEP: _("Over: the sweep %(name)s runs again"),
        }[Trouble(row.trouble)] % name
    words = {
        Trouble.PAUSED: _("The lane “%(name)s” is paused"),
        Trouble.WAITING: _("Learning records wait too long on “%(name)s”"),
        Trouble.QUARANTINE: _("“%(name)s” refuses statements"),
        Trouble.SWEEP: _("The sweep %(name)s has not run"),
    }[Trouble(row.trouble)] % name
    if event is Event.LASTS:
        return _("Still: %(words)s") % {"words": words}
    return _("Worse: %(words)s") % {"words": words} if event is Event.WORSE else words


# --- the text -------------------------------------------------------------------------------


def _paragraph(row: Incident, event: Event, lane: LaneFigures | None, now: datetime) -> str:
    lines = [_headline(row, event) + "."]
    if event is Event.OVER:
        lines.append(
            _("It lasted from %(since)s, for %(span)s.")
            % {"since": _moment(row.opened_at), "span": lasting(row.seen_at - row.opened_at)}
        )
        if row.lane is not None and (lane is None or lane.state == "off"):
            lines.append(_("The lane was switched off or deleted meanwhile."))
    else:
        lines.append(
            _("Since %(since)s, for %(span)s.")
            % {"since": _moment(row.opened_at), "span": lasting(now - row.opened_at)}
        )
        if row.detail:
            lines.append(_("What was said: %(words)s") % {"words": quoted(row.detail)})
    if lane is not None:
        lines.append(_standing(lane))
    if event is not Event.OVER:
        lines.append(_what_to_do(row))
    link = _link(row)
    if link:
        lines.append(link)
    return "\n".join(lines)


def _standing(lane: LaneFigures) -> str:
    words = (
        ngettext("%(count)s record waits", "%(count)s records wait", lane.waiting)
        if lane.waiting
        else _("No record waits")
    ) % {"count": number_format(lane.waiting, use_l10n=True, force_grouping=True)}
    if lane.oldest_waiting_age is not None:
        words += _(", the oldest for %(span)s") % {"span": lasting(lane.oldest_waiting_age)}
    if lane.quarantined:
        words += ngettext(
            "; %(count)s is in quarantine", "; %(count)s are in quarantine", lane.quarantined
        ) % {"count": number_format(lane.quarantined, use_l10n=True, force_grouping=True)}
    return words + "."


def _what_to_do(row: Incident) -> str:
    return {
        Trouble.PAUSED: _(
            "What to do: check address, user name and password of the record store. The lane "
            "goes on by itself once they are right."
        ),
        Trouble.WAITING: _(
            "What to do: see whether the worker runs and whether the record store answers."
        ),
        Trouble.QUARANTINE: _(
            "What to do: read what the store says to each statement; mend the cause and send "
            "them again, or give them up. The others are delivered meanwhile."
        ),
        Trouble.SWEEP: _(
            "What to do: see whether Celery’s worker and beat run, and start them again."
        ),
    }[Trouble(row.trouble)]


def _link(row: Incident) -> str:
    """The screen of the lanes, or of what a store refused."""
    if row.lane is None:
        return ""
    refused = Trouble(row.trouble) == Trouble.QUARANTINE
    try:
        if refused:
            return f"{base_url()}{reverse('attune_reports:quarantine')}?lane={row.lane}"
        return base_url() + reverse("attune_reports:delivery")
    except NoReverseMatch:
        return ""


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _event(row: Incident, event: Event, lane: LaneFigures | None) -> dict[str, Any]:
    age = lane.oldest_waiting_age if lane else None
    return {
        "event": event.value,
        "trouble": row.trouble,
        "about": row.about,
        "lane": row.lane,
        "since": row.opened_at.isoformat(),
        "words": quoted(row.detail),
        "waiting": lane.waiting if lane else None,
        "oldest_waiting_seconds": None if age is None else round(age.total_seconds()),
        "quarantined": lane.quarantined if lane else None,
        "link": _link(row),
    }
