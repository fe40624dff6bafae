"""Large files of questions as background jobs: one tries a file, the other takes it over.

Both are all or nothing. What takes long and writes nothing, reading and comparing, is done
before the transaction, which only saves; see ``attune.jobs.kinds``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.jobs.kinds import JobFailed, Kind, Progress, Work
from attune.jobs.models import Job
from attune.jobs.services import ask
from attune.people.access import can_author_for
from attune.quizzes.exchange import Format
from attune.quizzes.import_models import QuestionImport
from attune.quizzes.services.import_report import refusals_of, report_of
from attune.quizzes.services.take_over import (
    SAVING,
    AlreadyApplied,
    Prepared,
    apply_import,
    prepare_import,
)
from attune.tabular.reading import FileRefused

IN_THE_REQUEST = 200
"""So many questions, and no more, are tried and saved while somebody waits for the page."""
BYTES_IN_THE_REQUEST = 150_000

TRY, APPLY = "attune_quizzes.try_import", "attune_quizzes.apply_import"


def is_large(form: Format, body: bytes) -> bool:
    """Whether a file is better read by a job. One that cannot be read says so at once."""
    if len(body) > BYTES_IN_THE_REQUEST:
        return True
    try:
        return len(form.read(body).drafts) > IN_THE_REQUEST
    except FileRefused:
        return False


def ask_to_try(kept: QuestionImport, *, user: Any, now: datetime) -> Job:
    return _ask(TRY, kept, user=user, now=now)


def ask_to_apply(kept: QuestionImport, *, user: Any, now: datetime) -> Job:
    return _ask(APPLY, kept, user=user, now=now)


def _ask(kind: str, kept: QuestionImport, *, user: Any, now: datetime) -> Job:
    return ask(
        kind=kind,
        title=kept.file_name,
        asked_by=user,
        now=now,
        subject=str(kept.deed),
        scope=kept.owner.code if kept.owner is not None else "",
        payload={"deed": str(kept.deed)},
    )


# --- The handlers --------------------------------------------------------------------------------


def prepare(work: Work) -> Prepared | None:
    """The plan; None if the file was taken over already."""
    try:
        return prepare_import(deed=_deed(work), tell=work.tell)
    except AlreadyApplied:
        return None
    except FileRefused as error:
        raise JobFailed(str(error)) from error
    except QuestionImport.DoesNotExist as error:
        raise _discarded() from error


def prepare_to_save(work: Work) -> Prepared | None:
    prepared = prepare(work)
    # Said before the transaction, within which on SQLite nothing can be said any more.
    work.tell(0, 0, str(SAVING))
    return prepared


def keep_report(work: Work, cursor: Any) -> Progress:
    if work.prepared is None:
        raise JobFailed(_("This file was imported before. Nothing was done twice."))
    plan = work.prepared.plan
    return Progress(
        done=len(plan.steps),
        total=len(plan.steps),
        finished=True,
        result=report_of(plan),
        errors=refusals_of(plan),
    )


def save(work: Work, cursor: Any) -> Progress:
    kept = QuestionImport.objects.filter(deed=_deed(work)).defer("body").first()
    if kept is None:
        raise _discarded()
    user = work.job.asked_by
    if user is None or not can_author_for(user, kept.owner_id):
        raise JobFailed(_("Whoever asked may not write for this bank any more."))
    if work.prepared is None:
        return Progress(finished=True, result=kept.result, words=_("It was imported before."))
    try:
        counts = apply_import(
            deed=kept.deed,
            user=user,
            now=timezone.now(),
            prepared=work.prepared,
            tell=work.tell,
        )
    except AlreadyApplied:
        kept.refresh_from_db(fields=["result"])
        return Progress(finished=True, result=kept.result, words=_("It was imported before."))
    except FileRefused as error:
        raise JobFailed(str(error)) from error
    done = counts["new"] + counts["changed"]
    return Progress(
        done=done,
        total=done,
        finished=True,
        result=counts,
        errors=refusals_of(work.prepared.plan),
        words=_("%(new)d new, %(changed)d changed, %(unchanged)d unchanged, %(refused)d refused.")
        % counts,
    )


def _deed(work: Work) -> UUID:
    return UUID(work.job.payload["deed"])


def _discarded() -> JobFailed:
    return JobFailed(_("The file was discarded. Nothing was imported."))


def page_of(job: Job) -> str:
    kept = QuestionImport.objects.filter(deed=job.payload["deed"])
    if not kept.exists():
        return ""
    return reverse("attune_question_exchange:tried", kwargs={"deed": job.payload["deed"]})


KINDS = (
    Kind(
        name=TRY,
        label=gettext_lazy("Try a file of questions"),
        prepare=prepare,
        step=keep_report,
        page=page_of,
    ),
    Kind(
        name=APPLY,
        label=gettext_lazy("Import questions"),
        prepare=prepare_to_save,
        step=save,
        page=page_of,
    ),
)
