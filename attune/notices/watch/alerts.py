"""Looking for trouble once a minute, and telling operators of it: one message for all of it.

Whoever looks holds a row's lock, so that two workers tell nothing twice; the incidents and the
messages about them commit together. Nothing is sent here.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from attune.notices import destinations, kinds, sending, services
from attune.notices.models import Destination, Heartbeat, Incident
from attune.notices.watch import findings, wording
from attune.notices.watch.incidents import Event, Finding, Standing, decide
from attune.xapi import health

logger = logging.getLogger(__name__)

#: The row whose lock makes one look follow the other, and which says when the last one was.
LOOK = "attune.notices.watch.look"
BETWEEN_LOOKS = timedelta(seconds=50)

Told = list[tuple[Incident, Event]]


def look(*, now: datetime) -> int:
    """Open, go on with and close incidents; how many messages were written."""
    destinations.sync_environment()
    found, lanes = findings.now_wrong(now)
    with transaction.atomic():
        _take_turn(now)
        recipients = list(destinations.alerted())
        told = _go_on(found, now=now, can_tell=bool(recipients))
        return _write(told, recipients, lanes, now=now) if told else 0


def _take_turn(now: datetime) -> None:
    Heartbeat.objects.get_or_create(name=LOOK, defaults={"at": now})
    turn = Heartbeat.objects.select_for_update().get(name=LOOK)
    turn.at = now
    turn.save(update_fields=["at"])


def _go_on(found: list[Finding], *, now: datetime, can_tell: bool) -> Told:
    """Bring the incidents in line with what was found; what there is to tell.

    With nobody to tell, nothing counts as told: it is told to the first recipient there is.
    """
    wrong = {finding.key: finding for finding in found}
    incidents = {row.key: row for row in Incident.objects.filter(closed_at=None)}
    watched = findings.limits()
    told: Told = []
    for key in sorted(wrong.keys() | incidents.keys()):
        finding = wrong.get(key)
        incident = incidents.get(key)
        before = _standing(incident) if incident is not None else None
        after, event = decide(before, finding, now=now)
        if after is None:
            continue
        if event is not None and not can_tell:
            quiet = before.told_at if before else None
            after = _unsaid(after, told_at=quiet, told=before.told if before else 0)
            event = None
        if incident is not None and incident.trouble not in watched:
            after, event = _closed(after, now), None  # nobody wants to hear of it any more
        row = _save(incident, finding, after)
        if event is not None:
            told.append((row, event))
    return told


def _standing(row: Incident) -> Standing:
    return Standing(
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        calm_since=row.calm_since,
        told_at=row.told_at,
        told=row.told,
        told_level=row.told_level,
        closed_at=row.closed_at,
    )


def _unsaid(standing: Standing, *, told_at: datetime | None, told: int) -> Standing:
    return Standing(**{**asdict(standing), "told_at": told_at, "told": told})


def _closed(standing: Standing, now: datetime) -> Standing:
    return Standing(**{**asdict(standing), "closed_at": now})


def _save(row: Incident | None, finding: Finding | None, standing: Standing) -> Incident:
    if row is None:
        assert finding is not None  # noqa: S101  (nothing begins without one)
        row = Incident(key=finding.key, trouble=finding.trouble)
    if finding is not None:
        row.about, row.lane = finding.about[:120], finding.lane
        row.level, row.detail = finding.level, finding.detail[:1000]
    for name, value in asdict(standing).items():
        setattr(row, name, value)
    row.save()
    return row


def _write(
    told: Told, recipients: list[Destination], lanes: list[health.LaneFigures], *, now: datetime
) -> int:
    by_lane = {lane.lane: lane for lane in lanes}
    # The same news have the same key, whoever writes them.
    news = ";".join(f"{row.pk} {event.value} {row.told}" for row, event in told)
    key = hashlib.sha256(news.encode()).hexdigest()[:40]
    drafts = []
    for recipient in recipients:
        with translation.override(recipient.language):
            subject, body = wording.in_words(told, by_lane, now=now)
            drafts.append(
                services.Draft(
                    kind=kinds.ALERT.name,
                    key=key,
                    subject=subject,
                    body=body,
                    destination=recipient,
                    language=recipient.language,
                    details=wording.for_machines(told, by_lane),
                )
            )
    return services.write_many(drafts, now=now)


# --- where no worker looks any more ------------------------------------------------------------


class _Stand:
    """At most one thread of a process stands in for the worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def in_(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        threading.Thread(target=self._run, name="attune-stand-in", daemon=True).start()

    def _run(self) -> None:
        try:
            stand_in()
        except DatabaseError as error:
            logger.warning("No worker looks for trouble, and this process cannot: %s", error)
        finally:
            connection.close()
            self._lock.release()


_stand = _Stand()


def stand_in_soon() -> None:
    """A web process that finds the sweeps missing looks and tells in the worker's place.

    Returns at once.
    """
    _stand.in_()


def stand_in() -> Any:
    """Look, unless somebody did within the last minute, and send what there is to tell."""
    now = timezone.now()
    last = Heartbeat.objects.filter(name=LOOK).values_list("at", flat=True).first()
    if last is not None and now - last < BETWEEN_LOOKS:
        return None
    look(now=now)
    return sending.send_all(seconds=15)
