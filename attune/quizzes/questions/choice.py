"""Choice: one right option, or all the right ones, out of several."""

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
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.quizzes.questions.base import Question
from attune.quizzes.questions.forms import QuestionForm
from attune.quizzes.questions.items import (
    AnswerForm,
    Grade,
    Item,
    Outcome,
    ResponseError,
    common_problems,
    shuffled,
    text_of,
)
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_choice,
    encode_choice,
)

MAX_OPTIONS = 20


class ChoiceForm(AnswerForm):
    item: ChoiceItem

    def build(self, response: Any) -> None:
        texts = {option["id"]: option["text"] for option in self.item.options}
        choices = [(each, texts[each]) for each in self.item.in_order(self.order)]
        label = gettext("Your answer")
        if self.item.multiple:
            self.fields["answer"] = forms.MultipleChoiceField(
                label=label,
                required=False,
                choices=choices,
                widget=forms.CheckboxSelectMultiple,
                initial=list(response or []),
            )
        else:
            self.fields["answer"] = forms.ChoiceField(
                label=label,
                required=False,
                choices=choices,
                widget=forms.RadioSelect,
                initial=response[0] if response else None,
            )

    def raw_response(self) -> Any:
        answer = self.cleaned_data.get("answer")
        if not answer:
            return None
        return list(answer) if self.item.multiple else [answer]


class ChoiceItem(Item):
    """Definition: ``multiple`` (bool), ``options`` ([{id, text, correct, feedback}]).

    Response: ids of the chosen options, in the order of the definition. Where several are
    right, all of them and no other earn the mark.
    """

    answer_form = ChoiceForm
    interaction_type = InteractionType.CHOICE

    @property
    def options(self) -> list[Mapping[str, Any]]:
        return list(self.definition["options"])

    @property
    def ids(self) -> list[str]:
        return [str(option["id"]) for option in self.options]

    @property
    def multiple(self) -> bool:
        return bool(self.definition.get("multiple"))

    @property
    def correct_ids(self) -> list[str]:
        return [str(option["id"]) for option in self.options if option["correct"]]

    @property
    def hint(self) -> str:
        return gettext("Choose all that apply.") if self.multiple else gettext("Choose one.")

    def in_order(self, order: Sequence[str]) -> list[str]:
        """The options' ids in the attempt's order; whatever it does not name comes last."""
        place = {each: index for index, each in enumerate(order)}
        return sorted(self.ids, key=lambda each: place.get(each, len(place)))

    def read(self, raw: Any) -> list[str] | None:
        if raw is None or raw == []:
            return None
        if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
            raise ResponseError(gettext("An answer is a list of the options chosen."))
        if not set(raw) <= set(self.ids):
            raise ResponseError(gettext("This option is not one of the question’s."))
        if len(raw) != len(set(raw)):
            raise ResponseError(gettext("An option can be chosen only once."))
        if len(raw) > 1 and not self.multiple:
            raise ResponseError(gettext("Only one option can be chosen here."))
        return [each for each in self.ids if each in set(raw)]

    def encode(self, response: Sequence[str]) -> str:
        return encode_choice(response)

    def decode(self, text: str) -> list[str] | None:
        try:
            ids = list(decode_choice(text_of(text)))
        except ValueError as error:
            raise ResponseError(str(error)) from error
        return self.read(ids)

    def grade(self, response: Sequence[str] | None) -> Grade:
        right = response is not None and set(response) == set(self.correct_ids)
        return Grade(share=1.0 if right else 0.0, success=right)

    def correct_responses(self) -> tuple[str, ...]:
        if self.multiple:
            return (encode_choice(self.correct_ids),)
        return tuple(self.correct_ids)

    def components(self) -> dict[str, Iterable[Component]]:
        return {
            "choices": [
                Component(str(option["id"]), {self.language: str(option["text"])})
                for option in self.options
            ]
        }

    def order(self, rng: random.Random | None) -> list[str]:
        return shuffled(self.ids, rng)

    def outcomes(self, response: Sequence[str] | None, order: Sequence[str] = ()) -> list[Outcome]:
        chosen = set(response or ())
        by_id = {str(option["id"]): option for option in self.options}
        return [
            Outcome(
                text=str(by_id[each]["text"]),
                chosen=each in chosen,
                correct=bool(by_id[each]["correct"]),
                feedback=str(by_id[each].get("feedback", "")),
            )
            for each in self.in_order(order)
        ]

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *option_problems([bool(each["correct"]) for each in self.options], self.multiple),
        ]


def option_problems(correct: Sequence[bool], multiple: bool) -> list[str]:
    """What is wrong with a key, given for each option whether it is right."""
    if len(correct) < 2:
        return [gettext("Give at least two options.")]
    if len(correct) > MAX_OPTIONS:
        return [gettext("Give no more than %(count)d options.") % {"count": MAX_OPTIONS}]
    if not any(correct):
        return [gettext("Mark the right option.")]
    if sum(correct) > 1 and not multiple:
        return [gettext("Only one option can be right here. Allow several answers, or unmark one.")]
    return []


class ChoiceQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        kept = self.formset_forms("options")
        return option_problems(
            [bool(form.cleaned_data.get("correct")) for form in kept],
            bool(self.cleaned_data.get("multiple")),
        )


class ChoiceQuestion(Question):
    """Options of which one, or several, are right."""

    kind: ClassVar[str] = "choice"
    item_class = ChoiceItem
    base_form_class = ChoiceQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["options"]

    multiple = models.BooleanField(
        _("several answers can be right"),
        default=False,
        help_text=_("The learner then chooses all that apply."),
    )

    panels = [
        *Question.common_panels,
        FieldPanel("multiple"),
        InlinePanel("options", label=_("option"), heading=_("Options"), max_num=MAX_OPTIONS),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        SynchronizedField("multiple", overridable=False),
        TranslatableField("options"),
    ]

    class Meta:
        verbose_name = _("choice question")
        verbose_name_plural = _("choice questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "multiple": self.multiple,
            "options": [
                {
                    "id": str(option.translation_key),
                    "text": option.text,
                    "correct": option.correct,
                    "feedback": option.feedback,
                }
                for option in self.options.all()
            ],
        }

    def fill(self, data: dict[str, Any]) -> None:
        options = data.get("options")
        if not isinstance(options, list) or not all(isinstance(each, dict) for each in options):
            raise ValueError(gettext("“options” is a list with a text each."))
        self.multiple = bool(data.get("multiple", False))
        # modelcluster holds the rows until the question is saved.
        self.options = [  # type: ignore[misc]
            ChoiceOption(
                sort_order=number,
                text=str(each.get("text", "")),
                correct=bool(each.get("correct", False)),
                feedback=str(each.get("feedback", "")),
                locale=self.locale,
            )
            for number, each in enumerate(options)
        ]


class ChoiceOption(TranslatableMixin, Orderable):
    """One option. Its translation key is its id in records, the same in every language."""

    question = ParentalKey(ChoiceQuestion, on_delete=models.CASCADE, related_name="options")
    text = models.TextField(_("option"), max_length=600)
    correct = models.BooleanField(_("right"), default=False)
    feedback = models.TextField(_("feedback"), blank=True, max_length=600)

    panels = [
        FieldPanel("text"),
        FieldPanel("correct"),
        FieldPanel("feedback"),
    ]
    translatable_fields = [
        TranslatableField("text"),
        SynchronizedField("correct", overridable=False),
        TranslatableField("feedback"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("option")
        verbose_name_plural = _("options")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="choice_option_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text
