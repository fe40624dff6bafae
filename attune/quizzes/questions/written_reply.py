"""Written reply: a longer text, such as a reply to a customer. A person marks it.

Here is what is asked and how the reply is given. Marking it against the rubric is not.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
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
    text_of,
)
from attune.quizzes.questions.wording import without_unseen
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_long_fill_in,
    encode_long_fill_in,
    plain_text,
)

MAX_CHARACTERS = 10_000
MAX_WORDS = 1_000
MAX_CRITERIA = 12
MAX_POINTS = 20


class WrittenReplyForm(AnswerForm):
    item: WrittenReplyItem

    def build(self, response: Any) -> None:
        self.fields["answer"] = forms.CharField(
            label=gettext("Your reply"),
            required=False,
            strip=False,
            initial=response,
            widget=forms.Textarea(
                attrs={
                    "rows": 10,
                    "maxlength": MAX_CHARACTERS,
                    "aria-describedby": "question-prompt question-hint",
                }
            ),
        )

    def raw_response(self) -> Any:
        return str(self.cleaned_data.get("answer") or "")


class WrittenReplyItem(Item):
    """Definition: ``situation``, ``model_answer``, ``min_words`` and ``max_words`` (None where
    there is none), ``rubric`` ([{id, criterion, description, points}]).

    Response: the text, with ``\\n`` as its line breaks. How many words it should have is a hint:
    a reply that is too short is kept all the same, and the person who marks it decides.
    """

    answer_form = WrittenReplyForm
    interaction_type = InteractionType.LONG_FILL_IN
    is_written = True
    answer_template = "attune_quizzes/answers/written_reply.html"
    outcome_template = "attune_quizzes/outcomes/written_reply.html"

    @property
    def situation(self) -> str:
        return str(self.definition.get("situation", ""))

    @property
    def model_answer(self) -> str:
        return str(self.definition.get("model_answer", ""))

    @property
    def rubric(self) -> list[Mapping[str, Any]]:
        return list(self.definition.get("rubric", ()))

    @property
    def points(self) -> int:
        """The most that the rubric gives."""
        return sum(int(row["points"]) for row in self.rubric)

    @property
    def hint(self) -> str:
        words = []
        low, high = self.definition.get("min_words"), self.definition.get("max_words")
        if low and high:
            words.append(gettext("Write %(low)d to %(high)d words.") % {"low": low, "high": high})
        elif low:
            words.append(
                ngettext("Write at least %(low)d word.", "Write at least %(low)d words.", low)
                % {"low": low}
            )
        elif high:
            words.append(
                ngettext("Write at most %(high)d word.", "Write at most %(high)d words.", high)
                % {"high": high}
            )
        words.append(gettext("A trainer reads and marks your reply."))
        return " ".join(words)

    def read(self, raw: Any) -> str | None:
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise ResponseError(gettext("A reply is a text."))
        if len(raw) > MAX_CHARACTERS * 2:  # before anything is done with it
            raise ResponseError(_too_long())
        text = without_unseen(raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
        text = plain_text(text)
        if len(text) > MAX_CHARACTERS:
            raise ResponseError(_too_long())
        return text or None

    def encode(self, response: str) -> str:
        return encode_long_fill_in(response)

    def decode(self, text: str) -> str | None:
        try:
            found = decode_long_fill_in(text_of(text))
        except ResponseError:
            raise
        except ValueError as error:
            raise ResponseError(str(error)) from error
        return self.read(found.texts[0].text)

    def grade(self, response: str | None) -> Grade:
        """A reply waits for a person. Nothing written earns nothing, and needs nobody."""
        if response is None:
            return Grade(share=0.0, success=False)
        return Grade(share=0.0, success=None, pending=True)

    def correct_responses(self) -> None:
        """The model answer is one of endlessly many good ones, so no pattern is given."""
        return None

    def components(self) -> dict[str, Iterable[Component]]:
        return {}

    def order(self, rng: random.Random | None) -> list[str]:
        return []

    def outcomes(self, response: str | None, order: Sequence[str] = ()) -> list[Outcome]:
        """The reply, then the model answer."""
        lines = []
        if response is not None:
            words = word_count(response)
            count = ngettext("%(count)d word", "%(count)d words", words) % {"count": words}
            lines.append(Outcome(response, chosen=True, correct=None, feedback=count))
        if self.model_answer:
            lines.append(Outcome(self.model_answer, chosen=False, correct=None, feedback=""))
        return lines

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *length_problems(self.definition.get("min_words"), self.definition.get("max_words")),
            *rubric_problems([(str(row["criterion"]), int(row["points"])) for row in self.rubric]),
        ]


def word_count(text: str) -> int:
    return len(text.split())


def length_problems(low: int | None, high: int | None) -> list[str]:
    if any(each is not None and not 1 <= each <= MAX_WORDS for each in (low, high)):
        return [gettext("The number of words lies between 1 and %(count)d.") % {"count": MAX_WORDS}]
    if low is not None and high is not None and low > high:
        return [gettext("The least number of words is above the greatest.")]
    return []


def rubric_problems(rows: Sequence[tuple[str, int]]) -> list[str]:
    """What is wrong with a rubric, given each criterion and its points."""
    if not rows:
        return [gettext("Give the rubric at least one criterion to mark by.")]
    if len(rows) > MAX_CRITERIA:
        return [
            gettext("Give the rubric no more than %(count)d criteria.") % {"count": MAX_CRITERIA}
        ]
    if not all(criterion.strip() for criterion, _points in rows):
        return [gettext("A criterion of the rubric has no name.")]
    if not all(1 <= points <= MAX_POINTS for _criterion, points in rows):
        return [
            gettext("A criterion is worth between 1 and %(count)d points.") % {"count": MAX_POINTS}
        ]
    return []


def _too_long() -> str:
    return gettext("A reply has at most %(count)d characters.") % {"count": MAX_CHARACTERS}


class WrittenReplyQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        rows = [form.cleaned_data for form in self.formset_forms("rubric")]
        return [
            *length_problems(
                self.cleaned_data.get("min_words"), self.cleaned_data.get("max_words")
            ),
            *rubric_problems(
                [(str(row.get("criterion") or ""), int(row.get("points") or 0)) for row in rows]
            ),
        ]


class WrittenReplyQuestion(Question):
    """A reply in the learner's own words, marked by a trainer against a rubric."""

    kind: ClassVar[str] = "written_reply"
    item_class = WrittenReplyItem
    base_form_class = WrittenReplyQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["rubric"]

    situation = models.TextField(
        _("situation"),
        blank=True,
        max_length=4000,
        help_text=_("What the learner replies to: the ticket, the e-mail, the chat so far."),
    )
    model_answer = models.TextField(
        _("model answer"),
        blank=True,
        max_length=MAX_CHARACTERS,
        help_text=_("Shown with the result, and to whoever marks."),
    )
    min_words = models.PositiveSmallIntegerField(
        _("at least"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WORDS)],
        help_text=_("Words. A hint to the learner: a shorter reply is taken all the same."),
    )
    max_words = models.PositiveSmallIntegerField(
        _("at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_WORDS)],
    )

    panels = [
        *Question.common_panels,
        FieldPanel("situation"),
        FieldRowPanel([FieldPanel("min_words"), FieldPanel("max_words")], heading=_("Length")),
        FieldPanel("model_answer"),
        InlinePanel("rubric", label=_("criterion"), heading=_("Rubric"), max_num=MAX_CRITERIA),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        TranslatableField("situation"),
        TranslatableField("model_answer"),
        SynchronizedField("min_words", overridable=False),
        SynchronizedField("max_words", overridable=False),
        TranslatableField("rubric"),
    ]

    class Meta:
        verbose_name = _("written reply")
        verbose_name_plural = _("written replies")

    def own_definition(self) -> dict[str, Any]:
        return {
            "situation": self.situation,
            "model_answer": self.model_answer,
            "min_words": self.min_words,
            "max_words": self.max_words,
            "rubric": [
                {
                    "id": str(row.translation_key),
                    "criterion": row.criterion,
                    "description": row.description,
                    "points": row.points,
                }
                for row in self.rubric.all()
            ],
        }

    def fill(self, data: dict[str, Any]) -> None:
        rubric = data.get("rubric")
        if not isinstance(rubric, list) or not all(isinstance(each, dict) for each in rubric):
            raise ValueError(gettext("“rubric” is a list with a criterion and its points each."))
        self.situation = str(data.get("situation") or "")
        self.model_answer = str(data.get("model_answer") or "")
        self.min_words = _count("min_words", data.get("min_words"))
        self.max_words = _count("max_words", data.get("max_words"))
        # modelcluster holds the rows until the question is saved.
        self.rubric = [  # type: ignore[misc]
            RubricRow(
                sort_order=number,
                criterion=str(each.get("criterion", "")),
                description=str(each.get("description", "")),
                points=_count("points", each.get("points", 1)) or 0,
                locale=self.locale,
            )
            for number, each in enumerate(rubric)
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "situation": self.situation,
            "model_answer": self.model_answer,
            "min_words": self.min_words,
            "max_words": self.max_words,
            "rubric": [
                {"criterion": row.criterion, "description": row.description, "points": row.points}
                for row in self.rubric.all()
            ],
        }


def _count(name: str, raw: Any) -> int | None:
    """:raises ValueError: neither empty nor a count."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 32_767:
        raise ValueError(gettext("“%(name)s” is a whole number, or empty.") % {"name": name})
    return raw


class RubricRow(TranslatableMixin, Orderable):
    """A criterion that a reply is marked by. Its translation key is its id, in every language."""

    question = ParentalKey(WrittenReplyQuestion, on_delete=models.CASCADE, related_name="rubric")
    criterion = models.CharField(_("criterion"), max_length=200)
    description = models.TextField(_("what it looks for"), blank=True, max_length=1000)
    points = models.PositiveSmallIntegerField(
        _("points"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_POINTS)],
    )

    panels = [
        FieldPanel("criterion"),
        FieldPanel("description"),
        FieldPanel("points"),
    ]
    translatable_fields = [
        TranslatableField("criterion"),
        TranslatableField("description"),
        SynchronizedField("points", overridable=False),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("criterion of a rubric")
        verbose_name_plural = _("criteria of a rubric")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="rubric_row_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.criterion
