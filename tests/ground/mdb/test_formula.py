"""Conversion formulas: each is worked out by `rpn` and polynomials, and by Python itself."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.mdb import formula, rpn
from ground.mdb.model import (
    All,
    AnyOf,
    Calibrator,
    Comparison,
    MathOperation,
    Polynomial,
    Reference,
)

RAW = Reference("/S/P", calibrated=False)


def value(calibrator: Calibrator, x: float) -> float:
    if isinstance(calibrator, Polynomial):
        return sum(c * x**power for power, c in enumerate(calibrator.coefficients))
    assert isinstance(calibrator, MathOperation)
    assert rpn.problem(calibrator.tokens) is None
    return float(rpn.evaluate(calibrator.tokens, x, lambda _: None))


def read(text: str) -> formula.Conversion:
    return formula.read(text, "/S/P")


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [
        ("x", (0, 1)),
        ("X*0.000805", (0, 0.000805)),
        ("0 57.29577951", (0, 57.29577951)),
        ("1 -2 3E-1", (1, -2, 0.3)),
        ("x/24.0", (0, 1 / 24.0)),
        ("(0.5*x+100)/1000.0", (0.1, 0.0005)),
        ("x*250.0+250", (250, 250)),
        ("2*x - 3", (-3, 2)),
        ("-x^2", (0, 0, -1)),
        ("(-x)^2", (0, 0, 1)),
        ("x^0", (1,)),
        ("x - -3", (3, 1)),
        ("x+1-x", (1,)),
        ("7", (7,)),
        (".5*x", (0, 0.5)),
        ("2.*x", (0, 2)),
        ("1E3*x+1.5e-2", (0.015, 1000)),
    ],
)
def test_a_sum_of_powers_is_a_polynomial(text: str, coefficients: tuple[float, ...]) -> None:
    conversion = read(text)
    assert conversion.contexts == ()
    assert isinstance(conversion.default, Polynomial)
    assert conversion.default.coefficients == pytest.approx(coefficients)


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("LN(x)", 5, math.log(5)),
        ("ln(x/1000) * -29.81 + 16.166", 2000, math.log(2) * -29.81 + 16.166),
        ("LOG10(x)", 1000, 3),
        ("EXP(x)", 2, math.e**2),
        ("SQRT(x)", 81, 9),
        ("ABS(x)", -3, 3),
        ("sin(x)+cos(x)*tan(x)", 0.3, math.sin(0.3) + math.cos(0.3) * math.tan(0.3)),
        ("asin(x)+acos(x)+atan(x)", 0.5, math.asin(0.5) + math.acos(0.5) + math.atan(0.5)),
        ("1/x", 4, 0.25),
        ("2^x", 10, 1024),
        ("x^-2", 4, 1 / 16),
        ("x^0.5", 16, 4),
        ("(x-2)*(x+2)", 5, 21),
        ("10-4-3+x", 0, 3),
        ("16/4/2+x*0", 0, 2),
        ("2+3*x^2", 4, 50),
        ("(x-2048)^5", 2050, 32),
    ],
)
def test_a_formula_has_the_value_that_mathematics_gives_it(
    text: str, x: float, expected: float
) -> None:
    assert value(read(text).default, x) == pytest.approx(expected)


def test_a_choice_becomes_a_context_and_its_other_branch_the_default() -> None:
    conversion = read("iif(((x .gt. 4) .AND. (x .lt. 3811)), 2*x, 999)")
    (context,) = conversion.contexts
    assert context.condition == All((Comparison(RAW, ">", "4"), Comparison(RAW, "<", "3811")))
    assert context.calibrator == Polynomial((0.0, 2.0))
    assert conversion.default == Polynomial((999.0,))


def test_choices_follow_one_another_and_conditions_are_turned_round() -> None:
    conversion = read("iif(10 .le. x .or. x == 3, 1, iif(0x, 2, 3))".replace("0x", "x < 5"))
    first, second = conversion.contexts
    assert first.condition == AnyOf((Comparison(RAW, ">=", "10"), Comparison(RAW, "==", "3")))
    assert second.condition == Comparison(RAW, "<", "5")
    assert conversion.default == Polynomial((3.0,))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the end"),
        ("x+", "the end"),
        ("(x", "expected '\\)'"),
        ("x)", "expected the end"),
        ("x y", "expected the end"),
        ("y", "expected x, a number or a function"),
        ("x $ 2", "expected a number, name or operator"),
        ("__import__(2)", "expected x, a number or a function"),
        ("x; x", "expected a number, name or operator"),
        ("x.real", "expected a number, name or operator"),
        ("LOG(x)", "expected x, a number or a function"),
        ("2^x^3", "a power of a power"),
        ("1 + iif(x > 1, 2, 3)", "iif inside of a calculation"),
        ("iif(iif(x>1,2,3), 2, 3)", "expected x compared with a number"),
        ("iif(x .gt. y, 2, 3)", "expected x compared with a number"),
        ("iif(x > 1, 2)", "expected ','"),
        ("x*1E999", "beyond the range"),
        ("1E300*1E300*x", "beyond the range"),
        ("(" * 41 + "x" + ")" * 41, "parentheses in each other"),
        ("x" + "+x" * 300, "tokens; expected at most 400"),
        ("x" * 5000, "characters; expected at most 4096"),
        ("iif(x>1,1," * 80 + "2" + ")" * 80, "expected"),
    ],
)
def test_what_is_not_understood_is_told(text: str, reason: str) -> None:
    with pytest.raises(formula.Unsupported, match=reason):
        read(text)


def test_a_product_of_sums_and_a_division_by_zero_stay_as_they_are() -> None:
    assert isinstance(read("(x-2)*(x+2)").default, MathOperation)
    assert isinstance(read("x/0").default, MathOperation)


# ---- properties -----------------------------------------------------------------------------

NUMBERS = st.sampled_from(["0.5", "2", "3.25", "1e-3", "40"])
EXPRESSIONS = st.recursive(
    NUMBERS | st.just("x"),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})")
        | st.tuples(inner, st.sampled_from(["2", "3", "0"])).map(lambda p: f"({p[0]})^{p[1]}")
        | inner.map(lambda p: f"({p})/4")
        | inner.map(lambda p: f"exp(-({p})^2)")
        | inner.map(lambda p: f"-{p}")
    ),
    max_leaves=12,
)


def by_python(text: str, x: float) -> float:
    names: dict[str, Any] = {"x": x, "exp": math.exp}
    return float(eval(text.replace("^", "**"), names))


@given(EXPRESSIONS, st.floats(-50, 50).map(lambda x: round(x, 2)))
@settings(max_examples=200, deadline=None)
def test_every_expression_has_the_value_that_python_gives_it(text: str, x: float) -> None:
    try:
        expected = by_python(text, x)
        largest = by_python(text.replace("-", "+"), abs(x))  # no sum on the way is larger
    except OverflowError:
        return
    assert value(read(text).default, x) == pytest.approx(expected, abs=1e-9 * largest)


@given(
    st.lists(st.sampled_from([*"x()+-*/^,. 12E", "iif(", ".gt.", "LN(", " .AND. "]), max_size=30)
)
@settings(max_examples=300, deadline=None)
def test_no_text_raises_anything_but_unsupported(parts: list[str]) -> None:
    try:
        conversion = read("".join(parts))
    except formula.Unsupported:
        return
    for calibrator in (conversion.default, *(each.calibrator for each in conversion.contexts)):
        value(calibrator, 3.0)
