"""The figures of an item analysis as they are read: rounded, with their unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.quizzes.analysis.answers import AnswerRow
from attune.quizzes.analysis.figures import QuizFigures
from attune.quizzes.analysis.study import QuestionStudy

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure by its name, and what it says."""

    name: str
    value: str
    meaning: str = ""


def percent(share: float | None) -> str:
    """A share of 1 in whole per cent; a dash where there is none."""
    return NOTHING if share is None else f"{decimals(100 * share, 0)} %"


def decimals(value: float | None, places: int = 2) -> str:
    """With a minus sign that is one, and never “−0.00”."""
    if value is None:
        return NOTHING
    rounded = round(value, places) + 0.0
    return number_format(rounded, places).replace("-", "−")


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    if seconds < 90:
        return ngettext("%(n)d s", "%(n)d s", round(seconds)) % {"n": round(seconds)}
    return _("%(n)d min") % {"n": round(seconds / 60)}


def columns() -> list[tuple[str, str, str]]:
    """(name, heading, unit or meaning) of the table of questions."""
    return [
        ("number", _("No."), ""),
        ("question", _("Question"), ""),
        ("flags", _("To look at"), ""),
        ("asked", _("Asked"), _("attempts")),
        ("facility", _("Facility"), _("share of the marks earned")),
        ("deviation", _("Standard deviation"), _("of that share")),
        ("discrimination", _("Discrimination"), _("correlation with the rest")),
        ("efficiency", _("Discriminative efficiency"), _("of the most possible")),
        ("intended", _("Weight meant"), _("per cent of the quiz")),
        ("effective", _("Weight in effect"), _("per cent of the spread")),
        ("open", _("Left open"), _("share of those asked")),
        ("seconds", _("Time taken"), _("median, in seconds")),
    ]


def cells_of(question: QuestionStudy) -> list[str]:
    """The columns from “Asked” to “Time taken”, in words."""
    figures = question.figures
    return [
        number_format(question.asked, 0, use_l10n=True, force_grouping=True),
        percent(figures.facility if figures else None),
        percent(figures.deviation if figures else None),
        decimals(figures.discrimination if figures else None),
        percent(figures.efficiency if figures else None),
        share_of(figures.intended_weight if figures else None),
        share_of(figures.effective_weight if figures else None),
        percent(question.left_open),
        duration(question.seconds),
    ]


def share_of(per_cent: float | None) -> str:
    return percent(None if per_cent is None else per_cent / 100)


def quiz_facts(figures: QuizFigures) -> list[Fact]:
    return [
        Fact(
            _("Cronbach’s α"),
            decimals(figures.alpha),
            _("Whether the questions measure one thing: 0.75 satisfies, below 0.64 does not."),
        ),
        Fact(
            _("Standard error"),
            share_of(figures.standard_error),
            _("Two of three results lie this near to what the person would reach on average."),
        ),
        Fact(
            _("Error ratio"),
            share_of(figures.error_ratio),
            _("How much of the spread of results is chance: below 50 % is good."),
        ),
        Fact(_("Mean"), share_of(figures.mean), _("Of the points possible.")),
        Fact(_("Median"), share_of(figures.median), _("Half of the results lie below.")),
        Fact(_("Standard deviation"), share_of(figures.deviation), _("Spread of the results.")),
        Fact(
            _("Skewness"),
            decimals(figures.skewness),
            _("Below 0: most results are good, with a tail of weak ones."),
        ),
        Fact(
            _("Kurtosis"),
            decimals(figures.kurtosis),
            _("Above 0: more peaked than a bell curve."),
        ),
    ]


def facts_of(question: QuestionStudy) -> list[Fact]:
    figures = question.figures
    open_words = Fact(_("Left open"), percent(question.left_open), _("Of those who were asked."))
    time = Fact(
        _("Time taken"),
        duration(question.seconds),
        _("Median, from the answer before it to the last time it was saved."),
    )
    if figures is None:
        return [open_words, time]
    return [
        Fact(_("Facility"), percent(figures.facility), _("Share of the marks that was earned.")),
        Fact(_("Standard deviation"), percent(figures.deviation), _("Of that share.")),
        Fact(
            _("Discrimination"),
            decimals(figures.discrimination),
            _("Correlation with the rest of the quiz: 0.30 and more is good, below 0 is wrong."),
        ),
        Fact(
            _("Discriminative efficiency"),
            percent(figures.efficiency),
            _("Of the most that a question so easy or hard could reach."),
        ),
        Fact(_("Weight meant"), share_of(figures.intended_weight), _("Its part of the points.")),
        Fact(
            _("Weight in effect"),
            share_of(figures.effective_weight),
            _("Its part in how far results lie apart."),
        ),
        open_words,
        time,
    ]


@dataclass(frozen=True, slots=True)
class AnswerWords:
    place: str
    text: str
    is_right: bool
    chosen: str
    share: str
    lower: str
    upper: str
    mark: str


def answer_in_words(row: AnswerRow) -> AnswerWords:
    return AnswerWords(
        place=row.place,
        text=row.text,
        is_right=bool(row.right),
        chosen=number_format(row.chosen, 0, use_l10n=True, force_grouping=True),
        share=percent(row.share),
        lower=percent(row.lower),
        upper=percent(row.upper),
        mark=percent(row.mark),
    )
