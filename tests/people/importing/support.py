"""Files of people for tests, and the way from a file to what became of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from attune.people.importing.models import PeopleImport
from attune.people.importing.plans import Plan
from attune.people.importing.services import apply_import, choose_columns, keep_file, plan_import
from attune.people.importing.tables import read_table
from attune.people.models import Person

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
HEADINGS = "Personnel number;Full name;E-mail;Roles;Job title;Location;Hired on;Last day;Team"


def csv_of(*lines: str, headings: str = HEADINGS) -> bytes:
    return "\n".join([headings, *lines]).encode()


def keep(body: bytes, *, by: Person, order: str = "dmy", **options: Any) -> PeopleImport:
    """Upload a file for the organisation that ``by`` works for; columns as proposed."""
    organisation = options.pop("organisation", None) or by.memberships.get().organisation
    kept = keep_file(
        organisation=organisation,
        file_name="people.csv",
        body=body,
        by=by.user,
        now=NOW,
        **{"applies_on": TODAY, **options},
    )
    return choose_columns(kept=kept, columns=kept.columns, date_order=order, by=by.user)


def tried(body: bytes, *, by: Person, **options: Any) -> Plan:
    return plan_import(keep(body, by=by, **options), by=by.user)


def imported(body: bytes, *, by: Person, **options: Any) -> dict[str, Any]:
    kept = keep(body, by=by, **options)
    return apply_import(deed=kept.deed, by=by.user, now=NOW)[0]


def reasons(plan: Plan) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.column, fault.value) for fault in plan.faults]


__all__ = ["read_table"]
