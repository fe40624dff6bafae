"""Numeric: a number that has to be met, more or less closely."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
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
from attune.quizzes.questions.numbers import (
    MAX_CHARACTERS,
    canonical,
    display_number,
    parse_number,
)
from attune.xapi.interactions import (
    Component,
    InteractionType,
    decode_numeric,
    encode_number,
    encode_numeric,
)

DIGITS, DECIMALS = 15, 6
"""What is exact in every database: SQLite keeps numbers in 15 digits."""
NUMBERS = ("value", "tolerance", "minimum", "maximum")


class NumericForm(AnswerForm):
    item: NumericItem

    def build(self, response: Any) -> None:
        unit = self.item.unit
        attrs = {
            "autocomplete": "off",
            "maxlength": MAX_CHARACTERS,
            "aria-describedby": "question-prompt question-hint",
            "class": "answer-number",
        }
        if not self.item.may_be_negative:
            # Some phones' number keys lack the minus sign.
            attrs["inputmode"] = "decimal"
        self.fields["answer"] = forms.CharField(
            label=gettext("Your answer in %(unit)s") % {"unit": unit}
            if unit
            else gettext("Your answer"),
            required=False,
            strip=True,
            widget=forms.TextInput(attrs=attrs),
            initial=None if response is None else self.item.display(response),
        )

    def raw_response(self) -> Any:
        """:raises ResponseError: what was typed is not a number."""
        typed = str(self.cleaned_data.get("answer") or "")
        return parse_number(typed, language=self.item.language, unit=self.item.unit)


class NumericItem(Item):
    """Definition: either ``value`` with ``tolerance``, or ``minimum`` and ``maximum`` (one of
    them may be None); ``unit``, ``feedback``. Numbers are decimal texts.

    Response: a canonical decimal text (``numbers.canonical``), ``1.5`` in every language. What
    a learner types is read by the form, in the attempt's language.
    """

    answer_form = NumericForm
    interaction_type = InteractionType.NUMERIC
    outcome_template = "attune_quizzes/outcomes/typed.html"

    @property
    def unit(self) -> str:
        return str(self.definition.get("unit", ""))

    @property
    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """What a right answer lies between, both ends included."""
        value = self._number("value")
        if value is None:
            return self._number("minimum"), self._number("maximum")
        tolerance = self._number("tolerance") or Decimal(0)
        return value - tolerance, value + tolerance

    def _number(self, name: str) -> Decimal | None:
        text = self.definition.get(name)
        return None if text in (None, "") else Decimal(str(text))

    @property
    def may_be_negative(self) -> bool:
        low, _high = self.bounds
        return low is None or low < 0

    @property
    def hint(self) -> str:
        return gettext("Type a number. A point and a comma are both understood.")

    def display(self, number: str) -> str:
        return display_number(number, language=self.language)

    def read(self, raw: Any) -> str | None:
        if raw is None or raw == "":
            return None
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            raise ResponseError(gettext("This is not a number."))
        return canonical(raw)

    def encode(self, response: str) -> str:
        return encode_number(Decimal(response))

    def decode(self, text: str) -> str:
        """A range, as the key has it, comes back as one of its ends."""
        try:
            low, high = decode_numeric(text_of(text))
        except ResponseError:
            raise
        except (ValueError, ArithmeticError) as error:
            raise ResponseError(str(error)) from error
        return canonical(high if low is None else low)

    def grade(self, response: str | None) -> Grade:
        if response is None:
            return Grade(share=0.0, success=False)
        low, high = self.bounds
        number = Decimal(response)
        right = (low is None or low <= number) and (high is None or number <= high)
        return Grade(share=1.0 if right else 0.0, success=right)

    def correct_responses(self) -> tuple[str, ...]:
        low, high = self.bounds
        if low is not None and low == high:
            return (encode_number(low),)
        return (encode_numeric(low, high),)

    def components(self) -> dict[str, Iterable[Component]]:
        return {}

    def order(self, rng: random.Random | None) -> list[str]:
        return []

    def outcomes(self, response: str | None, order: Sequence[str] = ()) -> list[Outcome]:
        right = bool(self.grade(response).success)
        feedback = str(self.definition.get("feedback", ""))
        lines = []
        if response is not None:
            words = self._with_unit(self.display(response))
            if words == self.key_words():  # said once is enough
                return [Outcome(words, chosen=True, correct=right, feedback=feedback)]
            lines.append(Outcome(words, chosen=True, correct=right, feedback=""))
        lines.append(Outcome(self.key_words(), chosen=False, correct=True, feedback=feedback))
        return lines

    def key_words(self) -> str:
        """What would have been right, in words."""
        low, high = (
            None if end is None else self.display(encode_number(end)) for end in self.bounds
        )
        value, tolerance = self._number("value"), self._number("tolerance")
        if value is not None:
            words = self._with_unit(self.display(encode_number(value)))
            if tolerance:
                words = gettext("%(value)s, give or take %(tolerance)s") % {
                    "value": words,
                    "tolerance": self._with_unit(self.display(encode_number(tolerance))),
                }
        elif low is None and high is None:
            words = gettext("(not said yet)")  # in the preview of a draft
        elif low is None:
            words = gettext("%(high)s or less") % {"high": self._with_unit(str(high))}
        elif high is None:
            words = gettext("%(low)s or more") % {"low": self._with_unit(low)}
        else:
            words = gettext("from %(low)s to %(high)s") % {
                "low": low,
                "high": self._with_unit(high),
            }
        return words

    def _with_unit(self, words: str) -> str:
        return f"{words} {self.unit}" if self.unit else words

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *key_problems(*(self._number(name) for name in NUMBERS)),
        ]


def key_problems(
    value: Decimal | None,
    tolerance: Decimal | None,
    minimum: Decimal | None,
    maximum: Decimal | None,
) -> list[str]:
    """What is wrong with a key."""
    if value is not None and (minimum is not None or maximum is not None):
        return [gettext("Give either the right number or a range, not both.")]
    if value is None and minimum is None and maximum is None:
        return [gettext("Give the right number, or a range that a right answer lies in.")]
    if value is None and tolerance:
        return [gettext("A tolerance goes with the right number. A range has its own ends.")]
    if tolerance is not None and tolerance < 0:
        return [gettext("The tolerance is zero or more.")]
    if minimum is not None and maximum is not None and minimum > maximum:
        return [gettext("The range runs backwards: its lowest number is above its highest.")]
    return []


class NumericQuestionForm(QuestionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The database gives “7.000000” for what the author wrote as 7.
        for name in NUMBERS:
            if isinstance(number := self.initial.get(name), Decimal):
                self.initial[name] = encode_number(number)

    def own_problems(self) -> list[str]:
        if set(NUMBERS) & set(self.errors):
            return []
        return key_problems(*(self.cleaned_data.get(name) for name in NUMBERS))


class NumericQuestion(Question):
    """A number, met exactly, within a tolerance, or within a range."""

    kind: ClassVar[str] = "numeric"
    item_class = NumericItem
    base_form_class = NumericQuestionForm

    value = models.DecimalField(
        _("right number"), null=True, blank=True, max_digits=DIGITS, decimal_places=DECIMALS
    )
    tolerance = models.DecimalField(
        _("tolerance"),
        null=True,
        blank=True,
        max_digits=DIGITS,
        decimal_places=DECIMALS,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("How far an answer may lie above or below the right number."),
    )
    minimum = models.DecimalField(
        _("or a range: from"),
        null=True,
        blank=True,
        max_digits=DIGITS,
        decimal_places=DECIMALS,
        help_text=_("Empty: no lowest number."),
    )
    maximum = models.DecimalField(
        _("to"),
        null=True,
        blank=True,
        max_digits=DIGITS,
        decimal_places=DECIMALS,
        help_text=_("Empty: no highest number."),
    )
    unit = models.CharField(
        _("unit"),
        max_length=30,
        blank=True,
        help_text=_("For example “minutes”. The learner may type it behind the number or not."),
    )
    feedback = models.TextField(_("feedback"), blank=True, max_length=600)

    panels = [
        *Question.common_panels,
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("value"), FieldPanel("tolerance")]),
                FieldRowPanel([FieldPanel("minimum"), FieldPanel("maximum")]),
                FieldPanel("unit"),
                FieldPanel("feedback"),
            ],
            heading=_("Answer"),
        ),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        SynchronizedField("value", overridable=False),
        SynchronizedField("tolerance", overridable=False),
        SynchronizedField("minimum", overridable=False),
        SynchronizedField("maximum", overridable=False),
        TranslatableField("unit"),
        TranslatableField("feedback"),
    ]

    class Meta:
        verbose_name = _("numeric question")
        verbose_name_plural = _("numeric questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            **{name: _text(getattr(self, name)) for name in NUMBERS},
            "unit": self.unit,
            "feedback": self.feedback,
        }

    def fill(self, data: dict[str, Any]) -> None:
        for name in NUMBERS:
            setattr(self, name, _decimal(name, data.get(name)))
        self.unit = str(data.get("unit", ""))
        self.feedback = str(data.get("feedback", ""))

    def as_data(self) -> dict[str, Any]:
        """Decimal texts; ``value`` and ``tolerance``, or ``minimum`` and ``maximum``."""
        if self.value is not None:
            key = {"value": _text(self.value), "tolerance": _text(self.tolerance or Decimal(0))}
        else:
            key = {"minimum": _text(self.minimum), "maximum": _text(self.maximum)}
        return {
            **key,
            "unit": self.unit,
            "feedback": self.feedback,
        }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else encode_number(number)


def _decimal(name: str, raw: Any) -> Decimal | None:
    """:raises ValueError: neither empty nor a decimal text."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise ValueError(gettext("“%(name)s” is a number.") % {"name": name})
    try:
        return Decimal(canonical(raw))
    except ResponseError as error:
        raise ValueError(
            gettext("“%(name)s” is a number with a decimal point, such as 1.5, not “%(raw)s”.")
            % {"name": name, "raw": str(raw)[:40]}
        ) from error
