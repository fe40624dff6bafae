"""Pages of an attempt: start, one question at a time, review, hand in, result.

GET shows and never records. Every page works as a plain form; a script may send the same
form and ask for JSON. Another person's attempt does not exist.
"""

from attune.quizzes.views.hand_in import hand_in, review
from attune.quizzes.views.question import question
from attune.quizzes.views.result import result
from attune.quizzes.views.start import attempt, start

__all__ = ["attempt", "hand_in", "question", "result", "review", "start"]
