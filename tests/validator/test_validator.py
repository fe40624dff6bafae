"""The independent validator (LearningLocker's, from npm) over everything that Attune says."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from attune.xapi.statements import Statement
from tests.xapi.samples import SAMPLES

HERE = Path(__file__).parent
pytestmark = pytest.mark.validator


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("the independent validator runs on Node.js, and there is no `node` here")
    if not (HERE / "node_modules" / "@learninglocker").is_dir():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("the independent validator comes by npm, and there is no `npm` here")
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
            cwd=HERE,
            check=True,
        )
    return found


def findings(node: str, statements: list[bytes]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [node, str(HERE / "validate.js")],
        input=b"\n".join(statements),
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert bool(found) == (done.returncode == 1)
    return found


def test_it_objects_to_nothing_that_we_say(node: str) -> None:
    said: list[Statement] = [make() for make in SAMPLES.values()]
    assert findings(node, [statement.body for statement in said]) == []


def test_it_objects_to_no_golden(node: str) -> None:
    """What the floors above say of quizzes and cases, as their tests compare it."""
    goldens = [
        *(HERE.parent / "quizzes" / "golden").glob("*.json"),
        *(HERE.parent / "case_studies" / "golden").glob("*.json"),
    ]
    statements = [json.dumps(json.loads(path.read_text("utf-8"))).encode() for path in goldens]
    assert len(statements) > 8
    assert findings(node, statements) == []


def test_it_does_object_to_what_is_wrong(node: str) -> None:
    """Or the test above would say nothing."""
    statement = json.loads(SAMPLES["passed"]().body)
    broken = []
    for path, value in (("id", "x"), ("timestamp", "yesterday"), ("actor", {"name": "Maria"})):
        broken.append(json.dumps(statement | {path: value}).encode())
    assert [finding["line"] for finding in findings(node, broken)] == [1, 2, 3]
