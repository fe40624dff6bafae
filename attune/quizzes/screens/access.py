"""Who comes into these screens at all; which rows they see is for the querysets to say."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from attune.design.templatetags.attune_design import moment_in
from attune.people.access import person_of, reach_of

URLS = "attune_quizzes_admin"


def marks_answers(user: Any) -> bool:
    """Trainers, and the administrator."""
    reach = reach_of(user)
    return reach.everything or bool(reach.authors_for)


def grants_attempts(user: Any) -> bool:
    """HR on either side, trainers, and the administrator."""
    reach = reach_of(user)
    return reach.everything or bool(reach.manages or reach.authors_for)


def moment_for(user: Any, moment: datetime | None) -> str:
    """A moment on the reader's own clock; the site's for an account without a person."""
    if moment is None:
        return "–"
    person = person_of(user)
    zone = person.zone if person is not None else ZoneInfo(timezone.get_current_timezone_name())
    return moment_in(moment, str(zone), day=True, now=timezone.now())
