"""Aiken: a question, lettered answers, and which of them is right. Nothing else.

When is “today by noon” late?
A. At 11:59
B. At 12:01
ANSWER: B
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.quizzes.exchange.contract import Draft, Parsed
from attune.quizzes.exchange.texts import from_plain, tidy, to_plain
from attune.tabular.reading import decode

_OPTION = re.compile(r"([A-Z])[.)]\s+(.*)")
_ANSWER = re.compile(r"ANSWER\s*:\s*(.*)", re.IGNORECASE)


class Aiken:
    slug = "aiken"
    label = "Aiken"
    extension = "aiken.txt"
    content_type = "text/plain; charset=utf-8"
    kinds = frozenset({"choice"})
    never = ("title", "explanation", "topic", "difficulty", "tags", "identifier")
    scheme = ""
    order = 20
    description = gettext_lazy("Plain text, one right answer of several. The shortest format.")

    def read(self, body: bytes) -> Parsed:
        text, encoding = decode(body)
        parsed = Parsed(encoding=encoding)
        reader = _Reader(parsed)
        for number, line in enumerate(text.split("\n"), 1):
            if parsed.is_full:
                parsed.refuse_the_rest(_("line %(number)d") % {"number": number})
                return parsed
            reader.take(number, tidy(line))
        reader.end()
        return parsed

    def refusal(self, draft: Draft) -> str:
        options = draft.data.get("options") or []
        if draft.data.get("multiple"):
            return _("Aiken has one right answer; here several can be right.")
        if len(options) > len(ascii_uppercase):
            return _("Aiken has at most 26 answers.")
        if sum(bool(each.get("correct")) for each in options) != 1:
            return _("Aiken needs one right answer.")
        texts = [to_plain(draft.prompt), *(str(each.get("text", "")) for each in options)]
        if any(
            _OPTION.match(line) or _ANSWER.match(line)
            for line in to_plain(draft.prompt).split("\n")
        ):
            return _("A line of the question would be read as an answer.")
        if not all(texts):
            return _("An answer is empty.")
        return ""

    def write(self, drafts: Sequence[Draft]) -> bytes:
        return ("\n\n".join(map(write_one, drafts)) + "\n").encode("utf-8", "replace")


FORMAT = Aiken()


class _Reader:
    """Collects lines until an ``ANSWER:``; whatever else ends a question is a fault in it."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.clear()

    def clear(self) -> None:
        self.first = 0
        self.words: list[str] = []
        self.options: list[tuple[str, str]] = []

    @property
    def place(self) -> str:
        return _("line %(number)d") % {"number": self.first}

    @property
    def name(self) -> str:
        return " ".join(self.words)[:80]

    def take(self, number: int, line: str) -> None:
        if not line:
            if self.words and not self.options:
                self.words.append("")
            return
        answer, option = _ANSWER.fullmatch(line), _OPTION.fullmatch(line)
        if answer:
            self.first = self.first or number
            self.finish(answer.group(1).strip().rstrip(".)").upper())
        elif option and self.words:
            self.options.append((option.group(1), option.group(2).strip()))
        elif self.options:
            self.refuse(_("There is no line “ANSWER:” after the answers."))
            self.take(number, line)
        else:
            self.first = self.first or number
            self.words.append(line)

    def finish(self, letter: str) -> None:
        letters = [each for each, _text in self.options]
        if not self.words:
            self.refuse(_("An “ANSWER:” without a question."))
        elif len(self.options) < 2:
            self.refuse(_("The question has fewer than two answers."))
        elif len(set(letters)) < len(letters):
            self.refuse(_("Two answers have the same letter."))
        elif letter not in letters:
            self.refuse(
                _("“ANSWER: %(letter)s” names none of the answers.") % {"letter": letter[:20]}
            )
        else:
            self.parsed.drafts.append(self.draft(letter))
            self.clear()

    def draft(self, letter: str) -> Draft:
        data: dict[str, Any] = {
            "multiple": False,
            "options": [{"text": text, "correct": each == letter} for each, text in self.options],
        }
        return Draft(
            kind="choice", prompt=from_plain("\n".join(self.words)), data=data, place=self.place
        )

    def refuse(self, message: str) -> None:
        self.parsed.refuse(self.place, self.name, message)
        self.clear()

    def end(self) -> None:
        if self.options:
            self.refuse(_("There is no line “ANSWER:” after the answers."))
        elif any(self.words):
            self.refuse(_("A question without answers."))


def write_one(draft: Draft) -> str:
    options = draft.data["options"]
    lines = [to_plain(draft.prompt)]
    right = ""
    for letter, option in zip(ascii_uppercase, options, strict=False):
        lines.append(f"{letter}. {' '.join(str(option['text']).split())}")
        if option.get("correct"):
            right = letter
    return "\n".join([*lines, f"ANSWER: {right}"])
