"""Building: what is always there, what never is, and tincan's traps."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi import verbs
from attune.xapi.linting import _DURATION, lint
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Score,
    activity_id,
    build,
    canonical,
    format_duration,
    format_timestamp,
    statement_id,
    written_response,
)
from tests.xapi.samples import AT, LESSON, MARIA, SAMPLES, context


def body(**changes: Any) -> dict[str, Any]:
    given_ = {
        "deed": "x",
        "actor": MARIA,
        "verb": verbs.INITIALIZED,
        "activity": LESSON,
        "at": AT,
        "context": context(),
    }
    parsed: dict[str, Any] = json.loads(build(**(given_ | changes)).body)
    return parsed


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_that_is_the_stores_to_set_and_no_version(name: str) -> None:
    said = json.loads(SAMPLES[name]().body)
    assert not {"stored", "authority", "version"} & set(said)
    assert {"id", "actor", "verb", "object", "timestamp", "context"} <= set(said)


@pytest.mark.parametrize("name", SAMPLES)
def test_building_twice_gives_the_same_bytes(name: str) -> None:
    assert SAMPLES[name]().body == SAMPLES[name]().body


def test_ids_follow_from_the_deed_and_the_installation(settings: object) -> None:
    first = statement_id("quiz:1")
    assert statement_id("quiz:1") == first != statement_id("quiz:2")
    assert first.version == 5
    settings.ATTUNE_IRI_BASE = "https://other.example/"  # type: ignore[attr-defined]
    assert statement_id("quiz:1") != first
    key = uuid4()
    assert activity_id("quiz", key) == f"https://other.example/xapi/quiz/{key}"


def test_what_is_given_is_not_changed() -> None:
    """tincan changes the dicts it is given; ours are not ours to have changed."""
    names = {"en": "Lesson"}
    extra = {"https://a.example/x": {"objectType": "kept", "list": [1]}}
    where = Context(registration=uuid4(), extensions=extra)
    activity = Activity(id="https://a.example/1", type=ActivityType.LESSON, name=names)
    said = body(activity=activity, context=where)
    assert names == {"en": "Lesson"}
    assert extra == {"https://a.example/x": {"objectType": "kept", "list": [1]}}
    assert said["context"]["extensions"] == extra


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_time_is_utc_to_the_millisecond(at: datetime) -> None:
    try:
        text = format_timestamp(at)
    except OverflowError:
        return
    assert text.endswith("Z")
    assert len(text) == 24
    assert abs(datetime.fromisoformat(text) - at) < timedelta(milliseconds=1)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        body(at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(minutes=4, seconds=12), "PT4M12S"),  # tincan alone writes PT04M12S
        (timedelta(), "PT0S"),
        (timedelta(seconds=59.999), "PT1M"),
        (timedelta(seconds=0.5), "PT0.5S"),
        (timedelta(seconds=1.234), "PT1.23S"),
        (timedelta(hours=26), "PT26H"),
    ],
)
def test_durations(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400)))
def test_any_duration_is_well_formed_and_true_to_a_hundredth(duration: timedelta) -> None:
    text = format_duration(duration)
    assert _DURATION.fullmatch(text)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_duration(timedelta(seconds=-1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"scaled": 1.1, "raw": 1, "minimum": 0, "maximum": 1},
        {"scaled": 1, "raw": 2, "minimum": 0, "maximum": 1},
        {"scaled": 1, "raw": 1, "minimum": 1, "maximum": 1},
        {"scaled": math.nan, "raw": 1, "minimum": 0, "maximum": 1},
    ],
)
def test_an_impossible_score_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Score(**wrong)


def test_what_no_store_can_take_does_not_get_out() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"x": math.inf})
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"x": "\ud800"})
    assert b"\\u0000" not in canonical({"x": "a\x00b"})


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=80))
def test_whatever_a_learner_types_can_be_sent(text: str) -> None:
    said = body(result=Result(response=text))
    assert said["result"]["response"] == text.replace("\x00", "�")


def test_written_answers_stay_in_the_house_unless_wanted(settings: object) -> None:
    response, extra = written_response("Liebe Frau Vogt, …")
    assert response is None
    assert list(extra.values()) == [18]
    settings.ATTUNE_SEND_WRITTEN_RESPONSES = True  # type: ignore[attr-defined]
    assert written_response("Hallo") == ("Hallo", {})


def test_an_activity_without_type_and_name_is_only_its_id() -> None:
    bare = Activity(id="https://a.example/1", type=None, name={})
    said = body(context=context(parent=(bare,)))
    (parent,) = said["context"]["contextActivities"]["parent"]
    assert parent == {"objectType": "Activity", "id": "https://a.example/1"}


def test_the_actor_is_a_pseudonym_at_this_installation() -> None:
    actor = body()["actor"]
    assert actor == {
        "objectType": "Agent",
        "account": {"homePage": "https://attune.example", "name": str(MARIA)},
    }
    assert UUID(actor["account"]["name"])


def test_every_verb_can_be_said_and_linted() -> None:
    for verb in verbs.ALL.values():
        if verb is verbs.VOIDED or verb is verbs.ANSWERED:
            continue
        success = {verbs.PASSED.id: True, verbs.FAILED.id: False}.get(verb.id)
        said = body(verb=verb, result=Result(completion=True, success=success))
        assert lint(said) == []
