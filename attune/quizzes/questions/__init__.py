"""Question types. One file per type; this package imports its siblings by itself.

Adding a type is adding a file (and its migration and golden statements). Who needs the
types asks ``question_types()``, which reads Django's app registry, so that a host site may
bring types of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from django.apps import apps

from attune.quizzes.questions.base import Question, QuestionTag
from attune.quizzes.questions.items import Definition, Item

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "Definition",
    "Item",
    "Question",
    "QuestionTag",
    "item_for",
    "question_type",
    "question_types",
]


def question_types() -> list[type[Question]]:
    """Every concrete question type that is installed, by name."""
    return sorted(
        (
            model
            for model in apps.get_models()
            if issubclass(model, Question) and model is not Question
        ),
        key=lambda model: model.kind,
    )


def question_type(kind: str) -> type[Question]:
    """The type of that kind.

    :raises LookupError: none is installed.
    """
    for model in question_types():
        if model.kind == kind:
            return model
    raise LookupError(f"No question type of the kind {kind!r} is installed.")


def item_for(definition: Definition | Any) -> Item:
    """The item that answers for a frozen definition."""
    item_class = question_type(str(definition["kind"])).item_class
    if item_class is None:
        raise LookupError(f"The question type {definition['kind']!r} has no item.")
    return item_class(definition)
