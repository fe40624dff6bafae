"""Everything that the site knows of a person, as a ZIP of one JSON file and many CSV tables."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet

from attune.jobs.models import Job
from attune.people import hooks
from attune.people.access import reach_of
from attune.people.erasing.authority import require_eraser
from attune.people.hooks import Part
from attune.people.models import Person
from attune.tabular.spreadsheets import csv_lines

IN_MEMORY = 2_000_000


def rows_of(queryset: QuerySet[Any], *more: str) -> Iterator[dict[str, Any]]:
    """Every column of every row, and ``more`` of what its keys lead to, as plain values."""
    columns = [field.attname for field in queryset.model._meta.concrete_fields]
    for row in queryset.values(*columns, *more).iterator():
        yield {name: plain(value) for name, value in row.items()}


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"{len(bytes(value))} bytes"
    return str(value) if isinstance(value, UUID) else value


def parts_of(person: Person) -> Iterator[Part]:
    """This package's first, then those of the packages above, in the order of their floors."""
    yield from own_parts(person)
    for handler in hooks.person_parts:
        yield from handler(person)


def own_parts(person: Person) -> Iterator[Part]:
    rows = Person.objects.filter(pk=person.pk)
    yield Part("person", rows_of(rows))
    if person.user is not None:
        yield Part("account", [_account(person.user)])
        yield Part("sign-ins", _sign_ins(person.email))
        asked = Job.objects.filter(asked_by=person.user_id).values("title", "kind", "asked_at")
        yield Part(
            "jobs-asked-for",
            ({name: plain(value) for name, value in row.items()} for row in asked),
        )
    yield Part("jobs", rows_of(person.memberships.all(), "organisation__name", "location__name"))
    yield Part("roles", rows_of(_roles(person)))
    yield Part(
        "teams", rows_of(person.team_memberships.all(), "team__name", "team__engagement__name")
    )
    yield Part("invitations", rows_of(person.import_invitations.all()))


def _roles(person: Person) -> QuerySet[Any]:
    from_here = apps.get_model("attune_people", "MembershipRole")
    return from_here._default_manager.filter(membership__person=person)


SECRET = ("password",)


def _account(user: Any) -> dict[str, Any]:
    values = {
        field.attname: plain(getattr(user, field.attname))
        for field in user._meta.concrete_fields
        if field.name not in SECRET
    }
    return values | {"groups": ", ".join(user.groups.values_list("name", flat=True))}


def _sign_ins(email: str) -> Iterator[dict[str, Any]]:
    """Where the site counts them with django-axes."""
    if email and apps.is_installed("axes"):
        model = apps.get_model("axes", "AccessLog")
        yield from rows_of(model._default_manager.filter(username__iexact=email))


def write_export(person: Person, output: IO[bytes], *, with_private: bool) -> None:
    """``data.json`` with all parts, and a CSV of each beside it."""
    everything: dict[str, list[dict[str, Any]]] = {}
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts_of(person):
            if part.private and not with_private:
                continue
            rows = list(part.rows)
            everything.setdefault(part.name, []).extend(rows)
        for name, rows in everything.items():
            archive.writestr(f"{name}.csv", b"".join(_table(rows)))
        text = json.dumps(everything, ensure_ascii=False, indent=1)
        archive.writestr("data.json", text)


def _table(rows: list[dict[str, Any]]) -> Iterable[bytes]:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    return csv_lines(headings, ([_cell(row.get(name)) for name in headings] for row in rows))


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


@transaction.atomic
def export_person(*, person: Person, by: Any, now: datetime) -> IO[bytes]:
    """The ZIP, open at its beginning; notes when it was made.

    :raises NotAllowed: ``by`` may not have it (see ``authority``).
    """
    require_eraser(person=person, by=by)
    # Handed on open; whoever sends it closes it.
    output: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    write_export(person, output, with_private=by is None or reach_of(by).everything)
    output.seek(0)
    Person.objects.filter(pk=person.pk).update(data_exported_at=now)
    return output
