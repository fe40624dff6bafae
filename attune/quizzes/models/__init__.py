"""A quiz, its questions in order, and the attempts at it.

Question types live in ``questions``. Writes happen in ``services``.
"""

from attune.quizzes.import_models import QuestionImport, QuestionSource
from attune.quizzes.models.attempt import GRACE, AttemptQuestion, QuizAttempt
from attune.quizzes.models.grants import AttemptGrant, ExtraTime
from attune.quizzes.models.marking import Mark
from attune.quizzes.models.quiz import FeedbackPolicy, QuizPage, QuizQuestion, ResultPolicy
from attune.quizzes.models.regrade import Regrade, RegradeRow
from attune.quizzes.question_log import QuestionLogEntry
from attune.quizzes.questions import Question, QuestionTag

__all__ = [
    "GRACE",
    "AttemptGrant",
    "AttemptQuestion",
    "ExtraTime",
    "FeedbackPolicy",
    "Mark",
    "Question",
    "QuestionImport",
    "QuestionLogEntry",
    "QuestionSource",
    "QuestionTag",
    "QuizAttempt",
    "QuizPage",
    "QuizQuestion",
    "Regrade",
    "RegradeRow",
    "ResultPolicy",
]
