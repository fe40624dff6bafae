"""When a key changes, what names it follows; everything else stays as it was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attune.case_studies.admin.references import references_to
from attune.case_studies.branching.analysis import examine
from attune.case_studies.renaming import Renaming, renamed
from tests.case_studies.support import small_case


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('visited("call") and trust>3', 'visited("phone") and trust>3'),
        ("took ( 'call/own' )", "took ( 'phone/admit' )"),
        ('took("call/team")', 'took("phone/team")'),
        ('visited("call-back")', 'visited("call-back")'),
        ('took("answer/own")', 'took("answer/own")'),
        ("call >= 1", "call >= 1"),
        ('visited("call" and', 'visited("call" and'),
        ("", ""),
    ],
)
def test_expressions_follow(text: str, expected: str) -> None:
    renaming = Renaming({"call": "phone"}, scene="call", choices={"own": "admit"})
    assert renaming.expression(text) == expected


def test_two_names_can_swap() -> None:
    swap = Renaming({"a": "b", "b": "a"}, meters={"x": "y", "y": "x"})
    assert swap.expression('visited("a") or visited("b")') == 'visited("b") or visited("a")'
    assert swap.expression('x + y > 1 and visited("x")') == 'y + x > 1 and visited("x")'


def test_a_renamed_case_is_the_same_case() -> None:
    case = small_case()
    other = renamed(
        case,
        Renaming(
            {"call": "phone", "mended": "saved"},
            scene="call",
            choices={"own": "admit"},
            meters={"trust": "faith"},
        ),
    )
    meters = tuple(replace(each, name=each.name.replace("trust", "faith")) for each in case.meters)
    other = replace(other, meters=meters)
    assert examine(other).states_seen == examine(case).states_seen
    assert not examine(other).errors
    assert other.scenes[2].choices[0].condition == 'faith >= 60 or took("phone/admit")'
    assert [ending.key for ending in other.endings] == ["trusted", "saved", "escalated"]


def test_who_leads_to_a_scene() -> None:
    case = small_case()
    found = [(each.scene, each.choice, each.how) for each in references_to(case, "call")]
    assert found == [
        ("answer", "time", "leads"),
        ("answer", "vague", "leads"),
        ("closing", "report", "condition"),
    ]
    assert [each.how for each in references_to(case, "closing")] == [
        "otherwise", "leads", "leads",
    ]  # fmt: skip
