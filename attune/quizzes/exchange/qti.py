"""QTI 2.1 (1EdTech, *Question and Test Interoperability*): items, one or a package of them.

Read: an ``assessmentItem``, or a ZIP with any number. Choice, text entry, extended text,
match and order interactions; several choices in one item are the steps of a performance, a
choice without a right answer is a survey's scale. Every other interaction, and every item
that shows a file, is refused by name. Written: a content package with its manifest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.quizzes.exchange.contract import Draft, Parsed, QuestionRefused
from attune.quizzes.exchange.qti_items import READERS, Item, refusal_of, told_to_no_one
from attune.quizzes.exchange.qti_writing import write_package
from attune.quizzes.exchange.texts import from_html, tidy
from attune.quizzes.exchange.xml_tree import Node, read_xml
from attune.safety.sanitiser import TooMuchText
from attune.tabular.reading import FileRefused, member, open_archive

FILES = ("img", "object", "audio", "video", "source", "include", "math")


class Qti:
    slug = "qti"
    label = "QTI 2.1"
    extension = "qti.zip"
    content_type = "application/zip"
    kinds = frozenset(
        {
            "true_false", "choice", "fill_in", "numeric", "matching", "written_reply",
            "sequencing", "performance", "likert",
        }
    )  # fmt: skip
    never = ("topic", "difficulty", "tags")
    scheme = "qti"
    order = 40
    description = gettext_lazy("The standard of 1EdTech. A package of items, or one item.")

    def read(self, body: bytes) -> Parsed:
        parsed = Parsed()
        if not body.startswith(b"PK"):
            root, parsed.encoding = read_xml(body)
            if root.name != "assessmentItem":
                raise FileRefused(
                    _("This is no item of QTI 2.1: it begins with <%(name)s>.")
                    % {"name": root.name[:60]}
                )
            read_item(root, "", parsed)
            return parsed
        archive = open_archive(body)
        names = sorted(each.filename for each in archive.infolist() if not each.is_dir())
        others = []
        for name in dict.fromkeys(names):
            if not name.lower().endswith(".xml"):
                others.append(name)
                continue
            if name.rpartition("/")[2] == "imsmanifest.xml":
                continue
            if parsed.is_full:
                parsed.refuse_the_rest(name)
                break
            self.read_member(member(archive, name), tidy(name)[:120], parsed)
        if others:
            parsed.note(
                "",
                "",
                _("Files of the package that are no items were left out: %(names)s.")
                % {"names": ", ".join(tidy(each)[:60] for each in others[:10])},
            )
        return parsed

    def read_member(self, body: bytes, name: str, parsed: Parsed) -> None:
        try:
            root, encoding = read_xml(body)
        except FileRefused as error:
            parsed.refuse(name, "", str(error))
            return
        parsed.encoding = parsed.encoding or encoding
        if root.name == "assessmentItem":
            read_item(root, name, parsed)
        else:
            parsed.note(
                name, "", _("<%(name)s> is no item, and was left out.") % {"name": root.name[:60]}
            )

    def refusal(self, draft: Draft) -> str:
        return refusal_of(draft)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        return write_package(drafts)


FORMAT = Qti()


def read_item(root: Node, file: str, parsed: Parsed) -> None:
    title = " ".join(tidy(root.get("title")).split())[:150]
    place = _("line %(number)d") % {"number": root.line}
    place = f"{file}, {place}" if file else place
    try:
        body = root.first("itemBody")
        if body is None:
            raise QuestionRefused(_("The item has no <itemBody>."))
        refuse_files(root)
        notes: list[str] = []
        item = Item(root, body)
        kind, data = reader_of(item)(item, notes)
        notes += told_to_no_one(item)
        prompt = from_html(item.prompt_html())
        parsed.drafts.append(
            Draft(
                kind=kind,
                prompt=prompt,
                data=data,
                title=title or None,
                explanation=from_html(item.explanation_html()),
                identifier=identifier_of(root),
                place=place,
            )
        )
        for each in notes:
            parsed.note(place, title, each)
    except TooMuchText:
        parsed.refuse(place, title, _("The text is too long."))
    except QuestionRefused as error:
        parsed.refuse(place, title, str(error))


def reader_of(item: Item) -> Any:
    """:raises QuestionRefused: there is no like here for the item's interactions."""
    names = sorted({each.name for each in item.interactions})
    if not names:
        raise QuestionRefused(_("The item asks nothing: it has no interaction."))
    if len(names) > 1 or names[0] not in READERS:
        raise QuestionRefused(
            _("Items with %(names)s have no like here.")
            % {"names": " + ".join(f"<{name[:60]}>" for name in names)}
        )
    return READERS[names[0]]


def refuse_files(root: Node) -> None:
    """:raises QuestionRefused: the item shows something that is not text."""
    found = [
        tidy(each.get("src") or each.get("data") or each.get("href") or f"<{each.name}>")[:80]
        for each in root.descendants(*FILES)
    ]
    if found:
        raise QuestionRefused(
            _("Embedded files are not taken over: %(names)s. Describe in words what they show.")
            % {"names": ", ".join(dict.fromkeys(found))}
        )


def identifier_of(root: Node) -> str:
    """The item's id; of one that we wrote, the question's own, which may begin with a digit."""
    given = tidy(root.get("identifier"))[:255]
    ours = re.fullmatch(r"q-([0-9a-f-]{36})", given)
    if ours:
        try:
            return str(UUID(ours.group(1)))
        except ValueError:
            return given
    return given
