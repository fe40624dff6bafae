"""What a learner does in a lesson: answer a self-check, confirm the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.curriculum.activities import activities_for
from attune.curriculum.models import FrozenContent
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.records import record, record_about_page
from attune.enrolments.services import complete_unit, start_unit
from attune.lessons.models import LessonPage, SelfCheckAnswer
from attune.xapi import verbs
from attune.xapi.interactions import Component, Interaction, encode_choice
from attune.xapi.statements import Activity, ActivityType, Result, activity_id


class NotYetComplete(Exception):
    """The rule of the lesson is not met; the message says what is missing, in words."""


@transaction.atomic
def answer_self_check(
    *, reader: Reader, lesson: LessonPage, block_id: str, chosen: Iterable[int], now: datetime
) -> SelfCheckAnswer:
    """Save what the reader chose. The same choice twice is once; a new one replaces it.

    :raises LookupError: the lesson has no such self-check.
    :raises ValueError: nothing was chosen, or an option that the check does not have.
    """
    check = lesson.self_checks().get(block_id)
    if check is None:
        raise LookupError(block_id)
    options = list(check["options"])
    positions = sorted(set(chosen))
    if not positions:
        raise ValueError(_("Choose an answer first."))
    if positions[0] < 0 or positions[-1] >= len(options):
        raise ValueError(_("This self-check has no such option."))
    progress = start_unit(reader=reader, unit=lesson, now=now)
    correct = positions == [i for i, option in enumerate(options) if option["correct"]]
    answer = SelfCheckAnswer.objects.filter(progress=progress, block_id=block_id).first()
    if answer is not None and answer.chosen == positions:
        return answer
    if answer is None:
        answer = SelfCheckAnswer(progress=progress, block_id=block_id, times=0)
    answer.chosen = positions
    answer.correct = correct
    answer.answered_at = now
    answer.times += 1
    answer.save()
    lesson_activity, module_activity, *programme = activities_for(
        [page for page in (lesson, reader.module, reader.enrolment.programme) if page is not None]
    )
    record(
        deed=f"answered:{progress.deed}:{block_id}:{answer.times}",
        verb=verbs.ANSWERED,
        activity=_check_activity(lesson, block_id, check),
        enrolment=reader.enrolment,
        at=now,
        kind="self_check_answered",
        parents=[lesson_activity],
        groupings=[module_activity, *programme],
        language=lesson.locale.language_code,
        result=Result(response=encode_choice(_option_ids(positions)), success=correct),
    )
    return answer


def _option_ids(positions: Iterable[int]) -> list[str]:
    return [f"option-{position + 1}" for position in positions]


def _check_activity(lesson: LessonPage, block_id: str, check: Any) -> Activity:
    language = lesson.locale.language_code
    options = list(check["options"])
    right = [i for i, option in enumerate(options) if option["correct"]]
    return Activity(
        id=f"{activity_id('lesson', lesson.translation_key)}/checks/{block_id}",
        type=ActivityType.INTERACTION,
        name={language: str(check["question"])[:250]},
        description={language: str(check["question"])},
        more_info=None,
        interaction=Interaction(
            type="choice",
            correct_responses=(encode_choice(_option_ids(right)),),
            choices=tuple(
                Component(id=option_id, description={language: str(option["text"])})
                for option_id, option in zip(_option_ids(range(len(options))), options, strict=True)
            ),
        ),
    )


@transaction.atomic
def confirm_lesson(*, reader: Reader, lesson: LessonPage, now: datetime) -> UnitProgress:
    """The reader reached the end and says so. Twice is once.

    :raises NotYetComplete: a self-check is still to be answered.
    """
    progress = start_unit(reader=reader, unit=lesson, now=now)
    if progress.completed_at is not None:
        return progress
    open_checks = unanswered(lesson=lesson, progress=progress)
    if open_checks:
        raise NotYetComplete(
            ngettext(
                "One self-check is still to be answered.",
                "%(count)d self-checks are still to be answered.",
                len(open_checks),
            )
            % {"count": len(open_checks)}
        )
    progress = complete_unit(reader=reader, unit=lesson, now=now, seen=freeze(lesson))
    record_about_page(
        deed=f"terminated:{progress.deed}",
        verb=verbs.TERMINATED,
        page=lesson,
        within=[page for page in (reader.module, reader.enrolment.programme) if page is not None],
        enrolment=reader.enrolment,
        at=now,
        kind="unit_terminated",
        language=lesson.locale.language_code,
        result=Result(duration=now - progress.started_at),
    )
    return progress


def unanswered(*, lesson: LessonPage, progress: UnitProgress | None) -> list[str]:
    """Block ids of the self-checks that the learner has not answered, in order."""
    answered = (
        set(progress.self_check_answers.values_list("block_id", flat=True)) if progress else set()
    )
    return [block_id for block_id in lesson.self_checks() if block_id not in answered]


def freeze(lesson: LessonPage) -> FrozenContent:
    """The lesson as it is now, kept for good."""
    frozen: FrozenContent = FrozenContent.objects.freeze(
        kind=FrozenContent.Kind.LESSON,
        key=lesson.translation_key,
        language=lesson.locale.language_code,
        body={
            "title": lesson.title,
            "summary": lesson.summary,
            "body": list(lesson.body.get_prep_value()),
        },
        revision_id=lesson.live_revision_id,
    )
    return frozen
