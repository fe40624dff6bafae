"""Where a learner stands with a quiz, for the pages that show it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.enrolments.readers import Reader
from attune.quizzes.models import QuizAttempt, QuizPage, QuizQuestion


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """A handed-in attempt in the history of attempts."""

    attempt: QuizAttempt
    is_best: bool

    @property
    def result_url(self) -> str:
        return reverse("attune_quizzes:result", args=[self.attempt.deed])

    def __getattr__(self, name: str) -> object:
        return getattr(self.attempt, name)


@dataclass(frozen=True, slots=True)
class QuizStanding:
    """What the quiz page says: the rule, what was tried, what can be done now."""

    rule: str
    question_count: int
    is_learner: bool
    open_attempt: QuizAttempt | None = None
    answered_count: int = 0
    attempts: list[AttemptLine] = field(default_factory=list)
    attempts_left: int | None = None
    """None: as many as one likes."""
    start_url: str = ""
    blocked_words: str = ""

    @property
    def continue_url(self) -> str:
        if self.open_attempt is None:
            return ""
        return reverse("attune_quizzes:attempt", args=[self.open_attempt.deed])

    @property
    def exhausted(self) -> bool:
        return self.attempts_left == 0 and not self.passed and self.open_attempt is None

    @property
    def passed(self) -> bool:
        return any(line.attempt.passed for line in self.attempts)

    @property
    def best(self) -> AttemptLine | None:
        return next((line for line in self.attempts if line.is_best), None)

    @property
    def preview_words(self) -> str:
        if self.is_learner:
            return ""
        return (
            _("You are looking at this quiz as its author or as a manager.")
            + " "
            + _("Nothing is recorded.")
        )


def exhausted_words(quiz: QuizPage) -> str:
    """No attempts are left: how many there were, and who can help."""
    return (
        ngettext(
            "You have used your only attempt.",
            "You have used all %(count)d attempts.",
            quiz.attempts_allowed or 0,
        )
        % {"count": quiz.attempts_allowed or 0}
        + " "
        + _("Your HR or the trainer can grant another.")
    )


def standing_of(quiz: QuizPage, reader: Reader | None) -> QuizStanding:
    """The reader's standing; for somebody who only looks, the rule and nothing more."""
    question_count = QuizQuestion.objects.filter(page=quiz, question__live=True).count()
    if reader is None:
        return QuizStanding(
            rule=quiz.completion_rule(), question_count=question_count, is_learner=False
        )
    attempts = list(
        QuizAttempt.objects.at(
            person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
        ).order_by("-number")
    )
    open_attempt = next((each for each in attempts if each.is_open), None)
    handed_in = [each for each in attempts if not each.is_open]
    best = best_of(handed_in)
    left = attempts_left(quiz, len(attempts))
    blocked = ""
    if open_attempt is None and left == 0:
        blocked = (
            _("You have passed, and used all your attempts.")
            if best is not None and best.passed
            else exhausted_words(quiz)
        )
    elif not question_count:
        blocked = _("This quiz has no published question yet. Its trainer has to add one.")
    return QuizStanding(
        rule=quiz.completion_rule(),
        question_count=question_count,
        is_learner=True,
        open_attempt=open_attempt,
        answered_count=open_attempt.questions.answered().count() if open_attempt else 0,
        attempts=[AttemptLine(each, is_best=each is best) for each in handed_in],
        attempts_left=left,
        start_url=""
        if blocked or open_attempt
        else reverse("attune_quizzes:start", args=[quiz.pk]),
        blocked_words=blocked,
    )


def best_of(attempts: list[QuizAttempt]) -> QuizAttempt | None:
    """The handed-in attempt that counts: a pass before a fail, then more points, then earlier."""
    return max(
        attempts,
        key=lambda each: (bool(each.passed), each.scaled or 0.0, -each.number),
        default=None,
    )


def attempts_left(quiz: QuizPage, used: int) -> int | None:
    if quiz.attempts_allowed is None:
        return None
    return max(quiz.attempts_allowed - used, 0)


def shows_answers(quiz: QuizPage, attempts: list[QuizAttempt]) -> tuple[bool, str]:
    """Whether right answers and explanations may be shown now; if not, why, in words."""
    if quiz.feedback == quiz.feedback_policies.AT_END:
        return True, ""
    if quiz.feedback == quiz.feedback_policies.NEVER:
        return False, _("This quiz shows the score only.")
    done = any(each.passed for each in attempts) or attempts_left(quiz, len(attempts)) == 0
    if done and not any(each.is_open for each in attempts):
        return True, ""
    return False, _(
        "Answers and explanations are shown once you have passed, or used your last attempt."
    )
