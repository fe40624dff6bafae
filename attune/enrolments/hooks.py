"""Upward notice: what higher floors add to in their ``apps.py``.

Handlers run inside the same transaction as the deed and do local database work only; the
nightly sweep repairs what one of them missed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attune.enrolments.models import Enrolment, EnrolmentModule

module_credited: list[Callable[[EnrolmentModule, datetime], None]] = []
"""A module counts as complete for an enrolment."""

programme_completed: list[Callable[[Enrolment, datetime], None]] = []
"""The last required module of an enrolment was credited."""
