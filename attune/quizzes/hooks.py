"""What higher floors may add to the screens of questions, without being known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attune.quizzes.questions import Question

QuestionButtons = Callable[[Any, Question], Iterable[Any]]

question_buttons: list[QuestionButtons] = []
"""``(user, question)`` → Wagtail buttons for the menu of the question's form."""
