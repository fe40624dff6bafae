"""What a format has to say, and the values that pass between files and the bank.

Pure: nothing here, nor in any format, knows the database. A format turns a file into
``Draft``s, questions as plain data in the shapes that each type's ``fill`` takes, and
drafts into a file. What it met and could not take, it names in a ``Finding``; nothing is
dropped in silence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.quizzes.exchange.texts import to_plain

MAX_QUESTIONS = 20_000
# Whoever reads the report reads the first of these; the rest are counted.
MAX_FINDINGS = 2_000


class QuestionRefused(ValueError):
    """This one question cannot be taken, or not be carried. The message is for the author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question as a file has it.

    ``prompt`` and ``explanation`` are rich text that has been through the sanitiser; ``data``
    is what ``fill`` of the type ``kind`` takes. None where the format says nothing: what the
    bank has then stays. ``identifier`` is the format's own id, empty where there is none.
    """

    kind: str
    prompt: str
    data: Mapping[str, Any]
    title: str | None = None
    explanation: str | None = None
    topic: str | None = None
    difficulty: int | None = None
    tags: tuple[str, ...] | None = None
    identifier: str = ""
    place: str = ""
    besides: tuple[str, ...] = ()
    """What belongs to the question and no file carries, in words: its picture, its lesson."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the file that is worth a word. ``refused``: the question was not taken."""

    place: str
    name: str
    message: str
    refused: bool = False


@dataclass(slots=True)
class Parsed:
    """What a file holds."""

    drafts: list[Draft] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    encoding: str = ""
    unsaid: int = 0
    """Findings beyond the first ``MAX_FINDINGS``."""

    def note(self, place: str, name: str, message: str) -> None:
        self._add(Finding(place, name, message))

    def refuse(self, place: str, name: str, message: str) -> None:
        self._add(Finding(place, name, message, refused=True))

    def refuse_the_rest(self, place: str) -> None:
        """There is more in the file than one may hold."""
        words = _("A file holds at most %(most)d questions. This and all after were not read.")
        self.refuse(place, "", words % {"most": MAX_QUESTIONS})

    def _add(self, finding: Finding) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.unsaid += 1

    @property
    def is_full(self) -> bool:
        return len(self.drafts) >= MAX_QUESTIONS


class Format(Protocol):
    """One kind of file. Each module of this package with a ``FORMAT`` brings one."""

    slug: str
    label: str | Promise
    extension: str
    content_type: str
    kinds: frozenset[str]
    """Kinds of questions that it can carry at all."""
    never: tuple[str, ...]
    """Parts of a question for which it has no place: names of ``Draft``'s fields."""
    scheme: str
    """Whose ids its identifiers are; formats of one system share it."""
    order: int
    description: str | Promise

    def read(self, body: bytes) -> Parsed:
        """:raises FileRefused: the file as a whole cannot be read."""

    def write(self, drafts: Sequence[Draft]) -> bytes:
        """A file of the drafts, each of which ``refusal`` had nothing against."""

    def refusal(self, draft: Draft) -> str:
        """Why it cannot carry the question at all; empty where it can."""


# --- The same or not -------------------------------------------------------------------------

# A key that is missing stands for these; any other stands for nothing (False, "", 0, []).
DEFAULTS: Mapping[str, Any] = {"accents_matter": True, "tolerance": "0"}
DEFAULTS_BY_KIND: Mapping[str, Mapping[str, Any]] = {"sequencing": {"partial_credit": True}}
# Not part of what is asked: an answer's comment.
COMMENTS = ("feedback", "feedback_true", "feedback_false")


