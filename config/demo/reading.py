"""Reads ``demo_content/**.toml`` into plain values that pages are made of. No database.

The format is described in ``demo_content/README.md``. Everything is read and checked before
anything is written: ``read_programmes`` raises one ``ContentError`` that names file, table
and field of every fault. Lesson blocks are checked against ``LessonBody`` itself, so that a
limit lives in one place. Keys and block ids follow from where a thing stands in the
content, so that a second load finds what the first made, and a translation has the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.text import Truncator
from wagtail import blocks
from wagtail.models import Locale

from attune.curriculum.models import ModulePage, ProgrammePage
from attune.curriculum.topics import Topic
from attune.lessons.blocks import LessonBody
from attune.lessons.models import LessonPage
from attune.quizzes.models import QuizPage
from attune.quizzes.questions import question_type, question_types
from attune.safety.sanitiser import plain_text
from config.demo.case_reading import read_case, read_reflective_case
from config.demo.tables import (
    ContentError,
    Source,
    Table,
    block_value,
    key_of,
    limit_of,
    paragraphs,
    rich_text,
    struct_value,
    unit_values,
)

__all__ = ["ContentError", "Source", "key_of", "read_programmes", "rich_text"]

ROOT = settings.BASE_DIR / "demo_content"
TRANSLATED_INTO = ("de",)
TITLE_CHARACTERS = 110  # of a question in the authors' lists: the beginning of its prompt


# --- Lessons ---------------------------------------------------------------------------


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
    values = unit_values(table, LessonPage) | {"body": read_body(table, ident=path)}
    return Source(path, values)


# --- Quizzes ---------------------------------------------------------------------------


def read_quiz(table: Table, *, path: str) -> Source:
    values = unit_values(table, QuizPage)
    values |= {
        "pass_mark": table.whole("pass_mark", high=100),
        "attempts_allowed": table.whole("attempts", high=50),
        "time_limit": table.whole_or_none("time_limit", high=600),
        "wait_minutes": table.whole_or_none("wait_minutes", high=10_000),
        "introduction": paragraphs(table.text("introduction")),
        "draws": [_read_draw(entry) for entry in table.tables("draw", may_be_missing=True)],
    }
    only_draws = bool(values["draws"])
    questions = [
        _read_question(entry) for entry in table.tables("question", may_be_missing=only_draws)
    ]
    keys = [question.path for question in questions]
    for key in {key for key in keys if keys.count(key) > 1}:
        table.fault(f"“{key}” stands twice", "question.key")
    if not questions and not only_draws:
        table.fault("has no questions", "question")
    return Source(path, values, questions)


def _read_draw(table: Table) -> dict[str, Any]:
    """So many questions of a tag, drawn anew for each attempt."""
    draw = {"draw_count": table.whole("count", high=50), "draw_tag": table.text("tag", limit=60)}
    table.done()
    return draw


def _read_question(table: Table) -> Source:
    kinds = [model.kind for model in question_types()]
    kind = table.one_of("type", kinds)
    # Where the question rests in the lessons is for authors; no page shows it yet.
    table.text("lesson")
    prompt = rich_text(table.text("prompt"))
    key = table.text("key")
    values: dict[str, Any] = {
        "kind": kind,
        "title": Truncator(plain_text(prompt)).chars(TITLE_CHARACTERS),
        "prompt": prompt,
        "explanation": paragraphs(table.text("explanation")),
        "topic": table.one_of("topic", Topic.values),
        "tags": table.texts("tags", limit=60),
    }
    values["own"] = table.rest()
    if kind in kinds:
        # The type itself says what it needs, in words for an author.
        try:
            question = question_type(kind)(prompt=prompt, locale=Locale(language_code="en"))
            question.fill(values["own"])
            problems = question.item().problems()
            for name in values["own"].keys() - question.as_data().keys():
                table.fault("is not known here", name)
        except ValueError as error:
            problems = [str(error)]
        for problem in problems:
            table.fault(problem)
    table.done()
    return Source(f"questions/{key}", values)


UNIT_READERS: dict[str, Callable[..., Source]] = {
    "lesson": read_lesson,
    "quiz": read_quiz,
    "case": read_case,
    "reflective_case": read_reflective_case,
}


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
            kind = table.raw("kind").get("kind")
            return UNIT_READERS.get(str(kind), read_lesson)(table, path=path)

        return self._read(file, read)

    def _compare(self, original: Source, translated: Source, *, language: str) -> None:
        """What is translated has the same blocks and questions, with the same keys.

        A translation may leave units out, but has none of its own and no other order.
        """
        theirs = _by_path(translated)
        for mine in original.children:
            if mine.path in theirs and _shape(mine) != _shape(theirs[mine.path]):
                self.faults.append(
                    f"{mine.path} ({language}): has other blocks, questions or right answers"
                    " than the original"
                )
        if [child.path for child in original.children if child.path in theirs] != [
            child.path for child in translated.children
        ]:
            self.faults.append(f"{original.path} ({language}): has other units than the original")


def _by_path(source: Source) -> dict[str, Source]:
    return {child.path: child for child in source.children}


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
    return unit.values.get("kind"), body, questions, _case_shape(unit.values.get("case"))


def _case_shape(case: dict[str, Any] | None) -> Any:
    """A case without its words: keys, rules, meters and points, and the kinds of its blocks."""

    def rules(row: dict[str, Any], *words: str) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in words}

    if case is None:
        return None
    return (
        case["pass_score"],
        [rules(meter, "label", "unit") for meter in case["meters"]],
        [rules(competency, "label") for competency in case["competencies"]],
        [rules(ending, "title", "summary") for ending in case["endings"]],
        [
            (
                rules(scene, "title", "place", "body", "choices"),
                [(part["type"], part["id"]) for part in scene["body"]],
                [rules(each, "text", "outcome", "reading", "norm") for each in scene["choices"]],
            )
            for scene in case["scenes"]
        ],
    )


def _pair(original: Source, translated: Source, *, language: str) -> None:
    original.translations[language] = translated
    theirs = _by_path(translated)
    for mine in original.children:
        if mine.path in theirs:
            _pair(mine, theirs[mine.path], language=language)


def _read_programme(table: Table, *, path: str, translated: bool = False) -> Source:
    values: dict[str, Any] = {
        "kind": "programme",
        "title": table.text("title", limit=limit_of(ProgrammePage, "title")),
        "slug": table.text("slug", limit=limit_of(ProgrammePage, "slug")),
        "summary": table.text("summary", limit=limit_of(ProgrammePage, "summary")),
        "introduction": rich_text(table.text("introduction")),
        "objectives": objectives(table, ident=path),
        "learner_note": table.text("learner_note", limit=limit_of(ProgrammePage, "review_note")),
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
            "title": table.text("title", limit=limit_of(ModulePage, "title")),
            "slug": table.text("slug", limit=limit_of(ModulePage, "slug")),
            "topic": table.one_of("topic", Topic.values),
            "summary": table.text("summary", limit=limit_of(ModulePage, "summary")),
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
