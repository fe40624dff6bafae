"""Statements: built once from plain values, checked by tincan, frozen as bytes.

No ORM here. The bytes are the statement: they are stored, sent and sent again as they
are, so that a record store that compares a redelivery finds not one letter changed.
tincan is the model that builds and parses. Measured traps that are worked round: it
rewrites durations (``PT4M12S`` becomes ``PT04M12S``), writes time zones as ``+00:00``, adds
a ``version`` of its own and changes the dicts it is given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import tincan
from django.conf import settings

from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.interactions import Interaction
from attune.xapi.verbs import Verb

PLATFORM = "Attune"
_TYPES = "http://adlnet.gov/expapi/activities/"


class ActivityType(StrEnum):
    """ADL's published activity types, as full IRIs."""

    COURSE = _TYPES + "course"  # a programme
    MODULE = _TYPES + "module"
    LESSON = _TYPES + "lesson"
    ASSESSMENT = _TYPES + "assessment"  # a quiz
    INTERACTION = _TYPES + "cmi.interaction"  # a question
    SIMULATION = _TYPES + "simulation"  # a case study
    PROFILE = _TYPES + "profile"  # Attune's own xAPI profile
    MEETING = _TYPES + "meeting"  # a live session
    OBJECTIVE = _TYPES + "objective"
    PERFORMANCE = _TYPES + "performance"  # a sign-off


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a statement is about, or stands in. ``name`` and ``description`` are language maps.

    With neither type nor name only the id is sent.
    """

    id: str
    type: ActivityType | None = None
    name: Mapping[str, str]
    description: Mapping[str, str] | None = None
    more_info: str | None = None
    interaction: Interaction | None = None
    extensions: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """``scaled`` lies in −1..1, ``raw`` within ``minimum``..``maximum``.

    :raises ValueError: otherwise, or when a number is not finite.
    """

    scaled: float
    raw: float
    minimum: float
    maximum: float

    def __post_init__(self) -> None:
        values = (self.scaled, self.raw, self.minimum, self.maximum)
        if not all(math.isfinite(value) for value in values):
            raise ValueError("a score is made of finite numbers")
        if not -1 <= self.scaled <= 1:
            raise ValueError(f"scaled {self.scaled} lies outside −1..1")
        if not self.minimum < self.maximum:
            raise ValueError(f"minimum {self.minimum} is not below maximum {self.maximum}")
        if not self.minimum <= self.raw <= self.maximum:
            raise ValueError(f"raw {self.raw} lies outside {self.minimum}..{self.maximum}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it. ``completion`` is not ``success``: having done is not having passed."""

    score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    duration: timedelta | None = None
    response: str | None = None
    extensions: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where it happened: ``registration`` is the enrolment's; extension keys are IRIs."""

    registration: UUID
    parent: tuple[Activity, ...] = ()
    grouping: tuple[Activity, ...] = ()
    language: str | None = None
    revision: str | None = None
    extensions: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What the outbox knows of a statement without reading it: codes, opaque to xAPI."""

    engagement: str
    client: str
    vendor: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A finished statement. ``body`` is canonical JSON in UTF-8 and never changes again.

    ``voids`` is the id of the statement that a voiding one takes back.
    """

    id: UUID
    body: bytes
    verb: str
    activity: str
    actor: UUID
    registration: UUID
    occurred_at: datetime
    voids: UUID | None = None
    """The statement that this one takes back."""


def activity_id(kind: str, key: UUID) -> str:
    """The permanent IRI of an activity: survives slug, title and language changes."""
    return f"{ext.iri_base()}/xapi/{kind}/{key}"


def profile_id() -> str:
    """The IRI of Attune's own xAPI profile, which the site serves there."""
    return f"{ext.iri_base()}/xapi/profile"


def profile_version_id() -> str:
    """The IRI of the profile's version that our statements follow, and name as category."""
    return f"{profile_id()}/v1"


