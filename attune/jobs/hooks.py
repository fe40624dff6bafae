"""What higher floors tell this one, without being known here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from django.utils import timezone

zones: list[Callable[[Any], tzinfo | None]] = []
"""A user → the zone in which they read times; ``None`` if nothing is known of them."""


def zone_of(user: Any) -> tzinfo:
    """Wagtail's admin knows a setting of its own; whoever knows the person knows better."""
    for handler in zones:
        zone = handler(user)
        if zone is not None:
            return zone
    return timezone.get_current_timezone()
