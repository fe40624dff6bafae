"""A scene's body as it is stored, walked by the blocks that it is made of.

``walk`` knows from the blocks which value is a plain text, which is rich text and which is
the number of a recording, so that cleaning, filling in and asking what a body refers to agree
with the editor, and go on to agree when a block is added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from wagtail import blocks

from attune.case_studies.blocks import RecordingChooserBlock, SceneBody

PLAIN = "plain"
RICH = "rich"
RECORDING = "recording"

Change = Callable[[str, Any], Any]
"""``change(kind, value)``: what to put in the place of a value of that kind."""


@dataclass(slots=True)
class Walked:
    body: tuple[Mapping[str, Any], ...]
    problems: list[str] = field(default_factory=list)
    """Parts that no block takes, in words, with their path. They are left out of ``body``."""


def walk(body: Iterable[Mapping[str, Any]], change: Change) -> Walked:
    """A copy of the body with each text and number changed; ids stay as they are."""
    walked = Walked(())
    found = []
    for number, block in enumerate(body, 1):
        where = _("block %(number)d") % {"number": number}
        kind = block.get("type")
        child = _BODY.child_blocks.get(kind) if isinstance(kind, str) else None
        if child is None:
            walked.problems.append(
                _("%(where)s: there is no block “%(type)s”. There are: %(known)s.")
                % {
                    "where": where,
                    "type": str(kind)[:40],
                    "known": ", ".join(_BODY.child_blocks),
                }
            )
            continue
        where = f"{where} ({kind})"
        value = _walk(child, block.get("value"), where, change, walked.problems)
        found.append({"type": kind, "value": value, **_id_of(block)})
    walked.body = tuple(found)
    return walked


_BODY = SceneBody()


def _id_of(block: Mapping[str, Any]) -> dict[str, str]:
    name = block.get("id")
    return {"id": name[:36]} if isinstance(name, str) and name else {}


def _walk(block: Any, value: Any, where: str, change: Change, problems: list[str]) -> Any:
    if isinstance(block, blocks.StructBlock):
        return _struct(block, value, where, change, problems)
    if isinstance(block, blocks.ListBlock):
        return _list(block, value, where, change, problems)
    if isinstance(block, RecordingChooserBlock):
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return change(RECORDING, value)
        problems.append(_("%(where)s: the number of a recording was expected.") % {"where": where})
        return None
    if not isinstance(value, str):
        if value is not None:
            problems.append(_("%(where)s: a text was expected.") % {"where": where})
        value = ""
    return change(RICH if isinstance(block, blocks.RichTextBlock) else PLAIN, value)


def _struct(
    block: Any, value: Any, where: str, change: Change, problems: list[str]
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        problems.append(
            _("%(where)s: an object with %(fields)s was expected.")
            % {"where": where, "fields": ", ".join(block.child_blocks)}
        )
        value = {}
    problems += [
        _("%(where)s: there is no field “%(name)s”.") % {"where": where, "name": str(name)[:40]}
        for name in value
        if name not in block.child_blocks
    ]
    return {
        name: _walk(child, value[name], f"{where}.{name}", change, problems)
        for name, child in block.child_blocks.items()
        if name in value
    }


def _list(block: Any, value: Any, where: str, change: Change, problems: list[str]) -> list[Any]:
    if not isinstance(value, list | tuple):
        problems.append(_("%(where)s: a list was expected.") % {"where": where})
        return []
    items = []
    for number, item in enumerate(value, 1):
        at = f"{where}[{number}]"
        # Stored with a type and an id; older and hand-written ones are the value alone.
        if isinstance(item, Mapping) and item.get("type") == "item" and "value" in item:
            inner = _walk(block.child_block, item["value"], at, change, problems)
            items.append({"type": "item", "value": inner, **_id_of(item)})
        else:
            inner = _walk(block.child_block, item, at, change, problems)
            items.append({"type": "item", "value": inner})
    return items
