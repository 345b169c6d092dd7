"""Calibration: values worked by hand, numpy's own polynomials and interpolation as oracles."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.blocks import floats
from ground.columns import Column, stacks
from ground.decode import curves
from ground.decode.calibrate import Calibration, dependencies, engineering, identical
from ground.decode.labels import look_up
from ground.errors import Where
from ground.mdb.model import (
    THIS,
    AnyOf,
    BinaryEncoding,
    Comparison,
    ContextCalibrator,
    Fixed,
    IntegerEncoding,
    Kind,
    Label,
    MathOperation,
    Polynomial,
    Reference,
    ScalarType,
    Spline,
    StringEncoding,
    TimeReference,
)
from protocols import kernels
from tests.clauses import clause


def made(kind: Kind = Kind.FLOAT, **fields: object) -> ScalarType:
    return ScalarType("/S/T", kind, IntegerEncoding(16), Where("test"), **fields)


def one(type: ScalarType, values: object, **others: tuple[ScalarType, Column]) -> Column:
    raw = values if isinstance(values, Column) else Column(np.asarray(values))
    types = {"/S/P": type} | {f"/S/{name}": pair[0] for name, pair in others.items()}
    columns = {"/S/P": raw} | {f"/S/{name}": pair[1] for name, pair in others.items()}
    return engineering(types, columns)["/S/P"]


def objects(*values: object) -> np.ndarray:
    cells = np.empty(len(values), object)
    for place, value in enumerate(values):
        cells[place] = value
    return cells


def shown(column: Column) -> list:
    """Engineering values as people read them; None where there is none."""
    valid = np.ones(column.values.shape, bool) if column.valid is None else column.valid
    cells = column.values.tolist()
    if column.labels is not None:
        cells = [column.labels[code] for code in cells]
    return [cell if ok else None for cell, ok in zip(cells, valid.tolist(), strict=True)]


@pytest.fixture(params=["numpy", "compiled"])
def twin(request):
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


# ---- polynomials ----------------------------------------------------------------------------


@clause("XTCE 1.2 PolynomialCalibratorType")
def test_a_polynomial_has_its_first_coefficient_at_the_power_of_zero(twin):
    """y = x² − 4x + 4, of BogusSAT-2: 4, 1, 0, 9 at 0, 1, 2, 5 by hand."""
    column = one(made(calibrator=Polynomial((4.0, -4.0, 1.0))), np.array([0, 1, 2, 5], np.uint16))
    assert shown(column) == [4.0, 1.0, 0.0, 9.0]
    assert column.values.dtype == np.float64


def test_an_integer_type_keeps_the_fraction_of_its_engineering_value(twin):
    column = one(made(Kind.INTEGER, calibrator=Polynomial((0.25, 0.5))), np.array([1], np.uint16))
    assert shown(column) == [0.75]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), min_size=1, max_size=5),
    st.lists(st.integers(-(2**15), 2**15 - 1), max_size=9),
)
def test_many_polynomials_at_once_equal_numpy_one_at_a_time(tables, values):
    types = {f"/S/P{n}": made(calibrator=Polynomial(tuple(c))) for n, c in enumerate(tables)}
    raw = {path: Column(np.array(values, np.int16)) for path in types}
    result = engineering(types, raw)
    for n, table in enumerate(tables):
        expected = np.polynomial.polynomial.polyval(np.array(values, float), table)
        np.testing.assert_allclose(result[f"/S/P{n}"].values, expected, rtol=1e-9, atol=1e-6)


def test_the_compiled_kernels_equal_their_numpy_twins():
    random = np.random.default_rng(1)
    x = random.normal(scale=100, size=(7, 2500))
    x[3, 5], x[4, 2499] = np.inf, np.nan
    table = random.normal(size=(7, 5))
    at = np.sort(random.uniform(-50, 50, 9))
    values, slopes = random.normal(size=9), random.normal(size=9)
    (numbers, rows), results = floats(x), []
    for switch in (kernels.unbind, kernels.bind):
        switch()
        y, unusable = np.empty_like(x), np.empty(7, np.int64)
        curves.polynomials(*numbers, rows, table, y, unusable)
        along = [curves.spline(x[0], at, values, slopes, beyond) for beyond in (True, False)]
        results.append((y, unusable, *along))
    kernels.unbind()
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, compiled)
    assert results[0][1].tolist() == [0, 0, 0, 1, 1, 0, 0]


def test_arrays_calibrate_element_by_element_whatever_their_layout(twin):
    line = made(calibrator=Polynomial((1.0, 2.0)))
    values = np.array([[1, 2, 3], [4, 5, 6]], np.uint16)
    for layout in (values, np.asfortranarray(values)):
        assert one(line, layout).values.tolist() == [[3, 5, 7], [9, 11, 13]]


def test_an_array_whose_size_varies_stays_one_array_a_row():
    rows = objects(np.array([1, 2], np.uint8), np.array([], np.uint8), np.array([5, 6], np.uint8))
    column = one(made(calibrator=Polynomial((0.0, 10.0))), rows)
    assert [row.tolist() for row in column.values] == [[10, 20], [], [50, 60]]
    labelled = one(made(Kind.ENUMERATED, labels=(Label(1, 2, "LOW"), Label(5, 5, "HIGH"))), rows)
    assert [row.tolist() for row in labelled.values] == [[0, 0], [], [1, -1]]


def test_overflow_is_not_valid_and_warns_nobody(twin):
    column = one(made(calibrator=Polynomial((0.0, 1e308))), np.array([1, 100], np.uint16))
    assert shown(column) == [1e308, None]


def test_a_raw_value_that_is_not_valid_stays_so(twin):
    raw = Column(np.array([1, 2], np.uint16), np.array([True, False]))
    assert shown(one(made(calibrator=Polynomial((0.0, 1.0))), raw)) == [1.0, None]


# ---- splines --------------------------------------------------------------------------------

POINTS = ((-6.0, 1.0), (-3.0, 2.0), (-1.0, 3.0), (1.0, 3.0), (3.0, 2.0), (6.0, 1.0))


@clause("XTCE 1.2 SplineCalibratorType")
def test_a_linear_spline_equals_numpy_within_its_points_and_ends_with_them(twin):
    x = np.linspace(-6.5, 6.5, 131)
    column = one(made(calibrator=Spline(POINTS)), x)
    inside = (x >= -6.0) & (x <= 6.0)
    expected = np.interp(x, *np.array(POINTS).T)
    np.testing.assert_allclose(column.values[inside], expected[inside], rtol=1e-12)
    assert column.valid is not None
    assert column.valid.tolist() == inside.tolist()


def test_a_linear_spline_continues_its_outermost_pieces(twin):
    spline = Spline(((0.0, 0.0), (10.0, 5.0), (20.0, 25.0)), extrapolate=True)
    assert shown(one(made(calibrator=spline), np.array([-2.0, 20.0, 21.0]))) == [-1.0, 25.0, 27.0]


@clause("XTCE 1.2 SplinePointType")
def test_a_spline_of_order_0_is_flat_from_a_point_up_to_the_next(twin):
    """Points of BogusSAT-2's EarthSensorSplineCalType."""
    step = Spline(((0.0, 10.0), (10.0, 15.0), (20.0, 20.0)), order=0)
    assert shown(one(made(calibrator=step), np.array([-1, 0, 9, 10, 20, 21], np.int16))) == [
        None, 10.0, 10.0, 15.0, 20.0, None,
    ]  # fmt: skip
    beyond = made(calibrator=replace(step, extrapolate=True))
    assert shown(one(beyond, np.array([-1, 21], np.int16))) == [10.0, 20.0]


