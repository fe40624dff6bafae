"""The preview of a regrade of many answers, as a background job; and what was kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.curriculum.models import FrozenContent
from attune.jobs.kinds import JobFailed, Kind, Progress, Work
from attune.jobs.models import Job, JobPart
from attune.jobs.services import ask
from attune.quizzes.affected import Aim, affected, wanted_aim
from attune.quizzes.overview import Overview, digest_of, look_on, standing_of
from attune.quizzes.questions import Question

AT_ONCE = 200
"""So many answers, and no more, are looked through while somebody waits for the page."""
PREVIEW = "attune_reports.preview_regrade"
STEP = 250


@dataclass(frozen=True, slots=True)
class Kept:
    """What a job has found. ``is_stale``: answers have come in or were changed since."""

    overview: Overview
    at: datetime | None
    is_stale: bool


def subject_of(key: UUID, chosen: str) -> str:
    return f"{key}:{chosen}"


def ask_for_preview(question: Question, chosen: str, aim: Aim, *, user: Any, now: datetime) -> Job:
    owner: Any = question.owner
    return ask(
        kind=PREVIEW,
        title=_("What a regrade would change: %(title)s") % {"title": question.title},
        asked_by=user,
        now=now,
        subject=subject_of(question.translation_key, chosen),
        scope=owner.code if owner is not None else "",
        payload={
            "question": question.pk,
            "key": str(question.translation_key),
            "chosen": chosen,
            "aim": digest_of(aim),
        },
    )


def kept_preview(key: UUID, chosen: str, aim: Aim) -> Kept | None:
    """The last one of these versions, if it is still kept."""
    wanted = digest_of(aim)
    for job in Job.objects.about(PREVIEW, subject_of(key, chosen)).filter(state=Job.State.DONE)[:1]:
        if job.payload.get("aim") != wanted:
            return None
        parts = JobPart.objects.filter(job=job, what=JobPart.What.RESULT).order_by("pk")
        return Kept(
            overview=Overview.from_counts(
                job.result["counts"], (row for part in parts for row in part.rows)
            ),
            at=job.finished_at,
            is_stale=job.result["standing"] != standing_of(key),
        )
    return None


# --- The handler ---------------------------------------------------------------------------------


def look(work: Work, cursor: Any) -> Progress:
    """The next answers. What was counted so far goes along in the cursor."""
    payload = work.job.payload
    key = UUID(payload["key"])
    if cursor is None:
        cursor = {
            "reached": 0,
            "total": affected(key).count(),
            "standing": standing_of(key),
            "counts": Overview().counts(),
        }
    aim = _aim_of(key, payload["chosen"])
    if digest_of(aim) != payload["aim"]:
        raise JobFailed(_("The question was published anew meanwhile. Ask once more."))
    overview = Overview.from_counts(cursor["counts"])
    reached, lines = look_on(key, aim, after=cursor["reached"], overview=overview, size=STEP)
    total = max(cursor["total"], overview.total)
    if not reached:
        return Progress(
            done=overview.total,
            total=overview.total,
            finished=True,
            result={"counts": overview.counts(), "standing": cursor["standing"]},
        )
    return Progress(
        cursor={**cursor, "reached": reached, "counts": overview.counts()},
        done=overview.total,
        total=total,
        words=_("Grading the answers again, without writing anything."),
        rows=[each.row for each in lines],
    )


def _aim_of(key: UUID, chosen: str) -> Aim:
    if not chosen.isdecimal():
        return wanted_aim(key, chosen)
    version = FrozenContent.objects.filter(pk=int(chosen)).first()
    try:
        return wanted_aim(key, "version", version)
    except ValueError as error:
        raise JobFailed(str(error)) from error


def page_of(job: Job) -> str:
    try:
        url = reverse("attune_reports:regrade", args=[job.payload["question"]])
    except NoReverseMatch:
        return ""
    return f"{url}?version={job.payload['chosen']}"


KINDS = (
    Kind(
        name=PREVIEW,
        label=gettext_lazy("Preview of a regrade"),
        step=look,
        page=page_of,
        keeps=timedelta(days=7),
    ),
)
