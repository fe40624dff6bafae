"""A trainer's screens for files of questions: try one, take it over, write one.

An address that names an import answers 404 to whoever does not write for its bank.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.jobs.models import Job
from attune.jobs.services import cancel
from attune.people.access import can_author_for, reach_of
from attune.quizzes import import_jobs
from attune.quizzes.exchange import Format, export, format_named
from attune.quizzes.exchange.contract import in_words as part_in_words
from attune.quizzes.exchange.samples import samples
from attune.quizzes.exchange_forms import ExportForm, ImportForm, banks_of
from attune.quizzes.import_models import QuestionImport
from attune.quizzes.questions import Question, question_type
from attune.quizzes.services.export_questions import export_drafts
from attune.quizzes.services.import_questions import plan_import
from attune.quizzes.services.import_report import SHOWN, report_of
from attune.quizzes.services.take_over import AlreadyApplied, apply_import
from attune.tabular.reading import FileRefused

KEPT = timedelta(days=7)
"""How long a file waits to be taken over."""

HEADINGS = {
    "refused": gettext_lazy("Refused"),
    "noted": gettext_lazy("Not taken over as it stands in the file"),
    "changed": gettext_lazy("Changed"),
    "new": gettext_lazy("New"),
    "unchanged": gettext_lazy("Unchanged"),
}


def writes_questions(user: Any) -> bool:
    reach = reach_of(user)
    return reach.everything or bool(reach.authors_for)


class ForAuthors(WagtailAdminTemplateMixin):
    header_icon = "help"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not writes_questions(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]


# --- Import ----------------------------------------------------------------------------------


class ImportView(ForAuthors, FormView):  # type: ignore[type-arg]
    """Choose a bank and a file. What comes of it is shown before anything is written."""

    template_name = "attune_quizzes/exchange/import.html"
    page_title = gettext_lazy("Import questions")
    form_class = ImportForm

    def get_form_kwargs(self) -> dict[str, Any]:
        user = self.request.user
        banks = banks_of(user, with_shared=reach_of(user).everything)
        return super().get_form_kwargs() | {"banks": banks}

    def form_valid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        user: Any = self.request.user
        owner = form.owner
        if not can_author_for(user, owner.pk if owner is not None else None):
            raise Http404
        QuestionImport.objects.waiting().filter(uploaded_at__lt=now - KEPT).delete()
        data = form.cleaned_data
        wanted, body = format_named(data["format"]), data["file"].read()
        kept = QuestionImport.objects.create(
            owner=owner,
            locale=data["locale"],
            topic=data["topic"],
            publish=data["publish"],
            format=data["format"],
            file_name=str(data["file"].name)[-200:],
            body=body,
            in_background=import_jobs.is_large(wanted, body),
            uploaded_by=user,
            uploaded_at=now,
        )
        if kept.in_background:
            import_jobs.ask_to_try(kept, user=user, now=now)
        return redirect("attune_question_exchange:tried", deed=kept.deed)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = (
            QuestionImport.objects.editable_by(self.request.user)
            .waiting()
            .filter(uploaded_by=self.request.user)
            .defer("body")
            .order_by("-uploaded_at")[:10]
        )
        return super().get_context_data(**kwargs, waiting=waiting)


class TriedView(ForAuthors, TemplateView):
    """The report of a file: what is new, changed, unchanged and refused. Then the deed."""

    template_name = "attune_quizzes/exchange/tried.html"
    page_title = gettext_lazy("Import questions")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if writes_questions(request.user):
            self.kept = get_object_or_404(
                QuestionImport.objects.editable_by(request.user).select_related("owner", "locale"),
                deed=kwargs["deed"],
            )
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def applying(self) -> Job | None:
        """The last job that was to take the file over."""
        job: Job | None = Job.objects.about(import_jobs.APPLY, str(self.kept.deed)).first()
        return job

    @cached_property
    def trying(self) -> Job | None:
        job: Job | None = Job.objects.about(import_jobs.TRY, str(self.kept.deed)).first()
        return job

    @property
    def at_work(self) -> Job | None:
        for job in (self.applying, self.trying):
            if job is not None and not job.is_finished:
                return job
        return None

    def post(self, request: HttpRequest, deed: UUID) -> HttpResponse:
        done = getattr(self, f"do_{request.POST.get('do', '')}", None)
        back = redirect("attune_question_exchange:tried", deed=deed)
        if done is None or self.kept.applied_at is not None:
            if request.POST.get("do") == "apply":
                self.warn_of_twice()
            return back
        if self.applying is not None and not self.applying.is_finished:
            messages.warning(request, _("It is being imported just now. Cancel that first."))
            return back
        return done() or back

    def warn_of_twice(self) -> None:
        messages.warning(self.request, _("This file was imported before. Nothing was done twice."))

    def do_discard(self) -> HttpResponse:
        if self.trying is not None and not self.trying.is_finished:
            cancel(self.trying, now=timezone.now())
        self.kept.delete()
        messages.success(self.request, _("The file was discarded. Nothing was imported."))
        return redirect("attune_question_exchange:import")

    def do_again(self) -> None:
        """Try it once more: the bank may have changed, or the job may have failed."""
        if self.kept.in_background:
            import_jobs.ask_to_try(self.kept, user=self.request.user, now=timezone.now())

    def do_apply(self) -> None:
        if self.kept.in_background:
            import_jobs.ask_to_apply(self.kept, user=self.request.user, now=timezone.now())
            return
        try:
            apply_import(deed=self.kept.deed, user=self.request.user, now=timezone.now())
        except AlreadyApplied:
            self.warn_of_twice()
        except FileRefused as error:
            messages.error(self.request, str(error))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = format_named(self.kept.format)
        context |= {"kept": self.kept, "form": form, "bank": self.kept.owner or _("Shared bank")}
        if self.kept.applied_at is not None:
            return context | self._of_the_import()
        if self.kept.in_background:
            return context | self._of_the_jobs()
        try:
            plan = plan_import(
                form=form,
                body=bytes(self.kept.body),
                owner=self.kept.owner,
                locale=self.kept.locale,
                topic=self.kept.topic,
            )
        except FileRefused as error:
            return context | {"refused": str(error)}
        return context | shown(report_of(plan))

    def _of_the_import(self) -> dict[str, Any]:
        if not self.kept.report:  # imported before reports were kept
            return {"counts": in_words(self.kept.result)}
        return shown(self.kept.report)

    def _of_the_jobs(self) -> dict[str, Any]:
        job = self.at_work
        if job is not None:
            mine = Job.objects.visible_to(self.request.user).filter(pk=job.pk).exists()
            return {"job": job, "job_is_mine": mine, "importing": job.kind == import_jobs.APPLY}
        tried, applied = self.trying, self.applying
        context: dict[str, Any] = {"again": True}
        if applied is not None and not applied.is_done:
            context["stopped"] = applied
        elif tried is not None and not tried.is_done:
            context["stopped"] = tried
        if tried is None or not tried.is_done:
            return context | {"nothing_known": tried is None}
        return context | shown(tried.result) | {"tried_at": tried.finished_at}


def shown(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "report": report,
        "counts": in_words(report["counts"]),
        "lists": with_headings(report["lists"]),
    }


def in_words(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"verdict": verdict, "label": HEADINGS[verdict], "count": counts.get(verdict, 0)}
        for verdict in ("refused", "changed", "new", "unchanged")
    ]


def with_headings(lists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A report's lists with what depends on the reader's language."""
    return [
        each
        | {
            "label": HEADINGS[each["verdict"]],
            "lines": [
                line | {"type": type_name(line["kind"]), "url": question_url(line)}
                for line in each["lines"]
            ],
        }
        for each in lists
    ]


