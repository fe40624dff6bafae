"""The system check refuses a question type that lacks a part."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from attune.quizzes import checks
from attune.quizzes.checks import check_question_types, problems_of
from attune.quizzes.questions import Question, question_types
from attune.quizzes.questions.items import AnswerForm, Item
from attune.quizzes.questions.true_false import TrueFalseItem


def test_the_installed_types_are_complete() -> None:
    assert check_question_types(None) == []
    assert {model.kind for model in question_types()} >= {"true_false", "choice"}


def test_an_empty_type_is_told_all_that_it_lacks() -> None:
    class Hollow(Question):
        class Meta:
            abstract = True  # so that it stays out of the registry

    problems = " ".join(problems_of(Hollow))
    for missing in ("kind", "own_definition", "fill", "as_data", "panels", "item_class"):
        assert missing in problems


@pytest.mark.parametrize("part", checks.ITEM_PARTS)
def test_each_part_of_an_item_is_missed(part: str) -> None:
    less = type("LessItem", (TrueFalseItem,), {part: getattr(Item, part)})

    class Lacking(Question):
        kind = "lacking"
        item_class = less
        panels = [*Question.common_panels]
        translatable_fields = [*Question.common_translatable_fields]

        def own_definition(self) -> dict[str, Any]:
            return {}

        def fill(self, data: dict[str, Any]) -> None:
            return None

        def as_data(self) -> dict[str, Any]:
            return {}

        class Meta:
            abstract = True
            verbose_name = "lacking question"

    assert problems_of(Lacking) == [f"has an item that does not say {part}()"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interaction_type": "telepathy"}, "none of xAPI’s ten"),
        ({"answer_form": None}, "answer_form"),
        ({"answer_form": AnswerForm}, "build"),
    ],
)
def test_an_item_with_a_wrong_part_is_refused(changes: dict[str, Any], words: str) -> None:
    class Wrong(Question):
        kind = "wrong"
        item_class = type("WrongItem", (TrueFalseItem,), changes)
        panels = [*Question.common_panels]
        translatable_fields = [*Question.common_translatable_fields]

        def own_definition(self) -> dict[str, Any]:
            return {}

        def fill(self, data: dict[str, Any]) -> None:
            return None

        def as_data(self) -> dict[str, Any]:
            return {}

        class Meta:
            abstract = True
            verbose_name = "wrong question"

    assert any(words in problem for problem in problems_of(Wrong))


def test_a_borrowed_name_is_refused() -> None:
    class Borrowed(Question):
        class Meta:
            abstract = True
            verbose_name = Question._meta.verbose_name

    assert "has no verbose_name of its own" in problems_of(Borrowed)


def test_two_types_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first = question_types()[0]
    monkeypatch.setattr(checks, "question_types", lambda: [first, first])
    assert [error.id for error in check_question_types(None)] == ["attune_quizzes.E002"] * 2


def test_nothing_lists_the_types() -> None:
    """Adding a type is adding a file: no other module of the package names one."""
    from pathlib import Path  # noqa: PLC0415

    package = Path(checks.__file__).parent
    own_files = {Path(inspect.getfile(model)).name for model in question_types()}
    names = {model.__name__ for model in question_types()}
    named = [
        path.name
        for path in package.rglob("*.py")
        if path.name not in own_files
        and "migrations" not in path.parts
        and any(name in path.read_text() for name in names)
    ]
    assert named == []
