"""Names in double braces that stand for what a client's card says: one text, many clients.

``{{ client.greeting }}`` is filled in from the card; ``{{ client.greeting | Hello, }}`` says
what to write where the card says nothing. What a name may be is the schema below, and nothing
else: there is no logic in braces, and no way to reach any other data.

Values are plain text. ``fill`` puts them into rich text and escapes them; ``fill_plain`` puts
them into text that its template escapes later. Inside a tag nothing is ever filled in, so a
value cannot become an address or an attribute. The fallback is the author's own text and stays
as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from html import escape
from typing import Any

from django.db.models import BigIntegerField, TextField, Value
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from attune.cultures.models import ClientCard, SlaTarget
from attune.people.models import Engagement, Organisation

FALLBACK_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that an author may use, and what it stands for, in words."""

    name: str
    label: str | Promise


OF_THE_CARD = {
    "client.name": "name",
    "client.greeting": "greeting",
    "client.sign_off": "sign_off",
    "client.form_of_address": "form_of_address",
    "client.channel": "channel",
    "client.contact": "contact",
    "client.escalation_contact": "escalation_contact",
    "client.working_hours": "working_hours",
}

VARIABLES: tuple[Variable, ...] = (
    Variable("client.name", gettext_lazy("the client’s name")),
    Variable("client.greeting", gettext_lazy("how a mail begins")),
    Variable("client.sign_off", gettext_lazy("how a mail ends")),
    Variable("client.form_of_address", gettext_lazy("the form of address")),
    Variable("client.channel", gettext_lazy("the preferred channel")),
    Variable("client.contact", gettext_lazy("the single point of contact")),
    Variable("client.escalation_contact", gettext_lazy("the escalation contact")),
    Variable("client.working_hours", gettext_lazy("the client’s working hours")),
    Variable("sla.first_response", gettext_lazy("time to the first response, normal priority")),
    Variable("sla.resolution", gettext_lazy("time to the resolution, normal priority")),
    Variable("sla.first_response.critical", gettext_lazy("time to the first response, critical")),
    Variable("sla.resolution.critical", gettext_lazy("time to the resolution, critical")),
    Variable("sla.first_response.high", gettext_lazy("time to the first response, high priority")),
    Variable("sla.resolution.high", gettext_lazy("time to the resolution, high priority")),
    Variable("sla.first_response.low", gettext_lazy("time to the first response, low priority")),
    Variable("sla.resolution.low", gettext_lazy("time to the resolution, low priority")),
)
LABELS = {each.name: each.label for each in VARIABLES}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in braces where it stands. ``fallback`` is None where there is none."""

    name: str
    fallback: str | None
    position: int
    """Counted from 0, of the first brace."""
    written: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the braces of a text, in words. ``position`` counts from 0."""

    code: str
    position: int
    message: str


# Editors keep a space that must not break as a character or as an entity.
_SPACE = r"(?:\s|&nbsp;|&#160;)*"
_REFERENCE = re.compile(
    r"\{\{" + _SPACE + r"([^\s{}|<>&]+)" + _SPACE + r"(?:\|([^{}<>]*))?\}\}", re.UNICODE
)
_BRACES = re.compile(r"\{\{|\}\}")
_SINGLE = re.compile(r"(?<!\{)\{\s*([a-z_]+\.[a-z_.]+)\s*\}(?!\})")
_TAG = re.compile(r"(<[a-zA-Z/!][^<>]*>)")
_HARD_SPACES = ("&nbsp;", "&#160;")


def _stripped(text: str) -> str:
    text = text.strip()
    while text.startswith(_HARD_SPACES):
        text = text[len(_HARD_SPACES[0]) :].lstrip()
    while text.endswith(_HARD_SPACES):
        text = text[: -len(_HARD_SPACES[0])].rstrip()
    return text


def references(text: str) -> Iterator[Reference]:
    """Every well-formed name in braces, in order."""
    for found in _REFERENCE.finditer(text):
        fallback = None if found[2] is None else _stripped(found[2])
        yield Reference(found[1], fallback, found.start(), found[0])


def names_in(text: str) -> tuple[str, ...]:
    """The names that a text uses, each once, in the order in which they first stand."""
    return tuple(dict.fromkeys(each.name for each in references(text)))


def problems(text: str, *, needs_fallback: bool = False) -> tuple[Problem, ...]:
    """What an author should mend: unknown names, and braces that are not closed or empty.

    ``needs_fallback``: the text is shared among clients, so that each name must say what to
    write where a card says nothing.
    """
    return tuple(sorted(_problems(text, needs_fallback), key=lambda each: each.position))