def test_two_points_of_one_raw_value_are_a_step(twin):
    spline = Spline(((0.0, 0.0), (5.0, 5.0), (5.0, 50.0), (6.0, 60.0)))
    assert shown(one(made(calibrator=spline), np.array([4.0, 5.0, 5.5]))) == [4.0, 50.0, 55.0]


@pytest.mark.parametrize("points", [(), ((3.0, 7.0),)])
def test_a_spline_with_hardly_a_point_does_not_crash(points, twin):
    column = one(made(calibrator=Spline(points)), np.array([2.0, 3.0]))
    assert shown(column) == ([None, 7.0] if points else [None, None])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-200, 200), st.floats(-1e3, 1e3)),
        min_size=2, max_size=8, unique_by=lambda point: point[0],
    ),
    st.sampled_from([np.uint8, np.int8, np.int16, np.float64]),
)  # fmt: skip
def test_one_octet_values_looked_up_equal_values_worked_out(points, dtype):
    points = sorted((float(at), value) for at, value in points)
    column = one(made(calibrator=Spline(tuple(points))), np.arange(100).astype(dtype))
    np.testing.assert_allclose(
        np.where(np.isnan(column.values), 0, column.values),
        np.interp(np.arange(100), *np.array(points).T, left=0, right=0),
        rtol=1e-9, atol=1e-6,
    )  # fmt: skip


