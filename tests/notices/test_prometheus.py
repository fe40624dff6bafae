"""The text format, read back by a parser that knows nothing of the writer."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.notices.watch.prometheus import Family, render

NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,12}", fullmatch=True)
LABELS = st.from_regex(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.one_of(st.floats(), st.integers(-(2**53), 2**53).map(float))
FAMILIES = st.lists(
    st.builds(
        Family,
        NAMES,
        st.sampled_from(["gauge", "counter"]),
        TEXT.filter(lambda text: text == text.strip()),
        st.lists(st.tuples(st.dictionaries(LABELS, TEXT, max_size=3), VALUES), max_size=4),
    ),
    max_size=4,
    unique_by=lambda family: family.name,
)


def parse(text: str) -> list[tuple[str, str, str, list[tuple[dict[str, str], float]]]]:
    """After the specification, character by character. Lines end in line feeds and nothing else."""
    assert text == "" or text.endswith("\n")
    found: list[Any] = []
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name, _, words = line.removeprefix("# HELP ").partition(" ")
            found.append([name, "", unescape(words, quotes=False), []])
        elif line.startswith("# TYPE "):
            name, _, kind = line.removeprefix("# TYPE ").partition(" ")
            assert found[-1][0] == name
            found[-1][1] = kind
        else:
            name, labels, value = sample(line)
            assert found[-1][0] == name
            found[-1][3].append((labels, value))
    return [(a, b, c, d) for a, b, c, d in found]


def sample(line: str) -> tuple[str, dict[str, str], float]:
    head = re.match(r"[a-zA-Z_:][a-zA-Z0-9_:]*", line)
    assert head
    rest = line[head.end() :]
    labels: dict[str, str] = {}
    if rest.startswith("{"):
        rest = rest[1:]
        while not rest.startswith("}"):
            label = re.match(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:\\.|[^"\\])*)",?', rest, re.DOTALL)
            assert label, rest
            assert label[1] not in labels
            labels[label[1]] = unescape(label[2])
            rest = rest[label.end() :]
        rest = rest[1:]
    assert rest.startswith(" ")
    return head[0], labels, float(rest[1:].replace("Inf", "inf").replace("NaN", "nan"))


def unescape(text: str, *, quotes: bool = True) -> str:
    signs = {"\\": "\\", "n": "\n"} | ({'"': '"'} if quotes else {})
    return re.sub(r"\\(.)", lambda found: signs[found[1]], text)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@given(FAMILIES)
def test_what_is_written_is_read_back(families: list[Family]) -> None:
    read = parse(render(families))
    written = [family for family in families if family.samples]
    assert len(read) == len(written)
    for (name, kind, words, samples), family in zip(read, written, strict=True):
        assert (name, kind, words) == (family.name, family.type, family.help)
        assert [labels for labels, _ in samples] == [dict(each) for each, _ in family.samples]
        for (_a, one), (_b, other) in zip(samples, family.samples, strict=True):
            assert same(one, other)


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [("1st", "gauge", "a"), ("a b", "gauge", "a"), ("a", "sum", "a"), ("a", "gauge", "__a")],
)
def test_what_the_format_has_no_place_for_is_refused(name: str, kind: str, label: str) -> None:
    with pytest.raises(ValueError, match="no"):
        Family(name, kind, "", [({label: "x"}, 1)])
