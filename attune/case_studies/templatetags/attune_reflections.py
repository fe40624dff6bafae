"""What the page of a case to read asks for: the reader's own standing."""

from typing import Any

from django import template

from attune.case_studies.models.reflective import ReflectiveCasePage
from attune.case_studies.reflective_standing import ReflectiveStanding, standing_of
from attune.case_studies.reflective_views import UNSENT

register = template.Library()


@register.simple_tag(takes_context=True)
def reflective_standing(context: dict[str, Any], page: ReflectiveCasePage) -> ReflectiveStanding:
    """Where the reader stands; in a preview, as somebody who only looks."""
    request = context.get("request")
    session = getattr(request, "session", None)
    return standing_of(
        page,
        frame=getattr(request, "attune_frame", None),
        user=getattr(request, "user", None),
        unsent=session.get(UNSENT) if session is not None else None,
    )
