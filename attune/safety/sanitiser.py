"""The one sanitiser: whatever rich text is written without Wagtail's editor goes through here.

Imports, content packs, an API and commands write the database form of Wagtail's rich text,
which Wagtail renders as it stands. ``clean_rich_text`` is the only caller of bleach in the
project: strict allow-lists of tags and attributes, no callables (a callable that allowed
attributes let payloads run). A second pass then writes the result anew from what it
understands: links need an address of an allowed scheme or the number of a page or document,
images need a number and a known format. A forged number would make rendering raise.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import bleach

TAGS = frozenset(
    {"p", "br", "h2", "h3", "h4", "b", "strong", "i", "em", "ul", "ol", "li", "a", "embed"}
)
ATTRIBUTES = {
    "a": ["href", "linktype", "id"],
    "embed": ["embedtype", "id", "format", "alt"],
}
PROTOCOLS = frozenset({"http", "https", "mailto", "tel"})
VOID = frozenset({"br", "embed"})
LINK_TYPES = frozenset({"page", "document"})
IMAGE_FORMATS = frozenset({"fullwidth", "left", "right"})  # Wagtail's; others raise on rendering

# bleach's tree walker takes time with the square of the elements: this many take two seconds.
MAX_TAGS = 4_000
MAX_CHARACTERS = 500_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
# What stands inside these is code or markup of another language, never somebody's text.
_FOREIGN = re.compile(
    r"<(script|style|svg|math|template|noscript|noembed|noframes|iframe|object|xmp|textarea|title"
    r"|select)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_KEY = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"'`\\\x00-\x20]+", re.IGNORECASE)
# Elements that end a line of text when they open or close.
_LINES = frozenset({"p", "br", "h2", "h3", "h4", "li", "ul", "ol"})


class TooMuchText(ValueError):
    """More than one piece of rich text can be: split it."""


_HEADING_IN_HEADING = re.compile(r"<h[2-4]>[^<]*(?:<(?!/?h[2-4]>)[^<]*)*<h[2-4]>")


def clean_rich_text(html: str) -> str:
    """The harmless part of ``html``, in the form that Wagtail keeps rich text.

    Kept: paragraphs, line breaks, headings 2–4, bold, italic, lists, links to
    ``http``, ``https``, ``mailto`` and ``tel`` addresses, links to pages and documents by
    number, images by number. Of everything else the text stays, without its tags; the
    content of scripts, styles and drawings goes as well. Cleaning twice changes nothing.

    :raises TooMuchText: more than ``MAX_CHARACTERS`` characters or ``MAX_TAGS`` tags.
    """
    if len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS:
        raise TooMuchText(f"At most {MAX_CHARACTERS} characters and {MAX_TAGS} tags at a time.")
    cleaned = _written_anew(html)
    # What was a heading in a link in a heading is a heading in a heading now, which reading
    # once more sets side by side.
    return _written_anew(cleaned) if _HEADING_IN_HEADING.search(cleaned) else cleaned


def _written_anew(html: str) -> str:
    allowed = bleach.clean(
        _FOREIGN.sub("", _CONTROL.sub("", html)),
        tags=TAGS,
        attributes=ATTRIBUTES,
        protocols=PROTOCOLS,
        strip=True,
        strip_comments=True,
    )
    writer = _Writer()
    writer.feed(allowed)
    writer.close()
    return writer.written()


def plain_text(html: str) -> str:
    """The words of ``html``: one line per paragraph, heading or list item, no markup."""
    reader = _Reader()
    reader.feed(clean_rich_text(html))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Writer(HTMLParser):
    """Writes bleach's output anew: only what is understood, every value escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._links: list[bool] = []

    def written(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a":
            link = _link(values)
            self._links.append(bool(link))
            self._parts.append(link)
        elif tag == "embed":
            self._parts.append(_image(values))
        elif tag in VOID:
            self._parts.append(f"<{tag}/>")
        elif tag in TAGS:
            self._parts.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag not in TAGS:
            return
        if tag == "a" and not (self._links and self._links.pop()):
            return
        self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(escape(_CONTROL.sub("", data), quote=False))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        # A line break inside a paragraph's source is a space to whoever reads it.
        self.parts.append(data.replace("\n", " "))


def _link(values: dict[str, str]) -> str:
    """The opening tag of a link, or nothing if it leads nowhere that is allowed."""
    if "linktype" in values:
        if values["linktype"] in LINK_TYPES and _KEY.fullmatch(values.get("id", "")):
            return f'<a linktype="{values["linktype"]}" id="{values["id"]}">'
        return ""
    address = values.get("href", "").strip()
    return f'<a href="{escape(address)}">' if _ADDRESS.fullmatch(address) else ""


def _image(values: dict[str, str]) -> str:
    if values.get("embedtype") != "image" or not _KEY.fullmatch(values.get("id", "")):
        return ""
    form = values.get("format", "")
    form = form if form in IMAGE_FORMATS else "fullwidth"
    alt = escape(" ".join(_CONTROL.sub("", values.get("alt", "")).split()))
    return f'<embed embedtype="image" id="{values["id"]}" format="{form}" alt="{alt}"/>'
