"""Background jobs of an import: try a large file, take a file over, send the invitations.

Taking over is one step and so all or nothing: a worker that is killed leaves nothing behind,
and the next one begins anew. Reading the file comes before the transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.jobs.kinds import JobFailed, Kind, Progress, Work
from attune.jobs.models import Job
from attune.jobs.services import ask
from attune.people.importing.invitations import send_owed
from attune.people.importing.lines import Wanted
from attune.people.importing.models import PeopleImport
from attune.people.importing.report import in_rows, report_of
from attune.people.importing.services import (
    AlreadyApplied,
    apply_import,
    plan_import,
    read_lines,
)
from attune.people.services.authority import NotAllowed
from attune.tabular.reading import FileRefused

IN_THE_REQUEST = 500
"""So many lines, and no more, are tried while somebody waits for the page."""

TRY = "attune_people.try_import"
APPLY = "attune_people.apply_import"
INVITE = "attune_people.send_invitations"


def ask_to_try(kept: PeopleImport, *, user: Any, now: datetime) -> Job:
    return _ask(TRY, kept, user=user, now=now)


def ask_to_apply(kept: PeopleImport, *, user: Any, now: datetime) -> Job:
    return _ask(APPLY, kept, user=user, now=now)


def ask_to_invite(kept: PeopleImport, *, user: Any, now: datetime) -> Job:
    return _ask(INVITE, kept, user=user, now=now)


def _ask(kind: str, kept: PeopleImport, *, user: Any, now: datetime) -> Job:
    return ask(
        kind=kind,
        title=kept.file_name,
        asked_by=user,
        now=now,
        subject=str(kept.deed),
        scope=kept.organisation.code,
        payload={"deed": str(kept.deed)},
    )


# --- The handlers ------------------------------------------------------------------------------


def read(work: Work) -> list[Wanted] | None:
    """The lines; None if the file was taken over already."""
    kept = _kept(work)
    if kept.body is None:
        return None
    work.tell(0, kept.lines, _("Reading the file."))
    try:
        lines = read_lines(kept)[1]
    except FileRefused as error:
        raise JobFailed(str(error)) from error
    # Said before the transaction, within which on SQLite nothing can be said any more.
    work.tell(0, kept.lines, _("Comparing and saving: all of it or nothing."))
    return lines


def keep_report(work: Work, cursor: Any) -> Progress:
    kept = _kept(work)
    if work.prepared is None:
        raise JobFailed(_("This file was imported before. Nothing was done twice."))
    plan = plan_import(kept, by=work.job.asked_by, lines=work.prepared, tell=work.tell)
    return Progress(
        done=len(plan.steps),
        total=len(plan.steps),
        finished=True,
        result=report_of(plan),
        errors=in_rows(plan.faults),
    )


def save(work: Work, cursor: Any) -> Progress:
    kept = _kept(work)
    if work.prepared is None:
        return Progress(finished=True, result=kept.result, words=_("It was imported before."))
    user, now = work.job.asked_by, timezone.now()
    if user is None:
        raise JobFailed(_("Whoever asked has no account any more."))
    try:
        counts, plan = apply_import(
            deed=kept.deed, by=user, now=now, lines=work.prepared, tell=work.tell
        )
    except AlreadyApplied:
        kept.refresh_from_db(fields=["result"])
        return Progress(finished=True, result=kept.result, words=_("It was imported before."))
    except (FileRefused, ValidationError) as error:
        raise JobFailed(" ".join(getattr(error, "messages", [str(error)]))) from error
    except NotAllowed as error:
        raise JobFailed(_("Whoever asked does not manage this employer any more.")) from error
    if counts["invited"]:
        ask_to_invite(kept, user=user, now=now)
    return Progress(
        done=len(plan.steps),
        total=len(plan.steps),
        finished=True,
        result=counts,
        errors=in_rows(plan.faults),
        words=_("%(new)d new, %(changed)d changed, %(gone)d left, %(unchanged)d unchanged.")
        % (counts | {"gone": counts["leaves"] + counts["ended"]}),
    )


def send(work: Work) -> dict[str, int]:
    """Outside of any transaction: a mail cannot be taken back."""
    kept = _kept(work)
    return send_owed(kept, by=work.job.asked_by, tell=work.tell)


def note_sent(work: Work, cursor: Any) -> Progress:
    counts: dict[str, int] = work.prepared
    total = sum(counts.values())
    if counts["waiting"]:
        raise JobFailed(
            _("The mail server does not answer. %(sent)d were sent, %(waiting)d wait: send them "
              "later from the import’s page.") % counts
        )  # fmt: skip
    return Progress(
        done=total,
        total=total,
        finished=True,
        result=counts,
        words=_("%(sent)d sent, %(failed)d not taken by the mail server, %(needless)d not needed.")
        % counts,
    )


def _kept(work: Work) -> PeopleImport:
    found = PeopleImport.objects.select_related("organisation").filter(
        deed=UUID(work.job.payload["deed"])
    )
    kept: PeopleImport | None = found.first()
    if kept is None:
        raise JobFailed(_("The file was discarded. Nothing was imported."))
    return kept


def page_of(job: Job) -> str:
    deed = job.payload["deed"]
    if not PeopleImport.objects.filter(deed=deed).exists():
        return ""
    return reverse("attune_people_admin:import_report", kwargs={"deed": deed})


KINDS = (
    Kind(
        name=TRY,
        label=gettext_lazy("Try a file of people"),
        prepare=read,
        step=keep_report,
        page=page_of,
    ),
    Kind(
        name=APPLY,
        label=gettext_lazy("Import people"),
        prepare=read,
        step=save,
        page=page_of,
    ),
    Kind(
        name=INVITE,
        label=gettext_lazy("Send invitations"),
        prepare=send,
        step=note_sent,
        page=page_of,
    ),
)
