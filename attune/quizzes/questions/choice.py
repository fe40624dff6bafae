"""Choice: one right option, or all the right ones, out of several."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.models import Orderable, TranslatableMixin
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.quizzes.questions.base import IMAGE_MODEL, Question
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

    Some keys stand there only where the author asked for them: ``partial_credit`` (bool), an
    option's ``share`` (percent of the mark) and its ``image`` ({id, alt}).

    Response: ids of the chosen options, in the order of the definition. Where several are
    right, all of them and no other earn the mark; with partial credit the right ones share the
    mark equally, and a wrong one takes away as much as a right one gives, never below nothing.
    Where one is to be chosen, an option that is not right may still earn its share.
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
    def partial_credit(self) -> bool:
        return self.multiple and bool(self.definition.get("partial_credit"))

    @property
    def option_images(self) -> Mapping[str, Mapping[str, Any]]:
        return {str(each["id"]): each["image"] for each in self.options if each.get("image")}

    @property
    def correct_ids(self) -> list[str]:
        return [str(option["id"]) for option in self.options if option["correct"]]

    @property
    def hint(self) -> str:
        if self.partial_credit:
            return gettext(
                "Choose all that apply. A wrong choice takes away as much as a right one gives."
            )
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
        chosen, right_ones = set(response or ()), set(self.correct_ids)
        if chosen == right_ones:
            return Grade(share=1.0, success=True)
        share = 0.0
        if self.partial_credit:
            net = len(chosen & right_ones) - len(chosen - right_ones)
            share = max(net, 0) / len(right_ones)
        elif not self.multiple:
            share = max((self._percent(each) for each in chosen), default=0) / 100
        return Grade(share=share, success=False)

    def _percent(self, option_id: str) -> int:
        """What a wrong option earns of the mark where one is to be chosen."""
        option = next(each for each in self.options if str(each["id"]) == option_id)
        return int(option.get("share") or 0)

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
                feedback=self._feedback(by_id[each]),
                key=each,
            )
            for each in self.in_order(order)
        ]

    def _feedback(self, option: Mapping[str, Any]) -> str:
        words = str(option.get("feedback", ""))
        share = int(option.get("share") or 0)
        if option["correct"] or not share:
            return words
        part = gettext("Earns %(share)d %% of the mark.") % {"share": share}
        return f"{words} {part}".strip()

    def problems(self) -> list[str]:
        keys = [(bool(each["correct"]), each.get("share")) for each in self.options]
        return [
            *common_problems(self.definition),
            *option_problems([correct for correct, _share in keys], self.multiple),
            *share_problems(keys, self.multiple),
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


def share_problems(keys: Sequence[tuple[bool, int | None]], multiple: bool) -> list[str]:
    """What is wrong with what options earn, given for each whether it is right and its share."""
    given = [(correct, share) for correct, share in keys if share is not None]
    if not all(0 <= share <= 100 for _correct, share in given):
        return [gettext("An option earns between 0 and 100 percent of the mark.")]
    if multiple:
        if given:
            return [
                gettext(
                    "An option earns a share of the mark only where one answer is chosen. Take "
                    "the shares away, or allow one answer only."
                )
            ]
        return []
    problems = []
    if any(correct and share < 100 for correct, share in given):
        problems.append(gettext("The right option earns the full mark: leave its share empty."))
    if any(not correct and share == 100 for correct, share in given):
        problems.append(
            gettext("An option that is not right earns less than 100 percent of the mark.")
        )
    return problems


class ChoiceQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        multiple = bool(self.cleaned_data.get("multiple"))
        keys = [
            (bool(form.cleaned_data.get("correct")), form.cleaned_data.get("share"))
            for form in self.formset_forms("options")
        ]
        return [
            *option_problems([correct for correct, _share in keys], multiple),
            *share_problems(keys, multiple),
        ]


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
    partial_credit = models.BooleanField(
        _("partial credit"),
        default=False,
        help_text=_(
            "Where several answers can be right: the right ones share the mark equally, and a"
            " wrong one takes away as much as a right one gives."
        ),
    )

    panels = [
        *Question.common_panels,
        FieldPanel("multiple"),
        FieldPanel("partial_credit"),
        InlinePanel("options", label=_("option"), heading=_("Options"), max_num=MAX_OPTIONS),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        SynchronizedField("multiple", overridable=False),
        SynchronizedField("partial_credit", overridable=False),
        TranslatableField("options"),
    ]

    class Meta:
        verbose_name = _("choice question")
        verbose_name_plural = _("choice questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "multiple": self.multiple,
            # Only where it says something, so that what was frozen before keeps its digest.
            **({"partial_credit": True} if self.partial_credit else {}),
            "options": [option.definition() for option in self.options.all()],
        }

    def fill(self, data: dict[str, Any]) -> None:
        options = data.get("options")
        if not isinstance(options, list) or not all(isinstance(each, dict) for each in options):
            raise ValueError(gettext("“options” is a list with a text each."))
        self.multiple = bool(data.get("multiple", False))
        self.partial_credit = bool(data.get("partial_credit", False))
        # modelcluster holds the rows until the question is saved.
        self.options = [  # type: ignore[misc]
            ChoiceOption(
                sort_order=number,
                text=str(each.get("text", "")),
                correct=bool(each.get("correct", False)),
                feedback=str(each.get("feedback", "")),
                share=_share(each.get("share")),
                locale=self.locale,
            )
            for number, each in enumerate(options)
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "multiple": self.multiple,
            "partial_credit": self.partial_credit,
            "options": [
                {
                    "text": each.text,
                    "correct": each.correct,
                    "feedback": each.feedback,
                    "share": each.share,
                }
                for each in self.options.all()
            ],
        }


def _share(raw: Any) -> int | None:
    """:raises ValueError: neither empty nor whole percent."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 100:
        raise ValueError(gettext("“share” is a whole number of percent from 0 to 100, or empty."))
    return raw


class ChoiceOption(TranslatableMixin, Orderable):
    """One option. Its translation key is its id in records, the same in every language."""

    question = ParentalKey(ChoiceQuestion, on_delete=models.CASCADE, related_name="options")
    text = models.TextField(_("option"), max_length=600)
    correct = models.BooleanField(_("right"), default=False)
    share = models.PositiveSmallIntegerField(
        _("share of the mark in percent"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "Where one answer is chosen: what this one earns although another is right. Empty:"
            " nothing."
        ),
    )
    feedback = models.TextField(_("feedback"), blank=True, max_length=600)
    image = models.ForeignKey(
        IMAGE_MODEL,
        verbose_name=_("image"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Stands above the option’s text, which has to say what it shows."),
    )

    panels = [
        FieldPanel("text"),
        FieldPanel("correct"),
        FieldPanel("share"),
        FieldPanel("feedback"),
        FieldPanel("image"),
    ]
    translatable_fields = [
        TranslatableField("text"),
        SynchronizedField("image", overridable=False),
        SynchronizedField("correct", overridable=False),
        SynchronizedField("share", overridable=False),
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

    def definition(self) -> dict[str, Any]:
        return {
            "id": str(self.translation_key),
            "text": self.text,
            "correct": self.correct,
            "feedback": self.feedback,
            **({} if self.share is None else {"share": self.share}),
            # The option's own text stands beside it and is read out: no other words for it.
            **({} if self.image_id is None else {"image": {"id": self.image_id, "alt": ""}}),
        }
