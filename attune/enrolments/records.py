"""Learning records of an enrolment: who did what, under which registration.

Each function records one statement in the caller's transaction. Deeds are keyed by random
ids of our own rows, never by anything a learner sees or can repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import translation
from wagtail.models import Page

from attune.curriculum.activities import activities_for
from attune.enrolments.models import Enrolment
from attune.xapi import extensions as ext
from attune.xapi import outbox
from attune.xapi.statements import (
    Activity,
    Context,
    Result,
    Statement,
    Tags,
    build,
    statement_id,
    void,
)
from attune.xapi.verbs import Verb

Entry = tuple[Statement, Tags]
"""What the outbox takes."""


def record(
    *,
    deed: str,
    verb: Verb,
    activity: Activity,
    enrolment: Enrolment,
    at: datetime,
    kind: str,
    parents: Sequence[Activity] = (),
    groupings: Sequence[Activity] = (),
    result: Result | None = None,
    language: str | None = None,
    revision: str | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> None:
    """Record one statement; see ``statement_about`` for what it is made of."""
    statement, tags = statement_about(
        deed=deed,
        verb=verb,
        activity=activity,
        enrolment=enrolment,
        at=at,
        kind=kind,
        parents=parents,
        groupings=groupings,
        result=result,
        language=language,
        revision=revision,
        extensions=extensions,
    )
    outbox.record(statement, tags=tags)


def statement_about(
    *,
    deed: str,
    verb: Verb,
    activity: Activity,
    enrolment: Enrolment,
    at: datetime,
    kind: str,
    parents: Sequence[Activity] = (),
    groupings: Sequence[Activity] = (),
    result: Result | None = None,
    language: str | None = None,
    revision: str | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> Entry:
    """The statement about ``activity`` under the enrolment's registration, and its tags.

    ``deed`` is the key of the internal event: the same deed gives the same statement id.
    ``extensions`` are context extensions by IRI. Not recorded: ``outbox.record_many`` does
    that for many at once.
    """
    engagement = enrolment.engagement
    codes = {
        "engagement": engagement.code,
        "client": engagement.client.code,
        "vendor": engagement.vendor.code,
    }
    context_extensions = {
        **ext.codes(**codes),
        ext.iri(ext.CYCLE): enrolment.cycle,
        **({ext.iri(ext.SIMULATED): True} if engagement.is_simulated else {}),
        **(extensions or {}),
    }
    statement = build(
        deed=deed,
        actor=enrolment.person.pseudonym,
        verb=verb,
        activity=activity,
        at=at,
        context=Context(
            registration=enrolment.registration,
            parent=tuple(parents),
            grouping=tuple(groupings),
            language=language or translation.get_language(),
            revision=revision,
            extensions=context_extensions,
        ),
        result=result,
    )
    return statement, Tags(kind=kind, **codes)


def taking_back(
    *, deed: str, taken_back: str, enrolment: Enrolment, at: datetime, kind: str
) -> Entry:
    """The statement, and its tags, that voids the one about the deed ``taken_back``.

    Under the same registration and tags, so that it reaches the stores that have the other.
    """
    engagement = enrolment.engagement
    statement = void(
        deed=deed,
        actor=enrolment.person.pseudonym,
        target=statement_id(taken_back),
        at=at,
        registration=enrolment.registration,
    )
    return statement, Tags(
        kind=kind,
        engagement=engagement.code,
        client=engagement.client.code,
        vendor=engagement.vendor.code,
    )


def record_about_page(
    *,
    deed: str,
    verb: Verb,
    page: Page,
    within: Sequence[Page],
    enrolment: Enrolment,
    at: datetime,
    kind: str,
    result: Result | None = None,
    language: str | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> None:
    """Record one statement about a programme, module or unit.

    ``within`` names what the page stands in, nearest first: the first becomes ``parent``,
    all become ``grouping``.
    """
    activity, *around = activities_for([page, *within])
    record(
        deed=deed,
        verb=verb,
        activity=activity,
        enrolment=enrolment,
        at=at,
        kind=kind,
        parents=around[:1],
        groupings=around,
        result=result,
        language=language,
        extensions=extensions,
    )
