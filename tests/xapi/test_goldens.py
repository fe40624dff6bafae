"""Golden statements: what Attune says, letter by letter. A missing golden fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune.xapi.linting import lint
from attune.xapi.statements import parse
from tests.xapi.samples import SAMPLES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_statement_is_its_golden(name: str, write_goldens: bool) -> None:
    built = SAMPLES[name]()
    path = GOLDEN / f"{name}.json"
    if write_goldens:
        shown = json.dumps(json.loads(built.body), indent=2, ensure_ascii=False)
        path.write_text(shown + "\n", encoding="utf-8")
    assert path.exists(), f"no golden for {name}: see tests/xapi/conftest.py"
    golden = json.loads(path.read_text(encoding="utf-8"))
    assert json.loads(built.body) == golden
    # And canonical: the bytes themselves follow from the value.
    spelling = json.dumps(golden, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert built.body == spelling.encode()


def test_every_golden_has_its_sample() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_golden_passes_our_linter(name: str) -> None:
    assert lint(json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_tincan_parses_what_it_built(name: str) -> None:
    built = SAMPLES[name]()
    assert parse(built.body).id == built.id
