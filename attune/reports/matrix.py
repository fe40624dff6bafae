"""The completion matrix: people × modules of a programme, read and never recomputed.

Rows are enrolments, cells are the stored ``EnrolmentModule`` rows; a cell that is not
stored means *not started*. A batch of rows costs three queries whatever its size, so that
a page and an export of thousands are made by the same function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from attune.curriculum.models import ClientHomePage, ModulePage, ProgrammePage
from attune.enrolments.models import Enrolment, EnrolmentModule
from attune.enrolments.querysets import EnrolmentQuerySet
from attune.enrolments.states import OPEN_STATES, Standing, State, standing_at
from attune.enrolments.structure import places_in
from attune.people.models import Membership, Team, TeamMembership
from attune.reports.access import reported_engagements, reported_enrolments

BATCH = 500

CREDIT_NOTES = {
    EnrolmentModule.Credit.SATISFIED: _("from another programme"),
    EnrolmentModule.Credit.WAIVED: _("waived"),
}
NOT_STARTED = Standing(State.NOT_STARTED)
NOT_STARTED_OVERDUE = Standing(State.NOT_STARTED, overdue=True)
DONE = frozenset({State.COMPLETED, State.EXPIRING, State.EXEMPT})


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that a report can be about. ``key`` is its translation key."""

    key: UUID
    page: ProgrammePage
    title: str
    client: str
    enrolments: int


@dataclass(frozen=True, slots=True)
class Column:
    key: UUID
    title: str
    required: bool


@dataclass(frozen=True, slots=True)
class Cell:
    standing: Standing
    completed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    enrolment: Enrolment
    standing: Standing
    team: str
    location: str
    cells: list[Cell]


# --- What a report can be about -----------------------------------------------------------


def programmes_for(user: Any) -> list[Programme]:
    """Programmes of the clients whose engagements the user reports on, by title. Four queries.

    Those with nobody in them are named as well: an empty matrix says what to do next.
    """
    counts = dict(
        reported_enrolments(user)
        .order_by()
        .values_list("programme_key")
        .annotate(number=Count("pk"))
    )
    clients = set(reported_engagements(user).order_by().values_list("client", flat=True))
    homes = dict(
        ClientHomePage.objects.filter(organisation__in=clients).values_list(
            "path", "organisation__name"
        )
    )
    beneath = Q(translation_key__in=counts)
    for path in homes:
        beneath |= Q(path__startswith=path)
    pages: dict[UUID, list[ProgrammePage]] = {}
    for page in ProgrammePage.objects.filter(beneath).select_related("locale").order_by("pk"):
        pages.setdefault(page.translation_key, []).append(page)
    found = []
    for key, versions in pages.items():
        if key not in counts and not any(page.live for page in versions):
            continue
        client = next((homes[path] for path in homes if versions[0].path.startswith(path)), "")
        found.append(
            Programme(
                key=key,
                page=versions[0],
                title=in_readers_language(versions).title,
                client=client,
                enrolments=counts.get(key, 0),
            )
        )
    return sorted(found, key=lambda each: (each.title.casefold(), str(each.key)))


def columns_of(programme: Programme) -> list[Column]:
    """The live modules of a programme in order, titled in the reader's language. Two queries."""
    places = places_in([programme.page.pk])[programme.page.pk]
    versions: dict[UUID, list[ModulePage]] = {}
    modules = ModulePage.objects.filter(translation_key__in=[place.key for place in places])
    for module in modules.select_related("locale").order_by("pk"):
        versions.setdefault(module.translation_key, []).append(module)
    return [
        Column(place.key, in_readers_language(versions[place.key]).title, place.required)
        for place in places
    ]


def in_readers_language(versions: Sequence[Any]) -> Any:
    """The live translation in the active language, else the one that was written first."""
    active = (translation.get_language() or "").split("-")[0]
    for page in versions:
        if page.live and page.locale.language_code == active:
            return page
    return versions[0]


# --- Narrowing it -----------------------------------------------------------------------------


def enrolments_in(user: Any, programme: Programme, *, now: datetime) -> EnrolmentQuerySet:
    """The newest round of everybody in a programme, by name."""
    return (
        reported_enrolments(user)
        .filter(programme_key=programme.key)
        .latest_cycle()
        .with_standing(now)
        .select_related("person", "engagement__client", "engagement__vendor")
        .order_by("person__full_name", "person_id", "pk")
    )


def in_team(enrolments: EnrolmentQuerySet, team: Team, *, on: date) -> EnrolmentQuerySet:
    """Those whose person is in the team on that day, for the engagement that the team serves."""
    members = TeamMembership.objects.active(on).filter(team=team, person=OuterRef("person"))
    return enrolments.filter(Exists(members), engagement=team.engagement_id)


