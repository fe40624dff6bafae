"""Sequencing: steps to be put in their right order."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

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
    Grade,
    Item,
    Outcome,
    ResponseError,
    common_problems,
    text_of,
)
from attune.quizzes.questions.places import PlacesForm, read_places
from attune.quizzes.questions.plain_data import TEXT_LIMIT, flag_in, rows_in, text_in
from attune.quizzes.questions.rows import (
    RowOutcome,
    mixed,
    number_problems,
    still_open,
    text_problems,
)
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_sequencing,
    encode_sequencing,
)

MAX_STEPS = 20

# Ids of the steps by place; None is a place that is still free. Never ends with None.
Order = Sequence[str | None]


class SequencingItem(Item):
    """Definition: ``steps`` ([{id, text, feedback}]) in the right order, ``partial_credit``.

    Response: ids of the steps in the order given, ``null`` where a place is still free. A record
    store is told the order without the gaps, since xAPI has no way to write them; they make no
    difference to the grade.

    With partial credit the share is the number of neighbours that stand as they should, of all
    neighbours in the right order: a step earns its part by directly following the right one, so
    that one step in the wrong place does not cost all that come after it. Without it, all or
    nothing. Only the whole right order is a success.
    """

    answer_form = PlacesForm
    interaction_type = InteractionType.SEQUENCING
    answer_template = "attune_quizzes/answers/places.html"
    outcome_template = "attune_quizzes/outcomes/places.html"

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        return list(self.definition["steps"])

    @property
    def texts(self) -> dict[str, str]:
        return {str(step["id"]): str(step["text"]) for step in self.steps}

    @property
    def partial_credit(self) -> bool:
        return bool(self.definition.get("partial_credit", True))

    @property
    def hint(self) -> str:
        words = gettext("Give each step its place: 1 comes first.")
        if self.partial_credit:
            words += " " + gettext("Each step that directly follows the right one earns points.")
        return words

    def places_of(self, response: Order | None) -> dict[str, int]:
        return {each: place for place, each in enumerate(response or (), start=1) if each}

    def lacks(self, response: Order | None) -> str:
        return still_open(len(self.places_of(response)), len(self.steps))

    def read(self, raw: Any) -> list[str | None] | None:
        """``raw`` may also give each step's place by its id, as the form does."""
        if raw is None:
            return None
        texts = self.texts
        if isinstance(raw, list):
            placed = [each for each in raw if each is not None]
            if not all(isinstance(each, str) for each in placed):
                raise ResponseError(gettext("An answer is a list of steps in order."))
            if len(raw) > len(texts) or not set(placed) <= set(texts):
                raise ResponseError(gettext("This step is not one of the question’s."))
            if len(placed) != len(set(placed)):
                raise ResponseError(gettext("A step has only one place."))
            order = list(raw)
        else:
            places = {place: each for each, place in read_places(raw, texts).items()}
            order = [places.get(place) for place in range(1, len(texts) + 1)]
        while order and order[-1] is None:
            order.pop()
        return order or None

    def encode(self, response: Order) -> str:
        return encode_sequencing(each for each in response if each is not None)

    def decode(self, text: str) -> list[str | None] | None:
        try:
            ids = list(decode_sequencing(text_of(text)))
        except ValueError as error:
            raise ResponseError(str(error)) from error
        return self.read(ids)

    def grade(self, response: Order | None) -> Grade:
        given = [each for each in response or () if each is not None]
        wanted = list(self.texts)
        success = given == wanted
        if success or not self.partial_credit:
            return Grade(share=float(success), success=success)
        neighbours = set(pairwise(wanted))
        right = sum(each in neighbours for each in pairwise(given))
        return Grade(share=right / len(neighbours), success=False)

    def correct_responses(self) -> tuple[str, ...]:
        return (encode_sequencing(self.texts),)

    def components(self) -> dict[str, Iterable[Component]]:
        return {
            "choices": [Component(each, {self.language: text}) for each, text in self.texts.items()]
        }

    def order(self, rng: random.Random | None) -> list[str]:
        return mixed(list(self.texts), rng)

    def outcomes(self, response: Order | None, order: Sequence[str] = ()) -> list[Outcome]:
        places, ids = self.places_of(response), list(self.texts)
        follows = set(pairwise(each for each in response or () if each is not None))
        earned = (
            {after for before, after in pairwise(ids) if (before, after) in follows}
            if self.partial_credit
            else set()
        )
        return [
            RowOutcome(
                text=str(step["text"]),
                chosen=step["id"] in places,
                correct=places.get(step["id"]) == place,
                feedback=str(step.get("feedback", "")),
                given=str(places.get(step["id"], "")),
                wanted=str(place),
                credit=gettext("Follows the right step: earns points")
                if step["id"] in earned
                else "",
            )
            for place, step in enumerate(self.steps, start=1)
        ]

    def problems(self) -> list[str]:
        return [*common_problems(self.definition), *step_problems(list(self.texts.values()))]


def step_problems(texts: Sequence[str]) -> list[str]:
    return [*number_problems(len(texts), least=2, most=MAX_STEPS), *text_problems(texts)]


class SequencingQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        return step_problems(
            [form.cleaned_data.get("text", "") for form in self.formset_forms("steps")]
        )


class SequencingQuestion(Question):
    """Steps that the learner puts in order."""

    kind: ClassVar[str] = "sequencing"
    item_class = SequencingItem
    base_form_class = SequencingQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["steps"]

    partial_credit = models.BooleanField(
        _("partial credit"),
        default=True,
        help_text=_(
            "Each step that directly follows the right one earns an equal share of the points. "
            "Without it, only the whole right order does."
        ),
    )

    panels = [
        *Question.common_panels,
        InlinePanel(
            "steps",
            label=_("step"),
            heading=_("Steps, in the right order"),
            help_text=_("Learners see them mixed."),
            max_num=MAX_STEPS,
        ),
        FieldPanel("partial_credit"),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        TranslatableField("steps"),
        SynchronizedField("partial_credit", overridable=False),
    ]

    class Meta:
        verbose_name = _("sequencing question")
        verbose_name_plural = _("sequencing questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "steps": [
                {"id": str(step.translation_key), "text": step.text, "feedback": step.feedback}
                for step in self.steps.all()
            ],
            "partial_credit": self.partial_credit,
        }

    def fill(self, data: dict[str, Any]) -> None:
        self.partial_credit = flag_in(data, "partial_credit", default=True)
        # modelcluster holds the rows until the question is saved.
        self.steps = [  # type: ignore[misc]
            SequencingStep(
                sort_order=number,
                text=text_in(each, "text"),
                feedback=text_in(each, "feedback", needed=False),
                locale=self.locale,
            )
            for number, each in enumerate(rows_in(data, "steps"))
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "steps": [{"text": each.text, "feedback": each.feedback} for each in self.steps.all()],
            "partial_credit": self.partial_credit,
        }


class SequencingStep(TranslatableMixin, Orderable):
    """One step. Its translation key is its id in records, the same in every language."""

    question = ParentalKey(SequencingQuestion, on_delete=models.CASCADE, related_name="steps")
    text = models.TextField(_("step"), max_length=TEXT_LIMIT)
    feedback = models.TextField(_("feedback"), blank=True, max_length=TEXT_LIMIT)

    panels = [FieldPanel("text"), FieldPanel("feedback")]
    translatable_fields = [TranslatableField("text"), TranslatableField("feedback")]

    class Meta(Orderable.Meta):
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="sequencing_step_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text
