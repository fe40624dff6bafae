"""What a learner does with a case to read: save a reflection, share it, take it back, finish.

A saved reflection is a draft that may still change, so *answered* is recorded when the case is
finished, once for each question, with the length only unless the house lets the words out
(``xapi.statements.written_response``). Sharing is between people and leaves no statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Page

from attune.case_studies.models.reflective import (
    MAX_CHARACTERS,
    Reflection,
    ReflectionQuestion,
    ReflectiveCasePage,
    words_in,
)
from attune.curriculum.activities import activities_for
from attune.curriculum.models import FrozenContent
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.records import record, record_about_page
from attune.enrolments.services import complete_unit, start_unit
from attune.xapi import verbs
from attune.xapi.interactions import Interaction, InteractionType
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Result,
    activity_id,
    written_response,
)


class NotTaken(Exception):
    """Nothing was changed; the message says why, in words for the learner."""


@dataclass(frozen=True, slots=True)
class Saved:
    """``saved``: what was sent is what is now kept. ``sequence``: of what is kept."""

    saved: bool
    sequence: int
    words: int
    is_shared: bool = False


@transaction.atomic
def save_reflection(
    *,
    reader: Reader,
    page: ReflectiveCasePage,
    question_key: UUID,
    text: str,
    now: datetime,
    sequence: int = 0,
    newest: bool = False,
) -> Saved:
    """Keep ``text`` as the reader's reflection on a question. The same text twice is once.

    A page numbers its saves; one that was overtaken on the line changes nothing. ``newest``
    marks a form that somebody has just sent by its button. Emptying a shared reflection takes
    it back, since nothing is left to share.

    :raises LookupError: the case has no such question.
    :raises NotTaken: the text is longer than can be kept, or holds signs that cannot be.
    """
    if not page.questions.filter(translation_key=question_key).exists():
        raise LookupError(question_key)
    text = text.replace("\r\n", "\n").strip()
    if "\x00" in text:
        raise NotTaken(_("This text holds a sign that cannot be kept. Type it without pasting."))
    if len(text) > MAX_CHARACTERS:
        raise NotTaken(
            _("This has %(found)d characters; up to %(limit)d can be kept. Please shorten it.")
            % {"found": len(text), "limit": MAX_CHARACTERS}
        )
    # Locks the person, so that two tabs save one after the other.
    progress = start_unit(reader=reader, unit=page, now=now)
    kept = Reflection.objects.filter(progress=progress, question_key=question_key).first()
    if kept is None:
        kept = Reflection(progress=progress, question_key=question_key)
    elif kept.text == text:
        return Saved(True, kept.sequence, kept.words, kept.is_shared)
    if newest:
        sequence = max(sequence, kept.sequence + 1)
    if sequence <= kept.sequence:
        return Saved(False, kept.sequence, kept.words, kept.is_shared)
    kept.text, kept.words = text, words_in(text)
    kept.saved_at, kept.sequence = now, sequence
    if not kept.words:
        kept.shared_at = None
    kept.save()
    return Saved(True, sequence, kept.words, kept.is_shared)


@transaction.atomic
def share_reflection(
    *, reader: Reader, page: ReflectiveCasePage, question_key: UUID, now: datetime
) -> Reflection:
    """Let the own team and the client's trainers read it. Twice is once.

    :raises NotTaken: there is nothing to share yet.
    """
    progress = start_unit(reader=reader, unit=page, now=now)
    kept: Reflection | None = Reflection.objects.filter(
        progress=progress, question_key=question_key, words__gte=1
    ).first()
    if kept is None:
        raise NotTaken(_("Write something first; there is nothing to share yet."))
    if kept.shared_at is None:
        kept.shared_at = now
        kept.save(update_fields=["shared_at"])
    return kept


@transaction.atomic
def withdraw_reflection(
    *, reader: Reader, page: ReflectiveCasePage, question_key: UUID, now: datetime
) -> None:
    """Make it private again. Works on a finished case as well, and as often as one likes."""
    progress = start_unit(reader=reader, unit=page, now=now)
    Reflection.objects.filter(progress=progress, question_key=question_key).update(shared_at=None)


def still_short(
    *, page: ReflectiveCasePage, reflections: Mapping[UUID, Reflection]
) -> list[ReflectionQuestion]:
    """The questions on which more must be written before the case counts, in order."""
    return [
        question
        for question in page.questions_in_order()
        if question.translation_key not in reflections
        or reflections[question.translation_key].words < page.least_words
    ]


def reflections_of(progress: UnitProgress) -> dict[UUID, Reflection]:
    return {row.question_key: row for row in Reflection.objects.filter(progress=progress)}


@transaction.atomic
def finish_reading(*, reader: Reader, page: ReflectiveCasePage, now: datetime) -> UnitProgress:
    """The reader says that they are done. Twice is once.

    :raises NotTaken: on some question there is not enough yet.
    """
    progress = start_unit(reader=reader, unit=page, now=now)
    if progress.completed_at is not None:
        return progress
    reflections = reflections_of(progress)
    short = still_short(page=page, reflections=reflections)
    if short or not reflections:
        raise NotTaken(short_words(page, len(short)))
    for question in page.questions_in_order():
        _record_answer(reader, page, progress, question, reflections[question.translation_key])
    progress = complete_unit(reader=reader, unit=page, now=now, seen=freeze(page))
    record_about_page(
        deed=f"terminated:{progress.deed}",
        verb=verbs.TERMINATED,
        page=page,
        within=_around(reader),
        enrolment=reader.enrolment,
        at=now,
        kind="unit_terminated",
        language=page.locale.language_code,
        result=Result(duration=now - progress.started_at),
    )
    return progress


def short_words(page: ReflectiveCasePage, count: int) -> str:
    if not count:
        return _("This case has no question yet. Its trainer has to add one.")
    return ngettext(
        "One question still needs a reflection of at least %(words)d words.",
        "%(count)d questions still need a reflection of at least %(words)d words.",
        count,
    ) % {"count": count, "words": page.least_words}


def freeze(page: ReflectiveCasePage) -> FrozenContent:
    """The story and its questions as they are now, kept for good."""
    frozen: FrozenContent = FrozenContent.objects.freeze(
        kind=FrozenContent.Kind.CASE,
        key=page.translation_key,
        language=page.locale.language_code,
        body={
            "title": page.title,
            "provenance": page.provenance,
            "story": list(page.story.get_prep_value()),
            "questions": [
                {"key": str(question.translation_key), "text": question.text}
                for question in page.questions_in_order()
            ],
        },
        revision_id=page.live_revision_id,
    )
    return frozen


def _around(reader: Reader) -> list[Page]:
    return [page for page in (reader.module, reader.enrolment.programme) if page is not None]


def _record_answer(
    reader: Reader,
    page: ReflectiveCasePage,
    progress: UnitProgress,
    question: ReflectionQuestion,
    reflection: Reflection,
) -> None:
    case, *around = activities_for([page, *_around(reader)])
    response, about_response = written_response(reflection.text)
    record(
        deed=f"answered:{reflection.deed}",
        verb=verbs.ANSWERED,
        activity=_question_activity(page, question),
        enrolment=reader.enrolment,
        at=max(reflection.saved_at, progress.started_at),
        kind="reflection_answered",
        parents=[case],
        groupings=around,
        language=page.locale.language_code,
        result=Result(response=response, extensions=about_response or None),
    )


def _question_activity(page: ReflectiveCasePage, question: ReflectionQuestion) -> Activity:
    language = page.locale.language_code
    return Activity(
        id=f"{activity_id('case', page.translation_key)}/questions/{question.translation_key}",
        type=ActivityType.INTERACTION,
        name={language: question.text[:250]},
        description={language: question.text},
        more_info=None,
        # Nothing is right or wrong, so there is no pattern.
        interaction=Interaction(type=InteractionType.LONG_FILL_IN),
    )
