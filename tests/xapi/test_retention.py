"""Retention: what is archived, what never, killed at each step, and brought back to the letter."""

from __future__ import annotations

import gzip
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from attune.xapi import archives, checks, erasure, lanes, outbox, replays, retention, tasks
from attune.xapi.archives import ArchiveBroken, ArchiveBusy, NoFolder
from attune.xapi.models import Delivery, GivenUp, Lane, Replay, ReplayState, StatementRecord
from attune.xapi.statements import void
from tests.delivery.conftest import statement, tags

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def place(settings: Any, tmp_path: Path) -> Path:
    settings.ATTUNE_ARCHIVE_DIR = str(tmp_path / "archives")
    return tmp_path / "archives"


@pytest.fixture
def lane() -> Lane:
    return Lane.objects.create(name="store", endpoint="https://lrs.example/")


def recorded(count: int, *, at: datetime = OLD, first: int = 0, client: str = "nordlicht") -> None:
    with transaction.atomic():
        outbox.record_many(
            ((statement(first + n), tags(client)) for n in range(count)),
            now=at,
        )


def delivered() -> None:
    Delivery.objects.update(delivered_at=NOW, quarantined_at=None)


def archive() -> retention.Kept:
    return retention.archive(older_than=YEAR, now=NOW)


def bodies() -> dict[int, str]:
    return dict(StatementRecord.objects.order_by("pk").values_list("pk", "body"))


def test_it_is_off_unless_a_setting_asks_for_it(lane: Lane, place: Path, settings: Any) -> None:
    recorded(1)
    delivered()
    tasks.retain()
    assert not place.exists()
    settings.ATTUNE_STATEMENT_RETENTION_DAYS = 30
    tasks.retain()
    assert StatementRecord.objects.get().body == ""


def test_what_is_old_and_delivered_goes_and_its_row_stays(lane: Lane, place: Path) -> None:
    recorded(3)
    recorded(1, at=NOW, first=10)
    delivered()
    before = bodies()
    row = StatementRecord.objects.order_by("pk").values().first()
    kept = archive()
    (name,) = kept.files
    assert (kept.archived, kept.broken, kept.more) == (3, [], False)
    assert [bool(body) for body in bodies().values()] == [False, False, False, True]
    after = StatementRecord.objects.order_by("pk").values().first()
    assert row is not None
    assert after == row | {"body": "", "archive": name}
    held = {line.record: line.body for line in archives.read(place, name)}
    assert held == {key: before[key] for key in list(before)[:3]}
    assert archive().files == []


def test_folder_and_files_are_for_their_owner_alone(lane: Lane, place: Path) -> None:
    recorded(1)
    delivered()
    before = os.umask(0)
    try:
        archive()
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in place.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "state", ["waiting", "quarantined", "given up", "nowhere", "lane off", "other lane"]
)
def test_what_a_store_may_still_want_stays(lane: Lane, place: Path, state: str) -> None:
    recorded(1)
    delivered()
    if state == "waiting":
        Delivery.objects.update(delivered_at=None)
    if state in ("quarantined", "given up"):
        Delivery.objects.update(delivered_at=None, quarantined_at=NOW)
    if state == "given up":
        GivenUp.objects.create(delivery=Delivery.objects.get(), at=NOW, by="alex", note="no")
    if state == "nowhere":
        Delivery.objects.all().delete()
        Lane.objects.all().delete()
    if state in ("lane off", "other lane"):
        is_on = state != "lane off"
        Lane.objects.create(name="second", endpoint="https://x.example/", is_enabled=is_on)
    assert archive().archived == 0
    assert list(place.glob("statements*")) == []


def test_a_lane_for_another_client_is_not_waited_for(lane: Lane) -> None:
    recorded(1)
    delivered()
    Lane.objects.create(name="cedar", endpoint="https://x.example/", client="cedar")
    assert archive().archived == 1


