"""Querysets of the curriculum. Ownership of a page follows from the client home above it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from wagtail.models import PageManager
from wagtail.query import PageQuerySet

from attune.people.access import reach_of


def client_homes() -> models.QuerySet[Any]:
    """Every client's home, in every language."""
    # By name: models.py builds its managers from this module.
    return apps.get_model("attune_curriculum", "ClientHomePage")._default_manager.all()


class CurriculumPageQuerySet(PageQuerySet):
    def owned_by(self, organisation_ids: Any) -> Self:
        """Pages beneath a home of one of these clients, in every language."""
        homes = client_homes().filter(organisation__in=organisation_ids)
        beneath = Q(pk__in=[])
        for path in homes.values_list("path", flat=True):
            beneath |= Q(path__startswith=path)
        return self.filter(beneath)

    def shared(self) -> Self:
        """Pages that stand beneath no client's home."""
        within = Q(pk__in=[])
        for path in client_homes().values_list("path", flat=True):
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


@dataclass(frozen=True, slots=True)
class Version:
    """What is to be frozen. ``revision_id`` is a pointer to where it came from, nothing more."""

    key: uuid.UUID
    language: str
    body: Any
    revision_id: int | None = None


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
        version = Version(key=key, language=language, body=body, revision_id=revision_id)
        (row,) = self.freeze_all([version], kind=kind)
        return row

    def freeze_all(self, versions: Sequence[Version], *, kind: str) -> list[Any]:
        """The row of each version, in order; those that are new are made together.

        One query where all are known, three where some are new, however many. Safe under
        concurrency: whoever comes second finds the first one's row.
        """
        digests = [
            self.model.digest_of(kind=kind, key=each.key, language=each.language, body=each.body)
            for each in versions
        ]
        known = self._by_digest(digests)
        new = {
            digest: self.model(
                digest=digest,
                kind=kind,
                key=each.key,
                language=each.language,
                body=each.body,
                revision_id=each.revision_id,
            )
            for digest, each in zip(digests, versions, strict=True)
            if digest not in known
        }
        if new:
            self.bulk_create(new.values(), ignore_conflicts=True)
            # Asked for again: where a row was there by now, nobody says which it is.
            known |= self._by_digest(new)
        return [known[digest] for digest in digests]

    def _by_digest(self, digests: Collection[str]) -> dict[str, Any]:
        return {row.digest: row for row in self.filter(digest__in=digests)}
