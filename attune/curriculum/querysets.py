"""Querysets of the curriculum. Ownership of a page follows from the client home above it."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from wagtail.models import PageManager
from wagtail.query import PageQuerySet

from attune.people.access import reach_of


def _client_homes() -> models.QuerySet[Any]:
    # By name: models.py builds its managers from this module.
    return apps.get_model("attune_curriculum", "ClientHomePage")._default_manager.all()


class CurriculumPageQuerySet(PageQuerySet):
    def owned_by(self, organisation_ids: Any) -> Self:
        """Pages beneath a home of one of these clients, in every language."""
        homes = _client_homes().filter(organisation__in=organisation_ids)
        beneath = Q(pk__in=[])
        for path in homes.values_list("path", flat=True):
            beneath |= Q(path__startswith=path)
        return self.filter(beneath)

    def shared(self) -> Self:
        """Pages that stand beneath no client's home."""
        within = Q(pk__in=[])
        for path in _client_homes().values_list("path", flat=True):
            within |= Q(path__startswith=path)
        return self.exclude(within)

    def editable_by(self, user: Any) -> Self:
        reach = reach_of(user)
        return self if reach.everything else self.owned_by(reach.authors_for)

    def choosable_by(self, user: Any) -> Self:
        """What a trainer may build with: the own client's pages and the shared library."""
        reach = reach_of(user)
        if reach.everything:
            return self
        if not reach.authors_for:
            return self.none()
        return self.owned_by(reach.authors_for) | self.shared()


ProgrammeManager = PageManager.from_queryset(CurriculumPageQuerySet)
ModuleManager = PageManager.from_queryset(CurriculumPageQuerySet)
LearningUnitManager = PageManager.from_queryset(CurriculumPageQuerySet)


class FrozenContentQuerySet(models.QuerySet[Any]):
    def freeze(
        self,
        *,
        kind: str,
        key: uuid.UUID,
        language: str,
        body: Any,
        revision_id: int | None = None,
    ) -> Any:
        """The row that holds this version, made if it is new. Safe under concurrency."""
        digest = self.model.digest_of(kind=kind, key=key, language=language, body=body)
        row, _created = self.get_or_create(
            digest=digest,
            defaults={
                "kind": kind,
                "key": key,
                "language": language,
                "body": body,
                "revision_id": revision_id,
            },
        )
        return row

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Frozen content is never rewritten.")
