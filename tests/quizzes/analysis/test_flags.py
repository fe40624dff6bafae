"""Flags: which figures raise which, at the threshold and just beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attune.quizzes.analysis.answers import AnswerRow
from attune.quizzes.analysis.figures import ItemFigures
from attune.quizzes.analysis.flags import RULES, flags_of

GOOD = ItemFigures(
    asked=100,
    facility=0.6,
    deviation=0.4,
    discrimination=0.4,
    efficiency=0.5,
    intended_weight=10,
    effective_weight=10,
)


def row(text: str, *, right: bool, share: float, upper: float | None) -> AnswerRow:
    return AnswerRow(
        place="",
        text=text,
        right=right,
        chosen=round(100 * share),
        share=share,
        lower=share,
        upper=upper,
        mark=float(right),
        is_option=True,
    )


KEY = row("key", right=True, share=0.6, upper=0.8)
WRONG = row("wrong", right=False, share=0.4, upper=0.2)


def codes(figures: ItemFigures, *answers: AnswerRow, left_open: float = 0.0) -> set[str]:
    return {flag.code for flag in flags_of(figures, answers or (KEY, WRONG), left_open=left_open)}


def test_a_good_question_has_no_flag() -> None:
    assert codes(GOOD) == set()


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({"facility": 0.95}, {"too_easy"}),
        ({"facility": 0.949}, set()),
        ({"facility": 0.20}, {"too_hard"}),
        ({"facility": 0.201}, set()),
        ({"discrimination": -0.001}, {"key"}),
        ({"discrimination": 0.0}, {"ambiguous"}),
        ({"discrimination": 0.199}, {"ambiguous"}),
        ({"discrimination": 0.20}, set()),
        ({"discrimination": None}, set()),
        # An easy question cannot tell people apart: that it does not is no second fault.
        ({"facility": 0.97, "discrimination": 0.05}, {"too_easy"}),
        ({"facility": 0.1, "discrimination": -0.2}, {"too_hard", "key"}),
        ({"facility": None, "discrimination": None}, set()),
    ],
)
def test_figures_raise_flags_at_their_thresholds(
    change: dict[str, float | None], raised: set[str]
) -> None:
    assert codes(replace(GOOD, **change)) == raised  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("upper_of_wrong", "upper_of_key", "raised"),
    [
        (0.51, 0.49, {"key"}),
        (0.49, 0.51, {"ambiguous"}),
        (0.25, 0.50, {"ambiguous"}),
        (0.24, 0.48, set()),
        (0.25, 0.51, set()),
    ],
)
def test_what_the_best_choose_raises_flags(
    upper_of_wrong: float, upper_of_key: float, raised: set[str]
) -> None:
    answers = replace(KEY, upper=upper_of_key), replace(WRONG, upper=upper_of_wrong)
    assert codes(GOOD, *answers) == raised
    if raised:
        (flag,) = flags_of(GOOD, answers, left_open=0)
        assert "“wrong”" in flag.advice


def test_where_several_are_right_none_is_a_rival() -> None:
    answers = KEY, replace(KEY, text="also"), replace(WRONG, upper=0.9)
    assert codes(GOOD, *answers) == set()


def test_left_open_and_idle_options() -> None:
    assert codes(GOOD, left_open=0.2) == {"left_open"}
    assert codes(GOOD, left_open=0.19) == set()
    assert codes(GOOD, KEY, WRONG, replace(WRONG, text="c", share=0.019, upper=0)) == {
        "idle_options"
    }
    assert codes(GOOD, KEY, WRONG, replace(WRONG, text="c", share=0.02, upper=0)) == set()
    easy = replace(GOOD, facility=0.99)
    assert codes(easy, KEY, replace(WRONG, share=0.0, upper=0)) == {"too_easy"}


def test_titles_are_explained_to_the_reader() -> None:
    explained = {str(title) for title, _rule in RULES}
    for figures, left_open in (
        (replace(GOOD, facility=1.0), 0.6),
        (replace(GOOD, facility=0.1), 0.0),
        (replace(GOOD, discrimination=-1.0), 0.0),
        (replace(GOOD, discrimination=0.0), 0.0),
    ):
        idle = replace(WRONG, share=0.0, upper=0.0)
        for flag in flags_of(figures, (KEY, idle), left_open=left_open):
            assert flag.title in explained
