"""What templates of cases ask for: the learner's own standing, and clean prose."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from wagtail.rich_text import expand_db_html

from attune.case_studies.standing import CaseStanding, standing_of
from attune.safety.sanitiser import clean_rich_text

register = template.Library()


@register.simple_tag(takes_context=True)
def case_standing(context: dict[str, Any], page: Any) -> CaseStanding:
    """Where the reader stands with this case; in a preview, as somebody who only looks."""
    frame = getattr(context.get("request"), "attune_frame", None)
    if frame is None:
        return standing_of(page, None)
    return standing_of(page, frame.reader, is_begun=frame.progress is not None)


@register.filter
def case_prose(html: Any) -> SafeString:
    """Rich text of a case, whoever wrote, imported or filled it in: cleaned, links expanded."""
    text = str(html or "")
    if not text.strip():
        return SafeString("")
    # Cleaned here, whoever wrote it.
    return SafeString(expand_db_html(clean_rich_text(text)))  # nosec B703
