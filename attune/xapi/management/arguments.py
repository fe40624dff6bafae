"""What the deeds of ``manage.py outbox`` share: finding a lane, reading a moment."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from attune.xapi.models import Lane


def find_lane(text: str) -> Lane:
    """The lane of this name, or of this number.

    :raises CommandError: there is none; the message names those that there are.
    """
    lane = Lane.objects.filter(name=text).first()
    if lane is None and text.isdecimal():
        lane = Lane.objects.filter(pk=int(text)).first()
    if lane is None:
        names = ", ".join(Lane.objects.values_list("name", flat=True)) or _("none")
        raise CommandError(
            _("No lane is called “%(text)s”. There are: %(names)s.")
            % {"text": text, "names": names}
        )
    return lane


def moment(text: str) -> datetime:
    """``2026-03-01`` or ``2026-03-01T09:30+01:00``; in UTC where no zone is given."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is no date or moment (2026-03-01T09:30Z)") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
