"""What question types share that ask in rows: pairs to match, steps to order, replies to rate.

Pure, like ``items``. The ids of such rows never reach the learner's page: fields and their
values are numbered in the order that the attempt shows, so that a page gives no key away.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from attune.quizzes.questions.items import Grade, Outcome, ResponseError, shuffled


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome(Outcome):
    """A row of the result: what was said of it and what is right. ``chosen``: it was answered.

    ``credit``: in words, why a row that is not right earned something all the same.
    """

    given: str
    wanted: str
    credit: str = ""


def in_order(ids: Iterable[str], order: Sequence[str]) -> list[str]:
    """``ids`` in the attempt's order; whatever it does not name comes last."""
    place = {each: index for index, each in enumerate(order)}
    return sorted(ids, key=lambda each: place.get(each, len(place)))


def mixed(ids: Sequence[str], rng: random.Random | None) -> list[str]:
    """``ids`` shuffled whatever the quiz says: in the author's order they would be the answer.

    Without ``rng`` the order is the same each time, so that a quiz that shuffles nothing looks
    the same in every attempt.
    """
    # Not for secrets: any order will do that is not the author's.
    return shuffled(ids, rng or random.Random("".join(sorted(ids))))  # noqa: S311


def as_read(text: str) -> str:
    """A text as a reader tells it from another: spaces and capitals make no difference."""
    return " ".join(text.split()).casefold()


def said_twice(texts: Iterable[str]) -> str | None:
    """The first text that a reader cannot tell from an earlier one."""
    seen: set[str] = set()
    for text in texts:
        if as_read(text) in seen:
            return text
        seen.add(as_read(text))
    return None


def text_problems(texts: Sequence[str]) -> list[str]:
    """What is wrong with texts between which a learner has to tell."""
    if not all(as_read(text) for text in texts):
        return [gettext("A text is empty.")]
    twice = said_twice(texts)
    if twice is None:
        return []
    return [
        gettext("“%(text)s” is there twice, so nobody could tell the two apart.") % {"text": twice}
    ]


def number_problems(count: int, *, least: int, most: int) -> list[str]:
    """``count``: how many rows there are."""
    if count < least:
        words = ngettext(
            "Give at least %(least)d rows: there is %(count)d.",
            "Give at least %(least)d rows: there are %(count)d.",
            count,
        )
        return [words % {"least": least, "count": count}]
    if count > most:
        words = ngettext(
            "Give no more than %(most)d rows: there is %(count)d.",
            "Give no more than %(most)d rows: there are %(count)d.",
            count,
        )
        return [words % {"most": most, "count": count}]
    return []


def read_rows(raw: Any, ids: Sequence[str]) -> dict[str, Any]:
    """What is said of each row by its id, in the question's order. Rows may be left out.

    :raises ResponseError: ``raw`` is no object, or names a row that the question does not have.
    """
    if not isinstance(raw, Mapping):
        raise ResponseError(gettext("An answer says something for each row."))
    if not set(raw) <= set(ids):
        raise ResponseError(gettext("This row is not one of the question’s."))
    return {each: raw[each] for each in ids if raw.get(each) is not None}


def graded_by_row(key: Mapping[str, str], response: Mapping[str, str] | None) -> Grade:
    """Each row of the key earns an equal share of the mark; all of them make a success."""
    given = response or {}
    right = sum(given.get(row) == wanted for row, wanted in key.items())
    return Grade(share=right / len(key), success=right == len(key))


def still_open(done: int, total: int) -> str:
    """What a half-done answer lacks, in words; empty where nothing was begun or all is done."""
    if not 0 < done < total:
        return ""
    return gettext("%(open)d of %(total)d still open. What you have given so far is kept.") % {
        "open": total - done,
        "total": total,
    }
