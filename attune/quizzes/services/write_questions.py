"""Save many new questions at once.

Beside ``write_question`` for imports of thousands: what Wagtail does in some forty queries
per question (revision, log, references, search index) is done here for 500 at a time.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.constants import OnConflict
from django.db.models.functions import Cast
from modelcluster.models import ClusterableModel, get_all_child_relations
from modelsearch.backends import get_search_backends
from wagtail.models import ReferenceIndex, Revision
from wagtail.signals import published

from attune.quizzes.question_log import QuestionLogEntry
from attune.quizzes.questions import Question

CHUNK = 500
IMPORTED = "attune_quizzes.import"
PUBLISHED = "wagtail.publish"

Tell = Callable[[int], None]


def tell_nobody(done: int) -> None:
    """For whoever does not ask how far it is."""


@transaction.atomic
def write_questions(
    *,
    questions: Sequence[Question],
    publish: bool,
    user: Any,
    now: datetime,
    tell: Tell = tell_nobody,
) -> None:
    """Save questions as ``new_question`` made them, each with its first revision.

    Afterwards every one of them has its key. The number of queries depends on the number
    of types and of chunks alone. ``tell`` hears how many are written.
    """
    deed = uuid.uuid4()
    for begin in range(0, len(questions), CHUNK):
        tell(begin)
        chunk = questions[begin : begin + CHUNK]
        _insert(chunk, publish=publish, now=now)
        _insert_children(chunk)
        revisions = insert_revisions(chunk, user=user, now=now)
        _point_to_revisions(chunk, publish=publish)
        actions = (IMPORTED, PUBLISHED) if publish else (IMPORTED,)
        log_many(chunk, revisions, actions=actions, user=user, now=now, deed=deed)
        refer(chunk)
        find_again(chunk)
        if publish:
            for question, revision in zip(chunk, revisions, strict=True):
                published.send(sender=type(question), instance=question, revision=revision)


def _insert(questions: Sequence[Question], *, publish: bool, now: datetime) -> None:
    """Rows of the base, then those of each type."""
    shared = [each for each in Question._meta.local_concrete_fields if not each.primary_key]
    for question in questions:
        question.polymorphic_ctype = ContentType.objects.get_for_model(
            question, for_concrete_model=False
        )
        question.live = publish
        question.has_unpublished_changes = not publish
        if publish:
            question.first_published_at = question.last_published_at = now
    bases = Question.objects.bulk_create(
        [
            Question(**{each.attname: getattr(question, each.attname) for each in shared})
            for question in questions
        ]
    )
    for question, base in zip(questions, bases, strict=True):
        question.pk = base.pk
        question.id = base.pk
        # What ``save`` would say of it: the row is there.
        question._state.adding, question._state.db = False, base._state.db
    write_type_rows(questions)


def write_type_rows(questions: Sequence[Question], *, anew: bool = False) -> None:
    """The rows of the types, whose base rows are there; ``anew``: over those that there are.

    ``bulk_create`` refuses a model with a parent, since it would have to make the parent's row
    too. That is done, so the command beneath it is what is wanted.
    """
    for model, group in by_type(questions).items():
        fields = list(model._meta.local_concrete_fields)
        own = [each for each in fields if not each.primary_key]
        more: dict[str, Any] = {}
        if anew:
            if not own:
                continue
            more = {
                "on_conflict": OnConflict.UPDATE,
                "update_fields": own,
                "unique_fields": [model._meta.pk],
            }
        size = connection.ops.bulk_batch_size(fields, group)
        for begin in range(0, len(group), size):
            rows: Any = model._base_manager.all()
            rows._insert(group[begin : begin + size], fields, raw=True, **more)


def by_type(questions: Sequence[Question]) -> dict[type[Question], list[Question]]:
    groups: dict[type[Question], list[Question]] = defaultdict(list)
    for question in questions:
        groups[type(question)].append(question)
    return groups


def _insert_children(questions: Sequence[Question]) -> None:
    rows: dict[Any, list[Any]] = defaultdict(list)
    for question in questions:
        _collect(question, rows)
    for model, children in rows.items():
        model._base_manager.bulk_create(children, batch_size=CHUNK)
        for child in children:
            if isinstance(child, ClusterableModel):
                _insert_grandchildren(child)


def _collect(parent: Any, rows: dict[Any, list[Any]]) -> None:
    for relation in get_all_child_relations(type(parent)):
        for number, child in enumerate(getattr(parent, relation.get_accessor_name()).all()):
            setattr(child, relation.field.attname, parent.pk)
            if getattr(child, "sort_order", 0) is None:
                child.sort_order = number
            rows[type(child)].append(child)


def _insert_grandchildren(child: ClusterableModel) -> None:
    rows: dict[Any, list[Any]] = defaultdict(list)
    _collect(child, rows)
    for model, grandchildren in rows.items():
        model._base_manager.bulk_create(grandchildren)


def insert_revisions(questions: Sequence[Question], *, user: Any, now: datetime) -> list[Revision]:
    base = Question.get_base_content_type()
    return Revision.objects.bulk_create(
        [
            Revision(
                content_type_id=question.polymorphic_ctype_id,
                base_content_type=base,
                object_id=str(question.pk),
                created_at=now,
                user=user,
                object_str=str(question),
                content=question.serializable_data(),
            )
            for question in questions
        ]
    )


def _point_to_revisions(questions: Sequence[Question], *, publish: bool) -> None:
    """One statement: each of these questions has one revision."""
    only = Subquery(
        Revision.objects.filter(
            base_content_type=Question.get_base_content_type(),
            object_id=Cast(OuterRef("pk"), models.CharField()),
        ).values("pk")[:1]
    )
    fields = {"latest_revision": only} | ({"live_revision": only} if publish else {})
    Question.objects.non_polymorphic().filter(pk__in=[each.pk for each in questions]).update(
        **fields
    )


def log_many(
    questions: Sequence[Question],
    revisions: Sequence[Revision],
    *,
    actions: Sequence[str],
    user: Any,
    now: datetime,
    deed: uuid.UUID,
) -> None:
    QuestionLogEntry.objects.bulk_create(
        [
            QuestionLogEntry(
                content_type_id=question.polymorphic_ctype_id,
                object_id=str(question.pk),
                organisation_id=question.owner_id,
                label=str(question),
                action=action,
                timestamp=now,
                uuid=deed,
                user=user,
                revision=revision,
                content_changed=True,
            )
            for question, revision in zip(questions, revisions, strict=True)
            for action in actions
        ],
        batch_size=CHUNK,
    )


# What Wagtail's signal handlers do for one question at a time: search and references.


def find_again(questions: Sequence[Question]) -> None:
    for model, group in by_type(questions).items():
        for backend in get_search_backends(with_auto_update=True):
            backend.add_bulk(model, group)


def refer(questions: Sequence[Question]) -> None:
    for model, group in by_type(questions).items():
        _refer(model, group)


def _refer(model: type[Question], questions: Sequence[Question]) -> None:
    own = ContentType.objects.get_for_model(model, for_concrete_model=False)
    base = Question.get_base_content_type()
    ReferenceIndex.objects.bulk_create(
        [
            ReferenceIndex(
                content_type=own,
                base_content_type=base,
                object_id=str(question.pk),
                to_content_type_id=to_type,
                to_object_id=to_id,
                model_path=model_path,
                content_path=content_path,
                content_path_hash=ReferenceIndex._get_content_path_hash(content_path),
            )
            for question in questions
            for to_type, to_id, model_path, content_path in sorted(
                set(ReferenceIndex._extract_references_from_object(question))
            )
        ],
        batch_size=CHUNK,
        ignore_conflicts=True,
    )
