"""Every write of this package that spans rows: one verb per file.

All take keyword arguments and ``now``, run in one transaction and are safe under a double
click and two tabs.
"""

from attune.quizzes.services.errors import AttemptClosed, CannotStart, QuizError
from attune.quizzes.services.hand_in import hand_in
from attune.quizzes.services.save_answer import Saved, save_answer
from attune.quizzes.services.start_attempt import start_attempt
from attune.quizzes.services.write_question import write_question

__all__ = [
    "AttemptClosed",
    "CannotStart",
    "QuizError",
    "Saved",
    "hand_in",
    "save_answer",
    "start_attempt",
    "write_question",
]
