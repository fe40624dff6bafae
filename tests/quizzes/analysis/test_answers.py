"""The distractor table: every grammar of xAPI, versions and copies, what stays untold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.analysis.answers import MIN_SHOWN, Tally, answer_table, is_free, parts_of
from attune.quizzes.questions import item_for
from attune.quizzes.questions.choice import ChoiceItem
from attune.quizzes.questions.items import Item
from attune.xapi.interactions import Component, InteractionType
from tests.quizzes.kinds import KINDS


def choice_item(*texts: str, right: int = 0, language: str = "en", prefix: str = "") -> ChoiceItem:
    return ChoiceItem(
        {
            "kind": "choice",
            "language": language,
            "prompt": "<p>Which?</p>",
            "multiple": False,
            "options": [
                {"id": f"{prefix}{number}", "text": text, "correct": number == right}
                for number, text in enumerate(texts)
            ],
        }
    )


class MadeUp(Item):
    """A type of another site's own: it encodes in a grammar of xAPI, and that is enough."""

    right: str | None = None
    named: dict[str, str] = {}

    def __init__(self, interaction_type: str, *, right: str | None = None, **named: str) -> None:
        super().__init__({"language": "en", "prompt": "x"})
        self.interaction_type = interaction_type  # type: ignore[misc]
        self.right, self.named = right, named

    def encode(self, response: Any) -> str:
        return str(response)

    def correct_responses(self) -> tuple[str, ...] | None:
        return None if self.right is None else (self.right,)

    def components(self) -> dict[str, Any]:
        return {"source": [Component(name, {"en": text}) for name, text in self.named.items()]}


def tally(everybody: int, lower: int = 0, upper: int = 0) -> Tally:
    return Tally(everybody, lower, upper, marked=everybody, earned=everybody / 2)


def table(items: list[Item], *given_: tuple[int, Any, Tally], language: str = "en") -> list[Any]:
    asked = Tally()
    for _version, _response, each in given_:
        asked.add(each)
    rows = answer_table(items, given_, asked=asked, language=language)
    return [(row.place, row.text, row.right, row.chosen) for row in rows]


@pytest.mark.parametrize(
    ("interaction_type", "encoded", "parts"),
    [
        (InteractionType.CHOICE, "a[,]b", [("", "a"), ("", "b")]),
        (InteractionType.LIKERT, "a", [("", "a")]),
        (InteractionType.TRUE_FALSE, "true", [("", "true")]),
        (InteractionType.SEQUENCING, "b[,]a", [("1", "b"), ("2", "a")]),
        (InteractionType.MATCHING, "a[.]x[,]b[.]y", [("a", "x"), ("b", "y")]),
        (InteractionType.PERFORMANCE, "s1[.]r2[,]s2[.]r1", [("s1", "r2"), ("s2", "r1")]),
        (InteractionType.NUMERIC, "4.5", [("", "4.5")]),
        (InteractionType.FILL_IN, "{lang=de} Frau ", [("", "Frau")]),
        (InteractionType.FILL_IN, "Frau[,]heute", [("1", "Frau"), ("2", "heute")]),
        (InteractionType.OTHER, "a[.]4[,]b[.]1", [("a", "4"), ("b", "1")]),
        (InteractionType.OTHER, "anything", [("", "anything")]),
        (InteractionType.LONG_FILL_IN, "Dear Ms Schmidt", []),
    ],
)
def test_an_answer_is_taken_apart_by_its_grammar(
    interaction_type: str, encoded: str, parts: list[tuple[str, str]]
) -> None:
    assert parts_of(MadeUp(interaction_type), encoded) == parts


def test_every_interaction_type_is_known() -> None:
    examples = {"matching": "a[.]b", "performance": "a[.]b"}
    for each in InteractionType:
        parts_of(MadeUp(each), examples.get(each, "a"))


def test_options_stand_in_their_order_chosen_or_not() -> None:
    item = choice_item("One", "Two", "Three", right=1)
    assert table([item], (0, ["1"], tally(7)), (0, ["0"], tally(2)), (0, None, tally(1))) == [
        ("", "One", False, 2),
        ("", "Two", True, 7),
        ("", "Three", False, 0),
        ("", "No answer", None, 1),
    ]


