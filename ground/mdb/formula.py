"""Conversion formulas of packet dictionaries as calibrators. No text is ever evaluated as code.

What is understood, of one raw value x (any case):

* coefficients by rising exponent, as `0 57.29577951`;
* `+ - * / ^` and parentheses; LN, LOG10, EXP, SQRT, ABS and the trigonometric functions;
* `iif(condition, one, other)` as the whole formula or as a branch of another one, with conditions
  of x and numbers: `.gt. .ge. .lt. .le. .eq. .ne.`, joined by `.AND.` and `.OR.`.

A sum of powers becomes a polynomial, anything else a math operation; `iif` becomes calibrators
that apply in a context. Anything beyond this raises `Unsupported`, and the value stays raw.

Deviation: `2^x^3`, which tools read in two ways, is not guessed at.

Source: the formulas of the CYGNSS mission dictionary; XTCE 1.2 `CalibratorType`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from math import isfinite
from typing import TypeVar

from ground.mdb.model import (
    THIS,
    All,
    AnyOf,
    Calibrator,
    Comparison,
    Condition,
    ContextCalibrator,
    MathOperation,
    Polynomial,
    Reference,
)

LONGEST = 4096  # characters; this and the next two keep recursion shallow
MOST_TOKENS = 400
DEEPEST = 40  # parentheses within parentheses
HIGHEST_DEGREE = 64

T = TypeVar("T")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.(?![A-Za-z])\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\.[A-Za-z]+\.|[<>=!]=|[-+*/^(),<>]))"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
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
_FUNCTIONS: dict[str, tuple[float | str, ...]] = {
    "ln": ("ln",),
    "log10": ("log",),
    "exp": ("e^x",),
    "sqrt": (0.5, "^"),
    "abs": ("abs",),
    **{name: (name,) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
}


class Unsupported(ValueError):
    """A formula that the calibrators of the model cannot express, and why."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a raw value becomes an engineering one: by the first context that holds, or `default`."""

    default: Calibrator
    contexts: tuple[ContextCalibrator, ...] = ()


def read(text: str, path: str) -> Conversion:
    """Return the conversion that a formula means.

    Args:
        path: of the parameter whose raw value is x; conditions refer to it.

    Raises:
        Unsupported: the formula is not of the form above.
    """
    if len(text) > LONGEST:
        raise Unsupported(f"{len(text)} characters; expected at most {LONGEST}")
    parts = text.split()
    if len(parts) > 1 and all(_NUMBER.fullmatch(part) for part in parts):
        return Conversion(_polynomial([float(part) for part in parts]))
    return _conversion(_Parser(text, path).whole())


# ---- the tree of a formula ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    """An operation on others: `x`, `number`, `iif`, an operator, or the name of a function."""

    what: str
    parts: tuple[_Node, ...] = ()
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

    def whole(self) -> _Node:
        node = self._sum()
        if self._peek():
            raise Unsupported(f"found {self._peek()!r}; expected the end of the formula")
        return node

    def _sum(self) -> _Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> _Node:
        return self._chain(self._signed, "*", "/")

    def _chain(self, part: Callable[[], _Node], *signs: str) -> _Node:
        node = part()
        while (sign := self._peek()) in signs:
            self.at += 1
            node = _Node(sign, (node, part()))
        return node

    def _signed(self) -> _Node:
        """Read a sign, which binds less than a power: -x^2 is -(x^2)."""
        negative = False
        while self._peek() in ("+", "-"):
            negative ^= self._next() == "-"
        node = self._power()
        return _Node("*", (_Node("number", value=-1.0), node)) if negative else node

    def _power(self) -> _Node:
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
            exponent = _Node("*", (_Node("number", value=-1.0), exponent))
        return _Node("^", (base, exponent))

    def _value(self) -> _Node:
        found = self._next()
        if found == "(":
            return self._bracket(self._sum)
        if _NUMBER.fullmatch(found):
            return _Node("number", value=_finite(float(found)))
        if found == "x":
            return _Node("x")
        if found == "iif":
            self._expect("(")
            return self._bracket(self._choice)
        if found in _FUNCTIONS:
            self._expect("(")
            return _Node(found, (self._bracket(self._sum),))
        raise Unsupported(f"found {found or 'the end'!r}; expected x, a number or a function")

    def _choice(self) -> _Node:
        condition = self._any()
        self._expect(",")
        one = self._sum()
        self._expect(",")
        return _Node("iif", (one, self._sum()), condition=condition)

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
        if operator is not None and left == "x" and _NUMBER.fullmatch(right):
            return Comparison(Reference(self.path, calibrated=False), operator, right)
        if operator is not None and right == "x" and _NUMBER.fullmatch(left):
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


# ---- from the tree to calibrators -----------------------------------------------------------


def _conversion(node: _Node) -> Conversion:
    contexts = []
    while node.what == "iif" and node.condition is not None:
        one, other = node.parts
        contexts.append(ContextCalibrator(node.condition, _calibrator(one)))
        node = other
    return Conversion(_calibrator(node), tuple(contexts))


def _calibrator(node: _Node) -> Calibrator:
    coefficients = _coefficients(node)
    if coefficients is not None:
        return _polynomial(coefficients)
    return MathOperation(tuple(_reverse_polish(node)))


def _polynomial(coefficients: list[float]) -> Polynomial:
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    return Polynomial(tuple(_finite(each) for each in coefficients))


def _coefficients(node: _Node) -> list[float] | None:
    """Return a sum of powers by rising exponent; None where the formula is none."""
    match node.what:
        case "number":
            return [node.value]
        case "x":
            return [0.0, 1.0]
        case "+" | "-" | "*" | "/" | "^":
            left, right = (_coefficients(part) for part in node.parts)
            if left is not None and right is not None:
                return _combined(node.what, left, right)
    return None


def _combined(operator: str, left: list[float], right: list[float]) -> list[float] | None:
    if operator in "+-":
        sign = 1 if operator == "+" else -1
        return [a + sign * b for a, b in zip_longest(left, right, fillvalue=0.0)]
    if operator == "*":
        if _is_power(left) or _is_power(right):
            return _product(left, right)
        return None  # multiplied out, it would lose digits
    if len(right) > 1:
        return None
    if operator == "/":
        return [a / right[0] for a in left] if right[0] else None
    exponent = right[0]
    if not _is_power(left) or exponent != int(exponent) or not 0 <= exponent <= HIGHEST_DEGREE:
        return None
    result = [1.0]
    for _ in range(int(exponent)):
        result = _product(result, left)
    return result if len(result) <= HIGHEST_DEGREE + 1 else None


def _is_power(coefficients: list[float]) -> bool:
    return sum(each != 0 for each in coefficients) <= 1


def _product(left: list[float], right: list[float]) -> list[float]:
    result = [0.0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            result[i + j] += a * b
    return result


def _reverse_polish(node: _Node) -> Iterator[float | str]:
    if node.what == "iif":
        raise Unsupported("iif inside of a calculation; expected it to be the whole formula")
    if node.what == "number":
        yield node.value
    elif node.what == "x":
        yield THIS
    else:
        for part in node.parts:
            yield from _reverse_polish(part)
        yield from _FUNCTIONS.get(node.what, (node.what,))


def _finite(value: float) -> float:
    if not isfinite(value):
        raise Unsupported("a number beyond the range of double precision; expected a smaller one")
    return value
