"""What must hold of every case: small ones made by chance, tried out to the last state."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.case_studies.branching import engine
from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.expressions import (
    ExpressionError,
    condition_from,
    effects_from,
    effects_text,
    score_from,
)
from attune.case_studies.branching.plain import case_from_plain, to_plain
from attune.case_studies.branching.values import Case, Choice, Ending, Meter, Scene
from tests.case_studies.branching.brute_force import all_walks
from tests.case_studies.branching.strategies import assignments, cases, numbers, truths

NEVER = ("unreachable-scene", "scene-never", "choice-never", "ending-never")
HAPPENS = ("stuck", "no-ending-matches", "otherwise-circle", "division-by-zero")


def where(examination, *codes, severity=None):
    return {
        (one.code, one.scene, one.choice, one.ending, one.field)
        for one in examination.findings
        if one.code in codes and severity in (None, one.severity)
    }


# --- Text ------------------------------------------------------------------------------------


@given(truths)
def test_a_condition_survives_being_written_and_read(tree):
    assert condition_from(str(tree)) == tree


@given(numbers, st.lists(assignments, max_size=3))
def test_scores_and_effects_survive_being_written_and_read(tree, found):
    assert score_from(str(tree)) == tree
    assert effects_from(effects_text(tuple(found))) == tuple(found)


WORDS = st.sampled_from(
    ["and", "or", "not", "(", ")", "trust", "5", "<", ">=", "=", "+=", ";", "-", "visited", '"a-b"']
)


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join)), st.sampled_from("cse"))
def test_any_text_is_read_or_refused_with_its_place(text, kind):
    read = {"c": condition_from, "s": score_from, "e": effects_from}[kind]
    refused = None
    try:
        read(text)
    except ExpressionError as error:
        refused = error
    assert refused is None or (str(refused) and 1 <= refused.column <= len(text) + 1)


# --- Plain values ----------------------------------------------------------------------------


@given(cases())
def test_a_case_survives_json(case):
    assert case_from_plain(json.loads(json.dumps(to_plain(case)))) == case


# --- Walking and examining --------------------------------------------------------------------


@given(cases())
def test_analysis_sees_what_trying_everything_sees(case):
    found = examine(case)
    walks = all_walks(case)
    assert found.exact
    empty = {scene.key for scene in case.scenes if not scene.choices}
    assert {one.scene for one in found.findings if one.code == "stuck"} == walks.stuck - empty
    broken = where(found, "no-ending-matches", "otherwise-circle")
    assert {(scene, choice) for _, scene, choice, _, _ in broken} == walks.broken
    assert {one.scene for one in found.findings if one.code == "no-way-out"} == walks.trapped
    unseen = {one.scene for one in found.findings if one.code in NEVER[:2]}
    assert unseen == {scene.key for scene in case.scenes} - walks.places
    assert {one.ending for one in found.findings if one.code == "ending-never"} == {
        ending.key for ending in case.endings
    } - walks.places
    assert {(one.scene, one.choice) for one in found.findings if one.code == "choice-never"} == {
        (scene.key, choice.key)
        for scene in case.scenes
        for choice in scene.choices
        if scene.key in walks.places
    } - walks.offered
    best = max((max(scores) for scores in walks.scores.values()), default=None)
    unpassable = best is not None and case.pass_score is not None and best < case.pass_score
    assert bool(where(found, "pass-score")) is unpassable
    assert bool(where(found, "division-by-zero")) is walks.zero


@given(cases())
def test_a_way_that_a_finding_names_leads_there(case):
    for one in examine(case).errors:
        if one.path and one.code in ("stuck", "no-way-out"):
            position = engine.walk(case, [step.partition("/")[2] for step in one.path])
            assert position.place == one.scene
            assert bool(engine.offered(case, position)) is (one.code != "stuck")


@given(cases(), st.integers(0, 12))
def test_bounded_analysis_claims_nothing_false_and_misses_nothing_that_happens(case, most):
    exact, bounded = examine(case), examine(case, most_states=most)
    if bounded.exact:
        assert bounded == exact
        return
    # Never means never. A scene that exactness calls unreachable may be called passed over.
    never = {(scene, choice, ending) for _, scene, choice, ending, _ in where(bounded, *NEVER)}
    known = {(scene, choice, ending) for _, scene, choice, ending, _ in where(exact, *NEVER)}
    gone = {scene for scene, choice, ending in known if not choice and not ending}
    assert {claim for claim in never if claim[0] not in gone} <= known
    # What happens is at least held possible, and an error is certain.
    assert where(exact, *HAPPENS) <= where(bounded, *HAPPENS)
    assert where(bounded, *HAPPENS, severity="error") <= where(exact, *HAPPENS)
    assert where(bounded, "pass-score") <= where(exact, "pass-score")


@given(cases(), st.randoms(use_true_random=False))
def test_no_sequence_of_legal_choices_raises_and_an_ending_stays_in_reach(case, chance):
    found = examine(case)
    if found.errors:
        return
    walk_by_chance(case, chance)
    assert all_walks(case).trapped == set()


def walk_by_chance(case, chance, most=30):
    position = engine.start(case)
    while not position.ended and len(position.path) < most:
        position = engine.take(case, position, chance.choice(engine.offered(case, position)).key)
    if position.ended:
        result = engine.outcome(case, position)
        assert 0 <= result.score <= 100
        assert all(0 <= one.scaled <= 1 for one in result.competencies.values())


@pytest.mark.parametrize("seed", range(20))
def test_enough_cases_made_by_chance_pass_for_the_property_to_mean_something(seed):
    """Sound cases are rare among those made blindly: these are grown to be sound mostly."""
    chance = random.Random(seed)
    case = sound_case(chance)
    assert examine(case).errors == ()
    for _ in range(20):
        walk_by_chance(case, chance)
    assert all_walks(case).trapped == set()
    assert all_walks(case).stuck == set()


def sound_case(chance):
    """Forwards mostly, a first choice that is always offered, a last ending without a rule."""
    keys = [f"scene-{number}" for number in range(5)]

    def onwards(number):
        return chance.choice([*keys[number + 1 :], "", "late"])

    scenes = tuple(
        Scene(
            key,
            key,
            (
                Choice("go", "", onwards(number), effects=f"trust += {chance.randint(-2, 3)}"),
                Choice(
                    "back",
                    "",
                    chance.choice(keys[: number + 1]),
                    condition=f'trust > {chance.randint(0, 4)} and not took("{key}/back")',
                    effects="trust -= 1; calm = 7 - trust",
                ),
            ),
            condition=f'trust >= {chance.randint(0, 2)} or visited("{keys[0]}")' if number else "",
            otherwise=onwards(number),
        )
        for number, key in enumerate(keys)
    )
    endings = (Ending("won", "", condition="trust >= 4", score="20 * trust"), Ending("late", ""))
    meters = (Meter("trust", "", 0, 5, 2), Meter("calm", "", 0, 9, 0))
    return Case("case", "", "en", scenes, endings, meters)
