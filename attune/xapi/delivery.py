"""Delivery: what waits on a lane goes to its record store, in order, by one sender.

At least once, and harmlessly twice: ids and bytes are fixed. A sender holds the lane's
lease, reads a window of waiting rows, posts batches *outside any transaction*, and marks
them after their answers in one short transaction that first checks the fence. Killed at any
point it leaves either a mark or a row that waits and is sent again.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from attune.safety.encryption import SecretUnreadable
from attune.xapi import connecting, counting, filters, lanes
from attune.xapi.answers import Answer, Verdict, wait_after, wait_while_paused
from attune.xapi.comparison import same_statement
from attune.xapi.lrs import RecordStore
from attune.xapi.models import Delivery, Lane

logger = logging.getLogger(__name__)

LARGEST_BATCH = 1_000_000  # bytes
WINDOW = 500  # rows read at once: five full batches, well under a few MB
#: Answers of a quick store are marked together: a commit per batch would take longer than
#: the batch. At most so many rows, or so many seconds, are sent again after a kill.
MARK_ROWS = 500
MARK_SECONDS = 0.5
#: A transaction that takes its keys before another commits and commits after it leaves rows
#: behind the cursor. So far back each window looks for them: a person's later statement must
#: not overtake their earlier one.
LOOK_BACK = 1000  # records
#: After so many unknown outcomes in a row a batch is taken apart, since the store may be
#: choking on one statement in it.
ISOLATE_AFTER = 5
#: So many statements in a row that the store cannot cope with: it is the store.
SUSPECTS_BEFORE_REST = 4
LONGEST_ASIDE = timedelta(hours=1)
#: How often a run asks whether it was paused, before a batch: a quick store takes many a second.
ASK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One delivery about to be sent."""

    key: int
    record: int
    statement: str
    body: bytes


@dataclass(slots=True)
class Outcome:
    """What one run on one lane did. ``stopped`` says why it ended before the lane was empty."""

    lane: int
    delivered: int = 0
    quarantined: int = 0
    set_aside: int = 0
    stopped: str = ""
    more: bool = field(default=False)


class _Stop(Exception):
    """Ends the run: the lane rests, or is no longer ours."""


def sweep() -> list[int]:
    """What beat does every few seconds: bring lanes in line, name those that are due."""
    lanes.sync_environment_lane()
    lanes.settle()
    counting.forget_old(timezone.now())
    return lanes.due()


def deliver_all(*, seconds: float = 50) -> list[Outcome]:
    """One run on every lane that is due."""
    return [outcome for lane in sweep() if (outcome := deliver(lane, seconds=seconds))]


