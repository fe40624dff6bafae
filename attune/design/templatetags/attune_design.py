"""What every learner page draws with: icons, labels, bars and dates.

Nothing here asks the database or knows another Attune package. Each tag takes plain
values; the states and kinds are the words of HOUSE.md ("Names", rule 5).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils import dateformat, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext, pgettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

# state -> (words, icon, tone). The tone only tints; icon and words carry the meaning.
STATES: dict[str, tuple[Any, str, str]] = {
    "not_started": (_("Not started"), "open", "plain"),
    "in_progress": (_("In progress"), "half", "accent"),
    "awaiting_marking": (_("Awaiting marking"), "hourglass", "plain"),
    "attempts_exhausted": (_("No attempts left"), "lock", "bad"),
    "completed": (_("Completed"), "done", "done"),
    "expiring": (_("Expiring soon"), "clock", "warn"),
    "expired": (_("Expired"), "renew", "bad"),
    "exempt": (_("Exempt"), "skip", "plain"),
    "paused": (_("Paused"), "pause", "plain"),
    "withdrawn": (_("Withdrawn"), "minus", "plain"),
    "locked": (_("Not open yet"), "lock", "plain"),
}

DONE_STATES = frozenset({"completed", "expiring", "exempt", "withdrawn"})

ALERTS: dict[str, tuple[Any, str]] = {
    "info": (_("Note"), "info"),
    "success": (_("Done"), "done"),
    "warning": (_("Please note"), "warning"),
    "error": (_("There is a problem"), "stop"),
}
ALERT_ALIASES = {"debug": "info", "danger": "error"}


@cache
def icon_names() -> frozenset[str]:
    """Names that the sprite draws, read from the sprite itself."""
    sprite = get_template("attune_design/icons.html").render()
    return frozenset(re.findall(r'id="i-([a-z-]+)"', sprite))


@register.simple_tag
def icon(name: str, label: str = "", extra_class: str = "") -> SafeString:
    """One drawing of the sprite. Without ``label`` it is decoration and hidden from ears."""
    if name not in icon_names():
        if settings.DEBUG:
            raise template.TemplateSyntaxError(f"The sprite has no icon named {name!r}.")
        return SafeString("")
    classes = f"icon icon-{name} {extra_class}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="#i-{}"></use></svg>',
            classes,
            label,
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="#i-{}"></use></svg>',
        classes,
        name,
    )


@register.inclusion_tag("attune_design/components/status.html")
def status_label(state: str, overdue: bool = False, detail: str = "") -> dict[str, Any]:
    """Icon and words of a learning state, with *overdue* as a second label beside it."""
    words, icon_name, tone = STATES.get(str(state), (str(state), "info", "plain"))
    return {
        "state": state,
        "words": words,
        "icon_name": icon_name,
        "tone": tone,
        "overdue": overdue,
        "detail": detail,
    }


@register.inclusion_tag("attune_design/components/progress.html")
def progress(done: int, total: int, label: str = "", unit: str = "") -> dict[str, Any]:
    """A bar with its figures in words. ``unit`` names what is counted, in the plural."""
    total = max(int(total or 0), 0)
    done = min(max(int(done or 0), 0), total)
    return {
        "done": done,
        "total": total,
        "label": label,
        "unit": unit,
        "percent": round(100 * done / total) if total else 0,
        "full": bool(total) and done == total,
    }


@register.inclusion_tag("attune_design/components/alert.html")
def alert(text: Any, tone: str = "info", title: str = "", live: bool = False) -> dict[str, Any]:
    """A message to the reader. ``live`` announces it, for text that arrives after loading."""
    tone = ALERT_ALIASES.get(tone, tone)
    words, icon_name = ALERTS.get(tone, ALERTS["info"])
    return {
        "text": text,
        "tone": tone if tone in ALERTS else "info",
        "words": words,
        "icon_name": icon_name,
        "title": title,
        "live": live,
    }


@register.inclusion_tag("attune_design/components/field.html")
def field(bound_field: Any, hint: str = "") -> dict[str, Any]:
    """A form field with label, help and errors tied to it (Django sets aria-describedby)."""
    widget = bound_field.field.widget
    return {
        "field": bound_field,
        "hint": hint,
        "is_choice": getattr(widget, "input_type", "") in {"radio", "checkbox"},
        "is_single_checkbox": getattr(widget, "input_type", "") == "checkbox"
        and not hasattr(widget, "optgroups"),
    }


@register.inclusion_tag("attune_design/components/breadcrumbs.html")
def breadcrumbs(crumbs: Iterable[Any]) -> dict[str, Any]:
    """The way here: ``(title, url)`` pairs, or pages. The last one is the page itself."""
    pairs = [
        (str(crumb.title), crumb.url)
        if hasattr(crumb, "title") and hasattr(crumb, "url")
        else crumb
        for crumb in crumbs
    ]
    return {"crumbs": pairs}


@register.inclusion_tag("attune_design/components/pagination.html", takes_context=True)
def pagination(
    context: Mapping[str, Any], page_obj: Any, parameter: str = "page"
) -> dict[str, Any]:
    """Links to the neighbours of a Django paginator's page; keeps the other query values."""
    request = context.get("request")
    query = request.GET.copy() if request else None

    def address(number: int) -> str:
        if query is None:
            return f"?{parameter}={number}"
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page_obj": page_obj,
        "previous_url": address(page_obj.number - 1) if page_obj.has_previous() else "",
        "next_url": address(page_obj.number + 1) if page_obj.has_next() else "",
    }


