"""What stands behind the IRIs of scenes and of questions in a case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attune.case_studies.models import (
    CaseDecision,
    CaseScene,
    CaseStudyPage,
    ReflectionQuestion,
    ReflectiveCasePage,
)
from attune.curriculum.services import client_of
from attune.enrolments.hooks import PartOfUnit
from attune.people.access import knows_keys_of
from attune.xapi.statements import ActivityType


def scene(key: UUID, name: str) -> PartOfUnit | None:
    """A scene of the case with this translation key, also one that was walked and is no more.

    Its title tells what is still to come, so a learner is told none.
    """
    titles = CaseScene.objects.filter(page__translation_key=key, page__live=True, key=name)
    names = dict(titles.values_list("page__locale__language_code", "title"))
    walked = CaseDecision.objects.filter(attempt__case_key=key, scene_key=name)
    if not names and not walked.exists():
        return None

    def pages() -> list[CaseStudyPage]:
        live = CaseStudyPage.objects.live().filter(translation_key=key)
        return list(live.select_related("locale"))

    def may_know(user: Any) -> bool:
        clients = knows_keys_of(user)
        if clients is None:
            return True
        owners = {client_of(page) for page in pages()}
        return any(owner is not None and owner.pk in clients for owner in owners)

    return PartOfUnit(type=ActivityType.INTERACTION, pages=pages, name=names, may_know=may_know)


def reflection_question(key: UUID, name: str) -> PartOfUnit | None:
    """A question that a case asks its readers to write about. Whoever reads the case reads it."""
    try:
        question_key = UUID(name)
    except ValueError:
        return None
    texts = ReflectionQuestion.objects.filter(
        translation_key=question_key, page__translation_key=key, page__live=True
    )
    names = dict(texts.values_list("page__locale__language_code", "text"))
    if not names:
        return None
    return PartOfUnit(
        type=ActivityType.INTERACTION,
        pages=lambda: list(
            ReflectiveCasePage.objects.live().filter(translation_key=key).select_related("locale")
        ),
        name={language: text[:250] for language, text in names.items()},
    )
