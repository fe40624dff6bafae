"""The map of a case, ready to be drawn: boxes, ways and marks with their words.

What stands on the map is said in text as well: each scene's accessible name holds what its
marks mean, and a list of scenes beside the map holds the same.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.case_studies.admin import layout
from attune.case_studies.admin.layout import HEIGHT, WIDTH, Drawing, Place, Way
from attune.case_studies.branching.values import Case, Choice, Scene

LINE = 22
"""Letters that fit into a line of a box."""


class Finding(Protocol):
    """What the analysis says (``branching.analysis.Finding``)."""

    @property
    def severity(self) -> str: ...
    @property
    def scene(self) -> str: ...
    @property
    def ending(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """``shape`` is what the eye gets, ``words`` what everybody gets."""

    shape: str
    words: str
    short: str


@dataclass(frozen=True, slots=True)
class Box:
    key: str
    kind: str
    transform: str
    lines: tuple[str, ...]
    caption: str
    hint: str
    """The whole title where the box has no room for it; shown under the pointer."""
    name: str
    url: str
    mark: Mark | None
    is_start: bool
    is_selected: bool


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    kind: str
    title: str
    touches_selected: bool


@dataclass(frozen=True, slots=True)
class CaseMap:
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int
    label: str


def titles_of(case: Case) -> dict[str, str]:
    """Of everything that a choice can lead to, by its key."""
    return {ending.key: ending.title for ending in case.endings} | {
        scene.key: scene.title for scene in case.scenes
    }


def draw(
    case: Case,
    findings: Sequence[Finding],
    *,
    url_of: Callable[[str], str],
    selected: str = "",
) -> CaseMap:
    """``url_of`` leads from a scene's key to where it is edited; empty for what is no scene."""
    drawing = layout.lay_out(case)
    words = _Words(case, findings, url_of, selected)
    label = _("Map of “%(title)s”: %(scenes)s, %(endings)s") % {
        "title": case.title,
        "scenes": ngettext("%(n)d scene", "%(n)d scenes", len(case.scenes))
        % {"n": len(case.scenes)},
        "endings": ngettext("%(n)d ending", "%(n)d endings", len(case.endings))
        % {"n": len(case.endings)},
    }
    return CaseMap(
        boxes=tuple(words.box(place) for place in drawing.places),
        lines=tuple(words.line(way) for way in _selected_last(drawing, selected)),
        width=drawing.width,
        height=drawing.height,
        label=label,
    )


def _selected_last(drawing: Drawing, selected: str) -> list[Way]:
    """So that the ways of the selected scene lie above the others."""
    return sorted(drawing.ways, key=lambda way: selected in (way.source, way.target))


class _Words:
    def __init__(
        self,
        case: Case,
        findings: Sequence[Finding],
        url_of: Callable[[str], str],
        selected: str,
    ) -> None:
        self.scenes: dict[str, Scene] = {scene.key: scene for scene in case.scenes}
        self.titles = titles_of(case)
        self.choices: dict[tuple[str, str], Choice] = {
            (scene.key, choice.key): choice for scene in case.scenes for choice in scene.choices
        }
        self.url_of = url_of
        self.selected = selected
        self.start = case.scenes[0].key if case.scenes else ""
        self.findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            self.findings[finding.scene or finding.ending].append(finding)

    def box(self, place: Place) -> Box:
        key, kind = place.key, place.kind
        title, caption = {
            "rule": (_("Ending by its rule"), ""),
            "missing": (_("Missing: %(key)s") % {"key": key}, ""),
        }.get(kind, (self.titles.get(key, key) or key, key))
        found = self.findings.get(key, [])
        lines, caption = tuple(_in_lines(title)), _short(caption, 28)
        mark = mark_for(found)
        is_start = kind == "scene" and key == self.start
        hint = "" if " ".join(lines) == " ".join(title.split()) else title
        # As it stands in the box, letter by letter: who speaks to the screen says what they see.
        seen = [hint, *lines, caption, _("Start") if is_start else "", mark.short if mark else ""]
        return Box(
            key=key,
            kind=kind,
            transform=f"translate({place.x - WIDTH // 2} {place.y - HEIGHT // 2})",
            lines=lines,
            caption=caption,
            hint=hint,
            name=". ".join([" ".join(filter(None, seen)), *self._more(kind, key, found)]),
            url=self.url_of(key) if kind == "scene" else "",
            mark=mark,
            is_start=is_start,
            is_selected=kind == "scene" and key == self.selected,
        )

    def _more(self, kind: str, key: str, found: Sequence[Finding]) -> list[str]:
        """What the picture says by shapes, or not at all."""
        parts = {"scene": [_("Scene")], "ending": [_("Ending")]}.get(kind, [])
        if kind == "scene":
            count = len(self.scenes[key].choices)
            parts.append(ngettext("%(n)d choice", "%(n)d choices", count) % {"n": count})
            if key == self.start:
                parts.append(_("the case begins here"))
            if key == self.selected:
                parts.append(_("shown beside the map"))
        parts += [f"{severity_word(each.severity)}: {each.message}" for each in found]
        return [part.rstrip(".") for part in parts]

    def line(self, way: Way) -> Line:
        goal = self.titles.get(way.target, "") or way.target
        touches = bool(self.selected) and self.selected in (way.source, way.target)
        if self.selected and not touches:
            title = ""  # beside a scene only its own ways are told: a long case has thousands
        elif way.kind == "rule":
            title = _("By its rule to “%(goal)s”") % {"goal": goal}
        elif way.kind == "otherwise":
            title = _("Otherwise to “%(goal)s”") % {"goal": goal}
        else:
            texts = [self.choices[way.source, key].text for key in way.choices]
            title = "\n".join(_short(" ".join(text.split()), 120) for text in texts)
        return Line(
            path=_path(way),
            kind=way.kind,
            title=title,
            touches_selected=touches,
        )


def mark_for(findings: Sequence[Finding]) -> Mark | None:
    if not findings:
        return None
    counts = Counter(each.severity for each in findings)
    words = []
    if errors := counts.get("error", 0):
        words.append(ngettext("%(n)d error", "%(n)d errors", errors) % {"n": errors})
    if others := sum(counts.values()) - errors:
        words.append(ngettext("%(n)d warning", "%(n)d warnings", others) % {"n": others})
    return Mark(shape="error" if errors else "warning", words=", ".join(words), short=words[0])


def severity_word(severity: str) -> str:
    return _("Error") if severity == "error" else _("Warning")


def _in_lines(title: str) -> list[str]:
    lines = textwrap.wrap(" ".join(title.split()), LINE) or [""]
    if len(lines) > 2:
        lines = [lines[0], _short(" ".join(lines[1:]), LINE)]
    return lines


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _path(way: Way) -> str:
    (x, y), *others = way.points
    words = [f"M{x} {y}"]
    if way.turns_back:
        ((end_x, end_y),) = others
        if (x, y) == (end_x, end_y):
            words.append("m0 -12c50 -30 50 54 0 24")
        else:
            out = max(x, end_x) + 50
            words.append(f"C{out} {y} {out} {end_y} {end_x} {end_y}")
        return "".join(words)
    straight = False
    for next_x, next_y in others:
        if x == next_x:
            # A lane goes down past many rows: as one line, however many these are.
            if words[-1].startswith("V"):
                words.pop()
            words.append(f"V{next_y}")
        elif straight:
            words.append(f"L{next_x} {next_y}")
        else:
            middle = (y + next_y) // 2
            words.append(f"C{x} {middle} {next_x} {middle} {next_x} {next_y}")
        x, y = next_x, next_y
        straight = not straight
    return "".join(words)
