"""GIFT, Moodle's format for questions in plain text.

Read: all that Moodle's documentation of the format describes. True-false, one right answer,
several by percent, partial percents, short answers, gaps in a sentence, numbers with a
tolerance or a range, matching, essays, comments with id and tags, categories (they become
tags), general feedback, text formats. Written: the same, in ``[html]``.

GIFT's own reading order holds: what is escaped is set aside first, so that every other
``~ = # { } :`` is a sign of the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt

from attune.quizzes.exchange.contract import Draft, Parsed, QuestionRefused
from attune.quizzes.exchange.gift_answers import answers_of
from attune.quizzes.exchange.gift_signs import escaped, for_writing, plain, protected
from attune.quizzes.exchange.gift_writing import answers_in_words, refusal_of, sentence_of
from attune.quizzes.exchange.texts import from_any, from_html, from_plain, tidy
from attune.safety.sanitiser import TooMuchText
from attune.tabular.reading import decode

_MARK = re.compile(r"\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_IN_COMMENT = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])*)\]")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two empty lines."""

    line: int
    text: str
    identifier: str
    tags: tuple[str, ...]


class Gift:
    slug = "gift"
    label = "GIFT"
    extension = "gift.txt"
    content_type = "text/plain; charset=utf-8"
    kinds = frozenset({"true_false", "choice", "fill_in", "numeric", "matching", "written_reply"})
    never = ("topic", "difficulty")
    scheme = "moodle"
    order = 10
    description = gettext_lazy("Plain text, for Moodle and many other systems.")

    def read(self, body: bytes) -> Parsed:
        text, encoding = decode(body)
        parsed = Parsed(encoding=encoding)
        category: tuple[str, ...] = ()
        for block in blocks(text):
            rest = block.text
            if rest.startswith("$CATEGORY:"):
                named, _sep, rest = rest.partition("\n")
                category = category_tags(named.removeprefix("$CATEGORY:"))
                rest = rest.strip()
            if not rest:
                continue
            if parsed.is_full:
                parsed.refuse_the_rest(place_of(block.line))
                break
            read_block(Block(block.line, rest, block.identifier, category + block.tags), parsed)
        return parsed

    def refusal(self, draft: Draft) -> str:
        return refusal_of(draft)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        return ("\n\n".join(map(write_one, drafts)) + "\n").encode("utf-8", "replace")


FORMAT = Gift()


# --- Reading -------------------------------------------------------------------------------


def place_of(line: int) -> str:
    return _("line %(number)d") % {"number": line}


def blocks(text: str) -> Iterator[Block]:
    """Questions are parted by empty lines; a line that begins with ``//`` is a comment."""
    lines: list[str] = []
    first = 0
    identifier, tags = "", []  # type: tuple[str, list[str]]
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.lstrip().startswith("//"):
            for name, value in _IN_COMMENT.findall(line):
                value = tidy(re.sub(r"\\(.)", r"\1", value))
                if name == "id":
                    identifier = value
                elif value:
                    tags.append(value)
        elif line.strip():
            first = first or number
            lines.append(line)
        elif lines:
            yield Block(first, "\n".join(lines).strip(), identifier[:255], tuple(tags))
            lines, first, identifier, tags = [], 0, "", []


def category_tags(path: str) -> tuple[str, ...]:
    """The last part of a category's path; Moodle's own roots say nothing."""
    parts = [part.strip() for part in path.split("/")]
    named = [part for part in parts if part and part != "top" and not part.startswith("$")]
    return (tidy(named[-1])[:60],) if named else ()


def read_block(block: Block, parsed: Parsed) -> None:
    place, title = place_of(block.line), ""
    text = protected(block.text)
    try:
        title, text = split_title(text)
        mark = _MARK.match(text)
        form = mark.group(1).lower() if mark else ""
        text = text[mark.end() :].lstrip() if mark else text
        opens, closes = text.find("{"), text.find("}")
        if opens < 0 and closes < 0:
            parsed.note(
                place, title, _("A text without answers is not a question. It was left out.")
            )
            return
        if opens < 0 or closes < opens:
            raise QuestionRefused(_("The braces around the answers do not match."))
        if "{" in text[opens + 1 : closes] or "{" in text[closes:] or "}" in text[closes + 1 :]:
            raise QuestionRefused(
                _("There is more than one pair of braces. GIFT has one group of answers.")
            )
        before, inside, after = text[:opens], text[opens + 1 : closes], text[closes + 1 :]
        inside, _sep, general = inside.partition("####")
        notes: list[str] = []
        kind, data = answers_of(inside.strip(), form, notes)
        prompt, data = with_prompt(kind, data, rich(before, form), rich(after, form))
        parsed.drafts.append(
            Draft(
                kind=kind,
                prompt=prompt,
                data=data,
                title=title or None,
                explanation=rich(general, form),
                tags=tuple(dict.fromkeys(block.tags)),
                identifier=block.identifier,
                place=place,
            )
        )
        for each in notes:
            parsed.note(place, title, each)
    except TooMuchText:
        parsed.refuse(place, title, _("The text is too long."))
    except QuestionRefused as error:
        parsed.refuse(place, title, str(error))


def split_title(text: str) -> tuple[str, str]:
    if not text.startswith("::"):
        return "", text
    title, sign, rest = text[2:].partition("::")
    if not sign:
        raise QuestionRefused(_("The name in front of the question has no “::” at its end."))
    return " ".join(plain(title, "plain").split())[:150], rest.lstrip()


def rich(text: str, form: str) -> str:
    """A protected text in one of GIFT's text formats, as clean rich text."""
    raw = escaped(text).strip()
    if form == "html":
        return from_html(raw)
    if form == "plain":
        return from_plain(raw)
    if form == "markdown":
        return from_html(MarkdownIt("commonmark", {"html": False}).render(raw))
    return from_any(raw)


def with_prompt(
    kind: str, data: dict[str, Any], before: str, after: str
) -> tuple[str, dict[str, Any]]:
    """Where the answers stand in the middle of a sentence, the sentence has a gap there."""
    gap = "[[1]]" if kind == "fill_in" else "_____"
    if not after:
        return before, data
    paragraphs = re.findall(r"<p>.*?</p>", before, re.DOTALL)
    lead = "".join(paragraphs[:-1])
    start, end = plain(paragraphs[-1] if paragraphs else before, "html"), plain(after, "html")
    parting = "" if end[:1] in (".", ",", ";", ":", "!", "?", ")", "’", "'") else " "
    sentence = f"{start} {gap}{parting}{end}".strip()
    if kind == "fill_in":
        return lead, {**data, "text": sentence}
    return lead + from_plain(sentence), data


# --- Writing -------------------------------------------------------------------------------


def write_one(draft: Draft) -> str:
    labels = [("id", draft.identifier)] if draft.identifier else []
    labels += [("tag", each) for each in draft.tags or ()]
    comment = " ".join(f"[{name}:{in_comment(value)}]" for name, value in labels)
    title = for_writing(draft.title or "")
    before, after = sentence_of(draft)
    general = for_writing(draft.explanation or "")
    lines = [f"// {comment}"] if comment else []
    lines.append(
        (f"::{title}::" if title else "")
        + "[html]"
        + for_writing(before)
        + " {"
        + answers_in_words(draft)
        + (f"####{general}" if general else "")
        + "}"
        + (f" {for_writing(after)}" if after else "")
    )
    return "\n".join(lines)


def in_comment(value: str) -> str:
    return re.sub(r"([\\\]])", r"\\\1", " ".join(value.split()))