def question_url(line: dict[str, Any]) -> str:
    """Where the question of a line is edited; empty while there is none."""
    if not line.get("question"):
        return ""
    try:
        name = question_type(line["kind"]).snippet_viewset.get_url_name("edit")
    except LookupError:  # the type's package was removed since
        return ""
    return reverse(name, args=[line["question"]])


def type_name(kind: str) -> str:
    try:
        return str(question_type(kind)._meta.verbose_name) if kind else ""
    except LookupError:
        return kind


class TemplateFileView(ForAuthors, View):
    """An empty table with an example of every type that is installed."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        if slug not in ("csv", "xlsx"):
            raise Http404
        form = format_named(slug)
        return as_file(form, form.write(samples()), _("questions-template"))


# --- Export ------------------------------------------------------------------------------------


class ExportView(ForAuthors, TemplateView):
    """Choose questions and a format; read what it cannot carry; download."""

    template_name = "attune_quizzes/exchange/export.html"
    page_title = gettext_lazy("Export questions")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET if "format" in request.GET else None
        form = ExportForm(asked, banks=banks_of(request.user, with_shared=True), user=request.user)
        context: dict[str, Any] = {"form": form}
        if form.is_bound and form.is_valid():
            wanted = format_named(form.cleaned_data["format"])
            made = export(wanted, export_drafts(self.questions(form)))
            if "download" in request.GET:
                return as_file(wanted, made.body, _("questions"))
            context |= {
                "wanted": wanted,
                "made": made,
                "never": [part_in_words(name) for name in wanted.never],
                "left_out": [
                    {
                        "title": each.title,
                        "type": type_name(each.kind),
                        "words": each.reason or ", ".join(map(part_in_words, each.parts)),
                        "whole": bool(each.reason),
                    }
                    for each in made.left_out[:SHOWN]
                ],
                "more": max(0, len(made.left_out) - SHOWN),
                "download": f"{request.GET.urlencode()}&download=1",
            }
        return self.render_to_response(self.get_context_data(**context))

    def questions(self, form: ExportForm) -> Any:
        data = form.cleaned_data
        found = (
            Question.objects.choosable_by(self.request.user)
            .non_polymorphic()
            .filter(owner=form.owner, locale=data["locale"])
        )
        if data["type"]:
            model = question_type(data["type"])
            found = found.filter(
                polymorphic_ctype=ContentType.objects.get_for_model(model, for_concrete_model=False)
            )
        if data["tag"]:
            found = found.filter(tags__name=data["tag"]).distinct()
        return found.order_by("title", "pk")


def as_file(form: Format, body: bytes, name: str) -> HttpResponse:
    day = timezone.now().date().isoformat()
    return HttpResponse(
        body,
        content_type=form.content_type,
        headers={
            "Content-Disposition": (
                f'attachment; filename="{get_valid_filename(name)}-{day}.{form.extension}"'
            ),
            "X-Content-Type-Options": "nosniff",
        },
    )


def exchange_url(name: str, **kwargs: Any) -> str:
    return reverse(f"attune_question_exchange:{name}", kwargs=kwargs)


app_name = "attune_question_exchange"
urlpatterns = [
    path("import/", ImportView.as_view(), name="import"),
    path("import/<uuid:deed>/", TriedView.as_view(), name="tried"),
    path("template/<slug:slug>/", TemplateFileView.as_view(), name="template"),
    path("export/", ExportView.as_view(), name="export"),
]
