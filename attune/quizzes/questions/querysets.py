"""Querysets of questions. A bank belongs to a client; the shared bank belongs to no one."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Q
from polymorphic.managers import PolymorphicManager
from polymorphic.query import PolymorphicQuerySet

from attune.people.access import reach_of


class QuestionQuerySet(PolymorphicQuerySet[Any, Any]):
    def editable_by(self, user: Any) -> Self:
        """Questions of the clients that the user writes for."""
        reach = reach_of(user)
        return self if reach.everything else self.filter(owner__in=reach.authors_for)

    def choosable_by(self, user: Any) -> Self:
        """What a trainer may build a quiz with: the own bank and the shared one."""
        reach = reach_of(user)
        if reach.everything:
            return self
        if not reach.authors_for:
            return self.none()
        return self.filter(Q(owner__in=reach.authors_for) | Q(owner__isnull=True))


QuestionManager = PolymorphicManager.from_queryset(QuestionQuerySet)