# ---- math operations ------------------------------------------------------------------------


@clause("XTCE 1.2 MathOperatorsType")
def test_a_math_operation_is_reverse_polish():
    """BogusSAT-2's Float_MathOpCal_2: 64 log2(1.234 x)."""
    tokens = (1.234, THIS, "*", "ln", 2.0, "ln", "/", 64.0, "*")
    column = one(made(calibrator=MathOperation(tokens)), np.array([1.0, 8.0]))
    expected = [64 * math.log2(1.234 * x) for x in (1.0, 8.0)]
    np.testing.assert_allclose(column.values, expected, rtol=1e-12)


def test_where_a_math_operation_is_undefined_there_is_no_value():
    values = np.array([4, 0, -2], np.int16)
    assert shown(one(made(calibrator=MathOperation((1.0, THIS, "/"))), values)) == [
        0.25,
        None,
        -0.5,
    ]
    assert shown(one(made(calibrator=MathOperation((THIS, "log"))), values))[1:] == [None, None]
    assert shown(one(made(calibrator=MathOperation(("no such",))), values)) == [None] * 3


def test_a_math_operation_reads_other_parameters_raw_and_calibrated():
    other = (made(calibrator=Polynomial((0.0, 10.0))), Column(np.array([1, 2], np.uint16)))
    for calibrated, expected in ((True, [110.0, 220.0]), (False, [101.0, 202.0])):
        tokens = (THIS, Reference("/S/Q", calibrated), "+")
        column = one(made(calibrator=MathOperation(tokens)), np.array([100, 200]), Q=other)
        assert shown(column) == expected
    gone = MathOperation((THIS, Reference("/S/NONE"), "+"))
    assert shown(one(made(calibrator=gone), np.array([1, 2]))) == [None, None]


def test_parameters_that_wait_for_each_other_have_no_value():
    ask = {name: made(calibrator=MathOperation((Reference(f"/S/{name}"),))) for name in "PQ"}
    raw = Column(np.array([1.0, 2.0]))
    result = engineering({"/S/P": ask["Q"], "/S/Q": ask["P"]}, {"/S/P": raw, "/S/Q": raw})
    assert [shown(column) for column in result.values()] == [[None, None]] * 2


# ---- contexts -------------------------------------------------------------------------------


LINE = Polynomial((-10.0, 5.0))


def sensor(default: Polynomial | None = LINE) -> ScalarType:
    """SunSensorPolyCalType of BogusSAT-2."""
    low, high = (Comparison(Reference("/S/MODE"), "==", label) for label in ("LOW", "HIGH"))
    contexts = (
        ContextCalibrator(low, Polynomial((0.0, 5.0))),
        ContextCalibrator(AnyOf((low, high)), Polynomial((0.0, 15.0))),
    )
    return made(calibrator=default, context_calibrators=contexts)


