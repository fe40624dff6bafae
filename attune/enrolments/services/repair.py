"""The nightly sweep: what a crash or a missed handler left behind is put right."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.enrolments.models import Enrolment, ModuleEvidence
from attune.enrolments.services.assign import count_what_is_earned
from attune.enrolments.services.credit import settle_module
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import OPEN_STATES, State

BATCH = 500


def repair(*, now: datetime) -> int:
    """Settle open evidence and open enrolments again; how many completions that found.

    Each row in a short transaction of its own, so that nobody waits for the sweep. Safe to
    stop and to run twice.
    """
    found = 0
    open_evidence = ModuleEvidence.objects.filter(state=State.IN_PROGRESS).order_by("pk")
    for pk in open_evidence.values_list("pk", flat=True).iterator(chunk_size=BATCH):
        with transaction.atomic():
            evidence = (
                ModuleEvidence.objects.select_related(
                    "person",
                    "enrolment__programme",
                    "enrolment__person",
                    "enrolment__engagement__client",
                    "enrolment__engagement__vendor",
                )
                .filter(pk=pk)
                .get()
            )
            lock_person(evidence.person_id)
            settle_module(evidence=evidence, reader_enrolment=evidence.enrolment, now=now)
            found += evidence.state == State.COMPLETED
    open_enrolments = Enrolment.objects.filter(state__in=OPEN_STATES).order_by("pk")
    for pk in open_enrolments.values_list("pk", flat=True).iterator(chunk_size=BATCH):
        with transaction.atomic():
            enrolment = Enrolment.objects.select_related(
                "person", "programme", "engagement__client", "engagement__vendor"
            ).get(pk=pk)
            lock_person(enrolment.person_id)
            count_what_is_earned(enrolment=enrolment, now=now)
            found += enrolment.state == State.COMPLETED
    return found
