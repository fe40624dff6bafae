"""Give questions that are there a new revision with a file's content, many at once.

What Wagtail does in some seventy queries per question is done here for 500 at a time. What
is rare is left to Wagtail: a question in a workflow, or with a time to go live or to expire.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from modelcluster.models import ClusterableModel, get_all_child_relations
from wagtail.models import ReferenceIndex, Revision, WorkflowState
from wagtail.signals import published

from attune.quizzes.exchange import Draft
from attune.quizzes.questions import Question
from attune.quizzes.services.prepare_question import refuse_unfit, tag_rows
from attune.quizzes.services.write_questions import (
    CHUNK,
    IMPORTED,
    PUBLISHED,
    Tell,
    find_again,
    insert_revisions,
    log_many,
    refer,
    tell_nobody,
    write_type_rows,
)

RENAMED = "wagtail.rename"


@transaction.atomic
def renew_questions(
    *,
    renewals: Sequence[tuple[Question, Draft]],
    publish: bool,
    user: Any,
    now: datetime,
    tell: Tell = tell_nobody,
) -> None:
    """A new revision of each question with its draft's content; published if told.

    Parts that stay (options, pairs, steps) keep their keys, by which records and
    translations know them. The number of queries depends on the number of types and of
    chunks alone.

    :raises Unfit: a question could not be asked with that content.
    """
    deed = uuid.uuid4()
    for begin in range(0, len(renewals), CHUNK):
        tell(begin)
        chunk = renewals[begin : begin + CHUNK]
        special = _special([question for question, _draft in chunk])
        plain = []
        for question, draft in chunk:
            title = question.title
            fill(question, draft)
            refuse_unfit(question)
            if question.pk in special:
                _by_wagtail(question, publish=publish, user=user)
            else:
                plain.append((question, title))
        if plain:
            _renew(plain, publish=publish, user=user, now=now, deed=deed)


def fill(question: Question, draft: Draft) -> None:
    kept = {
        relation.get_accessor_name(): list(getattr(question, relation.get_accessor_name()).all())
        for relation in get_all_child_relations(type(question))
    }
    question.title = str(draft.title)
    question.prompt = draft.prompt
    question.explanation = draft.explanation or ""
    question.topic = str(draft.topic)
    question.difficulty = int(draft.difficulty or question.difficulty)
    question.fill(dict(draft.data))
    question.tags = tag_rows(draft.tags or ())  # type: ignore[misc]
    for name, before in kept.items():
        keep_keys(before, list(getattr(question, name).all()))


def _special(questions: Sequence[Question]) -> set[int]:
    """Those of which Wagtail knows more than a plain question has."""
    keys = [str(each.pk) for each in questions]
    base = Question.get_base_content_type()
    found = {each.pk for each in questions if each.go_live_at or each.expire_at or each.expired}
    for rows in (
        WorkflowState.objects.active(),
        Revision.objects.filter(approved_go_live_at__isnull=False),
    ):
        about = rows.filter(base_content_type=base, object_id__in=keys)
        found |= {int(key) for key in about.values_list("object_id", flat=True)}
    return found


def _by_wagtail(question: Question, *, publish: bool, user: Any) -> None:
    revision = question.save_revision(user=user, log_action=IMPORTED)
    if publish:
        revision.publish(user=user)


def _renew(
    renewed: Sequence[tuple[Question, str]],
    *,
    publish: bool,
    user: Any,
    now: datetime,
    deed: uuid.UUID,
) -> None:
    questions = [question for question, _title in renewed]
    revisions = insert_revisions(questions, user=user, now=now)
    for question, revision in zip(questions, revisions, strict=True):
        question.latest_revision = revision
        question.has_unpublished_changes = not publish
        if publish:
            question.live, question.live_revision = True, revision
            question.last_published_at = now
            question.first_published_at = question.first_published_at or now
    if publish:
        _write_bases(questions)
        write_type_rows(questions, anew=True)
        _replace_children(questions)
        find_again(questions)
    else:
        Question.objects.bulk_update(
            [_base_of(each) for each in questions],
            ["latest_revision", "has_unpublished_changes"],
            batch_size=CHUNK,
        )
    _refer_anew(questions)
    actions = (IMPORTED, PUBLISHED) if publish else (IMPORTED,)
    log_many(questions, revisions, actions=actions, user=user, now=now, deed=deed)
    if not publish:
        return
    moved = [
        (question, revision)
        for (question, title), revision in zip(renewed, revisions, strict=True)
        if question.title != title
    ]
    log_many(
        [question for question, _revision in moved],
        [revision for _question, revision in moved],
        actions=(RENAMED,),
        user=user,
        now=now,
        deed=deed,
    )
    for question, revision in zip(questions, revisions, strict=True):
        published.send(sender=type(question), instance=question, revision=revision)


def _base_of(question: Question) -> Question:
    return Question(
        **{
            each.attname: getattr(question, each.attname)
            for each in Question._meta.local_concrete_fields
        }
    )


def _write_bases(questions: Sequence[Question]) -> None:
    # The polymorphic queryset forgets what to do with rows that are there.
    QuerySet(Question).bulk_create(
        [_base_of(each) for each in questions], batch_size=CHUNK, **over(Question)
    )


def over(model: Any) -> dict[str, Any]:
    """For ``bulk_create``: write over the row with the same key."""
    return {
        "update_conflicts": True,
        "unique_fields": [model._meta.pk.name],
        "update_fields": [
            each.name for each in model._meta.local_concrete_fields if not each.primary_key
        ],
    }


def _replace_children(parents: Sequence[Any]) -> None:
    """Child rows as the parents hold them: those that stay, new ones, and none besides."""
    groups: dict[type[Any], list[Any]] = defaultdict(list)
    for parent in parents:
        groups[type(parent)].append(parent)
    for model, group in groups.items():
        for relation in get_all_child_relations(model):
            _replace(group, relation)


def _replace(parents: Sequence[Any], relation: Any) -> None:
    model, link = relation.related_model, relation.field
    rows = []
    for parent in parents:
        for place, row in enumerate(getattr(parent, relation.get_accessor_name()).all()):
            setattr(row, link.attname, parent.pk)
            if getattr(row, "sort_order", 0) is None:
                row.sort_order = place
            rows.append(row)
    stay = [row for row in rows if row.pk is not None]
    keys = [parent.pk for parent in parents]
    model._base_manager.filter(**{f"{link.name}__in": keys}).exclude(
        pk__in=[row.pk for row in stay]
    ).delete()
    if stay:
        model._base_manager.bulk_create(stay, batch_size=CHUNK, **over(model))
    model._base_manager.bulk_create([row for row in rows if row.pk is None], batch_size=CHUNK)
    if issubclass(model, ClusterableModel) and rows:
        _replace_children(rows)


def _refer_anew(questions: Sequence[Question]) -> None:
    ReferenceIndex.objects.filter(
        base_content_type=Question.get_base_content_type(),
        object_id__in=[str(each.pk) for each in questions],
    ).delete()
    refer(questions)


def keep_keys(before: Sequence[Any], after: Sequence[Any]) -> None:
    """Give rows the keys of those they follow: the same content, else the same place."""
    free = {id(row): row for row in before}
    rest = []
    for place, row in enumerate(after):
        twin = next((each for each in free.values() if content_of(each) == content_of(row)), None)
        if twin is None:
            rest.append((place, row))
        else:
            take_key(free.pop(id(twin)), row)
    for place, row in rest:
        if len(before) == len(after) and id(before[place]) in free:
            take_key(free.pop(id(before[place])), row)


def content_of(row: Any) -> dict[str, Any]:
    """What an author wrote in a row, without keys and order."""
    return {
        each.name: getattr(row, each.attname)
        for each in row._meta.concrete_fields
        if not each.is_relation
        and not each.primary_key
        and each.name not in ("sort_order", "translation_key")
    }


def take_key(before: Any, after: Any) -> None:
    after.pk = before.pk
    if hasattr(before, "translation_key"):
        after.translation_key = before.translation_key
    # What files do not carry stays: a picture beside an option.
    for each in before._meta.concrete_fields:
        if each.is_relation and getattr(after, each.attname) is None:
            setattr(after, each.attname, getattr(before, each.attname))