def deliver(
    lane: int,
    *,
    seconds: float = 50,
    connect: Callable[[Lane, str], RecordStore] | None = None,
) -> Outcome | None:
    """Send what waits on *lane* until it is empty, rests, or *seconds* have passed.

    ``None`` if another sender has the lane, or it is off or resting.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "Delivery sends outside any transaction: a store may take half a minute to answer."
        )
    row = Lane.objects.filter(pk=lane).first()
    if row is None:
        return None
    outcome = Outcome(lane)
    # A row that commits while we find the lane empty may have rung in vain: look again
    # after the lease is back.
    deadline = time.monotonic() + seconds
    while True:
        lease = lanes.take_lease(lane, for_=connecting.lease_length(row))
        if lease is None:
            return outcome if outcome.delivered else None
        row = Lane.objects.get(pk=lane)
        run = _Run(row, lease, outcome, deadline, connect or connecting.connect)
        try:
            run.go()
        finally:
            run.give_back()
        if outcome.stopped or outcome.more or lane not in lanes.due():
            return outcome


class _Run:
    """One sender's turn on one lane."""

    def __init__(
        self,
        lane: Lane,
        lease: lanes.Lease,
        outcome: Outcome,
        deadline: float,
        connect: Callable[[Lane, str], RecordStore],
    ) -> None:
        self.lane = lane
        self.lease = lease
        self.outcome = outcome
        self.deadline = deadline
        self.connect = connect
        self.store: RecordStore
        self.dice = random.Random()  # noqa: S311  (jitter, not a secret)
        self.length = connecting.lease_length(lane)
        self.extended = time.monotonic()
        self.largest = lane.batch_size  # shrinks within the run when the store says 413
        self.narrow = filters.is_narrow(lane)
        self.isolating = lane.failures >= ISOLATE_AFTER
        self.suspects: list[tuple[_Waiting, Answer]] = []
        self.asked = time.monotonic()
        self.version_checked = False
        self.unmarked: list[int] = []
        self.marked = time.monotonic()
        self.began = time.monotonic()
        self.before = outcome.delivered

    def go(self) -> None:
        """Send until the lane is empty or must rest."""
        try:
            with self._open() as self.store:
                if self.isolating:  # it may be choking on what is compressed
                    self.store.compresses = False
                for batch in self._batches():
                    self._send(batch)
                self._mark()
                if self.suspects:  # nothing behind them got through: it may be the store
                    self._rest(self.suspects[-1][1])
        except _Stop as stop:
            self.outcome.stopped = str(stop)

    def give_back(self) -> None:
        """Leave the lane to the next sender, with a word on how fast it went."""
        sent = self.outcome.delivered - self.before
        seconds = max(time.monotonic() - self.began, 0.001)
        lanes.give_back(self.lease, **({"rate": round(sent / seconds, 1)} if sent else {}))

    def _open(self) -> RecordStore:
        try:
            return self.connect(self.lane, lanes.secret_of(self.lane))
        except (SecretUnreadable, ValueError) as error:
            self._pause(Answer(Verdict.CLOSED, str(error)))
            raise

    # --- reading ------------------------------------------------------------------------

    def _batches(self) -> Iterator[Sequence[_Waiting]]:
        """Batches in the order of recording.

        A window at a time, so that memory stays flat, and the next window only after the last
        was sent. The cursor spares the database the rows that are done. A record with a lower
        key may commit after one with a higher: so each window looks back a little, and once
        the end is reached we begin again, until a pass finds nothing.
        """
        cursor = 0
        while time.monotonic() < self.deadline:
            if not cursor:
                self._mark()  # what is sent but not marked would be read again
            window = self._window(cursor)
            if window:
                yield from self._cut(window)
                cursor = max(cursor, window[-1].record)
            elif cursor:
                cursor = 0
            else:
                return
        self.outcome.more = True

    def _cut(self, window: Sequence[_Waiting]) -> Iterator[Sequence[_Waiting]]:
        """At most ``largest`` rows and a megabyte each; a larger statement goes alone."""
        pending: list[_Waiting] = []
        size = 2  # the brackets
        for row in window:
            if pending and (
                len(pending) >= self.largest or size + len(row.body) + 1 > LARGEST_BATCH
            ):
                yield pending
                pending, size = [], 2
            pending.append(row)
            size += len(row.body) + 1
        if pending:
            yield pending

    def _window(self, cursor: int) -> list[_Waiting]:
        # With our fence in the same command: once the settings change, and with them perhaps the
        # store, nothing that was enqueued by the new ones is read by us. Nor is a paused lane.
        rows = lanes.waiting().filter(
            lane_id=self.lane.pk,
            lane__lease_token=self.lease.token,
            lane__is_enabled=True,
            record_id__gt=cursor - LOOK_BACK,
        )
        if self.narrow:  # belt and braces: another client's record never leaves here
            rows = rows.filter(filters.Taken())
        # What was sent and not marked yet still waits, for the database.
        passed_over = [*self.unmarked, *(waiting.key for waiting, _answer in self.suspects)]
        if passed_over:
            rows = rows.exclude(pk__in=passed_over)
        values = rows.order_by("record_id").values_list(
            "pk", "record_id", "record__statement_id", "record__body"
        )[:WINDOW]
        return [_Waiting(key, rec, str(sid), body.encode()) for key, rec, sid, body in values]

    # --- sending ------------------------------------------------------------------------

    def _send(self, batch: Sequence[_Waiting]) -> None:
        if len(batch) > self.largest:  # the store said 413 after this batch was cut
            return self._halve(batch)
        answer = self._post(batch)
        match answer.verdict:
            case Verdict.DELIVERED:
                self._delivered(batch)
            case Verdict.PARTLY:
                self._partly(batch, answer)
            case Verdict.CLOSED:
                self._pause(answer)
            case Verdict.UNKNOWN:
                self._unknown(batch, answer)
            case Verdict.REFUSED | Verdict.CONFLICT if len(batch) > 1:
                if answer.status == 413:
                    self.largest = max(1, len(batch) // 2)
                self._halve(batch)
            case Verdict.REFUSED:
                self._check_version()
                self._quarantine(batch[0], answer)
            case Verdict.CONFLICT:
                self._compare(batch[0], answer)

    def _post(self, batch: Sequence[_Waiting]) -> Answer:
        """Once more without compression, where that may be what the store does not take: it is no
        fault of the statements, and must not fill the quarantine."""
        self._keep_lease()
        bodies, ids = [item.body for item in batch], [item.statement for item in batch]
        answer = self.store.post(bodies, ids=ids)
        if not self.store.may_dislike_gzip(answer):
            return answer
        self.store.stop_compressing()
        self._keep_lease()
        plain = self.store.post(bodies, ids=ids)
        if plain.verdict in (Verdict.DELIVERED, Verdict.PARTLY):
            words = _("The store does not take compressed batches (%s): sent without.")
            lanes.note(self.lease, words % answer.message)
        return plain

    def _partly(self, batch: Sequence[_Waiting], answer: Answer) -> None:
        """Delivered is what the store names; the rest is sent again, and at last looked up."""
        rest = [item for item in batch if item.statement not in answer.named]
        if len(rest) < len(batch):
            self._delivered([item for item in batch if item.statement in answer.named])
            return self._send(rest)
        if len(rest) > 1:
            return self._halve(rest)
        found = self.store.find(rest[0].statement)
        if found.statement is None:
            return self._unknown(rest, answer)
        return self._judge(rest[0], answer, found.statement)

    def _judge(self, row: _Waiting, answer: Answer, held: Mapping[str, Any]) -> None:
        if same_statement(json.loads(row.body), held):
            return self._delivered([row])
        return self._quarantine(row, answer, _("The store holds another statement of this id."))

    def _halve(self, batch: Sequence[_Waiting]) -> None:
        middle = len(batch) // 2
        self._send(batch[:middle])
        self._send(batch[middle:])

    def _keep_lease(self) -> None:
        """The lease outlasts the exchange that is about to begin, if we may still send."""
        if time.monotonic() - self.asked >= ASK_SECONDS:
            self.asked = time.monotonic()
            if not lanes.may_send(self.lease):
                self._mark()
                raise _Stop(_("The lane was paused, or its settings changed."))
        if time.monotonic() - self.extended < connecting.LEASE_MARGIN / 2:
            return
        if not lanes.extend_lease(self.lease, for_=self.length):
            raise _Stop(_("Another sender has taken the lane over."))
        self.extended = time.monotonic()

    def _compare(self, row: _Waiting, answer: Answer) -> None:
        """The store knows this id: is it the same statement?"""
        self._keep_lease()
        found = self.store.find(row.statement)
        if found.statement is not None:
            return self._judge(row, answer, found.statement)
        if found.answer.verdict is Verdict.UNKNOWN:
            return self._unknown([row], found.answer)
        # Credentials that may only write, or a store that hides what it knows.
        return self._quarantine(
            row,
            answer,
            _("The store knows this id and does not show the statement (%s).")
            % found.answer.message,
        )

    def _check_version(self) -> None:
        """A store that does not speak our version refuses everything: that is no fault of the
        statements, and must not fill the quarantine."""
        if self.version_checked:
            return
        self.version_checked = True
        wrong = connecting.wrong_version(self.lane, self.store)
        if wrong:
            self._pause(wrong)

    # --- marking ------------------------------------------------------------------------

    def _delivered(self, batch: Sequence[_Waiting]) -> None:
        self.unmarked += [item.key for item in batch]
        late = time.monotonic() - self.marked >= MARK_SECONDS
        if late or self.suspects or len(self.unmarked) >= MARK_ROWS:
            self._mark()

    def _mark(self) -> None:
        """Write down what the store has taken."""
        self.marked = time.monotonic()
        if not self.unmarked:
            return
        with transaction.atomic():
            self._fence(delivered=len(self.unmarked), ok=True)
            Delivery.objects.filter(pk__in=self.unmarked, **lanes.WAITING).update(
                delivered_at=Now(), answer="", aside_until=None
            )
            for suspect, answer in self.suspects:
                self._set_aside(suspect, answer)
            self._count(delivered=len(self.unmarked))
        self.outcome.delivered += len(self.unmarked)
        self.outcome.set_aside += len(self.suspects)
        self.unmarked.clear()
        self.suspects.clear()

    def _quarantine(self, row: _Waiting, answer: Answer, why: str = "") -> None:
        said = f"{why} {answer.message}".strip()
        self._mark()
        with transaction.atomic():
            self._fence(ok=True)  # the store works; it is the statement that it refuses
            Delivery.objects.filter(pk=row.key, **lanes.WAITING).update(
                quarantined_at=Now(), answer=said, aside_until=None
            )
            self._count(quarantined=1)
        self.outcome.quarantined += 1
        logger.error("Lane %s refuses statement %s: %s", self.lane, row.statement, said)

    def _set_aside(self, row: _Waiting, answer: Answer) -> None:
        """The store chokes on this statement and takes others: it is tried again later."""
        attempts = Delivery.objects.values_list("attempts", flat=True).get(pk=row.key)
        pause = min(LONGEST_ASIDE, timedelta(minutes=1) * 2 ** min(attempts, 10))
        Delivery.objects.filter(pk=row.key, **lanes.WAITING).update(
            attempts=F("attempts") + 1, answer=answer.message, aside_until=lanes.from_now(pause)
        )
        logger.error(
            "Lane %s cannot cope with statement %s: %s", self.lane, row.statement, answer.message
        )

    def _fence(self, *, delivered: int = 0, ok: bool = False) -> None:
        if not lanes.extend_lease(self.lease, for_=self.length, delivered=delivered, ok=ok):
            raise _Stop(_("Another sender has taken the lane over."))
        self.extended = time.monotonic()
        if ok:
            self.lane.failures = 0

    def _count(self, **what: int) -> None:
        counting.count(self.lane.pk, now=timezone.now(), **what)

    # --- resting ------------------------------------------------------------------------

    def _unknown(self, batch: Sequence[_Waiting], answer: Answer) -> None:
        if not (self.isolating and answer.may_be_one_statement):
            self._rest(answer)
        if len(batch) > 1:
            return self._halve(batch)
        self._mark()  # so that only what passes *after* this one clears the store
        self.suspects.append((batch[0], answer))
        if len(self.suspects) >= SUSPECTS_BEFORE_REST:
            self._rest(answer)
        return None

    def _rest(self, answer: Answer) -> None:
        self._mark()
        failures = self.lane.failures + 1
        wait = wait_after(failures, retry_after=answer.retry_after, dice=self.dice)
        with transaction.atomic():
            if lanes.rest(
                self.lease, for_=wait, failures=failures, pause_reason="", last_error=answer.message
            ):
                self._count(failures=1)
        logger.warning(
            "Lane %s rests for %.1f s: %s", self.lane, wait.total_seconds(), answer.message
        )
        raise _Stop(answer.message)

    def _pause(self, answer: Answer) -> None:
        self._mark()
        with transaction.atomic():
            if lanes.rest(
                self.lease,
                for_=wait_while_paused(dice=self.dice),
                failures=self.lane.failures + 1,
                pause_reason=answer.message,
                last_error=answer.message,
            ):
                self._count(failures=1)
        # Said loudly once, and not again at every probe.
        level = logging.DEBUG if self.lane.pause_reason == answer.message else logging.ERROR
        logger.log(level, "Lane %s is paused: %s", self.lane, answer.message)
        raise _Stop(answer.message)
