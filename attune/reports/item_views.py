"""Item analysis in Wagtail's Reports: all quizzes, one quiz, one of its questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.quizzes.analysis.flags import MIN_ATTEMPTS, RULES
from attune.quizzes.analysis.gathering import (
    Glance,
    family_of,
    gather,
    glances,
    question_roots,
    quiz_roots,
)
from attune.quizzes.analysis.study import QuestionStudy, QuizStudy, study
from attune.quizzes.models import QuizAttempt
from attune.quizzes.querysets import QuizAttemptQuerySet
from attune.reports import item_analysis
from attune.reports.access import zone_of
from attune.reports.drawing import day_in
from attune.reports.item_analysis import AttemptsForm, QuizName
from attune.reports.item_words import (
    answer_in_words,
    cells_of,
    columns,
    decimals,
    facts_of,
    percent,
    quiz_facts,
)
from attune.tabular import spreadsheets

PER_PAGE = 50
WIDTHS = [6, 60, 30, 12]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that the table can be sorted by. ``state`` is what ``aria-sort`` says."""

    name: str
    label: str
    meaning: str
    url: str
    state: str


class ForAnalysts(WagtailAdminTemplateMixin, TemplateView):
    """Filters, and the attempts that they leave."""

    header_icon = "order"
    page_title = gettext_lazy("Item analysis")
    sort_keys: dict[str, Callable[[Any], Any]]
    default_order = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not item_analysis.reads_item_analysis(request.user):
            raise PermissionDenied
        self.zone = zone_of(request.user)
        self.now = timezone.now()
        self.find(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def find(self, **kwargs: Any) -> None:
        """What the address names. Asked for only after the role, so that ids tell nothing."""

    @cached_property
    def form(self) -> AttemptsForm:
        # Bound always, so that the address alone says what is shown.
        return AttemptsForm(
            self.request.GET, user=self.request.user, attempts=self.countable(), zone=self.zone
        )

    def countable(self) -> QuizAttemptQuerySet:
        return QuizAttempt.objects.countable_by(self.request.user)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        here = [{"url": "", "label": self.get_page_title()}]
        return [*self.breadcrumbs_items, *self.above(), *here]

    def above(self) -> list[dict[str, str]]:
        return []

    # --- Addresses that keep the filters ---------------------------------------------------

    def filters(self) -> dict[str, str]:
        """What is chosen, as it stands in the address."""
        names = [*self.form.fields]
        return {name: self.request.GET[name] for name in names if self.request.GET.get(name)}

    def link(self, name: str, *args: Any, **more: str) -> str:
        query = urlencode(self.filters() | more)
        return reverse(f"attune_reports:{name}", args=args) + (f"?{query}" if query else "")

    def here(self, **more: str) -> str:
        query = urlencode(self.filters() | more)
        return f"{self.request.path}?{query}"

    # --- Sorting ----------------------------------------------------------------------------

    @cached_property
    def order(self) -> str:
        wanted = self.request.GET.get("order", "")
        return wanted if wanted.removeprefix("-") in self.sort_keys else self.default_order

    def ordered(self, rows: list[Any]) -> list[Any]:
        """Sorted; what has no value stands last, whichever way."""
        name = self.order.removeprefix("-")
        key = self.sort_keys[name]
        known = [row for row in rows if key(row) is not None]
        known.sort(key=key, reverse=self.order.startswith("-"))
        return known + [row for row in rows if key(row) is None]

    def heading(self, name: str, label: str, meaning: str = "") -> Heading:
        down = self.order == f"-{name}"
        up = self.order == name
        return Heading(
            name=name,
            label=label,
            meaning=meaning,
            url=self.here(order=f"-{name}" if up else name),
            state="ascending" if up else "descending" if down else "none",
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            form=self.form,
            narrows=self.form.narrows,
            least=MIN_ATTEMPTS,
            path=self.request.path,
            all_attempts=self.request.GET.get("attempts") == "all",
        )


class ItemAnalysisView(ForAnalysts):
    """Every quiz that has been taken, with how consistent it is."""

    template_name = "attune_reports/item_analysis.html"
    sort_keys = {
        "title": lambda row: row["name"].title.casefold(),
        "attempts": lambda row: row["glance"].attempts,
        "mean": lambda row: row["mean"],
        "alpha": lambda row: row["alpha"],
        "latest": lambda row: row["glance"].latest,
    }
    default_order = "-attempts"

    def row(self, glance: Glance, name: QuizName) -> dict[str, Any]:
        enough = glance.attempts >= MIN_ATTEMPTS
        return {
            "glance": glance,
            "name": name,
            "enough": enough,
            "mean": glance.percent if enough else None,
            "alpha": glance.alpha if enough else None,
            "mean_words": percent(glance.percent / 100 if enough else None),
            "alpha_words": decimals(glance.alpha),
            "latest": day_in(glance.latest, self.zone),
            "url": self.link("quiz_items", glance.key),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = glances(self.form.narrowed())
        names = item_analysis.names_of((each.key, each.keys) for each in found)
        rows = self.ordered([self.row(each, names[each.key]) for each in found])
        page = Paginator(rows, PER_PAGE).get_page(self.request.GET.get("p"))
        headings = [
            self.heading("title", _("Quiz")),
            self.heading("attempts", _("Attempts")),
            self.heading("mean", _("Mean result")),
            self.heading("alpha", _("Cronbach’s α")),
            self.heading("latest", _("Last handed in")),
        ]
        return super().get_context_data(
            **kwargs,
            rows=page.object_list,
            page_obj=page,
            headings=headings,
            page_url=self.here(order=self.order) + "&p=",
        )


class QuizView(ForAnalysts):
    """What the two pages below a quiz share: its attempts, and that there are any."""

    def find(self, **kwargs: Any) -> None:
        self.keys = family_of(kwargs["quiz_key"], quiz_roots())
        if not self.countable().exists():
            raise Http404

    def countable(self) -> QuizAttemptQuerySet:
        return item_analysis.quizzes_counted(self.request.user, self.keys)

    @cached_property
    def name(self) -> QuizName:
        counted = self.countable().order_by().values_list("quiz_key", flat=True).distinct()
        root = self.kwargs["quiz_key"]
        return item_analysis.names_of([(root, set(counted))])[root]

    @cached_property
    def study(self) -> QuizStudy:
        language = (translation.get_language() or "en").split("-")[0]
        return study(gather(self.form.narrowed()), language=language)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            study=self.study,
            quiz=self.name,
            rules=RULES,
            missing=max(MIN_ATTEMPTS - self.study.attempts, 0),
        )


def _of_figures(name: str) -> Callable[[QuestionStudy], Any]:
    return lambda question: getattr(question.figures, name) if question.figures else None


class QuizItemsView(QuizView):
    template_name = "attune_reports/quiz_items.html"
    sort_keys = {
        "number": lambda question: question.number,
        "question": lambda question: question.name.casefold(),
        "asked": lambda question: question.asked,
        "facility": _of_figures("facility"),
        "deviation": _of_figures("deviation"),
        "discrimination": _of_figures("discrimination"),
        "efficiency": _of_figures("efficiency"),
        "intended": _of_figures("intended_weight"),
        "effective": _of_figures("effective_weight"),
        "open": lambda question: question.left_open,
        "seconds": lambda question: question.seconds,
        "flags": lambda question: -len(question.flags),
    }
    default_order = "number"

    def get_page_title(self) -> str:
        return self.name.title

    def above(self) -> list[dict[str, str]]:
        return [{"url": self.link("item_analysis"), "label": str(self.page_title)}]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        wanted = request.GET.get("export")
        if self.study.figures is not None and wanted == "csv":
            return self.as_csv()
        if self.study.figures is not None and wanted == "xlsx":
            return self.as_xlsx()
        return super().get(request, *args, **kwargs)

    @cached_property
    def questions(self) -> list[QuestionStudy]:
        return self.ordered(self.study.scored)

    def headings(self) -> list[Heading]:
        return [self.heading(*each) for each in columns()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        has_keys = self.countable().with_key_known_to(user).exists()
        return super().get_context_data(
            **kwargs,
            headings=self.headings(),
            rows=[self.row(each, has_link=has_keys) for each in self.questions],
            surveys=[self.row(each, has_link=has_keys) for each in self.study.surveys],
            facts=quiz_facts(self.study.figures) if self.study.figures else [],
            has_keys=has_keys,
            csv_url=self.here(order=self.order, export="csv"),
            xlsx_url=self.here(order=self.order, export="xlsx"),
        )

    def row(self, question: QuestionStudy, *, has_link: bool) -> dict[str, Any]:
        address = self.link("question_items", self.kwargs["quiz_key"], question.key)
        return {
            "question": question,
            "cells": cells_of(question),
            "url": address if has_link else "",
        }

    # --- The same as a file ---------------------------------------------------------------

    def file_headings(self) -> list[str]:
        return [
            *(label if not meaning else f"{label} ({meaning})" for _n, label, meaning in columns()),
            _("Answers waiting for a mark"),
        ]

    def values(self) -> Iterator[list[spreadsheets.Value]]:
        for each in self.questions:
            figures = each.figures
            known = (
                [
                    figures.facility,
                    figures.deviation,
                    figures.discrimination,
                    figures.efficiency,
                    figures.intended_weight,
                    figures.effective_weight,
                ]
                if figures
                else [None] * 6
            )
            yield [
                each.number,
                each.name,
                "; ".join(flag.title for flag in each.flags),
                each.asked,
                *(None if value is None else round(value, 4) for value in known),
                None if each.left_open is None else round(each.left_open, 4),
                each.seconds,
                each.pending,
            ]

    def filename(self) -> str:
        return f"item-analysis-{slugify(self.name.title) or 'quiz'}-{self.now:%Y-%m-%d}"

    def as_csv(self) -> StreamingHttpResponse:
        lines = spreadsheets.csv_lines(self.file_headings(), self.values())
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.filename()}.csv"'
        return response

    def as_xlsx(self) -> FileResponse:
        output = TemporaryFile()  # noqa: SIM115  (FileResponse closes it when it is sent)
        spreadsheets.write_xlsx(
            output,
            self.file_headings(),
            self.values(),
            title=self.name.title,
            widths=WIDTHS,
        )
        output.seek(0)
        return FileResponse(
            output,
            as_attachment=True,
            content_type=spreadsheets.XLSX_TYPE,
            filename=f"{self.filename()}.xlsx",
        )


class QuestionItemsView(QuizView):
    """One question with its answers. It shows the key, so it is for the client's own people."""

    template_name = "attune_reports/question_items.html"
    header_icon = "help"

    def countable(self) -> QuizAttemptQuerySet:
        return super().countable().with_key_known_to(self.request.user)

    @cached_property
    def key(self) -> UUID:
        key: UUID = self.kwargs["question_key"]
        return question_roots().get(key, key)

    @cached_property
    def question(self) -> QuestionStudy | None:
        """None where the filters leave no attempt that was asked it."""
        return self.study.question(self.key)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.question is None and not (self.form.narrows or self.form.errors):
            raise Http404
        return super().get(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return self.question.name if self.question is not None else _("Question")

    def above(self) -> list[dict[str, str]]:
        return [
            {"url": self.link("item_analysis"), "label": str(self.page_title)},
            {"url": self.quiz_url, "label": self.name.title},
        ]

    @property
    def quiz_url(self) -> str:
        return self.link("quiz_items", self.kwargs["quiz_key"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        question = self.question
        answers = question.answers if question is not None else []
        return super().get_context_data(
            **kwargs,
            question=question,
            facts=facts_of(question) if question is not None else [],
            answers=[answer_in_words(row) for row in answers],
            has_places=any(row.place for row in answers),
            has_key=any(row.right is not None for row in answers),
            has_marks=question is not None and question.is_scored,
            quiz_url=self.quiz_url,
        )
