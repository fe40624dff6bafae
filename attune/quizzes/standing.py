"""Where a learner stands with a quiz, for the pages that show it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.design.templatetags.attune_design import moment_in
from attune.enrolments.readers import Reader
from attune.quizzes.draws import counts_of
from attune.quizzes.models import AttemptGrant, ExtraTime, QuizAttempt, QuizPage, ResultPolicy
from attune.quizzes.querysets import Granted


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """A handed-in attempt in the history of attempts."""

    attempt: QuizAttempt
    counts: bool

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
    minutes: float | None = None
    """The time limit, with the reader's extra time; None: as long as it takes."""

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
    def preview_words(self) -> str:
        if self.is_learner:
            return ""
        return (
            _("You are looking at this quiz as its author or as a manager.")
            + " "
            + _("Nothing is recorded.")
        )


def exhausted_words(quiz: QuizPage, *, granted: int = 0) -> str:
    """No attempts are left: how many there were, and who can help."""
    count = (quiz.attempts_allowed or 0) + granted
    return (
        ngettext(
            "You have used your only attempt.",
            "You have used all %(count)d attempts.",
            count,
        )
        % {"count": count}
        + " "
        + _("Your HR or the trainer can grant another.")
    )


def awaiting_words() -> str:
    return _("Your answers wait to be marked by a trainer. You need not do anything meanwhile.")


def wait_words(opens_at: datetime, zone: ZoneInfo) -> str:
    """Until when to wait, in the reader's own zone."""
    return _("The next attempt opens on %(moment)s, your time. Read up until then.") % {
        "moment": moment_in(opens_at, zone.key, day=True, now=timezone.now())
    }


def minutes_for(quiz: QuizPage, person_id: int) -> float | None:
    """How long the person has for an attempt; None where there is no limit."""
    if quiz.time_limit is None:
        return None
    extra = ExtraTime.objects.filter(person=person_id).values_list("percent", flat=True).first()
    return float(quiz.time_limit * (1 + (extra or 0) / 100))


def next_start_at(quiz: QuizPage, attempts: Sequence[QuizAttempt]) -> datetime | None:
    """When the next attempt may begin; None where nothing has to be waited for."""
    ended = [each.handed_in_at for each in attempts if each.handed_in_at is not None]
    if quiz.wait_minutes is None or not ended:
        return None
    return max(ended) + timedelta(minutes=quiz.wait_minutes)


def counting_number(quiz: QuizPage, *, after: int) -> int | None:
    """The number of the only attempt that counts; None where each of them may.

    Where the first one counts, one that was granted takes its place: why else grant it.
    ``after`` is the number of the attempt after which the last one was granted, 0 for none;
    there may have been practice in between.
    """
    return after + 1 if quiz.result_counts == ResultPolicy.FIRST else None


def standing_of(
    quiz: QuizPage, reader: Reader | None, *, now: datetime | None = None
) -> QuizStanding:
    """The reader's standing; for somebody who only looks, the rule and nothing more."""
    now = now or timezone.now()
    question_count = counts_of(quiz)
    if reader is None:
        return QuizStanding(
            rule=quiz.completion_rule(),
            question_count=question_count,
            is_learner=False,
            minutes=quiz.time_limit,
        )
    attempts = list(
        QuizAttempt.objects.at(
            person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
        ).order_by("-number")
    )
    given = _granted(quiz, reader) if attempts else Granted()
    granted = given.count
    open_attempt = next((each for each in attempts if each.is_open), None)
    closed = [each for each in attempts if not each.is_open]
    counting = counting_of(quiz, closed, after=given.after)
    left = attempts_left(quiz, len(attempts), granted=granted)
    blocked = ""
    opens_at = next_start_at(quiz, attempts)
    if open_attempt is not None:
        pass
    elif any(each.is_awaiting for each in closed):
        blocked = awaiting_words()
    elif left == 0:
        blocked = (
            _("You have passed, and used all your attempts.")
            if any(each.passed for each in closed)
            else exhausted_words(quiz, granted=granted)
        )
    elif not question_count:
        blocked = _("This quiz has no published question yet. Its trainer has to add one.")
    elif opens_at is not None and opens_at > now:
        blocked = wait_words(opens_at, reader.person.zone)
    return QuizStanding(
        rule=quiz.completion_rule(),
        question_count=open_attempt.questions.count() if open_attempt else question_count,
        is_learner=True,
        open_attempt=open_attempt,
        answered_count=open_attempt.questions.answered().count() if open_attempt else 0,
        attempts=[AttemptLine(each, counts=each is counting) for each in closed],
        attempts_left=left,
        start_url=""
        if blocked or open_attempt
        else reverse("attune_quizzes:start", args=[quiz.pk]),
        blocked_words=blocked,
        minutes=minutes_for(quiz, reader.person.pk),
    )


def _granted(quiz: QuizPage, reader: Reader) -> Granted:
    found: Granted = AttemptGrant.objects.at(
        person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
    ).so_far()
    return found


def counting_of(
    quiz: QuizPage, attempts: Sequence[QuizAttempt], *, after: int = 0
) -> QuizAttempt | None:
    """The attempt whose result counts, of those that have one."""
    marked = [each for each in attempts if each.scaled is not None]
    only = counting_number(quiz, after=after)
    if only is not None:
        return next((each for each in marked if each.number == only), None)
    if quiz.result_counts == ResultPolicy.LAST:
        return max(marked, key=lambda each: each.number, default=None)
    return best_of(marked)


def best_of(attempts: Sequence[QuizAttempt]) -> QuizAttempt | None:
    """A pass before a fail, then more points, then earlier."""
    return max(
        attempts,
        key=lambda each: (bool(each.passed), each.scaled or 0.0, -each.number),
        default=None,
    )


def attempts_left(quiz: QuizPage, used: int, *, granted: int = 0) -> int | None:
    if quiz.attempts_allowed is None:
        return None
    return max(quiz.attempts_allowed + granted - used, 0)


def shows_answers(
    quiz: QuizPage, attempts: Sequence[QuizAttempt], *, granted: int = 0
) -> tuple[bool, str]:
    """Whether right answers and explanations may be shown now; if not, why, in words."""
    if quiz.feedback in (quiz.feedback_policies.AT_END, quiz.feedback_policies.AFTER_EACH):
        return True, ""
    if quiz.feedback == quiz.feedback_policies.NEVER:
        return False, _("This quiz shows the score only.")
    done = (
        any(each.passed for each in attempts)
        or attempts_left(quiz, len(attempts), granted=granted) == 0
    )
    if done and not any(each.is_open for each in attempts):
        return True, ""
    return False, _(
        "Answers and explanations are shown once you have passed, or used your last attempt."
    )
