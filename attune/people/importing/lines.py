"""One line of a file as what it asks for, with every cell that cannot be understood.

Pure: what the organisation has is not known here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from attune.people.importing.columns import plain
from attune.people.importing.days import parse_day
from attune.people.models import MembershipRole, validate_time_zone

LONGEST = {
    "full_name": 200,
    "email": 254,
    "external_id": 100,
    "job_title": 200,
    "location": 200,
    "team": 200,
    "engagement": 200,
}

_ROLE_WORDS = {
    "agent": ("agent", "agents", "agentin", "service desk agent"),
    "in_house": ("in house", "in house employee", "inhouse", "employee", "intern",
                 "interner mitarbeiter", "mitarbeiter"),
    "trainer": ("trainer", "trainerin", "author", "autor"),
    "hr": ("hr", "human resources", "personal", "personalabteilung"),
    "manager": ("manager", "managerin", "lead", "team lead", "führungskraft", "leitung"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is refused: the column by its name, what stood there, what to do."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(slots=True)
class Wanted:
    """What a line says. Empty means that it says nothing about it."""

    line: int
    external_id: str = ""
    full_name: str = ""
    email: str = ""
    organisation: str = ""
    roles: frozenset[str] = frozenset()
    job_title: str = ""
    location: str = ""
    location_country: str = ""
    location_time_zone: str = ""
    hired_on: date | None = None
    left_on: date | None = None
    team: str = ""
    engagement: str = ""
    team_from: date | None = None
    language: str = ""
    time_zone: str = ""
    faults: list[Fault] = field(default_factory=list)
    unreadable: tuple[Fault, ...] = ()
    """Those that the line has by itself, whatever the organisation has."""

    def refuse(self, column: str, value: str, reason: str) -> None:
        self.faults.append(Fault(self.line, column, value, reason))


def address_key(email: str) -> str:
    """An address as it is compared: case does not count, nor how its letters were composed."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def name_key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_line(number: int, cells: Mapping[str, str], *, order: str) -> Wanted:
    """``cells`` by name of column. Never raises: what is wrong stands in ``faults``."""
    wanted = Wanted(number)
    texts = {name: " ".join(unicodedata.normalize("NFC", cells.get(name, "")).split())
             for name in (*LONGEST, "first_name", "last_name", "organisation")}  # fmt: skip
    if not texts["full_name"]:
        texts["full_name"] = f"{texts.pop('first_name')} {texts.pop('last_name')}".strip()
    for name, longest in LONGEST.items():
        if len(texts[name]) > longest:
            reason = _("This is longer than %(most)d characters.") % {"most": longest}
            wanted.refuse(name, texts[name][:60] + "…", reason)
        elif not texts[name].isprintable():
            wanted.refuse(name, "", _("This holds characters that cannot be shown."))
        else:
            setattr(wanted, name, texts[name])
    wanted.organisation = texts["organisation"]
    _read_address(wanted)
    _read_roles(wanted, cells.get("roles", ""))
    for name in ("hired_on", "left_on", "team_from"):
        _read_day(wanted, name, cells.get(name, ""), order)
    if wanted.hired_on and wanted.left_on and wanted.left_on < wanted.hired_on:
        wanted.refuse("left_on", cells["left_on"], _("The last day cannot be before the first."))
    _read_codes(wanted, cells)
    if not wanted.external_id and not wanted.email and not wanted.faults:
        wanted.refuse(
            "email", "", _("Give an e-mail address or a personnel number: one of them tells who.")
        )
    wanted.unreadable = tuple(wanted.faults)
    return wanted


def _read_address(wanted: Wanted) -> None:
    if not wanted.email:
        return
    text = unicodedata.normalize("NFKC", wanted.email)
    local, _at, domain = text.rpartition("@")
    try:
        validate_email(text)
    except ValidationError:
        wanted.refuse("email", wanted.email, _("This is not an e-mail address."))
        wanted.email = ""
    else:
        wanted.email = f"{local}@{domain.lower()}"


@lru_cache(maxsize=8)
def _role_names(language: str) -> dict[str, str]:
    names = {plain(word): role for role, words in _ROLE_WORDS.items() for word in words}
    names |= {plain(str(label)): str(role) for role, label in MembershipRole.Role.choices}
    return names


def _read_roles(wanted: Wanted, text: str) -> None:
    names = _role_names(get_language() or "")
    found = set()
    for word in text.replace(";", ",").replace("/", ",").split(","):
        if not word.strip():
            continue
        role = names.get(plain(word))
        if role is None:
            known = ", ".join(str(label) for label in MembershipRole.Role.labels)
            wanted.refuse(
                "roles", word.strip()[:60], _("This is not a role. There are: %s.") % known
            )
        else:
            found.add(role)
    wanted.roles = frozenset(found)


def _read_day(wanted: Wanted, name: str, text: str, order: str) -> None:
    if not text:
        return
    day = parse_day(text, order)
    if day is None:
        wanted.refuse(
            name, text[:60], _("This is not a day in the chosen order, with a year of four digits.")
        )
    setattr(wanted, name, day)


def _read_codes(wanted: Wanted, cells: Mapping[str, str]) -> None:
    for name in ("time_zone", "location_time_zone"):
        zone = cells.get(name, "").strip()
        if zone and not _is_zone(zone):
            reason = _("This is not a time zone. Use a name such as “Asia/Manila”.")
            wanted.refuse(name, zone[:60], reason)
        else:
            setattr(wanted, name, zone)
    country = cells.get("location_country", "").strip()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        wanted.refuse("location_country", country[:60], _("Two capital letters, for example “PH”."))
    else:
        wanted.location_country = country.upper()
    language = cells.get("language", "").strip()
    if language:
        code = _language(language)
        if code:
            wanted.language = code
        else:
            known = ", ".join(code for code, _label in settings.LANGUAGES)
            wanted.refuse(
                "language", language[:60], _("The site does not speak it. There are: %s.") % known
            )


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        validate_time_zone(name)
    except ValidationError:
        return False
    return True


def _language(text: str) -> str:
    codes = dict(settings.LANGUAGES)
    low = text.replace("_", "-").lower()
    for candidate in (low, low.partition("-")[0]):
        if candidate in codes:
            return candidate
    return next((code for code, label in codes.items() if plain(str(label)) == plain(text)), "")
