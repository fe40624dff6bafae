"""Files of cases: JSON without loss, Twee with a list of what is lost, and no crash on anything."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene
from attune.case_studies.exchange import json_format, twee, twee_writing
from attune.case_studies.exchange.contract import FileRefused, Unreadable
from attune.case_studies.exchange.merging import merged
from tests.case_studies.exchange.test_write_case import a_case

HARLOWE = """\
:: StoryTitle
The missed deadline
:: StoryData
{"ifid": "D674C58C-DEFA-4F70-B7A2-27742230C0FC", "format": "Harlowe", "start": "The Call",
 "tag-colors": {"a": "red"}}
:: The Call [intro] {"position":"1,2"}
(set: $trustLevel to 50, $name to "x")
You (print: $name) hear   a voice.
(if: $trustLevel > 20)[ [[Be nice->Second]] ](else:)[Bad words [[Be rude|Second]] ]
[[Leave]]
:: Second
(set: $trustLevel to it + 10)
$trustLevel is up <script>alert(1)</script>
<<if $trustLevel gt 20 and visited("The Call")>>[[a->Leave][$x to 1, $y += 2.5]]<</if>>
<<if random(1, 6) gt 3>>[[b->Nowhere]]<</if>>
:: Leave
Bye.
:: looks [stylesheet]
body { color: red }
"""


def test_a_story_of_harlowes_becomes_a_case_and_says_what_does_not() -> None:
    parsed = twee.read(HARLOWE.encode(), language="en")
    case = parsed.case
    assert (case.title, case.key) == (
        "The missed deadline",
        "d674c58c-defa-4f70-b7a2-27742230c0fc",
    )
    first, second = case.scenes
    assert (first.key, first.title) == ("the-call", "The Call")
    assert first.body[0]["value"] == "<p>You hear a voice.<br/>Bad words</p>"
    assert [(each.text, each.to, each.condition, each.effects) for each in first.choices] == [
        ("Be nice", "second", "trust_level > 20", "trust_level = trust_level + 10"),
        ("Be rude", "second", "not trust_level > 20", "trust_level = trust_level + 10"),
        ("Leave", "leave", "", ""),
    ]
    assert second.choices[0].condition == 'trust_level > 20 and visited("the-call")'
    assert second.choices[0].effects == "x = 1"
    assert second.choices[1].condition == ""
    assert [each.key for each in case.endings] == ["leave"]
    assert [(each.name, each.start) for each in case.meters] == [("trust_level", 50), ("x", 0)]
    said = [(each.line, each.message) for each in parsed.notes]
    for line, words in (
        (3, "“tag-colors” is not taken over."),
        (6, "The tag “intro” is not taken over."),
        (6, "“position” of the header is not taken over."),
        (7, '“$name to "x"” is not taken over. The text "x" is no number.'),
        (8, "(print: $name) is not taken over."),
        (9, "These words depended on a condition. They are always shown."),
        (12, "“trust_level = trust_level + 10” becomes an effect of the choices that lead here."),
        (13, "<script> is not taken over."),
        (13, "“$trustLevel” is shown as it is written: words show no meters."),
        (14, "“$y += 2.5” is not taken over. 2.5 is no whole number."),
        (15, "<<if random(1, 6) gt 3>>: “random” is not understood. It is always offered."),
        (15, "“Nowhere” is no passage of the file. It leads there all the same."),
        (16, "It has no links: taken for an ending."),
        (18, "“looks” belongs to Twine’s player and is not taken over."),
    ):
        assert (line, words) in said


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        (b"", 1, "no passage in it"),
        (b"just words", 1, "no passage in it"),
        (b":: A\n[[B]]\n:: B\n:: A\n", 4, "a passage “A” in line 1 already"),
        (b":: StoryTitle\nOnly a title", 1, "no scene in it"),
        (b":: \n[[A]]", 1, "has no name"),
        (b":: The end [ending]\nBye", 1, "no scene in it"),
    ],
)
def test_no_case_can_be_made_of_it(body: bytes, line: int, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        twee.read(body)
    (reason,) = refused.value.reasons
    assert reason.line == line
    assert words in reason.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "This is no JSON"),
        (b"\xff\xfe\x00", "encoding was not recognised"),
        (b"[]", "This is no case study"),
        (b'{"kind": "attune.case"}', "is missing"),
        (b'{"kind": "attune.case", "title": 1, "title": 2}', "stands twice"),
        (b'{"kind": NaN}', "is not a number"),
        (b'{"a": ' * 3000, ""),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 5000, ""),
        (b"x" * 5_000_001, "more than 5 MB"),
    ],
)
def test_what_is_no_case_in_json_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(FileRefused) as refused:
        json_format.read(body)
    assert words in str(refused.value)


def test_a_file_of_twine_does_not_lose_what_twine_has_no_place_for() -> None:
    standing = a_case(
        scenes=(
            replace(
                a_case().scenes[0],
                choices=(
                    *a_case().scenes[0].choices,
                    Choice("twice", "Again.", to="kept", condition='took("call/promise")'),
                ),
            ),
            a_case().scenes[1],
        )
    )
    written = twee_writing.write(standing)
    carried = twee.read(written.text.encode()).case
    assert merged(standing, carried, carried) == standing

    # Somebody rewords a choice, and adds a passage, in Twine.
    text = written.text.replace("Someone will look.", "Frau Vogt will look.")
    told = twee.read((text + "\n:: extra\n[[On->kept]]\n").encode()).case
    back = merged(standing, carried, told)
    assert [each.key for each in back.scenes] == ["call", "wait", "extra"]
    assert back.scenes[0].choices[0] == standing.scenes[0].choices[0]
    assert back.scenes[0].choices[1].text == "Frau Vogt will look."
    assert back.scenes[0].body == standing.scenes[0].body
    assert back.meters == standing.meters
    unsaid = {(each.place, each.message) for each in written.notes}
    assert (
        "call/promise",
        "Not in the file: what happens, how it was read, the norm, the points.",
    ) in unsaid
    assert any(place == "call/twice" and "The condition." in words for place, words in unsaid)


# --- Anything at all -----------------------------------------------------------------------------

KEYS = ("a", "b-2", "plant-stop", "end", "over")
keys = st.sampled_from(KEYS)
texts = st.text(
    st.sampled_from("ab ß&<>[]{}()|$:;!#'\"\\/-\n*=") | st.characters(codec="utf-8"), max_size=30
).filter(lambda text: "\x00" not in text)
conditions = st.sampled_from(
    ["", "trust > 20", "not (trust > 2 and m_2 == 0)", 'visited("a") or trust % 3 == 1',
     'took("a/b-2")', "trust +"]
)  # fmt: skip
effects = st.sampled_from(["", "trust += 10; m_2 -= 5", "trust = (trust + 1) * -2", "nope ="])
choices = st.builds(
    Choice,
    key=keys,
    text=texts,
    to=st.sampled_from(["", *KEYS]),
    condition=conditions,
    effects=effects,
    outcome=texts,
    points=st.dictionaries(keys, st.integers(-9, 9), max_size=2),
)
scenes = st.builds(
    Scene,
    key=keys,
    title=texts,
    choices=st.lists(choices, max_size=3, unique_by=lambda each: each.key).map(tuple),
    condition=conditions,
    otherwise=st.sampled_from(["", *KEYS]),
    place=texts,
    body=st.lists(
        st.fixed_dictionaries({"type": st.just("narration"), "value": texts}), max_size=2
    ).map(tuple),
)
endings = st.builds(
    Ending, key=keys, title=texts, summary=texts, condition=conditions,
    score=st.sampled_from(["0", "50 + trust / 2", "m_2"]),
)  # fmt: skip


@st.composite
def cases(draw: Any) -> Case:
    found = draw(st.lists(scenes, min_size=1, max_size=3, unique_by=lambda each: each.key))
    taken = {each.key for each in found}
    ends = draw(st.lists(endings, max_size=3, unique_by=lambda each: each.key))
    return Case(
        key="0b6f1c3e-9d1f-4f6e-8a55-2f3f2f7f1a01",
        title=draw(texts),
        language="en",
        scenes=tuple(found),
        endings=tuple(each for each in ends if each.key not in taken),
        meters=(Meter("trust", "Trust", start=draw(st.integers(-9, 99))), Meter("m_2", "M")),
        competencies=(Competency("ownership", draw(texts)),),
        pass_score=draw(st.none() | st.integers(1, 100)),
        introduction=draw(texts),
    )


def words_of(text: str) -> list[str]:
    """Without the signs that no file of text holds."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n").split()