def canonical(value: Any, *, comments: bool = True, defaults: Mapping[str, Any] = DEFAULTS) -> Any:
    """``value`` with all that says nothing left out, so that two ways to say it are equal."""
    if isinstance(value, Mapping):
        inner = {
            str(key): canonical(each, comments=comments)
            for key, each in sorted(value.items(), key=lambda pair: str(pair[0]))
            if comments or key not in COMMENTS
        }
        return {
            key: each
            for key, each in inner.items()
            if (each != defaults[key] if key in defaults else bool(each))
        }
    if isinstance(value, list | tuple):
        return [canonical(each, comments=comments) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.strip() if isinstance(value, str) else value


def canonical_data(kind: str, data: Mapping[str, Any], *, comments: bool = True) -> Any:
    defaults = {**DEFAULTS, **DEFAULTS_BY_KIND.get(kind, {})}
    return canonical(data, comments=comments, defaults=defaults)


def digest(value: Any) -> str:
    """A hash of plain data that is the same on every machine."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate can be neither typed nor stored, and must not end the reading.
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def core_of(kind: str, prompt: str, data: Mapping[str, Any]) -> str:
    """What is asked and what counts as right, as a hash: the identity where there is no id."""
    words = " ".join(to_plain(prompt).split())
    return digest([kind, words, canonical_data(kind, data, comments=False)])


def whole_of(draft: Draft) -> str:
    """All that the file says of the question, as a hash."""
    return digest(
        [
            draft.kind,
            draft.prompt,
            canonical_data(draft.kind, draft.data),
            draft.title,
            draft.explanation,
            draft.topic,
            draft.difficulty,
            sorted(draft.tags) if draft.tags is not None else None,
        ]
    )


# --- What a file could not carry ------------------------------------------------------------

NAMES = {
    "title": gettext_lazy("short name"),
    "prompt": gettext_lazy("question"),
    "explanation": gettext_lazy("explanation"),
    "topic": gettext_lazy("topic"),
    "difficulty": gettext_lazy("difficulty"),
    "tags": gettext_lazy("tags"),
    "identifier": gettext_lazy("id"),
    "kind": gettext_lazy("type"),
    "partial_credit": gettext_lazy("partial credit"),
    "options": gettext_lazy("options"),
    "feedback": gettext_lazy("feedback"),
    "share": gettext_lazy("share of the mark"),
    "blanks": gettext_lazy("gaps"),
    "accepted": gettext_lazy("accepted answers"),
    "case_matters": gettext_lazy("capital letters"),
    "accents_matter": gettext_lazy("accents"),
    "near_miss": gettext_lazy("near misses"),
    "situation": gettext_lazy("situation"),
    "model_answer": gettext_lazy("model answer"),
    "min_words": gettext_lazy("fewest words"),
    "max_words": gettext_lazy("most words"),
    "rubric": gettext_lazy("rubric"),
    "pairs": gettext_lazy("pairs"),
    "steps": gettext_lazy("steps"),
    "value": gettext_lazy("value"),
    "minimum": gettext_lazy("lowest value"),
    "maximum": gettext_lazy("highest value"),
    "tolerance": gettext_lazy("tolerance"),
    "unit": gettext_lazy("unit"),
}


def in_words(part: str) -> str:
    """A part as ``differences`` names it, in words: ``options.feedback`` → options: feedback."""
    return ": ".join(str(NAMES.get(name, name.replace("_", " "))) for name in part.split("."))


def differences(before: Draft, after: Draft) -> list[str]:
    """Names of the parts in which two drafts differ; of their data, the paths."""
    found = [
        name
        for name in ("title", "prompt", "explanation", "topic", "difficulty", "identifier")
        if (getattr(before, name) or "") != (getattr(after, name) or "")
    ]
    if set(before.tags or ()) != set(after.tags or ()):
        found.append("tags")
    if before.kind != after.kind:
        return [*found, "kind"]
    one, other = (canonical_data(each.kind, each.data) for each in (before, after))
    return [*found, *dict.fromkeys(_paths(one, other, ""))]


def _paths(one: Any, other: Any, where: str) -> list[str]:
    if one == other:
        return []
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            path
            for key in sorted({*one, *other})
            for path in _paths(
                one.get(key), other.get(key), f"{where}.{key}" if where else str(key)
            )
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            path
            for mine, theirs in zip(one, other, strict=True)
            for path in _paths(mine, theirs, where)
        ]
    return [where]
