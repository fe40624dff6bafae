"""A case as Twee 3 for Twine, in the story format SugarCube; ``twee`` says how it maps.

What Twine has no place for is not written and is named: whoever takes the file back in gets
it from the case that is there (``merging``).
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from attune.case_studies.branching.values import Case, Choice, Ending, Scene
from attune.case_studies.exchange.contract import Note, Written
from attune.case_studies.exchange.twee import CHOICE, ENDING, RULES
from attune.case_studies.exchange.twee_expressions import (
    NotMapped,
    condition_out,
    effects_out,
    score_out,
)
from attune.case_studies.exchange.twee_passages import escaped_name
from attune.safety.sanitiser import plain_text

FORMAT = "SugarCube"
FORMAT_VERSION = "2.37.3"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_RICH = re.compile(r"<(?!/?(?:p|br)\b)[a-z]")


def write(case: Case) -> Written:
    return _Writer(case).written()


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.notes: list[Note] = []

    def note(self, place: str, message: str) -> None:
        self.notes.append(Note(0, place, message))

    def written(self) -> Written:
        case = self.case
        self._unsaid_of_the_case()
        passages = [f":: StoryTitle\n{_escaped(case.title)}", self._story_data()]
        if case.meters:
            lines = [f"<<set ${each.name} to {each.start}>>" for each in case.meters]
            passages.append(":: StoryInit\n" + "\n".join(lines))
        passages += [self._scene(scene) for scene in case.scenes]
        passages.append(self._rules())
        passages += [self._ending(ending) for ending in case.endings]
        return Written("\n\n\n".join(passages) + "\n", self.notes)

    def _story_data(self) -> str:
        try:
            ifid = uuid.UUID(self.case.key)
        except ValueError:
            ifid = uuid.uuid5(uuid.NAMESPACE_URL, f"attune:{self.case.key}")
        data = {
            "ifid": str(ifid).upper(),
            "format": FORMAT,
            "format-version": FORMAT_VERSION,
            "start": self.case.scenes[0].key if self.case.scenes else "",
        }
        return ":: StoryData\n" + json.dumps(data, indent=2)

    def _unsaid_of_the_case(self) -> None:
        case = self.case
        if case.introduction:
            self.note("", _("The introduction."))
        if case.pass_score is not None:
            self.note("", _("The score to reach."))
        for meter in case.meters:
            self.note(meter.name, _("The meter’s label, unit, bounds and whether it is shown."))
        for each in case.competencies:
            self.note(each.name, _("The competency."))

    # --- Scenes -----------------------------------------------------------------------------

    def _scene(self, scene: Scene) -> str:
        lines = [f":: {escaped_name(scene.key)} [scene]", *self._title(scene)]
        if scene.place or scene.client_time or scene.vendor_time:
            self.note(scene.key, _("The place and the times."))
        if scene.condition:
            try:
                if not scene.otherwise:
                    raise NotMapped(_("It does not say where it leads otherwise."))
                rule = condition_out(scene.condition)
                lines.append(f'<<if not ({rule})>><<goto "{scene.otherwise}">><</if>>')
            except NotMapped as error:
                self.note(scene.key, _("The condition. %(why)s") % {"why": error})
        elif scene.otherwise:
            self.note(scene.key, _("Where it leads otherwise, since it has no condition."))
        lines += ["", *self._body(scene)]
        lines += [self._choice(scene, choice) for choice in scene.choices]
        return "\n".join(lines).rstrip()

    def _title(self, place: Scene | Ending) -> list[str]:
        if not place.title.strip():
            self.note(place.key, _("It has no title: its key stands for it."))
            return []
        return [f"!{_escaped(place.title)}"]

    def _body(self, scene: Scene) -> Iterator[str]:
        for block in scene.body:
            kind, value = str(block.get("type", "")), block.get("value")
            if kind != "narration":
                words = _("What is a %(kind)s becomes plain words.")
                self.note(scene.key, words % {"kind": kind})
            elif _RICH.search(str(value)):
                self.note(scene.key, _("Bold and italic letters, lists and links in the words."))
            if isinstance(value, Mapping) and value.get("recording"):
                self.note(scene.key, _("The recording."))
            for paragraph in paragraphs_of(kind, value):
                yield _escaped(paragraph)
                yield ""

    def _choice(self, scene: Scene, choice: Choice) -> str:
        place = f"{scene.key}/{choice.key}"
        unsaid = {
            _("what happens"): choice.outcome,
            _("how it was read"): choice.reading,
            _("the norm"): choice.norm,
            _("the points"): choice.points,
        }
        if left := ", ".join(label for label, value in unsaid.items() if value):
            self.note(place, _("Not in the file: %(parts)s.") % {"parts": left})
        setter = ""
        if choice.effects:
            try:
                setter = f"[{effects_out(choice.effects)}]"
            except NotMapped as error:
                self.note(place, _("The effects. %(why)s") % {"why": error})
        link = f"[[{_escaped(choice.text, in_link=True)}->{choice.to or RULES}]{setter}]"
        if choice.condition:
            try:
                link = f"<<if {condition_out(choice.condition)}>>{link}<</if>>"
            except NotMapped as error:
                self.note(place, _("The condition. %(why)s") % {"why": error})
        return f"<!--{CHOICE} {choice.key}-->{link}"

    # --- Endings ------------------------------------------------------------------------------

    def _rules(self) -> str:
        lines: list[str] = []
        is_open = True
        for ending in self.case.endings:
            if not is_open:
                if ending.condition:
                    self.note(ending.key, _("The rule: an ending before it is always reached."))
                continue
            jump = f'<<goto "{ending.key}">>'
            try:
                rule = condition_out(ending.condition)
            except NotMapped as error:
                self.note(ending.key, _("The rule. %(why)s") % {"why": error})
                continue
            if rule:
                lines.append(f"<<{'elseif' if lines else 'if'} {rule}>>{jump}")
            else:
                lines.append(f"<<else>>{jump}" if lines else jump)
                is_open = False
        if lines and lines[0].startswith("<<if"):
            lines.append("<</if>>")
        return "\n".join([f":: {RULES}", *lines])

    def _ending(self, ending: Ending) -> str:
        lines = [f":: {escaped_name(ending.key)} [{ENDING}]", *self._title(ending)]
        try:
            lines.append(f"<<set $score to {score_out(ending.score)}>>")
        except NotMapped as error:
            self.note(ending.key, _("The score. %(why)s") % {"why": error})
        if _RICH.search(ending.summary):
            self.note(ending.key, _("Bold and italic letters, lists and links in the summary."))
        lines += [
            "",
            *(f"{_escaped(each)}\n" for each in paragraphs_of("narration", ending.summary)),
        ]
        return "\n".join(lines).rstrip()


# --- Words ------------------------------------------------------------------------------------


def paragraphs_of(kind: str, value: Any) -> list[str]:
    """A block of a scene's body in plain words."""
    if isinstance(value, str):
        return plain_text(value).split("\n") if value else []
    if not isinstance(value, Mapping):
        return []
    found: list[str] = []
    head = [str(value.get(name) or "") for name in ("number", "subject", "title")]
    if any(head):
        found.append(" · ".join(filter(None, head)))
    for label, name in (
        (_("From"), "requester"),
        (_("Priority"), "priority"),
        (_("Present"), "present"),
    ):
        if value.get(name):
            found.append(f"{label}: {value[name]}")
    if isinstance(value.get("text"), str):
        found += paragraphs_of("narration", value["text"])
    for name in ("people", "mails", "lines"):
        for item in _items(value.get(name)):
            found += _of_an_item(name, item)
    return [each for each in found if each.strip()]


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list | tuple) else ():
        inner = item.get("value") if isinstance(item, Mapping) and "value" in item else item
        if isinstance(inner, Mapping):
            yield inner


