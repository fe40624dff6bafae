"""Fill in: a running text with blanks, each with the words that it accepts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from attune.quizzes.questions.blanks import (
    MARK,
    MAX_ANSWER,
    MAX_BLANKS,
    blank_problems,
    mark_problems,
    too_long,
    variants,
)
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
from attune.quizzes.questions.wording import canonical_text, fits
from attune.xapi.interactions import (
    Component,
    Interaction,
    InteractionType,
    decode_fill_in,
    encode_fill_in,
    is_right,
)

MAX_PATTERNS = 50
"""More combinations of accepted words than this are not written into a statement."""


class NearMiss(models.IntegerChoices):
    NONE = 0, _("Exactly as accepted")
    ONE = 1, _("One slip is forgiven")
    TWO = 2, _("Two slips are forgiven")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the running text: words, or the field of a blank."""

    text: str = ""
    field: Any = None


class FillInForm(AnswerForm):
    item: FillInItem

    def build(self, response: Any) -> None:
        numbers = self.item.reading_order
        for place, number in enumerate(numbers, start=1):
            self.fields[f"blank_{number}"] = forms.CharField(
                label=gettext("Blank %(place)d of %(total)d")
                % {"place": place, "total": len(numbers)},
                required=False,
                strip=False,
                initial=response[number - 1] if response else None,
                widget=forms.TextInput(
                    attrs={
                        "autocomplete": "off",
                        "autocapitalize": "off",
                        "spellcheck": "false",
                        "maxlength": MAX_ANSWER,
                    }
                ),
            )

    def pieces(self) -> Iterator[Piece]:
        """The running text, with the fields in their places."""
        for words, number in self.item.parts:
            yield Piece(text=words)
            if number:
                yield Piece(field=self[f"blank_{number}"])

    def raw_response(self) -> Any:
        return [
            str(self.cleaned_data.get(f"blank_{number}") or "")
            for number in range(1, len(self.item.blanks) + 1)
        ]


