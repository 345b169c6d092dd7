"""From raw to engineering values: polynomial, spline, math operation, by context.

Source: XTCE 1.2, CalibratorType, ContextCalibratorType, MathOperationCalibratorType.
"""

from __future__ import annotations

from itertools import pairwise

from ground.mdb.model import (
    THIS,
    Calibrator,
    ContextCalibrator,
    MathOperation,
    Polynomial,
    Reference,
    Spline,
)
from ground.mdb.rpn import OPERATORS
from ground.mdb.xtce_conditions import reference, required
from ground.mdb.xtce_document import Element, number
from ground.mdb.xtce_names import Scope

MAX_EXPONENT = 100


def calibrator(scope: Scope, holder: Element | None) -> Calibrator | None:
    """Read the calibrator that `DefaultCalibrator` or `Calibrator` holds."""
    for element in () if holder is None else holder:
        match element.tag:
            case "PolynomialCalibrator":
                return _polynomial(scope, element)
            case "SplineCalibrator":
                return _spline(scope, element)
            case "MathOperationCalibrator":
                return _operation(scope, element)
    return None


def context_calibrators(scope: Scope, encoding: Element) -> tuple[ContextCalibrator, ...]:
    """Read the calibrators that depend on other values."""
    found = []
    for element in encoding.iterfind("ContextCalibratorList/ContextCalibrator"):
        made = calibrator(scope, element.find("Calibrator"))
        if made is not None:
            found.append(ContextCalibrator(required(scope, element, "ContextMatch"), made))
    return tuple(found)


def _polynomial(scope: Scope, element: Element) -> Polynomial | None:
    terms: dict[int, float] = {}
    for term in element.iterfind("Term"):
        exponent = scope.number(term, "exponent", 0.0)
        if scope.text(term, "exponent") and not 0 <= exponent <= MAX_EXPONENT:
            expected = f"0 to {MAX_EXPONENT} are: values are left raw"
            scope.unsupported(term, f"exponent {exponent:g} is not supported; {expected}")
            return None
        if exponent != int(exponent) or int(exponent) in terms:
            scope.error(term, f"exponent {exponent:g} found; whole exponents, each once, expected")
        scope.text(term, "coefficient")
        terms[int(exponent)] = scope.number(term, "coefficient", 0.0)
    if not terms:
        scope.error(element, "polynomial without terms found; at least one Term expected")
        return None
    return Polynomial(tuple(terms.get(power, 0.0) for power in range(max(terms) + 1)))


def _spline(scope: Scope, element: Element) -> Spline | None:
    order = scope.integer(element, "order", 1)
    if order not in (0, 1) or any(
        scope.integer(one, "order", order) != order for one in element.iterfind("SplinePoint")
    ):
        which = "mixed orders" if order in (0, 1) else f"order {order}"
        scope.unsupported(
            element, f"spline of {which} is not supported; 0 and 1 are: values are left raw"
        )
        return None
    points = []
    for point in element.iterfind("SplinePoint"):
        scope.text(point, "raw"), scope.text(point, "calibrated")
        points.append((scope.number(point, "raw", 0.0), scope.number(point, "calibrated", 0.0)))
    points.sort(key=lambda point: point[0])
    if len(points) < 2 - (order == 0):
        scope.error(element, f"spline of {len(points)} points found; at least 2 expected")
    for (raw, _), (following, _) in pairwise(points):
        if raw == following:
            scope.error(element, f"spline has raw {raw:g} twice; each raw value once expected")
    return Spline(tuple(points), order, scope.flag(element, "extrapolate", False))


def _operation(scope: Scope, element: Element) -> MathOperation | None:
    tokens: list[float | str | Reference] = []
    depth = 0
    for child in element:
        token = _token(scope, child)
        if token is None:
            return None
        tokens.append(token)
        takes, leaves = (0, 1) if not isinstance(token, str) else OPERATORS.get(token, (0, 1))
        if depth < takes:
            scope.error(child, f"operator {token!r} finds {depth} values; {takes} expected")
            return None
        depth += leaves - takes
    if depth != 1:
        scope.error(element, f"math operation leaves {depth} values; exactly one expected")
        return None
    return MathOperation(tuple(tokens))


def _token(scope: Scope, element: Element) -> float | str | Reference | None:
    text = (element.text or "").strip()
    match element.tag:
        case "ThisParameterOperand":
            return THIS
        case "ParameterInstanceRefOperand":
            return reference(scope, element)
        case "ValueOperand":
            value = number(text)
            if value is None:
                scope.error(element, f"operand {text!r} found; a finite number expected")
            return value
    if text not in OPERATORS:
        scope.error(element, f"operator {text!r} found; one of MathOperatorsType expected")
        return None
    return text
