"""Attune's own xAPI profile: what it says, as a document, and whether a statement keeps to it.

The document follows the xAPI Profiles specification, version 1.0 (part two, sections 4 to 8):
the extensions that are ours, one template per verb and kind of activity, and the order in
which they come. Verbs and activity types are published ones and stay where they were
published. The rules of the templates are in the specification's own form, so that what we
check here is what anybody else can check with the document alone.

Pure: a statement as parsed JSON in, findings out. Voiding statements follow no template, since
they are about a statement and carry no category.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.linting import Finding
from attune.xapi.statements import PLATFORM, ActivityType, profile_id, profile_version_id
from attune.xapi.verbs import Verb

CONTEXT = "https://w3id.org/xapi/profiles/context"
CONFORMS_TO = "https://w3id.org/xapi/profiles#1.0"
GENERATED_AT = "2026-11-22T00:00:00Z"
"""When the version that ``profile_version_id`` names was written. A rule that changes makes a
new version; this one then moves into ``wasRevisionOf``."""

T = ActivityType


# Where an extension stands: path in a statement, and the concept's type.
CONTEXT_PLACE, RESULT_PLACE, ACTIVITY_PLACE = "context", "result", "object.definition"
CONCEPTS = {
    CONTEXT_PLACE: "ContextExtension",
    RESULT_PLACE: "ResultExtension",
    ACTIVITY_PLACE: "ActivityExtension",
}


@dataclass(frozen=True, slots=True)
class Extension:
    """One of our extensions: where it may stand, and what its value is (a JSON Schema)."""

    name: str
    label: str
    definition: str
    schema: str
    place: str = CONTEXT_PLACE


TEXT = '{"type":"string","minLength":1}'
COUNT = '{"type":"integer","minimum":1}'
TEXTS = '{"type":"array","items":{"type":"string"}}'
NUMBERS = '{"type":"object","additionalProperties":{"type":"integer"}}'
SCORES = (
    '{"type":"object","additionalProperties":{"type":"object",'
    '"required":["scaled","raw","min","max"],"additionalProperties":{"type":"number"}}}'
)

EXTENSIONS = (
    Extension(ext.ENGAGEMENT, "engagement", "Code of the client's engagement with a vendor.", TEXT),
    Extension(ext.CLIENT, "client", "Code of the client.", TEXT),
    Extension(ext.VENDOR, "vendor", "Code of the vendor.", TEXT),
    Extension(ext.ATTEMPT, "attempt", "Which attempt this was, counted from 1.", COUNT),
    Extension(ext.CYCLE, "cycle", "Which renewal this counts for, counted from 1.", COUNT),
    Extension(
        ext.POSITION,
        "position",
        "Place of a question in its quiz, or of a decision on the path, counted from 1.",
        COUNT,
    ),
    Extension(ext.SCENE, "scene", "Id of the scene of a case study.", TEXT),
    Extension(ext.STATE_BEFORE, "state before", "The case's meters before the decision.", NUMBERS),
    Extension(ext.OFFERED, "offered", "Ids of the choices that the decision was among.", TEXTS),
    Extension(
        ext.ENDING,
        "ending",
        "Id of the ending that a case study reached.",
        TEXT,
    ),
    Extension(
        ext.COMPETENCIES,
        "competencies",
        "What the decisions of a case study showed, per competency, as scores.",
        SCORES,
        place=RESULT_PLACE,
    ),
    Extension(
        ext.REPLAY_OF, "replay of", "Number of the attempt whose beginning this repeats.", COUNT
    ),
    Extension(ext.REPLAY_FROM, "replay from", "Position of the first decision taken anew.", COUNT),
    Extension(
        ext.RESPONSE_LENGTH,
        "length of the response",
        "Characters of a written answer whose words stay with the client.",
        '{"type":"integer","minimum":0}',
        place=RESULT_PLACE,
    ),
    Extension(
        ext.TEXTS,
        "texts",
        "Texts of the ids of a question that none of xAPI's component lists can carry.",
        '{"type":"object"}',
        place=ACTIVITY_PLACE,
    ),
    Extension(
        ext.SIMULATED,
        "simulated",
        "True on records of invented people, in demonstrations.",
        '{"const":true}',
    ),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a template, in the specification's form; ``location`` is its JSONPath."""

    location: str
    presence: str = ""
    all: tuple[Any, ...] = ()
    any: tuple[Any, ...] = ()

    def as_json(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"location": self.location}
        if self.presence:
            wire["presence"] = self.presence
        if self.all:
            wire["all"] = list(self.all)
        if self.any:
            wire["any"] = list(self.any)
        return wire

    def problem(self, statement: Mapping[str, Any]) -> str:
        """What breaks the rule, in words; empty if nothing does."""
        found = list(values_at(statement, self.location))
        if self.presence == "included" and not found:
            return "is missing"
        if self.presence == "excluded" and found:
            return "must not be there"
        if self.presence == "recommended" and not found:
            return ""
        if self.any and not any(value in self.any for value in found):
            return f"is none of {list(self.any)}"
        if self.all and not all(value in self.all for value in found):
            return f"is something else than {list(self.all)}"
        return ""


