"""Finding a phrase again in completed lessons."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import strip_tags
from django.utils.text import Truncator

from attune.curriculum.models import ModulePage
from attune.enrolments.models import UnitProgress
from attune.enrolments.states import LEARNABLE_STATES, State
from attune.lessons.models import LessonPage
from attune.people.models import Person

MIN_CHARACTERS = 2
MAX_RESULTS = 20
EXCERPT_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class Phrase:
    page: LessonPage
    module_title: str
    excerpt: str
    url: str


def find_phrases(*, person: Person, query: str) -> list[Phrase]:
    """Completed lessons that hold the words, in every language they exist in; best first.

    Only what the person completed: a lesson may have been withdrawn from them since, but
    the phrase stays theirs to look up as long as the page is live and the enrolment stands.
    """
    keys = UnitProgress.objects.filter(
        person=person, state=State.COMPLETED, enrolment__state__in=LEARNABLE_STATES
    ).values_list("unit_key", flat=True)
    lessons = (
        LessonPage.objects.live().filter(translation_key__in=list(keys)).select_related("locale")
    )
    found = list(lessons.autocomplete(query)[:MAX_RESULTS])
    seen = {lesson.pk for lesson in found}
    # Autocomplete looks at titles; the body is searched by whole words.
    found += [each for each in lessons.search(query)[:MAX_RESULTS] if each.pk not in seen]
    modules = {
        module.path: module.title
        for module in ModulePage.objects.filter(
            path__in={lesson.path[: -LessonPage.steplen] for lesson in found}
        )
    }
    return [
        Phrase(
            page=lesson,
            module_title=modules.get(lesson.path[: -LessonPage.steplen], ""),
            excerpt=_excerpt(lesson, query),
            url=lesson.url or "",
        )
        for lesson in found[:MAX_RESULTS]
    ]


def _excerpt(lesson: LessonPage, query: str) -> str:
    text = " ".join(
        strip_tags(str(part))
        for part in lesson.body.stream_block.get_searchable_content(lesson.body)
    )
    text = " ".join(text.split())
    words = sorted(query.casefold().split(), key=len, reverse=True)
    folded = text.casefold()
    at = next((folded.find(word) for word in words if word in folded), 0)
    start = max(0, at - EXCERPT_CHARACTERS // 3)
    opening = "… " if start else ""
    return opening + Truncator(text[start:]).chars(EXCERPT_CHARACTERS)
