"""Levels of samples by themselves: ranges, labels, contexts, arrays, what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.alarms.limits import Limits, check, dependencies, severity, worst
from ground.alarms.ranges import Table
from ground.columns import Column, Severity
from ground.errors import Where
from ground.mdb.model import (
    Alarm,
    Comparison,
    ContextAlarm,
    EnumerationLevels,
    IntegerEncoding,
    Kind,
    Level,
    Range,
    Reference,
    ScalarType,
    StaticRanges,
)
from protocols import kernels
from tests.clauses import clause

N, W, C = Level.NORMAL, Level.WARNING, Level.CRITICAL


def typed(**fields: object) -> ScalarType:
    return ScalarType("/S/T", Kind.FLOAT, IntegerEncoding(16), Where("test"), **fields)


def ranged(*ranges: tuple[Level, Range], inside: bool = False) -> ScalarType:
    return typed(alarm=Alarm(static=StaticRanges(ranges, inside)))


def levels(type: ScalarType, column: Column, **others: Column) -> list:
    columns = {"/S/P": column} | {f"/S/{name}": each for name, each in others.items()}
    return check({"/S/P": type}, columns, columns)["/S/P"].tolist()


@pytest.fixture(params=["numpy", "compiled"])
def twin(request):
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


BATTERY = ranged((W, Range(22.0, 34.0)), (C, Range(20.0, 36.0)))


@clause("XTCE 1.2 AlarmRangesType")
def test_outside_a_range_has_its_level_and_the_worst_wins(twin):
    values = np.array([19.9, 20.0, 21.9, 22.0, 28.0, 34.0, 34.1, 36.0, 36.1])
    assert levels(BATTERY, Column(values)) == [C, W, W, N, N, N, W, W, C]


@clause("XTCE 1.2 RangeFormType")
def test_inside_a_range_has_its_level_and_the_worst_wins(twin):
    type = ranged((W, Range(10.0, 20.0)), (C, Range(14.0, 16.0)), inside=True)
    assert levels(type, Column(np.array([9.0, 10.0, 14.0, 16.1, 21.0]))) == [N, W, C, W, N]


@clause("XTCE 1.2 FloatRangeType")
def test_an_exclusive_bound_does_not_belong_to_its_range(twin):
    open_ = Range(1.0, 2.0, minimum_inclusive=False, maximum_inclusive=False)
    values = Column(np.array([1.0, np.nextafter(1.0, 2.0), np.nextafter(2.0, 1.0), 2.0]))
    assert levels(ranged((W, open_)), values) == [W, N, N, W]
    assert levels(ranged((W, open_), inside=True), values) == [N, W, W, N]


def test_a_range_may_have_one_bound(twin):
    assert levels(ranged((W, Range(maximum=5.0))), Column(np.array([-1e300, 5.0, 6.0]))) == [
        N,
        N,
        W,
    ]
    assert levels(ranged((C, Range(minimum=5.0))), Column(np.array([4, 5, 6], np.uint8))) == [
        C,
        N,
        N,
    ]


def test_what_is_missing_is_normal(twin):
    values = np.array([99.0, np.nan, np.inf, 0.0])
    column = Column(values, np.array([True, True, True, False]))
    assert levels(BATTERY, column) == [C, N, C, N]
    inside = ranged((W, Range()), inside=True)
    assert levels(inside, column) == [W, N, W, N]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.lists(
                st.tuples(
                    st.sampled_from(list(Level)),
                    st.none() | st.integers(-9, 9), st.none() | st.integers(-9, 9),
                    st.booleans(), st.booleans(),
                ),
                max_size=5,
            ),
        ),
        min_size=1, max_size=4,
    ),
    st.lists(st.integers(-10, 10) | st.just(float("nan")), max_size=8),
)  # fmt: skip
def test_many_ranges_at_once_equal_a_reading_of_each_one(parameters, values):
    """The oracle reads XTCE's words, value by value."""
    several = [
        StaticRanges(tuple((level, Range(*bounds)) for level, *bounds in ranges), inside)
        for inside, ranges in parameters
    ]
    expected = [[_level(each, value) for value in values] for each in several]
    x = np.tile(np.array(values, float), (len(several), 1))
    for switch in (kernels.unbind, kernels.bind):
        switch()
        found = np.zeros(x.shape, np.uint8)
        Table.of(several).judge(x, found)
        assert found.tolist() == expected
    kernels.unbind()


def _level(ranges: StaticRanges, value: float) -> int:
    if value != value:
        return 0
    found = [0]
    for level, each in ranges.ranges:
        above = each.minimum is None or (
            value >= each.minimum if each.minimum_inclusive else value > each.minimum
        )
        below = each.maximum is None or (
            value <= each.maximum if each.maximum_inclusive else value < each.maximum
        )
        if (above and below) == ranges.inside:
            found.append(int(level))
    return max(found)


@clause("XTCE 1.2 EnumerationAlarmType")
def test_a_label_has_its_level_and_others_the_default():
    alarm = Alarm(enumeration=EnumerationLevels((("FAILED", C), ("DEGRADED", W))))
    column = Column(
        np.array([0, 1, 2, 0], np.int32), np.array([1, 1, 1, 0], bool), ("OK", "FAILED", "DEGRADED")
    )
    assert levels(typed(alarm=alarm), column) == [N, C, W, N]
    inverted = Alarm(enumeration=EnumerationLevels((("OK", N),), default=C))
    assert levels(typed(alarm=inverted), column) == [N, C, C, N]