def test_no_place_or_a_public_one_is_refused(settings: Any, tmp_path: Path, lane: Lane) -> None:
    settings.ATTUNE_STATEMENT_RETENTION_DAYS = 30
    for wrong in ("", str(Path(settings.MEDIA_ROOT) / "archives"), str(settings.STATIC_ROOT)):
        settings.ATTUNE_ARCHIVE_DIR = wrong
        with pytest.raises(NoFolder):
            archive()
        assert "attune_xapi.E009" in {each.id for each in checks.check_settings(app_configs=None)}
    settings.ATTUNE_ARCHIVE_DIR = str(tmp_path)
    assert "attune_xapi.E009" not in {each.id for each in checks.check_settings(app_configs=None)}


def test_one_at_a_time(lane: Lane, place: Path) -> None:
    with archives.alone_in(place), pytest.raises(ArchiveBusy):
        archive()
    archive()


# --- killed ----------------------------------------------------------------------


class Killed(BaseException):
    pass


#: Each step of writing, reading back and emptying, by what is called there.
STEPS = ["json.dumps", "os.fsync", "Path.rename", "verify", "read", "_empty", "finish"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_killed_at_any_step_no_body_is_lost(
    lane: Lane, place: Path, step: str, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS", 2)
    monkeypatch.setattr(retention, "FILE_ROWS", 4)
    recorded(7)
    delivered()
    before = bodies()
    owner: Any = {
        "json.dumps": archives.json,
        "os.fsync": archives.os,
        "Path.rename": archives.Path,
        "_empty": retention,
    }.get(step, archives)
    name = step.rsplit(".", 1)[-1]
    original = getattr(owner, name)
    calls = 0

    def dies(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == turn:
            raise Killed
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dies)
        # A killed process runs no "finally": what it wrote stays half-written.
        patched.setattr(archives.Path, "unlink", lambda *args, **kwargs: None)
        try:
            archive()
        except Killed:
            pass
        else:
            assert calls < turn, "the step was passed and nobody died"
    assert held_somewhere(place) == before
    kept = archive()
    assert kept.broken == []
    assert set(bodies().values()) == {""}
    assert held_somewhere(place) == before
    assert archives.pending(place) == []
    assert list(place.glob("*.part")) == []


def held_somewhere(place: Path) -> dict[int, str]:
    """Every body: here, or else in the whole archive that its row names."""
    found = {}
    for row in StatementRecord.objects.order_by("pk"):
        found[row.pk] = row.body
        if not row.body:
            archives.verify(place, row.archive)
            found[row.pk] = {li.record: li.body for li in archives.read(place, row.archive)}[row.pk]
    return found


def test_a_file_that_does_not_read_back_empties_nothing(
    lane: Lane, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(2)
    delivered()
    original = archives.verify

    def torn(folder: Path, name: str) -> Any:
        (folder / name).write_bytes((folder / name).read_bytes()[:-20])
        return original(folder, name)

    monkeypatch.setattr(archives, "verify", torn)
    kept = archive()
    assert (kept.archived, len(kept.broken)) == (0, 1)
    assert all(bodies().values())


def test_a_body_that_differs_from_the_file_stays(lane: Lane, place: Path) -> None:
    recorded(2)
    delivered()
    with archives.alone_in(place):
        manifest = archives.write(place, retention._Old(cutoff=NOW, after=0), now=NOW)
    assert manifest is not None
    first = StatementRecord.objects.order_by("pk").first()
    assert first is not None
    StatementRecord.objects.filter(pk=first.pk).update(body='{"another": 1}')
    retention.archive(older_than=timedelta(days=10_000), now=NOW)
    assert [bool(body) for body in bodies().values()] == [True, False]


def test_what_waits_again_meanwhile_is_not_emptied(lane: Lane, place: Path) -> None:
    recorded(2)
    delivered()
    with archives.alone_in(place):
        archives.write(place, retention._Old(cutoff=NOW, after=0), now=NOW)
    Delivery.objects.filter(record=min(bodies())).update(delivered_at=None)
    retention.archive(older_than=timedelta(days=10_000), now=NOW)
    assert [bool(body) for body in bodies().values()] == [True, False]


# --- back again ----------------------------------------------------------------------


def test_restored_to_the_letter_replayed_and_put_away(lane: Lane, place: Path) -> None:
    recorded(5)
    delivered()
    before = bodies()
    (name,) = archive().files
    wish = replays.Wish(lane=lane.pk)
    assert replays.preview(wish).archives == [name]
    assert retention.restore(name) == 5
    assert retention.restore(name) == 0
    assert bodies() == before
    assert archive().archived == 0, "what was restored is wanted: the nightly run leaves it"
    replays.start(wish, by="alex", now=NOW)
    assert replays.move_all(now=NOW) == 5
    assert retention.put_away().archived == 0, "it waits"
    delivered()
    assert retention.put_away().archived == 5
    assert held_somewhere(place) == before


@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "manifest", "name"])
def test_a_harmed_archive_restores_nothing(lane: Lane, place: Path, harm: str) -> None:
    recorded(3)
    delivered()
    (name,) = archive().files
    path = place / name
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    if harm == "changed":
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"3", b"4", 1)))
    if harm == "gone":
        path.unlink()
    if harm == "manifest":
        (place / f"{name}.json").write_text("{")
    if harm == "name":
        name = "../" + name
    with pytest.raises(ArchiveBroken):
        retention.restore(name)
    assert not any(bodies().values())


