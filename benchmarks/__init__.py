"""What things cost, measured: ``make bench`` (10 minutes at most) and ``make bench-full``.

A benchmark is a module here with ``run(scale) -> list[Row]``, ``scale`` being ``"quick"`` or
``"full"``. It runs in a process of its own with Django set up and an empty, migrated
database of its own (``benchmarks.settings``); what it compares, it measures in one run.
"""

from typing import Literal, NotRequired, TypedDict

Scale = Literal["quick", "full"]


class Row(TypedDict):
    """One line of the table: ``value`` in ``unit`` for ``name`` at ``size``."""

    name: str
    size: str | int
    value: float
    unit: str
    note: NotRequired[str]
