"""Matching: for each of several things, which of several answers belongs to it."""

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
    decode_matching,
    encode_matching,
)

MAX_PAIRS = 20


class MatchingForm(AnswerForm):
    """One select per pair. Values are numbered as the attempt shows the answers."""

    item: MatchingItem

    def build(self, response: Any) -> None:
        texts = self.item.targets
        self.targets = in_order(texts, self.order)
        choices = [
            ("", gettext("Choose …")),
            *((str(number), texts[each]) for number, each in enumerate(self.targets, start=1)),
        ]
        given = response or {}
        for number, pair in enumerate(self.item.pairs, start=1):
            target = given.get(pair["id"])
            self.fields[f"pair_{number}"] = forms.ChoiceField(
                label=str(pair["source"]),
                required=False,
                choices=choices,
                initial=str(self.targets.index(target) + 1) if target else "",
                widget=forms.Select(attrs={"aria-describedby": "question-hint"}),
            )

    def raw_response(self) -> Any:
        return {
            pair["id"]: self.targets[int(chosen) - 1]
            for number, pair in enumerate(self.item.pairs, start=1)
            if (chosen := self.cleaned_data.get(f"pair_{number}"))
        } or None


class MatchingItem(Item):
    """Definition: ``pairs`` ([{id, source, target, feedback}]), where ``target`` is the id of one
    of ``targets`` ([{id, text}]). There may be more targets than pairs, and pairs that share one.

    Response: id of the target chosen, by id of the pair; a pair that is still open is left out.
    Each pair earns an equal share of the mark; all of them make a success.
    """

    answer_form = MatchingForm
    interaction_type = InteractionType.MATCHING
    answer_template = "attune_quizzes/answers/matching.html"
    outcome_template = "attune_quizzes/outcomes/matching.html"

    @property
    def pairs(self) -> list[Mapping[str, Any]]:
        return list(self.definition["pairs"])

    @property
    def key(self) -> dict[str, str]:
        return {str(pair["id"]): str(pair["target"]) for pair in self.pairs}

    @property
    def targets(self) -> dict[str, str]:
        """The text of each answer by its id."""
        return {str(each["id"]): str(each["text"]) for each in self.definition["targets"]}

    @property
    def hint(self) -> str:
        return gettext(
            "Choose an answer for each. One answer may fit more than once, or not at all."
        )

    def lacks(self, response: Any) -> str:
        return still_open(len(response or ()), len(self.pairs))

    def read(self, raw: Any) -> dict[str, str] | None:
        if raw is None:
            return None
        response = read_rows(raw, list(self.key))
        targets = self.targets
        if not all(isinstance(each, str) and each in targets for each in response.values()):
            raise ResponseError(gettext("This is not one of the answers to choose from."))
        return response or None

    def encode(self, response: Mapping[str, str]) -> str:
        return encode_matching((each, response[each]) for each in self.key if each in response)

    def decode(self, text: str) -> dict[str, str] | None:
        try:
            pairs = decode_matching(text_of(text))
        except ValueError as error:
            raise ResponseError(str(error)) from error
        if len(dict(pairs)) != len(pairs):
            raise ResponseError(gettext("A row is answered twice."))
        return self.read(dict(pairs))

    def grade(self, response: Mapping[str, str] | None) -> Grade:
        return graded_by_row(self.key, response)

    def correct_responses(self) -> tuple[str, ...]:
        return (encode_matching(self.key.items()),)

    def components(self) -> dict[str, Iterable[Component]]:
        return {
            "source": [
                Component(str(pair["id"]), {self.language: str(pair["source"])})
                for pair in self.pairs
            ],
            "target": [
                Component(each, {self.language: text}) for each, text in self.targets.items()
            ],
        }

    def order(self, rng: random.Random | None) -> list[str]:
        return mixed(list(self.targets), rng)

    def outcomes(
        self, response: Mapping[str, str] | None, order: Sequence[str] = ()
    ) -> list[Outcome]:
        given, texts = response or {}, self.targets
        return [
            RowOutcome(
                text=str(pair["source"]),
                chosen=pair["id"] in given,
                correct=given.get(pair["id"]) == pair["target"],
                feedback=str(pair.get("feedback", "")),
                given=texts.get(given.get(pair["id"], ""), ""),
                wanted=texts[pair["target"]],
            )
            for pair in self.pairs
        ]

    def problems(self) -> list[str]:
        texts, used = self.targets, set(self.key.values())
        return [
            *common_problems(self.definition),
            *matching_problems(
                [(str(pair["source"]), texts[pair["target"]]) for pair in self.pairs],
                [text for each, text in texts.items() if each not in used],
            ),
        ]


