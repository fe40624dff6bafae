"""Write a question without the editor: demo content, imports, content packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from wagtail.models import Locale

from attune.people.models import Organisation
from attune.quizzes.questions import Question, QuestionTag, question_type
from attune.quizzes.questions.prose import clean_prose


@transaction.atomic
def write_question(
    *,
    kind: str,
    owner: Organisation | None,
    locale: Locale,
    title: str,
    prompt: str,
    data: Mapping[str, Any],
    explanation: str = "",
    topic: str = "communication",
    difficulty: int = 2,
    tags: Iterable[str] = (),
    publish: bool = True,
    user: Any = None,
) -> Question:
    """A new question with its first revision, published unless told otherwise.

    ``prompt`` and ``explanation`` are rich text and go through the sanitiser; ``data`` holds
    what the type itself needs (``fill`` of the type says which). Nothing is written unless
    all of it is right.

    :raises LookupError: no such kind.
    :raises ValueError: ``data`` is not what the type needs.
    :raises ValidationError: a field is wrong, or the question could not be asked.
    """
    model = question_type(kind)
    question: Question = model(
        owner=owner,
        locale=locale,
        title=title,
        prompt=clean_prose(prompt),
        explanation=clean_prose(explanation),
        topic=topic,
        difficulty=difficulty,
        live=False,
    )
    question.fill(dict(data))
    names = dict.fromkeys(slugify(tag, allow_unicode=True) for tag in tags)
    tag_rows = [QuestionTag(name=name) for name in names if name]
    # modelcluster holds the rows until the question is saved.
    question.tags = tag_rows  # type: ignore[misc]
    question.full_clean()
    problems = question.item().problems()
    if problems:
        raise ValidationError(problems)
    question.save()
    revision = question.save_revision(user=user, log_action=True)
    if publish:
        revision.publish(user=user)
        question.refresh_from_db()
    return question
