"""What a question type can do once it has been frozen: read, encode, grade, explain.

Pure: an ``Item`` holds a frozen definition (plain JSON) and nothing of it comes from the
database, so that an attempt is graded by the question that it showed, whatever became of
the question since. Each type's item lives beside its model in ``<type>.py``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, ClassVar

from django import forms
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from attune.xapi.interactions import Component, Interaction

Definition = Mapping[str, Any]

NAME_CHARACTERS = 120


class ResponseError(ValueError):
    """What was sent is not an answer to this question. The message is for the learner."""


@dataclass(frozen=True, slots=True)
class Grade:
    """``share`` of the full marks, from 0 to 1. ``success`` is None where nothing is right.

    ``pending``: a person has to mark it first; until then it has neither share nor success.
    """

    share: float
    success: bool | None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the result: an option, whether it was chosen, whether it was right to.

    ``key`` is the option's id, where its picture is to be found.
    """

    text: str
    chosen: bool
    correct: bool | None
    feedback: str
    key: str = ""


class AnswerForm(forms.Form):
    """The learner's form of one question. Works without JavaScript; nothing is required.

    ``order`` is the order of the options in this attempt, ``response`` what was saved.
    """

    def __init__(
        self,
        *args: Any,
        item: Item,
        order: Sequence[str] = (),
        response: Any = None,
        **kwargs: Any,
    ) -> None:
        self.item = item
        self.order = list(order)
        self.response = response
        kwargs.setdefault("auto_id", "answer_%s")
        super().__init__(*args, **kwargs)
        self.build(response)

    @property
    def lacks(self) -> str:
        """What the saved answer still lacks, in words; nothing while a new one is being sent."""
        return "" if self.is_bound else self.item.lacks(self.response)

    def build(self, response: Any) -> None:
        """Add the fields, with the saved response as their initial value."""
        raise NotImplementedError

    def raw_response(self) -> Any:
        """What the fields say, in the JSON shape of ``Item.read``; None if left empty."""
        raise NotImplementedError


class Item:
    """A frozen question that can be answered and graded. Subclassed by each type."""

    answer_form: ClassVar[type[AnswerForm] | None] = None
    interaction_type: ClassVar[str] = ""
    # False for surveys, which earn no points and ask for none.
    is_scored: ClassVar[bool] = True
    # True for the learner's own words, which leave the house only where a setting says so.
    is_written: ClassVar[bool] = False
    # A type whose widget or result is unusual brings templates of its own.
    answer_template: ClassVar[str] = "attune_quizzes/answers/fields.html"
    outcome_template: ClassVar[str] = "attune_quizzes/outcomes/options.html"

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    # --- what every type has ---

    @property
    def prompt(self) -> str:
        """HTML, sanitised when it was written."""
        return str(self.definition.get("prompt", ""))

    @property
    def explanation(self) -> str:
        return str(self.definition.get("explanation", ""))

    @property
    def prompt_text(self) -> str:
        """The prompt without its markup, one space between words."""
        return plain(self.prompt)

    @property
    def name(self) -> str:
        """What the question is called in lists and records: the beginning of its prompt."""
        return Truncator(self.prompt_text).chars(NAME_CHARACTERS)

    @property
    def language(self) -> str:
        return str(self.definition.get("language", "en"))

    @property
    def image(self) -> Mapping[str, Any] | None:
        """The picture beside the prompt: {id, alt}."""
        return self.definition.get("image")

    @property
    def option_images(self) -> Mapping[str, Mapping[str, Any]]:
        """Pictures of options by option id: {id, alt} each."""
        return {}

    @property
    def recording(self) -> Mapping[str, Any] | None:
        """The recording beside the prompt: {id, transcript}."""
        return self.definition.get("recording")

    @property
    def lesson(self) -> Mapping[str, Any] | None:
        """The lesson that the question rests on: {key, title}; the key is a translation key."""
        return self.definition.get("lesson")

    @property
    def hint(self) -> str:
        """How to answer, in a few words; empty where the widget says it all."""
        return ""

    def lacks(self, response: Any) -> str:
        """What a half-done answer still lacks, in words; empty where it is whole or missing."""
        return ""

    def interaction(self, response: Any = None) -> Interaction:
        """The definition as xAPI carries it, beside ``response`` where there is one.

        A type whose key says more than a pattern can overrides this, so that whoever reads
        pattern and response comes to our verdict.
        """
        return Interaction(
            type=self.interaction_type,
            correct_responses=self.correct_responses(),
            **{name: tuple(parts) for name, parts in self.components().items()},
        )

    # --- what each type says for itself ---

    def read(self, raw: Any) -> Any:
        """The response in its canonical JSON shape; None stands for no answer.

        :raises ResponseError: ``raw``, any JSON at all, is not an answer to this question.
        """
        raise NotImplementedError

    def encode(self, response: Any) -> str:
        """The response as xAPI writes it (HOUSE.md, XAPI.md)."""
        raise NotImplementedError

    def decode(self, text: str) -> Any:
        """The response behind what ``encode`` wrote.

        :raises ResponseError: it never wrote that.
        """
        raise NotImplementedError

    def grade(self, response: Any) -> Grade:
        """How right the response is. No answer earns nothing."""
        raise NotImplementedError

    def correct_responses(self) -> tuple[str, ...] | None:
        """xAPI's correctResponsesPattern: any of these; None where nothing is right."""
        raise NotImplementedError

    def components(self) -> dict[str, Iterable[Component]]:
        """xAPI's component lists by name, for example ``choices``."""
        raise NotImplementedError

    def texts_by_id(self) -> Mapping[str, str]:
        """The texts of ids in a response that xAPI has no component list for; most have none."""
        return {}

    def order(self, rng: random.Random | None) -> list[str]:
        """Ids of the options in the order to be shown; shuffled where ``rng`` is given."""
        raise NotImplementedError

    def outcomes(self, response: Any, order: Sequence[str] = ()) -> list[Outcome]:
        """The result in lines, for the page that explains it."""
        raise NotImplementedError

    def problems(self) -> list[str]:
        """What keeps the question from being asked, in words for its author."""
        raise NotImplementedError


def text_of(encoded: Any) -> str:
    """What ``decode`` was given, which has to be text.

    :raises ResponseError: it is not.
    """
    if not isinstance(encoded, str):
        raise ResponseError(str(_("An encoded answer is a text.")))
    return encoded


# Only these part words; a space around <b> or <a> would stand before a full stop.
_BLOCK_TAG = re.compile(r"</?(?:p|br|li|ul|ol|h[1-6]|div|hr)\b", re.IGNORECASE)


def plain(html: str) -> str:
    """Text of a piece of rich text, with blocks kept apart by a space and entities resolved."""
    return " ".join(unescape(strip_tags(_BLOCK_TAG.sub(r" \g<0>", html))).split())


def common_problems(definition: Definition) -> list[str]:
    return [] if plain(str(definition.get("prompt", ""))) else [str(_("The question is empty."))]


def shuffled(ids: Sequence[str], rng: random.Random | None) -> list[str]:
    ids = list(ids)
    if rng is not None:
        rng.shuffle(ids)
    return ids
