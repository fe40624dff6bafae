"""A written reply: asked and kept here, marked by a person."""

from __future__ import annotations

from typing import Any

import pytest

from attune.quizzes.questions import item_for
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.questions.written_reply import MAX_CHARACTERS, WrittenReplyItem
from tests.quizzes.kinds import definition

ROW = {"id": "tone", "criterion": "Tone", "description": "", "points": 2}


def reply(**own: Any) -> WrittenReplyItem:
    bare = {"situation": "", "model_answer": "", "min_words": None, "max_words": None}
    item = item_for(definition("written_reply", **{**bare, "rubric": [ROW], **own}))
    assert isinstance(item, WrittenReplyItem)
    return item


def test_a_reply_waits_for_a_person_and_silence_does_not() -> None:
    waiting, silence = reply().grade("Dear Frau Schmidt,"), reply().grade(None)
    assert (waiting.share, waiting.success, waiting.pending) == (0, None, True)
    assert (silence.share, silence.success, silence.pending) == (0, False, False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Dear all,\r\n\r\nFriday. \n", "Dear all,\n\nFriday."),
        (" \n\t ", None),
        ("a\x00b", "ab"),
        ("{lang=de}Guten Tag", "{ lang=de}Guten Tag"),
    ],
)
def test_what_is_kept_of_a_reply(typed: str, kept: str | None) -> None:
    assert reply().read(typed) == kept


def test_a_reply_without_end_is_refused_in_words() -> None:
    assert reply().read("x" * MAX_CHARACTERS) is not None
    for many in (MAX_CHARACTERS + 1, 10**7):
        with pytest.raises(ResponseError, match="at most 10000 characters"):
            reply().read("x" * many)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (20, 80, "Write 20 to 80 words."),
        (20, None, "Write at least 20 words."),
        (None, 1, "Write at most 1 word."),
        (None, None, "A trainer reads"),
    ],
)
def test_the_hint_says_how_long(low: int | None, high: int | None, words: str) -> None:
    hint = reply(min_words=low, max_words=high).hint
    assert hint.startswith(words)
    assert hint.endswith("A trainer reads and marks your reply.")


def test_the_result_shows_the_model_answer() -> None:
    lines = reply(model_answer="Friday is at risk.").outcomes("Two words")
    assert [(line.text, line.chosen, line.feedback) for line in lines] == [
        ("Two words", True, "2 words"),
        ("Friday is at risk.", False, ""),
    ]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"rubric": []}, "at least one criterion"),
        ({"rubric": [{**ROW, "criterion": " "}]}, "has no name"),
        ({"rubric": [{**ROW, "points": 0}]}, "between 1 and 20 points"),
        ({"rubric": [ROW] * 13}, "no more than 12"),
        ({"min_words": 80, "max_words": 20}, "above the greatest"),
        ({"max_words": 0}, "lies between 1 and 1000"),
    ],
)
def test_what_nobody_could_mark_is_a_problem(own: Any, words: str) -> None:
    assert any(words in problem for problem in reply(**own).problems())
