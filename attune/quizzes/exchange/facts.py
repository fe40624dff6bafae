"""Topic and difficulty, by their value or by the word that the screens show."""

from __future__ import annotations

from django.utils.translation import gettext as _

from attune.curriculum.topics import Topic
from attune.quizzes.exchange.contract import QuestionRefused
from attune.quizzes.questions.base import Difficulty


def read_topic(text: str) -> str | None:
    """None where nothing is said.

    :raises QuestionRefused: there is no such topic.
    """
    wanted = text.strip().lower()
    if not wanted:
        return None
    for value, label in Topic.choices:
        if wanted in (str(value).lower(), str(label).lower()):
            return str(value)
    raise QuestionRefused(
        _("There is no topic “%(text)s”. There are: %(topics)s.")
        % {"text": text[:40], "topics": ", ".join(map(str, Topic.values))}
    )


def read_difficulty(text: str) -> int | None:
    """None where nothing is said.

    :raises QuestionRefused: it is none of 1, 2 and 3, nor of their names.
    """
    wanted = text.strip().lower()
    if not wanted:
        return None
    for value, label in Difficulty.choices:
        if wanted in (str(value), str(label).lower()):
            return int(value)
    raise QuestionRefused(
        _("The difficulty “%(text)s” is none of 1 (easy), 2 (medium), 3 (hard).")
        % {"text": text[:40]}
    )
