"""Questions of the bank as the plain drafts that formats write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from modelcluster.fields import ParentalKey
from modelcluster.models import get_all_child_relations

from attune.quizzes.exchange import Draft
from attune.quizzes.exchange.texts import from_html
from attune.quizzes.questions import Question, question_types

CHUNK = 500


def draft_of(question: Question) -> Draft:
    """A question as plain data; its id is its translation key."""
    return Draft(
        kind=question.kind,
        prompt=from_html(question.prompt),
        data=question.as_data(),
        title=question.title,
        explanation=from_html(question.explanation),
        topic=str(question.topic),
        difficulty=int(question.difficulty),
        tags=tuple(sorted(tag.name for tag in question.tags.all())),
        identifier=str(question.translation_key),
        besides=besides(question),
    )


# Whose row it is, of what type and in what state: nothing of its content.
ABOUT_THE_ROW = frozenset(
    {"owner", "locale", "polymorphic_ctype", "latest_revision", "live_revision", "locked_by"}
)


def besides(question: Question) -> tuple[str, ...]:
    """Other things that a question points to: files hold words only, so no file has them."""
    found = pointed_to(question)
    for relation in get_all_child_relations(type(question)):
        for child in getattr(question, relation.get_accessor_name()).all():
            found += [name for name in pointed_to(child) if name not in found]
    return tuple(found)


def pointed_to(row: Any) -> list[str]:
    return [
        str(each.verbose_name)
        for each in row._meta.concrete_fields
        if each.is_relation
        and not each.primary_key
        and not isinstance(each, ParentalKey)
        and each.name not in ABOUT_THE_ROW
        and getattr(row, each.attname) is not None
    ]


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def loaded(pks: Iterable[int]) -> Iterator[Question]:
    """Questions by key with all that makes up their content: a few queries per type and chunk."""
    for chunk in chunks(pks):
        for model in question_types():
            yield from (
                model.objects.filter(pk__in=chunk)
                .non_polymorphic()
                .select_related("locale", "owner", "latest_revision")
                .prefetch_related("tags", *model.definition_prefetch)
            )


def export_drafts(questions: Any) -> list[Draft]:
    """The drafts of a queryset of questions, in its order. Published content where there is any."""
    pks = list(questions.non_polymorphic().values_list("pk", flat=True))
    by_key = {question.pk: draft_of(question) for question in loaded(pks)}
    return [by_key[pk] for pk in pks if pk in by_key]
