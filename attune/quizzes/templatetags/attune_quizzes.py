"""Template tags that bring the learner's own standing to a quiz page."""

from typing import Any

from django import template

from attune.quizzes.standing import QuizStanding, standing_of

register = template.Library()


@register.simple_tag(takes_context=True)
def quiz_standing(context: dict[str, Any], page: Any) -> QuizStanding:
    """Where the reader stands with this quiz; in a preview, as somebody who only looks."""
    frame = getattr(context.get("request"), "attune_frame", None)
    return standing_of(page, frame.reader if frame is not None else None)
