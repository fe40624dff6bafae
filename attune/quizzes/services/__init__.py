"""Every write of this package that spans rows: one verb per file.

All take keyword arguments and ``now``, run in one transaction and are safe under a double
click and two tabs.
"""

from attune.quizzes.services.close_overdue import close_overdue
from attune.quizzes.services.errors import (
    AttemptClosed,
    CannotGrant,
    CannotMark,
    CannotRegrade,
    CannotStart,
    QuizError,
)
from attune.quizzes.services.export_questions import export_drafts
from attune.quizzes.services.grant import grant_attempt, set_extra_time
from attune.quizzes.services.hand_in import hand_in, settle
from attune.quizzes.services.import_questions import plan_import
from attune.quizzes.services.look_again import flag_question, show_answer
from attune.quizzes.services.mark_answer import mark_answer
from attune.quizzes.services.regrade import ask_regrade, go_on_regrading, run_regrade
from attune.quizzes.services.save_answer import Saved, save_answer
from attune.quizzes.services.start_attempt import start_attempt
from attune.quizzes.services.take_over import AlreadyApplied, apply_import, carry_out
from attune.quizzes.services.tell_result import tell_result, tell_results
from attune.quizzes.services.write_question import write_question

__all__ = [
    "AlreadyApplied",
    "AttemptClosed",
    "CannotGrant",
    "CannotMark",
    "CannotRegrade",
    "CannotStart",
    "QuizError",
    "Saved",
    "apply_import",
    "ask_regrade",
    "carry_out",
    "close_overdue",
    "export_drafts",
    "flag_question",
    "go_on_regrading",
    "grant_attempt",
    "hand_in",
    "mark_answer",
    "plan_import",
    "run_regrade",
    "save_answer",
    "set_extra_time",
    "settle",
    "show_answer",
    "start_attempt",
    "tell_result",
    "tell_results",
    "write_question",
]
