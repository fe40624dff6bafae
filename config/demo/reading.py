"""Reads ``demo_content/**.toml`` into plain values that pages are made of. No database.

The format is described in ``demo_content/README.md``. Everything is read and checked before
anything is written: ``read_programmes`` raises one ``ContentError`` that names file, table
and field of every fault. Lesson blocks are checked against ``LessonBody`` itself, so that a
limit lives in one place. Keys and block ids follow from where a thing stands in the
content, so that a second load finds what the first made, and a translation has the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils.html import linebreaks
from django.utils.text import Truncator
from markdown_it import MarkdownIt
from wagtail import blocks
from wagtail.models import Locale

from attune.curriculum.models import ModulePage, ProgrammePage
from attune.curriculum.topics import Topic
from attune.lessons.blocks import LessonBody
from attune.lessons.models import LessonPage
from attune.quizzes.models import QuizPage
from attune.quizzes.questions import question_type
from attune.safety.sanitiser import clean_rich_text, plain_text

ROOT = settings.BASE_DIR / "demo_content"
NAMESPACE = UUID("6f1a3c1e-6a0c-5d0b-9a53-0c1d5f2e7b11")
TRANSLATED_INTO = ("de",)
TITLE_CHARACTERS = 110  # of a question in the authors' lists: the beginning of its prompt

_markdown = MarkdownIt("commonmark", {"html": False})


class ContentError(Exception):
    """What is wrong with the demo content; ``faults`` holds one sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The demo content cannot be loaded:\n  " + "\n  ".join(faults))


@dataclass(frozen=True, slots=True)
class Source:
    """One page to be, or one question: its place in the content, its values, what is below.

    ``path`` has no language in it: a translation has the path of what it translates.
    """

    path: str
    values: dict[str, Any]
    children: list[Source] = field(default_factory=list)
    translations: dict[str, Source] = field(default_factory=dict)

    @property
    def key(self) -> UUID:
        return key_of(self.path)


def key_of(path: str) -> UUID:
    """The permanent key of what stands at ``path``: translation keys, ids of blocks."""
    return uuid5(NAMESPACE, path)


def rich_text(markdown: str) -> str:
    """Sanitised HTML of a Markdown text."""
    return clean_rich_text(_markdown.render(markdown).strip())


def paragraphs(text: str) -> str:
    """Sanitised HTML of a plain text: what looks like markup is meant as it stands."""
    return clean_rich_text(linebreaks(text, autoescape=True))


