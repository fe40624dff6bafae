"""Rich text of questions: what little of it there is, and never anything else.

Prompts are frozen as they stand and shown without Wagtail's rewriting of links, so they
hold no links, images or headings, whichever way they were written.
"""

from __future__ import annotations

import re

from attune.safety.sanitiser import clean_rich_text

# The sanitiser writes its output anew, so each of its tags ends at the next ">".
_FOREIGN = re.compile(r"</?(?:a|embed|h2|h3|h4)\b[^>]*>", re.IGNORECASE)


def clean_prose(html: str) -> str:
    """``html`` with paragraphs, line breaks, lists, bold and italic only. Twice is once."""
    return _FOREIGN.sub("", clean_rich_text(html))
