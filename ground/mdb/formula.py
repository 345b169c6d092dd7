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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from ground.mdb.formula_tree import NUMBER, Node, Unsupported, finite, parse
from ground.mdb.model import THIS, Calibrator, ContextCalibrator, MathOperation, Polynomial

__all__ = ["Conversion", "Unsupported", "read"]

HIGHEST_DEGREE = 64
OPERATORS: dict[str, tuple[float | str, ...]] = {
    "ln": ("ln",),
    "log10": ("log",),
    "exp": ("e^x",),
    "sqrt": (0.5, "^"),
    "abs": ("abs",),
    **{name: (name,) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
}


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
    parts = text.split()
    if 1 < len(parts) <= HIGHEST_DEGREE + 1 and all(NUMBER.fullmatch(part) for part in parts):
        return Conversion(_polynomial([float(part) for part in parts]))
    return _conversion(parse(text, path))


# ---- from the tree to calibrators -----------------------------------------------------------


def _conversion(node: Node) -> Conversion:
    contexts = []
    while node.what == "iif" and node.condition is not None:
        one, other = node.parts
        contexts.append(ContextCalibrator(node.condition, _calibrator(one)))
        node = other
    return Conversion(_calibrator(node), tuple(contexts))


def _calibrator(node: Node) -> Calibrator:
    coefficients = _coefficients(node)
    if coefficients is not None:
        return _polynomial(coefficients)
    return MathOperation(tuple(_reverse_polish(node)))


def _polynomial(coefficients: list[float]) -> Polynomial:
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    return Polynomial(tuple(finite(each) for each in coefficients))


def _coefficients(node: Node) -> list[float] | None:
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


def _reverse_polish(node: Node) -> Iterator[float | str]:
    if node.what == "iif":
        raise Unsupported("iif inside of a calculation; expected it to be the whole formula")
    if node.what == "number":
        yield node.value
    elif node.what == "x":
        yield THIS
    else:
        for part in node.parts:
            yield from _reverse_polish(part)
        yield from OPERATORS.get(node.what, (node.what,))