class Table:
    """One TOML table that is being taken apart; notes every fault with its place."""

    def __init__(self, data: Any, *, where: str, faults: list[str]) -> None:
        self.where = where
        self.faults = faults
        self._taken: set[str] = set()
        if not isinstance(data, dict):
            self.fault("is not a table")
            data = {}
        self._data: dict[str, Any] = data

    def fault(self, message: str, name: str = "") -> None:
        self.faults.append(f"{self.where}{'.' + name if name else ''}: {message}")

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        """The value of a field, or the default and a fault if it is missing or another kind."""
        self._taken.add(name)
        if name not in self._data:
            if default is None:
                self.fault("is missing", name)
                return kind()
            return default
        value = self._data[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(f"should be of the kind {kind.__name__}", name)
            return kind()
        return value

    def text(self, name: str, *, limit: int | None = None, may_be_empty: bool = False) -> str:
        value = str(self.take(name, str, "" if may_be_empty else None)).strip()
        if not value and not may_be_empty and name in self._data:
            self.fault("is empty", name)
        if limit is not None and len(value) > limit:
            self.fault(f"has {len(value)} characters, {limit} are allowed", name)
        return value

    def whole(self, name: str, *, low: int = 1, high: int = 1000) -> int:
        value = int(self.take(name, int))
        if name in self._data and not low <= value <= high:
            self.fault(f"should lie between {low} and {high}", name)
        return value

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        value = str(self.take(name, str))
        if name in self._data and value not in allowed:
            self.fault(f"“{value}” is none of {', '.join(allowed)}", name)
        return value

    def texts(self, name: str, *, limit: int | None = None) -> list[str]:
        values = self.take(name, list)
        for number, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                self.fault("should be a text", f"{name}[{number}]")
            elif limit is not None and len(value) > limit:
                self.fault(f"has {len(value)} characters, {limit} are allowed", f"{name}[{number}]")
        return [str(value).strip() for value in values]

    def tables(self, name: str) -> list[Table]:
        return [
            Table(value, where=f"{self.where}.{name}[{number}]", faults=self.faults)
            for number, value in enumerate(self.take(name, list))
        ]

    def raw(self, *names: str) -> dict[str, Any]:
        """The named fields as they stand, for whoever checks them."""
        self._taken.update(names)
        return {name: self._data[name] for name in names if name in self._data}

    def done(self) -> None:
        """Nothing may be left over: a mistyped name is a fault, not a silence."""
        for name in self._data.keys() - self._taken:
            self.fault("is not known here", name)


def _limit(model: type, name: str) -> int | None:
    limit: int | None = model._meta.get_field(name).max_length  # type: ignore[attr-defined]
    return limit


# --- Lessons ---------------------------------------------------------------------------


def block_value(block: Any, data: Any, *, at: Table, name: str, ident: str) -> Any:
    """Raw StreamField value of ``data`` for ``block``; its ids follow from ``ident``, a path."""
    if isinstance(block, blocks.StructBlock):
        inner = Table(data, where=f"{at.where}.{name}" if name else at.where, faults=at.faults)
        value = struct_value(block, inner, ident=ident)
        inner.done()
        return value
    if isinstance(block, blocks.ListBlock):
        if not isinstance(data, list):
            at.fault("should be a list", name)
            return []
        if len(data) < (block.meta.min_num or 0):
            at.fault(f"needs at least {block.meta.min_num}", name)
        return [
            {
                "type": "item",
                "id": str(key_of(f"{ident}/{number}")),
                "value": block_value(
                    block.child_block,
                    item,
                    at=at,
                    name=f"{name}[{number}]",
                    ident=f"{ident}/{number}",
                ),
            }
            for number, item in enumerate(data)
        ]
    wanted: type = bool if isinstance(block, blocks.BooleanBlock) else str
    if not isinstance(data, wanted):
        at.fault(f"should be of the kind {wanted.__name__}", name)
        return wanted()
    if isinstance(data, str):
        return _text_value(block, data.strip(), at=at, name=name)
    return data


def _text_value(block: Any, data: str, *, at: Table, name: str) -> str:
    if block.required and not data:
        at.fault("is empty", name)
    if isinstance(block, blocks.RichTextBlock):
        return rich_text(data)
    if isinstance(block, blocks.ChoiceBlock):
        allowed = [value for value, _label in block.field.choices if value]
        if data not in allowed:
            at.fault(f"“{data}” is none of {', '.join(allowed)}", name)
    limit = getattr(block.field, "max_length", None)
    if limit is not None and len(data) > limit:
        at.fault(f"has {len(data)} characters, {limit} are allowed", name)
    return data


def struct_value(block: Any, table: Table, *, ident: str) -> dict[str, Any]:
    value = {}
    for name, child in block.child_blocks.items():
        given = table.raw(name)
        if name in given:
            value[name] = block_value(
                child, given[name], at=table, name=name, ident=f"{ident}/{name}"
            )
        elif child.required:
            table.fault("is missing", name)
        else:
            default = child.get_default()
            value[name] = "" if default is None else default
    return value


def read_body(table: Table, *, ident: str) -> list[dict[str, Any]]:
    """The raw value of a lesson's body."""
    body = []
    known = LessonBody().child_blocks
    for number, entry in enumerate(table.tables("body")):
        kind = entry.one_of("type", list(known))
        block = known.get(kind)
        place = f"{ident}/body/{number}"
        value: Any = None
        if isinstance(block, blocks.StructBlock):
            value = struct_value(block, entry, ident=place)
        elif block is not None:
            value = block_value(
                block, entry.text("text"), at=entry, name="text", ident=f"{place}/text"
            )
        if kind == "self_check" and not any(
            option["value"].get("correct") for option in value.get("options", [])
        ):
            entry.fault("has no option that is correct", "options")
        entry.done()
        body.append({"type": kind, "id": str(key_of(place)), "value": value})
    if not body:
        table.fault("has no blocks", "body")
    return body


def read_lesson(table: Table, *, path: str) -> Source:
    values = _unit_values(table, LessonPage) | {"body": read_body(table, ident=path)}
    return Source(path, values)


def _unit_values(table: Table, model: type) -> dict[str, Any]:
    return {
        "kind": table.one_of("kind", ["lesson", "quiz"]),
        "title": table.text("title", limit=_limit(model, "title")),
        "slug": table.text("slug", limit=_limit(model, "slug")),
        "summary": table.text("summary", limit=_limit(model, "summary")),
        "minutes": table.whole("minutes"),
    }


# --- Quizzes ---------------------------------------------------------------------------

QUESTION_FIELDS = {
    "choice": ("multiple", "options"),
    "true_false": ("answer", "feedback_true", "feedback_false"),
}


def read_quiz(table: Table, *, path: str) -> Source:
    values = _unit_values(table, QuizPage)
    values |= {
        "pass_mark": table.whole("pass_mark", high=100),
        "attempts_allowed": table.whole("attempts", high=50),
        "introduction": paragraphs(table.text("introduction")),
    }
    questions = [_read_question(entry) for entry in table.tables("question")]
    keys = [question.path for question in questions]
    for key in {key for key in keys if keys.count(key) > 1}:
        table.fault(f"“{key}” stands twice", "question.key")
    if not questions:
        table.fault("has no questions", "question")
    return Source(path, values, questions)


def _read_question(table: Table) -> Source:
    kind = table.one_of("type", list(QUESTION_FIELDS))
    # Where the question rests in the lessons is for authors; no page shows it yet.
    table.text("lesson")
    prompt = rich_text(table.text("prompt"))
    own = table.raw(*QUESTION_FIELDS.get(kind, ()))
    values = {
        "kind": kind,
        "title": Truncator(plain_text(prompt)).chars(TITLE_CHARACTERS),
        "prompt": prompt,
        "explanation": paragraphs(table.text("explanation")),
        "topic": table.one_of("topic", Topic.values),
        "tags": table.texts("tags", limit=60),
        "own": own,
    }
    key = table.text("key")
    if kind in QUESTION_FIELDS:
        # The type itself says what it needs, in words for an author.
        try:
            question = question_type(kind)(prompt=prompt, locale=Locale(language_code="en"))
            question.fill(own)
            problems = question.item().problems()
        except ValueError as error:
            problems = [str(error)]
        for problem in problems:
            table.fault(problem)
    table.done()
    return Source(f"questions/{key}", values)


# --- Modules and programmes ------------------------------------------------------------


class Reader:
    """Reads a folder of programmes and gathers the faults of all files."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.faults: list[str] = []

    def programmes(self) -> list[Source]:
        """Every programme below the root, with its modules, units, questions, translations.

        :raises ContentError: something is missing, unknown, too long or of another kind.
        """
        found = [
            self._programme(folder)
            for folder in sorted(self.root.iterdir())
            if (folder / "programme.toml").is_file()
        ]
        if not found and not self.faults:
            self.faults.append(f"{self.root}: holds no programme.toml")
        if self.faults:
            raise ContentError(self.faults)
        return found

    def _read(self, file: Path, read: Callable[[Table], Source]) -> Source:
        where = str(file.relative_to(self.root))
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.faults.append(f"{where}: {error}")
            return Source(where, {})
        table = Table(data, where=where, faults=self.faults)
        source = read(table)
        table.done()
        return source

    def _programme(self, folder: Path) -> Source:
        path = folder.name
        programme = self._read(
            folder / "programme.toml", lambda table: _read_programme(table, path=path)
        )
        for language in TRANSLATED_INTO:
            file = folder / language / "programme.toml"
            if file.is_file():
                programme.translations[language] = self._read(
                    file, lambda table: _read_programme(table, path=path, translated=True)
                )
        programme.children.extend(
            self._module(folder / name, path=f"{path}/{name}")
            for name in programme.values.get("modules", [])
        )
        return programme

    def _module(self, folder: Path, *, path: str) -> Source:
        module = self._module_in(folder, path=path)
        for language in TRANSLATED_INTO:
            if (folder / language / "module.toml").is_file():
                translated = self._module_in(folder / language, path=path)
                self._compare(module, translated, language=language)
                _pair(module, translated, language=language)
        return module

    def _module_in(self, folder: Path, *, path: str) -> Source:
        module = self._read(folder / "module.toml", lambda table: _read_module(table, path=path))
        module.children.extend(
            self._unit(folder / f"{name}.toml", path=f"{path}/{name}")
            for name in module.values.get("units", [])
        )
        return module

    def _unit(self, file: Path, *, path: str) -> Source:
        def read(table: Table) -> Source:
            is_quiz = table.raw("kind").get("kind") == "quiz"
            return (read_quiz if is_quiz else read_lesson)(table, path=path)

        return self._read(file, read)

    def _compare(self, original: Source, translated: Source, *, language: str) -> None:
        """A translation has the same units, blocks and questions, with the same keys."""
        for mine, theirs in zip(original.children, translated.children, strict=False):
            if _shape(mine) != _shape(theirs):
                self.faults.append(
                    f"{mine.path} ({language}): has other blocks, questions or right answers"
                    " than the original"
                )
        if [child.path for child in original.children] != [
            child.path for child in translated.children
        ]:
            self.faults.append(f"{original.path} ({language}): has other units than the original")


def _shape(unit: Source) -> Any:
    """What two languages of a unit must share: kinds, ids and right answers, never words."""

    def bones(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bones(each) for key, each in value.items()}
        if isinstance(value, list):
            return [bones(each) for each in value]
        return value if isinstance(value, bool) else ""

    questions = [
        (question.path, question.values["kind"], question.values["tags"], bones(own))
        for question in unit.children
        if (own := question.values["own"]) is not None
    ]
    body = [
        (part["type"], part["id"], bones(part["value"])) for part in unit.values.get("body", [])
    ]
    return unit.values.get("kind"), body, questions


def _pair(original: Source, translated: Source, *, language: str) -> None:
    original.translations[language] = translated
    for mine, theirs in zip(original.children, translated.children, strict=False):
        _pair(mine, theirs, language=language)


def _read_programme(table: Table, *, path: str, translated: bool = False) -> Source:
    values: dict[str, Any] = {
        "kind": "programme",
        "title": table.text("title", limit=_limit(ProgrammePage, "title")),
        "slug": table.text("slug", limit=_limit(ProgrammePage, "slug")),
        "summary": table.text("summary", limit=_limit(ProgrammePage, "summary")),
        "introduction": rich_text(table.text("introduction")),
        "objectives": objectives(table, ident=path),
        "learner_note": table.text("learner_note", limit=_limit(ProgrammePage, "review_note")),
        "review_note": " ".join(plain_text(rich_text(table.text("review_note"))).split()),
    }
    if not translated:
        values["modules"] = table.texts("modules")
    return Source(path, values)


def _read_module(table: Table, *, path: str) -> Source:
    return Source(
        path,
        {
            "kind": "module",
            "title": table.text("title", limit=_limit(ModulePage, "title")),
            "slug": table.text("slug", limit=_limit(ModulePage, "slug")),
            "topic": table.one_of("topic", Topic.values),
            "summary": table.text("summary", limit=_limit(ModulePage, "summary")),
            "minutes": table.whole("minutes"),
            "validity_months": table.whole("validity_months", high=120),
            "objectives": objectives(table, ident=path),
            "units": table.texts("units"),
        },
    )


def objectives(table: Table, *, ident: str) -> list[dict[str, Any]]:
    return [
        {"type": "objective", "id": str(key_of(f"{ident}/objectives/{number}")), "value": text}
        for number, text in enumerate(table.texts("objectives", limit=250))
    ]


def read_programmes(root: Path = ROOT) -> list[Source]:
    """See ``Reader.programmes``."""
    return Reader(root).programmes()