MODE = made(Kind.ENUMERATED, labels=(Label(0, 0, "OFF"), Label(1, 1, "LOW"), Label(2, 2, "HIGH")))


@clause("XTCE 1.2 ContextCalibratorType")
@pytest.mark.parametrize("default, off", [(LINE, 5.0), (None, 3.0)])
def test_the_first_context_that_holds_gives_the_calibrator(default, off):
    """The second context holds for LOW too; without a default the raw value is left."""
    mode = (MODE, Column(np.array([0, 1, 2, 9], np.uint8)))
    column = one(sensor(default), np.full(4, 3, np.int16), MODE=mode)
    assert shown(column) == [off, 15.0, 45.0, off]


def test_a_context_of_a_row_holds_for_each_element_of_an_array():
    mode = (MODE, Column(np.array([1, 2], np.uint8)))
    column = one(sensor(), np.array([[1, 2], [1, 2]], np.int16), MODE=mode)
    assert column.values.tolist() == [[5, 10], [15, 30]]
    rows = objects(np.array([1], np.int16), np.array([1, 2], np.int16))
    varying = one(sensor(), rows, MODE=mode)
    assert [row.tolist() for row in varying.values] == [[5], [15, 30]]


# ---- enumerations and booleans --------------------------------------------------------------


@clause("XTCE 1.2 ValueEnumerationType")
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint64, np.float32])
def test_a_label_may_cover_a_range_and_the_first_of_the_database_wins(dtype):
    labels = (Label(5, 5, "FIVE"), Label(2, 7, "SOME"), Label(9, 9, "FIVE"))
    column = one(made(Kind.ENUMERATED, labels=labels), np.array([1, 2, 5, 7, 8, 9], dtype))
    assert shown(column) == [None, "SOME", "FIVE", "SOME", None, "FIVE"]
    assert column.labels == ("FIVE", "SOME")
    assert column.values.dtype == np.int32


def test_labels_reach_the_ends_of_64_bits_and_no_further():
    top = (1 << 63) - 1
    type = made(Kind.ENUMERATED, labels=(Label(top, top, "TOP"), Label(-(1 << 63), -1, "MINUS")))
    assert shown(one(type, np.array([top, -1, 0], np.int64))) == ["TOP", "MINUS", None]
    assert shown(one(type, np.array([top, top + 1], np.uint64))) == ["TOP", None]
    assert shown(one(type, np.array([-0.5, np.nan, -2.0]))) == [None, None, "MINUS"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 5), st.sampled_from("ABC")), max_size=6)
)
def test_labels_equal_a_search_through_the_list(entries):
    labels = tuple(Label(value, value + more, text) for value, more, text in entries)
    values = np.arange(-12, 16)
    if labels:
        expected = [
            next((each.label for each in labels if each.value <= value <= each.last), None)
            for value in values.tolist()
        ]
        for dtype in (np.int8, np.int32):
            column = one(made(Kind.ENUMERATED, labels=labels), values.astype(dtype))
            assert shown(column) == expected


@clause("XTCE 1.2 BooleanDataType")
def test_booleans_have_the_labels_of_zero_and_one():
    type = made(Kind.BOOLEAN, zero_label="TM", one_label="TC")
    assert shown(one(type, np.array([0, 1, 2], np.uint8))) == ["TM", "TC", "TC"]
    assert shown(one(type, np.array([0.0, -1.5], np.float32))) == ["TM", "TC"]
    assert shown(one(type, objects(b"\0\0", b"\0\1"))) == ["TM", "TC"]
    assert shown(one(type, objects("TC", "TM", "0", "?"))) == ["TC", "TM", "TM", None]


# ---- times ----------------------------------------------------------------------------------


