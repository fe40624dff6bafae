"""Template tags that bring the learner's own state to a page that never asks who reads it."""

from typing import Any

from django import template

from attune.enrolments.gate import UnitFrame

register = template.Library()


@register.simple_tag(takes_context=True)
def unit_frame(context: dict[str, Any], page: Any) -> UnitFrame | None:
    """What the gate found for this unit; None in Wagtail's preview, where nobody is learning."""
    return getattr(context.get("request"), "attune_frame", None)
