"""What the tests need to know of each question type: one file per type, found by itself.

A file is named like its type and holds one ``KIND``. The tests that all types share
(``test_items``, ``test_statements``, ``test_plain_data``) take it from here; a type
without a file fails.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st


def definition(kind: str, **own: Any) -> dict[str, Any]:
    """A frozen question of that kind; ``own`` is what ``own_definition`` would add."""
    return {"kind": kind, "language": "en", "prompt": "<p>So?</p>", "explanation": "", **own}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``examples``: name → what ``fill`` takes, such as an author or an import would give it.

    ``author_form``: what the author's form sends for this type alone; a list stands for the rows
    of an inline form.

    ``answers``: outcome → (example, from the frozen item to a response). Each is compared with
    ``golden/answered_<kind>_<outcome>.json``.
    """

    definitions: st.SearchStrategy[dict[str, Any]]
    responses: Callable[[Any], st.SearchStrategy[Any]]
    examples: Mapping[str, Mapping[str, Any]]
    author_form: Mapping[str, Any]
    answers: Mapping[str, tuple[str, Callable[[Any], Any]]]
    # Outcome → share of the points that a trainer gives, where the answer waits for one.
    marks: Mapping[str, float] = field(default_factory=dict)
    # Whether an LRS that reads pattern and response comes to the verdict that we come to.
    agrees_with_xapi: bool = True
    # Whether the form, given what it shows, gives the response back.
    form_comes_back: bool = True


KINDS: dict[str, Kind] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}").KIND
    for module in pkgutil.iter_modules(__path__)
}
