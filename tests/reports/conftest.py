"""Two engagements side by side, each with a programme that one agent is enrolled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader
from attune.enrolments.services import complete_unit, start_unit
from tests import factories

MATRIX = "/admin/attune/reports/completion/"


@dataclass(frozen=True)
class Side:
    """One tenant: its pair, its pages and its agent's enrolment."""

    pair: Any
    content: Any
    enrolment: Enrolment


@dataclass(frozen=True)
class Sides:
    nordlicht: Side
    cedar: Side


@pytest.fixture
def sides(
    nordlicht_habagat: Any, cedar_deccan: Any, nordlicht_content: Any, cedar_content: Any
) -> Sides:
    made = [
        Side(
            pair,
            content,
            factories.enrol(pair.agent, content.programme, pair.engagement),
        )
        for pair, content in (
            (nordlicht_habagat, nordlicht_content),
            (cedar_deccan, cedar_content),
        )
    ]
    return Sides(*made)


@pytest.fixture
def learn() -> Callable[..., None]:
    """``learn(enrolment, module, units=…)`` completes units as the learner would."""

    def complete(
        enrolment: Enrolment, module: Any, *, units: Any = None, days_ago: int = 1
    ) -> None:
        now = timezone.now() - timedelta(days=days_ago)
        reader = Reader(person=enrolment.person, enrolment=enrolment, module=module, cycle=1)
        for unit in module.units().specific() if units is None else units:
            start_unit(reader=reader, unit=unit, now=now)
            complete_unit(reader=reader, unit=unit, now=now)
        enrolment.refresh_from_db()

    return complete
