"""Fix a key and regrade, for trainers: the list of questions, and what would change.

Counts are for whoever writes for the bank; names only for those who may see the results.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView
from wagtail.admin.admin_url_finder import AdminURLFinder

from attune.curriculum.models import FrozenContent
from attune.jobs.models import Job
from attune.quizzes.affected import (
    CLOSED,
    Aim,
    affected,
    frozen_versions,
    published,
    wanted_aim,
)
from attune.quizzes.models import AttemptQuestion, QuizAttempt, Regrade
from attune.quizzes.overview import Overview, Seen, open_count, overview_of
from attune.quizzes.questions import Question, item_for
from attune.quizzes.regrading import LEFT_ALONE, Effect, Outcome, key_in_words
from attune.quizzes.services import CannotRegrade, ask_regrade
from attune.reports import regrade_jobs
from attune.reports.access import zone_of
from attune.reports.item_analysis import language_name
from attune.reports.module_views import ForTrainers

PER_PAGE = 25
SHOWN = ("passed", "failed", "score", "left")


@dataclass(frozen=True, slots=True)
class Line:
    """One learner's answer in a list: before and after, in words where something was left."""

    who: str
    quiz: str
    number: int
    words: str
    points: str
    share: str
    why: str = ""


def points_in_words(before: float | None, after: float | None) -> str:
    return _("%(before)s → %(after)s") % {"before": _number(before), "after": _number(after)}


def percent_in_words(before: float | None, after: float | None) -> str:
    return _("%(before)s → %(after)s") % {"before": _percent(before), "after": _percent(after)}


def _number(points: float | None) -> str:
    return "–" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{int(share * 100 + 1e-9)} %"


def names_for(user: Any, attempts: Iterable[int]) -> dict[int, str]:
    """Names of the learners behind these attempts, as far as the user may see the results."""
    visible = QuizAttempt.objects.visible_to(user).filter(pk__in=set(attempts)).order_by()
    return dict(visible.values_list("pk", "person__full_name"))


def tabs_of(counts: dict[str, int], *, show: str, base: str, extra: dict[str, str]) -> list[Any]:
    """The counts as links to the list with only those."""
    labels = {
        "passed": Effect.PASSED.label,
        "failed": Effect.FAILED.label,
        "score": _("Other scores that change"),
        "left": _("Left alone"),
    }
    return [
        {
            "label": labels[name],
            "count": counts[name],
            "is_current": name == show,
            "url": f"{base}?{urlencode({**extra, 'show': name})}",
        }
        for name in SHOWN
    ]


def version_in_words(version: FrozenContent) -> str:
    return _("%(language)s, first asked on %(day)s: %(right)s") % {
        "language": language_name(version.language),
        "day": date_format(version.frozen_at, "DATE_FORMAT"),
        "right": key_in_words(item_for(version.body)) or "–",
    }


# --- The list ---------------------------------------------------------------------------------


class RegradesView(ForTrainers, TemplateView):
    """Questions that were answered, those whose published version is newer first."""

    template_name = "attune_reports/regrades.html"
    page_title = gettext_lazy("Regrade")
    header_icon = "rotate"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        asked = AttemptQuestion.objects.filter(attempt__state__in=CLOSED).order_by()
        questions = (
            Question.objects.editable_by(user)
            .filter(live=True, translation_key__in=asked.values("question_key"))
            .select_related("owner", "locale")
            .order_by("-last_published_at", "pk")
        )
        page = Paginator(questions, PER_PAGE).get_page(self.request.GET.get("p"))
        regrades = Regrade.objects.editable_by(user).select_related("asked_by")[:PER_PAGE]
        return super().get_context_data(
            **kwargs,
            page_obj=page,
            rows=self._rows(list(page.object_list)),
            regrades=regrades,
            index_url=reverse("attune_reports:regrades"),
        )

    def _rows(self, questions: Sequence[Question]) -> list[dict[str, Any]]:
        keys = [each.translation_key for each in questions]
        answers = AttemptQuestion.objects.filter(
            question_key__in=keys, attempt__state__in=CLOSED
        ).order_by()
        # Each language has its own versions; an answer is graded by one of its own language.
        counts: dict[Any, int] = {}
        used: dict[Any, set[str]] = {}
        for key, language, shown, counted, count in answers.values_list(
            "question_key", "frozen__language", "frozen__digest", "key__digest"
        ).annotate(Count("pk")):
            at = (key, language)
            counts[at] = counts.get(at, 0) + count
            used.setdefault(at, set()).add(counted or shown)
        rows = []
        for question in questions:
            body = question.definition()
            at = (question.translation_key, body["language"])
            digest = FrozenContent.digest_of(
                kind=FrozenContent.Kind.QUESTION,
                key=question.translation_key,
                language=body["language"],
                body=body,
            )
            rows.append(
                {
                    "question": question,
                    "answers": counts.get(at, 0),
                    "is_newer": at in used and used[at] != {digest},
                    "url": reverse("attune_reports:regrade", args=[question.pk]),
                }
            )
        return rows


