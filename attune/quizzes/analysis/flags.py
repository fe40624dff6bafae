"""What the figures of a question suggest, in words for its author. Pure.

A flag is a reason to look, not a verdict. The thresholds follow what MoodleDocs ("Quiz report
statistics") and R. L. Ebel & D. A. Frisbie, Essentials of Educational Measurement (1991, ch.
13), advise for tests of one attempt, and ``RULES`` says each of them to the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.quizzes.analysis.answers import AnswerRow
from attune.quizzes.analysis.figures import ItemFigures

MIN_ATTEMPTS = 30
"""Below this a correlation says next to nothing, and a figure could be traced to a person."""

TOO_EASY = 0.95
TOO_HARD = 0.20
WEAK = 0.20
RIVAL = 0.5
RIVAL_SHARE = 0.25
LEFT_OPEN = 0.20
IDLE = 0.02


@dataclass(frozen=True, slots=True)
class Flag:
    """``code`` names it for a test or a file, ``title`` and ``advice`` are for the author."""

    code: str
    title: str
    advice: str
    is_grave: bool = False


RULES = [
    (
        gettext_lazy("Too easy"),
        gettext_lazy("95 % of the marks or more are earned."),
    ),
    (
        gettext_lazy("Hardly anyone gets it right"),
        gettext_lazy("20 % of the marks or less are earned."),
    ),
    (
        gettext_lazy("The key may be wrong"),
        gettext_lazy(
            "Discrimination is below 0, or the best third chooses a wrong answer more often than "
            "the right one."
        ),
    ),
    (
        gettext_lazy("Ambiguous"),
        gettext_lazy(
            "Discrimination is below 0.20 though the question is neither too easy nor too hard, "
            "or a quarter of the best third chooses the same wrong answer, at least half as often "
            "as the right one."
        ),
    ),
    (
        gettext_lazy("Hardly anyone finished"),
        gettext_lazy("20 % or more left the question open."),
    ),
    (
        gettext_lazy("Options that nobody believes"),
        gettext_lazy("Fewer than 2 % choose a wrong option, though the question is not too easy."),
    ),
]


def flags_of(figures: ItemFigures, answers: Sequence[AnswerRow], *, left_open: float) -> list[Flag]:
    """What to look at; ``left_open`` is the share of those asked who gave no answer."""
    facility, discrimination = figures.facility, figures.discrimination
    if facility is None:
        return []
    found = []
    rival = rival_of(answers)
    key_in_doubt = (discrimination is not None and discrimination < 0) or (
        rival is not None and (rival.upper or 0.0) > _right_share(answers)
    )
    if key_in_doubt:
        found.append(_key(rival))
    if facility >= TOO_EASY:
        found.append(
            Flag(
                "too_easy",
                _("Too easy"),
                _(
                    "Nearly everybody knows it, so it tells nobody apart. "
                    "Keep it only if it must be known."
                ),
            )
        )
    elif facility <= TOO_HARD:
        found.append(
            Flag(
                "too_hard",
                _("Hardly anyone gets it right"),
                _("Check the key, then whether the lesson teaches it before the quiz asks it."),
            )
        )
    if not key_in_doubt and TOO_HARD < facility < TOO_EASY:
        is_weak = discrimination is not None and discrimination < WEAK
        if is_weak or rival is not None:
            found.append(_ambiguous(rival))
    if left_open >= LEFT_OPEN:
        found.append(
            Flag(
                "left_open",
                _("Hardly anyone finished") if left_open >= 0.5 else _("Often left open"),
                _("Many gave no answer: it may stand too late, take too long, or ask unclearly."),
            )
        )
    idle = [row.text for row in answers if row.is_option and is_idle(row)]
    if idle and facility < TOO_EASY:
        found.append(
            Flag(
                "idle_options",
                _("Options that nobody believes"),
                _("Fewer than 2 %% choose %(options)s. Offer what people really do instead.")
                % {"options": ", ".join(in_quotes(text) for text in idle)},
            )
        )
    return found


def in_quotes(text: str) -> str:
    """Many options are something that is said, and stand in quotation marks already."""
    return text if text.startswith(("“", "„", '"', "«")) else f"“{text}”"


def is_idle(row: AnswerRow) -> bool:
    return row.right is False and row.share < IDLE


def rival_of(answers: Sequence[AnswerRow]) -> AnswerRow | None:
    """The wrong option that many of the best third choose. Only where one option is right."""
    right = [row for row in answers if row.is_option and row.right]
    wrong = [row for row in answers if row.is_option and row.right is False]
    if len(right) != 1 or not wrong or right[0].upper is None:
        return None
    strongest = max(wrong, key=lambda row: (row.upper or 0.0, row.share))
    reached = strongest.upper or 0.0
    is_rival = reached >= RIVAL_SHARE and reached >= RIVAL * right[0].upper
    return strongest if is_rival else None


def _right_share(answers: Sequence[AnswerRow]) -> float:
    return next((row.upper or 0.0 for row in answers if row.is_option and row.right), 0.0)


def _key(rival: AnswerRow | None) -> Flag:
    advice = _("Those who do well elsewhere do worse here. Check which answer is marked as right.")
    if rival is not None:
        advice = _("The best third often chooses %(answer)s. Check which answer is right.") % {
            "answer": in_quotes(rival.text)
        }
    return Flag("key", _("The key may be wrong"), advice, is_grave=True)


def _ambiguous(rival: AnswerRow | None) -> Flag:
    advice = _("Who knows more hardly does better here. Read it as a learner would.")
    if rival is not None:
        advice = _(
            "Many of the best third choose %(answer)s. Say what makes it wrong, or accept it."
        ) % {"answer": in_quotes(rival.text)}
    return Flag("ambiguous", _("Ambiguous"), advice)