def extension_path(part: str, name: str) -> str:
    """JSONPath of one of our extensions; ``part`` is ``context`` or ``result``."""
    return f"$.{part}.extensions['{ext.iri(name)}']"


@dataclass(frozen=True, slots=True)
class Template:
    """Statements with this verb about this type of activity, and what they must hold."""

    name: str
    verb: Verb
    about: ActivityType
    definition: str
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        return f"{profile_version_id()}/templates/{self.name}"


KINDS = {
    T.COURSE: "programme",
    T.MODULE: "module",
    T.LESSON: "lesson",
    T.ASSESSMENT: "quiz",
    T.SIMULATION: "case study",
    T.INTERACTION: "question or scene",
}
UNITS = (T.LESSON, T.ASSESSMENT, T.SIMULATION)
SAID = (
    (verbs.REGISTERED, (T.COURSE,), "A person was enrolled, or a new cycle began."),
    (verbs.INITIALIZED, (T.COURSE, T.MODULE, *UNITS), "A person began, or began a new attempt."),
    (verbs.PROGRESSED, (T.LESSON, T.SIMULATION), "A person went on to the next part."),
    (verbs.ANSWERED, (T.INTERACTION,), "A question was answered, or a decision taken."),
    (verbs.PASSED, (T.ASSESSMENT, T.SIMULATION), "An attempt reached the score that it needs."),
    (verbs.FAILED, (T.ASSESSMENT, T.SIMULATION), "An attempt missed the score that it needs."),
    (verbs.COMPLETED, (T.COURSE, T.MODULE, *UNITS), "What its rule asks for has been done."),
    (verbs.TERMINATED, UNITS, "A person left a unit, or an attempt is over."),
    (verbs.ABANDONED, (T.ASSESSMENT, T.SIMULATION), "An attempt was left and will not go on."),
    (verbs.WAIVED, (T.COURSE, T.MODULE), "Somebody was let off, for a reason."),
    (verbs.SATISFIED, (T.COURSE, T.MODULE), "What was earned elsewhere counts here as well."),
)

SCORE = (Rule("$.result.score.scaled", "included"), Rule("$.result.score.raw", "included"))
OF_VERB: Mapping[str, tuple[Rule, ...]] = {
    verbs.PASSED.id: (Rule("$.result.success", "included", all=(True,)), *SCORE),
    verbs.FAILED.id: (Rule("$.result.success", "included", all=(False,)), *SCORE),
    verbs.COMPLETED.id: (Rule("$.result.completion", "included", all=(True,)),),
    verbs.TERMINATED.id: (Rule("$.result.duration", "included"),),
    verbs.WAIVED.id: (Rule(f"$.result.extensions['{ext.REASON}']", "included"),),
    verbs.ANSWERED.id: (
        Rule("$.object.definition.interactionType", "included"),
        Rule("$.result", "included"),
    ),
}


@lru_cache(maxsize=8)
def _templates(_base: str) -> tuple[Template, ...]:
    return tuple(
        Template(
            name=f"{verb.display['en']}-{KINDS[about].replace(' ', '-')}",
            verb=verb,
            about=about,
            definition=definition,
            rules=(*_common(about), *OF_VERB.get(verb.id, ())),
        )
        for verb, abouts, definition in SAID
        for about in abouts
    )


def templates() -> tuple[Template, ...]:
    """Every template, in the order of a person's way."""
    return _templates(ext.iri_base())


def _common(about: ActivityType) -> Iterator[Rule]:
    yield Rule("$.timestamp", "included")
    yield Rule("$.actor.account.name", "included")
    yield Rule("$.actor.mbox", "excluded")
    yield Rule("$.context.registration", "included")
    yield Rule("$.context.platform", "included", all=(PLATFORM,))
    yield Rule("$.context.contextActivities.category[*].id", any=(profile_version_id(),))
    yield Rule("$.object.definition.name", "included")
    if about not in (T.COURSE, T.MODULE):  # a module may be taken within no programme
        yield Rule("$.context.contextActivities.parent[0].id", "included")


# --- whether a statement keeps to it ----------------------------------------------------------

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]|\[(\d+|\*)\]")


def values_at(document: Any, location: str) -> Iterator[Any]:
    """What lies at a JSONPath of the kinds that templates may use: names, indexes and ``*``.

    :raises ValueError: the path is none of these.
    """
    yield from _values([document], _steps(location))


@lru_cache(maxsize=256)
def _steps(location: str) -> tuple[str | int, ...]:
    if not location.startswith("$"):
        raise ValueError(f"{location!r} does not begin with $")
    steps: list[str | int] = []
    at = 1
    while at < len(location):
        step = _STEP.match(location, at)
        if step is None:
            raise ValueError(f"{location!r} cannot be read from character {at + 1}")
        name, quoted, index = step.groups()
        steps.append(name or quoted or (index if index == "*" else int(index)))
        at = step.end()
    return tuple(steps)


