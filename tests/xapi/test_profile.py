"""Attune's own xAPI profile: the document is sound, and what we say keeps to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi import extensions as ext
from attune.xapi import profile, verbs
from attune.xapi.statements import profile_id, profile_version_id
from tests.xapi.samples import SAMPLES

GOLDENS = sorted(Path(__file__).parent.parent.glob("*/golden/*.json"))
IS_CODE = {"REASON"}  # cmi5's own


def sample(name: str = "passed") -> Any:
    return json.loads(SAMPLES[name]().body)


def words(statement: Any) -> str:
    return " | ".join(str(each) for each in profile.problems(statement))


# --- what we say -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_golden_keeps_to_the_profile(path: Path) -> None:
    assert words(json.loads(path.read_text())) == ""


def test_there_are_goldens_of_every_package_that_records() -> None:
    assert len(GOLDENS) > 70
    assert {"xapi", "quizzes"} <= {path.parts[-3] for path in GOLDENS}


def test_a_voiding_statement_follows_no_template() -> None:
    assert profile.problems(sample("voided")) == []


# --- what breaks it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("context", "registration"),
        ("context", "platform"),
        ("result", "score"),
        ("result", "success"),
        (None, "timestamp"),
    ],
)
def test_what_a_template_asks_for_is_missed(where: str | None, name: str) -> None:
    statement = sample()
    del (statement[where] if where else statement)[name]
    assert "is missing (template passed-quiz)" in words(statement)


def test_a_score_that_says_the_other_thing() -> None:
    statement = sample()
    statement["result"]["success"] = False
    assert "is something else than [True]" in words(statement)


def test_a_name_in_the_open() -> None:
    statement = sample()
    statement["actor"]["mbox"] = "mailto:maria@example.test"
    assert words(statement) == "$.actor.mbox: must not be there (template passed-quiz)"


def test_another_version_of_the_profile() -> None:
    statement = sample()
    statement["context"]["contextActivities"]["category"][0]["id"] = profile_id()
    assert "is none of" in words(statement)


def test_an_extension_that_nobody_described() -> None:
    statement = sample()
    statement["context"]["extensions"][ext.iri("mood")] = "fine"
    assert words(statement).endswith("/extensions/mood is not of the profile, or not here")


def test_an_extension_of_the_result_in_the_context() -> None:
    statement = sample()
    statement["context"]["extensions"][ext.iri(ext.COMPETENCIES)] = {}
    assert "is not of the profile, or not here" in words(statement)


def test_somebody_elses_extension_is_theirs() -> None:
    statement = sample()
    statement["context"]["extensions"]["https://example.test/mood"] = "fine"
    assert words(statement) == ""


def test_a_verb_about_something_that_it_is_not_said_of() -> None:
    statement = sample("registered")
    statement["object"]["definition"]["type"] = "http://adlnet.gov/expapi/activities/lesson"
    assert words(statement) == "verb: Attune's profile has no template for this verb and object"


KEYS = ("verb", "id", "object", "definition", "type", "context", "result", "extensions")
JSON = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner) | st.lists(inner),
)


@given(JSON)
def test_whatever_comes_is_judged_and_not_crashed_upon(value: Any) -> None:
    statement = value if isinstance(value, dict) else {"verb": value}
    assert profile.problems(statement)


# --- the paths of rules --------------------------------------------------------------------------


def test_a_path_of_names_indexes_and_stars() -> None:
    document = {"a": [{"b": 1}, {"b": 2}, {}], "c d": {"x.y": 3}}
    assert list(profile.values_at(document, "$.a[*].b")) == [1, 2]
    assert list(profile.values_at(document, "$.a[1].b")) == [2]
    assert list(profile.values_at(document, "$['c d']['x.y']")) == [3]
    assert list(profile.values_at(document, "$.a[7].b")) == []


@pytest.mark.parametrize("path", ["a.b", "$.a[?(@.b)]", "$..b", "$.a[-1]", "$.a["])
def test_a_path_that_templates_may_not_use(path: str) -> None:
    with pytest.raises(ValueError, match=r"\$"):
        list(profile.values_at({}, path))


# --- the document (xAPI Profiles 1.0, part two) ---------------------------------------------


def _parts(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value
    for part in inner if isinstance(value, dict | list) else ():
        yield from _parts(part)


def test_the_document_has_what_a_profile_needs() -> None:
    document = profile.document()
    assert document["id"] == profile_id()
    assert document["type"] == "Profile"
    assert document["conformsTo"] == "https://w3id.org/xapi/profiles#1.0"
    assert [each["id"] for each in document["versions"]] == [profile_version_id()]
    assert profile_version_id() != profile_id()
    assert json.loads(json.dumps(document)) == document


def test_no_value_of_it_is_empty() -> None:
    assert [part for part in _parts(profile.document()) if part in (None, "", [], {})] == []


def test_every_part_stands_in_this_version_once() -> None:
    document = profile.document()
    parts = [*document["concepts"], *document["templates"], *document["patterns"]]
    assert {each["inScheme"] for each in parts} == {profile_version_id()}
    ids = [each["id"] for each in parts]
    assert len(ids) == len(set(ids))


def test_a_statement_matches_one_template_at_most() -> None:
    determining = [
        (each["verb"], each["objectActivityType"]) for each in profile.document()["templates"]
    ]
    assert len(determining) == len(set(determining))


def test_every_verb_but_voided_has_a_template() -> None:
    said = {each.verb.id for each in profile.templates()}
    assert set(verbs.ALL) - said == {verbs.VOIDED.id}


def test_every_extension_of_ours_is_described() -> None:
    ours = {value for name, value in vars(ext).items() if name.isupper() and name not in IS_CODE}
    assert {each.name for each in profile.EXTENSIONS} == ours


def test_schemas_are_json_and_rules_are_whole() -> None:
    document = profile.document()
    for concept in document["concepts"]:
        assert isinstance(json.loads(concept["inlineSchema"]), dict)
    for template in document["templates"]:
        for rule in template["rules"]:
            assert rule.keys() & {"presence", "any", "all", "none"}
            list(profile.values_at({}, rule["location"]))


def test_patterns_name_what_there_is() -> None:
    document = profile.document()
    known = {each["id"] for each in [*document["templates"], *document["patterns"]]}
    for pattern in document["patterns"]:
        (inner,) = [
            pattern[kind]
            for kind in ("sequence", "alternates", "zeroOrMore", "oneOrMore", "optional")
            if kind in pattern
        ]
        assert set(inner if isinstance(inner, list) else [inner]) <= known


def test_a_sample_is_not_changed_by_being_judged() -> None:
    statement = sample()
    before = copy.deepcopy(statement)
    profile.problems(statement)
    assert statement == before