@given(cases())
def test_json_gives_the_same_case(case: Case) -> None:
    assert json_format.read(json_format.write(case).text.encode()).case == case


@given(cases())
def test_twee_gives_the_same_graph_and_names_the_rest(case: Case) -> None:
    written = twee_writing.write(case)
    read = twee.read(written.text.encode()).case
    unsaid = " ".join(f"{each.place}: {each.message}" for each in written.notes)
    again = {each.key: each for each in read.scenes}
    assert list(again) == [each.key for each in case.scenes]
    for scene in case.scenes:
        twin = again[scene.key]
        assert [(each.key, each.to) for each in twin.choices] == [
            (each.key, each.to) for each in scene.choices
        ]
        for one, two in zip(scene.choices, twin.choices, strict=True):
            for part, words in (("condition", "The condition"), ("effects", "The effects")):
                known = f"{scene.key}/{one.key}: {words}" in unsaid
                same = twee_writing.same_rule(getattr(one, part), getattr(two, part))
                assert same or (known and not getattr(two, part))
            assert words_of(two.text) == words_of(one.text)
        if f"{scene.key}: The condition" not in unsaid and scene.condition:
            assert twee_writing.same_rule(scene.condition, twin.condition)
            assert twin.otherwise == scene.otherwise
    assert {each.key for each in read.endings} == {each.key for each in case.endings}
    assert {each.name: each.start for each in read.meters} == {
        each.name: each.start for each in case.meters
    }
    assert merged(case, read, read).scenes == case.scenes


pieces = st.lists(
    st.sampled_from(
        [":: A", "\n", "::", "[[", "]]", "->", "][", "<<if ", "<<set ", ">>", "<</if>>", "<<else>>",
         "(if: ", "(set: $a to 1)", ")[", "]", "$a", " gt 2", "{", "}", "\\", "<!--", "-->", "x",
         ":: StoryData\n", "<<goto \"A\">>", "<b>", "&#91;", "0x", "'", '"', "(else:)["]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(
    st.binary(max_size=200)
    | pieces.map(str.encode)
    | st.builds(lambda s: b":: A\n[[B]]\n" + s.encode(), pieces)
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (twee.read, json_format.read):
        try:
            parsed = read(body)
        except FileRefused:
            continue
        else:
            json.dumps(json_format.write(parsed.case).text)


@pytest.mark.parametrize(
    "piece", ["[[", "[[a][", "<<if ", "(if: ", "<!--", "((a:", "[[a->b]]", "<<if a>>x", "(if: a)[x"]
)
def test_a_file_made_to_be_slow_is_not(piece: str) -> None:
    head = ':: A\n[[B]]\n:: StoryData\n{"format": "Harlowe"}\n:: B\n'
    began = time.process_time()
    with contextlib.suppress(FileRefused):
        twee.read((head + piece * (50_000 // len(piece))).encode())
    assert time.process_time() - began < 2
