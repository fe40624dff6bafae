"""What becomes of learning records about somebody who is erased.

What no record store has yet is dropped; what a store has stays there under a pseudonym that
leads to nobody. ``attune.xapi.erasure`` does it and says what is left to do elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from dataclasses import asdict
from typing import Any
from uuid import UUID

logger = logging.getLogger(__name__)

DOOR = "attune.xapi.erasure"


def forget_unsent(pseudonym: UUID) -> dict[str, Any]:
    """Within the caller's transaction; what was done, for whoever erases.

    SEAM: once ``attune.xapi.erasure`` is on this branch, import it at the top and drop the
    look for it.
    """
    if importlib.util.find_spec(DOOR) is None:
        logger.warning("Unsent learning records of an erased person were left as they are.")
        return {"unsent_left": True}
    return asdict(importlib.import_module(DOOR).erase(pseudonym))
