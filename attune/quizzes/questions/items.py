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
    """``share`` of the full marks, from 0 to 1. ``success`` is None where nothing is right."""

    share: float
    success: bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the result: an option, whether it was chosen, whether it was right to."""

    text: str
    chosen: bool
    correct: bool | None
    feedback: str


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
        kwargs.setdefault("auto_id", "answer_%s")
        super().__init__(*args, **kwargs)
        self.build(response)

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
    def hint(self) -> str:
        """How to answer, in a few words; empty where the widget says it all."""
        return ""

    def interaction(self) -> Interaction:
        """The definition as xAPI carries it."""
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
