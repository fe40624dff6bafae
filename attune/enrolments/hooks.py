"""Upward notice: what higher floors add to in their ``apps.py``.

Handlers run inside the same transaction as the deed and do local database work only; the
nightly sweep repairs what one of them missed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from wagtail.models import Page

from attune.enrolments.models import Enrolment, EnrolmentModule
from attune.xapi.statements import ActivityType

module_credited: list[Callable[[EnrolmentModule, datetime], None]] = []
"""A module counts as complete for an enrolment."""

programme_completed: list[Callable[[Enrolment, datetime], None]] = []
"""The last required module of an enrolment was credited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfUnit:
    """What records speak of inside a learning unit: a question, a scene. It has no page of its own.

    ``pages`` finds the live pages on which a person meets it; ``name`` is a language map, for
    those who may read one of these pages and, where what is asked must not be known beforehand,
    are among those that ``may_know``. Never part of it: choices, patterns, right answers.
    """

    type: ActivityType
    pages: Callable[[], Sequence[Page]]
    name: Mapping[str, str]
    may_know: Callable[[Any], bool] = lambda user: True


activity_parts: dict[str, Callable[[UUID, str], PartOfUnit | None]] = {}
"""What stands behind the IRIs of parts, by their shape: ``question`` for ``question/<key>``,
``case/scenes`` for ``case/<key>/scenes/<name>``. The finder is given key and name (or "")."""
