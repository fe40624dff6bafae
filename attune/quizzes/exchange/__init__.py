"""Questions to and from files: one module per format, found by itself.

A format is a module here with a ``FORMAT`` (see ``contract.Format``). Pure throughout:
``services.import_questions`` brings what was read into a bank.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from attune.quizzes.exchange.contract import Draft, Finding, Format, Parsed
from attune.quizzes.exchange.export import Exported, LeftOut, export

__all__ = [
    "Draft",
    "Exported",
    "Finding",
    "Format",
    "LeftOut",
    "Parsed",
    "export",
    "format_named",
    "formats",
]


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every format that there is, in the order in which they are offered."""
    modules = (
        importlib.import_module(f"{__name__}.{each.name}")
        for each in pkgutil.iter_modules(__path__)
    )
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return tuple(sorted(found, key=lambda each: each.order))


def format_named(slug: str) -> Format:
    """:raises LookupError: there is none of that name."""
    for each in formats():
        if each.slug == slug:
            return each
    raise LookupError(f"No format is called {slug!r}.")
