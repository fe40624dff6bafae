from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from attune.quizzes.questions.rows import as_read
from tests.quizzes.kinds import Kind, definition

ids = st.uuids().map(str)
# Letters and figures: what a reader can tell from nothing and from another text.
words = st.text("abcdeÄß漢 123", min_size=1, max_size=12).filter(as_read)


def different(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(words, min_size=least, max_size=most, unique_by=as_read)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    sources = draw(different(2, 6))
    targets = [
        {"id": f"t-{each}", "text": text}
        for each, text in zip(
            draw(st.lists(ids, min_size=9, max_size=9, unique=True)),
            draw(different(2, 9)),
            strict=False,
        )
    ]
    return definition(
        "matching",
        pairs=[
            {
                "id": each,
                "source": source,
                "target": draw(st.sampled_from(targets))["id"],
                "feedback": "",
            }
            for each, source in zip(
                draw(st.lists(ids, min_size=6, max_size=6, unique=True)), sources, strict=False
            )
        ],
        targets=targets,
    )


def responses(item: Any) -> st.SearchStrategy[Any]:
    """Some of the pairs, or all of them, matched with anything."""
    return st.dictionaries(
        st.sampled_from(list(item.key)), st.sampled_from(list(item.targets)), min_size=1
    )


def with_wrong(item: Any, *wrong: int) -> dict[str, str]:
    """The right answer but for the pairs at these places, which get the distractor."""
    last = list(item.targets)[-1]
    return {
        pair: last if place in wrong else target
        for place, (pair, target) in enumerate(item.key.items())
    }


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "priorities": {
            "pairs": [
                {
                    "source": "Nobody in the plant can print labels.",
                    "target": "Priority 1",
                    "feedback": "The line stands still.",
                },
                {
                    "source": "One screen flickers; a spare one is there.",
                    "target": "Priority 3",
                    "feedback": "",
                },
                {
                    "source": "Payroll cannot sign in on pay day.",
                    "target": "Priority 1",
                    "feedback": "",
                },
            ],
            "distractors": ["No ticket at all"],
        }
    },
    author_form={
        "pairs": [
            {"source": "Nobody can work.", "target": "Priority 1", "feedback": ""},
            {"source": "One screen flickers.", "target": "Priority 3", "feedback": "It can wait."},
        ],
        "distractors": [{"text": "No ticket at all"}],
    },
    answers={
        "right": ("priorities", with_wrong),
        "partly": ("priorities", lambda item: with_wrong(item, 2)),
        "begun": ("priorities", lambda item: dict([next(iter(item.key.items()))])),
        "wrong": ("priorities", lambda item: with_wrong(item, 0, 1, 2)),
    },
)
