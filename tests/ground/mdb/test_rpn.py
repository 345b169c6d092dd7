"""Math operations: each operator of XTCE 1.2 with a value worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.mdb.model import THIS, Reference
from ground.mdb.rpn import ONE, SHUFFLES, TWO, evaluate, problem
from tests.clauses import clause

UNDEFINED = math.nan


def worked(*tokens: float | str | Reference, this: float = 0.0) -> float:
    assert problem(tokens) is None
    return float(evaluate(tokens, np.float64(this), {}.get))


CASES = [
    ((4, 8, "/"), 0.5),  # the schema's own example
    ((4, 0, "/"), UNDEFINED),
    ((2, 3, "+"), 5),
    ((2, 3, "-"), -1),
    ((2, 3, "*"), 6),
    ((7, 3, "%"), 1),
    ((-7, 3, "%"), 2),
    ((7, 0, "%"), UNDEFINED),
    ((2, 3, "^"), 8),
    ((-2, 0.5, "^"), UNDEFINED),
    ((2, 3, "y^x"), 9),
    ((math.e, "ln"), 1),
    ((-1, "ln"), UNDEFINED),
    ((1000, "log"), 3),
    ((1, "e^x"), math.e),
    ((4, "1/x"), 0.25),
    ((5, "x!"), 120),
    ((2.5, "x!"), UNDEFINED),
    ((-1, "x!"), UNDEFINED),
    ((171, "x!"), UNDEFINED),
    ((math.pi / 4, "tan"), 1),
    ((0, "cos"), 1),
    ((math.pi / 2, "sin"), 1),
    ((1, "atan"), math.pi / 4),
    ((1, 2, "atan2"), math.atan2(2, 1)),
    ((0, 0, "atan2"), UNDEFINED),
    ((1, "acos"), 0),
    ((1, "asin"), math.pi / 2),
    ((2, "asin"), UNDEFINED),
    ((1, "tanh"), math.tanh(1)),
    ((1, "cosh"), math.cosh(1)),
    ((1, "sinh"), math.sinh(1)),
    ((0.5, "atanh"), math.atanh(0.5)),
    ((2, "acosh"), math.acosh(2)),
    ((2, "asinh"), math.asinh(2)),
    ((1, 2, "swap", "-"), 1),
    ((1, 2, "drop"), 1),
    ((3, "dup", "*"), 9),
    ((5, 2, "over", "-", "-"), 5 - (2 - 5)),
    ((3, 4, "<<"), 48),
    ((-48, 4, ">>"), -3),
    ((1, -1, "<<"), UNDEFINED),
    ((12, 10, "&"), 8),
    ((12, 10, "|"), 14),
    ((12, 10, "xor"), 6),
    ((1.5, 1, "&"), UNDEFINED),
    ((5, "~"), -6),
    ((2, 0, "&&"), 0),
    ((2, 0, "||"), 1),
    ((2, "!"), 0),
    ((0, "!"), 1),
    ((-3, "abs"), 3),
    ((7, 2, "div"), 3),
    ((-7, 2, "div"), -4),  # remainder 1
    ((-7, -2, "div"), 4),  # remainder 1
    ((7, 0, "div"), UNDEFINED),
    ((-2.7, "int"), -2),
    ((1, 2, ">"), 0),
    ((2, 2, ">="), 1),
    ((1, 2, "<"), 1),
    ((2, 1, "<="), 0),
    ((2, 2, "=="), 1),
    ((2, 2, "!="), 0),
    ((1, 2, "min"), 1),
    ((1, 2, "max"), 2),
]


@clause("XTCE 1.2 MathOperatorsType")
@pytest.mark.parametrize("tokens, expected", CASES)
def test_each_operator_does_what_its_name_says(tokens, expected):
    assert worked(*tokens) == pytest.approx(expected, nan_ok=True)


def test_the_cases_cover_every_operator():
    used = {token for tokens, _ in CASES for token in tokens if isinstance(token, str)}
    assert used == set(ONE) | set(TWO) | set(SHUFFLES)


@pytest.mark.parametrize("operator", sorted({*ONE, *TWO}))
def test_what_is_undefined_stays_undefined(operator):
    if operator not in ("min", "max"):
        operands = (math.nan,) if operator in ONE else (math.nan, 3.0)
        assert math.isnan(worked(*operands, operator))


def test_the_value_itself_and_other_parameters_are_operands():
    other = Reference("/S/Q")
    columns = {other: np.array([10.0, 20.0])}
    found = evaluate((THIS, other, "+"), np.array([1.0, 2.0]), columns.get)
    assert found.tolist() == [11.0, 22.0]
    assert np.isnan(evaluate((THIS, other, "+"), np.array([1.0, 2.0]), {}.get)).all()


@pytest.mark.parametrize(
    "tokens, words",
    [
        ((), "0 values"),
        ((1.0, 2.0), "2 values"),
        ((1.0, "+"), "found 1 operands; expected 2"),
        ((1.0, "sqrt"), "'sqrt'"),
        (("drop",), "found 0"),
    ],
)
def test_a_wrong_expression_is_named(tokens, words):
    assert words in str(problem(tokens))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(allow_nan=True, allow_infinity=True),
            st.sampled_from([THIS, *ONE, *TWO, *SHUFFLES]),
        ),
        max_size=12,
    ),
    st.floats(),
)
def test_no_expression_raises_and_a_column_gives_what_each_value_gives(tokens, other):
    if problem(tokens) is None:
        column = np.array([1.5, other, 3.0])
        whole = np.broadcast_to(evaluate(tokens, column, {}.get), column.shape)
        each = [float(evaluate(tokens, value, {}.get)) for value in column]
        np.testing.assert_allclose(whole, each, rtol=1e-12)
