"""The demo's case studies: sound graphs, named norms, and nobody said to be all alike."""

from __future__ import annotations

import re
import shutil
import tomllib
from typing import Any

import pytest

from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.plain import case_from_plain
from attune.case_studies.branching.values import Case
from attune.case_studies.services.prepare_case import prepared
from config.demo.reading import ROOT, read_programmes
from config.demo.tables import ContentError, Source
from config.demo.translations import check_translations

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


@pytest.fixture(scope="module")
def german(sources: list[Source]) -> list[tuple[Source, Source]]:
    """Each translated case beside its original."""
    return [
        (unit, unit.translations["de"])
        for unit in sources
        if unit.values["kind"] == "case" and "de" in unit.translations
    ]


def test_the_german_case_is_as_sound_as_the_english_one(german):
    assert [original.path for original, _translated in german] == [
        "german-colleagues/communication/the-time-that-passed"
    ]
    for original, translated in german:
        check_translations([original])
        mine = case_from_plain(original.values["case"])
        case = case_from_plain(translated.values["case"])
        assert examine(case).findings == (), case.title
        prepared(case, user=None)
        assert set(variables_in(case)) == set(variables_in(mine)) != set()
        for scene, its in zip(mine.scenes, case.scenes, strict=True):
            assert scene.title != its.title
            for choice, other in zip(scene.choices, its.choices, strict=True):
                assert choice.text != other.text
                # The clock times and figures of a reply are those of the original.
                assert _figures(choice.text) == _figures(other.text), choice.key


def _figures(words: str) -> list[str]:
    return sorted(re.findall(r"\d\d:\d\d", words))


def variables_in(case: Case) -> list[str]:
    return re.findall(r"\{\{\s*([\w.]+)", str(case))


def test_german_norms_are_those_of_the_english_case(german):
    def norms(file: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = tomllib.loads((ROOT / file).read_text())["norm"]
        return found

    english = {norm["name"] for norm in norms("german-colleagues/norms.toml")}
    same = {norm["of"]: norm["name"] for norm in norms("german-colleagues/de/norms.toml")}
    assert set(same) <= english
    assert len(set(same.values())) == len(same)
    for original, translated in german:
        for mine, theirs in zip(
            original.values["case"]["scenes"], translated.values["case"]["scenes"], strict=True
        ):
            for one, other in zip(mine["choices"], theirs["choices"], strict=True):
                assert other["norm"] == same[one["norm"]], one["key"]
                assert not re.search(r"\b(alle|jeder|jede) Deutschen?\b", other["reading"])


def test_a_translation_that_changes_a_rule_is_refused(tmp_path):
    root = shutil.copytree(ROOT, tmp_path / "demo_content")
    file = root / "german-colleagues/communication/de/the-time-that-passed.toml"
    text = file.read_text()
    assert 'effects = "trust += 10"' in text
    file.write_text(text.replace('effects = "trust += 10"', 'effects = "trust += 11"', 1))
    with pytest.raises(ContentError, match="the-time-that-passed"):
        read_programmes(root)
