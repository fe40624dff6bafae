"""What a lane takes: the records of its client, and of the engagements and verbs that it names.

One rule, in SQL, for whoever asks: recording, a lane that changed, the sweep and the sender.
The client is a fence without a gate. Engagements and verbs choose among what may pass, and
a voiding statement follows what it takes back: a store that holds a result must learn that the
result is void, whatever verbs it was asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func
from django.db.models.sql.compiler import SQLCompiler

from attune.xapi import verbs
from attune.xapi.models import FilteredBy, Lane, LaneFilter, StatementRecord

#: Codes that a form offers at most; any other can be typed.
MOST_OFFERED = 200


def takes_sql(
    *,
    lane: str = "lane.id",
    lane_client: str = "lane.client",
    client: str = "record.client",
    engagement: str = "record.engagement",
    verb: str = "record.verb",
    voids: str = "record.voids",
) -> str:
    """The condition that a lane takes a record, over the SQL names of their columns.

    Whether a switched-off lane is asked at all is the caller's affair. No parameters.
    """
    fits = _fits(lane, engagement, verb)
    fits_target = _fits(lane, "target.engagement", "target.verb")
    # By its own verb a voiding would come to stores that have not got what it takes back, where
    # it waits for that in vain.
    return (
        f"({lane_client} = '' OR {lane_client} = {client}) AND (({voids} IS NULL AND {fits}) "  # noqa: S608  # nosec B608
        f"OR ({voids} IS NOT NULL AND EXISTS (SELECT 1 "
        "FROM attune_xapi_statementrecord target "
        f"WHERE target.statement_id = {voids} AND ({fits_target} "
        "OR EXISTS (SELECT 1 FROM attune_xapi_delivery held "
        f"WHERE held.record_id = target.id AND held.lane_id = {lane} "
        "AND held.delivered_at IS NOT NULL)))))"
    )


def _fits(lane: str, engagement: str, verb: str) -> str:
    """Each field has no filter, or one with the record's value."""
    return " AND ".join(
        "(NOT EXISTS (SELECT 1 FROM attune_xapi_lanefilter named "  # noqa: S608  # nosec B608
        f"WHERE named.lane_id = {lane} AND named.field = '{field}') "
        "OR EXISTS (SELECT 1 FROM attune_xapi_lanefilter fits "
        f"WHERE fits.lane_id = {lane} AND fits.field = '{field}' AND fits.value = {value}))"
        for field, value in (
            (FilteredBy.ENGAGEMENT.value, engagement),
            (FilteredBy.VERB.value, verb),
        )
    )


class Taken(Func):
    """``takes_sql`` for a queryset of deliveries: ``Delivery.objects.filter(Taken())``."""

    output_field = BooleanField()
    conditional = True
    names = ("lane", "lane_client", "client", "engagement", "verb", "voids")

    def __init__(self, *columns: Any, **extra: Any) -> None:
        fields = (
            *("lane_id", "lane__client"),
            *("record__client", "record__engagement", "record__verb", "record__voids"),
        )
        super().__init__(*(columns or [F(field) for field in fields]), **extra)

    def as_sql(  # type: ignore[override]  # there is no function whose template could be given
        self, compiler: SQLCompiler, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        # Plain columns: they bring no parameters, and so may be named more than once.
        columns = [compiler.compile(column)[0] for column in self.get_source_expressions()]
        return f"({takes_sql(**dict(zip(self.names, columns, strict=True)))})", ()


# --- the rows -------------------------------------------------------------------------------


def values_of(lane: Lane, field: FilteredBy) -> list[str]:
    """The values that *lane* names for *field*, sorted; none means all."""
    if lane.pk is None:
        return []
    # Not by a query of its own: whoever lists lanes has fetched the rows beforehand.
    return sorted(row.value for row in lane.filters.all() if row.field == field)


def set_values(lane: Lane, wanted: Mapping[FilteredBy, Collection[str]]) -> None:
    """Make the rows of *lane* say *wanted*. Afterwards comes ``lanes.settings_changed``."""
    for field, values in wanted.items():
        LaneFilter.objects.filter(lane=lane, field=field).exclude(value__in=values).delete()
        LaneFilter.objects.bulk_create(
            [LaneFilter(lane=lane, field=field, value=each) for each in sorted({*values})],
            ignore_conflicts=True,
        )


def is_narrow(lane: Lane) -> bool:
    """Whether there is anything that *lane* would not take."""
    return bool(lane.client) or LaneFilter.objects.filter(lane=lane).exists()


# --- what may be chosen -----------------------------------------------------------------------


def known_codes(column: str) -> list[str]:
    """The codes in ``engagement`` or ``client`` of what was recorded, sorted, 200 at most.

    From one entry of the index to the next: five million rows cost as much as their codes.
    """
    if column not in ("engagement", "client"):
        raise ValueError(column)
    table = StatementRecord._meta.db_table
    sql = (
        f"WITH RECURSIVE known(code) AS (SELECT MIN({column}) FROM {table} "  # noqa: S608  # nosec B608
        f"WHERE {column} > '' UNION ALL SELECT (SELECT MIN({column}) FROM {table} "
        f"WHERE {column} > known.code) FROM known WHERE known.code IS NOT NULL) "
        "SELECT code FROM known WHERE code IS NOT NULL LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [MOST_OFFERED])
        return [code for (code,) in cursor.fetchall()]


def verb_ids(names: Iterable[str]) -> list[str]:
    """Verbs as their IRIs; one of ours may be called by its English name alone (``passed``)."""
    ours = {verb.display["en"]: verb.id for verb in verbs.ALL.values()}
    return [ours.get(name.strip().lower(), name.strip()) for name in names if name.strip()]
