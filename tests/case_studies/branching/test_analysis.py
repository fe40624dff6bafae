"""Each finding on a case made for it, and how large cases are answered for."""

from dataclasses import replace

import pytest

from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene

SOUND = Case(
    "case",
    "A case",
    "en",
    (
        Scene("call", "", (Choice("ask", "", "board"), Choice("end", "", effects="trust = 90"))),
        Scene("board", "", (Choice("close", "", "closed"), Choice("back", "", "call"))),
    ),
    (Ending("won", "", condition="trust >= 80", score="trust"), Ending("closed", "", score="10")),
    (Meter("trust", ""),),
    (Competency("tact", ""),),
    90,
)


def with_scene(*choices, key="board", **more):
    return replace(SOUND, scenes=(SOUND.scenes[0], Scene(key, "", choices, **more)))


def with_first(*choices):
    return replace(SOUND, scenes=(Scene("call", "", choices), SOUND.scenes[1]))


def with_ending(*endings):
    return replace(SOUND, endings=endings)


def with_meters(*meters):
    return replace(SOUND, meters=meters)


END = Choice("end", "", effects="trust = 90")
ON = Choice("on", "", "board")

CASES = [
    ("error", "no-scene", "", "", "", replace(SOUND, scenes=())),
    ("error", "no-ending", "", "", "", with_ending()),
    ("error", "duplicate-key", "call", "", "", with_scene(END, key="call")),
    ("error", "duplicate-key", "won", "", "won", with_scene(END, key="won")),
    ("error", "duplicate-key", "call", "end", "", with_first(END, END)),
    ("error", "duplicate-key", "", "", "won", with_ending(*SOUND.endings, Ending("won", ""))),
    ("error", "duplicate-key", "", "", "", with_meters(*SOUND.meters * 2)),
    ("error", "bad-key", "Big Plant", "", "", with_scene(END, key="Big Plant")),
    ("error", "bad-key", "", "", "", with_meters(*SOUND.meters, Meter("not", ""))),
    ("error", "bad-key", "", "", "", with_meters(*SOUND.meters, Meter("two words", ""))),
    ("error", "unknown-key", "call", "on", "", with_first(END, Choice("on", "", "bord"))),
    ("error", "unknown-key", "board", "", "", with_scene(END, condition="1>2", otherwise="x")),
    (
        "error",
        "unknown-key",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", 'visited("bord")')),
    ),
    (
        "error",
        "unknown-key",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", 'took("board/ask")')),
    ),
    ("error", "unknown-name", "call", "on", "", with_first(END, Choice("on", "", "board", "a>1"))),
    (
        "error",
        "unknown-name",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", effects="calm += 1")),
    ),
    (
        "error",
        "unknown-name",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", points={"haste": 1})),
    ),
    ("error", "unknown-name", "", "", "won", with_ending(Ending("won", "", score="calm"))),
    ("error", "expression", "call", "on", "", with_first(END, Choice("on", "", "board", "trust"))),
    ("error", "expression", "", "", "won", with_ending(Ending("won", "", score="trust > 1"))),
    ("error", "meter-bounds", "", "", "", with_meters(Meter("trust", "", 9, 1, 5))),
    ("error", "meter-start", "", "", "", with_meters(Meter("trust", "", 0, 10, 50))),
    ("error", "dead-end", "board", "", "", with_scene()),
    ("error", "stuck", "board", "", "", with_scene(Choice("a", "", "won", "trust > 60"))),
    (
        "error",
        "no-ending-matches",
        "call",
        "end",
        "",
        replace(
            SOUND,
            endings=(SOUND.endings[0], Ending("closed", "", condition="trust < 79")),
            scenes=(
                Scene("call", "", (Choice("end", "", effects="trust = 79"), ON)),
                SOUND.scenes[1],
            ),
        ),
    ),
    (
        "error",
        "otherwise-circle",
        "call",
        "ask",
        "",
        with_scene(END, condition="trust > 60", otherwise="board"),
    ),
    ("error", "no-way-out", "board", "", "", with_scene(Choice("round", "", "board"))),
    (
        "error",
        "no-way-out",
        "board",
        "",
        "",
        with_scene(Choice("round", "", "board"), Choice("out", "", "won", "trust > 60")),
    ),
    ("error", "pass-score", "", "", "", replace(SOUND, pass_score=91)),
    (
        "error",
        "division-by-zero",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", effects="trust = 5 / (trust - 50)")),
    ),
    (
        "error",
        "division-by-zero",
        "",
        "",
        "won",
        with_ending(Ending("won", "", score="90 + 1 % (trust - 90)"), SOUND.endings[1]),
    ),
    ("smell", "unreachable-scene", "board", "", "", with_first(END)),
    (
        "smell",
        "scene-never",
        "board",
        "",
        "",
        with_scene(END, condition="trust > 60", otherwise="closed"),
    ),
    (
        "smell",
        "choice-never",
        "call",
        "on",
        "",
        with_first(END, Choice("on", "", "board", "trust > 100"), ON),
    ),
    ("smell", "ending-never", "", "", "lost", with_ending(*SOUND.endings, Ending("lost", ""))),
    ("smell", "score-range", "", "", "won", with_ending(Ending("won", "", score="trust + 50"))),
]