# --- The preview --------------------------------------------------------------------------------


class RegradeForm(forms.Form):
    """By which version, why, and what becomes of completions."""

    version = forms.ChoiceField(
        label=gettext_lazy("Grade by"),
        help_text=gettext_lazy("An earlier version undoes what a later one changed."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Kept with your name in the history of the question."),
    )
    keeps_completions = forms.TypedChoiceField(
        label=gettext_lazy("Whoever passed and would not any more"),
        choices=[
            ("yes", gettext_lazy("keeps the completion; only the score changes")),
            ("no", gettext_lazy("does the quiz again, unless the module is complete already")),
        ],
        coerce=lambda chosen: chosen == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    deed = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["version"]
        field.choices = choices


class RegradeView(ForTrainers, FormView):  # type: ignore[type-arg]
    """Counts first, then the list; nothing is done before the button is pressed."""

    template_name = "attune_reports/regrade.html"
    page_title = gettext_lazy("Regrade")
    header_icon = "rotate"
    form_class = RegradeForm

    def find(self, **kwargs: Any) -> None:
        self.question = get_object_or_404(
            Question.objects.editable_by(self.request.user), pk=kwargs["question_id"]
        )
        self.key = self.question.translation_key

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:regrades"), "label": _("Regrade")},
            {"url": "", "label": self.question.title},
        ]

    @property
    def url(self) -> str:
        return reverse("attune_reports:regrade", args=[self.question.pk])

    @cached_property
    def versions(self) -> list[FrozenContent]:
        return frozen_versions(self.key)

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        newest = " / ".join(
            f"{language_name(each.locale.language_code)}: {key_in_words(each.item())}"
            for each in published(self.key)
        )
        return [
            ("published", _("The question as published now (%(right)s)") % {"right": newest}),
            ("shown", _("What each learner was shown: undoes every regrade")),
            *(
                (str(each.pk), _("Only answers in one language: ") + version_in_words(each))
                for each in self.versions
            ),
        ]

    @cached_property
    def wanted(self) -> tuple[str, FrozenContent | None]:
        """The target and version that the address or the form names; else what is published."""
        name = self.request.POST.get("version") or self.request.GET.get("version") or "published"
        if name in (Regrade.Target.PUBLISHED, Regrade.Target.SHOWN):
            return name, None
        version = next((each for each in self.versions if str(each.pk) == name), None)
        if version is None:
            raise Http404
        return Regrade.Target.VERSION, version

    @property
    def chosen(self) -> str:
        target, version = self.wanted
        return str(version.pk) if version else target

    @cached_property
    def aim(self) -> Aim:
        target, version = self.wanted
        return wanted_aim(self.key, target, version)

    @cached_property
    def total(self) -> int:
        count: int = affected(self.key).count()
        return count

    @cached_property
    def kept(self) -> regrade_jobs.Kept | None:
        return regrade_jobs.kept_preview(self.key, self.chosen, self.aim)

    @cached_property
    def last_job(self) -> Job | None:
        subject = regrade_jobs.subject_of(self.key, self.chosen)
        job: Job | None = Job.objects.about(regrade_jobs.PREVIEW, subject).first()
        return job

    @property
    def is_large(self) -> bool:
        return self.total > regrade_jobs.AT_ONCE

    @cached_property
    def seen(self) -> Overview | None:
        """What would change; of many answers what a job has kept, if one has."""
        if not self.is_large:
            return overview_of(self.key, self.aim)
        return self.kept.overview if self.kept is not None else None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("do") != "look":
            return super().post(request, *args, **kwargs)
        if self.is_large:
            regrade_jobs.ask_for_preview(
                self.question, self.chosen, self.aim, user=request.user, now=self.now
            )
        return redirect(f"{self.url}?{urlencode({'version': self.chosen})}")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"choices": self.choices}

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.chosen, "deed": uuid.uuid4()}

    def form_valid(self, form: RegradeForm) -> HttpResponse:
        target, version = self.wanted
        try:
            regrade = ask_regrade(
                question=self.question,
                target=target,
                version=version,
                reason=form.cleaned_data["reason"],
                keeps_completions=form.cleaned_data["keeps_completions"],
                asked_by=self.request.user,
                now=self.now,
                deed=form.cleaned_data["deed"],
            )
        except CannotRegrade as refused:
            form.add_error(None, str(refused))
            return self.form_invalid(form)
        # The key of a regrade is the form's own: another's finds nothing.
        if not Regrade.objects.filter(pk=regrade.pk, question_key=self.key).exists():
            raise Http404
        return redirect("attune_reports:regraded", regrade.deed)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context |= {
            "question": self.question,
            "seen": self.seen,
            "total": self.total,
            "chosen": self.chosen,
            "index_url": self.url,
            "back_url": AdminURLFinder(self.request.user).get_edit_url(
                self.question.get_real_instance()
            ),
            "media": context["form"].media,
        }
        if self.is_large:
            context |= self._of_the_job()
        return context if self.seen is None else context | self._of_what_is_seen(self.seen)

    def _of_the_job(self) -> dict[str, Any]:
        """How far it is; afterwards when it was, and whether that is still so."""
        job, kept = self.last_job, self.kept
        context: dict[str, Any] = {"kept": kept, "zone": zone_of(self.request.user)}
        if job is None or job.is_done:
            return context
        if job.is_finished:
            return context | {"stopped": job}
        mine = Job.objects.visible_to(self.request.user).filter(pk=job.pk).exists()
        return context | {"job": job, "job_is_mine": mine}

    def _of_what_is_seen(self, seen: Overview) -> dict[str, Any]:
        show = self.request.GET.get("show", "")
        page = Paginator(seen.only(show), PER_PAGE).get_page(self.request.GET.get("p"))
        lines = self._lines(list(page.object_list))
        counts = {name: seen.effects[name] for name in Effect.values} | {"left": seen.left_alone}
        return {
            "open_count": open_count(self.key),
            "tabs": tabs_of(counts, show=show, base=self.url, extra={"version": self.chosen}),
            "graded_by": [
                {"words": version_in_words(each), "count": seen.versions[each.pk]}
                for each in self.versions
                if seen.versions[each.pk]
            ],
            "page_obj": page,
            "lines": lines,
            "hides_names": not all(each.who for each in lines),
            "show": show,
        }

    def _lines(self, rows: Sequence[Seen]) -> list[Line]:
        names = names_for(self.request.user, [each.attempt for each in rows])
        titles = _titles_of(each.attempt for each in rows)
        return [
            Line(
                who=names.get(each.attempt, ""),
                quiz=titles.get(each.unit, ""),
                number=each.number,
                words=_what(each),
                points=points_in_words(each.raw_before, each.raw_after),
                share=percent_in_words(each.scaled_before, each.scaled_after),
                why=each.why,
            )
            for each in rows
        ]


def _titles_of(attempts: Iterable[int]) -> dict[Any, str]:
    pages = QuizAttempt.objects.filter(pk__in=set(attempts)).order_by()
    return dict(pages.values_list("unit_id", "unit__title").distinct())


def _what(seen: Seen) -> str:
    outcome = Outcome(seen.outcome)
    return str(outcome.label if outcome in LEFT_ALONE else Effect(seen.effect).label)
