"""The states that an enrolment, a module or a unit can be in, and what each is called.

Stored states are what somebody did; *expiring* and *expired* follow from a date and are
worked out when asked. *Overdue* is a flag beside the state, never a state. Pure: no ORM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

EXPIRY_WINDOW = timedelta(days=30)
"""How long before its expiry a completion is called *expiring*."""


class State(models.TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    IN_PROGRESS = "in_progress", _("In progress")
    AWAITING_MARKING = "awaiting_marking", _("Awaiting marking")
    ATTEMPTS_EXHAUSTED = "attempts_exhausted", _("Attempts exhausted")
    COMPLETED = "completed", _("Completed")
    EXPIRING = "expiring", _("Expiring")
    EXPIRED = "expired", _("Expired")
    EXEMPT = "exempt", _("Exempt")
    PAUSED = "paused", _("Paused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


STORED_STATES = [
    State.NOT_STARTED,
    State.IN_PROGRESS,
    State.AWAITING_MARKING,
    State.ATTEMPTS_EXHAUSTED,
    State.COMPLETED,
    State.EXEMPT,
    State.PAUSED,
    State.WITHDRAWN,
]
STORED_CHOICES = [(state.value, state.label) for state in STORED_STATES]

OPEN_STATES = frozenset(
    {State.NOT_STARTED, State.IN_PROGRESS, State.AWAITING_MARKING, State.ATTEMPTS_EXHAUSTED}
)
"""Still to be finished: only these can be overdue."""

LEARNABLE_STATES = OPEN_STATES | {State.COMPLETED, State.EXEMPT}
"""The pages are open to the learner in these."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state as it is at one moment, with the flag beside it."""

    state: State
    overdue: bool = False

    @property
    def label(self) -> str:
        return str(self.state.label)


def standing_at(
    *, stored: str, due_at: datetime | None, expires_at: datetime | None, now: datetime
) -> Standing:
    """What a stored state means now. All moments are aware."""
    state = State(stored)
    if state is State.COMPLETED and expires_at is not None:
        if expires_at <= now:
            state = State.EXPIRED
        elif expires_at - EXPIRY_WINDOW <= now:
            state = State.EXPIRING
    return Standing(state, overdue=state in OPEN_STATES and due_at is not None and due_at < now)
