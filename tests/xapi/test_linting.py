"""The linter: every fault named with its path, faults that public validators let through too."""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi import linting
from attune.xapi.interactions import fitting
from attune.xapi.linting import lint
from tests.xapi.samples import SAMPLES

Spoil = Callable[[dict[str, Any]], Any]


def put(*path: str | int, value: Any) -> Spoil:
    def spoil(statement: dict[str, Any]) -> None:
        target: Any = statement
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return spoil


def drop(*path: str | int) -> Spoil:
    def spoil(statement: dict[str, Any]) -> None:
        target: Any = statement
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return spoil


DEFINITION = ("object", "definition")
PATTERN = "correctResponsesPattern"

FAULTS: list[tuple[str, str, Spoil, str]] = [
    # what no public validator tested objects to
    ("choice", "comma for delimiter", put("result", "response", value="what,when"), "response"),
    ("choice", "unknown choice", put("result", "response", value="why"), "result.response"),
    (
        "choice",
        "unknown choice in the pattern",
        put(*DEFINITION, "correctResponsesPattern", value=["what[,]why"]),
        "correctResponsesPattern[0]",
    ),
    (
        "choice",
        "two choices of one id",
        put(*DEFINITION, "choices", 1, "id", value="what"),
        "choices[1].id",
    ),
    (
        "choice",
        "white space in an id",
        put(*DEFINITION, "choices", 1, "id", value="what else"),
        "choices[1].id",
    ),
    ("choice", "success against the pattern", put("result", "success", value=True), "success"),
    ("true-false", "True", put("result", "response", value="True"), "result.response"),
    ("all-numeric", "9[:]4", put(*DEFINITION, "correctResponsesPattern", value=["9[:]4"]), "[0]"),
    ("all-numeric", "no number", put("result", "response", value="four"), "result.response"),
    ("all-likert", "off the scale", put("result", "response", value="9"), "result.response"),
    ("all-matching", "unknown target", put("result", "response", value="s1[.]x"), "response"),
    ("all-performance", "unknown step", put("result", "response", value="x[.]1"), "response"),
    ("passed", "passed without success", put("result", "success", value=False), "result.success"),
    ("failed", "failed with success", put("result", "success", value=True), "result.success"),
    ("completed-unit", "completed without", put("result", "completion", value=False), "completion"),
    (
        "passed",
        "an e-mail address for a pseudonym",
        put("actor", "account", "name", value="maria@habagat.example"),
        "actor.account.name",
    ),
    ("passed", "an employee number", put("actor", "account", "name", value="4711"), "name"),
    ("passed", "raw above max", put("result", "score", "raw", value=7), "score.raw"),
    ("passed", "min above max", put("result", "score", "min", value=9), "score.min"),
    # what validators check as well
    ("passed", "scaled above one", put("result", "score", "scaled", value=1.01), "score.scaled"),
    ("passed", "a truth value for a number", put("result", "score", "raw", value=True), "raw"),
    ("passed", "a person's name", put("actor", "name", value="Maria"), "actor.name"),
    ("passed", "mbox", put("actor", "mbox", value="mailto:m@x.example"), "actor.mbox"),
    ("passed", "no id", drop("id"), "id"),
    ("passed", "id in capitals", put("id", value="FE635B17-DF01-5A6F-A455-4B4D826663F8"), "id"),
    ("passed", "no timestamp", drop("timestamp"), "timestamp"),
    ("passed", "local time", put("timestamp", value="2026-03-02T10:30:15.123+01:00"), "timestamp"),
    ("passed", "30 February", put("timestamp", value="2026-02-30T10:30:15.123Z"), "timestamp"),
    ("passed", "stored", put("stored", value="2026-03-02T09:30:15.123Z"), "stored"),
    ("passed", "authority", put("authority", value={}), "authority"),
    ("passed", "version", put("version", value="1.0.3"), "version"),
    ("passed", "null", put("result", "duration", value=None), "result.duration"),
    ("passed", "NUL", put("context", "platform", value="a\x00b"), "context.platform"),
    ("passed", "relative IRI", put("object", "id", value="/quiz/1"), "object.id"),
    ("passed", "IRI with a space", put("object", "id", value="https://a.example/a b"), "object.id"),
    ("passed", "unknown verb", put("verb", "id", value="https://a.example/won"), "verb.id"),
    ("passed", "verb unnamed", put("verb", "display", value={}), "verb.display"),
    ("passed", "language tag", put("verb", "display", value={"german": "x"}), "display.german"),
    ("passed", "blank name", put(*DEFINITION, "name", value={"en": " "}), "definition.name.en"),
    ("passed", "no type", drop(*DEFINITION, "type"), "definition.type"),
    ("passed", "duration", put("result", "duration", value="4 min"), "result.duration"),
    ("passed", "too fine", put("result", "duration", value="PT1.234S"), "result.duration"),
    ("passed", "negative", put("result", "duration", value="-PT1S"), "result.duration"),
    ("passed", "text for truth", put("result", "success", value="true"), "result.success"),
    ("passed", "no registration", drop("context", "registration"), "context.registration"),
    (
        "passed",
        "parent that is no array",
        put("context", "contextActivities", "parent", value={"id": "https://a.example/x"}),
        "parent",
    ),
    ("passed", "no category", drop("context", "contextActivities", "category"), "category"),
    ("passed", "extension key", put("context", "extensions", value={"client": "x"}), "client"),
    (
        "passed",
        "an e-mail address in an extension",
        put("context", "extensions", value={"https://a.example/x": "m@habagat.example"}),
        "extensions",
    ),
    ("passed", "context language", put("context", "language", value="English!"), "language"),
    ("choice", "interaction without its type", drop(*DEFINITION, "interactionType"), "Type"),
    ("choice", "answered what is no question", put(*DEFINITION, "type", value="x:y"), "type"),
    ("choice", "foreign list", put(*DEFINITION, "scale", value=[{"id": "a"}]), "scale"),
    ("passed", "choices on a quiz", put(*DEFINITION, "choices", value=[]), "choices"),
    ("voided", "voids an activity", put("object", value={"id": "https://a.example/x"}), "object"),
    ("voided", "platform of no activity", put("context", "platform", value="x"), "platform"),
    ("passed", "typing error", put("reslt", value={}), "reslt"),
    # one more of each, so that every fault that the linter knows has its example
    ("choice", "a choice twice", put("result", "response", value="what[,]what"), "response"),
    ("choice", "no choices", drop(*DEFINITION, "choices"), "choices"),
    ("choice", "empty list of choices", put(*DEFINITION, "choices", value=[]), "choices"),
    ("choice", "a choice that is a word", put(*DEFINITION, "choices", 0, value="a"), "choices[0]"),
    ("choice", "choice unnamed", drop(*DEFINITION, "choices", 0, "description"), "description"),
    ("choice", "no such type", put(*DEFINITION, "interactionType", value="essay"), "Type"),
    ("choice", "pattern of nothing", put(*DEFINITION, PATTERN, value=[]), PATTERN),
    ("choice", "pattern that is no text", put(*DEFINITION, PATTERN, value=[4]), f"{PATTERN}[0]"),
    ("choice", "response that is no text", put("result", "response", value=["a"]), "response"),
    ("true-false", "both are right", put(*DEFINITION, PATTERN, value=["true", "false"]), PATTERN),
    ("all-sequencing", "one twice", put("result", "response", value="a[,]a"), "response"),
    ("all-sequencing", "of one part", put(*DEFINITION, PATTERN, value=["a"]), f"{PATTERN}[0]"),
    ("all-matching", "no pair", put("result", "response", value="s1"), "response"),
    ("all-matching", "a pair twice", put(*DEFINITION, PATTERN, value=["s1[.]t1[,]s1[.]t1"]), "[0]"),
    ("all-matching", "of nothing", put(*DEFINITION, PATTERN, value=[""]), f"{PATTERN}[0]"),
    ("all-performance", "no step", put("result", "response", value="greet"), "response"),
    ("all-performance", "range", put(*DEFINITION, PATTERN, value=["greet[.]9[:]4"]), "[0]"),
    ("all-numeric", "no end", put(*DEFINITION, PATTERN, value=["[:]"]), f"{PATTERN}[0]"),
    ("all-numeric", "three ends", put(*DEFINITION, PATTERN, value=["1[:]2[:]3"]), "[0]"),
    ("all-numeric", "endless", put("result", "response", value="1e9999"), "response"),
    (
        "all-fill-in",
        "a parameter in a response",
        put("result", "response", value="{case_matters=true}Sie"),
        "response",
    ),
    (
        "all-fill-in",
        "no language",
        put(*DEFINITION, PATTERN, value=["{lang=German!}Sie"]),
        f"{PATTERN}[0]",
    ),
    (
        "all-long-fill-in",
        "an order of one text",
        put(*DEFINITION, PATTERN, value=["{order_matters=true}Sie"]),
        f"{PATTERN}[0]",
    ),
    ("passed", "actor that is a word", put("actor", value="Maria"), "actor"),
    ("passed", "a group", put("actor", "objectType", value="Group"), "actor.objectType"),
    ("passed", "actor with a team", put("actor", "member", value=[]), "actor.member"),
    ("passed", "nobody's account", drop("actor", "account"), "actor.account"),
    ("passed", "verb that is a word", put("verb", value="passed"), "verb"),
    ("passed", "object that is a word", put("object", value="quiz"), "object"),
    ("passed", "about a person", put("object", "objectType", value="Agent"), "object.objectType"),
    ("passed", "definition that is a word", put(*DEFINITION, value="quiz"), "definition"),
    ("passed", "result that is a word", put("result", value="well"), "result"),
    ("passed", "result of nothing", put("result", value={}), "result"),
    ("passed", "score that is a number", put("result", "score", value=5), "result.score"),
    ("passed", "endless score", put("result", "score", "raw", value=float("inf")), "raw"),
    ("passed", "context that is a word", put("context", value="work"), "context"),
    ("passed", "platform of no text", put("context", "platform", value=""), "context.platform"),
    ("passed", "extensions in a list", put("context", "extensions", value=[]), "extensions"),
    (
        "passed",
        "activities in a list",
        put("context", "contextActivities", value=[]),
        "contextActivities",
    ),
    (
        "passed",
        "parent that is a word",
        put("context", "contextActivities", "parent", value=["module"]),
        "parent[0]",
    ),
    (
        "passed",
        "parent that is an agent",
        put("context", "contextActivities", "parent", 0, "objectType", value="Agent"),
        "parent[0].objectType",
    ),
    (
        "passed",
        "grouping twice",
        lambda statement: statement["context"]["contextActivities"]["grouping"].append(
            statement["context"]["contextActivities"]["grouping"][0]
        ),
        "grouping[1].id",
    ),
]