def test_ranges_say_nothing_about_labels_and_labels_nothing_about_numbers():
    labelled = Column(np.array([0, 1], np.int32), labels=("A", "B"))
    assert levels(ranged((C, Range(5.0, 6.0))), labelled) == [N, N]
    alarm = Alarm(enumeration=EnumerationLevels((("A", C),)))
    assert levels(typed(alarm=alarm), Column(np.array([0.0, 1.0]))) == [N, N]


def contextual(default: Alarm | None) -> ScalarType:
    charging, any_ = (
        Comparison(Reference("/S/MODE"), operator, "CHARGE") for operator in ("==", "!=")
    )
    return typed(
        alarm=default,
        context_alarms=(
            ContextAlarm(charging, Alarm(static=StaticRanges(((C, Range(maximum=10.0)),)))),
            ContextAlarm(charging, Alarm(static=StaticRanges(((W, Range(maximum=0.0)),)))),
            ContextAlarm(any_, Alarm(static=StaticRanges(((W, Range(maximum=20.0)),)))),
        ),
    )


@clause("XTCE 1.2 NumericContextAlarmType")
def test_the_first_context_that_holds_gives_the_alarm():
    valid = np.array([True, True, False])
    mode = Column(np.array([0, 1, 1], np.int32), valid, ("IDLE", "CHARGE"))
    values = Column(np.array([15.0, 15.0, 15.0]))
    default = Alarm(static=StaticRanges(((Level.WATCH, Range(maximum=1.0)),)))
    assert levels(contextual(default), values, MODE=mode) == [N, C, Level.WATCH]
    assert levels(contextual(None), values, MODE=mode) == [N, C, N]
    assert dependencies(contextual(None)) == {"/S/MODE"}


def test_arrays_have_a_level_for_each_element(twin):
    mode = Column(np.array([0, 1], np.int32), labels=("IDLE", "CHARGE"))
    values = Column(np.array([[15.0, 25.0], [5.0, 15.0]]), np.array([[1, 1], [1, 0]], bool))
    assert levels(BATTERY, Column(values.values)) == [[C, N], [C, C]]
    assert levels(contextual(None), values, MODE=mode) == [[N, W], [N, N]]


def test_an_array_whose_size_varies_has_the_worst_level_of_its_elements():
    rows = np.empty(4, object)
    rows[:] = [np.array([28.0, 21.0]), np.array([]), np.array([99.0, 28.0, 21.0]), np.array([1.0])]
    assert levels(BATTERY, Column(rows)) == [W, N, C, C]
    assert levels(BATTERY, Column(rows, np.array([1, 1, 1, 0], bool))) == [W, N, C, N]
    alarm = Alarm(enumeration=EnumerationLevels((("B", C),)))
    codes = np.empty(2, object)
    codes[:] = [np.array([0, -1], np.int32), np.array([0, 1, 0], np.int32)]
    assert levels(typed(alarm=alarm), Column(codes, labels=("A", "B"))) == [N, C]


def test_text_and_octets_have_no_level():
    cells = np.empty(2, object)
    cells[:] = ["a", b"b"]
    assert levels(BATTERY, Column(cells)) == [N, N]


def test_only_columns_with_an_alarm_that_are_there_are_judged():
    types = {"/S/P": BATTERY, "/S/Q": typed(), "/S/R": BATTERY, "/S/GONE": BATTERY}
    columns = {path: Column(np.array([99.0])) for path in ("/S/P", "/S/Q", "/S/R")}
    limits = Limits(types)
    assert limits.judged == ("/S/P", "/S/R", "/S/GONE")
    assert list(limits.check(columns, columns)) == ["/S/P", "/S/R"]
    assert list(limits.check(columns, {}, names=["/S/R", "/S/Q", "/S/NONE"])) == ["/S/R"]
    assert limits.check({}, {}) == {}


def test_severities_are_those_of_the_contract():
    every = severity(np.array(list(Level), np.uint8))
    caution = Severity.CAUTION
    assert every.tolist() == [0, caution, caution, Severity.SERIOUS, Severity.CRITICAL, 3]


def test_the_worst_severity_of_a_row_is_over_parameters_and_elements():
    found = {
        "/S/P": np.array([N, W, N], np.uint8),
        "/S/Q": np.array([[N, N], [N, C], [1, 3]], np.uint8),
    }
    assert worst(found, 3).tolist() == [Severity.NORMAL, Severity.CRITICAL, Severity.SERIOUS]
    assert worst({}, 2).tolist() == [0, 0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(15, 40), min_size=1, max_size=12), st.integers(0, 12))
def test_one_packet_and_many_give_the_same_levels(values, cut):
    columns = {
        "/S/P": Column(np.array(values, np.uint16)),
        "/S/MODE": Column(np.array(values, np.int32) % 2, labels=("IDLE", "CHARGE")),
        "/S/Q": Column(np.array(values, np.uint16)),
    }
    limits = Limits({"/S/P": BATTERY, "/S/Q": contextual(None)})
    rows = np.arange(len(values))
    parts = [
        limits.check(part, part)
        for chosen in (rows[:cut], rows[cut:])
        for part in [{path: column.take(chosen) for path, column in columns.items()}]
    ]
    whole = limits.check(columns, columns)
    for path in whole:
        assert whole[path].tolist() == [*parts[0][path].tolist(), *parts[1][path].tolist()]