def test_a_sound_case_has_nothing_to_find():
    for most in (10_000, 1):
        assert examine(SOUND, most_states=most).findings == ()


@pytest.mark.parametrize(("severity", "code", "scene", "choice", "ending", "case"), CASES)
def test_each_finding(severity, code, scene, choice, ending, case):
    found = examine(case)
    assert (severity, code, scene, choice, ending) in [
        (one.severity, one.code, one.scene, one.choice, one.ending) for one in found.findings
    ]
    assert all(one.message for one in found.findings)


def test_an_expression_error_has_its_field_and_column():
    case = with_first(END, Choice("on", "", "board", effects="trust += 1; trust"))
    (finding,) = examine(case).errors
    assert (finding.field, finding.column) == ("effects", 18)


def test_what_is_met_comes_with_a_way_there():
    (finding,) = examine(with_scene(Choice("a", "", "won", "trust > 60"))).errors
    assert finding.path == ("call/ask",)
    assert "call/ask" in finding.message


def test_what_a_condition_rules_out_is_no_division_by_zero():
    guarded = Choice("on", "", "board", "trust != 50 and 10 / (trust - 50) > 1 or trust == 50")
    assert examine(with_first(END, guarded)).findings == ()


def test_a_broken_link_does_not_hide_what_else_is_wrong_nor_make_more_of_it():
    case = with_first(Choice("on", "", "bord"))
    found = examine(case)
    assert [(one.code, one.scene) for one in found.errors] == [("unknown-key", "call")]
    assert ("unreachable-scene", "board") in [(one.code, one.scene) for one in found.smells]
    assert not found.exact


# --- Too many states to look at each ----------------------------------------------------------

WIDE = Case(
    "wide",
    "",
    "en",
    (
        Scene(
            "hub",
            "",
            (
                Choice("up", "", "hub", effects="trust += 1; calm -= 3"),
                Choice("down", "", "hub", effects="trust -= 2; time += trust"),
                Choice("low", "", "quiet", condition="trust < 500"),
                Choice("high", "", "quiet", condition="trust >= 500"),
                Choice("never", "", "quiet", condition="trust > calm + 1000"),
            ),
        ),
        Scene(
            "quiet",
            "",
            (
                Choice("yes", "", condition="calm >= 30"),
                Choice("no", "", condition="calm < 30"),
            ),
        ),
    ),
    (
        Ending("won", "", condition="trust > 10", score="trust / 10"),
        Ending("lost", "", condition="trust <= 10", score="5"),
    ),
    tuple(Meter(name, "", 0, 1000, 500) for name in ("trust", "calm", "time")),
    pass_score=60,
)


def test_a_wide_case_is_bounded_and_what_excludes_itself_is_no_smell():
    found = examine(WIDE, most_states=500)
    assert not found.exact
    assert found.states_seen >= 500
    assert [(one.code, one.choice) for one in found.findings] == [("choice-never", "never")]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"pass_score": 101}, {("error", "pass-score")}),
        ({"endings": WIDE.endings[:1]}, {("smell", "no-ending-matches")}),
        (
            {"endings": (Ending("won", "", score="9 / trust"),), "pass_score": None},
            {("smell", "division-by-zero")},
        ),
        ({"endings": (Ending("won", "", score="trust"),)}, {("smell", "score-range")}),
        (
            {"scenes": (WIDE.scenes[0], Scene("quiet", "", WIDE.scenes[1].choices[:1]))},
            {("smell", "stuck")},
        ),
        (
            {"scenes": (WIDE.scenes[0], Scene("quiet", "", (Choice("r", "", "quiet"),)))},
            {("error", "no-way-out"), ("smell", "ending-never")},
        ),
    ],
)
def test_what_only_may_happen_in_a_wide_case_is_a_smell(change, codes):
    found = examine(replace(WIDE, **change), most_states=50)
    assert not found.exact
    told = {(one.severity, one.code) for one in found.findings if one.code != "choice-never"}
    assert told == codes
    for one in found.smells:
        if one.code not in ("choice-never", "ending-never"):
            assert "may" in one.message
