"""The author's form of a quiz: which questions may stand in it, and whether it can be passed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from attune.curriculum.forms import OwnReferencesForm
from attune.curriculum.services import client_of
from attune.quizzes import bank
from attune.quizzes.questions import Question


class QuizPageForm(OwnReferencesForm):
    """Refuses another client's questions; a quiz that nobody could pass is not published."""

    def clean(self) -> Any:
        cleaned = super().clean()
        rows = self.formsets.get("quiz_questions")
        if rows is None or not rows.is_valid():
            return cleaned
        kept = [
            form for form in rows.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        self._refuse_half_rows(kept)
        chosen = [form for form in kept if form.cleaned_data.get("question") is not None]
        self._refuse_what_is_not_theirs(chosen)
        chosen = [form for form in chosen if "question" in form.cleaned_data]
        self._refuse_doubles(chosen)
        chosen = [form for form in chosen if "question" in form.cleaned_data]
        if not self.is_deferred_validation:
            draws = [form for form in kept if form.cleaned_data.get("draw_count")]
            self._refuse_what_cannot_be_asked(chosen, draws)
        return cleaned

    def _refuse_half_rows(self, kept: list[Any]) -> None:
        """A row is a question or a draw: the database says so too, and drafts go there."""
        for form in kept:
            has_question = form.cleaned_data.get("question") is not None
            has_draw = form.cleaned_data.get("draw_count") is not None
            if has_question and has_draw:
                form.add_error("draw_count", _("Choose a question or draw some, not both."))
            elif not has_question and not has_draw:
                form.add_error("question", _("Choose a question, or say how many to draw."))
            else:
                continue
            self.add_error(None, _("A row of the quiz is neither one question nor a draw."))

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

    def _refuse_what_cannot_be_asked(self, chosen: list[Any], draws: list[Any]) -> None:
        if not chosen and not draws:
            self.add_error(None, _("Add at least one question before you publish the quiz."))
        if chosen and not draws and not any(_is_scored(each) for each in chosen):
            self.add_error(None, _("Add a question that earns points: these are surveys only."))
        for form in chosen:
            question = form.cleaned_data["question"]
            if not question.live:
                form.add_error("question", _("This question is still a draft. Publish it first."))
                self.add_error(
                    None, _("“%(title)s” is not published yet.") % {"title": question.title}
                )
        for form in draws:
            self._refuse_draw_that_falls_short(form)

    def _refuse_draw_that_falls_short(self, form: Any) -> None:
        row = self.draw_of(form.cleaned_data)
        available = bank.available_for(row, owner=self.owner(), locale=self.instance.locale)
        if available < row.count:
            words = ngettext(
                "The bank has only %(count)d published question like that.",
                "The bank has only %(count)d published questions like that.",
                available,
            ) % {"count": available}
            form.add_error("draw_count", words)
            self.add_error(None, words)

    def owner(self) -> Any:
        place = self.instance if self.instance.pk else self.parent_page
        return client_of(place)

    @staticmethod
    def draw_of(cleaned: dict[str, Any]) -> bank.Draw:
        return bank.Draw(
            count=cleaned["draw_count"],
            tag=cleaned.get("draw_tag") or "",
            topic=cleaned.get("draw_topic") or "",
            difficulty=cleaned.get("draw_difficulty"),
        )


def _is_scored(form: Any) -> bool:
    item_class = form.cleaned_data["question"].get_real_instance_class().item_class
    return bool(item_class and item_class.is_scored)
