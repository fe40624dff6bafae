"""Likert: a point on a scale. A survey: nothing is right, nothing is scored."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.models import Orderable, TranslatableMixin
from wagtail_localize.fields import TranslatableField

from attune.quizzes.questions.base import Question
from attune.quizzes.questions.forms import QuestionForm
from attune.quizzes.questions.items import (
    AnswerForm,
    Grade,
    Item,
    Outcome,
    ResponseError,
    common_problems,
    text_of,
)
from attune.xapi.interactions import Component, InteractionType, decode_likert, encode_likert

MIN_POINTS, MAX_POINTS = 2, 11


class LikertForm(AnswerForm):
    item: LikertItem

    def build(self, response: Any) -> None:
        self.fields["answer"] = forms.ChoiceField(
            label=gettext("Your answer"),
            required=False,
            choices=[(str(point["id"]), str(point["text"])) for point in self.item.scale],
            widget=forms.RadioSelect,
            initial=response,
        )

    def raw_response(self) -> Any:
        return self.cleaned_data.get("answer") or None


class LikertItem(Item):
    """Definition: ``scale`` ([{id, text}], from one end to the other).

    Response: the id of the point chosen.
    """

    answer_form = LikertForm
    interaction_type = InteractionType.LIKERT
    is_scored = False

    @property
    def scale(self) -> list[Mapping[str, Any]]:
        return list(self.definition["scale"])

    @property
    def ids(self) -> list[str]:
        return [str(point["id"]) for point in self.scale]

    @property
    def hint(self) -> str:
        return gettext("No answer is right or wrong here, and none is scored.")

    def read(self, raw: Any) -> str | None:
        if raw is None or raw == "":
            return None
        if not isinstance(raw, str) or raw not in self.ids:
            raise ResponseError(gettext("This is not a point of the question’s scale."))
        return raw

    def encode(self, response: str) -> str:
        return encode_likert(response)

    def decode(self, text: str) -> str | None:
        try:
            return self.read(decode_likert(text_of(text)))
        except ResponseError:
            raise
        except ValueError as error:
            raise ResponseError(str(error)) from error

    def grade(self, response: str | None) -> Grade:
        return Grade(share=0.0, success=None)

    def correct_responses(self) -> None:
        return None

    def components(self) -> dict[str, Iterable[Component]]:
        return {
            "scale": [
                Component(str(point["id"]), {self.language: str(point["text"])})
                for point in self.scale
            ]
        }

    def order(self, rng: random.Random | None) -> list[str]:
        # A scale runs from one end to the other, always.
        return []

    def outcomes(self, response: str | None, order: Sequence[str] = ()) -> list[Outcome]:
        return [
            Outcome(
                text=str(point["text"]),
                chosen=response == point["id"],
                correct=None,
                feedback="",
            )
            for point in self.scale
        ]

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *scale_problems([str(point["text"]) for point in self.scale]),
        ]


def scale_problems(points: Sequence[str]) -> list[str]:
    """What is wrong with a scale, given the texts of its points."""
    if not MIN_POINTS <= len(points) <= MAX_POINTS:
        return [
            gettext("Give the scale between %(min)d and %(max)d points.")
            % {"min": MIN_POINTS, "max": MAX_POINTS}
        ]
    if not all(text.strip() for text in points):
        return [gettext("A point of the scale has no text.")]
    return []


class LikertQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        points = self.formset_forms("scale")
        return scale_problems([str(form.cleaned_data.get("text") or "") for form in points])


class LikertQuestion(Question):
    """A point on a scale, for example from “I disagree” to “I agree”."""

    kind: ClassVar[str] = "likert"
    item_class = LikertItem
    base_form_class = LikertQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["scale"]

    panels = [
        *Question.common_panels,
        InlinePanel(
            "scale",
            label=_("point"),
            heading=_("Scale, from one end to the other"),
            help_text=_("A survey: nobody earns or loses points with it."),
            max_num=MAX_POINTS,
        ),
        *Question.closing_panels,
    ]
    translatable_fields = [*Question.common_translatable_fields, TranslatableField("scale")]

    class Meta:
        verbose_name = _("survey question")
        verbose_name_plural = _("survey questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "scale": [
                {"id": str(point.translation_key), "text": point.text} for point in self.scale.all()
            ]
        }

    def fill(self, data: dict[str, Any]) -> None:
        scale = data.get("scale")
        if not isinstance(scale, list) or not all(isinstance(each, dict) for each in scale):
            raise ValueError(gettext("“scale” is a list with a text each."))
        # modelcluster holds the rows until the question is saved.
        self.scale = [  # type: ignore[misc]
            LikertPoint(sort_order=number, text=str(each.get("text", "")), locale=self.locale)
            for number, each in enumerate(scale)
        ]

    def as_data(self) -> dict[str, Any]:
        return {"scale": [{"text": point.text} for point in self.scale.all()]}


class LikertPoint(TranslatableMixin, Orderable):
    """A point of a scale. Its translation key is its id in records, in every language."""

    question = ParentalKey(LikertQuestion, on_delete=models.CASCADE, related_name="scale")
    text = models.CharField(_("point"), max_length=200)

    panels = [FieldPanel("text")]
    translatable_fields = [TranslatableField("text")]

    class Meta(Orderable.Meta):
        verbose_name = _("point of a scale")
        verbose_name_plural = _("points of a scale")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="likert_point_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text
