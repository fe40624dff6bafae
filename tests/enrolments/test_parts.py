"""What stands behind the IRIs of questions, scenes and self-checks; and that every kind of IRI
that our records name is known."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from attune.case_studies.models import CaseDecision
from attune.enrolments import hooks
from attune.enrolments.iris import knows
from attune.xapi.models import StatementRecord
from attune.xapi.statements import ActivityType
from tests.case_studies.conftest import case_set as case_set
from tests.case_studies.support import CaseSet
from tests.quizzes.conftest import quiz_set as quiz_set
from tests.quizzes.support import QuizSet

ROOT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
A_QUESTION = {"type": str(ActivityType.INTERACTION)}
SECRETS = ("correct", "choices", "Friday is at risk", "pattern")


# --- every kind that is said is known --------------------------------------------------------


def goldens() -> list[Path]:
    return sorted((ROOT / "tests").glob("**/golden/*.json"))


def activities_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("objectType") == "Activity":
            yield value["id"]
        for inner in value.values():
            yield from activities_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from activities_in(inner)


def test_every_activity_of_every_golden_is_of_a_known_kind() -> None:
    named = {iri for path in goldens() for iri in activities_in(json.loads(path.read_text()))}
    assert len(named) > 20
    unknown = sorted(iri for iri in named if not knows(iri))
    assert unknown == []


def test_every_kind_that_the_code_can_say_is_known(settings: Any) -> None:
    """Goldens may be forgotten; a call of ``activity_id`` cannot be."""
    shapes = set()
    for path in (ROOT / "attune").glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            shapes |= set(_shapes(node))
    assert {("question", ""), ("case", "scenes"), ("lesson", "checks")} <= shapes
    for kind, part in shapes:
        iri = f"{settings.ATTUNE_IRI_BASE}/xapi/{kind}/{uuid4()}"
        assert knows(f"{iri}/{part}/name" if part else iri), (kind, part)


def _shapes(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Kind and part in ``activity_id("case", …)`` and in ``f"{activity_id(…)}/scenes/{…}"``."""
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.FormattedValue):
        for kind, _part in _shapes(node.values[0].value):
            after = node.values[1]
            assert isinstance(after, ast.Constant)
            yield kind, str(after.value).strip("/")
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "activity_id":
        kind = node.args[0]
        if isinstance(kind, ast.Constant):
            yield str(kind.value), ""


@pytest.mark.parametrize(
    "iri",
    [
        "https://attune.example/xapi/teapot/7ab1e5e7-0000-4000-8000-00000000cafe",
        "https://attune.example/xapi/case/7ab1e5e7-0000-4000-8000-00000000cafe/teapots/x",
        "https://attune.example/xapi/case/no-key",
        "https://elsewhere.example/xapi/case/7ab1e5e7-0000-4000-8000-00000000cafe",
        "https://attune.example/admin/",
    ],
)
def test_what_is_not_known(iri: str) -> None:
    assert not knows(iri)


def test_a_kind_that_nobody_registers_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    iri = "https://attune.example/xapi/question/7ab1e5e7-0000-4000-8000-00000000cafe"
    assert knows(iri)
    monkeypatch.delitem(hooks.activity_parts, "question")
    assert not knows(iri)


# --- questions ---------------------------------------------------------------------------------


@pytest.fixture
def question_iri(quiz_set: QuizSet) -> str:
    return f"/xapi/question/{quiz_set.questions[1].translation_key}"