def _of_an_item(kind: str, item: Mapping[str, Any]) -> list[str]:
    def said(name: str) -> str:
        return str(item.get(name) or "")

    if kind == "people":
        return [", ".join(filter(None, (said("name"), said("role"))))]
    if kind == "mails":
        labels = ((_("From"), "sender"), (_("To"), "to"), (_("Sent"), "sent"))
        head = [f"{label}: {said(name)}" for label, name in labels if said(name)]
        return [*head, said("subject"), *paragraphs_of("narration", said("text"))]
    at = f" ({said('at')})" if said("at") else ""
    return [f"{said('speaker')}{at}: {said('text')}"]


def _escaped(text: str, *, in_link: bool = False) -> str:
    """Words that a reader of Twee takes for words. Twine shows entities as what they stand for."""
    text = _CONTROL.sub("", text)
    found = html.escape(" ".join(text.split()) if not in_link else text.strip(), quote=False)
    for sign in "[]$|":
        found = found.replace(sign, f"&#{ord(sign)};")
    found = re.sub(r"(?<=^)([:!#\\])", lambda first: f"&#{ord(first[0])};", found)
    found = re.sub(r"\((?=[a-z][a-z-]*:)", "&#40;", found)
    if in_link:
        found = found.replace("-&gt;", "&#45;&gt;").replace("\n", "&#10;")
    return found


def same_rule(one: str, other: str) -> bool:
    """Whether two conditions, or two lists of effects, are one and the same when written out."""
    for written in (condition_out, effects_out):
        try:
            if written(one) == written(other):
                return True
        except NotMapped:
            continue
    return one == other