def city(zone: str) -> str:
    """The place that an IANA zone is named after: ``America/New_York`` gives ``New York``."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def moment_in(moment: datetime, zone: str, *, day: bool, now: datetime) -> str:
    """``moment`` on a clock in ``zone``, in the reader's language; the year if it differs."""
    local = moment.astimezone(ZoneInfo(zone))
    if not day:
        return dateformat.format(local, pgettext("clock time", "H:i"))
    if local.year != now.astimezone(ZoneInfo(zone)).year:
        shape = pgettext("date with year and clock time", "D j M Y, H:i")
    else:
        shape = pgettext("date and clock time", "D j M, H:i")
    return dateformat.format(local, shape)


@register.simple_tag
def two_zones(
    moment: datetime | None,
    person_zone: str | ZoneInfo = "UTC",
    client_zone: str | ZoneInfo = "",
    client_name: str = "",
    now: datetime | None = None,
) -> SafeString:
    """A moment on the reader's clock and, where the clocks differ, on the client's.

    ``Fri 27 Nov, 18:00 your time (Manila) · 11:00 for Nordlicht (Berlin)``. The client's
    date is written out only where it is another day there.
    """
    if moment is None:
        return SafeString("")
    now = now or timezone.now()
    person_zone = str(person_zone or "UTC")
    client_zone = str(client_zone or "")
    mine = moment.astimezone(ZoneInfo(person_zone))
    shown = format_html(
        '<time datetime="{}">{}</time>',
        mine.isoformat(timespec="minutes"),
        moment_in(moment, person_zone, day=True, now=now),
    )
    theirs = moment.astimezone(ZoneInfo(client_zone)) if client_zone else mine
    if theirs.utcoffset() == mine.utcoffset():
        place = gettext("your time (%(city)s)") % {"city": city(person_zone)}
        return format_html(
            '<span class="moment">{} <span class="zone">{}</span></span>', shown, place
        )
    other_day = theirs.date() != mine.date()
    clock = format_html(
        '<time datetime="{}">{}</time>',
        theirs.isoformat(timespec="minutes"),
        moment_in(moment, client_zone, day=other_day, now=now),
    )
    first = format_html(
        conditional_escape(gettext("{time} your time ({city})")),
        time=shown,
        city=city(person_zone),
    )
    second = format_html(
        conditional_escape(gettext("{time} for {client} ({city})")),
        time=clock,
        client=client_name or gettext("the client"),
        city=city(client_zone),
    )
    return format_html(
        '<span class="moment"><span>{}</span> <span class="zone">· {}</span></span>', first, second
    )


@register.simple_tag
def one_zone(
    moment: datetime | None, person_zone: str | ZoneInfo = "UTC", now: datetime | None = None
) -> SafeString:
    """A moment on the reader's own clock only, for tables where the zone is said above."""
    return two_zones(moment, person_zone, "", "", now)


@register.simple_tag
def site_languages() -> list[dict[str, str]]:
    """The site's languages, each under its own name: ``{"code": "de", "name": "Deutsch"}``.

    Django knows no Filipino, nor every language that a site may add: those keep the name
    that the settings give them.
    """
    languages = []
    for code, given_name in settings.LANGUAGES:
        try:
            name = get_language_info(code)["name_local"]
        except KeyError:
            name = str(given_name)
        languages.append({"code": code, "name": name[:1].upper() + name[1:]})
    return languages


@register.filter
def lookup(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """``mapping[key]``, or None; keys that were stored as text are found as well."""
    if not mapping:
        return None
    found = mapping.get(key)
    return mapping.get(str(key)) if found is None else found


@register.filter
def voices(lines: Iterable[Any]) -> list[tuple[int, Any]]:
    """Numbers each line of a dialogue by its speaker, in order of appearance, from 1."""
    numbers: dict[str, int] = {}
    return [(numbers.setdefault(str(line["speaker"]), len(numbers) + 1), line) for line in lines]


@register.filter
def count_correct(options: Iterable[Any]) -> int:
    """How many options of a self-check are right: more than one asks for checkboxes."""
    return sum(1 for option in options if option["correct"])


@register.filter
def contains(values: Iterable[Any] | None, value: Any) -> bool:
    """Whether ``value`` is among ``values``; nothing at all contains nothing."""
    return bool(values) and value in values  # type: ignore[operator]


@register.filter
def is_done(state: Any) -> bool:
    """Whether nothing is asked of the learner in this state."""
    return str(state) in DONE_STATES


@register.filter
def zone_city(zone: Any) -> str:
    """``Asia/Manila`` as a reader calls it: ``Manila``."""
    return city(str(zone or "UTC"))


@register.simple_tag
def crumb_trail(my_training_url: str, *pages: Any) -> list[tuple[str, str]]:
    """The way from My training to the last of ``pages``; those that are None are left out."""
    trail = [(gettext("My training"), my_training_url)] if my_training_url else []
    return trail + [(page.title, page.url) for page in pages if page]


@register.filter
def next_unit_key(units: Iterable[Any]) -> int | None:
    """The page id of the first required unit that is still open, else None."""
    for unit in units:
        if unit.required and unit.state and str(unit.state) not in DONE_STATES:
            return int(unit.page.pk)
    return None


@register.filter
def marked(text: Any, query: Any) -> SafeString:
    """``text`` escaped, with each whole ``query`` or word of it inside ``<mark>``."""
    words = sorted({str(query).strip(), *str(query).split()} - {""}, key=len, reverse=True)
    if not words:
        return conditional_escape(text)
    pattern = re.compile("(" + "|".join(re.escape(word) for word in words) + ")", re.IGNORECASE)
    pieces = pattern.split(str(text))
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<mark>{}</mark>", piece) if number % 2 else piece,)
            for number, piece in enumerate(pieces)
        ),
    )