def test_an_archive_of_another_database_is_refused(lane: Lane, place: Path) -> None:
    recorded(1)
    delivered()
    (name,) = archive().files
    StatementRecord.objects.update(statement_id=statement(99).id)
    with pytest.raises(ArchiveBroken, match="another database"):
        retention.restore(name)


def test_an_emptied_statement_is_never_sent_even_if_it_waits(lane: Lane) -> None:
    recorded(1)
    delivered()
    archive()
    Delivery.objects.update(delivered_at=None)
    assert lanes.due() == []
    assert not lanes.waiting().exists()


# --- erasing ----------------------------------------------------------------------


def taking_back(number: int) -> Any:
    said = statement(number)
    return void(
        deed=f"void {number}",
        actor=said.actor,
        target=said.id,
        at=said.occurred_at,
        registration=said.registration,
    )


def test_what_no_store_has_is_dropped_and_the_rest_is_named(lane: Lane) -> None:
    actor = statement(0).actor
    recorded(1)
    delivered()
    (name,) = archive().files
    recorded(1, at=NOW, first=1)
    delivered()
    recorded(2, at=NOW, first=2)
    second = Lane.objects.create(name="second", endpoint="https://x.example/")
    lanes.enqueue_missing(second)
    Lane.objects.filter(pk=second.pk).update(lease_until=datetime(2100, 1, 1, tzinfo=UTC))
    replays.start(replays.Wish(lane=lane.pk, actor=actor), by="alex", now=NOW)
    done = erasure.erase(actor)
    assert done == erasure.Erased(
        dropped=2, withdrawn=5, held_by={"store": 2}, sending=["second"], archives=[name]
    )
    assert StatementRecord.objects.count() == 2
    assert Replay.objects.get().state == ReplayState.CANCELLED
    assert not Delivery.objects.filter(delivered_at=None).exists()
    again = erasure.erase(actor)
    assert (again.dropped, again.withdrawn) == (0, 0)


def test_another_persons_statements_are_left_alone(lane: Lane) -> None:
    recorded(2)
    StatementRecord.objects.filter(statement_id=statement(1).id).update(actor=statement(1).id)
    assert erasure.erase(statement(0).actor).dropped == 1
    assert StatementRecord.objects.get().statement_id == statement(1).id


def test_what_takes_back_a_statement_that_a_store_holds_still_goes(lane: Lane) -> None:
    recorded(1)
    delivered()
    recorded(1, first=1)
    with transaction.atomic():
        outbox.record_many([(taking_back(0), tags()), (taking_back(1), tags())])
    done = erasure.erase(statement(0).actor)
    assert done.dropped == 2  # the second, and what took it back
    left = StatementRecord.objects.order_by("pk").values_list("statement_id", flat=True)
    assert list(left) == [statement(0).id, taking_back(0).id]
    assert Delivery.objects.filter(delivered_at=None).count() == 1


def test_what_was_recorded_without_any_lane_is_dropped_too() -> None:
    recorded(3)
    assert erasure.erase(statement(0).actor).dropped == 3