@clause("XTCE 1.2 ReferenceTimeType")
@pytest.mark.parametrize(
    "epoch, instant",
    [("1970-01-01", (1970, 1, 1)), ("UNIX", (1970, 1, 1)), ("GPS", (1980, 1, 6))],
)
def test_counts_become_instants(epoch, instant):
    """UNIX skips the 37 s of 2017, GPS does not: 18 leap seconds had passed since 1980."""
    when = datetime(2017, 6, 1, 12, tzinfo=UTC)
    passed = int((when - datetime(*instant, tzinfo=UTC)).total_seconds())
    if epoch == "GPS":
        passed += 18
    expected = int((when - datetime(1958, 1, 1, tzinfo=UTC)).total_seconds()) + 37
    type = made(Kind.ABSOLUTE_TIME, time=TimeReference(epoch))
    column = one(type, np.array([passed], np.uint32))
    assert column.values.tolist() == [expected * 10**9]
    assert column.values.dtype == np.int64


def test_j2000_is_noon_of_terrestrial_time():
    """TT = TAI + 32.184 s, so J2000 is 2000-01-01T11:59:27.816 TAI; 15340 days since 1958."""
    column = one(made(Kind.ABSOLUTE_TIME, time=TimeReference("J2000")), np.array([0.0, 0.5]))
    noon = 15340 * 86_400 * 10**9 + (11 * 3600 + 59 * 60 + 27) * 10**9 + 816_000_000
    assert column.values.tolist() == [noon, noon + 500_000_000]


def test_binary_fractions_of_a_second_lose_nothing_over_decades():
    type = made(Kind.ABSOLUTE_TIME, time=TimeReference("TAI", scale=2.0**-16))
    count = (1_900_000_000 << 16) + 1
    column = one(type, np.array([count], np.uint64))
    assert column.values.tolist() == [1_900_000_000 * 10**9 + 15258]


def test_scale_and_offset_are_seconds():
    type = made(Kind.ABSOLUTE_TIME, time=TimeReference("TAI", scale=0.001, offset=0.5))
    assert one(type, np.array([1, 1500])).values.tolist() == [501_000_000, 2_000_000_000]
    relative = made(Kind.RELATIVE_TIME, time=TimeReference(scale=0.25, offset=1.0))
    assert shown(one(relative, np.array([4], np.uint8))) == [2.0]


def test_a_time_may_be_an_offset_from_another():
    coarse = (made(Kind.ABSOLUTE_TIME, time=TimeReference("TAI")), Column(np.array([7, 8])))
    fine = made(Kind.ABSOLUTE_TIME, time=TimeReference(offset_from="/S/C", scale=1e-6))
    assert shown(one(fine, np.array([5, 6]), C=coarse)) == [7_000_005_000, 8_000_006_000]
    assert shown(one(fine, np.array([5, 6]))) == [None, None]


def test_a_count_beyond_all_time_or_an_unknown_epoch_is_not_valid():
    type = made(Kind.ABSOLUTE_TIME, time=TimeReference("TAI"))
    assert shown(one(type, np.array([1, (1 << 64) - 1], np.uint64))) == [10**9, None]
    assert shown(one(type, np.array([np.nan, 1e300, 1.0]))) == [None, None, 10**9]
    lost = made(Kind.ABSOLUTE_TIME, time=TimeReference("yesterday"))
    assert shown(one(lost, np.array([1]))) == [None]


# ---- the whole ------------------------------------------------------------------------------


def test_what_needs_no_calibration_is_the_raw_column_itself():
    raw = Column(np.array([1, 2]))
    for type in (made(), made(Kind.INTEGER), made(Kind.RELATIVE_TIME), made(Kind.ENUMERATED)):
        assert identical(type)
        assert one(type, raw) is raw
    for kind, encoding in (
        (Kind.STRING, StringEncoding(None)),
        (Kind.BINARY, BinaryEncoding(Fixed(8))),
    ):
        assert identical(replace(made(kind), encoding=encoding))
    assert not identical(made(Kind.BOOLEAN))
    assert not identical(made(calibrator=Polynomial((0.0, 1.0))))


