"""Twee 3 as such: passages with their tags and metadata, and what stands in a passage's text.

Follows the Twee 3 specification (https://github.com/iftechfoundation/twine-specs): a header is
``:: name [tags] {metadata}``, in which brackets and braces are escaped with a backslash. Of the
text, links and the macros of SugarCube and Harlowe for conditions, assignments and jumps are
told apart from words; every other macro is an ``Other``, so that nothing goes by unnoticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Passage:
    """``line`` is that of the header, counted from 1; the text begins on the next."""

    name: str
    tags: tuple[str, ...]
    metadata: Any
    line: int
    text: str = ""
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a passage's text. ``within`` are the conditions around it, outermost first."""

    line: int
    within: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """The branch of an ``if``: holds where ``own`` does (empty: always) and ``before`` do not."""

    line: int
    own: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words(Part):
    text: str = ""


@dataclass(frozen=True, slots=True)
class Link(Part):
    text: str = ""
    target: str = ""
    setter: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Assign(Part):
    text: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Jump(Part):
    target: str = ""


@dataclass(frozen=True, slots=True)
class Comment(Part):
    text: str = ""


@dataclass(frozen=True, slots=True)
class Other(Part):
    """A macro that is not understood, as it is written."""

    written: str = ""


_NAME = r"(?:\\.|[^\\\[\]{}\n])*"
_HEADER = re.compile(
    r"::[ \t]*(?P<name>" + _NAME + r")(?:\[(?P<tags>(?:\\.|[^\\\[\]\n])*)\])?[ \t]*(?P<rest>.*)"
)
_ESCAPED = re.compile(r"\\(.)")


def passages(text: str) -> list[Passage]:
    """The passages of a file, in order. What stands before the first header is left out."""
    found: list[Passage] = []
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("::"):
            if found:
                found[-1].text = "\n".join(lines)
            found.append(_header(line, number))
            lines = []
        else:
            lines.append(line)
    if found:
        found[-1].text = "\n".join(lines)
    return found


def _header(line: str, number: int) -> Passage:
    match = _HEADER.match(line)
    if match is None:  # a backslash with nothing behind it
        return Passage(line[2:].strip(), (), {}, number)
    passage = Passage(
        name=_ESCAPED.sub(r"\1", match["name"]).strip(),
        tags=tuple(_ESCAPED.sub(r"\1", match["tags"] or "").split()),
        metadata={},
        line=number,
    )
    rest = match["rest"].strip()
    if rest:
        try:
            passage.metadata = json.loads(rest)
        except (ValueError, RecursionError):
            passage.faults.append(rest)
        if not isinstance(passage.metadata, dict):
            passage.metadata = {}
            passage.faults.append(rest)
    return passage


def escaped_name(name: str) -> str:
    return re.sub(r"([\\\[\]{}])", r"\\\1", name)


DEEPEST = 12
"""Conditions inside one another; those inside are named and not read."""
MOST_BRANCHES = 40
"""Of one ``if``."""

# --- The text of a passage ---------------------------------------------------------------------

_LINK = re.compile(
    r"\[\[((?:(?!\]\]|\]\[|\[\[).){1,5000})(?:\]\[((?:(?!\]\]|\[\[).){0,2000}))?\]\]", re.DOTALL
)
_MACRO = re.compile(r"<<\s*(/?[A-Za-z][\w-]*|[=-])\s*((?:(?!>>|<<).){0,2000})>>", re.DOTALL)
_COMMENT = re.compile(r"<!--((?:(?!-->|<!--).){0,5000})-->", re.DOTALL)
_HARLOWE = re.compile(r"\(([a-z][a-z-]*):")
_START = re.compile(r"\[\[|<<|<!--|\([a-z][a-z-]*:|\]")
_BRANCHES = frozenset({"if", "elseif", "else", "else-if", "unless"})
_HARLOWE_KNOWN = _BRANCHES | {
    "set", "put", "go-to", "goto", "link", "link-goto", "link-reveal", "link-repeat", "display",
    "print", "live", "click", "mouseover", "text-style", "align", "random", "either", "history",
}  # fmt: skip
_QUOTED = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)')\s*$""")


@dataclass(slots=True)
class _Frame:
    """An ``if`` that is open. ``closes``: what ends it."""

    closes: str
    line: int
    conditions: list[str]
    own: str


def parts(passage: Passage, *, harlowe: bool) -> Iterator[Part]:
    """What stands in a passage, in order. ``harlowe``: whether every ``(name: …)`` is a macro."""
    yield from _Reader(passage, harlowe=harlowe).read()


