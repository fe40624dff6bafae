"""Short runs of the fault harness, with real processes; the long ones are ``make torture``.

On SQLite with messages as files, or, where the tests run on PostgreSQL, on a cluster and a
Redis server of the run's own: neither is the one that the tests use.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from attune.xapi.linting import lint
from attune.xapi.profile import problems
from tests.delivery.torture import machine, senders
from tests.delivery.torture.__main__ import prepared
from tests.delivery.torture.plan import BAD_SENDERS, FAULTS, Plan
from tests.delivery.torture.run import Report, Run
from tests.validator.test_validator import findings, node

__all__ = ["node"]  # a fixture

Torture = Callable[..., Report]
SECONDS = 6
SEED = 14  # kills the worker, and the store or the database


@pytest.fixture(scope="session")
def template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A migrated database to begin with: the tests' own copy, or a cluster."""
    if connection.vendor == "sqlite":
        request.getfixturevalue("django_db_setup")
        yield request.getfixturevalue("migrated_template")
        return
    if machine.postgres_programs() is None:
        pytest.skip("PostgreSQL's own programs (initdb) are not here")
    made = prepared("postgresql", tmp_path_factory.mktemp("torture"))
    yield made
    shutil.rmtree(made.parent)


@pytest.fixture
def torture(template: Path, tmp_path: Path) -> Torture:
    on_postgres = connection.vendor == "postgresql"

    def go(plan: Plan, **options: Any) -> Report:
        with Run(
            plan,
            tmp_path / "run",
            database="postgresql" if on_postgres else "sqlite",
            broker="redis" if on_postgres else "files",
            template=template,
            **options,
        ) as run:
            return run.go()

    return go


def told(report: Report) -> str:
    return "\n".join(map(str, report.findings)) + f"\n{report.logs}"


@pytest.mark.database
def test_killed_and_spoilt_at_random_nothing_is_lost_and_nothing_said_twice(
    torture: Torture,
) -> None:
    report = torture(Plan(SEED, SECONDS), lessons=6, least=3)
    assert not report.findings, told(report)
    # A run in which nothing went wrong would prove nothing.
    other = "store" if connection.vendor == "sqlite" else "database"
    assert report.blows == {other: 1, "worker": 1}
    assert report.facts.lanes[0].quarantined  # and the verdict says that it is the poison
    assert min(report.faults.total(), report.notes.deeds, report.notes.learner_deeds) >= 3
    assert [found for said in report.statements for found in lint(said) or problems(said)] == []


@pytest.mark.slow
@pytest.mark.database
@pytest.mark.parametrize("seed", [5, 6])
def test_with_a_real_store_beside_the_double(torture: Torture, seed: int, lrs_python: Path) -> None:
    report = torture(Plan(seed, 20), with_ralph=True, lessons=20)
    assert not report.findings, told(report)
    assert {lane.name for lane in report.facts.lanes} == {"double", "ralph"}
    assert all(lane.quarantined for lane in report.facts.lanes)


# --- the harness finds out what is known to be bad ---------------------------------------

#: What each must at least be accused of, and the answers that bring it out within seconds.
STORED = ("503 stored", "reset stored", "half stored")
ACCUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "swallow 409": ("lost", ("half stored",)),
    "pop then send": ("lost", tuple(FAULTS)),
    "random ids": ("doubled", STORED),
    "HTTP inside the transaction": ("unrecorded", STORED),
}


def test_every_bad_sender_is_tried() -> None:
    assert set(ACCUSED) == set(BAD_SENDERS) == set(senders.BAD)


@pytest.mark.slow
@pytest.mark.database
@pytest.mark.parametrize("sender", BAD_SENDERS)
def test_a_bad_sender_is_found_out(torture: Torture, sender: str) -> None:
    verdict, words = ACCUSED[sender]
    plan = Plan(1, SECONDS, spoilt=0.5, repeat=409, words=words)
    report = torture(plan, sender=sender, lessons=0, kills=False, least=15)
    assert verdict in report.verdicts, told(report)


@pytest.mark.validator
def test_the_independent_validator_objects_to_nothing(torture: Torture, node: str) -> None:
    report = torture(Plan(4, SECONDS), lessons=10, kills=False)
    statements = [json.dumps(statement).encode() for statement in report.statements]
    assert len({statement["verb"]["id"] for statement in report.statements}) >= 4
    assert findings(node, statements) == []
