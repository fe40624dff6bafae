"""Whatever happens in whatever order: nothing is lost, nothing doubled, nothing overtaken.

Hypothesis chooses what people, operators, the clock, a store with moods and sudden deaths do.
After each step what must always hold is asked of the store and of the database; at the end
the store is healed and must hold all that was recorded, once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, assume
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from attune.xapi import archives, delivery, lanes, outbox, replays, retention
from attune.xapi.models import Delivery, Lane, LaneOrigin, Replay, ReplayState, StatementRecord
from attune.xapi.statements import void
from tests.delivery.conftest import make_lane, statement, tags
from tests.delivery.double import Double, answer, reset, serving

pytestmark = pytest.mark.database

VOIDED = "http://adlnet.gov/expapi/verbs/voided"


class Killed(BaseException):
    """As kill -9: no ``except Exception`` stops it."""


#: Where a worker may die: the owner and the name of what is called there.
DEATHS: list[tuple[Any, str]] = [
    (delivery._Run, "_mark"),
    (delivery._Run, "_fence"),
    (lanes, "give_back"),
    (replays, "_next"),
    (replays, "_queue"),
    (archives, "verify"),
    (archives, "finish"),
    (archives, "_flush"),
    (archives, "_flush_names"),
    (retention, "_empty"),
]


class Interleavings(RuleBasedStateMachine):
    """One lane, one store, one outbox."""

    def __init__(self) -> None:
        super().__init__()
        for model in (Delivery, Replay, StatementRecord, Lane):
            model.objects.all().delete()
        self.folder = Path(tempfile.mkdtemp(prefix="attune-interleaving-"))
        self.settings = override_settings(ATTUNE_ARCHIVE_DIR=str(self.folder))
        self.settings.enable()
        self.running = serving(Double())
        self.double = self.running.__enter__()
        self.count = 0
        self.voided: set[int] = set()
        self.now = datetime(2026, 6, 1, tzinfo=UTC)

    @initialize(narrow=st.booleans())
    def a_lane(self, narrow: bool) -> None:
        self.lane = make_lane(self.double, client="nordlicht" if narrow else "", batch_size=3)

    def teardown(self) -> None:
        try:
            if hasattr(self, "lane"):
                self.heal()
        finally:
            self.running.__exit__(None, None, None)
            self.settings.disable()
            shutil.rmtree(self.folder)

    # --- deeds -------------------------------------------------------------------------------

    @rule(count=st.integers(1, 5), client=st.sampled_from(["nordlicht", "cedar"]))
    def people_work(self, count: int, client: str) -> None:
        with transaction.atomic():
            for _ in range(count):
                outbox.record(statement(self.count), tags=tags(client), now=self.now)
                self.count += 1

    @rule(data=st.data())
    def something_is_taken_back(self, data: st.DataObject) -> None:
        assume(self.count > len(self.voided))
        # Mostly what is fresh, since that is what has not arrived yet.
        left = sorted(set(range(self.count)) - self.voided)[-4:]
        number = data.draw(st.sampled_from(left))
        self.voided.add(number)
        said = statement(number)
        row = StatementRecord.objects.get(statement_id=said.id)
        taken_back = void(
            deed=f"void {number}",
            actor=said.actor,
            target=said.id,
            at=said.occurred_at,
            registration=said.registration,
        )
        with transaction.atomic():
            assert outbox.record(taken_back, tags=tags(row.client), now=self.now)

    # --- the machinery, and its deaths -----------------------------------------------------------

    @rule(death=st.none() | st.sampled_from(DEATHS), turn=st.integers(1, 3))
    def deliver(self, death: tuple[Any, str] | None, turn: int) -> None:
        self.until_death(lambda: delivery.deliver(self.lane.pk), death, turn)

    @rule(death=st.none() | st.sampled_from(DEATHS), turn=st.integers(1, 2))
    def sweep_replays(self, death: tuple[Any, str] | None, turn: int) -> None:
        self.now += timedelta(seconds=5)
        self.until_death(lambda: replays.move_all(now=self.now), death, turn)

    @rule(death=st.none() | st.sampled_from(DEATHS), turn=st.integers(1, 3))
    def archive(self, death: tuple[Any, str] | None, turn: int) -> None:
        self.now += timedelta(seconds=1)
        with mock.patch.multiple(retention, ROWS=2, FILE_ROWS=4):
            self.until_death(
                lambda: retention.archive(older_than=timedelta(0), now=self.now), death, turn
            )

    @rule()
    def restore(self) -> None:
        names = StatementRecord.objects.exclude(archive="").order_by()
        for name in sorted(set(names.values_list("archive", flat=True))):
            retention.restore(name)

    @rule()
    def put_away(self) -> None:
        retention.put_away()

    def until_death(
        self, work: Callable[[], Any], death: tuple[Any, str] | None, turn: int
    ) -> None:
        if death is None:
            work()
            return
        owner, name = death
        original = getattr(owner, name)
        calls = 0

        def dies(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == turn:
                raise Killed
            return original(*args, **kwargs)

        with mock.patch.object(owner, name, dies):
            try:
                work()
            except Killed:
                # The dead sender's lease runs out; its rest is over.
                Lane.objects.update(lease_until=None)

    # --- operators and the store ----------------------------------------------------------------

    @rule(
        only_missing=st.booleans(),
        client=st.sampled_from(["", "cedar"]),
        per_minute=st.sampled_from([60, 60_000]),
    )
    def ask_for_a_replay(self, only_missing: bool, client: str, per_minute: int) -> None:
        wish = replays.Wish(
            lane=self.lane.pk, only_missing=only_missing, client=client, per_minute=per_minute
        )
        replays.start(wish, by="alex", now=self.now)

    @rule(deed=st.sampled_from(["hold", "go_on", "cancel"]))
    def steer(self, deed: str) -> None:
        for key in Replay.objects.values_list("pk", flat=True)[:2]:
            if deed == "cancel":
                replays.cancel(key, now=self.now)
            else:
                getattr(replays, deed)(key)

    @rule(is_on=st.booleans())
    def switch(self, is_on: bool) -> None:
        self.lane.refresh_from_db()
        self.lane.is_enabled = is_on
        self.lane.save()
        lanes.settings_changed(self.lane)

    @rule(
        mood=st.sampled_from(
            ["503", "lost answer", "refused before", "409", "wary", "wary", "well"]
        ),
        data=st.data(),
    )
    def the_store_has_moods(self, mood: str, data: st.DataObject) -> None:
        if mood == "503":
            self.double.plan(answer(503, b"busy"))
        if mood == "lost answer":
            self.double.plan(reset(store=True))
        if mood == "refused before":
            self.double.plan(reset(store=False))
        if mood == "409":
            self.double.repeat = data.draw(st.sampled_from([200, 201, 204, 409]))
        if mood == "wary" and self.count:
            number = data.draw(st.integers(max(0, self.count - 4), self.count - 1))
            self.double.refused = {str(statement(number).id)}
        if mood == "well":
            self.double.refused = set()
        Lane.objects.update(retry_at=None)

    # --- what always holds ----------------------------------------------------------------

    @invariant()
    def nothing_is_stored_twice_or_overtaken_or_of_another_client(self) -> None:
        assert set(self.double.writes.values()) <= {1}
        arrived = {identifier: place for place, identifier in enumerate(self.double.stored)}
        for identifier, held in self.double.stored.items():
            if held["verb"]["id"] == VOIDED:
                assert arrived[held["object"]["id"]] < arrived[identifier]
        if hasattr(self, "lane") and self.lane.client:
            foreign = StatementRecord.objects.exclude(client=self.lane.client).order_by()
            ids = {str(each) for each in foreign.values_list("statement_id", flat=True)}
            assert not ids & set(self.double.stored)

    @invariant()
    def what_is_marked_is_there_and_every_body_is_somewhere(self) -> None:
        marked = Delivery.objects.filter(delivered_at__isnull=False).order_by()
        ids = marked.values_list("record__statement_id", flat=True)
        assert {str(each) for each in ids} <= set(self.double.stored)
        emptied = StatementRecord.objects.filter(body="").order_by()
        for key, name in emptied.values_list("pk", "archive"):
            assert key in {line.record for line in archives.read(self.folder, name)}
        assert not Delivery.objects.filter(record__body="", delivered_at=None).exists()

    # --- the end ----------------------------------------------------------------------------------

    def heal(self) -> None:
        self.double.faults.clear()
        self.double.refused = set()
        self.lane.refresh_from_db()
        self.lane.is_enabled = True
        self.lane.save()
        lanes.settings_changed(self.lane)
        outbox.retry()
        for replay in Replay.objects.filter(state=ReplayState.HELD):
            replays.go_on(replay.pk)
        for _turn in range(60):
            self.now += timedelta(minutes=1)
            replays.move_all(now=self.now)
            Lane.objects.update(retry_at=None, lease_until=None)
            delivery.deliver(self.lane.pk)
            if not Replay.objects.filter(state=ReplayState.RUNNING).exists() and not lanes.due():
                break
        own = StatementRecord.objects.filter(
            **({"client": self.lane.client} if self.lane.client else {})
        )
        recorded = {str(each) for each in own.values_list("statement_id", flat=True)}
        assert set(self.double.stored) == recorded
        assert not Delivery.objects.filter(delivered_at=None).exists()
        self.nothing_is_stored_twice_or_overtaken_or_of_another_client()
        self.what_is_marked_is_there_and_every_body_is_somewhere()
        assert Lane.objects.filter(origin=LaneOrigin.ADMIN, lease_token__isnull=False).count() == 0


def test_any_interleaving(committed: None) -> None:
    assert settings.ATTUNE_XAPI_LINT
    assert timezone.is_aware(timezone.now())
    run_state_machine_as_test(
        Interleavings,
        settings=hypothesis_settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            phases=(Phase.generate,),  # a failing way is short enough to read as it is
            suppress_health_check=list(HealthCheck),
        ),
    )