def matching_problems(pairs: Sequence[tuple[str, str]], distractors: Sequence[str]) -> list[str]:
    """What is wrong with the pairs and with the answers that belong to none of them."""
    problems = number_problems(len(pairs), least=2, most=MAX_PAIRS)
    if not all(as_read(target) for _source, target in pairs):
        return [*problems, gettext("A text is empty.")]
    problems += text_problems([source for source, _target in pairs])
    targets = {as_read(target): target for _source, target in pairs}
    problems += text_problems([*targets.values(), *distractors])
    if len(targets) + len(distractors) < 2:
        problems.append(gettext("All have the same answer. Give at least two different ones."))
    return problems


class MatchingQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        return matching_problems(
            [
                (form.cleaned_data.get("source", ""), form.cleaned_data.get("target", ""))
                for form in self.formset_forms("pairs")
            ],
            [form.cleaned_data.get("text", "") for form in self.formset_forms("distractors")],
        )


class MatchingQuestion(Question):
    """Pairs of what is given and what belongs to it, and answers that belong to nothing."""

    kind: ClassVar[str] = "matching"
    item_class = MatchingItem
    base_form_class = MatchingQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["pairs", "distractors"]

    panels = [
        *Question.common_panels,
        InlinePanel(
            "pairs",
            label=_("pair"),
            heading=_("Pairs"),
            help_text=_(
                "Each right pair earns an equal share of the points. Pairs may share an answer: "
                "write it the same way in both."
            ),
            max_num=MAX_PAIRS,
        ),
        InlinePanel(
            "distractors",
            label=_("answer that fits nothing"),
            heading=_("Answers that fit nothing"),
            max_num=MAX_PAIRS,
        ),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        TranslatableField("pairs"),
        TranslatableField("distractors"),
    ]

    class Meta:
        verbose_name = _("matching question")
        verbose_name_plural = _("matching questions")

    def own_definition(self) -> dict[str, Any]:
        pairs: list[dict[str, Any]] = []
        targets: dict[str, dict[str, str]] = {}
        for pair in self.pairs.all():
            # What reads the same is one answer, whichever pair it was written for.
            target = targets.setdefault(
                as_read(pair.target), {"id": f"t-{pair.translation_key}", "text": pair.target}
            )
            pairs.append(
                {
                    "id": str(pair.translation_key),
                    "source": pair.source,
                    "target": target["id"],
                    "feedback": pair.feedback,
                }
            )
        return {
            "pairs": pairs,
            "targets": [
                *targets.values(),
                *(
                    {"id": f"t-{each.translation_key}", "text": each.text}
                    for each in self.distractors.all()
                ),
            ],
        }

    def fill(self, data: dict[str, Any]) -> None:
        # modelcluster holds the rows until the question is saved.
        self.pairs = [  # type: ignore[misc]
            MatchingPair(
                sort_order=number,
                source=text_in(each, "source"),
                target=text_in(each, "target"),
                feedback=text_in(each, "feedback", needed=False),
                locale=self.locale,
            )
            for number, each in enumerate(rows_in(data, "pairs"))
        ]
        self.distractors = [  # type: ignore[misc]
            MatchingDistractor(sort_order=number, text=text, locale=self.locale)
            for number, text in enumerate(texts_in(data, "distractors"))
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "pairs": [
                {"source": each.source, "target": each.target, "feedback": each.feedback}
                for each in self.pairs.all()
            ],
            "distractors": [each.text for each in self.distractors.all()],
        }


class MatchingPair(TranslatableMixin, Orderable):
    """What is given and what belongs to it. Its translation key is its id in records."""

    question = ParentalKey(MatchingQuestion, on_delete=models.CASCADE, related_name="pairs")
    source = models.TextField(_("given"), max_length=TEXT_LIMIT)
    target = models.TextField(_("belongs to it"), max_length=TEXT_LIMIT)
    feedback = models.TextField(_("feedback"), blank=True, max_length=TEXT_LIMIT)

    panels = [FieldPanel("source"), FieldPanel("target"), FieldPanel("feedback")]
    translatable_fields = [
        TranslatableField("source"),
        TranslatableField("target"),
        TranslatableField("feedback"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("pair")
        verbose_name_plural = _("pairs")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="matching_pair_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.source


class MatchingDistractor(TranslatableMixin, Orderable):
    """An answer that belongs to nothing."""

    question = ParentalKey(MatchingQuestion, on_delete=models.CASCADE, related_name="distractors")
    text = models.TextField(_("text"), max_length=TEXT_LIMIT)

    panels = [FieldPanel("text")]
    translatable_fields = [TranslatableField("text")]

    class Meta(Orderable.Meta):
        verbose_name = _("answer that fits nothing")
        verbose_name_plural = _("answers that fit nothing")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="matching_distractor_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text