def test_translations_and_copies_of_an_option_are_one_and_the_newest_key_holds() -> None:
    old = choice_item("One", "Two", right=0)
    german = choice_item("Eins", "Zwei", right=0, language="de")
    copy = choice_item("One", "Two", right=1, prefix="copy-")
    given_ = [(0, ["0"], tally(3)), (1, ["0"], tally(4)), (2, ["copy-0"], tally(5))]
    versions: list[Item] = [old, german, copy]
    assert table(versions, *given_) == [("", "One", False, 12), ("", "Two", True, 0)]
    assert table(versions, *given_, language="de")[0][1] == "Eins"


def test_two_options_of_one_text_stay_two() -> None:
    assert len(table([choice_item("Same", "Same")], (0, ["1"], tally(5)))) == 2


def test_pairs_are_named_and_right_pairs_known() -> None:
    item = MadeUp(
        InteractionType.MATCHING, right="a[.]x[,]b[.]y", a="Sie", b="du", x="formal", y="informal"
    )
    assert table([item], (0, "a[.]x[,]b[.]x", tally(4)), (0, "a[.]x[,]b[.]y", tally(6))) == [
        ("Sie", "formal", True, 10),
        ("du", "informal", True, 6),
        ("du", "formal", False, 4),
    ]


def test_places_stand_as_the_question_has_them_and_rights_that_nobody_found_are_shown() -> None:
    item = MadeUp(InteractionType.MATCHING, right="b[.]y[,]a[.]x")
    rows = table([item], (0, "a[.]y[,]b[.]y", tally(4)))
    assert rows == [("b", "y", True, 4), ("a", "y", False, 4), ("a", "x", True, 0)]


def test_places_in_a_sequence_are_in_order_beyond_nine() -> None:
    steps = [f"s{number}" for number in range(1, 12)]
    item = MadeUp(InteractionType.SEQUENCING, right="[,]".join(steps))
    places = [row[0] for row in table([item], (0, "[,]".join(steps), tally(5)))]
    assert places == [str(number) for number in range(1, 12)]


def test_own_words_that_few_gave_are_only_counted() -> None:
    item = MadeUp(InteractionType.FILL_IN)
    rare = [(0, f"private {number}", tally(MIN_SHOWN - 1)) for number in range(3)]
    rows = table([item], (0, "Frau Schmidt", tally(MIN_SHOWN)), *rare)
    assert rows == [
        ("", "Frau Schmidt", None, MIN_SHOWN),
        ("", "Other answers, each given by few", None, 3 * (MIN_SHOWN - 1)),
    ]


def test_written_replies_are_not_told_at_all() -> None:
    item = MadeUp(InteractionType.LONG_FILL_IN)
    assert table([item], (0, "Dear Ms Schmidt", tally(40))) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
def test_every_type_that_is_installed_has_its_table(kind: str, data: st.DataObject) -> None:
    """Whatever was answered, all that was written stands in it; of a key, the right parts."""
    item = item_for(data.draw(KINDS[kind].definitions))
    response = data.draw(KINDS[kind].responses(item))
    rows = answer_table([item], [(0, response, tally(9))], asked=tally(9), language="en")
    if item.interaction_type == InteractionType.LONG_FILL_IN:
        assert rows == []
        return
    assert {row.chosen for row in rows} <= {0, 9}
    assert any(row.chosen for row in rows)
    if item.correct_responses() is not None and not is_free(item):
        assert any(row.right for row in rows)
        if item.grade(response).share == 1:
            assert not any(row.right is False and row.chosen for row in rows)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=20),
    st.integers(0, 5),
)
def test_nobody_is_lost_in_the_table(chosen: list[tuple[int, int, int]], silent: int) -> None:
    item = choice_item("a", "b", "c", "d")
    given_: list[tuple[int, Any, Tally]] = [
        (0, [str(option)], Tally(low + high, low, high, low + high, float(high)))
        for option, low, high in chosen
    ]
    given_.append((0, None, tally(silent)))
    asked = Tally()
    for _version, _response, each in given_:
        asked.add(each)
    rows = answer_table([item], given_, asked=asked, language="en")
    assert sum(row.chosen for row in rows) == asked.everybody
    if asked.everybody:
        assert sum(row.share for row in rows) == pytest.approx(1)
    for row in rows:
        assert 0 <= row.share <= 1
        assert row.upper is None or 0 <= row.upper <= 1
        assert row.mark is None or 0 <= row.mark <= 1
