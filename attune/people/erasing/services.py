"""Erase a person: what counts stays as somebody's who is nobody, everything else goes.

A row without name, address or account takes the person's place wherever a record has to
stay (completions, attempts, who was in which team), under a pseudonym of its own; the old
pseudonym leads to nobody from then on. It cannot be undone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from attune.people import hooks
from attune.people.erasing.authority import require_eraser
from attune.people.erasing.models import Erasure
from attune.people.erasing.statements import forget_unsent
from attune.people.erasing.traces import Traces, remove_traces
from attune.people.models import Person, TeamMembership
from attune.people.services.authority import lock_person

logger = logging.getLogger(__name__)

NAME = "Erased person"


@dataclass(frozen=True, slots=True)
class Done:
    erasure: Erasure
    pseudonym: str
    """For whoever has to ask a record store to delete as well. It is kept nowhere."""


@transaction.atomic
def erase_person(*, person: Person, by: Any, now: datetime, without_export: bool = False) -> Done:
    """Erase; ``by`` is who asks, None the site itself (the command).

    :raises NotAllowed: not theirs to erase (see ``authority``).
    :raises ValidationError: nobody took the person's data out before, or something of the
        host's own hangs at the account.
    """
    person = lock_person(person)
    require_eraser(person=person, by=by)
    if person.data_exported_at is None and not without_export:
        raise ValidationError(_("Take the person’s data out first. It cannot be had afterwards."))
    traces = _traces_of(person)
    pseudonym = person.pseudonym
    tombstone = Person.objects.create(
        full_name=NAME, language=settings.LANGUAGE_CODE[:2], erased_at=now
    )
    employer = person.memberships.order_by("-hired_on").first()
    kept: dict[str, Any] = {"records": _hand_over(person, tombstone)}
    for handler in hooks.person_erased:
        kept |= handler(tombstone)
    kept["statements"] = forget_unsent(pseudonym)
    kept["account_kept"] = not _remove_account(person)
    exported_at = person.data_exported_at
    person.delete()
    kept |= remove_traces(traces)
    erasure = Erasure.objects.create(
        tombstone=tombstone,
        organisation_id=employer.organisation_id if employer else None,
        erased_by=by,
        by_command=by is None,
        erased_at=now,
        exported_at=exported_at,
        kept=kept,
    )
    logger.info("A person was erased by user %s: erasure %s.", getattr(by, "pk", "–"), erasure.pk)
    return Done(erasure, str(pseudonym))


def _traces_of(person: Person) -> Traces:
    user = person.user
    emails = {person.email, person.invited_email}
    names = {person.full_name}
    if user is not None:
        names.add(user.get_full_name() if hasattr(user, "get_full_name") else "")
        emails.add(str(user.get_username()))
    jobs = list(person.memberships.values_list("organisation", "external_id"))
    return Traces(
        user=user,
        emails=frozenset(filter(None, emails)),
        names=frozenset(filter(None, names)),
        numbers=frozenset(number for _organisation, number in jobs if number),
        organisations=frozenset(organisation for organisation, _number in jobs),
    )


def _hand_over(person: Person, tombstone: Person) -> dict[str, int]:
    """What has to stay (keys that protect) hangs at the tombstone; the rest goes with the row."""
    moved = {}
    for relation in Person._meta.related_objects:
        model: Any = relation.related_model
        keeps = relation.on_delete is models.PROTECT or model is TeamMembership
        if keeps and model is not Erasure:
            rows = model._base_manager.filter(**{relation.field.name: person})
            if count := rows.update(**{relation.field.name: tombstone}):
                moved[model._meta.label] = count
    return moved


def _remove_account(person: Person) -> bool:
    """Whether the account went. One that serves other ends than Attune's is the host's."""
    user = person.user
    if user is None:
        return True
    Person.objects.filter(pk=person.pk).update(user=None)
    if not getattr(settings, "ATTUNE_CLOSE_ACCOUNTS_OF_LEAVERS", True):
        return False
    try:
        with transaction.atomic():
            type(user)._default_manager.get(pk=user.pk).delete()
    except ProtectedError as error:
        kinds = sorted({str(each._meta.verbose_name) for each in error.protected_objects})
        raise ValidationError(
            _("The account cannot go while the site keeps this of it: %s. Nothing was erased.")
            % ", ".join(kinds)
        ) from error
    return True
