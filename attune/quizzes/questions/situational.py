"""Situational judgement: replies to rate or to rank, compared with what experts say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
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
from attune.quizzes.questions.plain_data import (
    TEXT_LIMIT,
    rows_in,
    text_in,
    whole_number_in,
)
from attune.quizzes.questions.rows import (
    RowOutcome,
    in_order,
    mixed,
    number_problems,
    read_rows,
    still_open,
    text_problems,
)
from attune.xapi.interactions import COMMA, DOT, Component, InteractionType, encode_other

LOWEST, HIGHEST = 1, 5
MAX_REPLIES = 10
ENOUGH = 0.75
"""From this share on an answer counts as a success."""


class Mode(models.TextChoices):
    RATE = "rate", _("Rate each reply from 1 to 5")
    RANK = "rank", _("Rank the replies")


def words_of_rating(rating: int) -> str:
    return {
        1: gettext("does not fit"),
        2: gettext("hardly fits"),
        3: gettext("fits partly"),
        4: gettext("fits well"),
        5: gettext("fits very well"),
    }[rating]


class SituationalForm(PlacesForm):
    """Rating: a scale per reply. Ranking: a place per reply."""

    item: SituationalItem

    def build(self, response: Any) -> None:
        if self.item.is_ranking:
            super().build(response)
            return
        texts, given = self.item.texts, response or {}
        self.rows = in_order(texts, self.order)
        for number, each in enumerate(self.rows, start=1):
            self.fields[f"row_{number}"] = forms.ChoiceField(
                label=texts[each],
                required=False,
                choices=[
                    (str(rating), words_of_rating(rating)) for rating in range(LOWEST, HIGHEST + 1)
                ],
                initial=str(given.get(each, "")) or None,
                widget=forms.RadioSelect,
            )


class SituationalItem(Item):
    """Definition: ``mode`` (``rate`` or ``rank``), ``replies`` ([{id, text, expert, feedback}]);
    ``expert`` is the experts' rating (1 does not fit … 5 fits very well) or place (1 fits best).

    Response: the rating or place of each reply by its id; replies still open are left out.

    The distance of an answer is the sum, over all replies, of how far it is from the experts; a
    reply without an answer is as far away as it could be. The share is 1 - distance / largest
    possible distance, never below 0. For a rating each reply may be wrong by itself; for a
    ranking of n replies the largest distance is half of n², rounded down, that of the experts'
    order turned round. From a share of 0.75 on, a whole answer is a success.

    An answer with replies left open is never a success, and its share is at most the share of
    the replies that were answered: an expert's 3 is never far from anything, so an open reply
    could otherwise earn more than a daring one.
    """

    answer_form = SituationalForm
    interaction_type = InteractionType.OTHER
    answer_template = "attune_quizzes/answers/situational.html"
    outcome_template = "attune_quizzes/outcomes/situational.html"

    @property
    def replies(self) -> list[Mapping[str, Any]]:
        return list(self.definition["replies"])

    @property
    def is_ranking(self) -> bool:
        return self.definition.get("mode") == Mode.RANK

    @property
    def texts(self) -> dict[str, str]:
        return {str(each["id"]): str(each["text"]) for each in self.replies}

    @property
    def experts(self) -> dict[str, int]:
        return {str(each["id"]): int(each["expert"]) for each in self.replies}

    @property
    def hint(self) -> str:
        if self.is_ranking:
            words = gettext("Give each reply its place: 1 fits best.")
        else:
            words = gettext("Rate each reply: 1 does not fit, 5 fits very well.")
        return f"{words} {gettext('The closer you are to the experts, the more points.')}"

    def places_of(self, response: Mapping[str, int] | None) -> Mapping[str, int]:
        return response or {}

    def lacks(self, response: Mapping[str, int] | None) -> str:
        return still_open(len(response or ()), len(self.replies))

    def read(self, raw: Any) -> dict[str, int] | None:
        if raw is None:
            return None
        if self.is_ranking:
            return read_places(raw, self.texts) or None
        ratings = read_rows(raw, list(self.texts))
        for rating in ratings.values():
            if (
                isinstance(rating, bool)
                or not isinstance(rating, int)
                or not LOWEST <= rating <= HIGHEST
            ):
                raise ResponseError(
                    gettext("A rating is a whole number from %(lowest)d to %(highest)d.")
                    % {"lowest": LOWEST, "highest": HIGHEST}
                )
        return ratings or None

    def encode(self, response: Mapping[str, int]) -> str:
        """``reply[.]number[,]reply2[.]number``, in the manner of the other types."""
        return encode_other(
            COMMA.join(f"{each}{DOT}{response[each]}" for each in self.texts if each in response)
        )

    def decode(self, text: str) -> dict[str, int] | None:
        response: dict[str, int] = {}
        for part in text_of(text).split(COMMA):
            reply, dot, number = part.partition(DOT)
            # As encode writes it: no sign, no leading zero, no digits of another script.
            if not dot or number not in {str(each) for each in range(1, MAX_REPLIES + 1)}:
                raise ResponseError(gettext("An answer gives each reply a number."))
            if reply in response:
                raise ResponseError(gettext("A reply is answered twice."))
            response[reply] = int(number)
        return self.read(response)

    def distance(self, response: Mapping[str, int]) -> int:
        """How far the response is from the experts, open replies counted as the farthest."""
        last = len(self.replies) if self.is_ranking else HIGHEST
        return sum(
            abs(response[each] - expert) if each in response else max(expert - 1, last - expert)
            for each, expert in self.experts.items()
        )

    @property
    def largest_distance(self) -> int:
        if self.is_ranking:
            return len(self.replies) ** 2 // 2
        return sum(max(expert - LOWEST, HIGHEST - expert) for expert in self.experts.values())

    def grade(self, response: Mapping[str, int] | None) -> Grade:
        if response is None:
            return Grade(share=0.0, success=False)
        answered = len(response) / len(self.replies)
        share = max(0.0, 1 - self.distance(response) / self.largest_distance)
        return Grade(share=min(share, answered), success=answered == 1 and share >= ENOUGH)

    def correct_responses(self) -> tuple[str, ...]:
        return (self.encode(self.experts),)

    def components(self) -> dict[str, Iterable[Component]]:
        # xAPI gives the type ``other`` no list of parts.
        return {}

    def texts_by_id(self) -> Mapping[str, str]:
        return self.texts

    def order(self, rng: random.Random | None) -> list[str]:
        return mixed(list(self.texts), rng)

    def outcomes(
        self, response: Mapping[str, int] | None, order: Sequence[str] = ()
    ) -> list[Outcome]:
        given = response or {}
        by_id = {str(each["id"]): each for each in self.replies}
        # A ranking is explained from the best reply down, ratings in the order that was shown.
        ids = (
            sorted(by_id, key=lambda each: self.experts[each])
            if self.is_ranking
            else in_order(by_id, order)
        )
        return [
            RowOutcome(
                text=str(by_id[each]["text"]),
                chosen=each in given,
                correct=given.get(each) == self.experts[each],
                feedback=str(by_id[each].get("feedback", "")),
                given=self._said(given.get(each)),
                wanted=self._said(self.experts[each]),
            )
            for each in ids
        ]

    def _said(self, number: int | None) -> str:
        if number is None:
            return ""
        if self.is_ranking:
            return gettext("Place %(place)d") % {"place": number}
        return f"{number} · {words_of_rating(number)}"

    def problems(self) -> list[str]:
        return [
            *common_problems(self.definition),
            *reply_problems(
                [(str(each["text"]), int(each["expert"])) for each in self.replies],
                str(self.definition.get("mode")),
            ),
        ]


def reply_problems(replies: Sequence[tuple[str, int]], mode: str) -> list[str]:
    """What is wrong with replies, each given with what the experts say of it."""
    problems = number_problems(len(replies), least=2, most=MAX_REPLIES)
    problems += text_problems([text for text, _expert in replies])
    experts = sorted(expert for _text, expert in replies)
    if mode == Mode.RANK and experts != list(range(1, len(replies) + 1)):
        problems.append(
            gettext("The experts’ places have to be 1 to %(last)d, each of them once.")
            % {"last": len(replies)}
        )
    if mode == Mode.RATE and not all(LOWEST <= expert <= HIGHEST for expert in experts):
        problems.append(
            gettext("An expert’s rating is a number from %(lowest)d to %(highest)d.")
            % {"lowest": LOWEST, "highest": HIGHEST}
        )
    return problems


class SituationalQuestionForm(QuestionForm):
    def own_problems(self) -> list[str]:
        return reply_problems(
            [
                (form.cleaned_data.get("text", ""), form.cleaned_data.get("expert") or 0)
                for form in self.formset_forms("replies")
            ],
            str(self.cleaned_data.get("mode", "")),
        )


class SituationalQuestion(Question):
    """Replies that the learner rates or ranks by how well they fit the client's norms."""

    kind: ClassVar[str] = "situational"
    item_class = SituationalItem
    base_form_class = SituationalQuestionForm
    definition_prefetch: ClassVar[list[str]] = ["replies"]

    mode = models.CharField(
        _("what learners do"),
        max_length=10,
        choices=Mode,
        default=Mode.RATE,
        help_text=_(
            "The closer an answer is to the experts’, the more points: all of them for the same "
            "numbers, none for the opposite. From 75 % of the points on, the answer counts as "
            "right."
        ),
    )

    panels = [
        *Question.common_panels,
        FieldPanel("mode"),
        InlinePanel("replies", label=_("reply"), heading=_("Replies"), max_num=MAX_REPLIES),
        *Question.closing_panels,
    ]
    translatable_fields = [
        *Question.common_translatable_fields,
        SynchronizedField("mode", overridable=False),
        TranslatableField("replies"),
    ]

    class Meta:
        verbose_name = _("situational judgement question")
        verbose_name_plural = _("situational judgement questions")

    def own_definition(self) -> dict[str, Any]:
        return {
            "mode": str(self.mode),
            "replies": [
                {
                    "id": str(reply.translation_key),
                    "text": reply.text,
                    "expert": reply.expert,
                    "feedback": reply.feedback,
                }
                for reply in self.replies.all()
            ],
        }

    def fill(self, data: dict[str, Any]) -> None:
        mode = data.get("mode")
        if not isinstance(mode, str) or mode not in Mode.values:
            raise ValueError(gettext("“mode” is either “rate” or “rank”."))
        self.mode = mode
        most = HIGHEST if mode == Mode.RATE else MAX_REPLIES
        # modelcluster holds the rows until the question is saved.
        self.replies = [  # type: ignore[misc]
            SituationalReply(
                sort_order=number,
                text=text_in(each, "text"),
                expert=whole_number_in(each, "expert", least=1, most=most),
                feedback=text_in(each, "feedback", needed=False),
                locale=self.locale,
            )
            for number, each in enumerate(rows_in(data, "replies"))
        ]

    def as_data(self) -> dict[str, Any]:
        return {
            "mode": str(self.mode),
            "replies": [
                {"text": each.text, "expert": each.expert, "feedback": each.feedback}
                for each in self.replies.all()
            ],
        }


class SituationalReply(TranslatableMixin, Orderable):
    """One reply. Its translation key is its id in records, the same in every language."""

    question = ParentalKey(SituationalQuestion, on_delete=models.CASCADE, related_name="replies")
    text = models.TextField(_("reply"), max_length=TEXT_LIMIT)
    expert = models.PositiveSmallIntegerField(
        _("the experts’ number"),
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REPLIES)],
        help_text=_(
            "Where learners rate: 1 does not fit … 5 fits very well. Where they rank: the place, "
            "1 fits best."
        ),
    )
    feedback = models.TextField(_("feedback"), blank=True, max_length=TEXT_LIMIT)

    panels = [FieldPanel("text"), FieldPanel("expert"), FieldPanel("feedback")]
    translatable_fields = [
        TranslatableField("text"),
        SynchronizedField("expert", overridable=False),
        TranslatableField("feedback"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="situational_reply_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text
