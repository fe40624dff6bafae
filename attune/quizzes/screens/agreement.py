"""How far two markers of the same answers agree, question by question.

First and second marks only: whoever decides between two has seen theirs. Marks are compared
in four bands of the full marks, a quarter each, since that is how far apart two may be before a
third is asked. The same two people throughout: Cohen's κ; otherwise Fleiss' κ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.people.screens.base import trail
from attune.quizzes.analysis.agreement import cohen, fleiss, in_words
from attune.quizzes.models import AttemptQuestion, Mark
from attune.quizzes.questions import item_for
from attune.quizzes.screens.marking import QUEUE, ForMarkers, queue_address

AGREEMENT = gettext_lazy("Agreement")
BANDS = 4
FEWEST = 10
"""Answers marked twice, below which a κ says more about chance than about the markers."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two marks of one answer: who gave them, and in which band."""

    markers: tuple[int | None, int | None]
    bands: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Agreed:
    """``kappa`` is None where there is nothing to say yet; ``measure`` names the formula."""

    answers: int
    alike: int
    measure: str = ""
    kappa: float | None = None
    words: str = ""


def band(share: float) -> int:
    return min(int(share * BANDS + 1e-9), BANDS - 1)


def agreement_of(pairs: Sequence[Pair]) -> Agreed:
    """What pairs of marks for one question say. Needs ``FEWEST`` answers."""
    alike = sum(pair.bands[0] == pair.bands[1] for pair in pairs)
    if len(pairs) < FEWEST:
        return Agreed(len(pairs), alike)
    people = {frozenset(pair.markers) for pair in pairs}
    if len(people) == 1 and None not in next(iter(people)):
        one = min(each for each in next(iter(people)) if each is not None)
        ordered = [p.bands if p.markers[0] == one else p.bands[::-1] for p in pairs]
        kappa = cohen([mine for mine, _yours in ordered], [yours for _mine, yours in ordered])
        measure = _("Cohen’s κ")
    else:
        kappa = fleiss([Counter(pair.bands) for pair in pairs])
        measure = _("Fleiss’ κ")
    return Agreed(len(pairs), alike, measure, kappa, in_words(kappa))


class Agreement(ForMarkers, WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_quizzes/admin/agreement.html"
    page_title = AGREEMENT
    header_icon = "group"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return trail((QUEUE, queue_address()), (AGREEMENT, ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, rows=rows_for(self.request.user), fewest=FEWEST)


def rows_for(user: Any) -> list[dict[str, Any]]:
    """Each question that two people have marked, with how far they agree. Three queries."""
    answers = AttemptQuestion.objects.markable_by(user)
    marks = (
        Mark.objects.filter(question__in=answers, number__lte=2)
        .order_by("question", "number")
        .values_list("question", "question__question_key", "marker", "share")
    )
    by_answer: dict[int, list[tuple[Any, int | None, float]]] = {}
    for answer, key, marker, share in marks.iterator():
        by_answer.setdefault(answer, []).append((key, marker, share))
    pairs: dict[Any, list[Pair]] = {}
    newest: dict[Any, int] = {}
    for answer, given in by_answer.items():
        if len(given) == 2:
            (key, one, first), (_key, other, second) = given
            pairs.setdefault(key, []).append(Pair((one, other), (band(first), band(second))))
            newest[key] = answer
    shown = AttemptQuestion.objects.filter(pk__in=newest.values()).select_related("frozen")
    names = {row.question_key: item_for(row.frozen.body).name for row in shown}
    rows = []
    for key, marked in pairs.items():
        found = agreement_of(marked)
        figure = "" if found.kappa is None else number_format(round(found.kappa, 2), 2)
        rows.append({"question": names.get(key, ""), "agreed": found, "kappa": figure})
    return sorted(rows, key=lambda row: str(row["question"]))