class FillInItem(Item):
    """Definition: ``text`` with ``[[1]]``, ``[[2]]``, … where the blanks are, and ``blanks``
    in the order of those numbers: [{accepted: [text, …], case_matters, accents_matter,
    near_miss, feedback}].

    Response: a text for each blank, in the order of their numbers; "" where it was left empty.
    Each blank that is right earns an equal share; all of them make it right.
    """

    answer_form = FillInForm
    interaction_type = InteractionType.FILL_IN
    answer_template = "attune_quizzes/answers/fill_in.html"
    outcome_template = "attune_quizzes/outcomes/typed.html"

    @property
    def blanks(self) -> list[Mapping[str, Any]]:
        return list(self.definition["blanks"])

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The text in pieces, each with the number of the blank behind it (0: none).

        A draft may have marks without a blank; they are left out.
        """
        pieces = MARK.split(str(self.definition["text"]))
        numbers = [*(int(each) for each in pieces[1::2]), 0]
        known = range(1, len(self.blanks) + 1)
        return [
            (words, number if number in known else 0)
            for words, number in zip(pieces[::2], numbers, strict=True)
        ]

    @property
    def reading_order(self) -> list[int]:
        """The numbers of the blanks as they come in the text: a translation may turn them."""
        return [number for _words, number in self.parts if number]

    def read(self, raw: Any) -> list[str] | None:
        if raw is None:
            return None
        if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
            raise ResponseError(gettext("An answer is a list of texts, one for each blank."))
        if len(raw) != len(self.blanks):
            raise ResponseError(
                gettext("This text has %(count)d blanks.") % {"count": len(self.blanks)}
            )
        if any(len(each) > MAX_ANSWER for each in raw):
            raise ResponseError(too_long())
        texts = [canonical_text(each) for each in raw]
        if any(len(each) > MAX_ANSWER for each in texts):
            raise ResponseError(too_long())
        return texts if any(texts) else None

    def encode(self, response: Sequence[str]) -> str:
        return encode_fill_in(response)

    def decode(self, text: str) -> list[str] | None:
        try:
            found = decode_fill_in(text_of(text))
        except ResponseError:
            raise
        except ValueError as error:
            raise ResponseError(str(error)) from error
        return self.read([each.text for each in found.texts])

    def rights(self, response: Sequence[str] | None) -> list[bool]:
        """For each blank, in the order of their numbers, whether it is right."""
        if response is None:
            return [False] * len(self.blanks)
        return [
            any(
                fits(
                    given,
                    canonical_text(wanted),
                    case_matters=bool(blank.get("case_matters", False)),
                    accents_matter=bool(blank.get("accents_matter", True)),
                    near_miss=int(blank.get("near_miss", 0)),
                )
                for wanted in blank["accepted"]
            )
            for given, blank in zip(response, self.blanks, strict=True)
        ]

    def grade(self, response: Sequence[str] | None) -> Grade:
        rights = self.rights(response)
        if not rights:
            return Grade(share=0.0, success=False)
        return Grade(share=sum(rights) / len(rights), success=all(rights))

    def interaction(self, response: Sequence[str] | None = None) -> Interaction:
        """With a response that is right although no pattern says so, it is a pattern as well.

        That is true (any of the patterns is right), and no reader meets a success that
        contradicts what is said to be right.
        """
        found = super().interaction()
        if response is None or not self.grade(response).success:
            return found
        if is_right(found.definition(), self.encode(response)):
            return found
        patterns = (*(found.correct_responses or ()), self._pattern(response))
        return replace(found, correct_responses=patterns)

    def correct_responses(self) -> tuple[str, ...]:
        """Combinations of what the blanks accept, the preferred words first.

        The grammar knows neither near misses nor forgiven accents, has one word on case for
        the whole text, and past ``MAX_PATTERNS`` only the first combinations stand here. So
        whoever meets a pattern is right, but not all who are right meet one.
        """
        accepted = [
            dict.fromkeys(canonical_text(each) for each in blank["accepted"])
            for blank in self.blanks
        ]
        combinations = itertools.islice(itertools.product(*accepted), MAX_PATTERNS)
        return tuple(self._pattern(texts) for texts in combinations)

    def _pattern(self, texts: Sequence[str]) -> str:
        return encode_fill_in(
            texts,
            case_matters=any(bool(blank.get("case_matters", False)) for blank in self.blanks),
            order_matters=True if len(texts) > 1 else None,
            lang=self.language,
        )

    def components(self) -> dict[str, Iterable[Component]]:
        return {}

    def order(self, rng: random.Random | None) -> list[str]:
        return []

    def outcomes(self, response: Sequence[str] | None, order: Sequence[str] = ()) -> list[Outcome]:
        rights = self.rights(response)
        lines = []
        for number in self.reading_order:
            blank, right = self.blanks[number - 1], rights[number - 1]
            given = response[number - 1] if response else ""
            accepted = [str(each) for each in blank["accepted"]]
            notes = [str(blank.get("feedback", ""))]
            if not right or given not in accepted:
                notes.insert(0, gettext("Expected: %(words)s") % {"words": " · ".join(accepted)})
            lines.append(
                Outcome(
                    text=given or gettext("(left empty)"),
                    chosen=bool(given),
                    correct=right,
                    feedback=". ".join(note for note in notes if note),
                )
            )
        return lines

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *mark_problems(str(self.definition["text"]), len(self.blanks)),
            *itertools.chain.from_iterable(
                blank_problems(number, list(blank["accepted"]), int(blank.get("near_miss", 0)))
                for number, blank in enumerate(self.blanks, start=1)
            ),
        ]


class FillInQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        kept = self.formset_forms("blanks")
        # In the order that the author gave them, which is the order of their numbers.
        kept.sort(key=lambda form: form.cleaned_data.get("ORDER") or 0)
        problems = mark_problems(str(self.cleaned_data.get("text") or ""), len(kept))
        for number, form in enumerate(kept, start=1):
            accepted = variants(str(form.cleaned_data.get("accepted") or ""))
            near_miss = int(form.cleaned_data.get("near_miss") or 0)
            problems += blank_problems(number, accepted, near_miss)
        return problems


class FillInQuestion(Question):
    """A text in which words are missing."""

    kind: ClassVar[str] = "fill_in"
    item_class = FillInItem
    base_form_class = FillInQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["blanks"]

    text = models.TextField(
        _("text"),
        max_length=3000,
        help_text=_(
            "Write [[1]] where the first blank belongs, [[2]] where the second one does, and so"
            " on: “Dear [[1]], I will call you at [[2]].”"
        ),
    )

    panels = [
        *Question.common_panels,
        FieldPanel("text"),
        InlinePanel("blanks", label=_("blank"), heading=_("Blanks, in order"), max_num=MAX_BLANKS),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        TranslatableField("text"),
        TranslatableField("blanks"),
    ]

    class Meta:
        verbose_name = _("fill-in question")
        verbose_name_plural = _("fill-in questions")

    def own_definition(self) -> dict[str, Any]:
        return self.as_data()

    def fill(self, data: dict[str, Any]) -> None:
        text, blanks = data.get("text"), data.get("blanks")
        if not isinstance(text, str):
            raise ValueError(gettext("“text” is a text with [[1]] where the first blank belongs."))
        if not isinstance(blanks, list) or not all(isinstance(each, dict) for each in blanks):
            raise ValueError(gettext("“blanks” is a list with what each blank accepts."))
        self.text = text
        # modelcluster holds the rows until the question is saved.
        self.blanks = [  # type: ignore[misc]
            FillInBlank(
                sort_order=number,
                accepted="\n".join(_accepted(each.get("accepted"))),
                case_matters=bool(each.get("case_matters", False)),
                accents_matter=bool(each.get("accents_matter", True)),
                near_miss=_near_miss(each.get("near_miss", 0)),
                feedback=str(each.get("feedback", "")),
                locale=self.locale,
            )
            for number, each in enumerate(blanks)
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "blanks": [
                {
                    "accepted": variants(blank.accepted),
                    "case_matters": blank.case_matters,
                    "accents_matter": blank.accents_matter,
                    "near_miss": blank.near_miss,
                    "feedback": blank.feedback,
                }
                for blank in self.blanks.all()
            ],
        }


def _accepted(raw: Any) -> list[str]:
    if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
        raise ValueError(gettext("“accepted” is a list of texts, the preferred one first."))
    return [" ".join(each.split()) for each in raw]


def _near_miss(raw: Any) -> int:
    if isinstance(raw, bool) or raw not in NearMiss.values:
        raise ValueError(gettext("“near_miss” is 0, 1 or 2: how many slips are forgiven."))
    return int(raw)


class FillInBlank(TranslatableMixin, Orderable):
    """One blank of a text: what it accepts, and how closely."""

    question = ParentalKey(FillInQuestion, on_delete=models.CASCADE, related_name="blanks")
    accepted = models.TextField(
        _("accepted words"),
        max_length=4000,
        help_text=_("One variant a line, the one you prefer first."),
    )
    case_matters = models.BooleanField(
        _("capital letters matter"),
        default=False,
    )
    accents_matter = models.BooleanField(
        _("accents matter"),
        default=True,
        help_text=_("Unticked, “Muller” is right for “Müller”."),
    )
    near_miss = models.PositiveSmallIntegerField(
        _("slips"),
        choices=NearMiss,
        default=NearMiss.NONE,
        help_text=_(
            "A letter too many, one missing, a wrong one, or two in each other’s place. Numbers"
            " must always be right."
        ),
    )
    feedback = models.TextField(_("feedback"), blank=True, max_length=600)

    panels = [
        FieldPanel("accepted"),
        FieldPanel("case_matters"),
        FieldPanel(
            "accents_matter",
            help_text=_("Unticked, “Muller” and “Mueller” are right for “Müller”."),
        ),
        FieldPanel("near_miss"),
        FieldPanel("feedback"),
    ]
    translatable_fields = [
        TranslatableField("accepted"),
        SynchronizedField("case_matters", overridable=False),
        SynchronizedField("accents_matter", overridable=False),
        SynchronizedField("near_miss", overridable=False),
        TranslatableField("feedback"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("blank")
        verbose_name_plural = _("blanks")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="fill_in_blank_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return next(iter(variants(self.accepted)), "")