def test_a_number_sent_as_text_is_read():
    type = replace(made(calibrator=Polynomial((1.0, 2.0))), encoding=StringEncoding(None))
    assert not identical(type)
    assert shown(one(type, objects("3", "0x10", "?"))) == [7.0, 33.0, None]


def test_integers_wider_than_64_bits_are_calibrated():
    column = one(made(calibrator=Polynomial((0.0, 0.5))), objects(1 << 70, 2, 1 << 2000))
    assert shown(column) == [2.0**69, 1.0, None]


def test_what_a_calibration_looks_at_is_told():
    tokens = (THIS, Reference("/S/A[3].T"), "+", Reference("/S/B", calibrated=False), "*")
    assert dependencies(made(calibrator=MathOperation(tokens))) == {"/S/A.T", "/S/B"}
    assert dependencies(sensor()) == {"/S/MODE"}
    fine = made(Kind.ABSOLUTE_TIME, time=TimeReference(offset_from="/S/C"))
    assert dependencies(fine) == {"/S/C"}
    assert dependencies(made()) == set()


@pytest.mark.parametrize("rows", [1, 5, 1 << 15])
def test_columns_stack_as_many_at_a_time_as_a_cache_holds(rows):
    columns = [Column(np.full(rows, place, np.uint8)) for place in range(7)]
    seen = [(part, stack.copy()) for part, stack in stacks(columns, np.float64)]
    assert len(seen) == (7 if rows > 5 else 1)
    assert [part.start for part, _ in seen] == [0, *(part.stop for part, _ in seen[:-1])]
    whole = np.concatenate([stack for _, stack in seen])
    np.testing.assert_array_equal(whole, np.repeat(np.arange(7.0), rows).reshape(7, rows))
    assert list(stacks([], np.float64)) == []


def test_labels_of_octets_equal_their_compiled_twin():
    random = np.random.default_rng(2)
    octets = random.integers(0, 256, (7, 300)).astype(np.uint8)
    rows = np.array([6, 0, 3, 4, 0])
    tables = random.integers(-1, 4, (5, 256)).astype(np.int32)
    results = []
    for switch in (kernels.unbind, kernels.bind):
        switch()
        codes, missing = np.empty((5, 300), np.int32), np.empty(5, np.int64)
        look_up(octets, rows, tables, codes, missing)
        results.append((codes, missing))
    kernels.unbind()
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, compiled)


def test_only_the_names_asked_for_come_back_and_unknown_ones_do_not_matter():
    types = {"/S/P": made(calibrator=Polynomial((0.0, 2.0))), "/S/Q": made()}
    raw = {path: Column(np.array([1, 2])) for path in ("/S/P", "/S/Q", "/S/UNTYPED")}
    calibration = Calibration(types)
    assert list(calibration.engineering(raw, ["/S/P", "/S/NONE"])) == ["/S/P"]
    assert list(calibration.engineering(raw)) == list(raw)
    assert calibration.engineering({}) == {}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-300, 300), min_size=1, max_size=12), st.integers(0, 12))
def test_one_packet_and_many_give_the_same_values(values, cut):
    mode = np.array([value % 4 for value in values], np.uint8)
    types = {
        "/S/A": made(calibrator=Polynomial((1.0, 0.5, 0.01))),
        "/S/B": made(calibrator=Spline(POINTS, extrapolate=False)),
        "/S/C": made(calibrator=MathOperation((THIS, "ln", Reference("/S/A"), "*"))),
        "/S/D": sensor(),
        "/S/MODE": MODE,
    }
    numbers = {path: Column(np.array(values, np.int16)) for path in types}
    raw = numbers | {"/S/MODE": Column(mode)}
    calibration = Calibration(types)
    whole = calibration.engineering(raw)
    rows = np.arange(len(values))
    parts = [
        calibration.engineering({path: column.take(part) for path, column in raw.items()})
        for part in (rows[:cut], rows[cut:])
    ]
    for path in types:
        assert shown(whole[path]) == shown(parts[0][path]) + shown(parts[1][path])
