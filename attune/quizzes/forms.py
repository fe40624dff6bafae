"""The author's form of a quiz: which questions may stand in it, and whether it can be passed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm

from attune.quizzes.questions import Question


class QuizPageForm(WagtailAdminPageForm):
    """Refuses another client's questions; a quiz that nobody could pass is not published."""

    def clean(self) -> Any:
        cleaned = super().clean()
        rows = self.formsets.get("quiz_questions")
        if rows is None or not rows.is_valid():
            return cleaned
        chosen = [
            form
            for form in rows.forms
            if form.cleaned_data
            and not form.cleaned_data.get("DELETE")
            and form.cleaned_data.get("question") is not None
        ]
        self._refuse_what_is_not_theirs(chosen)
        chosen = [form for form in chosen if "question" in form.cleaned_data]
        self._refuse_doubles(chosen)
        chosen = [form for form in chosen if "question" in form.cleaned_data]
        if not self.is_deferred_validation:
            self._refuse_what_cannot_be_asked(chosen)
        return cleaned

    def _refuse_what_is_not_theirs(self, chosen: list[Any]) -> None:
        ids = {form.cleaned_data["question"].pk for form in chosen}
        # What stands in the quiz already stays: a trainer may inherit it with a copied module.
        kept = set(
            self.instance.quiz_questions.get_live_queryset().values_list("question", flat=True)
            if self.instance.pk
            else ()
        )
        allowed = kept | set(
            Question.objects.choosable_by(self.for_user)
            .non_polymorphic()
            .filter(pk__in=ids)
            .values_list("pk", flat=True)
        )
        for form in chosen:
            if form.cleaned_data["question"].pk not in allowed:
                # Shown again, the chooser would name what must not be known.
                form.data = form.data.copy()
                form.data[form.add_prefix("question")] = ""
                form.add_error("question", _("Choose a question from your own or the shared bank."))
                self.add_error(None, _("A question comes from a bank that is not yours."))

    def _refuse_doubles(self, chosen: list[Any]) -> None:
        seen: set[Any] = set()
        for form in chosen:
            key = form.cleaned_data["question"].translation_key
            if key in seen:
                form.add_error("question", _("This question is in the quiz already."))
                self.add_error(None, _("A question is in the quiz twice."))
            seen.add(key)

    def _refuse_what_cannot_be_asked(self, chosen: list[Any]) -> None:
        if not chosen:
            self.add_error(None, _("Add at least one question before you publish the quiz."))
        for form in chosen:
            question = form.cleaned_data["question"]
            if not question.live:
                form.add_error("question", _("This question is still a draft. Publish it first."))
                self.add_error(
                    None, _("“%(title)s” is not published yet.") % {"title": question.title}
                )
