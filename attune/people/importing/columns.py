"""What a column of a file can hold, and a guess which of them a heading means.

A guess is only ever proposed: the user confirms or changes it, and what was confirmed is
remembered for the organisation. Synonyms are those of common personnel systems, in English
and German.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

REASON = "reason"
"""The column that a table of errors adds. It is never read."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: Any
    note: Any
    example: str
    synonyms: tuple[str, ...]


COLUMNS: tuple[Column, ...] = (
    Column(
        "external_id",
        _("Personnel number"),
        _("The number in your own system. By it a line finds its person again; else by e-mail."),
        "HB-1042",
        (
            "external id", "employee id", "employee number", "employee no", "personnel no",
            "staff id", "staff number", "worker id", "emp id", "id", "personalnummer",
            "personal nr", "pers nr", "mitarbeiternummer", "mitarbeiter id", "ma nr", "kennung",
        ),
    ),
    Column(
        "full_name",
        _("Full name"),
        _("Needed for new people, here or as first and last name."),
        "Maria Santos",
        ("name", "employee", "employee name", "display name", "person", "vollständiger name",
         "mitarbeiter", "mitarbeitername", "anzeigename"),
    ),
    Column(
        "first_name",
        _("First name"),
        _("Used where no full name is given."),
        "",
        ("given name", "forename", "vorname", "rufname"),
    ),
    Column(
        "last_name",
        _("Last name"),
        _("Used where no full name is given."),
        "",
        ("surname", "family name", "nachname", "familienname", "zuname"),
    ),
    Column(
        "email",
        _("E-mail address"),
        _("Needed for new people. They sign in with it."),
        "maria.santos@example.com",
        ("email", "e mail", "mail", "mail address", "work email", "business email",
         "email address", "e mail adresse", "email adresse", "mailadresse", "dienstliche e mail"),
    ),
    Column(
        "organisation",
        _("Employer"),
        _("May be left out. If given, the name or short code of the chosen employer."),
        "",
        ("organization", "company", "vendor", "employer", "firma", "unternehmen",
         "arbeitgeber", "gesellschaft", "dienstleister"),
    ),
    Column(
        "roles",
        _("Roles"),
        _("Agent, in-house employee, trainer, HR or manager; several parted by a comma. "
          "New people without one are agents at a vendor and in-house employees at a client."),
        "agent",
        ("role", "function", "rolle", "rollen", "funktion"),
    ),
    Column(
        "job_title",
        _("Job title"),
        "",
        "Service desk agent",
        ("title", "position", "job", "stelle", "stellenbezeichnung", "berufsbezeichnung",
         "tätigkeit"),
    ),
    Column(
        "location",
        _("Location"),
        _("Its name, as it stands under Organisations."),
        "Manila",
        ("site", "office", "place", "workplace", "city", "work location", "standort", "ort",
         "arbeitsort", "niederlassung", "dienstort"),
    ),
    Column(
        "location_country",
        _("Country of a new location"),
        _("Two letters. Only for locations that are to be created."),
        "PH",
        ("country", "country code", "land", "ländercode", "country of location"),
    ),
    Column(
        "location_time_zone",
        _("Time zone of a new location"),
        _("Only for locations that are to be created."),
        "Asia/Manila",
        ("location time zone", "zeitzone des standorts", "time zone of location"),
    ),
    Column(
        "hired_on",
        _("First day at work"),
        _("Needed for new people."),
        "2026-03-02",
        ("hire date", "hired", "hired on", "start date", "joined", "date of hire", "entry date",
         "joining date", "eintritt", "eintrittsdatum", "einstellungsdatum", "beginn",
         "erster arbeitstag", "startdatum"),
    ),
    Column(
        "left_on",
        _("Last day at work"),
        _("Ends the job: access ends when that day is over, and open training is paused."),
        "",
        ("leaving date", "left", "left on", "end date", "termination date", "leave date",
         "exit date", "last day", "austritt", "austrittsdatum", "ende", "letzter arbeitstag",
         "enddatum", "kündigungsdatum"),
    ),
    Column(
        "team",
        _("Team"),
        _("The name of a team. Another team than today’s is a move."),
        "First line",
        ("team name", "group", "queue", "gruppe", "teamname", "mannschaft"),
    ),
    Column(
        "engagement",
        _("Engagement of the team"),
        _("Name or short code. Only needed where two engagements have a team of that name."),
        "",
        ("account", "client account", "project", "auftrag", "projekt", "mandat"),
    ),
    Column(
        "team_from",
        _("In the team from"),
        _("Otherwise a new person’s first day, or the day from which the file applies."),
        "",
        ("team since", "team start", "team from", "im team seit", "team ab", "teamwechsel am"),
    ),
    Column(
        "language",
        _("Language"),
        _("Two letters. Invitations are written in it."),
        "en",
        ("preferred language", "locale", "sprache", "korrespondenzsprache", "sprachcode"),
    ),
    Column(
        "time_zone",
        _("Time zone"),
        _("Otherwise that of the location."),
        "",
        ("timezone", "tz", "zeitzone"),
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}


def plain(heading: str) -> str:
    """A heading as it is compared: case, accents of compatibility and signs do not count."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    return " ".join(re.findall(r"[^\W_]+", text))


def _known() -> dict[str, str]:
    known: dict[str, str] = {}
    for column in COLUMNS:
        for words in (column.name, *column.synonyms):
            known.setdefault(plain(words), column.name)
    return known


_KNOWN = _known()


def propose(headings: Sequence[str], remembered: Mapping[str, str]) -> list[str]:
    """For each heading the name of a column, or nothing; none is proposed twice.

    What the organisation confirmed before counts first (``""`` there: not to be read), then
    the labels as the reader's own language has them, then synonyms.
    """
    labels = {plain(str(column.label)): column.name for column in COLUMNS}
    proposed: list[str] = []
    for heading in headings:
        key = plain(heading)
        name = remembered[key] if key in remembered else labels.get(key) or _KNOWN.get(key, "")
        proposed.append(name if name in BY_NAME and name not in proposed else "")
    return proposed


def faults_in(columns: Sequence[str]) -> list[Any]:
    """What is wrong with a choice of columns, in words; empty if a file can be read by it."""
    faults: list[Any] = []
    chosen = [name for name in columns if name]
    if any(name not in BY_NAME for name in chosen):
        faults.append(_("There is no such column."))
    if len(set(chosen)) < len(chosen):
        faults.append(_("Two columns hold the same. Choose one of them."))
    if not {"email", "external_id"} & set(chosen):
        faults.append(_("Choose the column of the e-mail address or of the personnel number."))
    return faults
