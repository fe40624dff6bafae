"""The misbehaving store: what it says that it stored it has on disk, killed or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.delivery.torture import machine
from tests.delivery.torture import store as misbehaving
from tests.delivery.torture.plan import FAULTS, Plan
from tests.delivery.torture.store import POISON, Store, read


def statement(number: int, *, name: str = "") -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "timestamp": "2026-03-02T09:30:00.000Z",
        "object": {"id": "https://x.test", "definition": {"name": {"en": name}}},
    }


def store_in(folder: Path, **plan: Any) -> Store:
    made = Store(
        path=folder / "journal.jsonl",
        healed=folder / "healed",
        design=Plan(1, 60, **{"spoilt": 0, "repeat": 204, **plan}),
        began=time.time() - 1000,  # every spell is over
    )
    made.open()
    return made


def on_disk(folder: Path) -> list[str]:
    lines = read(folder / "journal.jsonl")
    return [one["id"] for line in lines for one in line.get("stored", ())]


def test_what_it_stored_it_knows_after_a_restart(tmp_path: Path) -> None:
    store_in(tmp_path).store([statement(1), statement(2)])
    again = store_in(tmp_path)
    again.store([statement(2), statement(3)])
    assert on_disk(tmp_path) == [statement(n)["id"] for n in (1, 2, 3)]
    assert len(again.stored) == 3


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    store_in(tmp_path).store([statement(1)])
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"event": "stored", "stored": [{"id": "torn"')
    assert on_disk(tmp_path) == [statement(1)["id"]]
    store_in(tmp_path).store([statement(2)])
    assert on_disk(tmp_path) == [statement(1)["id"], statement(2)["id"]]


def test_a_spoilt_answer_never_stores_what_a_good_one_would_refuse(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.store([statement(1), statement(2, name=f"{POISON} x")])
    store.limit = 1
    store.store([statement(3), statement(4)])
    assert on_disk(tmp_path) == []
    store.limit = None
    store.store([statement(5)])
    store.store([statement(5, name="another"), statement(6)])
    store.repeat = 409
    store.store([statement(5), statement(7)])
    assert on_disk(tmp_path) == [statement(5)["id"]]


def test_every_word_of_the_plan_is_a_fault(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert all(callable(store._fault(word)) for word in FAULTS)
    with pytest.raises(ValueError, match="sneeze"):
        store._fault("sneeze")


def test_it_goes_on_in_its_plan_and_heals(tmp_path: Path) -> None:
    first = store_in(tmp_path, spoilt=1)
    words = [next(first.words) for _ in range(3)]
    first.note("asked")
    first.note("asked")
    again = store_in(tmp_path, spoilt=1)
    assert next(again.words) == words[2]
    assert again.next_fault() is not None
    (tmp_path / "healed").touch()
    assert again.next_fault() is None


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[machine.Process, httpx.Client]]:
    port = machine.free_port()
    running = machine.store(
        tmp_path,
        port,
        journal=tmp_path / "journal.jsonl",
        healed=tmp_path / "healed",
        seed=1,
        seconds=60,
        spoilt=0,
        repeat=204,
        began=time.time() - 1000,
    )
    running.start()
    try:
        running.wait()
        headers = {"X-Experience-API-Version": "1.0.3"}
        base = f"http://127.0.0.1:{port}/xAPI"
        with httpx.Client(base_url=base, auth=("key", "secret"), headers=headers) as client:
            yield running, client
    finally:
        running.end()


def test_killed_it_comes_back_with_all_that_it_acknowledged(
    process: tuple[machine.Process, httpx.Client], tmp_path: Path
) -> None:
    running, client = process
    assert client.post("/statements", json=[statement(1), statement(2)]).status_code == 200
    running.kill(0)
    with pytest.raises(httpx.HTTPError):
        client.post("/statements", json=[statement(3)])
    running.look_after()
    running.wait()
    assert client.get("/statements", params={"statementId": statement(2)["id"]}).is_success
    assert client.post("/statements", json=[statement(2), statement(3)]).status_code == 204
    refused = client.post("/statements", json=[statement(4, name=f"{POISON} y")])
    assert refused.status_code == 400
    assert on_disk(tmp_path) == [statement(n)["id"] for n in (1, 2, 3)]
    assert [misbehaving.is_poison(statement(5, name=name)) for name in (POISON, "x")] == [
        True,
        False,
    ]
