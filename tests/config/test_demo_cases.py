"""The demo's case studies: sound graphs, named norms, and nobody said to be all alike."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.plain import case_from_plain
from attune.case_studies.branching.values import Case
from attune.case_studies.services.prepare_case import prepared
from config.demo.reading import ROOT, read_programmes
from config.demo.tables import Source

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sources(django_db_setup: None, django_db_blocker: Any) -> list[Source]:
    with django_db_blocker.unblock():
        return [
            unit
            for programme in read_programmes()
            for module in programme.children
            for unit in module.children
        ]


@pytest.fixture
def cases(sources: list[Source]) -> list[Case]:
    return [
        case_from_plain(unit.values["case"]) for unit in sources if unit.values["kind"] == "case"
    ]


def test_the_cases_are_sound(cases):
    assert len(cases) == 2
    for case in cases:
        examination = examine(case)
        assert examination.findings == (), case.title
        assert examination.exact
        assert len(case.scenes) >= 10
        assert len(case.endings) >= 3
        assert 3 <= len(case.competencies) <= 4
        assert all(len(scene.choices) >= 3 for scene in case.scenes)
        assert any(scene.condition for scene in case.scenes)
        prepared(case, user=None)  # raises where a name in braces stands for nothing


def test_every_choice_is_read_by_a_norm_that_the_culture_has(cases):
    norms = tomllib.loads((ROOT / "german-colleagues/norms.toml").read_text())["norm"]
    known = {norm["name"] for norm in norms}
    for choice in (each for case in cases for scene in case.scenes for each in scene.choices):
        assert choice.norm in known, choice.key
        assert choice.outcome
        assert choice.reading
        # Nobody speaks for a whole country.
        assert not re.search(r"\b(all|every|each) Germans?\b|\bGermans always\b", choice.reading)


def test_the_story_asks_and_says_where_it_comes_from(sources):
    (story,) = (unit for unit in sources if unit.values["kind"] == "reflective_case")
    assert "Invented" in story.values["provenance"]
    assert len(story.values["questions"]) == 3
