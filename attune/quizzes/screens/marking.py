"""The marking queue, and the page on which one answer is marked.

Anonymous: a label stands instead of a name or a team. An administrator may ask the queue for
the names, to find somebody's answer, and does not see them while marking either. Whoever marks
second does not see what the first gave; whoever decides between two sees what both did.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.people.screens.base import Form, ForReaders, trail
from attune.quizzes.marking import Criterion, criteria_of, label_of, verdict
from attune.quizzes.models import AttemptQuestion, Mark
from attune.quizzes.screens.access import URLS, marks_answers, moment_for
from attune.quizzes.screens.queue import (
    QueueFilter,
    due_in_words,
    in_words,
    marked_by,
    waiting_for,
)
from attune.quizzes.services import CannotMark, mark_answer
from attune.quizzes.services.mark_answer import MOST_COMMENT_CHARACTERS

QUEUE = gettext_lazy("Answers to mark")
PER_PAGE = 50


class ForMarkers(ForReaders):
    may_enter = staticmethod(marks_answers)


class MarkingQueue(ForMarkers, WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_quizzes/admin/marking_queue.html"
    page_title = QUEUE
    header_icon = "edit"
    shows_own = False

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return trail((QUEUE, ""))

    @property
    def shows_names(self) -> bool:
        return bool(self.reach.everything) and "names" in self.request.GET

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        everything = marked_by(user) if self.shows_own else waiting_for(user)
        filters = QueueFilter(self.request.GET, rows=everything)
        pages = Paginator(filters.apply(everything), PER_PAGE)
        page = pages.get_page(self.request.GET.get("p"))
        return super().get_context_data(
            **kwargs,
            filters=filters,
            page=page,
            query=query_of(self.request.GET),
            rows=in_words(
                page.object_list,
                user=user,
                shows_names=self.shows_names,
                now=timezone.now(),
                query="" if self.shows_own else query_of(self.request.GET),
            ),
            shows_names=self.shows_names,
            may_see_names=self.reach.everything,
            shows_own=self.shows_own,
            is_filtered=any(filters.cleaned_data.values()),
        )


def queue_address() -> str:
    return reverse(f"{URLS}:queue")


def query_of(parameters: Any) -> str:
    """What of the filter goes with the marker from answer to answer."""
    kept = parameters.copy()
    for name in list(kept):
        if name not in QueueFilter.base_fields or not kept[name]:
            del kept[name]
    return str(kept.urlencode())


class MarkForm(forms.Form):
    """Points for each criterion, and a word to the learner."""

    def __init__(self, *args: Any, criteria: list[Criterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = [f"points_{number}" for number in range(len(criteria))]
        for name, criterion in zip(self.names, criteria, strict=True):
            most = f"{criterion.points:g}"
            worth = _("0 to %(most)s points.") % {"most": most}
            self.fields[name] = forms.FloatField(
                label=criterion.name,
                help_text=f"{criterion.description} {worth}".strip(),
                min_value=0,
                max_value=criterion.points,
                step_size=0.5,
                error_messages={"required": _("Give points, 0 where nothing of it is there.")},
            )
        self.fields["comment"] = forms.CharField(
            label=_("Comment to the learner"),
            required=False,
            max_length=MOST_COMMENT_CHARACTERS,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=_("They read it with their result, without your name."),
        )

    @property
    def points(self) -> list[float]:
        return [self.cleaned_data[name] for name in self.names]


class MarkAnswer(ForMarkers, Form):
    template_name = "attune_quizzes/admin/mark_answer.html"
    header_icon = "edit"
    form_class = MarkForm

    @cached_property
    def row(self) -> AttemptQuestion:
        rows = AttemptQuestion.objects.markable_by(self.request.user).select_related(
            "frozen", "attempt__unit"
        )
        found: AttemptQuestion = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    @cached_property
    def criteria(self) -> list[Criterion]:
        return criteria_of(self.row.item, weight=self.row.weight)

    @cached_property
    def marks(self) -> list[Mark]:
        return list(self.row.marks.order_by("number"))

    @cached_property
    def own(self) -> Mark | None:
        return next((each for each in self.marks if each.marker_id == self.request.user.pk), None)

    @property
    def label(self) -> str:
        return label_of(self.row.attempt.deed, self.row.position)

    def get_page_title(self) -> str:
        return self.label

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return trail((QUEUE, self.queue_url), (self.label, ""))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "criteria": self.criteria}

    def get_initial(self) -> dict[str, Any]:
        if self.own is None:
            return {}
        given = {f"points_{number}": row["points"] for number, row in enumerate(self.own.points)}
        return {**given, "comment": self.own.comment}

    def act(self, form: Any) -> Mark:
        try:
            return mark_answer(
                question=self.row,
                marker=self.request.user,
                points=form.points,
                comment=form.cleaned_data["comment"],
                now=timezone.now(),
            )
        except CannotMark as refused:
            raise ValidationError(str(refused)) from refused

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if not form.errors:
            self._say_what_is_left()
        return response

    def _say_what_is_left(self) -> None:
        self.row.attempt.refresh_from_db()
        if not self.row.attempt.is_awaiting:
            words = _("%(label)s is marked, and the learner has their result.")
        else:
            words = _("%(label)s is marked. You can change it until the attempt has its result.")
        messages.success(self.request, words % {"label": self.label})

    @property
    def queue_url(self) -> str:
        query = query_of(self.request.GET)
        return reverse(f"{URLS}:queue") + (f"?{query}" if query else "")

    def get_success_url(self) -> str:
        if "next" not in self.request.POST:
            return self.queue_url
        rows = waiting_for(self.request.user)
        # What can be chosen now knows the quiz no more whose last answer this was.
        known = AttemptQuestion.objects.markable_by(self.request.user)
        after = QueueFilter(self.request.GET, rows=known).apply(rows).first()
        if after is None:
            return self.queue_url
        query = query_of(self.request.GET)
        return reverse(f"{URLS}:mark", args=[after.pk]) + (f"?{query}" if query else "")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self._is_open:
            messages.warning(
                request, _("%(label)s has the marks that it needs.") % {"label": self.label}
            )
            return redirect(self.queue_url)
        return super().get(request, *args, **kwargs)

    @property
    def _is_open(self) -> bool:
        """Whether it waits for this marker, or their own mark can still be changed."""
        return self.row.attempt.is_awaiting and (self.row.raw is None or self.own is not None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        attempt, item = self.row.attempt, self.row.item
        lines = item.outcomes(self.row.response, self.row.option_order)
        quiz = attempt.unit
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "action_url": self.request.get_full_path(),
            "label": self.label,
            "attempt": attempt,
            "quiz": quiz,
            "item": item,
            "answer": [line for line in lines if line.chosen],
            "model_answer": getattr(item, "model_answer", ""),
            "situation": getattr(item, "situation", ""),
            "since": moment_for(self.request.user, attempt.handed_in_at),
            "due": due_in_words(attempt.marking_due_at, now=timezone.now()),
            "is_late": attempt.marking_due_at is not None
            and attempt.marking_due_at < timezone.now(),
            "feedback_words": quiz.get_feedback_display() if quiz is not None else "",
            "own": self.own,
            "earlier": self._earlier(),
            "weight": self.row.weight,
            "left": self._left_in_words(),
            "queue_url": self.queue_url,
        }

    def _earlier(self) -> list[dict[str, Any]]:
        """What the two gave, for whoever decides between them."""
        is_deciding = len(self.marks) > 1 if self.own is None else self.own.number == 3
        shares = [each.share for each in self.marks]
        needed = verdict(shares, second_marker=self.row.attempt.second_marker).needed
        if not is_deciding or needed < 3:
            return []
        return [
            {"number": mark.number, "points": mark.points, "comment": mark.comment}
            for mark in self.marks[:2]
        ]

    def _left_in_words(self) -> str:
        left = waiting_for(self.request.user).exclude(pk=self.row.pk).count()
        if not left:
            return _("It is the last one that waits for you.")
        return ngettext("%(count)d more waits.", "%(count)d more wait.", left) % {"count": left}