class _Reader:
    def __init__(self, passage: Passage, *, harlowe: bool) -> None:
        self.text = passage.text
        self.first_line = passage.line + 1
        self.harlowe = harlowe
        self.position = 0
        self.frames: list[_Frame] = []
        self.last_branch: list[str] = []
        # Brackets that open and never close would take time with the square of their number.
        self.steps, self.most_steps = 0, 20 * len(self.text) + 10_000
        self._counted, self._lines = 0, 0

    def line(self, position: int) -> int:
        self._lines += self.text.count("\n", self._counted, position)
        self._counted = max(self._counted, position)
        return self.first_line + self._lines

    def within(self) -> tuple[Test, ...]:
        return tuple(
            Test(frame.line, frame.own, tuple(each for each in frame.conditions if each))
            for frame in self.frames
        )

    def read(self) -> Iterator[Part]:
        words_from = 0
        words_line = self.first_line
        while (start := _START.search(self.text, self.position)) is not None:
            self.position = start.start()
            line = self.line(self.position)
            before = self.text[words_from : self.position]
            within = self.within()
            found = list(self._part(start[0], line))
            if not found and self.position == start.start():
                self.position = start.end()  # only words after all
                continue
            if before:
                yield Words(words_line, within, before)
            yield from found
            words_from = self.position
            words_line = self.line(words_from)
        if self.text[words_from:]:
            yield Words(words_line, self.within(), self.text[words_from:])
        for frame in self.frames:
            yield Other(frame.line, (), f"<<if {frame.own}>>" if frame.closes == "/if" else "(if:)")

    def _part(self, sign: str, line: int) -> Iterator[Part]:
        if sign == "[[":
            yield from self._link(line)
        elif sign == "<<":
            yield from self._macro(line)
        elif sign == "<!--":
            found = _COMMENT.match(self.text, self.position)
            if found is not None:
                self.position = found.end()
                yield Comment(line, self.within(), found[1].strip())
        elif sign == "]":
            if self.frames and self.frames[-1].closes == "]":
                closed = self.frames.pop()
                self.last_branch = [*closed.conditions, closed.own]
                self.position += 1
                yield Words(line, self.within(), "")
        else:
            yield from self._harlowe_macro(line)

    def _link(self, line: int) -> Iterator[Part]:
        found = _LINK.match(self.text, self.position)
        if found is None:
            return
        inside, setter = found[1], found[2] or ""
        if "->" in inside:
            text, _sign, target = inside.rpartition("->")
        elif "<-" in inside:
            target, _sign, text = inside.partition("<-")
        elif "|" in inside:
            text, _sign, target = inside.rpartition("|")
        else:
            text = target = inside
        self.position = found.end()
        yield Link(line, self.within(), text.strip(), target.strip(), setter, found[0])

    def _macro(self, line: int) -> Iterator[Part]:
        found = _MACRO.match(self.text, self.position)
        if found is None:
            return
        self.position = found.end()
        name, arguments = found[1], found[2].strip()
        if name == "if" and len(self.frames) < DEEPEST:
            self.frames.append(_Frame("/if", line, [], arguments))
            yield Words(line, (), "")
        elif name in ("elseif", "else") and self._in_sugarcube() and self._goes_on():
            frame = self.frames[-1]
            frame.conditions.append(frame.own)
            frame.own, frame.line = arguments if name == "elseif" else "", line
            yield Words(line, (), "")
        elif name in ("/if", "endif") and self._in_sugarcube():
            self.frames.pop()
            yield Words(line, (), "")
        elif name == "set":
            yield Assign(line, self.within(), arguments, found[0])
        elif name == "goto" and (quoted := _QUOTED.match(arguments)):
            yield Jump(line, self.within(), quoted[1] or quoted[2] or "")
        else:
            yield Other(line, self.within(), found[0])

    def _goes_on(self) -> bool:
        return len(self.frames[-1].conditions) < MOST_BRANCHES

    def _in_sugarcube(self) -> bool:
        return bool(self.frames) and self.frames[-1].closes == "/if"

    def _harlowe_macro(self, line: int) -> Iterator[Part]:
        start = _HARLOWE.match(self.text, self.position)
        if start is None or not (self.harlowe or start[1] in _HARLOWE_KNOWN):
            return
        end = self._closing(start.end())
        if end is None:
            return
        name, arguments = start[1], self.text[start.end() : end].strip()
        written = self.text[self.position : end + 1]
        opens = re.compile(r"\s*\[(?!\[)").match(self.text, end + 1)
        # A hook that is nothing but a link: (if: …)[[[Go->there]]]
        if opens is None:
            opens = re.compile(r"\s*\[(?=\[\[)").match(self.text, end + 1)
        has_room = len(self.frames) < DEEPEST and len(self.last_branch) < MOST_BRANCHES
        if name in _BRANCHES and opens is not None and has_room:
            before = self.last_branch if name.startswith("else") else []
            own = f"not ({arguments})" if name == "unless" else arguments
            self.frames.append(_Frame("]", line, list(before), own if name != "else" else ""))
            self.position = opens.end()
            yield Words(line, (), "")
            return
        self.position = end + 1
        if name == "set":
            yield Assign(line, self.within(), arguments, written)
        elif name in ("go-to", "goto") and (quoted := _QUOTED.match(arguments)):
            yield Jump(line, self.within(), quoted[1] or quoted[2] or "")
        else:
            yield Other(line, self.within(), written)

    def _closing(self, position: int) -> int | None:
        """Where the bracket closes that is open at ``position``, past quotes and brackets."""
        depth, quote = 1, ""
        for at in range(position, min(position + 2000, len(self.text))):
            self.steps += 1
            if self.steps > self.most_steps:
                return None
            sign = self.text[at]
            if quote:
                quote = "" if sign == quote else quote
            elif sign in "\"'":
                quote = sign
            elif sign == "(":
                depth += 1
            elif sign == ")":
                depth -= 1
                if depth == 0:
                    return at
        return None
