"""Twee 3, the text format of Twine: read as a case. ``twee_writing`` is the other way.

How it maps:

=============================  ==========================================================
passage                        scene; its name becomes the key, a first line ``!Title`` or
                               ``# Title`` the title
passage with the tag           ending; ``<<set $score to …>>`` in it is its score
``ending``, or without links
``[[text->passage]]``          choice; ``[[passage<-text]]`` and ``[[text|passage]]`` as well
``[[text->passage][setter]]``  the choice's effects
``<<set>>``, ``(set:)``        in ``StoryInit`` or the first passage: meters and their start;
                               elsewhere: effects of the choices that lead to the passage
``<<if>>``, ``(if:)``          around a link: the choice's condition; around ``<<goto>>`` at
                               the beginning of a passage: the scene's condition and otherwise
``Endings by rule``            ``<<if>>``/``<<goto>>``: the rules of the endings; a link to
                               this passage is a choice that leads nowhere in particular
``<!--choice: key-->``         the key of the choice that comes next
=============================  ==========================================================

Everything else is named in ``notes`` with its line and not taken over.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from attune.case_studies.branching.values import Case, Choice, Ending, Meter, Scene
from attune.case_studies.exchange.contract import MOST_NOTES, Note, Parsed, Unreadable
from attune.case_studies.exchange.twee_expressions import (
    Names,
    NotMapped,
    assignments,
    canonical,
    condition,
    effects,
    score,
)
from attune.case_studies.exchange.twee_passages import (
    Assign,
    Comment,
    Jump,
    Link,
    Other,
    Part,
    Passage,
    Test,
    Words,
    parts,
    passages,
)
from attune.safety.sanitiser import TAGS, TooMuchText, clean_rich_text
from attune.tabular.reading import decode

RULES = "Endings by rule"
ENDING = "ending"
KNOWN_TAGS = frozenset({ENDING, "scene"})
CHOICE = "choice:"
_OF_THE_TOOL = frozenset({"script", "stylesheet", "widget", "header", "footer", "startup"})
_SPECIAL = frozenset(
    {"StoryAuthor", "StoryBanner", "StoryCaption", "StoryDisplayTitle", "StoryInterface",
     "StoryMenu", "StorySettings", "StoryShare", "StorySubtitle", "PassageDone", "PassageFooter",
     "PassageHeader", "PassageReady", "StoryIncludes"}
)  # fmt: skip
_TITLE = re.compile(r"\s*(?:!{1,6}|#{1,6})[ \t]*([^\s<][^\n]*)\n?")
_HTML_TAG = re.compile(r"</?([a-zA-Z][\w-]*)[^<>]*>")
_VARIABLE = re.compile(r"(?<![\w$&])\$[A-Za-z]\w*")
MOST_PASSAGES = 2_000
MOST_LINKS = 100


def read(body: bytes, *, language: str = "en", key: str = "") -> Parsed:
    """The case that a Twee file tells, with all that it could not take over.

    :raises FileRefused: it is no text, or no case can be made of it (``Unreadable``).
    """
    text, _encoding = decode(body)
    found = passages(text)
    if not found:
        words = _("There is no passage in it. A passage begins with “:: ” and its name.")
        raise Unreadable([Note(1, "", words)])
    if len(found) > MOST_PASSAGES:
        words = _("%(number)d passages, of at most %(most)d.")
        raise Unreadable([Note(0, "", words % {"number": len(found), "most": MOST_PASSAGES})])
    return _Story(found, language=language, key=key).parsed()


@dataclass(slots=True)
class _Told:
    """What a passage turned out to hold."""

    passage: Passage
    key: str
    title: str
    words: list[str] = field(default_factory=list)
    links: list[tuple[Link, str]] = field(default_factory=list)
    """With the key that a comment gave."""
    assigns: list[Assign] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)
    is_ending: bool = False


class _Story:
    def __init__(self, found: list[Passage], *, language: str, key: str) -> None:
        self.notes: list[Note] = []
        self.language, self.key = language, key
        self.title, self.start, self.format = "", "", ""
        self.keys: dict[str, str] = {}
        self.names = Names(key_of=lambda name: self.keys.get(name, self.slug(name)))
        self.starts: dict[str, int] = {}
        self.rules: Passage | None = None
        self.init: Passage | None = None
        self.told: list[_Told] = []
        self._sort(found)

    def note(self, line: int, place: str, message: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes.append(Note(line, place, message))

    # --- Passages ---------------------------------------------------------------------------

    def _sort(self, found: list[Passage]) -> None:
        names: dict[str, Passage] = {}
        faults = []
        for passage in found:
            if passage.name in names:
                words = _("There is a passage “%(name)s” in line %(line)d already.")
                faults.append(
                    Note(
                        passage.line,
                        passage.name,
                        words % {"name": passage.name, "line": names[passage.name].line},
                    )
                )
            names.setdefault(passage.name, passage)
        if faults:
            raise Unreadable(faults)
        content = [each for each in found if not self._is_special(each)]
        for passage in content:
            if not passage.name:
                raise Unreadable([Note(passage.line, "", _("A passage has no name."))])
            self.keys[passage.name] = self._free_key(passage.name)
        harlowe = self.format.lower().startswith("harlowe")
        for passage in content:
            self._headers(passage)
            self.told.append(self._tell(passage, harlowe=harlowe))

    def _is_special(self, passage: Passage) -> bool:
        if passage.name == "StoryTitle":
            self.title = html.unescape(passage.text.strip())
        elif passage.name == "StoryData":
            self._story_data(passage)
        elif passage.name == "StoryInit":
            self.init = passage
        elif passage.name == RULES:
            self.rules = passage
        elif passage.name in _SPECIAL or _OF_THE_TOOL & set(passage.tags):
            words = _("“%(name)s” belongs to Twine’s player and is not taken over.")
            self.note(passage.line, passage.name, words % {"name": passage.name})
        else:
            return False
        return True

    def _story_data(self, passage: Passage) -> None:
        try:
            data = json.loads(passage.text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            self.note(passage.line, passage.name, _("It is no JSON object, and is not read."))
            return
        self.start = str(data.get("start", ""))
        self.format = str(data.get("format", ""))
        try:
            self.key = self.key or str(uuid.UUID(str(data.get("ifid", ""))))
        except ValueError:
            self.note(passage.line, passage.name, _("Its IFID is no UUID, and is not taken over."))
        for name in data:
            if name not in ("ifid", "format", "format-version", "start", "zoom"):
                words = _("“%(name)s” is not taken over.")
                self.note(passage.line, passage.name, words % {"name": str(name)[:40]})

    def _headers(self, passage: Passage) -> None:
        for fault in passage.faults:
            words = _("The end of the header is not understood: %(text)s")
            self.note(passage.line, passage.name, words % {"text": fault[:80]})
        for tag in passage.tags:
            if tag.lower() not in KNOWN_TAGS:
                words = _("The tag “%(tag)s” is not taken over.")
                self.note(passage.line, passage.name, words % {"tag": tag[:40]})
        for name in passage.metadata:
            words = _("“%(name)s” of the header is not taken over.")
            self.note(passage.line, passage.name, words % {"name": str(name)[:40]})

    def slug(self, name: str) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", slugify(name)).strip("-")[:54].strip("-")
        return slug if slug[:1].isalpha() else f"scene-{slug}".strip("-")

    def _free_key(self, name: str) -> str:
        wanted = self.slug(name)
        taken = set(self.keys.values())
        candidate, number = wanted, 2
        while candidate in taken:
            candidate, number = f"{wanted}-{number}", number + 1
        return candidate

    def _tell(self, passage: Passage, *, harlowe: bool) -> _Told:
        title = _TITLE.match(passage.text)
        told = _Told(
            passage, self.keys[passage.name], html.unescape(title[1].strip()) if title else ""
        )
        told.title = (told.title or passage.name)[:150]
        if title is not None:
            # Its line stays, empty, so that the numbers of those below are right.
            passage.text = (
                "\n" * passage.text.count("\n", 0, title.end()) + (passage.text[title.end() :])
            )
        key = ""
        for part in parts(passage, harlowe=harlowe):
            if isinstance(part, Comment) and part.text.startswith(CHOICE):
                key = part.text.removeprefix(CHOICE).strip()[:60]
                continue
            self._take(told, part, key)
            if isinstance(part, Link):
                key = ""
        tags = {tag.lower() for tag in passage.tags}
        if len(told.links) > MOST_LINKS:
            words = _("%(number)d links in one passage, of at most %(most)d.")
            raise Unreadable(
                [
                    Note(
                        passage.line,
                        passage.name,
                        words % {"number": len(told.links), "most": MOST_LINKS},
                    )
                ]
            )
        told.is_ending = ENDING in tags
        if not tags & KNOWN_TAGS and not told.links and not told.jumps:
            told.is_ending = True
            self.note(passage.line, passage.name, _("It has no links: taken for an ending."))
        return told

    def _take(self, told: _Told, part: Part, key: str) -> None:
        name = told.passage.name
        if isinstance(part, Link):
            told.links.append((part, key))
        elif isinstance(part, Assign):
            told.assigns.append(part)
        elif isinstance(part, Jump):
            told.jumps.append(part)
        elif isinstance(part, Words):
            self._words(told, part)
        elif isinstance(part, Comment):
            self.note(part.line, name, _("A comment is not taken over: %(text)s") % _short(part))
        elif isinstance(part, Other):
            self.note(part.line, name, _("%(text)s is not taken over.") % _short(part))

    def _words(self, told: _Told, part: Words) -> None:
        name = told.passage.name
        told.words.append(part.text)
        if part.within and part.text.strip():
            self.note(
                part.line, name, _("These words depended on a condition. They are always shown.")
            )
        for found, line in _with_lines(_HTML_TAG, part):
            if found[1].lower() not in TAGS:
                self.note(line, name, _("%(tag)s is not taken over.") % {"tag": found[0][:60]})
        for found, line in _with_lines(_VARIABLE, part):
            words = _("“%(name)s” is shown as it is written: words show no meters.")
            self.note(line, name, words % {"name": found[0]})

    # --- The case ---------------------------------------------------------------------------

    def parsed(self) -> Parsed:
        self._initial()
        scenes = [each for each in self.told if not each.is_ending]
        first = next((each for each in scenes if each.passage.name == self.start), None)
        first = first or next((each for each in scenes if each.passage.name == "Start"), None)
        if not scenes:
            line = self.told[0].passage.line if self.told else 1
            words = _("There is no scene in it: no passage with a link that leads on.")
            raise Unreadable([Note(line, "", words)])
        if self.start and first is None:
            words = _("The passage “%(name)s”, where it starts, is no scene of the file.")
            self.note(0, "StoryData", words % {"name": self.start[:60]})
        if first is not None:
            scenes.remove(first)
            scenes.insert(0, first)
        self._starts_of(scenes[0])
        entering = {each.key: self._entering(each) for each in self.told}
        rules = self._rules()
        made = [self._scene(each, entering) for each in scenes]
        endings = [self._ending(each) for each in self.told if each.is_ending]
        case = Case(
            key=self.key,
            title=self.title or _("Untitled"),
            language=self.language,
            scenes=tuple(made),
            endings=self._ruled(endings, rules),
            meters=self._meters(),
        )
        self.notes.sort(key=lambda each: each.line)
        return Parsed(case, self.notes)

    def _initial(self) -> None:
        if self.init is None:
            return
        for part in parts(self.init, harlowe=False):
            if isinstance(part, Assign) and not part.within:
                for each in assignments(part.text):
                    self._start(each, part.line, "StoryInit")
            elif not isinstance(part, Words) or part.text.strip():
                words = _("Only assignments are read here: %(text)s is not taken over.")
                self.note(part.line, "StoryInit", words % _short(part))

    def _starts_of(self, first: _Told) -> None:
        """``(set: $trust to 50)`` in the first passage is where the meter starts."""
        rest = []
        for part in first.assigns:
            left = [
                each
                for each in assignments(part.text)
                if part.within or not self._start(each, part.line, first.passage.name, quietly=True)
            ]
            if left:
                rest.append(replace(part, text="; ".join(left), written=""))
        first.assigns = rest

    def _start(self, text: str, line: int, place: str, *, quietly: bool = False) -> bool:
        try:
            found = re.fullmatch(r"([a-z]\w*) = (-?\d+)", effects(text, self.names))
            if found is None:
                raise NotMapped(_("A meter starts with a whole number."))
        except NotMapped as error:
            if not quietly:
                self._refused_assignment(text, line, place, str(error))
            return False
        self.starts[found[1]] = int(found[2])
        return True

    def _refused_assignment(self, text: str, line: int, place: str, why: str) -> None:
        words = _("“%(text)s” is not taken over. %(why)s")
        self.note(line, place, words % {"text": " ".join(text.split())[:80], "why": why})

    def _assigned(self, text: str, line: int, place: str) -> list[str]:
        """Those assignments that are effects here; the others are named."""
        found = []
        for each in assignments(text):
            try:
                found.append(effects(each, self.names))
            except NotMapped as error:
                self._refused_assignment(each, line, place, str(error))
        return found

    def _entering(self, told: _Told) -> str:
        """Assignments in a passage, as effects of whatever leads to it."""
        if told.is_ending:
            return ""
        found = []
        name = told.passage.name
        for part in told.assigns:
            if part.within:
                why = _("It depends on a condition.")
                self._refused_assignment(part.text, part.line, name, why)
                continue
            taken = self._assigned(part.text, part.line, name)
            for each in taken:
                words = _("“%(text)s” becomes an effect of the choices that lead here.")
                self.note(part.line, name, words % {"text": each})
            found += taken
        return "; ".join(found)

    def _scene(self, told: _Told, entering: dict[str, str]) -> Scene:
        rule, otherwise = self._redirect(told)
        choices: list[Choice] = []
        for link, key in told.links:
            choices.append(self._choice(told, link, key, entering, choices))
        return Scene(
            key=told.key,
            title=told.title,
            choices=tuple(choices),
            condition=rule,
            otherwise=otherwise,
            body=self._body(told),
        )

    def _redirect(self, told: _Told) -> tuple[str, str]:
        """``<<if not (rule)>><<goto "other">><</if>>``: the scene's condition and otherwise."""
        rule, otherwise = "", ""
        for jump in told.jumps:
            words = _("The jump to “%(name)s” is not taken over. %(why)s")
            try:
                if otherwise:
                    raise NotMapped(_("A scene has one other way at most."))
                when = self._condition(jump.within)
                if not when:
                    raise NotMapped(_("It depends on no condition."))
                rule = canonical(f"not ({when})")
                rule = canonical(rule[8:]) if rule.startswith("not not ") else rule
                otherwise = self._place(jump.target, jump.line, told.passage.name)
            except NotMapped as error:
                self.note(
                    jump.line, told.passage.name, words % {"name": jump.target[:60], "why": error}
                )
        return rule, otherwise

    def _condition(self, within: tuple[Test, ...]) -> str:
        found = []
        for test in within:
            found += [f"not ({condition(each, self.names)})" for each in test.before]
            if test.own:
                found.append(f"({condition(test.own, self.names)})")
        return canonical(" and ".join(found)) if found else ""

    def _choice(
        self, told: _Told, link: Link, key: str, entering: dict[str, str], others: list[Choice]
    ) -> Choice:
        name = told.passage.name
        where, when = "", ""
        if link.target != RULES:
            where = self._place(link.target, link.line, name)
        words = _("%(text)s: %(why)s It is always offered.")
        try:
            when = self._condition(link.within)
        except NotMapped as error:
            test = link.within[-1]
            shown = f"<<if {test.own}>>"[:60]
            self.note(test.line, name, words % {"text": shown, "why": error})
        what = "; ".join(self._assigned(link.setter, link.line, name))
        both = "; ".join(filter(None, (what, entering.get(where, ""))))
        if len(both) > 300:
            self.note(link.line, name, _("Its effects are too long together. Some are left out."))
            both = what if len(what) <= 300 else ""
        text = html.unescape(_HTML_TAG.sub("", link.text))
        return Choice(
            key=self._choice_key(key, text, others),
            text=text,
            to=where,
            condition=when,
            effects=both,
        )

    def _choice_key(self, key: str, text: str, others: list[Choice]) -> str:
        taken = {each.key for each in others}
        slug = "-".join(slugify(text).replace("_", "-").split("-")[:4])[:40].strip("-")
        slug = re.sub(r"[^a-z0-9]+", "-", slug).strip("-")
        slug = slug if slug[:1].isalpha() else f"choice-{slug}".strip("-")
        wanted = key if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", key) else slug
        candidate, number = wanted, 2
        while candidate in taken:
            candidate, number = f"{wanted}-{number}", number + 1
        return candidate

    def _place(self, target: str, line: int, name: str) -> str:
        if target not in self.keys:
            words = _("“%(target)s” is no passage of the file. It leads there all the same.")
            self.note(line, name, words % {"target": target[:60]})
        return self.names.key_of(target)[:60]

    def _body(self, told: _Told) -> tuple[dict[str, Any], ...]:
        prose = self._prose(told)
        return ({"type": "narration", "value": prose},) if prose else ()

    def _prose(self, told: _Told) -> str:
        text = "".join(told.words)
        paragraphs = []
        for each in re.split(r"\n[ \t]*\n", text):
            lines = [" ".join(line.split()) for line in each.split("\n")]
            inside = "<br/>".join(line for line in lines if line)
            if inside:
                paragraphs.append(f"<p>{inside}</p>")
        try:
            return clean_rich_text("".join(paragraphs))
        except TooMuchText as error:
            self.note(told.passage.line, told.passage.name, str(error))
            return ""

    # --- Endings and meters -----------------------------------------------------------------

    def _ending(self, told: _Told) -> Ending:
        worth = "0"
        for part in told.assigns:
            found = re.fullmatch(r"\s*\$score\s*(?:to|=)\s*(.+)", part.text, re.DOTALL)
            try:
                if found is None or part.within:
                    raise NotMapped(_("An ending moves no meters."))
                worth = score(found[1], self.names)
            except NotMapped as error:
                words = _("%(text)s is not taken over. %(why)s")
                self.note(part.line, told.passage.name, words % {**_short(part), "why": error})
        for link, _key in told.links:
            words = _("The link %(text)s is not taken over: a case ends here.")
            self.note(link.line, told.passage.name, words % _short(link))
        return Ending(told.key, told.title, self._prose(told), "", worth)

    def _rules(self) -> list[tuple[str, str]]:
        """Ending and rule, in order, from the passage that decides."""
        if self.rules is None:
            return []
        found = []
        for part in parts(self.rules, harlowe=False):
            if isinstance(part, Jump):
                key = self._place(part.target, part.line, RULES)
                try:
                    own = part.within[-1].own if part.within else ""
                    found.append((key, condition(own, self.names) if own else ""))
                except NotMapped as error:
                    words = _("The rule of “%(key)s” is not taken over. %(why)s")
                    self.note(part.line, RULES, words % {"key": key, "why": error})
            elif not isinstance(part, Words | Comment) or (
                isinstance(part, Words) and part.text.strip()
            ):
                self.note(part.line, RULES, _("%(text)s is not taken over.") % _short(part))
        return found

    def _ruled(self, endings: list[Ending], rules: list[tuple[str, str]]) -> tuple[Ending, ...]:
        """In the order of the rules. Without a rule an ending is reached by links alone."""
        by_key = {each.key: each for each in endings}
        first = [replace(by_key[key], condition=rule) for key, rule in rules if key in by_key]
        named = {key for key, _rule in rules}
        return (*first, *(each for each in endings if each.key not in named))

    def _meters(self) -> tuple[Meter, ...]:
        made = []
        for variable, name in self.names.variables.items():
            start = self.starts.get(name, 0)
            meter = Meter(
                name,
                variable.replace("_", " ").strip()[:80] or name,
                lowest=min(0, start),
                highest=max(100, start),
                start=start,
            )
            made.append(meter)
            words = _(
                "“%(name)s” becomes the meter “%(meter)s”, from %(lowest)d to %(highest)d,"
                " starting at %(start)d. Twine knows no bounds: check them."
            )
            self.note(
                0,
                "StoryInit",
                words
                % {
                    "name": f"${variable}",
                    "meter": name,
                    "lowest": meter.lowest,
                    "highest": meter.highest,
                    "start": start,
                },
            )
        return tuple(made)


def _with_lines(pattern: re.Pattern[str], part: Words) -> Iterator[tuple[re.Match[str], int]]:
    line, counted = part.line, 0
    for found in pattern.finditer(part.text):
        line += part.text.count("\n", counted, found.start())
        counted = found.start()
        yield found, line


def _short(part: Any) -> dict[str, str]:
    written = getattr(part, "written", "") or getattr(part, "text", "") or part.target
    return {"text": " ".join(written.split())[:80]}
