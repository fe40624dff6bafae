"""What becomes of learning records about somebody who is erased.

What no record store has yet is dropped; what a store has stays there under a pseudonym that
leads to nobody. ``attune.xapi.erasure`` does it and says what is left to do elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from attune.xapi import erasure


def forget_unsent(pseudonym: UUID) -> dict[str, Any]:
    """Within the caller's transaction; what was done, for whoever erases (``erasure.Erased``)."""
    return asdict(erasure.erase(pseudonym))
