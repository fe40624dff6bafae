"""A question of the bank out of a draft, checked but not saved: without a single query."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import translation
from django.utils.text import Truncator, slugify
from django.utils.translation import gettext as _
from modelcluster.models import get_all_child_relations
from wagtail.models import Locale

from attune.people.models import Organisation
from attune.quizzes.exchange import Draft
from attune.quizzes.exchange.texts import from_plain, to_plain
from attune.quizzes.questions import Question, QuestionTag, question_type
from attune.quizzes.questions.base import Difficulty

TITLE_CHARACTERS = 80


class Unfit(ValueError):
    """The question cannot be asked as it stands in the file. The message says why."""


def new_question(
    draft: Draft, *, owner: Organisation | None, locale: Locale, topic: str
) -> Question:
    """A question that ``write_questions`` can save.

    :raises Unfit: its type is not installed, a text is too long, or it could not be asked.
    """
    try:
        model = question_type(draft.kind)
    except LookupError as error:
        raise Unfit(
            _("Questions of the type “%(kind)s” are not installed here.") % {"kind": draft.kind}
        ) from error
    prompt = draft.prompt or standing_prompt(draft, locale)
    question: Question = model(
        owner=owner,
        locale=locale,
        title=draft.title or title_of(prompt, draft),
        prompt=prompt,
        explanation=draft.explanation or "",
        topic=draft.topic or topic,
        difficulty=draft.difficulty or Difficulty.MEDIUM,
        live=False,
    )
    try:
        question.fill(dict(draft.data))
    except ValueError as error:
        raise Unfit(str(error)) from error
    question.tags = tag_rows(draft.tags or ())  # type: ignore[misc]
    refuse_unfit(question)
    return question


def standing_prompt(draft: Draft, locale: Locale) -> str:
    """A sentence with gaps says by itself what to do; the question is asked all the same."""
    if draft.kind != "fill_in":
        return ""
    with translation.override(locale.language_code):
        return from_plain(_("Fill in the gaps."))


def title_of(prompt: str, draft: Draft) -> str:
    words = " ".join(to_plain(prompt).split())
    if not draft.prompt and draft.data.get("text"):
        words = str(draft.data["text"])
    return Truncator(words).chars(TITLE_CHARACTERS)


def tag_rows(tags: tuple[str, ...]) -> list[QuestionTag]:
    names = dict.fromkeys(slugify(tag, allow_unicode=True)[:60] for tag in tags)
    return [QuestionTag(name=name) for name in names if name]


def refuse_unfit(question: Question) -> None:
    """What the editor's form would refuse; keys to other rows are the caller's to vouch for."""
    found = list(_field_faults(question))
    for relation in get_all_child_relations(type(question)):
        for child in getattr(question, relation.get_accessor_name()).all():
            found += _field_faults(child)
    if not found:
        found = question.item().problems()
    if found:
        raise Unfit(" ".join(dict.fromkeys(found)))


def _field_faults(row: Any) -> list[str]:
    relations = [each.name for each in row._meta.fields if each.is_relation]
    faults = []
    try:
        row.clean_fields(exclude=relations)
    except ValidationError as error:
        faults = [
            f"{_label(row, name)}: {' '.join(messages)}"
            for name, messages in error.message_dict.items()
        ]
    # Of a long text's limit only forms know.
    for each in row._meta.concrete_fields:
        if isinstance(each, models.TextField) and each.max_length is not None:
            length = len(str(getattr(row, each.attname) or ""))
            if length > each.max_length:
                faults.append(
                    _("%(field)s: %(count)d characters, of at most %(most)d.")
                    % {
                        "field": _label(row, each.name),
                        "count": length,
                        "most": each.max_length,
                    }
                )
    return faults


def _label(row: Any, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name).capitalize()
