"""Same or different: what a store may change, and what it may not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from attune.xapi.comparison import same_statement
from tests.xapi.samples import SAMPLES


def change(statement: dict[str, Any], *path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(statement)
    target: Any = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return changed


PASSED = json.loads(SAMPLES["passed"]().body)
ANSWERED = json.loads(SAMPLES["answered-choice"]().body)
GROUPING = ("context", "contextActivities", "grouping")


@pytest.mark.parametrize(
    "theirs",
    [
        PASSED,
        {**PASSED, "stored": "2026-01-01T00:00:00Z", "authority": {"mbox": "mailto:x@y.z"}},
        {**PASSED, "version": "1.0.0"},
        change(PASSED, "timestamp", value="2026-03-02T09:30:15.123+00:00"),
        change(PASSED, "timestamp", value="2026-03-02T10:30:15.123000+01:00"),
        change(PASSED, "result", "duration", value="PT04M00S"),
        change(PASSED, "result", "duration", value="PT240S"),
        change(PASSED, "result", "score", "raw", value=5),
        change(PASSED, "verb", "display", value={"en": "passed"}),
        change(PASSED, "object", "definition", value={}),
        change(PASSED, "id", value=PASSED["id"].upper()),
        change(PASSED, "context", "registration", value=PASSED["context"]["registration"].upper()),
    ],
)
def test_a_stores_own_spelling_makes_no_difference(theirs: dict[str, Any]) -> None:
    assert same_statement(PASSED, theirs)


def test_the_order_of_context_activities_makes_no_difference() -> None:
    turned = list(reversed(ANSWERED["context"]["contextActivities"]["grouping"]))
    assert same_statement(ANSWERED, change(ANSWERED, *GROUPING, value=turned))


@pytest.mark.parametrize(
    "alter",
    [
        lambda s: change(s, "timestamp", value="2026-03-02T09:30:15.124Z"),
        lambda s: change(s, "result", "success", value=False),
        lambda s: change(s, "result", "score", "raw", value=4),
        lambda s: change(s, "result", "duration", value="PT4M1S"),
        lambda s: change(s, "actor", "account", "name", value="other"),
        lambda s: change(s, "verb", "id", value="http://adlnet.gov/expapi/verbs/failed"),
        lambda s: change(s, "object", "id", value="https://a.example/other"),
        lambda s: change(s, *GROUPING, value=[]),
        lambda s: change(s, "context", "extensions", value={}),
        lambda s: {name: value for name, value in s.items() if name != "result"},
    ],
)
def test_anything_else_does(alter: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert not same_statement(PASSED, alter(PASSED))


def test_true_is_not_one() -> None:
    assert not same_statement({"result": {"success": True}}, {"result": {"success": 1}})
