"""One statement of each kind that Attune says, as the floors above will say it.

The goldens are made from these; so is what the validators read. Values are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from attune.xapi import extensions as ext
from attune.xapi import interactions as ia
from attune.xapi import verbs
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Score,
    Statement,
    activity_id,
    build,
    void,
)

SPACE = UUID("0a3f4d7c-95b0-4a55-9d2e-3f3a7a5d0002")
MARIA = uuid5(SPACE, "maria")
REGISTRATION = uuid5(SPACE, "enrolment")
AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)

PROGRAMME = Activity(
    id=activity_id("programme", uuid5(SPACE, "programme")),
    type=ActivityType.COURSE,
    name={
        "en": "Working with German colleagues and customers",
        "de": "Mit deutschen Kolleginnen und Kunden arbeiten",
    },
    more_info="https://attune.example/nordlicht/working-with-german-colleagues/",
)
MODULE = Activity(
    id=activity_id("module", uuid5(SPACE, "module")),
    type=ActivityType.MODULE,
    name={"en": "Etiquette", "de": "Umgangsformen"},
    description={"en": "Forms of address, punctuality, small talk."},
)
LESSON = Activity(
    id=activity_id("lesson", uuid5(SPACE, "lesson")),
    type=ActivityType.LESSON,
    name={"en": "Names and greetings", "de": "Namen und Begrüßung"},
)
QUIZ = Activity(
    id=activity_id("quiz", uuid5(SPACE, "quiz")),
    type=ActivityType.ASSESSMENT,
    name={"en": "What did you keep?"},
)
CASE = Activity(
    id=activity_id("case", uuid5(SPACE, "case")),
    type=ActivityType.SIMULATION,
    name={"en": "The ticket that came back"},
)


def question(name: str, interaction: ia.Interaction) -> Activity:
    return Activity(
        id=activity_id("question", uuid5(SPACE, name)),
        type=ActivityType.INTERACTION,
        name={"en": name},
        description={"en": f"{name}?"},
        interaction=interaction,
    )


def components(*ids: str) -> tuple[ia.Component, ...]:
    return tuple(ia.Component(i, {"en": f"Text of {i}", "de": f"Text von {i}"}) for i in ids)


TRUE_FALSE = question(
    "Herr Müller is Thomas after a week",
    ia.Interaction(type="true-false", correct_responses=(ia.encode_true_false(False),)),
)
CHOICE = question(
    "Which two belong into the first sentence",
    ia.Interaction(
        type="choice",
        correct_responses=(ia.encode_choice(["what", "when"]),),
        choices=components("what", "when", "weather"),
    ),
)
#: All ten types, each with a right response.
INTERACTIONS: dict[str, tuple[ia.Interaction, str]] = {
    "true-false": (ia.Interaction(type="true-false", correct_responses=("true",)), "true"),
    "choice": (
        ia.Interaction(type="choice", correct_responses=("a[,]c",), choices=components(*"abc")),
        "c[,]a",
    ),
    "fill-in": (
        ia.Interaction(
            type="fill-in",
            correct_responses=(
                ia.encode_fill_in(["Sie"], case_matters=True, lang="de"),
                ia.encode_fill_in(["du"], case_matters=False),
            ),
        ),
        "DU",
    ),
    "long-fill-in": (
        ia.Interaction(
            type="long-fill-in",
            correct_responses=(ia.encode_long_fill_in("Sehr geehrte …", lang="de"),),
        ),
        "Sehr geehrte Frau Vogt, …",
    ),
    "matching": (
        ia.Interaction(
            type="matching",
            correct_responses=(ia.encode_matching([("s1", "t2"), ("s2", "t1")]),),
            source=components("s1", "s2"),
            target=components("t1", "t2"),
        ),
        "s2[.]t1[,]s1[.]t2",
    ),
    "performance": (
        ia.Interaction(
            type="performance",
            correct_responses=(ia.encode_performance([("greet", "done"), ("reply", "0[:]15")]),),
            steps=components("greet", "reply"),
        ),
        "greet[.]done[,]reply[.]12",
    ),
    "sequencing": (
        ia.Interaction(
            type="sequencing",
            correct_responses=(ia.encode_sequencing(["b", "a", "c"]),),
            choices=components(*"abc"),
        ),
        "b[,]a[,]c",
    ),
    "likert": (ia.Interaction(type="likert", scale=components("1", "2", "3")), "2"),
    "numeric": (
        ia.Interaction(type="numeric", correct_responses=(ia.encode_numeric(4, 8),)),
        "4.5",
    ),
    "other": (ia.Interaction(type="other", correct_responses=("anything",)), "anything at all"),
}


def context(
    *, parent: tuple[Activity, ...] = (), grouping: tuple[Activity, ...] = (), **extra: object
) -> Context:
    codes = ext.codes(engagement="nordlicht-habagat", client="nordlicht", vendor="habagat")
    return Context(
        registration=REGISTRATION,
        parent=parent,
        grouping=grouping,
        language="en",
        revision="17",
        extensions=codes | {ext.iri(name): value for name, value in extra.items()},
    )


def _say(
    name: str, verb: verbs.Verb, activity: Activity, where: Context, result: Result | None = None
) -> Statement:
    return build(
        deed=f"golden:{name}",
        actor=MARIA,
        verb=verb,
        activity=activity,
        at=AT,
        context=where,
        result=result,
    )


def _answered(name: str, activity: Activity, response: str, success: bool | None) -> Statement:
    return _say(
        name,
        verbs.ANSWERED,
        activity,
        context(parent=(QUIZ,), grouping=(MODULE, PROGRAMME), attempt=1, position=3),
        Result(
            score=None
            if success is None
            else Score(scaled=float(success), raw=float(success), minimum=0, maximum=1),
            success=success,
            response=response,
            duration=timedelta(seconds=21.456),
        ),
    )


IN_MODULE = context(parent=(MODULE,), grouping=(PROGRAMME,))
QUIZ_SCORE = Score(scaled=0.8333333333, raw=5, minimum=0, maximum=6)
LOW_SCORE = Score(scaled=0.5, raw=3, minimum=0, maximum=6)

SAMPLES: dict[str, Callable[[], Statement]] = {
    "registered": lambda: _say("registered", verbs.REGISTERED, PROGRAMME, context()),
    "initialized": lambda: _say("initialized", verbs.INITIALIZED, LESSON, IN_MODULE),
    "progressed": lambda: _say("progressed", verbs.PROGRESSED, LESSON, IN_MODULE),
    "answered-true-false": lambda: _answered("tf", TRUE_FALSE, "false", True),
    "answered-choice": lambda: _answered("choice", CHOICE, "what[,]weather", False),
    "passed": lambda: _say(
        "passed",
        verbs.PASSED,
        QUIZ,
        IN_MODULE,
        Result(score=QUIZ_SCORE, success=True, completion=True, duration=timedelta(minutes=4)),
    ),
    "failed": lambda: _say(
        "failed", verbs.FAILED, QUIZ, IN_MODULE, Result(score=LOW_SCORE, success=False)
    ),
    "completed-unit": lambda: _say(
        "unit",
        verbs.COMPLETED,
        LESSON,
        IN_MODULE,
        Result(completion=True, duration=timedelta(hours=1, minutes=2, seconds=3)),
    ),
    "completed-module": lambda: _say(
        "module",
        verbs.COMPLETED,
        MODULE,
        context(parent=(PROGRAMME,)),
        Result(completion=True),
    ),
    "completed-programme": lambda: _say(
        "programme", verbs.COMPLETED, PROGRAMME, context(), Result(completion=True)
    ),
    "terminated": lambda: _say(
        "terminated",
        verbs.TERMINATED,
        LESSON,
        IN_MODULE,
        Result(duration=timedelta(minutes=12, seconds=5.5)),
    ),
    "abandoned": lambda: _say("abandoned", verbs.ABANDONED, QUIZ, IN_MODULE),
    "waived": lambda: _say(
        "waived",
        verbs.WAIVED,
        MODULE,
        context(parent=(PROGRAMME,)),
        Result(completion=True, extensions={ext.REASON: "earned in another programme"}),
    ),
    "satisfied": lambda: _say("satisfied", verbs.SATISFIED, MODULE, context(parent=(PROGRAMME,))),
    "voided": lambda: void(
        deed="golden:voided",
        actor=MARIA,
        target=uuid5(SPACE, "mistake"),
        at=AT,
        registration=REGISTRATION,
    ),
    "decision": lambda: _say(
        "decision",
        verbs.ANSWERED,
        CHOICE,
        context(parent=(CASE,), grouping=(MODULE,), scene="scene-2", position=2),
        Result(success=True, response="what[,]when", duration=timedelta(seconds=40)),
    ),
    **{
        f"answered-all-{kind}": (
            lambda kind=kind: _answered(
                f"all-{kind}",
                question(f"A question of type {kind}", INTERACTIONS[kind][0]),
                INTERACTIONS[kind][1],
                None if kind == "likert" else True,
            )
        )
        for kind in INTERACTIONS
    },
}
