"""What stands behind the IRI of a self-check: the lesson that it stands in."""

from __future__ import annotations

from uuid import UUID

from attune.enrolments.hooks import PartOfUnit
from attune.lessons.models import LessonPage, SelfCheckAnswer
from attune.xapi.statements import ActivityType


def self_check(key: UUID, name: str) -> PartOfUnit | None:
    """The self-check of this block, also one that was answered and is no more."""
    pages = list(LessonPage.objects.live().filter(translation_key=key).select_related("locale"))
    names = {
        page.locale.language_code: str(check["question"])[:250]
        for page in pages
        if (check := page.self_checks().get(name)) is not None
    }
    answered = SelfCheckAnswer.objects.filter(progress__unit_key=key, block_id=name)
    if not names and not answered.exists():
        return None
    return PartOfUnit(type=ActivityType.INTERACTION, pages=lambda: pages, name=names)
