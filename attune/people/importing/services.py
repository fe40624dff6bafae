"""The steps of an import: keep a file, choose its columns, try it, take it over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from attune.people.access import person_of
from attune.people.importing.applying import (
    Tell,
    end_jobs,
    lock_organisation,
    lock_people,
    owe_invitations,
    write_plan,
)
from attune.people.importing.columns import faults_in, plain, propose
from attune.people.importing.days import Evidence, order_of
from attune.people.importing.lines import Wanted, read_line
from attune.people.importing.models import ImportMapping, PeopleImport
from attune.people.importing.planning import plan_lines
from attune.people.importing.plans import Options, Plan
from attune.people.importing.roster import read_roster
from attune.people.importing.tables import Table, read_table
from attune.people.models import Organisation
from attune.people.services.authority import require_manager

KEPT = timedelta(days=7)
"""How long a file waits to be taken over."""
DAYS = ("hired_on", "left_on", "team_from")


class AlreadyApplied(Exception):
    """Somebody, or a double click, has taken this file over before."""


def nobody(done: int, total: int) -> None:
    """Nobody is told."""


@transaction.atomic
def keep_file(
    *,
    organisation: Organisation,
    file_name: str,
    body: bytes,
    by: Any,
    now: datetime,
    applies_on: date,
    is_complete: bool = False,
    creates_places: bool = False,
    invites: bool = False,
) -> PeopleImport:
    """Keep an uploaded file with the columns that its headings probably mean.

    :raises FileRefused: it cannot be read.
    :raises NotAllowed: ``by`` does not manage the organisation.
    """
    require_manager(by=by, organisation=organisation)
    table = read_table(body)
    PeopleImport.objects.waiting().filter(uploaded_at__lt=now - KEPT).delete()
    remembered = ImportMapping.objects.filter(organisation=organisation).first()
    columns = propose(table.headings, remembered.headings if remembered else {})
    kept: PeopleImport = PeopleImport.objects.create(
        organisation=organisation,
        file_name=file_name[-200:],
        body=body,
        lines=len(table.lines),
        columns=columns,
        applies_on=applies_on,
        is_complete=is_complete,
        creates_places=creates_places,
        invites=invites,
        uploaded_by=by,
        uploaded_at=now,
    )
    return kept


def dates_in(kept: PeopleImport, table: Table, columns: Sequence[str]) -> Evidence:
    """What the file's dates say of their order; where they do not tell, as it was last time."""
    mapping = ImportMapping.objects.filter(organisation=kept.organisation).first()
    usual = mapping.date_order if mapping is not None else ""
    positions = [number for number, name in enumerate(columns) if name in DAYS]
    return order_of(
        (line.cells[number] for line in table.lines for number in positions), usual=usual
    )


@transaction.atomic
def choose_columns(
    *, kept: PeopleImport, columns: Sequence[str], date_order: str, by: Any
) -> PeopleImport:
    """Read the file by these columns, and remember for the organisation what they mean.

    :raises ValidationError: it cannot be read by them.
    """
    require_manager(by=by, organisation=kept.organisation_id)
    table = read_table(bytes(kept.body or b""))
    columns = list(columns)
    if len(columns) != len(table.headings):
        raise ValidationError(_("The columns are not those of the file. Choose them again."))
    if faults := faults_in(columns):
        raise ValidationError([str(fault) for fault in faults])
    kept.columns, kept.date_order = columns, date_order
    kept.save(update_fields=["columns", "date_order"])
    mapping, _made = ImportMapping.objects.select_for_update().get_or_create(
        organisation=kept.organisation
    )
    headings = {plain(heading): name for heading, name in zip(table.headings, columns, strict=True)}
    mapping.headings = dict(list({**mapping.headings, **headings}.items())[-500:])
    mapping.date_order = date_order
    mapping.save()
    return kept


def read_lines(kept: PeopleImport) -> tuple[Table, list[Wanted]]:
    """The file as it is asked for. Writes nothing, and needs no database."""
    table = read_table(bytes(kept.body or b""))
    names = dict(enumerate(kept.columns))
    wanted = [
        read_line(
            line.number,
            {name: line.cells[place] for place, name in names.items() if name},
            order=kept.date_order,
        )
        for line in table.lines
    ]
    return table, wanted


def plan_import(
    kept: PeopleImport, *, by: Any, lines: list[Wanted] | None = None, tell: Tell = nobody
) -> Plan:
    """What it would do, as things stand now. Writes nothing.

    :raises FileRefused: it cannot be read.
    """
    if lines is None:
        lines = read_lines(kept)[1]
    return plan_lines(
        lines,
        roster=read_roster(organisation=kept.organisation, by=by),
        options=Options(
            applies_on=kept.applies_on,
            creates_places=kept.creates_places,
            is_complete=kept.is_complete,
        ),
        tell=tell,
    )


@transaction.atomic
def apply_import(
    *,
    deed: UUID,
    by: Any,
    now: datetime,
    lines: list[Wanted] | None = None,
    tell: Tell = nobody,
) -> tuple[dict[str, Any], Plan]:
    """Take the file over, all of it or nothing: counts, and the plan that was carried out.

    Faulty lines are left out if whoever asked said so; otherwise one of them refuses the
    file. The plan is made here, under the locks, so that what was tried a day ago is not
    done to people who have moved since.

    :raises AlreadyApplied: it was done before.
    :raises ValidationError: lines are faulty, and nobody said to leave them out.
    :raises PeopleImport.DoesNotExist: it was discarded.
    :raises NotAllowed: ``by`` does not manage the organisation (any more).
    """
    kept = PeopleImport.objects.select_for_update(of=("self",)).get(deed=deed)
    if kept.applied_at is not None or kept.body is None:
        raise AlreadyApplied
    require_manager(by=by, organisation=kept.organisation_id)
    kept.organisation = lock_organisation(kept.organisation_id)
    lock_people(
        kept.organisation.memberships.order_by().values_list("person", flat=True).distinct()
    )
    plan = plan_import(kept, by=by, lines=lines)
    if plan.faults and not kept.without_faulty:
        raise ValidationError(_("Some lines are faulty. Nothing was imported."))
    newcomers = write_plan(plan, organisation=kept.organisation, by=by, now=now, tell=tell)
    ended = _end_confirmed(kept, plan, by=by, now=now)
    counts: dict[str, Any] = plan.counts | {"ended": len(ended), "invited": 0}
    if kept.invites:
        counts["invited"] = owe_invitations(kept=kept, people=newcomers)
    kept.applied_at, kept.body, kept.result, kept.leavers = now, None, counts, {}
    kept.save(update_fields=["applied_at", "body", "result", "leavers"])
    return counts, plan


def _end_confirmed(kept: PeopleImport, plan: Plan, *, by: Any, now: datetime) -> list[int]:
    """Only those who were confirmed by name and are missing still."""
    confirmed = set(kept.leavers.get("jobs", ()))
    own = person_of(by) if by is not None else None
    jobs = [
        each.job
        for each in plan.missing
        if each.job in confirmed and (own is None or each.person != own.pk)
    ]
    if not jobs:
        return []
    return end_jobs(
        jobs=jobs,
        organisation=kept.organisation,
        left_on=date.fromisoformat(kept.leavers["left_on"]),
        now=now,
    )