def _problems(text: str, needs_fallback: bool) -> Iterator[Problem]:
    for each in references(text):
        if each.name not in LABELS:
            yield Problem("unknown", each.position, _unknown(each.name))
        elif each.fallback == "":
            words = _("“%(written)s” has nothing behind the bar. Write the text to fall back on.")
            yield Problem("empty_fallback", each.position, words % {"written": each.written})
        elif each.fallback is not None and len(each.fallback) > FALLBACK_LENGTH:
            words = _("The text behind the bar of “%(name)s” has more than %(most)d characters.")
            yield Problem(
                "long_fallback", each.position, words % {"name": each.name, "most": FALLBACK_LENGTH}
            )
        elif each.fallback is None and needs_fallback:
            words = _(
                "“%(written)s” needs a text to fall back on, since this is shared among clients:"
                " {{ %(name)s | … }}."
            )
            yield Problem(
                "no_fallback", each.position, words % {"written": each.written, "name": each.name}
            )
    # What is well formed is taken out at its length, so that positions stay.
    rest = _REFERENCE.sub(lambda found: " " * len(found[0]), text)
    yield from _torn_braces(rest)
    for single in _SINGLE.finditer(rest):
        if single[1] in LABELS:
            words = _("“%(written)s” needs two braces on either side: {{ %(name)s }}.")
            yield Problem(
                "single_braces", single.start(), words % {"written": single[0], "name": single[1]}
            )


def _torn_braces(rest: str) -> Iterator[Problem]:
    opened: int | None = None
    for brace in _BRACES.finditer(rest):
        if brace[0] == "{{":
            if opened is not None:
                yield _not_closed(rest, opened)
            opened = brace.start()
        elif opened is None:
            yield Problem(
                "not_opened", brace.start(), _("“}}” closes braces that nothing has opened.")
            )
        else:
            yield _unreadable(rest[opened : brace.end()], opened)
            opened = None
    if opened is not None:
        yield _not_closed(rest, opened)


def _not_closed(text: str, at: int) -> Problem:
    words = _("The braces in “%(text)s” are not closed. Expected “}}”.")
    return Problem("not_closed", at, words % {"text": text[at : at + 30].strip()})


def _unreadable(written: str, at: int) -> Problem:
    inside = _stripped(written[2:-2])
    if not inside:
        message = _("The braces are empty. Expected a name, such as {{ client.name }}.")
    elif "<" in inside or ">" in inside:
        message = _(
            "There is formatting between the braces of “%(text)s”. Put it around them instead."
        ) % {"text": re.sub(r"<[^>]*>", "", written)[:60]}
    else:
        message = _(
            "“%(text)s” is not understood. Expected a name, and perhaps a bar and a text:"
            " {{ client.name | the client }}."
        ) % {"text": written[:60]}
    return Problem("unreadable", at, message)


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower(), LABELS, n=1, cutoff=0.6)
    if near:
        return _("There is no “%(name)s”. Did you mean “%(near)s”?") % {
            "name": name[:60],
            "near": near[0],
        }
    return _("There is no “%(name)s”. The names are: %(names)s.") % {
        "name": name[:60],
        "names": ", ".join(LABELS),
    }


# --- Filling in --------------------------------------------------------------------------------