@lru_cache(maxsize=8)
def _namespace(base: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{base}/xapi/statement")


def statement_id(deed: str) -> UUID:
    """The id of the statement about *deed*, the key of an internal event.

    The same deed has the same id on every attempt; another installation's has another.
    """
    return uuid5(_namespace(ext.iri_base()), deed)


def format_timestamp(at: datetime) -> str:
    """UTC to the millisecond, with ``Z``.

    :raises ValueError: *at* carries no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a statement's time carries its zone")
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def format_duration(duration: timedelta) -> str:
    """ISO 8601 to a hundredth of a second, the finest that a record store keeps.

    :raises ValueError: *duration* is negative.
    """
    hundredths = round(duration / timedelta(milliseconds=10))
    if hundredths < 0:
        raise ValueError("a duration is not negative")
    seconds, fraction = divmod(hundredths, 100)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    text = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if fraction:
        text += f"{seconds}.{fraction:02d}".rstrip("0") + "S"
    elif seconds or not text:
        text += f"{seconds}S"
    return "PT" + text


def written_response(text: str) -> tuple[str | None, dict[str, Any]]:
    """A learner's own words as a result's ``response`` and extensions.

    Unless ``ATTUNE_SEND_WRITTEN_RESPONSES`` is on, the words stay in the house and only
    their length (in characters) is sent.
    """
    if getattr(settings, "ATTUNE_SEND_WRITTEN_RESPONSES", False):
        return text, {}
    return None, {ext.iri(ext.RESPONSE_LENGTH): len(text)}


# --- wire form ---------------------------------------------------------------------------


def _wire_activity(activity: Activity) -> dict[str, Any]:
    definition: dict[str, Any] = {}
    if activity.type is not None:
        definition["type"] = str(activity.type)
    if activity.name:
        definition["name"] = dict(activity.name)
    if activity.description:
        definition["description"] = dict(activity.description)
    if activity.more_info:
        definition["moreInfo"] = activity.more_info
    if activity.interaction is not None:
        definition.update(activity.interaction.definition())
    if activity.extensions:
        definition["extensions"] = dict(activity.extensions)
    wire: dict[str, Any] = {"objectType": "Activity", "id": activity.id}
    if definition:
        wire["definition"] = definition
    return wire


def _wire_result(result: Result) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    if result.score is not None:
        wire["score"] = {
            "scaled": round(result.score.scaled, 7),
            "raw": result.score.raw,
            "min": result.score.minimum,
            "max": result.score.maximum,
        }
    for name in ("success", "completion", "response", "duration"):
        value = getattr(result, name)
        if value is not None:
            wire[name] = value
    if result.extensions:
        wire["extensions"] = dict(result.extensions)
    return wire


def _wire_context(context: Context) -> dict[str, Any]:
    activities: dict[str, Any] = {}
    if context.parent:
        activities["parent"] = [_wire_activity(item) for item in context.parent]
    if context.grouping:
        activities["grouping"] = [_wire_activity(item) for item in context.grouping]
    activities["category"] = [
        {
            "objectType": "Activity",
            "id": profile_version_id(),
            "definition": {"type": str(ActivityType.PROFILE)},
        }
    ]
    wire: dict[str, Any] = {
        "registration": str(context.registration),
        "contextActivities": activities,
        "platform": PLATFORM,
    }
    if context.language:
        wire["language"] = context.language
    if context.revision:
        wire["revision"] = context.revision
    if context.extensions:
        wire["extensions"] = dict(context.extensions)
    return wire


def _actor(pseudonym: UUID) -> dict[str, Any]:
    return {
        "objectType": "Agent",
        "account": {"homePage": ext.iri_base(), "name": str(pseudonym)},
    }


def canonical(wire: Mapping[str, Any]) -> bytes:
    """One spelling per value: sorted keys, no spaces, UTF-8, no NaN, no NUL.

    :raises ValueError: a number is not finite, or a text holds a lone surrogate.
    """
    text = json.dumps(
        wire, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    # NUL is legal JSON, but stores on PostgreSQL answer it with 500 for ever.
    return text.replace("\\u0000", "�").encode()


def _freeze(wire: dict[str, Any], *, at: datetime, duration: timedelta | None) -> bytes:
    timestamp = format_timestamp(at)
    model = tincan.Statement(**wire, timestamp=at, version=None)
    built: dict[str, Any] = model.as_version("1.0.3")
    built.pop("version", None)
    built["timestamp"] = timestamp
    if duration is not None:
        built["result"]["duration"] = format_duration(duration)
    return canonical(built)


def build(
    *,
    deed: str,
    actor: UUID,
    verb: Verb,
    activity: Activity,
    at: datetime,
    context: Context,
    result: Result | None = None,
) -> Statement:
    """The statement that *actor* (a pseudonym) did *verb* to *activity* at *at*.

    Adds the account, the platform and the category that all our statements share.

    :raises ValueError: a value that no statement can carry (naive time, NaN, …).
    """
    identifier = statement_id(deed)
    wire: dict[str, Any] = {
        "id": str(identifier),
        "actor": _actor(actor),
        "verb": {"id": verb.id, "display": dict(verb.display)},
        "object": _wire_activity(activity),
        "context": _wire_context(context),
    }
    if result is not None:
        wire["result"] = _wire_result(result)
    return Statement(
        id=identifier,
        body=_freeze(wire, at=at, duration=result.duration if result else None),
        verb=verb.id,
        activity=activity.id,
        actor=actor,
        registration=context.registration,
        occurred_at=at,
    )


def void(*, deed: str, actor: UUID, target: UUID, at: datetime, registration: UUID) -> Statement:
    """The statement that takes statement *target* back. It cannot itself be taken back."""
    identifier = statement_id(deed)
    wire: dict[str, Any] = {
        "id": str(identifier),
        "actor": _actor(actor),
        "verb": {"id": verbs.VOIDED.id, "display": dict(verbs.VOIDED.display)},
        "object": {"objectType": "StatementRef", "id": str(target)},
        # Platform and revision belong to activities alone (xAPI 1.0.3 Data, 2.4.6).
        "context": {"registration": str(registration)},
    }
    return Statement(
        id=identifier,
        body=_freeze(wire, at=at, duration=None),
        verb=verbs.VOIDED.id,
        activity="",
        actor=actor,
        registration=registration,
        occurred_at=at,
        voids=target,
    )


def parse(body: bytes) -> Any:
    """The tincan model of a frozen statement, for those who want to read one as objects.

    :raises ValueError: not a statement.
    """
    try:
        return tincan.Statement(json.loads(body))
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not a statement: {error}") from error