def sample(name: str) -> dict[str, Any]:
    key = name if name in SAMPLES else f"answered-{name}"
    statement: dict[str, Any] = json.loads(SAMPLES[key]().body)
    return statement


@pytest.mark.parametrize(
    ("name", "spoil", "path"),
    [(name, spoil, path) for name, _, spoil, path in FAULTS],
    ids=[f"{name}: {what}" for name, what, _, _ in FAULTS],
)
def test_each_fault_is_found_where_it_is(name: str, spoil: Spoil, path: str) -> None:
    statement = sample(name)
    assert lint(statement) == []
    spoil(statement)
    findings = lint(statement)
    assert findings
    assert any(path in finding.path for finding in findings), findings
    assert all(finding.message for finding in findings)


def test_what_is_no_object_is_no_statement() -> None:
    assert [finding.message for finding in lint([])] == ["is not a JSON object"]  # type: ignore[arg-type]


def test_every_fault_that_the_linter_knows_has_its_example() -> None:
    """Whoever adds a check adds the statement that breaks it: no line that finds goes untried."""
    places = _places_that_find()
    assert len(places) > 50
    tried: set[tuple[str, int]] = set()

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in {file for file, _, _ in places}:
            return None
        tried.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    spoilt = [sample(name) for name, _, _, _ in FAULTS]
    for statement, (_, _, spoil, _) in zip(spoilt, FAULTS, strict=True):
        spoil(statement)
    sys.settrace(trace)
    try:
        for statement in spoilt:
            lint(statement)
        # The linter says this of the definition; who asks about a text alone hears it here.
        with contextlib.suppress(ValueError):
            fitting.check_text({"interactionType": "essay"}, "text", pattern=False)
    finally:
        sys.settrace(before)
    untried = [
        f"{Path(file).name}:{first}"
        for file, first, last in places
        if not any((file, line) in tried for line in range(first, last + 1))
    ]
    assert untried == []


def _places_that_find() -> list[tuple[str, int, int]]:
    """File, first and last line of each ``yield Finding(…)`` and each problem of a definition."""
    places = []
    for module in (linting, fitting):
        file = str(module.__file__)
        for node in ast.walk(ast.parse(Path(file).read_text())):
            found = isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)
            if isinstance(node, ast.Raise) or found:
                places.append((file, node.lineno, node.end_lineno or node.lineno))
    return places


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.data())
def test_no_json_whatever_makes_the_linter_fail(data: st.DataObject) -> None:
    """Any part replaced by anything: findings or none, never an exception."""
    statement = copy.deepcopy(sample(data.draw(st.sampled_from(["choice", "passed", "voided"]))))
    target: Any = statement
    while isinstance(target, dict | list) and target:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(target[key], dict | list) or data.draw(st.booleans()):
            target[key] = data.draw(JSON)
            break
        target = target[key]
    lint(statement)


def test_a_long_text_costs_no_more_than_its_length() -> None:
    statement = sample("passed")
    statement["context"]["extensions"]["https://a.example/x"] = "x" * 1_000_000
    began = time.perf_counter()
    assert lint(statement) == []
    assert time.perf_counter() - began < 2  # once took minutes