def fill(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Rich text with its names filled in, and the names for which nothing was found.

    Values are escaped; tags, and whatever stands inside them, are left as they are.
    """
    missing: dict[str, None] = {}
    parts = _TAG.split(text)
    for number in range(0, len(parts), 2):
        parts[number] = _filled(parts[number], values, missing, rich=True)
    return "".join(parts), tuple(missing)


def fill_plain(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The same for plain text. The result is not safe to be written into a page as it is."""
    missing: dict[str, None] = {}
    return _filled(text, values, missing, rich=False), tuple(missing)


def _filled(text: str, values: Mapping[str, str], missing: dict[str, None], *, rich: bool) -> str:
    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        value = values.get(name, "")
        if value:
            return escape(value) if rich else value
        if found[2] is not None and (fallback := _stripped(found[2])):
            return fallback
        missing[name] = None
        words = f"[{LABELS.get(name, name)}]"
        return escape(words) if rich else words

    return _REFERENCE.sub(value_of, text)


# --- What the card says ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """One row of what is known: a card with its fields, or a target with its minutes."""

    kind: str
    engagement: int | None
    scope: str
    """A card's language; a target's priority."""
    team: str
    texts: tuple[str, ...]


def values_for(
    of: Engagement | Organisation | int, language: str, *, fall_back: bool = True
) -> dict[str, str]:
    """What each name stands for with this client, or in this engagement. One query.

    ``of`` may be an engagement's number. A field is taken from the first card that says
    something: the engagement's in the language asked for, the client's in that language, then
    both in any other (if ``fall_back``). A name for which nothing is said is not in the result.
    """
    rows = _rows_of(of)
    cards = [row for row in rows if row.kind == _CARD and (fall_back or row.scope == language)]
    values = _of_cards(cards, language)
    for row in rows:
        if row.kind == _CLIENT:
            values.setdefault("client.name", row.texts[0])
    with translation.override(language):
        values.update(_of_targets([row for row in rows if row.kind == _TARGET]))
    return values


_CLIENT, _CARD, _TARGET = "client", "card", "target"


def _rows_of(of: Engagement | Organisation | int) -> list[_Said]:
    """The client's name, its cards and its targets, in the order in which they were written."""
    engagement_id: int | None = None
    client: Any
    if isinstance(of, Organisation):
        client = of.pk
    else:
        engagement_id = of if isinstance(of, int) else int(of.pk)
        client = Engagement.objects.filter(pk=engagement_id).values("client")
    empty = Value("", output_field=TextField())
    nothing = [empty] * (len(OF_THE_CARD) - 2)

    def rows(query: Any, kind: str, *columns: Any) -> Any:
        """A part of the union: every column has the same type in each."""
        texts = [each if each is empty else Cast(each, TextField()) for each in columns]
        return query.order_by().values_list(
            Value(kind, output_field=TextField()),
            Cast("pk", BigIntegerField()),
            *texts,
        )

    clients = Organisation.objects.filter(pk__in=[client] if isinstance(client, int) else client)
    found = rows(clients, _CLIENT, empty, empty, empty, "name", empty, *nothing).union(
        rows(
            ClientCard.objects.standing_for(client, engagement_id),
            _CARD,
            "engagement_id",
            "locale__language_code",
            empty,
            *OF_THE_CARD.values(),
        ),
        rows(
            SlaTarget.objects.standing_for(client, engagement_id),
            _TARGET,
            "engagement_id",
            "priority",
            "team",
            "first_response",
            "resolution",
            *nothing,
        ),
        all=True,
    )
    return [
        _Said(kind, int(engagement) if engagement else None, scope, team, tuple(texts))
        for kind, _pk, engagement, scope, team, *texts in sorted(found, key=lambda row: row[:2])
    ]


def _of_cards(cards: list[_Said], language: str) -> dict[str, str]:
    in_order = sorted(cards, key=lambda card: (card.scope != language, card.engagement is None))
    values: dict[str, str] = {}
    for number, name in enumerate(OF_THE_CARD):
        said = next((value for card in in_order if (value := card.texts[number].strip())), "")
        if said:
            values[name] = said
    return values


def _of_targets(rows: list[_Said]) -> dict[str, str]:
    values: dict[str, str] = {}
    for priority in SlaTarget.Priority:
        of_priority = [row for row in rows if row.scope == priority]
        suffix = "" if priority == SlaTarget.Priority.NORMAL else f".{priority}"
        for number, field in enumerate(("first_response", "resolution")):
            minutes = _agreed(of_priority, number)
            if minutes is not None:
                values[f"sla.{field}{suffix}"] = in_words(minutes)
    return values


def _agreed(rows: list[_Said], number: int) -> int | None:
    """The engagement's target before the client's, and that of every team before one team's.

    Where only single teams have targets and these differ, there is no such thing as *the*
    time: the name stays without a value until somebody writes one for every team.
    """
    for of_engagement in (True, False):
        own = [row for row in rows if (row.engagement is not None) == of_engagement]
        of_all = [row for row in own if not row.team]
        said = {int(row.texts[number]) for row in of_all or own if row.texts[number]}
        if len(said) == 1:
            return said.pop()
        if said:
            return None
    return None


def in_words(minutes: int) -> str:
    """“4 hours 30 minutes”. Never days: whether these count by day or by shift is not known."""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(ngettext("%d hour", "%d hours", hours) % hours)
    if rest or not hours:
        parts.append(ngettext("%d minute", "%d minutes", rest) % rest)
    return " ".join(parts)