def _values(found: Sequence[Any], steps: Sequence[str | int]) -> Sequence[Any]:
    for step in steps:
        inner: list[Any] = []
        for value in found:
            if isinstance(step, int):
                inner.extend(value[step : step + 1] if isinstance(value, list) else ())
            elif step == "*":
                inner.extend(
                    value
                    if isinstance(value, list)
                    else value.values()
                    if isinstance(value, Mapping)
                    else ()
                )
            elif isinstance(value, Mapping) and step in value:
                inner.append(value[step])
        found = inner
    return found


def template_of(statement: Mapping[str, Any]) -> Template | None:
    """The template whose determining properties the statement has: verb and type of object."""
    (verb,) = list(values_at(statement, "$.verb.id")) or [None]
    (about,) = list(values_at(statement, "$.object.definition.type")) or [None]
    for template in templates():
        if template.verb.id == verb and template.about == about:
            return template
    return None


def problems(statement: Mapping[str, Any]) -> list[Finding]:
    """What of the profile the statement does not keep to, and extensions that it does not know."""
    if list(values_at(statement, "$.verb.id")) == [verbs.VOIDED.id]:
        return []
    template = template_of(statement)
    if template is None:
        return [Finding("verb", "Attune's profile has no template for this verb and object")]
    found = [
        Finding(rule.location, f"{problem} (template {template.name})")
        for rule in template.rules
        if (problem := rule.problem(statement))
    ]
    return [*found, *_misplaced(statement)]


def _misplaced(statement: Mapping[str, Any]) -> Iterator[Finding]:
    ours = f"{ext.iri_base()}/xapi/extensions/"
    for part in CONCEPTS:
        known = {ext.iri(each.name) for each in EXTENSIONS if each.place == part}
        for extensions in values_at(statement, f"$.{part}.extensions"):
            for key in extensions:
                if key.startswith(ours) and key not in known:
                    yield Finding(f"{part}.extensions", f"{key} is not of the profile, or not here")


# --- the document -----------------------------------------------------------------------------


def document() -> dict[str, Any]:
    """The profile as JSON-LD, for the address that is its id."""
    scheme = profile_version_id()
    return {
        "@context": CONTEXT,
        "id": profile_id(),
        "type": "Profile",
        "conformsTo": CONFORMS_TO,
        "prefLabel": {"en": "Attune: cultural training for service desks"},
        "definition": {
            "en": "What Attune records of training for outsourced service desks: enrolment, "
            "lessons, quizzes, decisions in case studies, completion and its renewal. One "
            "registration per enrolment and cycle. People are pseudonymous accounts."
        },
        "author": {"type": "Organization", "name": "Attune"},
        "versions": [{"id": scheme, "generatedAtTime": GENERATED_AT}],
        "concepts": [_concept(each, scheme) for each in EXTENSIONS],
        "templates": [_wire_template(each, scheme) for each in templates()],
        "patterns": _patterns(scheme),
    }


def _concept(extension: Extension, scheme: str) -> dict[str, Any]:
    return {
        "id": ext.iri(extension.name),
        "type": CONCEPTS[extension.place],
        "inScheme": scheme,
        "prefLabel": {"en": extension.label},
        "definition": {"en": extension.definition},
        "inlineSchema": extension.schema,
    }


def _wire_template(template: Template, scheme: str) -> dict[str, Any]:
    return {
        "id": template.id,
        "type": "StatementTemplate",
        "inScheme": scheme,
        "prefLabel": {"en": f"{template.verb.display['en']} ({KINDS[template.about]})"},
        "definition": {"en": template.definition},
        "verb": template.verb.id,
        "objectActivityType": str(template.about),
        "contextCategoryActivityType": [str(T.PROFILE)],
        "rules": [rule.as_json() for rule in template.rules],
    }


def _patterns(scheme: str) -> list[dict[str, Any]]:
    """An enrolment: first *registered*, then whatever the person does, in any order.

    More would be untrue: several units may be open at once, and records of offline work or of
    a marker's decision come when they come.
    """
    first, *others = templates()
    base = f"{scheme}/patterns"
    return [
        {
            "id": f"{base}/enrolment",
            "type": "Pattern",
            "primary": True,
            "inScheme": scheme,
            "prefLabel": {"en": "enrolment"},
            "definition": {"en": "Everything under one registration."},
            "sequence": [first.id, f"{base}/learning"],
        },
        {
            "id": f"{base}/learning",
            "type": "Pattern",
            "inScheme": scheme,
            "prefLabel": {"en": "learning"},
            "zeroOrMore": f"{base}/deed",
        },
        {
            "id": f"{base}/deed",
            "type": "Pattern",
            "inScheme": scheme,
            "prefLabel": {"en": "deed"},
            "alternates": [each.id for each in others],
        },
    ]
