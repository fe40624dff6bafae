"""Walking a case by hand."""

from dataclasses import replace

import pytest

from attune.case_studies.branching import engine
from attune.case_studies.branching.engine import CaseError, NotOffered
from attune.case_studies.branching.plain import PlainError, case_from_plain, to_plain
from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene

CASE = Case(
    key="plant",
    title="The plant stands still",
    language="en",
    scenes=(
        Scene(
            "call",
            "The call",
            (
                Choice("ask", "Ask", "board", effects="trust += 60", points={"tact": 2}),
                Choice("defend", "Defend", effects="trust -= 30", points={"tact": -1}),
            ),
        ),
        Scene(
            "board",
            "The board",
            (
                Choice("again", "Call again", "call", condition='not visited("board")'),
                Choice("close", "Close", "closed"),
            ),
            condition="trust > 60",
            otherwise="closed",
        ),
    ),
    endings=(
        Ending("angry", "Angry", condition="trust < 30", score="trust - 50"),
        Ending("closed", "Closed", score="trust * 2"),
    ),
    meters=(Meter("trust", "Trust"),),
    competencies=(Competency("tact", "Tact"), Competency("pace", "Pace")),
    pass_score=60,
)


@pytest.mark.parametrize("key", ["again", "", "ask ", "board"])
def test_a_choice_that_is_not_offered_is_refused_with_what_is(key):
    with pytest.raises(NotOffered, match=r"not offered in “call”\. Offered: ask, defend\."):
        engine.take(CASE, engine.start(CASE), key)


def test_nothing_can_be_chosen_at_an_ending():
    ended = engine.walk(CASE, ["defend"])
    assert engine.offered(CASE, ended) == ()
    with pytest.raises(NotOffered, match="has ended at “angry”"):
        engine.take(CASE, ended, "ask")


def test_a_path_with_its_meters_cut_and_what_was_offered():
    position = engine.walk(CASE, ["ask", "again", "ask"])
    assert position.place == "board"
    assert [choice.key for choice in engine.offered(CASE, position)] == ["close"]
    first, second, third = position.path
    assert (first.before, first.after) == ({"trust": 50}, {"trust": 100})
    assert second.offered == ("again", "close")
    assert third.after == {"trust": 100}
    assert engine.start(CASE).state == {"trust": 50}


def test_the_outcome_goes_by_what_could_have_been_earned():
    position = engine.walk(CASE, ["ask", "again", "defend"])
    result = engine.outcome(CASE, position)
    assert (result.ending.key, result.score, result.passed) == ("closed", 100, True)
    tact = result.competencies["tact"]
    assert (tact.earned, tact.lowest, tact.highest, tact.scaled) == (1, -2, 4, 0.5)
    assert "pace" not in result.competencies
    low = engine.outcome(CASE, engine.walk(CASE, ["defend"]))
    assert (low.ending.key, low.score, low.passed) == ("angry", 0, False)
    assert engine.outcome(replace(CASE, pass_score=None), position).passed


def test_a_scene_whose_condition_fails_is_passed_over():
    case = replace(CASE, meters=(Meter("trust", "Trust", start=0),))
    assert engine.walk(case, ["ask"]).place == "closed"


def test_trying_again_from_a_decision_stands_before_it():
    position = engine.walk(CASE, ["ask", "again", "defend"])
    assert engine.back_to(CASE, position, 2) == engine.walk(CASE, ["ask", "again"])
    with pytest.raises(IndexError):
        engine.back_to(CASE, position, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scenes": ()}, "no scene"),
        (
            {"scenes": (Scene("call", "", (Choice("ask", ""),)),), "endings": CASE.endings[:1]},
            "No ending",
        ),
        ({"meters": ()}, "not a meter"),
        ({"scenes": (Scene("call", "", (Choice("ask", "", "nowhere"),)),)}, "“nowhere”"),
        ({"scenes": (Scene("call", "", (Choice("ask", "", effects="1"),)),)}, "call/ask"),
        ({"scenes": (Scene("call", "", condition="1 > 2", otherwise="call"),)}, "circle"),
    ],
)
def test_a_broken_draft_says_what_is_broken(changes, says):
    with pytest.raises(CaseError, match=says):
        engine.take(replace(CASE, **changes), engine.start(replace(CASE, **changes)), "ask")


# --- Plain values ------------------------------------------------------------------------------


def changed(path, value):
    plain = to_plain(CASE)
    *steps, last = path
    inner = plain
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return plain


@pytest.mark.parametrize(
    ("plain", "path"),
    [
        (None, ""),
        ([], ""),
        ({1: 2}, ""),
        (changed(["version"], 2), "version"),
        (changed(["version"], True), "version"),
        (changed(["scenes"], {}), "scenes"),
        (changed(["scenes", 1, "choices", 0, "text"], 5), "scenes[1].choices[0].text"),
        (changed(["scenes", 1, "choices", 0, "tezt"], ""), "scenes[1].choices[0].tezt"),
        (
            changed(["scenes", 0, "choices", 1, "points"], {"tact": "1"}),
            "scenes[0].choices[1].points.tact",
        ),
        (
            changed(["scenes", 0, "choices", 1, "points"], {"tact": True}),
            "scenes[0].choices[1].points.tact",
        ),
        (changed(["scenes", 0, "title"], "a\x00b"), "scenes[0].title"),
        (changed(["scenes", 0, "title"], "\ud800"), "scenes[0].title"),
        (changed(["scenes", 0, "body"], [{"type": float("nan")}]), "scenes[0].body[0].type"),
        (changed(["scenes", 0, "body"], ["text"]), "scenes[0].body[0]"),
        (changed(["meters", 0, "start"], 2.5), "meters[0].start"),
        (changed(["meters", 0, "start"], 10**10), "meters[0].start"),
        (changed(["meters", 0, "shown"], 1), "meters[0].shown"),
        (changed(["pass_score"], "60"), "pass_score"),
        ({key: value for key, value in to_plain(CASE).items() if key != "endings"}, "endings"),
    ],
)
def test_a_bad_part_is_named_by_its_path(plain, path):
    with pytest.raises(PlainError) as refused:
        case_from_plain(plain)
    assert refused.value.path == path
    assert str(refused.value).startswith(path)


def test_a_body_nested_too_deeply_is_refused():
    body: dict = {}
    for _ in range(60):
        body = {"value": [body]}
    with pytest.raises(PlainError, match="nested too deeply"):
        case_from_plain(changed(["scenes", 0, "body"], [body]))


def test_what_an_earlier_version_froze_without_newer_fields_stays_readable():
    plain = to_plain(CASE)
    del plain["introduction"], plain["scenes"][0]["body"], plain["version"]
    assert case_from_plain(plain) == CASE
