"""What templates ask for: the learner's own standing, and what a question shows."""

from typing import Any

from django import template

from attune.quizzes.media import Picture, Shown, shown_with
from attune.quizzes.questions import Item
from attune.quizzes.standing import QuizStanding, standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def quiz_standing(context: dict[str, Any], page: Any) -> QuizStanding:
    """Where the reader stands with this quiz; in a preview, as somebody who only looks."""
    frame = getattr(context.get("request"), "attune_frame", None)
    return standing_of(page, frame.reader if frame is not None else None)


@register.simple_tag
def media_of(item: Item) -> Shown:
    """What one question shows beside its words. For many, a view asks ``shown_with`` once."""
    return shown_with([item])[0]


@register.filter
def picture_of(media: Any, option: Any) -> Picture | None:
    """The picture of an option, where it has one."""
    return media.options.get(str(option)) if isinstance(media, Shown) else None
