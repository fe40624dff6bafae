"""Invitations to whom an import brought: sent once, by one sender at a time.

A row is claimed before its mail leaves. Whoever dies in between leaves a claim: nobody
knows whether that mail went out, so it is shown as unclear and sent again only if somebody
asks for it. Mails go through ``services.invite``, the one door of invitations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from attune.people.importing.models import ImportInvitation, PeopleImport
from attune.people.services.authority import NotAllowed
from attune.people.services.invite import MailNotSent, invite

State = ImportInvitation.State
IN_A_ROW = 3
"""So many failures after one another, and the server is taken for dead; the rest wait."""


def owed(kept: PeopleImport) -> dict[str, int]:
    """How many of this import's invitations are in which state."""
    counts = dict.fromkeys(State.values, 0)
    rows = kept.invitations.order_by().values_list("state").annotate(Count("pk"))
    return counts | dict(rows)


def send_owed(
    kept: PeopleImport, *, by: Any, tell: Callable[[int, int, str], None]
) -> dict[str, int]:
    """Send what waits. Never call it inside a transaction. Counts by state."""
    waiting = ImportInvitation.objects.filter(imported=kept, state=State.WAITING)
    total, failed = waiting.count(), 0
    words = _("Sending invitations.")
    for done, pk in enumerate(list(waiting.order_by("pk").values_list("pk", flat=True))):
        tell(done, total, words)
        state = _send_one(pk, by=by)
        failed = failed + 1 if state == State.FAILED else 0
        if failed >= IN_A_ROW:
            _wait_again(kept, done=pk)
            break
    return owed(kept)


def _wait_again(kept: PeopleImport, *, done: int) -> None:
    """The server is not there: what it has just refused waits like the rest."""
    recent = ImportInvitation.objects.filter(imported=kept, state=State.FAILED, pk__lte=done)
    last = list(recent.order_by("-pk").values_list("pk", flat=True)[:IN_A_ROW])
    ImportInvitation.objects.filter(pk__in=last).update(state=State.WAITING)


def _send_one(pk: int, *, by: Any) -> str:
    mine = ImportInvitation.objects.filter(pk=pk, state=State.WAITING)
    if not mine.update(state=State.SENDING, changed_at=timezone.now()):
        return ""  # another sender has it
    row = ImportInvitation.objects.select_related("person__user").get(pk=pk)
    try:
        invite(person=row.person, by=by, now=timezone.now())
        state = State.SENT
    except MailNotSent:
        state = State.FAILED
    except (ValidationError, NotAllowed):
        # Accepted meanwhile, or not the importer's to invite any more.
        state = State.NEEDLESS
    ImportInvitation.objects.filter(pk=pk).update(state=state, changed_at=timezone.now())
    return state


def owe_again(kept: PeopleImport) -> int:
    """What was not taken, or is unclear, waits once more: somebody asked for it."""
    return ImportInvitation.objects.filter(
        imported=kept, state__in=[State.FAILED, State.SENDING]
    ).update(state=State.WAITING)
