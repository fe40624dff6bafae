"""Counts of people that are shown without telling what a single one of them did.

A count of one to four is hidden, and so is a count of four in all. Hiding one cell of a table
whose total is known hides nothing, so a second one goes with it, and further ones until those
hidden hold so many people together that nothing follows from their sum, whoever knows this rule
(complementary suppression, as statistical offices do it). A zero is shown where that gives
nothing away: nobody stands in that cell.

Tables that hang together (whoever took this branch is counted in the scene it leads to) can be
played off against each other; ``linked_cells`` looks at them together. Such numbers are shown
:func:`in_fives`, after the rounding rule of the UK's Higher Education Statistics Agency.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

MINIMUM = 5
"""The fewest people that a figure may speak of."""

K = TypeVar("K", bound=Hashable)


def suppressed(counts: Mapping[K, int], already: Iterable[K] = ()) -> dict[K, int | None]:
    """The same cells with ``None`` where a count must not be shown.

    ``already`` are cells that another table hides.

    The cells do not overlap, and their sum may be known to the reader unless
    :func:`too_few` says that it must not be shown either.
    """
    if too_few(sum(counts.values())):
        return dict.fromkeys(counts)
    hidden = {cell for cell, count in counts.items() if 0 < count < MINIMUM} | set(already)
    # Smallest first, so that as much as possible stays visible. Equal ones go together: which
    # of them was hidden would tell where the small one stands.
    for least in sorted({count for count in counts.values() if count >= MINIMUM}):
        if not hidden or _is_safe(hidden, counts):
            break
        hidden |= {cell for cell, count in counts.items() if count == least}
    if hidden and not _is_safe(hidden, counts):
        return dict.fromkeys(counts)  # zeros too: they would tell that the rest are none
    return {cell: None if cell in hidden else count for cell, count in counts.items()}


def too_few(total: int) -> bool:
    """Whether a group is too small to say anything of it, even how small it is."""
    return 0 < total < MINIMUM


def in_fives(count: int) -> int:
    """The nearest multiple of five."""
    return 5 * ((count + 2) // 5)


def _is_safe(hidden: set[K], counts: Mapping[K, int]) -> bool:
    """Many enough together, and more than small cells alone could hold."""
    together = sum(counts[cell] for cell in hidden)
    return together >= 2 * MINIMUM and together > (MINIMUM - 1) * len(hidden)