def at_location(enrolments: EnrolmentQuerySet, location_id: int, *, on: date) -> EnrolmentQuerySet:
    """Those who work there on that day, for a side of their enrolment's engagement."""
    jobs = (
        Membership.objects.active(on)
        .filter(person=OuterRef("person"), location=location_id)
        .filter(
            Q(organisation=OuterRef("engagement__vendor"))
            | Q(organisation=OuterRef("engagement__client"))
        )
    )
    return enrolments.filter(Exists(jobs))


def figures(enrolments: EnrolmentQuerySet) -> dict[str, int]:
    """How many people, how many of them done, overdue and open. One query."""
    return enrolments.order_by().aggregate(
        everybody=Count("pk"),
        completed=Count("pk", filter=Q(state=State.COMPLETED)),
        overdue=Count("pk", filter=Q(is_overdue=True)),
        open=Count("pk", filter=Q(state__in=OPEN_STATES)),
    )


# --- Rows -----------------------------------------------------------------------------------


def rows_of(
    enrolments: Sequence[Enrolment], columns: Sequence[Column], *, now: datetime
) -> list[Row]:
    """One row per enrolment, in the order given. Three queries.

    ``enrolments`` come with their engagement (``enrolments_in``).
    """
    on = now.date()
    cells = stored_cells(enrolments, now=now)
    teams = _teams_of(enrolments, on=on)
    locations = _locations_of(enrolments, on=on)
    rows = []
    for enrolment in enrolments:
        standing = enrolment.standing(now)
        stored = cells.get(enrolment.pk, {})
        rows.append(
            Row(
                enrolment=enrolment,
                standing=standing,
                team=", ".join(teams.get((enrolment.person_id, enrolment.engagement_id), [])),
                location=_location_of(enrolment, locations),
                cells=[
                    _cell(stored.get(column.key), is_late=standing.overdue and column.required)
                    for column in columns
                ],
            )
        )
    return rows


def all_rows(
    enrolments: EnrolmentQuerySet, columns: Sequence[Column], *, now: datetime
) -> Iterator[Row]:
    """Every row, read in batches: memory does not grow with their number."""
    source = enrolments.iterator(chunk_size=BATCH)
    while batch := list(islice(source, BATCH)):
        yield from rows_of(batch, columns, now=now)


def _cell(stored: Cell | None, *, is_late: bool) -> Cell:
    if stored is None:
        return Cell(NOT_STARTED_OVERDUE if is_late else NOT_STARTED)
    if is_late and stored.standing.state not in DONE:
        return Cell(Standing(stored.standing.state, overdue=True), stored.completed_at, stored.note)
    return stored


def stored_cells(enrolments: Iterable[Enrolment], *, now: datetime) -> dict[int, dict[UUID, Cell]]:
    """Enrolment id → module key → what is stored for it. One query."""
    cells: dict[int, dict[UUID, Cell]] = {}
    stored = EnrolmentModule.objects.filter(
        enrolment__in=[each.pk for each in enrolments]
    ).values_list("enrolment", "module_key", "state", "credit", "completed_at", "expires_at")
    for enrolment, key, state, credit, completed_at, expires_at in stored.order_by():
        standing = standing_at(stored=state, due_at=None, expires_at=expires_at, now=now)
        note = str(CREDIT_NOTES[credit]) if credit in CREDIT_NOTES else ""
        cells.setdefault(enrolment, {})[key] = Cell(standing, completed_at, note)
    return cells


def _teams_of(enrolments: Iterable[Enrolment], *, on: date) -> dict[tuple[int, int], list[str]]:
    """(person, engagement) → names of the teams they are in on that day."""
    rows = (
        TeamMembership.objects.active(on)
        .filter(person__in={each.person_id for each in enrolments})
        .order_by("team__name", "pk")
        .values_list("person", "team__engagement", "team__name")
    )
    teams: dict[tuple[int, int], list[str]] = {}
    for person, engagement, name in rows:
        teams.setdefault((person, engagement), []).append(name)
    return teams


def _locations_of(enrolments: Iterable[Enrolment], *, on: date) -> dict[tuple[int, int], str]:
    """(person, organisation) → the place of work that day."""
    rows = (
        Membership.objects.active(on)
        .filter(person__in={each.person_id for each in enrolments}, location__isnull=False)
        .order_by("hired_on", "pk")
        .annotate(place=F("location__name"))
        .values_list("person", "organisation", "place")
    )
    return {(person, organisation): place for person, organisation, place in rows}


def _location_of(enrolment: Enrolment, locations: dict[tuple[int, int], str]) -> str:
    engagement = enrolment.engagement
    for organisation in (engagement.vendor_id, engagement.client_id):
        if place := locations.get((enrolment.person_id, organisation)):
            return place
    return ""


def local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment is not None else None
