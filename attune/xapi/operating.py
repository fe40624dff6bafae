"""What an operator does to a lane beside its settings: pause it, resume it, have it tried now.

Pausing is the operator's own switch and lasts until it is turned again; it is not the pause
into which delivery puts a lane that only a person can heal.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from attune.xapi import doorbell
from attune.xapi.lanes import settings_changed
from attune.xapi.models import Lane, LaneOrigin
from attune.xapi.permissions import AdministratorsOnly


class SetByEnvironment(Exception):
    """The lane's switch is in the environment (``ATTUNE_LRS_…``) and would be put back."""


def may_operate(user: Any) -> bool:
    """Whether *user* sees lanes and what they hold, and acts on them: administrators alone."""
    return AdministratorsOnly(Lane).user_has_permission(user, "change")


def lane_names() -> dict[int, str]:
    """Key and name of every lane, in the order in which they were made."""
    return dict(Lane.objects.values_list("pk", "name"))


def lanes() -> QuerySet[Lane]:
    """To be read, or to be named in a log."""
    return Lane.objects.all()


def lane_of(key: int) -> Lane | None:
    """One of ``lanes``, or ``None`` once it is gone."""
    return Lane.objects.filter(pk=key).first()


def pause(lane: int) -> bool:
    """Send nothing on *lane* until it is resumed; ``False`` if it was off or is gone.

    A run that is under way ends after the batch that it is sending, or within a quarter of a
    second where batches are quicker; what the store has taken is marked.

    :raises SetByEnvironment: the switch is not ours.
    """
    _refuse_environment(lane)
    return bool(Lane.objects.filter(pk=lane, is_enabled=True).update(is_enabled=False))


def resume(lane: int) -> bool:
    """Send again, what was recorded meanwhile included; ``False`` if it was on or is gone.

    :raises SetByEnvironment: the switch is not ours.
    """
    _refuse_environment(lane)
    with transaction.atomic():
        if not Lane.objects.filter(pk=lane, is_enabled=False).update(is_enabled=True):
            return False
        settings_changed(Lane.objects.get(pk=lane))
        doorbell.ring_on_commit()
    return True


def try_now(lane: int) -> bool:
    """Do not wait for the lane's next try; ``False`` if it is off or gone."""
    with transaction.atomic():
        tried = Lane.objects.filter(pk=lane, is_enabled=True).update(retry_at=None)
        doorbell.ring_on_commit()
    return bool(tried)


def _refuse_environment(lane: int) -> None:
    if Lane.objects.filter(pk=lane, origin=LaneOrigin.ENVIRONMENT).exists():
        raise SetByEnvironment
