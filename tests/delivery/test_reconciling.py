"""Reconciling with a store that has lost, changed or invented something, or answers oddly."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from attune.xapi import connecting, delivery, outbox, reconciling, retention
from attune.xapi.models import Delivery, Lane, StatementRecord
from attune.xapi.reconciling import Report
from attune.xapi.statements import void
from tests.delivery.conftest import Ralph, record, statement, tags
from tests.delivery.double import Double

pytestmark = pytest.mark.database


def compare(lane: Lane, **options: Any) -> Report:
    since = timezone.now() - timedelta(minutes=10)
    until = timezone.now() + timedelta(minutes=1)
    with connecting.open_store(lane) as store:
        return reconciling.reconcile(lane, store, **{"since": since, "until": until, **options})


def take_all(lane: Lane, count: int = 120) -> list[str]:
    ids = record(count)
    delivery.deliver(lane.pk)
    assert not Delivery.objects.filter(delivered_at=None).exists()
    return ids


@pytest.mark.parametrize(
    ("pages", "heeds_period", "looks"), [(50, False, 0), (50, True, 0), (0, True, 120)]
)
def test_all_is_there(
    lane: Lane, double: Double, pages: int, heeds_period: bool, looks: int
) -> None:
    """By pages of the store's own period, by those of the deeds', and one by one."""
    take_all(lane)
    double.pages, double.heeds_period = pages, heeds_period
    report = compare(lane)
    assert (report.taken, report.same, report.is_clean) == (120, 120, True)
    assert len(double.looked_up) == looks


def test_what_is_missing_different_unknown_and_foreign(lane: Lane, double: Double) -> None:
    ids = take_all(lane)
    double.heeds_period = False
    del double.stored[ids[3]]
    double.stored[ids[5]] = double.stored[ids[5]] | {"timestamp": "2020-01-01T00:00:00.000Z"}
    ours = json.loads(statement(9999).body)
    theirs = ours | {"id": str(statement(8888).id), "actor": {"mbox": "mailto:x@example.com"}}
    double.store([ours, theirs])
    report = compare(lane)
    assert report.missing.ids == [ids[3]]
    assert report.different.ids == [ids[5]]
    assert report.unknown.ids == [ours["id"]]
    assert (report.same, report.foreign, report.is_clean) == (118, 1, False)
    assert report.queued == 0


def test_what_is_missing_is_sent_again(lane: Lane, double: Double) -> None:
    ids = take_all(lane, 10)
    for identifier in ids[2:5]:
        del double.stored[identifier]
    report = compare(lane, queue_missing=True)
    assert (report.missing.count, report.queued) == (3, 3)
    delivery.deliver(lane.pk)
    assert compare(lane).is_clean


def test_an_archived_body_is_compared_by_id_and_not_queued(
    lane: Lane, double: Double, settings: Any, tmp_path: Path
) -> None:
    settings.ATTUNE_ARCHIVE_DIR = str(tmp_path / "archives")
    ids = take_all(lane, 4)
    retention.archive(older_than=timedelta(0), now=timezone.now() + timedelta(minutes=1))
    del double.stored[ids[0]]
    report = compare(lane, queue_missing=True)
    assert (report.held, report.missing.ids, report.queued) == (3, [ids[0]], 0)


def test_what_was_taken_back_is_in_no_page_and_found_all_the_same(
    lane: Lane, double: Double
) -> None:
    take_all(lane, 3)
    said = statement(1)
    with transaction.atomic():
        outbox.record(
            void(
                deed="void",
                actor=said.actor,
                target=said.id,
                at=said.occurred_at,
                registration=said.registration,
            ),
            tags=tags(),
        )
    delivery.deliver(lane.pk)
    double.heeds_period = False
    assert compare(lane).is_clean
    assert double.looked_up == [str(said.id)]


def test_other_periods_and_what_waits_are_no_part_of_it(lane: Lane, double: Double) -> None:
    take_all(lane, 3)
    record(2, first=10)
    future = timezone.now() + timedelta(days=1)
    assert compare(lane).taken == 3
    assert compare(lane, since=future, until=future + timedelta(days=1)).taken == 0


@pytest.mark.parametrize("trouble", ["password", "address", "down"])
def test_a_store_that_cannot_be_asked_holds_nothing_against_anybody(
    lane: Lane, double: Double, trouble: str
) -> None:
    take_all(lane, 3)
    if trouble == "password":
        double.password = "another"
    if trouble == "address":
        lane.endpoint += "/nowhere"
        double.pages, double.readable = 0, False
    if trouble == "down":
        lane.endpoint = "http://127.0.0.1:9/"
    report = compare(lane, queue_missing=True)
    assert (report.unasked, report.missing.count, report.queued) == (3, 0, 0)
    assert report.trouble
    assert not report.is_clean


def test_our_credentials_do_not_follow_a_page_to_another_host(lane: Lane, double: Double) -> None:
    take_all(lane, 3)
    double.heeds_period = False
    double.elsewhere = "https://elsewhere.example/xapi/statements?page=2"
    assert compare(lane).is_clean


def test_a_store_whose_pages_never_end(lane: Lane, double: Double) -> None:
    take_all(lane, 3)
    double.heeds_period = False
    double.elsewhere = "/xAPI/statements?page=0"
    assert compare(lane).is_clean


def test_a_real_store(committed: None, shared_ralph: Ralph) -> None:
    lane = Lane.objects.create(
        name="ralph",
        endpoint=shared_ralph.endpoint,
        username=shared_ralph.username,
        password=shared_ralph.password,
    )
    ids = record(230, seed="reconcile")
    delivery.deliver(lane.pk)
    lost = statement(1000, seed="reconcile")
    with transaction.atomic():
        outbox.record(lost, tags=tags())
    Delivery.objects.filter(record__statement_id=lost.id).update(delivered_at=timezone.now())
    report = compare(lane)
    assert (report.taken, report.same, report.missing.ids) == (231, 230, [str(lost.id)])
    assert len(ids) == 230


# --- the command -----------------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("outbox", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_it_in_words_in_json_and_by_its_code(lane: Lane, double: Double) -> None:
    ids = take_all(lane, 5)
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    period = ("reconcile", "--lane", "double", "--since", since)
    assert "the same there" in command(*period)
    del double.stored[ids[0]]
    with pytest.raises(CommandError, match="differ") as differs:
        command(*period)
    assert differs.value.returncode == 1
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("outbox", *period, "--json", "--queue-missing", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["missing"], said["queued"]) == ({"count": 1, "ids": [ids[0]]}, 1)
    double.password = "another"
    with pytest.raises(CommandError, match="401") as unknown:
        command(*period)
    assert unknown.value.returncode == 2


def test_replay_archive_and_restore_from_the_command_line(
    lane: Lane, double: Double, settings: Any, tmp_path: Path
) -> None:
    settings.ATTUNE_ARCHIVE_DIR = str(tmp_path / "archives")
    take_all(lane, 5)
    dry = json.loads(command("replay", "--lane", "double", "--dry-run", "--json"))
    assert (dry["to_send"], dry["again"]) == (5, 5)
    assert "Nothing was changed" in command("replay", "--lane", "double", "--dry-run")
    assert "There was no replay" in command("replays")
    assert "Replay" in command("replay", "--lane", "double", "--until", "2026-04-01")
    (running,) = json.loads(command("replays", "--json"))
    assert (running["state"], running["expected"]) == ("running", 5)
    assert "held" in command("replays", "--hold", str(running["replay"]))
    with pytest.raises(CommandError, match="another state"):
        command("replays", "--hold", str(running["replay"]))
    command("replays", "--go-on", str(running["replay"]))
    assert "5 delivered" in command("deliver")
    assert "done, 100 %" in command("replays")
    with pytest.raises(CommandError, match="--days"):
        command("archive")
    StatementRecord.objects.update(recorded_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert "5 bodies were emptied" in command("archive", "--days", "30")
    (name,) = [p.name for p in (tmp_path / "archives").glob("*.jsonl.gz")]
    assert name in command("replay", "--lane", "double", "--dry-run")
    assert "5 bodies are back" in command("restore", name)
    assert "5 bodies were emptied" in command("archive", "--restored")
    with pytest.raises(CommandError, match="not the name"):
        command("restore", "../../etc/passwd")
    with pytest.raises(CommandError, match="no date"):
        command("replay", "--lane", "double", "--since", "yesterday")
