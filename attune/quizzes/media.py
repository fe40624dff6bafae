"""What a frozen question shows beside its words: pictures, a recording, a way to its lesson.

Frozen are the numbers of the files and what stands for them in words. A file that was deleted
since leaves its words. Loaded together, for however many questions: one query for the
pictures and one for their sizes, one for the recordings, none where there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from wagtail.images import get_image_model
from wagtailmedia.models import get_media_model

from attune.curriculum import structure
from attune.quizzes.questions import Item

SIZES = tuple(f"width-{width}|format-webp" for width in (480, 800, 1200))
"""The sizes that the templates ask for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """``image`` is None once the file is gone; ``alt`` remains."""

    image: Any
    alt: str


@dataclass(frozen=True, slots=True)
class Recording:
    media: Any
    transcript: str


@dataclass(frozen=True, slots=True)
class LessonLink:
    """``url`` is empty where the lesson is not part of what the learner is learning."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What one question shows. ``options``: option id → picture."""

    picture: Picture | None = None
    recording: Recording | None = None
    options: Mapping[str, Picture] = field(default_factory=dict)


def shown_with(items: Sequence[Item]) -> list[Shown]:
    """What each of the items shows, in their order."""
    images = _images(
        each["id"] for item in items for each in (item.image, *item.option_images.values()) if each
    )
    recordings = _recordings(item.recording["id"] for item in items if item.recording)
    return [
        Shown(
            picture=_picture(item.image, images),
            recording=(
                Recording(recordings.get(item.recording["id"]), str(item.recording["transcript"]))
                if item.recording
                else None
            ),
            options={
                option: picture
                for option, frozen in item.option_images.items()
                if (picture := _picture(frozen, images)) is not None
            },
        )
        for item in items
    ]


def _picture(frozen: Mapping[str, Any] | None, images: Mapping[int, Any]) -> Picture | None:
    return Picture(images.get(frozen["id"]), str(frozen["alt"])) if frozen else None


def _images(ids: Iterable[int]) -> dict[int, Any]:
    wanted = set(ids)
    if not wanted:
        return {}
    images = get_image_model()._default_manager.filter(pk__in=wanted)
    return {image.pk: image for image in images.prefetch_renditions(*SIZES)}


def _recordings(ids: Iterable[int]) -> dict[int, Any]:
    wanted = set(ids)
    if not wanted:
        return {}
    return {each.pk: each for each in get_media_model()._default_manager.filter(pk__in=wanted)}


def lesson_links(
    items: Sequence[Item], *, programme_id: int | None, module_key: UUID | None
) -> list[LessonLink | None]:
    """The lesson that each item rests on, in the active language.

    It is a link where the lesson stands in the programme or module that is being learnt;
    elsewhere it would lead to a closed door, so it is only named. No query where the structure
    of the curriculum is kept.
    """
    if not any(item.lesson for item in items):
        return [None] * len(items)
    programme = structure.programme_facts([programme_id] if programme_id else [])
    keys = {place.key for fact in programme.values() for place in fact.places}
    keys |= {module_key} if module_key else set()
    units = {
        str(unit.key): unit
        for module in structure.module_facts(keys).values()
        for unit in module.units
    }
    links: list[LessonLink | None] = []
    for item in items:
        if item.lesson is None:
            links.append(None)
            continue
        unit = units.get(str(item.lesson["key"]))
        page = structure.in_active_language(unit) if unit is not None else None
        links.append(
            LessonLink(page.title, page.url)
            if page is not None
            else LessonLink(str(item.lesson["title"]), "")
        )
    return links
