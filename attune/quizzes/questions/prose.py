"""Rich text of questions: what little of it there is, and never anything else.

Prompts are frozen as they stand and shown without Wagtail's rewriting of links, so they
hold no links, images or headings, whichever way they were written.
"""

from __future__ import annotations

import re

from attune.safety.sanitiser import clean_rich_text

# The sanitiser writes its output anew, so each of its tags ends at the next ">".
_FOREIGN = re.compile(r"</?(?:a|embed|h2|h3|h4)\b[^>]*>", re.IGNORECASE)

# Paragraphs of printable text, line breaks, bold and italic, each closed before the next: of
# these the sanitiser changes nothing, and it takes a third of a millisecond to say so. Every
# quantifier is possessive, so that no text makes the match go back over itself.
_TEXT = r"[^<>&\x00-\x1f\x7f-\x9f\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]++"
_PLAINLY_CLEAN = re.compile(rf"(?:<p>(?:{_TEXT}|<br/>|<(b|i)>{_TEXT}</\1>)*+</p>)*+")


def clean_prose(html: str) -> str:
    """``html`` with paragraphs, line breaks, lists, bold and italic only. Twice is once."""
    if _PLAINLY_CLEAN.fullmatch(html):
        return html
    return _FOREIGN.sub("", clean_rich_text(html))
