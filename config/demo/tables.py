"""What every reader of the demo content is made with: tables that notice their own faults.

Knows TOML tables and Wagtail's blocks, and nothing of lessons, quizzes or cases. Keys and ids
follow from the path at which a thing stands in the content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from django.utils.html import linebreaks
from markdown_it import MarkdownIt
from wagtail import blocks

from attune.safety.sanitiser import clean_rich_text

UNIT_KINDS = ("lesson", "quiz", "case", "reflective_case")
NAMESPACE = UUID("6f1a3c1e-6a0c-5d0b-9a53-0c1d5f2e7b11")

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

    def whole_or_none(self, name: str, *, high: int = 1000) -> int | None:
        return self.whole(name, high=high) if name in self._data else None

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self.take(name, bool, default))

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

    def tables(self, name: str, *, may_be_missing: bool = False) -> list[Table]:
        return [
            Table(value, where=f"{self.where}.{name}[{number}]", faults=self.faults)
            for number, value in enumerate(self.take(name, list, [] if may_be_missing else None))
        ]

    def raw(self, *names: str) -> dict[str, Any]:
        """The named fields as they stand, for whoever checks them."""
        self._taken.update(names)
        return {name: self._data[name] for name in names if name in self._data}

    def rest(self) -> dict[str, Any]:
        """The fields that nobody has taken yet, as they stand, for whoever checks them."""
        rest = {name: self._data[name] for name in self._data if name not in self._taken}
        self._taken.update(rest)
        return rest

    def done(self) -> None:
        """Nothing may be left over: a mistyped name is a fault, not a silence."""
        for name in self._data.keys() - self._taken:
            self.fault("is not known here", name)


def limit_of(model: type, name: str) -> int | None:
    limit: int | None = model._meta.get_field(name).max_length  # type: ignore[attr-defined]
    return limit


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
            is_reference = isinstance(child, blocks.ChooserBlock)
            value[name] = "" if default is None and not is_reference else default
    return value


def unit_values(table: Table, model: type) -> dict[str, Any]:
    return {
        "kind": table.one_of("kind", UNIT_KINDS),
        "title": table.text("title", limit=limit_of(model, "title")),
        "slug": table.text("slug", limit=limit_of(model, "slug")),
        "summary": table.text("summary", limit=limit_of(model, "summary")),
        "minutes": table.whole("minutes"),
        "required": table.flag("required", default=True),
    }
