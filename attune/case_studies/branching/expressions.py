"""The small language of conditions, effects and scores: text in, a typed tree out.

Whole numbers and truths, nothing else; no loops, no calls but ``visited`` and ``took``, no
``eval``. The grammar, weakest binding first::

    truth    = and_ { "or" and_ }
    and_     = not_ { "and" not_ }
    not_     = "not" not_ | relation
    relation = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
    sum      = term { ( "+" | "-" ) term }
    term     = factor { ( "*" | "/" | "%" ) factor }
    factor   = "-" factor | number | name | "(" truth ")"
             | "visited" "(" "scene-key" ")" | "took" "(" "scene-key/choice-key" ")"
    effects  = assignment { ";" assignment }
    assignment = name ( "=" | "+=" | "-=" ) sum

A condition must be a truth, a score and what is assigned must be numbers; the parser sees to
it, so that nothing is left to find out while somebody walks the case. Division rounds towards
minus infinity and ``%`` takes the sign of its right side, as in Python; dividing by zero yields
0, which :mod:`~attune.case_studies.branching.analysis` finds before it happens.

The trees are in :mod:`~attune.case_studies.branching.nodes`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from django.utils.translation import gettext

from attune.case_studies.branching.nodes import (
    RELATIONS,
    And,
    Arithmetic,
    Assignment,
    ExpressionError,
    Name,
    Negative,
    Node,
    Not,
    Number,
    NumberNode,
    Or,
    Relation,
    Took,
    TruthNode,
    Visited,
)

__all__ = ["ExpressionError", "condition_from", "effects_from", "effects_text", "score_from"]

LONGEST = 500
"""Characters in one condition, list of effects or score."""
DEEPEST = 30
"""Brackets, ``not`` and minus signs inside one another."""
GREATEST = 2_147_483_647
"""The greatest number that can be written, as the tables hold it."""

RESERVED = frozenset({"and", "or", "not", "visited", "took"})
"""Words of the language, which no meter can be named after."""


def condition_from(text: str) -> TruthNode | None:
    """The tree of a condition; ``None`` for an empty one, which always holds."""
    return _condition(text) if text.strip() else None


def score_from(text: str) -> NumberNode:
    """The tree of a score; an empty one is 0."""
    return _score(text) if text.strip() else Number(0)


def effects_from(text: str) -> tuple[Assignment, ...]:
    return _effects(text) if text.strip() else ()


def effects_text(effects: tuple[Assignment, ...]) -> str:
    return "; ".join(map(str, effects))


# Trees are immutable, so equal texts share one. Errors are not kept.
@lru_cache(maxsize=4096)
def _condition(text: str) -> TruthNode:
    parser = _Parser(text)
    node = parser.either()
    parser.end()
    return parser.truth(node)


@lru_cache(maxsize=1024)
def _score(text: str) -> NumberNode:
    parser = _Parser(text)
    node = parser.either()
    parser.end()
    return parser.number(node)


@lru_cache(maxsize=4096)
def _effects(text: str) -> tuple[Assignment, ...]:
    return _Parser(text).effects()


class _Token(NamedTuple):
    kind: Literal["number", "name", "text", "sign", "end"]
    text: str
    column: int


_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\xa0]+)"
    r"|(?P<number>[0-9]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|\+=|-=|[-+*/%()<>=;])"
)
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_KEY = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_SCENE = re.compile(rf"{_KEY}\Z")
_CHOICE = re.compile(rf"{_KEY}/{_KEY}\Z")


def _hint(character: str) -> str:
    """What was probably meant by a sign of another language."""
    if character == "&":
        return gettext("Write “and” where both must hold.")
    if character == "|":
        return gettext("Write “or” where one of two must hold.")
    if character == "!":
        return gettext("Write “not” to turn a condition round, “!=” for “is not equal”.")
    if character in "“”„‘’«»":
        return gettext('Keys stand in straight quotation marks: visited("first-call").')
    if character in "\"'":
        return gettext("The quotation mark is not closed.")
    if character in "×·":
        return gettext("Write “*” to multiply.")
    if character in "–−—":
        return gettext("Write “-”, the hyphen, for minus.")
    if character in "≤≥≠":
        return gettext("Write “<=”, “>=” or “!=”.")
    if character in ".,":
        return gettext("Numbers are whole: “5”, not “5.0”, and have no thousands mark.")
    return gettext("This sign means nothing here.")


def _tokens(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise ExpressionError(
            gettext("Too long: %(length)d characters, at most %(most)d are allowed.")
            % {"length": len(text), "most": LONGEST},
            column=LONGEST + 1,
        )
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        column = at + 1
        if match is None:
            raise ExpressionError(
                gettext("“%(found)s” at position %(column)d: %(hint)s")
                % {"found": text[at], "column": column, "hint": _hint(text[at])},
                column=column,
                found=text[at],
                expected=_hint(text[at]),
            )
        at = match.end()
        if match.lastgroup == "number":
            tokens.append(_Token("number", match.group(), column))
        elif match.lastgroup == "name":
            tokens.append(_Token("name", match.group(), column))
        elif match.lastgroup == "text":
            tokens.append(_Token("text", match.group()[1:-1], column))
        elif match.lastgroup == "sign":
            tokens.append(_Token("sign", match.group(), column))
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens


class _Parser:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0
        self.began: dict[int, int] = {}

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *signs: str) -> _Token | None:
        """The next token where it is one of these signs or words."""
        token = self.token
        if token.kind in ("sign", "name") and token.text in signs:
            self.at += 1
            return token
        return None

    def error(self, expected: str, token: _Token | None = None) -> ExpressionError:
        token = token or self.token
        if token.kind == "end":
            return ExpressionError(
                gettext("It ends too early, at position %(column)d: %(expected)s was expected.")
                % {"column": token.column, "expected": expected},
                column=token.column,
                found=gettext("the end"),
                expected=expected,
            )
        return ExpressionError(
            gettext("“%(found)s” at position %(column)d: %(expected)s was expected.")
            % {"found": token.text, "column": token.column, "expected": expected},
            column=token.column,
            found=token.text,
            expected=expected,
        )

    def end(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        if token.text == "=":
            raise self.error(gettext("“==” (to compare; “=” sets a value in effects)"))
        if token.text in RELATIONS:
            raise self.error(gettext("“and” or “or” (comparisons do not chain)"))
        if token.text == ";":
            raise self.error(gettext("the end (only effects are separated by “;”)"))
        raise self.error(gettext("a sign such as “+” or “>=”, or “and”, “or”, or the end"))

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(
                gettext(
                    "Too deeply nested at position %(column)d: at most %(most)d brackets, "
                    "“not” and minus signs inside one another."
                )
                % {"column": self.token.column, "most": DEEPEST},
                column=self.token.column,
                found=self.token.text,
            )

    def note(self, node: Node, column: int) -> Node:
        """Remember where a node began, for a complaint about its kind."""
        self.began[id(node)] = column
        return node

    def wrong_kind(self, node: Node, message: str, expected: str) -> ExpressionError:
        column = self.began.get(id(node), 1)
        return ExpressionError(
            gettext("“%(found)s” at position %(column)d %(message)s")
            % {"found": str(node), "column": column, "message": message},
            column=column,
            found=str(node),
            expected=expected,
        )

    def truth(self, node: Node) -> TruthNode:
        if isinstance(node, NumberNode):
            raise self.wrong_kind(
                node,
                gettext("is a number; a condition is expected: compare it, as in “trust >= 50”."),
                gettext("a condition"),
            )
        return node

    def number(self, node: Node) -> NumberNode:
        if isinstance(node, TruthNode):
            raise self.wrong_kind(
                node,
                gettext("is true or false; a number is expected here."),
                gettext("a number"),
            )
        return node

    def either(self) -> Node:
        column = self.token.column
        node = self.both()
        while self.take("or"):
            left = self.truth(node)
            node = self.note(Or(left, self.truth(self.both())), column)
        return node

    def both(self) -> Node:
        column = self.token.column
        node = self.negation()
        while self.take("and"):
            left = self.truth(node)
            node = self.note(And(left, self.truth(self.negation())), column)
        return node

    def negation(self) -> Node:
        column = self.token.column
        if not self.take("not"):
            return self.relation()
        self.deeper()
        operand = self.truth(self.negation())
        self.depth -= 1
        return self.note(Not(operand), column)

    def relation(self) -> Node:
        column = self.token.column
        node = self.sum()
        sign = self.take(*RELATIONS)
        if sign is None:
            return node
        left = self.number(node)
        right = self.number(self.sum())
        return self.note(Relation(sign.text, left, right), column)

    def sum(self) -> Node:
        column = self.token.column
        node = self.term()
        while sign := self.take("+", "-"):
            left = self.number(node)
            node = Arithmetic(sign.text, left, self.number(self.term()), sign.column)
            self.note(node, column)
        return node

    def term(self) -> Node:
        column = self.token.column
        node = self.factor()
        while sign := self.take("*", "/", "%"):
            left = self.number(node)
            node = Arithmetic(sign.text, left, self.number(self.factor()), sign.column)
            self.note(node, column)
        return node

    def factor(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.at += 1
            if len(token.text) > len(str(GREATEST)) or int(token.text) > GREATEST:
                raise ExpressionError(
                    gettext("The number at position %(column)d is too great.")
                    % {"column": token.column},
                    column=token.column,
                    found=token.text,
                )
            return self.note(Number(int(token.text)), token.column)
        if self.take("-"):
            self.deeper()
            operand = self.number(self.factor())
            self.depth -= 1
            return self.note(Negative(operand), token.column)
        if self.take("("):
            self.deeper()
            node = self.either()
            self.depth -= 1
            if not self.take(")"):
                raise self.error(gettext("“)”"))
            return self.note(node, token.column)
        if self.take("visited"):
            return self.note(Visited(self.key(_SCENE, "plant-stop"), token.column), token.column)
        if self.take("took"):
            key = self.key(_CHOICE, "plant-stop/call-back")
            return self.note(Took(key, token.column), token.column)
        if token.kind == "name" and token.text not in RESERVED:
            self.at += 1
            return self.note(Name(self.name(token), token.column), token.column)
        raise self.error(gettext("a number, the name of a meter, or “(”"))

    def key(self, shape: re.Pattern[str], example: str) -> str:
        if not self.take("("):
            raise self.error(gettext("“(”"))
        token = self.token
        expected = gettext("a key in quotation marks such as “%(example)s”") % {"example": example}
        if token.kind != "text" or not shape.match(token.text):
            raise self.error(expected)
        self.at += 1
        if not self.take(")"):
            raise self.error(gettext("“)”"))
        return token.text

    def name(self, token: _Token) -> str:
        if not _NAME.match(token.text):
            raise self.error(gettext("a name in small letters"), token)
        return token.text

    def effects(self) -> tuple[Assignment, ...]:
        effects: list[Assignment] = []
        while (token := self.token).kind != "end":
            if token.kind != "name" or token.text in RESERVED:
                raise self.error(gettext("the name of a meter"))
            self.at += 1
            name = self.name(token)
            sign = self.take("=", "+=", "-=")
            if sign is None:
                raise self.error(gettext("“=”, “+=” or “-=”"))
            value = self.number(self.either())
            kind: Literal["=", "+=", "-="] = (
                "=" if sign.text == "=" else "+=" if sign.text == "+=" else "-="
            )
            effects.append(Assignment(name, kind, value, token.column))
            if not self.take(";"):
                break
        if self.tokens[self.at].kind != "end":
            raise self.error(gettext("“;” or the end"))
        return tuple(effects)
