"""Conditions over columns: how text is read, what is absent or not valid, arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.columns import Column
from ground.mdb.conditions import OPERATORS, evaluate, find, number, references
from ground.mdb.model import All, AnyOf, Comparison, Condition, Reference
from tests.clauses import clause

P, Q = Reference("/S/P"), Reference("/S/Q")
RAW = Reference("/S/P", calibrated=False)


def objects(*values: object) -> np.ndarray:
    made = np.empty(len(values), object)
    made[:] = values
    return made


def holds(condition: Condition, columns: dict[Reference, Column], rows: int = 3) -> list:
    return evaluate(condition, columns.get, rows).tolist()


@clause("XTCE 1.2 ComparisonType")
@pytest.mark.parametrize(
    "text, value",
    [("11", 11), ("0x0B", 11), ("0b1011", 11), ("0o13", 11), ("-3", -3), ("007", 7), ("1e3", 1e3)],
)
def test_numbers_are_decimal_unless_a_prefix_says_otherwise(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "ON", "0x", "1,5", "--1", "1_0"])
def test_other_text_is_no_number(text):
    assert number(text) is None


@pytest.mark.parametrize(
    "operator, expected",
    [
        ("==", [False, True, False]),
        ("!=", [True, False, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
    ],
)
def test_each_operator_compares_numbers(operator, expected):
    column = Column(np.array([10, 11, 12], np.uint16))
    assert holds(Comparison(P, operator, "11"), {P: column}) == expected


def test_a_number_wider_than_the_column_equals_nothing():
    column = Column(np.array([0, 44, 255], np.uint8))
    assert holds(Comparison(P, "==", "300"), {P: column}) == [False] * 3
    assert holds(Comparison(P, "<", "300"), {P: column}) == [True] * 3
    assert holds(Comparison(P, "<", str(1 << 80)), {P: column}) == [True] * 3


def test_a_single_precision_value_equals_the_decimal_it_was_made_from():
    column = Column(np.array([0.1, 0.2, np.nan], np.float32))
    assert holds(Comparison(P, "==", "0.1"), {P: column}) == [True, False, False]
    assert holds(Comparison(P, "<", "1e300"), {P: column}) == [True, True, False]


def test_labels_compare_as_text():
    column = Column(np.array([0, 1, 1], np.int32), labels=("OFF", "ON"))
    assert holds(Comparison(P, "==", "ON"), {P: column}) == [False, True, True]
    assert holds(Comparison(P, "!=", "ON"), {P: column}) == [True, False, False]
    assert holds(Comparison(P, "==", "STANDBY"), {P: column}) == [False] * 3


def test_the_number_behind_a_label_is_compared_with_the_raw_value():
    """Files in use write a number for a calibrated enumeration; raw 7 is the label at index 1."""
    column = Column(np.array([0, 1, 1], np.int32), labels=("IDLE", "BUSY"))
    raw = Column(np.array([3, 7, 7], np.uint8))
    assert holds(Comparison(P, "==", "7"), {P: column, RAW: raw}) == [False, True, True]
    assert holds(Comparison(P, "==", "1"), {P: column, RAW: raw}) == [False] * 3


def test_true_and_false_reach_booleans_with_other_labels():
    column = Column(np.array([0, 1, 1], np.int32), labels=("TM", "TC"))
    raw = Column(np.array([0, 1, 1], np.uint8))
    assert holds(Comparison(P, "==", "true"), {P: column, RAW: raw}) == [False, True, True]
    assert holds(Comparison(P, "==", "False"), {P: column, RAW: raw}) == [True, False, False]


def test_a_label_that_reads_as_a_number_is_a_label_first():
    column = Column(np.array([0, 1, 0], np.int32), labels=("10", "20"))
    assert holds(Comparison(P, "==", "10"), {P: column}) == [True, False, True]


def test_strings_octets_and_wide_integers_compare_by_their_nature():
    assert holds(Comparison(P, "==", "abc"), {P: Column(objects("abc", "abd", ""))}) == [1, 0, 0]
    assert holds(Comparison(P, "==", "00ff"), {P: Column(objects(b"\0\xff", b"", b"\0"))}) == [
        1,
        0,
        0,
    ]
    assert holds(Comparison(P, ">", "5"), {P: Column(objects(1 << 70, 5, 6))}) == [1, 0, 1]


@pytest.mark.parametrize(
    "values", [np.array([1, 2, 3]), objects(b"a", b"b", b"c"), objects(1, 2, 3)]
)
def test_text_that_does_not_read_as_the_column_holds_nowhere(values):
    assert holds(Comparison(P, "!=", "no such"), {P: Column(values)}) == [False] * 3


def test_an_absent_parameter_holds_nowhere_even_when_unequal():
    assert holds(Comparison(P, "!=", "1"), {}) == [False] * 3
    assert holds(Comparison(P, "==", Q), {P: Column(np.arange(3))}) == [False] * 3


def test_a_value_that_is_not_valid_holds_nowhere_even_when_unequal():
    column = Column(np.array([1, 1, 2]), np.array([True, False, True]))
    assert holds(Comparison(P, "==", "1"), {P: column}) == [True, False, False]
    assert holds(Comparison(P, "!=", "1"), {P: column}) == [False, False, True]
    assert holds(Comparison(Q, "==", P), {P: column, Q: Column(np.array([1, 1, 1]))}) == [1, 0, 0]


def test_two_parameters_compare_exactly_across_signedness():
    left = Column(np.array([-1, 5, 7], np.int64))
    right = Column(np.array([(1 << 64) - 1, 5, 8], np.uint64))
    assert holds(Comparison(P, "==", Q), {P: left, Q: right}) == [False, True, False]


def test_two_enumerations_compare_by_label_and_never_equal_a_number():
    left = Column(np.array([0, 1, 1], np.int32), labels=("A", "B"))
    right = Column(np.array([1, 0, 1], np.int32), labels=("B", "A"))
    assert holds(Comparison(P, "==", Q), {P: left, Q: right}) == [True, True, False]
    assert holds(Comparison(P, "==", Q), {P: left, Q: Column(np.array([0, 1, 1]))}) == [False] * 3


def test_parts_join_by_and_and_by_or():
    columns = {P: Column(np.array([1, 1, 2])), Q: Column(np.array([5, 6, 5]))}
    one, five = Comparison(P, "==", "1"), Comparison(Q, "==", "5")
    assert holds(All((one, five)), columns) == [True, False, False]
    assert holds(AnyOf((one, five)), columns) == [True, True, True]
    assert holds(AnyOf((All((one, five)), Comparison(P, ">", "1"))), columns) == [True, False, True]
    assert holds(All(()), columns) == [True] * 3
    assert holds(AnyOf(()), columns) == [False] * 3


def test_arrays_are_judged_element_by_element_and_a_scalar_stands_for_each():
    columns = {P: Column(np.array([[1, 2], [3, 1]])), Q: Column(np.array([0, 1]))}
    one, on = Comparison(P, "==", "1"), Comparison(Q, "==", "1")
    assert holds(one, columns, 2) == [[True, False], [False, True]]
    assert holds(All((on, one)), columns, 2) == [[False, False], [False, True]]
    assert holds(Comparison(P, ">", Q), columns, 2) == [[True, True], [True, False]]


def test_arrays_of_different_sizes_hold_nowhere():
    columns = {P: Column(np.ones((2, 2))), Q: Column(np.ones((2, 3)))}
    assert holds(Comparison(P, "==", Q), columns, 2) == [False] * 2
    parts = (Comparison(P, "==", "1"), Comparison(Q, "==", "1"))
    assert holds(All(parts), columns, 2) == [False] * 2


def test_one_element_of_an_array_is_found_by_its_index():
    columns = {"/S/A.T": Column(np.array([[1, 2], [3, 4]]), np.array([[1, 0], [1, 1]], bool))}
    found = find(columns.get, "/S/A[1].T")
    assert found is not None
    assert found.values.tolist() == [2, 4]
    assert found.valid is not None
    assert found.valid.tolist() == [False, True]
    assert find(columns.get, "/S/A.T") is columns["/S/A.T"]
    assert find(columns.get, "/S/A[2].T") is None
    assert find(columns.get, "/S/B[0]") is None


def test_references_are_found_at_every_depth():
    condition = All((Comparison(P, "==", "1"), AnyOf((Comparison(RAW, "<", Q),))))
    assert references(condition) == {P, Q, RAW}
    assert references(All(())) == set()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20),
    st.integers(-(2**40), 2**40),
    st.sampled_from(sorted(OPERATORS)),
)
def test_a_column_gives_what_each_of_its_values_gives(values, literal, operator):
    """Batch invariance, and Python's own integers as the oracle."""
    column = Column(np.array(values, np.int32))
    truth = holds(Comparison(P, operator, str(literal)), {P: column}, len(values))
    assert truth == [OPERATORS[operator](value, literal) for value in values]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12), st.sampled_from(sorted(OPERATORS)))
def test_no_text_from_a_database_raises(text, operator):
    for column in (
        Column(np.arange(3, dtype=np.uint8)),
        Column(np.arange(3, dtype=np.float32)),
        Column(np.arange(3, dtype=np.int32), labels=("A", "B", "C")),
        Column(objects("a", b"b", 1 << 70)),
    ):
        assert len(holds(Comparison(P, operator, text), {P: column})) == 3
