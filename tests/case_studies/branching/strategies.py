"""Small cases made by chance: few scenes, two meters with few values, so that all can be tried."""

from hypothesis import strategies as st

from attune.case_studies.branching.nodes import (
    And,
    Arithmetic,
    Assignment,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Relation,
    Took,
    Visited,
)
from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene

METERS = ("trust", "minutes_left")
SCENES = ("call", "plant-stop", "board", "late-2")
ENDINGS = ("good", "bad")
CHOICES = ("yes", "no")

numbers = st.recursive(
    st.one_of(st.builds(Number, st.integers(0, 4)), st.builds(Name, st.sampled_from(METERS))),
    lambda inner: st.one_of(
        st.builds(Negative, inner),
        st.builds(Arithmetic, st.sampled_from("+-*/%"), inner, inner),
    ),
    max_leaves=4,
)
truths = st.recursive(
    st.one_of(
        st.builds(Relation, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers, numbers),
        st.builds(Visited, st.sampled_from(SCENES[:2])),
        st.sampled_from([Took(f"{scene}/{choice}") for scene in SCENES[:2] for choice in CHOICES]),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(And, inner, inner), st.builds(Or, inner, inner)
    ),
    max_leaves=3,
)
assignments = st.builds(
    Assignment, st.sampled_from(METERS), st.sampled_from(["=", "+=", "-="]), numbers
)
effects = st.lists(assignments, max_size=2).map(lambda found: "; ".join(map(str, found)))


def often_empty(texts):
    return st.one_of(st.just(""), st.just(""), texts.map(str))


def places(extra=("",)):
    return st.sampled_from([*SCENES, *ENDINGS, *extra])


@st.composite
def cases(draw):
    scenes = tuple(
        Scene(
            key,
            key.title(),
            tuple(
                Choice(
                    choice,
                    choice,
                    to=draw(places()),
                    condition=draw(often_empty(truths)),
                    effects=draw(effects),
                    points=draw(st.dictionaries(st.just("tact"), st.integers(-2, 3))),
                )
                for choice in CHOICES[: draw(st.sampled_from([0, 1, 2, 2, 2]))]
            ),
            condition=draw(often_empty(truths)),
            otherwise=draw(places()),
        )
        for key in SCENES
    )
    # Facts are asked of the first two scenes: both have their choices.
    scenes = tuple(
        scene if len(scene.choices) == 2 or number > 1 else _with_both(scene)
        for number, scene in enumerate(scenes)
    )
    endings = tuple(
        Ending(key, key, condition=draw(often_empty(truths)), score=str(draw(numbers)))
        for key in ENDINGS
    )
    meters = tuple(
        Meter(name, name, 0, draw(st.integers(1, 3)), draw(st.integers(0, 1))) for name in METERS
    )
    return Case(
        "case",
        "A case",
        "en",
        scenes,
        endings,
        meters,
        (Competency("tact", "Tact"),),
        draw(st.sampled_from([None, 1, 3])),
    )


def _with_both(scene):
    choices = tuple(Choice(key, key, to=SCENES[2]) for key in CHOICES)
    return Scene(scene.key, scene.title, choices, scene.condition, scene.otherwise)
