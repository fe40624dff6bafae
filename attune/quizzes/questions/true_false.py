"""True or false: a statement, and whether it is so."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.quizzes.questions.base import Question
from attune.quizzes.questions.items import (
    AnswerForm,
    Grade,
    Item,
    Outcome,
    ResponseError,
    common_problems,
    text_of,
)
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_true_false,
    encode_true_false,
)


class TrueFalseForm(AnswerForm):
    def build(self, response: Any) -> None:
        self.fields["answer"] = forms.ChoiceField(
            label=gettext("Your answer"),
            required=False,
            choices=[("true", gettext("True")), ("false", gettext("False"))],
            widget=forms.RadioSelect,
            initial=None if response is None else encode_true_false(response),
        )

    def raw_response(self) -> Any:
        return {"true": True, "false": False}.get(self.cleaned_data.get("answer", ""))


class TrueFalseItem(Item):
    """Definition: ``answer`` (bool), ``feedback`` ({"true": text, "false": text}).

    Response: ``true`` or ``false``.
    """

    answer_form = TrueFalseForm
    interaction_type = InteractionType.TRUE_FALSE

    @property
    def answer(self) -> bool:
        return bool(self.definition["answer"])

    def read(self, raw: Any) -> bool | None:
        if raw is None or isinstance(raw, bool):
            return raw
        raise ResponseError(gettext("Choose true or false."))

    def encode(self, response: bool) -> str:
        return encode_true_false(response)

    def decode(self, text: str) -> bool:
        try:
            return decode_true_false(text_of(text))
        except ValueError as error:
            raise ResponseError(str(error)) from error

    def grade(self, response: bool | None) -> Grade:
        right = response is not None and response == self.answer
        return Grade(share=1.0 if right else 0.0, success=right)

    def correct_responses(self) -> tuple[str, ...]:
        return (encode_true_false(self.answer),)

    def components(self) -> dict[str, Iterable[Component]]:
        return {}

    def order(self, rng: random.Random | None) -> list[str]:
        # True stands before false, always: a shuffle would only be read wrongly.
        return []

    def outcomes(self, response: bool | None, order: Sequence[str] = ()) -> list[Outcome]:
        feedback = self.definition.get("feedback", {})
        return [
            Outcome(
                text=words,
                chosen=response is not None and response == value,
                correct=value == self.answer,
                feedback=str(feedback.get(encode_true_false(value), "")),
            )
            for value, words in ((True, gettext("True")), (False, gettext("False")))
        ]

    def problems(self) -> list[str]:
        return common_problems(self.definition)


class TrueFalseQuestion(Question):
    """A statement that is either so or not so."""

    kind: ClassVar[str] = "true_false"
    item_class = TrueFalseItem

    answer = models.BooleanField(
        _("the statement is true"),
        choices=[(True, _("True")), (False, _("False"))],
        default=True,
    )
    feedback_true = models.TextField(_("feedback to “true”"), blank=True, max_length=600)
    feedback_false = models.TextField(_("feedback to “false”"), blank=True, max_length=600)

    panels = [
        *Question.common_panels,
        MultiFieldPanel(
            [FieldPanel("answer"), FieldPanel("feedback_true"), FieldPanel("feedback_false")],
            heading=_("Answer"),
        ),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        SynchronizedField("answer", overridable=False),
        TranslatableField("feedback_true"),
        TranslatableField("feedback_false"),
    ]

    class Meta:
        verbose_name = _("true-false question")
        verbose_name_plural = _("true-false questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "answer": bool(self.answer),
            "feedback": {"true": self.feedback_true, "false": self.feedback_false},
        }

    def fill(self, data: dict[str, Any]) -> None:
        answer = data.get("answer")
        if not isinstance(answer, bool):
            raise ValueError(gettext("“answer” is either true or false."))
        self.answer = answer
        self.feedback_true = str(data.get("feedback_true", ""))
        self.feedback_false = str(data.get("feedback_false", ""))

    def as_data(self) -> dict[str, Any]:
        return {
            "answer": bool(self.answer),
            "feedback_true": self.feedback_true,
            "feedback_false": self.feedback_false,
        }
