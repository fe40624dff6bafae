"""What an expression is once it is read: a tree whose parts reckon themselves.

Every node knows what it comes to (``of``), how strongly it binds (``BINDS``, for brackets) and
its text, so that a tree can be written out and read again.
:mod:`~attune.case_studies.branching.expressions` makes these trees and documents the language.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from django.utils.translation import gettext


class ExpressionError(ValueError):
    """What is wrong with an expression, where, and what would have been right.

    ``column`` counts from 1. ``found`` and ``expected`` are in plain words and may be empty
    where ``message`` says it better.
    """

    def __init__(self, message: str, *, column: int, found: str = "", expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.found = found
        self.expected = expected


class UnknownName(ExpressionError):
    """A name that is none of the case's meters, met while reckoning."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an expression can ask about: meters, scenes decided in, ``scene/choice`` taken."""

    state: Mapping[str, int]
    visited: Container[str] = frozenset()
    took: Container[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Number:
    BINDS: ClassVar[int] = 9
    value: int

    def of(self, facts: Facts) -> int:
        return self.value

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Name:
    """A meter, by its name."""

    BINDS: ClassVar[int] = 9
    name: str
    column: int = field(default=1, compare=False)

    def of(self, facts: Facts) -> int:
        try:
            return facts.state[self.name]
        except KeyError:
            raise UnknownName(
                gettext("“%(name)s” is not a meter of this case.") % {"name": self.name},
                column=self.column,
                found=self.name,
                expected=gettext("the name of a meter"),
            ) from None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Negative:
    BINDS: ClassVar[int] = 8
    operand: NumberNode

    def of(self, facts: Facts) -> int:
        return -self.operand.of(facts)

    def __str__(self) -> str:
        return f"-{_within(self.operand, self.BINDS)}"


def divided(left: int, right: int) -> int:
    """Towards minus infinity; by zero: 0."""
    return left // right if right else 0


def remainder(left: int, right: int) -> int:
    return left % right if right else 0


ARITHMETIC: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "+": (6, operator.add),
    "-": (6, operator.sub),
    "*": (7, operator.mul),
    "/": (7, divided),
    "%": (7, remainder),
}
RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Arithmetic:
    sign: str
    left: NumberNode
    right: NumberNode
    column: int = field(default=1, compare=False)

    @property
    def BINDS(self) -> int:
        return ARITHMETIC[self.sign][0]

    def of(self, facts: Facts) -> int:
        return ARITHMETIC[self.sign][1](self.left.of(facts), self.right.of(facts))

    def __str__(self) -> str:
        # Left to right: what stands on the right needs brackets at the same strength.
        right = _within(self.right, self.BINDS + 1)
        return f"{_within(self.left, self.BINDS)} {self.sign} {right}"


@dataclass(frozen=True, slots=True)
class Relation:
    BINDS: ClassVar[int] = 4
    sign: str
    left: NumberNode
    right: NumberNode

    def of(self, facts: Facts) -> bool:
        return RELATIONS[self.sign](self.left.of(facts), self.right.of(facts))

    def __str__(self) -> str:
        return f"{_within(self.left, 5)} {self.sign} {_within(self.right, 5)}"


@dataclass(frozen=True, slots=True)
class Visited:
    """Whether a decision was made in this scene earlier on the path."""

    BINDS: ClassVar[int] = 9
    scene: str
    column: int = field(default=1, compare=False)

    @property
    def fact(self) -> tuple[str, str]:
        return "visited", self.scene

    def of(self, facts: Facts) -> bool:
        return self.scene in facts.visited

    def __str__(self) -> str:
        return f'visited("{self.scene}")'


@dataclass(frozen=True, slots=True)
class Took:
    """Whether this choice (``scene-key/choice-key``) was taken earlier on the path."""

    BINDS: ClassVar[int] = 9
    choice: str
    column: int = field(default=1, compare=False)

    @property
    def fact(self) -> tuple[str, str]:
        return "took", self.choice

    def of(self, facts: Facts) -> bool:
        return self.choice in facts.took

    def __str__(self) -> str:
        return f'took("{self.choice}")'


@dataclass(frozen=True, slots=True)
class Not:
    BINDS: ClassVar[int] = 3
    operand: TruthNode

    def of(self, facts: Facts) -> bool:
        return not self.operand.of(facts)

    def __str__(self) -> str:
        return f"not {_within(self.operand, self.BINDS)}"


@dataclass(frozen=True, slots=True)
class And:
    BINDS: ClassVar[int] = 2
    left: TruthNode
    right: TruthNode

    def of(self, facts: Facts) -> bool:
        return self.left.of(facts) and self.right.of(facts)

    def __str__(self) -> str:
        return f"{_within(self.left, 2)} and {_within(self.right, 3)}"


@dataclass(frozen=True, slots=True)
class Or:
    BINDS: ClassVar[int] = 1
    left: TruthNode
    right: TruthNode

    def of(self, facts: Facts) -> bool:
        return self.left.of(facts) or self.right.of(facts)

    def __str__(self) -> str:
        return f"{_within(self.left, 1)} or {_within(self.right, 2)}"


NumberNode = Number | Name | Negative | Arithmetic
TruthNode = Relation | Visited | Took | Not | And | Or
Node = NumberNode | TruthNode


@dataclass(frozen=True, slots=True)
class Assignment:
    """One effect. ``sign`` is ``=``, ``+=`` or ``-=``."""

    name: str
    sign: Literal["=", "+=", "-="]
    value: NumberNode
    column: int = field(default=1, compare=False)

    def of(self, facts: Facts) -> int:
        """What the meter becomes, before it is cut to its bounds."""
        amount = self.value.of(facts)
        if self.sign == "=":
            return amount
        before = Name(self.name, self.column).of(facts)
        return before + amount if self.sign == "+=" else before - amount

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.value}"


def holds(condition: TruthNode | None, facts: Facts) -> bool:
    return condition is None or condition.of(facts)


def parts(node: Node | Assignment) -> Iterator[Node]:
    """The node and everything inside it."""
    waiting: list[Node] = [node.value] if isinstance(node, Assignment) else [node]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Arithmetic | Relation | And | Or):
            waiting += [one.right, one.left]
        elif isinstance(one, Not | Negative):
            waiting.append(one.operand)


def _within(node: Node, least: int) -> str:
    return str(node) if least <= node.BINDS else f"({node})"