@pytest.mark.django_db
class TestQuestions:
    def test_a_machine_learns_the_type_alone(self, client: Client, question_iri: str) -> None:
        assert client.get(question_iri).json() == A_QUESTION

    def test_a_learner_is_led_to_the_quiz_and_not_told_what_it_asks(
        self, as_user: Callable[..., Any], quiz_set: QuizSet, question_iri: str
    ) -> None:
        learner = as_user(Client(), quiz_set.person)
        answer = learner.get(question_iri, headers={"accept": BROWSER})
        assert answer["Location"] == quiz_set.quiz.url
        assert learner.get(question_iri).json() == {
            **A_QUESTION,
            "moreInfo": quiz_set.quiz.get_full_url(),
        }

    def test_a_trainer_is_told_its_name_and_never_the_key(
        self,
        as_user: Callable[..., Any],
        quiz_set: QuizSet,
        question_iri: str,
        nordlicht_habagat: Any,
    ) -> None:
        trainer = as_user(Client(), nordlicht_habagat.trainer)
        said = trainer.get(question_iri)
        assert said.json()["name"] == {"en": quiz_set.questions[1].title}
        assert not [secret for secret in SECRETS if secret in said.text]

    def test_a_stranger_is_led_nowhere(
        self, as_user: Callable[..., Any], question_iri: str, cast: Any
    ) -> None:
        stranger = as_user(Client(), cast.cedar.trainer)
        assert stranger.get(question_iri).json() == A_QUESTION
        assert stranger.get(question_iri, headers={"accept": BROWSER}).status_code == 404

    def test_nobody_is_asked_to_sign_in(self, client: Client, question_iri: str) -> None:
        answer = client.get(question_iri, headers={"accept": BROWSER})
        assert answer["Location"].endswith(f"?next={question_iri}")

    def test_what_is_not_there(self, client: Client, question_iri: str) -> None:
        assert client.get(f"/xapi/question/{uuid4()}").status_code == 404
        assert client.get(f"{question_iri}/scenes/x").status_code == 404
        assert client.post(question_iri).status_code == 405


# --- scenes -------------------------------------------------------------------------------------


@pytest.fixture
def scene_iri(case_set: CaseSet) -> str:
    scene = case_set.page.scenes.first()
    assert scene is not None
    return f"/xapi/case/{case_set.page.translation_key}/scenes/{scene.key}"


@pytest.mark.django_db
class TestScenes:
    def test_a_machine_learns_the_type_alone(self, client: Client, scene_iri: str) -> None:
        assert client.get(scene_iri).json() == A_QUESTION

    def test_a_learner_is_led_to_the_case_and_not_told_what_comes(
        self, as_user: Callable[..., Any], case_set: CaseSet, scene_iri: str
    ) -> None:
        learner = as_user(Client(), case_set.person)
        answer = learner.get(scene_iri, headers={"accept": BROWSER})
        assert answer["Location"] == case_set.page.url
        assert set(learner.get(scene_iri).json()) == {"type", "moreInfo"}

    def test_a_trainer_is_told_its_title(
        self, as_user: Callable[..., Any], scene_iri: str, case_set: CaseSet, cast: Any
    ) -> None:
        trainer = as_user(Client(), cast.nordlicht.trainer)
        scene = case_set.page.scenes.first()
        assert scene is not None
        assert trainer.get(scene_iri).json()["name"] == {"en": scene.title}
        stranger = as_user(Client(), cast.cedar.trainer)
        assert stranger.get(scene_iri).json() == A_QUESTION

    def test_what_is_not_there(self, client: Client, scene_iri: str) -> None:
        assert client.get(scene_iri + "-no-more").status_code == 404
        assert client.get(scene_iri.replace("scenes", "teapots")).status_code == 404
        assert client.get(scene_iri.replace("scenes", "questions")).status_code == 404
        assert not CaseDecision.objects.exists()


# --- self-checks -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_self_check_leads_to_its_lesson(
    as_user: Callable[..., Any], nordlicht_content: Any, cast: Any, client: Client
) -> None:
    lesson = nordlicht_content.checked_lesson
    block = next(iter(lesson.self_checks()))
    iri = f"/xapi/lesson/{lesson.translation_key}/checks/{block}"
    assert client.get(iri).json() == A_QUESTION
    trainer = as_user(Client(), cast.nordlicht.trainer)
    assert trainer.get(iri, headers={"accept": BROWSER})["Location"] == lesson.url
    said = trainer.get(iri)
    assert said.json()["name"] == {"en": "Which reply names a time?"}
    assert "correct" not in said.text
    assert client.get(f"{iri}0").status_code == 404
    assert not StatementRecord.objects.exists()  # looking something up is no deed
