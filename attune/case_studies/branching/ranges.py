"""What an expression can come to when only the range of every meter is known.

A :class:`Span` holds a range for each meter, and for each fact whether it may be true and may be
false. Whatever is reckoned from it covers every state inside it and perhaps more: a condition
that cannot hold here never holds; one that can may still never do.
"""

from __future__ import annotations

from dataclasses import dataclass

from attune.case_studies.branching.nodes import (
    And,
    Arithmetic,
    Name,
    Negative,
    Not,
    Number,
    NumberNode,
    Or,
    Relation,
    Took,
    TruthNode,
    Visited,
)

Range = tuple[int, int]
"""Lowest and highest, both included."""

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Span:
    """``true`` and ``false``: the bits of the facts that may be so."""

    meters: dict[str, Range]
    true: int
    false: int

    def joined(self, other: Span) -> Span:
        meters = {
            name: (min(low, other.meters[name][0]), max(high, other.meters[name][1]))
            for name, (low, high) in self.meters.items()
        }
        return Span(meters, self.true | other.true, self.false | other.false)

    def having(self, bits: int) -> Span:
        """The facts of these bits have become true."""
        return Span(self.meters, self.true | bits, self.false & ~bits)

    def where(self, name: str, low: int, high: int) -> Span | None:
        """Narrowed to a range of one meter; ``None`` where nothing is left."""
        known_low, known_high = self.meters[name]
        low, high = max(low, known_low), min(high, known_high)
        if low > high:
            return None
        if (low, high) == (known_low, known_high):
            return self
        return Span({**self.meters, name: (low, high)}, self.true, self.false)


def range_of(node: NumberNode, span: Span) -> Range:
    if isinstance(node, Number):
        return node.value, node.value
    if isinstance(node, Name):
        return span.meters[node.name]
    if isinstance(node, Negative):
        low, high = range_of(node.operand, span)
        return -high, -low
    left, right = range_of(node.left, span), range_of(node.right, span)
    if node.sign == "+":
        return left[0] + right[0], left[1] + right[1]
    if node.sign == "-":
        return left[0] - right[1], left[1] - right[0]
    if node.sign == "*":
        corners = [one * other for one in left for other in right]
        return min(corners), max(corners)
    return _quotients(left, right) if node.sign == "/" else _remainders(left, right)


def _split(right: Range) -> list[Range]:
    """A divisor's range without zero: what is below and what is above it."""
    below, above = (right[0], min(right[1], -1)), (max(right[0], 1), right[1])
    return [part for part in (below, above) if part[0] <= part[1]]


def _quotients(left: Range, right: Range) -> Range:
    corners = [one // other for part in _split(right) for one in left for other in part]
    if right[0] <= 0 <= right[1]:
        corners.append(0)
    return min(corners), max(corners)


def _remainders(left: Range, right: Range) -> Range:
    ends = [0] if right[0] <= 0 <= right[1] else []
    for low, high in _split(right):
        if low > 0 and left[0] >= 0 and left[1] < low:
            ends += left
        else:
            ends += [min(0, low + 1), max(0, high - 1)]
    return min(ends), max(ends)


def may_divide_by_zero(
    node: NumberNode | TruthNode, span: Span, facts: dict[tuple[str, str], int]
) -> bool:
    """What is not reached because of an ``and`` or ``or`` before it does not count."""
    if isinstance(node, And | Or):
        if may_divide_by_zero(node.left, span, facts):
            return True
        reached = narrowed(node.left, span, holds=isinstance(node, And), facts=facts)
        return reached is not None and may_divide_by_zero(node.right, reached, facts)
    if isinstance(node, Not | Negative):
        return may_divide_by_zero(node.operand, span, facts)
    if isinstance(node, Arithmetic | Relation):
        if may_divide_by_zero(node.left, span, facts) or may_divide_by_zero(
            node.right, span, facts
        ):
            return True
        low, high = range_of(node.right, span)
        return node.sign in ("/", "%") and low <= 0 <= high
    return False


def narrowed(
    node: TruthNode | None, span: Span, *, holds: bool, facts: dict[tuple[str, str], int]
) -> Span | None:
    """What is left of the span where the condition holds (or does not); ``None``: nothing."""
    if node is None:
        return span if holds else None
    if isinstance(node, Not):
        return narrowed(node.operand, span, holds=not holds, facts=facts)
    if isinstance(node, And | Or):
        if isinstance(node, And) is holds:  # both sides are so
            left = narrowed(node.left, span, holds=holds, facts=facts)
            return left and narrowed(node.right, left, holds=holds, facts=facts)
        left = narrowed(node.left, span, holds=holds, facts=facts)
        other = narrowed(node.left, span, holds=not holds, facts=facts)
        right = other and narrowed(node.right, other, holds=holds, facts=facts)
        return left.joined(right) if left and right else left or right
    if isinstance(node, Visited | Took):
        return _fact(facts[node.fact], span, holds=holds)
    sign = node.sign if holds else OPPOSITE[node.sign]
    return _related(sign, node, span)


def _fact(bit: int, span: Span, *, holds: bool) -> Span | None:
    if holds:
        return Span(span.meters, span.true, span.false & ~bit) if span.true & bit else None
    return Span(span.meters, span.true & ~bit, span.false) if span.false & bit else None


def _related(sign: str, node: Relation, span: Span) -> Span | None:
    left, right = range_of(node.left, span), range_of(node.right, span)
    if not _possible(sign, left, right):
        return None
    found: Span | None = span
    if isinstance(node.left, Name):
        found = _cut(node.left.name, sign, right, span)
    if found is not None and isinstance(node.right, Name):
        found = _cut(node.right.name, MIRRORED[sign], left, found)
    return found


def _possible(sign: str, left: Range, right: Range) -> bool:
    if sign == "==":
        return left[0] <= right[1] and right[0] <= left[1]
    if sign == "!=":
        return not left[0] == left[1] == right[0] == right[1]
    if sign in ("<", "<="):
        return left[0] < right[1] or (sign == "<=" and left[0] == right[1])
    return left[1] > right[0] or (sign == ">=" and left[1] == right[0])


def _cut(name: str, sign: str, other: Range, span: Span) -> Span | None:
    low, high = span.meters[name]
    if sign == "==":
        return span.where(name, *other)
    if sign == "!=":
        if other[0] != other[1] or other[0] not in (low, high):
            return span
        return span.where(name, low + (other[0] == low), high - (other[0] == high))
    if sign in ("<", "<="):
        return span.where(name, low, other[1] - (sign == "<"))
    return span.where(name, other[0] + (sign == ">"), high)
