"""What others chose, as far as it may be told: shares of the offered choices, no names, no counts.

Pure: whoever counts decides whose decisions count (one for each person, and not the reader's
own), this decides what may be shown of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from attune.safety.small_cells import suppressed, too_few


def what_others_chose(counts: Mapping[str, int]) -> dict[str, int | None] | None:
    """Share in per cent by choice, of how many other people took each (zeros included).

    ``None`` for the whole where there are too few others to speak of, or where nothing is left
    to show; ``None`` for a choice whose share is hidden because few took it, or because it would
    give such a one away. Shares come in steps of five, so that a colleague who finishes between
    two looks leaves no trace; a choice that somebody took never shows 0, one that somebody
    did not take never 100.
    """
    total = sum(counts.values())
    if total == 0 or too_few(total):
        return None
    shares = {
        choice: None if count is None else share_of(count, total)
        for choice, count in suppressed(counts).items()
    }
    return shares if any(shares.values()) else None


def share_of(count: int, total: int) -> int:
    """Per cent in steps of five; 0 and 100 only where they are exact."""
    if count in (0, total):
        return 100 * count // total
    return min(99, max(1, 5 * round(20 * count / total)))
