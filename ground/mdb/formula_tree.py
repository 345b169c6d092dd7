"""Conversion formulas as trees: the grammar, and nothing of what the operations mean.

    sum        = product {("+" | "-") product}
    product    = signed {("*" | "/") signed}
    signed     = {"+" | "-"} power
    power      = value ["^" ["-"] value]
    value      = number | "x" | "(" sum ")" | function "(" sum ")"
               | "iif" "(" any "," sum "," sum ")"
    any        = all {".or." all}
    all        = comparison {".and." comparison}
    comparison = "(" any ")" | "x" sign number | number sign "x"

Source: the formulas of the CYGNSS mission dictionary, as ITOS writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

from ground.mdb.model import All, AnyOf, Comparison, Condition, Reference

LONGEST = 4096  # characters; this and the next two keep recursion shallow
MOST_TOKENS = 400
DEEPEST = 40  # parentheses within parentheses

T = TypeVar("T")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.(?![A-Za-z])\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\.[A-Za-z]+\.|[<>=!]=|[-+*/^(),<>]))"
)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMPARISONS = {
    **{sign: sign for sign in (">", ">=", "<", "<=", "==", "!=")},
    ".gt.": ">",
    ".ge.": ">=",
    ".lt.": "<",
    ".le.": "<=",
    ".eq.": "==",
    ".ne.": "!=",
}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
FUNCTIONS = ("ln", "log10", "exp", "sqrt", "abs", "sin", "cos", "tan", "asin", "acos", "atan")


class Unsupported(ValueError):
    """A formula that the calibrators of the model cannot express, and why."""


def parse(text: str, path: str) -> Node:
    """Return the tree of a formula; `path` is the parameter that conditions look at as x.

    Raises:
        Unsupported: the formula is not of the grammar above.
    """
    if len(text) > LONGEST:
        raise Unsupported(f"{len(text)} characters; expected at most {LONGEST}")
    return _Parser(text, path).whole()


@dataclass(frozen=True, slots=True)
class Node:
    """An operation on others: `x`, `number`, `iif`, an operator, or the name of a function."""

    what: str
    parts: tuple[Node, ...] = ()
    value: float = 0.0
    condition: Condition | None = None


class _Parser:
    """Descends through a formula; each method reads one level of precedence."""

    def __init__(self, text: str, path: str) -> None:
        self.tokens = list(_tokens(text))
        if len(self.tokens) > MOST_TOKENS:
            raise Unsupported(f"{len(self.tokens)} tokens; expected at most {MOST_TOKENS}")
        self.at = 0
        self.depth = 0
        self.path = path

    def whole(self) -> Node:
        node = self._sum()
        if self._peek():
            raise Unsupported(f"found {self._peek()!r}; expected the end of the formula")
        return node

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._signed, "*", "/")

    def _chain(self, part: Callable[[], Node], *signs: str) -> Node:
        node = part()
        while (sign := self._peek()) in signs:
            self.at += 1
            node = Node(sign, (node, part()))
        return node

    def _signed(self) -> Node:
        """Read a sign, which binds less than a power: -x^2 is -(x^2)."""
        negative = False
        while self._peek() in ("+", "-"):
            negative ^= self._next() == "-"
        node = self._power()
        return Node("*", (Node("number", value=-1.0), node)) if negative else node

    def _power(self) -> Node:
        base = self._value()
        if self._peek() != "^":
            return base
        self.at += 1
        negative = self._peek() == "-"
        self.at += negative
        exponent = self._value()
        if self._peek() == "^":
            raise Unsupported("a power of a power without parentheses; expected to be told which")
        if negative:
            exponent = Node("*", (Node("number", value=-1.0), exponent))
        return Node("^", (base, exponent))

    def _value(self) -> Node:
        found = self._next()
        if found == "(":
            return self._bracket(self._sum)
        if NUMBER.fullmatch(found):
            return Node("number", value=finite(float(found)))
        if found == "x":
            return Node("x")
        if found == "iif":
            self._expect("(")
            return self._bracket(self._choice)
        if found in FUNCTIONS:
            self._expect("(")
            return Node(found, (self._bracket(self._sum),))
        raise Unsupported(f"found {found or 'the end'!r}; expected x, a number or a function")

    def _choice(self) -> Node:
        condition = self._any()
        self._expect(",")
        one = self._sum()
        self._expect(",")
        return Node("iif", (one, self._sum()), condition=condition)

    def _bracket(self, inside: Callable[[], T]) -> T:
        """Read what stands in parentheses that have been opened."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsupported(f"over {DEEPEST} parentheses in each other; expected fewer")
        found = inside()
        self.depth -= 1
        self._expect(")")
        return found

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._peek() == ".or.":
            self.at += 1
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._comparison()]
        while self._peek() == ".and.":
            self.at += 1
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _comparison(self) -> Condition:
        if self._peek() == "(":
            self.at += 1
            return self._bracket(self._any)
        left, sign, right = self._next(), self._next(), self._next()
        operator = _COMPARISONS.get(sign)
        if operator is not None and left == "x" and NUMBER.fullmatch(right):
            return Comparison(Reference(self.path, calibrated=False), operator, right)
        if operator is not None and right == "x" and NUMBER.fullmatch(left):
            turned = _TURNED[operator]
            return Comparison(Reference(self.path, calibrated=False), turned, left)
        raise Unsupported(f"condition {left} {sign} {right}; expected x compared with a number")

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self.at += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise Unsupported(f"found {found or 'the end'!r}; expected {token!r}")


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unsupported(f"found {text[at : at + 10]!r}; expected a number, name or operator")
        yield match[0].strip().lower()
        at = match.end()


def finite(value: float) -> float:
    if not isfinite(value):
        raise Unsupported("a number beyond the range of double precision; expected a smaller one")
    return value
