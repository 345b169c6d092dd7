"""XTCE's math operations: Reverse Polish tokens worked out over whole columns.

Every operand is a float64 array or number. Where a result is undefined (division by zero, the
logarithm of a negative number, a bit operation on 2.5) it is NaN, which the caller takes as "no
value"; nothing is raised and nothing warned.

Source: XTCE 1.2 `MathOperationCalibratorType`, `MathOperatorsType`. Deviation: the schema's text
gives `div` one operand and `!` and `~` two; taken here as the quotient of two operands and as `not`
of one, since the other readings have no meaning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.model import THIS, Reference

Value = Any  # float64 array or number
Token = float | str | Reference

EXACT = 2.0**63  # below it a float64 with no fraction is an int64
FACTORIALS = np.array([float(math.factorial(n)) for n in range(171)])


def evaluate(
    tokens: Sequence[Token], this: Value, lookup: Callable[[Reference], Value | None]
) -> Value:
    """Return what the tokens leave on the stack; NaN where that is undefined.

    Args:
        tokens: must have no `problem`.
        this: value that the calibrator is given.
        lookup: gives the value of another parameter; None where there is none.
    """
    stack: list[Value] = []
    with np.errstate(all="ignore"):
        for token in tokens:
            if isinstance(token, Reference):
                found = lookup(token)
                stack.append(np.nan if found is None else found)
            elif isinstance(token, str) and token != THIS:
                _apply(token, stack)
            else:
                stack.append(this if token == THIS else np.float64(token))
    return stack[-1]


def problem(tokens: Sequence[Token]) -> str | None:
    """Return what is wrong with an expression: an unknown operator, too few operands or values."""
    depth = 0
    for token in tokens:
        if not isinstance(token, str) or token == THIS:
            depth += 1
            continue
        if token not in OPERATORS:
            return f"operator {token!r}; expected one of XTCE's MathOperators"
        taken, left = OPERATORS[token]
        if depth < taken:
            return f"operator {token!r} found {depth} operands; expected {taken}"
        depth += left - taken
    return None if depth == 1 else f"{depth} values are left on the stack; expected 1"


def _apply(operator: str, stack: list[Value]) -> None:
    if operator in ONE:
        stack.append(_defined(ONE[operator](stack.pop())))
    elif operator in TWO:
        right, left = stack.pop(), stack.pop()
        stack.append(_defined(TWO[operator](left, right)))
    elif operator == "swap":
        stack[-1], stack[-2] = stack[-2], stack[-1]
    elif operator == "drop":
        stack.pop()
    else:
        stack.append(stack[-1 if operator == "dup" else -2])


def _defined(result: Value) -> Value:
    """Take an infinity for undefined at once, before a later operator turns it into a number."""
    return np.where(np.isfinite(result), result, np.nan)


def _truth(compare: Callable[..., Any]) -> Callable[..., Value]:
    """Make a comparison that gives 0.0 or 1.0, and NaN where an operand is NaN."""

    def run(*operands: Value) -> Value:
        undefined = sum(np.isnan(each) for each in operands)
        return np.where(undefined, np.nan, compare(*operands).astype(np.float64))

    return run


def _bits(operate: Callable[..., Any]) -> Callable[..., Value]:
    """Make a bit operation on int64 that is NaN where an operand is no integer."""

    def run(*operands: Value) -> Value:
        whole = [np.asarray(each, np.float64) for each in operands]
        exact = [(np.trunc(each) == each) & (np.abs(each) < EXACT) for each in whole]
        integers = [
            np.where(ok, each, 0).astype(np.int64) for ok, each in zip(exact, whole, strict=True)
        ]
        return np.where(np.logical_and.reduce(exact), operate(*integers), np.nan)

    return run


def _shift(operate: Callable[..., Any]) -> Callable[..., Value]:
    shifted = _bits(operate)
    return lambda x1, x2: np.where((x2 >= 0) & (x2 < 64), shifted(x1, x2), np.nan)


def _factorial(x: Value) -> NDArray[np.float64]:
    defined = (np.trunc(x) == x) & (x >= 0) & (x < len(FACTORIALS))
    return np.where(defined, FACTORIALS[np.where(defined, x, 0).astype(np.intp)], np.nan)


def _quotient(x1: Value, x2: Value) -> Value:
    """Euclidean: the remainder is never negative."""
    return np.where(x2 != 0, np.sign(x2) * np.floor_divide(x1, np.abs(x2)), np.nan)


ONE: dict[str, Callable[[Value], Value]] = {
    "ln": np.log,
    "log": np.log10,
    "e^x": np.exp,
    "1/x": lambda x: np.divide(1.0, x),
    "x!": _factorial,
    "tan": np.tan,
    "cos": np.cos,
    "sin": np.sin,
    "atan": np.arctan,
    "acos": np.arccos,
    "asin": np.arcsin,
    "tanh": np.tanh,
    "cosh": np.cosh,
    "sinh": np.sinh,
    "atanh": np.arctanh,
    "acosh": np.arccosh,
    "asinh": np.arcsinh,
    "!": _truth(np.logical_not),
    "abs": np.abs,
    "int": np.trunc,
    "~": _bits(np.invert),
}
TWO: dict[str, Callable[[Value, Value], Value]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,  # sign of the divisor, as modulo has it and remainder has not
    "^": np.power,
    "y^x": lambda x1, x2: np.power(x2, x1),
    "atan2": lambda x1, x2: np.where((x1 == 0) & (x2 == 0), np.nan, np.arctan2(x2, x1)),
    "<<": _shift(np.left_shift),
    ">>": _shift(np.right_shift),
    "&": _bits(np.bitwise_and),
    "|": _bits(np.bitwise_or),
    "xor": _bits(np.bitwise_xor),
    "&&": _truth(np.logical_and),
    "||": _truth(np.logical_or),
    "div": _quotient,
    ">": _truth(np.greater),
    ">=": _truth(np.greater_equal),
    "<": _truth(np.less),
    "<=": _truth(np.less_equal),
    "==": _truth(np.equal),
    "!=": _truth(np.not_equal),
    "min": np.minimum,
    "max": np.maximum,
}
SHUFFLES = {"swap": (2, 2), "drop": (1, 0), "dup": (1, 2), "over": (2, 3)}
OPERATORS = {**dict.fromkeys(ONE, (1, 1)), **dict.fromkeys(TWO, (2, 1)), **SHUFFLES}
"""How many values each operator takes, and how many it leaves."""
