"""Plain text and rich text, there and back, the same way for every format."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

from attune.quizzes.questions.prose import clean_prose

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:[a-zA-Z]+|#\d+|#x[0-9a-fA-F]+);")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"})
_LINES = frozenset({"li", "tr", "dt", "dd"})
# Their content is no text of the author's.
_SILENT = frozenset({"script", "style", "title", "head"})


def looks_like_html(text: str) -> bool:
    """Whether ``text`` was written as HTML: it holds a tag or an entity."""
    return _TAG.search(text) is not None


def tidy(text: str) -> str:
    """``text`` without control characters and without space at either end."""
    return _CONTROL.sub("", text).strip()


def from_plain(text: str) -> str:
    """Plain text as rich text: an empty line parts paragraphs, a new line breaks the line."""
    paragraphs = [
        "<br/>".join(escape(line.strip(), quote=False) for line in each.split("\n"))
        for each in re.split(r"\n[ \t]*\n", tidy(text))
        if each.strip()
    ]
    return "".join(f"<p>{each.strip()}</p>" for each in paragraphs)


def from_html(html: str) -> str:
    """HTML from a file as clean rich text; a bare text becomes a paragraph.

    :raises TooMuchText: more than one piece of rich text can be.
    """
    html = tidy(html)
    if not looks_like_html(html) and "<" not in html and "&" not in html:
        return from_plain(html)
    clean = clean_prose(html).strip()
    if clean and not re.match(r"<(?:p|ul|ol)>", clean):
        clean = clean_prose(f"<p>{clean}</p>")
    return clean


def from_any(text: str) -> str:
    """As HTML where it looks like it, else as plain text."""
    return from_html(text) if looks_like_html(text) else from_plain(text)


def to_plain(html: str) -> str:
    """The words of rich text: an empty line between paragraphs, a line per break and item."""
    if "<" not in html and "&" not in html:
        return html.strip()
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = "".join(reader.parts)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def is_plain(html: str) -> bool:
    """Whether rich text is no more than plain text in paragraphs."""
    return from_plain(to_plain(html)) == html


def line_to_html(text: str) -> str:
    """A plain text, such as an option's, as a piece of HTML on one line."""
    return "<br/>".join(escape(line, quote=False) for line in text.split("\n"))


def without_markup(text: str) -> str:
    """An option's text out of a format that may write it in HTML."""
    return tidy(to_plain(text)) if looks_like_html(text) else tidy(text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            # A line break in the source of HTML is a space to whoever reads it.
            self.parts.append(re.sub(r"[ \t\r\n]+", " ", data))
