"""Attune's own xAPI linter: what public validators check, and what they let through.

Pure: a statement as parsed JSON in, findings out. It is stricter than the specification,
since it reads only statements of ours: it holds XAPI.md's rules (account actors with a
pseudonym, UTC to the millisecond, IRIs, no nulls) and the meaning of interactions, which
every public validator tested leaves alone (``"a,b"`` for ``a[,]b``, unknown choice ids,
``True``, ``9[:]4``, *passed* without success, an e-mail address for a name).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attune.xapi import verbs
from attune.xapi.interactions import check_text, definition_problems, is_right

INTERACTION_TYPE = "http://adlnet.gov/expapi/activities/cmi.interaction"
PROFILE_TYPE = "http://adlnet.gov/expapi/activities/profile"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: where (``object.definition.choices[1].id``) and why."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'statement'}: {self.message}"


Found = Iterator[Finding]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f]+")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_DURATION = re.compile(
    r"P(?=[\dT])(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,2})?S)?)?"
)
# Bounded, or a long text without an @ costs the square of its length.
_EMAIL = re.compile(r"[^\s@/]{1,64}@[^\s@/]{1,255}\.[^\s@/]{2,63}")
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?"
    r"(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*(-x(-[A-Za-z0-9]{1,8})+)?"
)

_TOP = {"id", "actor", "verb", "object", "result", "context", "timestamp"}
_RESULT = {"score", "success", "completion", "response", "duration", "extensions"}
_CONTEXT = {
    "registration",
    "contextActivities",
    "language",
    "platform",
    "revision",
    "extensions",
    "statement",
}
_DEFINITION = {
    "type",
    "name",
    "description",
    "moreInfo",
    "extensions",
    "interactionType",
    "correctResponsesPattern",
    "choices",
    "scale",
    "source",
    "target",
    "steps",
}
_INTERACTION_KEYS = _DEFINITION - {"type", "name", "description", "moreInfo", "extensions"}


def lint(statement: Mapping[str, Any]) -> list[Finding]:
    """Every fault of *statement*, in the order of its parts; empty if there is none."""
    if not isinstance(statement, Mapping):
        return [Finding("", "is not a JSON object")]
    findings = list(_nothing_odd(statement, ""))
    findings += _known_keys(statement, "", _TOP)
    for name in ("id", "actor", "verb", "object", "timestamp", "context"):
        if name not in statement:
            findings.append(Finding(name, "is missing"))
    for name, check in _PARTS:
        if name in statement and statement[name] is not None:
            findings += check(statement[name], name)
    findings += _agreement(statement)
    return findings


# --- everywhere ---------------------------------------------------------------------------


def _nothing_odd(value: Any, path: str) -> Found:
    """No nulls, no NaN, no NUL characters, at any depth."""
    if value is None:
        yield Finding(path, "is null; leave the property out")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nothing_odd(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nothing_odd(inner, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Finding(path, "is not a finite number")
    elif isinstance(value, str) and "\x00" in value:
        yield Finding(path, "holds a NUL character, which record stores choke on")


def _known_keys(value: Mapping[str, Any], path: str, known: set[str]) -> Found:
    for key in value:
        if key not in known:
            where = f"{path}.{key}" if path else key
            reason = (
                "is the record store's to set"
                if key in ("stored", "authority")
                else ("is not a property that belongs here")
            )
            yield Finding(where, reason)


def _is_iri(value: Any, path: str) -> Found:
    if not isinstance(value, str) or not _IRI.fullmatch(value):
        yield Finding(path, f"{value!r} is not an absolute IRI")


def _is_uuid(value: Any, path: str) -> Found:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        yield Finding(path, f"{value!r} is not a UUID in lower case")


def _language_map(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping) or not value:
        yield Finding(path, "is a language map with at least one language")
        return
    for tag, text in value.items():
        if not _LANGUAGE.fullmatch(tag):
            yield Finding(f"{path}.{tag}", "is not a language tag (RFC 5646)")
        if not isinstance(text, str) or not text.strip():
            yield Finding(f"{path}.{tag}", "has no text")


def _extensions(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    for key, inner in value.items():
        yield from _is_iri(key, f"{path}.{key}")
        if isinstance(inner, str) and _has_email(inner):
            yield Finding(f"{path}.{key}", "holds an e-mail address; send codes, not people")


def _has_email(text: str) -> bool:
    return "@" in text and _EMAIL.search(text) is not None


def _boolean(value: Any, path: str) -> Found:
    if not isinstance(value, bool):
        yield Finding(path, f"{value!r} is not true or false")


# --- the parts --------------------------------------------------------------------------------


def _timestamp(value: Any, path: str) -> Found:
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        yield Finding(path, f"{value!r} is not UTC to the millisecond (2026-01-31T12:00:00.000Z)")
        return
    try:
        datetime.fromisoformat(value)
    except ValueError:
        yield Finding(path, f"{value!r} is not a date that exists")


def _actor(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    if value.get("objectType", "Agent") != "Agent":
        yield Finding(f"{path}.objectType", "an actor of ours is one agent")
    for key in value:
        if key in ("mbox", "mbox_sha1sum", "openid", "name"):
            yield Finding(f"{path}.{key}", "would name the person; only the account is sent")
        elif key not in ("objectType", "account"):
            yield Finding(f"{path}.{key}", "is not a property that belongs here")
    account = value.get("account")
    if not isinstance(account, Mapping):
        yield Finding(f"{path}.account", "is missing")
        return
    yield from _known_keys(account, f"{path}.account", {"homePage", "name"})
    yield from _is_iri(account.get("homePage"), f"{path}.account.homePage")
    name = account.get("name")
    if isinstance(name, str) and _has_email(name):
        yield Finding(f"{path}.account.name", "is an e-mail address; it must be a pseudonym")
    elif not isinstance(name, str) or not _UUID.fullmatch(name):
        yield Finding(f"{path}.account.name", f"{name!r} is not a pseudonym (a UUID)")


def _verb(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    yield from _known_keys(value, path, {"id", "display"})
    yield from _is_iri(value.get("id"), f"{path}.id")
    if isinstance(value.get("id"), str) and value["id"] not in verbs.ALL:
        yield Finding(f"{path}.id", f"{value['id']!r} is not one of Attune's verbs")
    yield from _language_map(value.get("display"), f"{path}.display")


def _object(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    kind = value.get("objectType", "Activity")
    if kind == "StatementRef":
        yield from _known_keys(value, path, {"objectType", "id"})
        yield from _is_uuid(value.get("id"), f"{path}.id")
    elif kind == "Activity":
        yield from _activity(value, path)
        definition = value.get("definition")
        if not isinstance(definition, Mapping) or not definition.get("name"):
            yield Finding(f"{path}.definition.name", "is missing")
        if not isinstance(definition, Mapping) or not definition.get("type"):
            yield Finding(f"{path}.definition.type", "is missing")
    else:
        yield Finding(f"{path}.objectType", f"{kind!r} is not something that we speak about")


def _activity(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not an activity")
        return
    yield from _known_keys(value, path, {"objectType", "id", "definition"})
    if value.get("objectType", "Activity") != "Activity":
        yield Finding(f"{path}.objectType", "is not 'Activity'")
    yield from _is_iri(value.get("id"), f"{path}.id")
    definition = value.get("definition")
    if definition is None:
        return
    if not isinstance(definition, Mapping):
        yield Finding(f"{path}.definition", "is not a JSON object")
        return
    yield from _definition(definition, f"{path}.definition")


def _definition(value: Mapping[str, Any], path: str) -> Found:
    yield from _known_keys(value, path, _DEFINITION)
    for name in ("type", "moreInfo"):
        if name in value:
            yield from _is_iri(value[name], f"{path}.{name}")
    for name in ("name", "description"):
        if name in value:
            yield from _language_map(value[name], f"{path}.{name}")
    if "extensions" in value:
        yield from _extensions(value["extensions"], f"{path}.extensions")
    is_interaction = value.get("type") == INTERACTION_TYPE
    if "interactionType" in value:
        if not is_interaction:
            yield Finding(f"{path}.type", "an interaction has the type cmi.interaction")
        for where, why in definition_problems(value):
            yield Finding(f"{path}.{where}", why)
        for name in ("choices", "scale", "source", "target", "steps"):
            yield from _descriptions(value.get(name), f"{path}.{name}")
    elif is_interaction:
        yield Finding(f"{path}.interactionType", "is missing")
    else:
        for name in sorted(_INTERACTION_KEYS & set(value)):
            yield Finding(f"{path}.{name}", "belongs to an interaction, and this is none")


def _descriptions(components: Any, path: str) -> Found:
    if not isinstance(components, list):
        return
    for index, component in enumerate(components):
        if isinstance(component, Mapping):
            yield from _known_keys(component, f"{path}[{index}]", {"id", "description"})
            yield from _language_map(component.get("description"), f"{path}[{index}].description")


def _result(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    yield from _known_keys(value, path, _RESULT)
    if not value:
        yield Finding(path, "is empty; leave it out")
    for name in ("success", "completion"):
        if name in value:
            yield from _boolean(value[name], f"{path}.{name}")
    if "response" in value and not isinstance(value["response"], str):
        yield Finding(f"{path}.response", f"{value['response']!r} is not a text")
    duration = value.get("duration")
    if duration is not None and not (isinstance(duration, str) and _DURATION.fullmatch(duration)):
        yield Finding(
            f"{path}.duration", f"{duration!r} is not an ISO 8601 duration of at most 0.01 s grain"
        )
    if "extensions" in value:
        yield from _extensions(value["extensions"], f"{path}.extensions")
    if "score" in value:
        yield from _score(value["score"], f"{path}.score")


def _score(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    yield from _known_keys(value, path, {"scaled", "raw", "min", "max"})
    numbers: dict[str, float] = {}
    for name in ("scaled", "raw", "min", "max"):
        number = value.get(name)
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float):
            yield Finding(f"{path}.{name}", f"{number!r} is not a number")
        else:
            numbers[name] = number
    if not -1 <= numbers.get("scaled", 0) <= 1:
        yield Finding(f"{path}.scaled", f"{numbers['scaled']} lies outside −1..1")
    low, high = numbers.get("min", -math.inf), numbers.get("max", math.inf)
    if low >= high:
        yield Finding(f"{path}.min", f"{low} is not below max {high}")
    if "raw" in numbers and not low <= numbers["raw"] <= high:
        yield Finding(f"{path}.raw", f"{numbers['raw']} lies outside {low}..{high}")


def _context(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    yield from _known_keys(value, path, _CONTEXT)
    if "registration" not in value:
        yield Finding(f"{path}.registration", "is missing")
    else:
        yield from _is_uuid(value["registration"], f"{path}.registration")
    if "language" in value and not (
        isinstance(value["language"], str) and _LANGUAGE.fullmatch(value["language"])
    ):
        yield Finding(f"{path}.language", f"{value['language']!r} is not a language tag")
    for name in ("platform", "revision"):
        if name in value and (not isinstance(value[name], str) or not value[name]):
            yield Finding(f"{path}.{name}", "is not a text")
    if "extensions" in value:
        yield from _extensions(value["extensions"], f"{path}.extensions")
    if "contextActivities" in value:
        yield from _context_activities(value["contextActivities"], f"{path}.contextActivities")


def _context_activities(value: Any, path: str) -> Found:
    if not isinstance(value, Mapping):
        yield Finding(path, "is not a JSON object")
        return
    yield from _known_keys(value, path, {"parent", "grouping", "category", "other"})
    for name, activities in value.items():
        if not isinstance(activities, list):
            yield Finding(f"{path}.{name}", "is not an array")
            continue
        seen: set[str] = set()
        for index, activity in enumerate(activities):
            yield from _activity(activity, f"{path}.{name}[{index}]")
            identifier = activity.get("id") if isinstance(activity, Mapping) else None
            if isinstance(identifier, str) and identifier in seen:
                yield Finding(f"{path}.{name}[{index}].id", "is there twice")
            seen.add(str(identifier))


_PARTS: tuple[tuple[str, Callable[[Any, str], Found]], ...] = (
    ("id", _is_uuid),
    ("timestamp", _timestamp),
    ("actor", _actor),
    ("verb", _verb),
    ("object", _object),
    ("result", _result),
    ("context", _context),
)


# --- what the parts say together ------------------------------------------------------------------


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _agreement(statement: Mapping[str, Any]) -> Found:
    verb = _mapping(statement.get("verb")).get("id")
    target = _mapping(statement.get("object"))
    result = _mapping(statement.get("result"))
    is_reference = target.get("objectType") == "StatementRef"
    if (verb == verbs.VOIDED.id) != is_reference:
        yield Finding("object", "'voided' takes a statement, and only 'voided' does")
    if verb == verbs.PASSED.id and result.get("success") is not True:
        yield Finding("result.success", "'passed' without success: true")
    if verb == verbs.FAILED.id and result.get("success") is not False:
        yield Finding("result.success", "'failed' without success: false")
    if verb == verbs.COMPLETED.id and result.get("completion") is not True:
        yield Finding("result.completion", "'completed' without completion: true")
    if is_reference:
        for name in sorted({"platform", "revision"} & set(_mapping(statement.get("context")))):
            yield Finding(f"context.{name}", "belongs to statements about an activity")
    definition = _mapping(target.get("definition"))
    if verb == verbs.ANSWERED.id:
        yield from _answered(definition, result)
    if not is_reference:
        yield from _has_category(_mapping(statement.get("context")))


def _answered(definition: Mapping[str, Any], result: Mapping[str, Any]) -> Found:
    if definition.get("type") != INTERACTION_TYPE:
        yield Finding("object.definition.type", "what is answered is a cmi.interaction")
        return
    response = result.get("response")
    if not isinstance(response, str) or definition_problems(definition):
        return
    try:
        check_text(definition, response, pattern=False)
        right = is_right(definition, response)
    except ValueError as error:
        yield Finding("result.response", str(error))
        return
    success = result.get("success")
    if isinstance(success, bool) and right is not None and success != right:
        fits = "fits" if right else "does not fit"
        yield Finding(
            "result.success",
            f"is {str(success).lower()}, but the response {fits} the correct responses pattern",
        )


def _has_category(context: Mapping[str, Any]) -> Found:
    categories = _mapping(context.get("contextActivities")).get("category")
    for category in categories if isinstance(categories, list) else []:
        if _mapping(_mapping(category).get("definition")).get("type") == PROFILE_TYPE:
            return
    yield Finding("context.contextActivities.category", "does not name Attune's profile")
