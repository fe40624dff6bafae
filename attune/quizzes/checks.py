"""System checks: a question type that lacks a part is refused before anyone can use it."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

from django.core.checks import CheckMessage, Error, register

from attune.quizzes.questions import Question, question_types
from attune.quizzes.questions.items import AnswerForm, Item
from attune.xapi.interactions import InteractionType

ITEM_PARTS = (
    "read",
    "encode",
    "decode",
    "grade",
    "correct_responses",
    "components",
    "order",
    "outcomes",
    "problems",
)
MODEL_PARTS = ("own_definition", "fill", "as_data")
FORM_PARTS = ("build", "raw_response")


def lacking(part_of: type, base: type, names: tuple[str, ...]) -> list[str]:
    """Names that ``part_of`` has only as ``base``'s empty promise."""
    return [
        name
        for name in names
        if inspect.getattr_static(part_of, name, None) is inspect.getattr_static(base, name)
    ]


def problems_of(model: type[Question]) -> list[str]:
    """What a question type lacks, each as the end of “This question type …”."""
    problems = []
    if not re.fullmatch(r"[a-z][a-z0-9_]*", model.kind):
        problems.append("names no “kind” in small letters, digits and underscores")
    problems += [f"does not say {name}()" for name in lacking(model, Question, MODEL_PARTS)]
    for name in ("panels", "translatable_fields"):
        if not getattr(model, name, None):
            problems.append(f"has no “{name}”")
    if model._meta.verbose_name == Question._meta.verbose_name:
        problems.append("has no verbose_name of its own")
    item = model.item_class
    if not (isinstance(item, type) and issubclass(item, Item)):
        return [*problems, "has no “item_class”"]
    problems += [f"has an item that does not say {n}()" for n in lacking(item, Item, ITEM_PARTS)]
    if item.interaction_type not in set(InteractionType):
        problems.append("has an item whose interaction_type is none of xAPI’s ten")
    form = item.answer_form
    if not (isinstance(form, type) and issubclass(form, AnswerForm)):
        return [*problems, "has an item without an “answer_form”"]
    problems += [
        f"has an answer form that does not say {name}()"
        for name in lacking(form, AnswerForm, FORM_PARTS)
    ]
    return problems


@register("models")
def check_question_types(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    types = question_types()
    errors: list[CheckMessage] = [
        Error(
            f"This question type {problem}.",
            hint="See attune/quizzes/questions/true_false.py for a complete one.",
            obj=model,
            id="attune_quizzes.E001",
        )
        for model in types
        for problem in problems_of(model)
    ]
    shared = {kind for kind, times in Counter(model.kind for model in types).items() if times > 1}
    errors += [
        Error(
            f"Two question types call themselves {model.kind!r}.",
            obj=model,
            id="attune_quizzes.E002",
        )
        for model in types
        if model.kind in shared
    ]
    return errors
