"""XML from outside, read into a small tree that knows its lines.

No document type, hence no entity of anybody's making and nothing loaded from elsewhere;
limits on depth and number of elements, so that no file makes the reader recurse or swell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.etree.ElementTree import ParseError  # nosec B405  # the exception only

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser
from django.utils.translation import gettext as _

from attune.tabular.reading import MAX_BYTES, FileRefused

MAX_DEPTH = 60
MAX_NODES = 2_000_000


@dataclass(slots=True)
class Node:
    """An element, without its namespace. ``content`` holds texts and elements in order."""

    name: str
    attributes: dict[str, str]
    line: int
    content: list[str | Node] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        return [each for each in self.content if isinstance(each, Node)]

    def all(self, *names: str) -> list[Node]:
        return [each for each in self.children if each.name in names]

    def first(self, name: str) -> Node | None:
        return next((each for each in self.children if each.name == name), None)

    def descendants(self, *names: str) -> Iterator[Node]:
        """All elements of these names beneath this one, in the document's order."""
        for each in self.children:
            if not names or each.name in names:
                yield each
            yield from each.descendants(*names)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    @property
    def text(self) -> str:
        """All text beneath, as it stands."""
        return "".join(each if isinstance(each, str) else each.text for each in self.content)

    def text_of(self, *path: str) -> str:
        """The text of the element down a path of names; empty where there is none."""
        node: Node | None = self
        for name in path:
            node = node.first(name) if node is not None else None
        return node.text.strip() if node is not None else ""

    def markup(self, without: frozenset[str] = frozenset()) -> str:
        """What is inside as HTML; attributes are dropped, and elements of ``without`` whole."""
        return "".join(
            escape(each, quote=False)
            if isinstance(each, str)
            else ("" if each.name in without else each.outer(without))
            for each in self.content
        )

    def outer(self, without: frozenset[str] = frozenset()) -> str:
        if self.name == "br":
            return "<br/>"
        return f"<{self.name}>{self.markup(without)}</{self.name}>"


class _Builder:
    """What the parser tells, built into nodes."""

    def __init__(self) -> None:
        self.parser: Any = None
        self.root: Node | None = None
        self.open: list[Node] = []
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= MAX_DEPTH or self.count > MAX_NODES:
            raise FileRefused(_("The XML is nested too deeply, or has too many elements."))
        node = Node(
            local(tag),
            {local(name): value for name, value in attributes.items()},
            self.parser.CurrentLineNumber,
        )
        if self.open:
            self.open[-1].content.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, tag: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        if self.open:
            self.open[-1].content.append(text)

    def close(self) -> Node | None:
        return self.root


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def read_xml(body: bytes) -> tuple[Node, str]:
    """The root element, and the encoding that the file declares.

    :raises FileRefused: it is not well-formed, declares entities, or is too much.
    """
    if len(body) > MAX_BYTES:
        raise FileRefused(
            _("The file has more than %(most)d MB. Split it.") % {"most": MAX_BYTES // 1_000_000}
        )
    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder.parser = parser.parser
    declared: list[str] = []
    parser.parser.XmlDeclHandler = lambda version, encoding, standalone: declared.append(
        encoding or ""
    )
    try:
        parser.feed(body)
        root = parser.close()
    except DefusedXmlException as error:
        raise FileRefused(
            _("The file declares a document type or entities. Such files are not opened.")
        ) from error
    except ParseError as error:
        line, column = error.position
        raise FileRefused(
            _("The XML is damaged in line %(line)d, column %(column)d: %(what)s.")
            % {"line": line, "column": column + 1, "what": str(error).partition(":")[0]}
        ) from error
    except (ValueError, LookupError) as error:
        if isinstance(error, FileRefused):
            raise
        raise FileRefused(_("The XML has an encoding that is not known.")) from error
    if root is None:
        raise FileRefused(_("The file is empty."))
    encoding = next((each for each in declared if each), "UTF-8").upper()
    return root, encoding
