"""Conditions and assignments of Twine's story formats in our grammar, and ours in theirs.

Understood are the operators of SugarCube and Harlowe over whole numbers, ``true`` and
``false`` (as 1 and 0) and ``visited("passage")``. Everything else is ``NotMapped``, with words
that say what it was; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _

from attune.case_studies.branching.expressions import (
    RESERVED,
    ExpressionError,
    condition_from,
    effects_from,
    score_from,
)

LONGEST = 300
"""Characters that a condition or the effects of a choice may have in the editor."""


class NotMapped(ValueError):
    """There is nothing here that says the same. The message says why."""


@dataclass(slots=True)
class Names:
    """Variables and passages by the names that they get here."""

    key_of: Callable[[str], str]
    variables: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def only_if_mapped(self) -> Iterator[None]:
        """What cannot be taken over leaves no meter behind."""
        before = dict(self.variables)
        try:
            yield
        except NotMapped:
            self.variables = before
            raise

    def meter(self, variable: str) -> str:
        if variable not in self.variables:
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", variable).lower()
            name = re.sub(r"[^a-z0-9_]", "", snake).lstrip("_0123456789")[:34] or "value"
            if name in RESERVED:
                name += "_value"
            candidate, number = name, 2
            while candidate in self.variables.values():
                candidate, number = f"{name}_{number}", number + 1
            self.variables[variable] = candidate
        return self.variables[variable]


class _Token(NamedTuple):
    kind: str
    text: str


_TOKENS = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<string>"[^"]*"|'[^']*')
    |(?P<variable>[$_][A-Za-z]\w*)
    |(?P<word>[A-Za-z]\w*(?:\.\w+)*)
    |(?P<sign>===|!==|==|!=|<=|>=|&&|\|\||\+=|-=|\*=|/=|%=|[-+*/%()<>=!,])
    """,
    re.VERBOSE,
)
_WORDS = {
    "and": "and",
    "or": "or",
    "not": "not",
    "eq": "==",
    "is": "==",
    "neq": "!=",
    "isnot": "!=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "true": "1",
    "false": "0",
}
_SIGNS = {"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not"}


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        found = _TOKENS.match(text, position)
        if found is None:
            raise NotMapped(_("“%(sign)s” is not understood.") % {"sign": text[position]})
        position = found.end()
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0])


def _ours(text: str, names: Names, *, it: str = "") -> str:
    tokens = list(_tokens(text))
    parts: list[str] = []
    position = 0
    while position < len(tokens):
        kind, word = tokens[position]
        position += 1
        if kind == "number":
            if "." in word:
                raise NotMapped(_("%(number)s is no whole number.") % {"number": word})
            parts.append(word)
        elif kind == "variable":
            parts.append(names.meter(word[1:]))
        elif kind == "sign":
            parts.append(_SIGNS.get(word, word))
        elif kind == "string":
            raise NotMapped(_("The text %(text)s is no number.") % {"text": word[:40]})
        elif word == "it" and it:
            parts.append(it)
        elif word in ("visited", "hasVisited"):
            key, position = _argument(tokens, position, word)
            parts.append(f'visited("{names.key_of(key)}")')
        elif word == "is" and tokens[position : position + 1] == [_Token("word", "not")]:
            parts.append("!=")
            position += 1
        elif word in _WORDS:
            parts.append(_WORDS[word])
        else:
            raise NotMapped(_("“%(word)s” is not understood.") % {"word": word[:40]})
    return " ".join(parts)


def _argument(tokens: list[_Token], position: int, word: str) -> tuple[str, int]:
    found = tokens[position : position + 3]
    if [each.text for each in (*found[:1], *found[2:])] != ["(", ")"] or found[1].kind != "string":
        raise NotMapped(
            _("“%(word)s” is only understood with one passage, in quotes.") % {"word": word}
        )
    return found[1].text[1:-1], position + 3


def condition(text: str, names: Names) -> str:
    """:raises NotMapped: it says something that our conditions cannot say."""
    with names.only_if_mapped():
        return _condition(text, names)


def _condition(text: str, names: Names) -> str:
    ours = _ours(text, names)
    # A variable that is true or false is a meter of 1 or 0 here.
    if re.fullmatch(r"[a-z]\w*", ours):
        ours = f"{ours} != 0"
    elif re.fullmatch(r"not \(? ?[a-z]\w* ?\)?", ours):
        ours = f"{ours.removeprefix('not ').strip('() ')} == 0"
    return canonical(ours)


def canonical(ours: str) -> str:
    """A condition in our grammar, written out from its tree."""
    try:
        tree = condition_from(ours)
    except ExpressionError as error:
        raise NotMapped(error.message) from None
    written = str(tree) if tree is not None else ""
    if len(written) > LONGEST:
        raise NotMapped(_("It is longer than %(most)d characters.") % {"most": LONGEST})
    return written


def score(text: str, names: Names) -> str:
    with names.only_if_mapped():
        ours = _ours(text, names)
        try:
            return str(score_from(ours))
        except ExpressionError as error:
            raise NotMapped(error.message) from None


_ASSIGNMENT = re.compile(r"\s*([$_][A-Za-z]\w*)\s*(\bto\b|\+=|-=|\*=|/=|%=|=(?!=))(.*)", re.DOTALL)


def effects(text: str, names: Names) -> str:
    """Assignments parted by comma or semicolon, as effects of ours.

    :raises NotMapped: one of them assigns something that is no whole number.
    """
    with names.only_if_mapped():
        return _effects(text, names)


def _effects(text: str, names: Names) -> str:
    written = []
    for each in assignments(text):
        found = _ASSIGNMENT.fullmatch(each)
        if found is None:
            raise NotMapped(_("“%(text)s” is no assignment.") % {"text": each.strip()[:60]})
        name = names.meter(found[1][1:])
        sign, value = found[2], _ours(found[3], names, it=name)
        if sign in ("*=", "/=", "%="):
            value, sign = f"{name} {sign[0]} ({value})", "="
        written.append(f"{name} {'=' if sign == 'to' else sign} {value}")
    try:
        ours = "; ".join(map(str, effects_from("; ".join(written))))
    except ExpressionError as error:
        raise NotMapped(error.message) from None
    if len(ours) > LONGEST:
        raise NotMapped(_("It is longer than %(most)d characters.") % {"most": LONGEST})
    return ours


def assignments(text: str) -> list[str]:
    """What a setter says, one assignment after the other."""
    parts, depth, start = [], 0, 0
    for position, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign in ",;" and depth <= 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


# --- The other way ---------------------------------------------------------------------------

_OWN_WORDS = re.compile(r'"[^"]*"|[a-z][a-z0-9_]*')


def _theirs(ours: str) -> str:
    if "took(" in ours:
        raise NotMapped(_("Twine does not remember which link was taken, only which passage."))
    return _OWN_WORDS.sub(
        lambda found: found[0] if found[0] in RESERVED or found[0][0] == '"' else f"${found[0]}",
        ours,
    )


def condition_out(ours: str) -> str:
    """A condition for SugarCube. :raises NotMapped: it has no such thing, or ours is faulty."""
    return _theirs(canonical(ours))


def score_out(ours: str) -> str:
    try:
        return _theirs(str(score_from(ours)))
    except ExpressionError as error:
        raise NotMapped(error.message) from None


def effects_out(ours: str) -> str:
    try:
        return _theirs("; ".join(map(str, effects_from(ours))))
    except ExpressionError as error:
        raise NotMapped(error.message) from None
