"""Performance: a call or a ticket in steps, and at each step the response to choose."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail import blocks
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import StreamField
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
from attune.quizzes.questions.plain_data import TEXT_LIMIT, rows_in, text_in, texts_in
from attune.quizzes.questions.rows import (
    RowOutcome,
    as_read,
    graded_by_row,
    in_order,
    mixed,
    number_problems,
    read_rows,
    still_open,
    text_problems,
)
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_performance,
    encode_performance,
)

MAX_STEPS = 20
MAX_WRONG = 8


class PerformanceForm(AnswerForm):
    """A group of options per step. Values are numbered as the attempt shows the responses."""

    item: PerformanceItem

    def build(self, response: Any) -> None:
        given = response or {}
        self.shown: list[list[str]] = []
        for number, step in enumerate(self.item.steps, start=1):
            texts = self.item.responses_to(step)
            shown = in_order(texts, self.order)
            self.shown.append(shown)
            chosen = given.get(step["id"])
            self.fields[f"step_{number}"] = forms.ChoiceField(
                label=str(step["text"]),
                required=False,
                choices=[(str(place), texts[each]) for place, each in enumerate(shown, start=1)],
                initial=str(shown.index(chosen) + 1) if chosen else None,
                widget=forms.RadioSelect,
            )

    def raw_response(self) -> Any:
        return {
            step["id"]: shown[int(chosen) - 1]
            for number, (step, shown) in enumerate(
                zip(self.item.steps, self.shown, strict=True), start=1
            )
            if (chosen := self.cleaned_data.get(f"step_{number}"))
        } or None


class PerformanceItem(Item):
    """Definition: ``steps`` ([{id, text, responses: [{id, text, correct}], feedback}]), one of the
    responses to each step being correct.

    Response: id of the response chosen, by id of the step; a step still open is left out.
    Each step earns an equal share of the mark; all of them make a success.
    """

    answer_form = PerformanceForm
    interaction_type = InteractionType.PERFORMANCE
    answer_template = "attune_quizzes/answers/performance.html"
    outcome_template = "attune_quizzes/outcomes/performance.html"

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        return list(self.definition["steps"])

    def responses_to(self, step: Mapping[str, Any]) -> dict[str, str]:
        """The text of each response by its id."""
        return {str(each["id"]): str(each["text"]) for each in step["responses"]}

    @property
    def key(self) -> dict[str, str]:
        return {
            str(step["id"]): next(str(each["id"]) for each in step["responses"] if each["correct"])
            for step in self.steps
        }

    @property
    def hint(self) -> str:
        return gettext("Choose one response at each step.")

    def lacks(self, response: Any) -> str:
        return still_open(len(response or ()), len(self.steps))

    def read(self, raw: Any) -> dict[str, str] | None:
        if raw is None:
            return None
        steps = {str(step["id"]): step for step in self.steps}
        response = read_rows(raw, list(steps))
        for each, chosen in response.items():
            if not isinstance(chosen, str) or chosen not in self.responses_to(steps[each]):
                raise ResponseError(gettext("This is not one of the responses to choose from."))
        return response or None

    def encode(self, response: Mapping[str, str]) -> str:
        return encode_performance((each, response[each]) for each in self.key if each in response)

    def decode(self, text: str) -> dict[str, str] | None:
        try:
            performed = decode_performance(text_of(text))
        except ValueError as error:
            raise ResponseError(str(error)) from error
        if performed.order_matters is not None:
            raise ResponseError(gettext("An answer does not say how it is compared."))
        if len(dict(performed.steps)) != len(performed.steps):
            raise ResponseError(gettext("A step is answered twice."))
        return self.read(dict(performed.steps))

    def grade(self, response: Mapping[str, str] | None) -> Grade:
        return graded_by_row(self.key, response)

    def correct_responses(self) -> tuple[str, ...]:
        return (encode_performance(self.key.items()),)

    def components(self) -> dict[str, Iterable[Component]]:
        return {
            "steps": [
                Component(str(step["id"]), {self.language: str(step["text"])})
                for step in self.steps
            ]
        }

    def texts_by_id(self) -> Mapping[str, str]:
        # xAPI lists the steps alone; what was said at each is a response of ours.
        return {each: text for step in self.steps for each, text in self.responses_to(step).items()}

    def order(self, rng: random.Random | None) -> list[str]:
        return [each for step in self.steps for each in mixed(list(self.responses_to(step)), rng)]

    def outcomes(
        self, response: Mapping[str, str] | None, order: Sequence[str] = ()
    ) -> list[Outcome]:
        given, key = response or {}, self.key
        rows: list[Outcome] = []
        for step in self.steps:
            texts, chosen = self.responses_to(step), given.get(step["id"], "")
            rows.append(
                RowOutcome(
                    text=str(step["text"]),
                    chosen=bool(chosen),
                    correct=chosen == key[step["id"]],
                    feedback=str(step.get("feedback", "")),
                    given=texts.get(chosen, ""),
                    wanted=texts[key[step["id"]]],
                )
            )
        return rows

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *performance_problems(
                [
                    (str(step["text"]), [str(each["text"]) for each in step["responses"]])
                    for step in self.steps
                ]
            ),
        ]


def performance_problems(steps: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """What is wrong with steps, each given with the responses to choose from."""
    problems = number_problems(len(steps), least=1, most=MAX_STEPS)
    for number, (text, responses) in enumerate(steps, start=1):
        found = [] if as_read(text) else [gettext("It says nothing.")]
        if len(responses) < 2:
            found.append(gettext("Give at least one wrong response."))
        elif len(responses) > MAX_WRONG + 1:
            found.append(
                gettext("Give no more than %(most)d wrong responses.") % {"most": MAX_WRONG}
            )
        found += text_problems(responses)
        problems += [
            gettext("Step %(number)d: %(problem)s") % {"number": number, "problem": problem}
            for problem in found
        ]
    return problems


class PerformanceQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        return performance_problems(
            [
                (
                    form.cleaned_data.get("text", ""),
                    [
                        form.cleaned_data.get("right", ""),
                        *(str(each.value) for each in form.cleaned_data.get("wrong") or ()),
                    ],
                )
                for form in self.formset_forms("steps")
            ]
        )


class PerformanceQuestion(Question):
    """The steps of a call or a ticket, with the responses to choose from at each."""

    kind: ClassVar[str] = "performance"
    item_class = PerformanceItem
    base_form_class = PerformanceQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["steps"]

    panels = [
        *Question.common_panels,
        InlinePanel(
            "steps",
            label=_("step"),
            heading=_("Steps of the call or ticket, in order"),
            help_text=_("Each step that is answered right earns an equal share of the points."),
            max_num=MAX_STEPS,
        ),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        TranslatableField("steps"),
    ]

    class Meta:
        verbose_name = _("performance question")
        verbose_name_plural = _("performance questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "steps": [
                {
                    "id": str(step.translation_key),
                    "text": step.text,
                    "responses": step.responses,
                    "feedback": step.feedback,
                }
                for step in self.steps.all()
            ]
        }

    def fill(self, data: dict[str, Any]) -> None:
        # modelcluster holds the rows until the question is saved.
        self.steps = [  # type: ignore[misc]
            PerformanceStep(
                sort_order=number,
                text=text_in(each, "text"),
                right=text_in(each, "right"),
                wrong=[
                    {
                        "type": "response",
                        "value": text,
                        # Known by what they say, so that reading the same data again is no change.
                        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number} {text}")),
                    }
                    for text in texts_in(each, "wrong")
                ],
                feedback=text_in(each, "feedback", needed=False),
                locale=self.locale,
            )
            for number, each in enumerate(rows_in(data, "steps"))
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "steps": [
                {
                    "text": each.text,
                    "right": each.right,
                    "wrong": [str(block.value) for block in each.wrong],
                    "feedback": each.feedback,
                }
                for each in self.steps.all()
            ]
        }


class PerformanceStep(TranslatableMixin, Orderable):
    """What happens at one step, the right response and the wrong ones."""

    question = ParentalKey(PerformanceQuestion, on_delete=models.CASCADE, related_name="steps")
    text = models.TextField(
        _("what happens"),
        max_length=TEXT_LIMIT,
        help_text=_("For example what the caller says, or what the ticket shows."),
    )
    right = models.TextField(_("right response"), max_length=TEXT_LIMIT)
    # A stream: its blocks have ids that stay when they are moved or translated.
    wrong = StreamField(
        [("response", blocks.TextBlock(label=_("wrong response"), max_length=TEXT_LIMIT))],
        verbose_name=_("wrong responses"),
        max_num=MAX_WRONG,
    )
    feedback = models.TextField(_("feedback"), blank=True, max_length=TEXT_LIMIT)

    panels = [
        FieldPanel("text"),
        FieldPanel("right"),
        FieldPanel("wrong"),
        FieldPanel("feedback"),
    ]
    translatable_fields = [
        TranslatableField("text"),
        TranslatableField("right"),
        TranslatableField("wrong"),
        TranslatableField("feedback"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="performance_step_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def responses(self) -> list[dict[str, Any]]:
        """What can be chosen, for the frozen definition. Ids are the same in every language."""
        return [
            {
                "id": str(uuid.uuid5(self.translation_key, "right")),
                "text": self.right,
                "correct": True,
            },
            *(
                {"id": str(block.id), "text": str(block.value), "correct": False}
                for block in self.wrong
            ),
        ]
