"""Levels with the past in mind; the oracles are loops over samples, as one would say it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.alarms.judge import Judge
from ground.columns import Column
from ground.errors import Where
from ground.mdb.model import (
    Alarm,
    ChangeRanges,
    Comparison,
    ContextAlarm,
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


@pytest.fixture(params=["numpy", "compiled"], autouse=True)
def twin(request):
    """Everything here holds on the numpy kernels and on the compiled ones."""
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


FIXTURE = HealthCheck.function_scoped_fixture  # the same twin for all examples is meant
W, C = Level.WARNING, Level.CRITICAL
RANGES = StaticRanges(((W, Range(maximum=10.0)), (C, Range(maximum=20.0))))
SECOND = 10**9


def typed(alarm: Alarm | None, **fields: object) -> ScalarType:
    return ScalarType("/S/T", Kind.FLOAT, IntegerEncoding(16), Where("test"), alarm=alarm, **fields)


def judged(alarm: Alarm, values: object, *, valid=None, t_ns=None, craft=None) -> list:
    column = Column(np.asarray(values), None if valid is None else np.array(valid, bool))
    rows = len(column.values)
    t_ns = np.arange(rows) * SECOND if t_ns is None else np.array(t_ns, np.int64)
    craft = np.zeros(rows, np.int64) if craft is None else np.array(craft)
    types = {"/S/P": typed(alarm)}
    return Judge().judge(types, {"/S/P": column}, {}, t_ns, craft)["/S/P"].tolist()


# ---- violations in a row --------------------------------------------------------------------


@clause("XTCE 1.2 AlarmType minViolations")
def test_a_level_is_given_from_the_last_of_enough_violations_in_a_row():
    alarm = Alarm(static=RANGES, min_violations=3)
    values = [11, 11, 0, 11, 21, 11, 21, 0, 11]
    assert judged(alarm, values) == [0, 0, 0, 0, 0, W, C, 0, 0]


@clause("XTCE 1.2 AlarmType minConformance")
def test_a_level_stays_until_enough_samples_in_a_row_conform():
    alarm = Alarm(static=RANGES, min_violations=2, min_conformance=2)
    values = [11, 21, 0, 11, 0, 0, 11, 11]
    assert judged(alarm, values) == [0, C, C, W, W, 0, 0, W]


def test_a_missing_sample_neither_violates_nor_conforms_and_is_normal():
    alarm = Alarm(static=RANGES, min_violations=2)
    assert judged(alarm, [11, 11, 11], valid=[1, 0, 1]) == [0, 0, W]
    assert judged(alarm, [11.0, np.nan, 11.0]) == [0, 0, W]
    twice = replace(alarm, min_violations=1, min_conformance=2)
    assert judged(twice, [11, 0, 0, 0], valid=[1, 1, 0, 1]) == [W, W, 0, 0]


def test_each_spacecraft_counts_for_itself():
    alarm = Alarm(static=RANGES, min_violations=2)
    assert judged(alarm, [11, 11, 11, 0, 11], craft=[7, 3, 7, 3, 7]) == [0, 0, W, 0, W]


def test_each_element_of_an_array_counts_for_itself():
    alarm = Alarm(static=RANGES, min_violations=2)
    assert judged(alarm, [[11, 11], [11, 0], [0, 11]]) == [[0, 0], [W, 0], [0, 0]]


def _runs(samples, violations, conformance):
    """Say it as a loop over the samples of one value."""
    violating = conforming = held = 0
    raised = False
    for level in samples:
        if level is None:
            yield 0
            continue
        violating, conforming = (violating + 1, 0) if level else (0, conforming + 1)
        held = level or held
        if violating >= violations:
            raised = True
        if conforming >= conformance:
            raised = False
        yield held if raised else 0


@settings(max_examples=80, deadline=None, suppress_health_check=[FIXTURE])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from([0, 0, 11, 21, None]), st.sampled_from([0, 11])
        ),
        max_size=40,
    ),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_any_split_into_batches_equals_the_loop_over_samples(rows, cuts, violations, conformance):
    """Rows of several spacecraft interleaved; a scalar with gaps and an array of two elements."""
    alarm = Alarm(static=RANGES, min_violations=violations, min_conformance=conformance)
    types = {"/S/P": typed(alarm), "/S/A": typed(alarm), "/S/Q": typed(Alarm(static=RANGES))}
    craft = np.array([row[0] for row in rows], np.int64)
    values = np.array([row[1] or 0 for row in rows], np.float64)
    valid = np.array([row[1] is not None for row in rows], bool)
    array = np.array([[row[1] or 0, row[2]] for row in rows], np.float64).reshape(-1, 2)
    expected = {path: np.zeros(len(rows), int) for path in ("scalar", "first", "second")}
    for one in set(craft.tolist()):
        mine = np.flatnonzero(craft == one)
        level = {0: 0, 11: int(W), 21: int(C), None: None}
        for name, samples in (
            ("scalar", [level[rows[row][1]] for row in mine]),
            ("first", [level[rows[row][1] or 0] for row in mine]),
            ("second", [level[rows[row][2]] for row in mine]),
        ):
            expected[name][mine] = list(_runs(samples, violations, conformance))
    judge, found = Judge(), {path: [] for path in types}
    for part in np.split(np.arange(len(rows)), sorted(min(cut, len(rows)) for cut in cuts)):
        raw = {
            "/S/P": Column(values[part], valid[part]),
            "/S/A": Column(array[part]),
            "/S/Q": Column(values[part]),
        }
        for path, each in judge.judge(types, raw, {}, part * SECOND, craft[part]).items():
            found[path] += each.tolist()
    assert found["/S/P"] == expected["scalar"].tolist()
    pairs = zip(expected["first"].tolist(), expected["second"].tolist(), strict=True)
    assert found["/S/A"] == [list(pair) for pair in pairs]
    assert found["/S/Q"] == [int(C) if v > 20 else int(W) if v > 10 else 0 for v in values]


def test_a_parameter_that_comes_later_starts_from_nothing():
    alarm = Alarm(static=RANGES, min_violations=2)
    types, judge = {"/S/P": typed(alarm), "/S/Q": typed(alarm)}, Judge()
    column, t_ns, craft = Column(np.array([11.0])), np.zeros(1, np.int64), np.zeros(1, np.int64)
    seen = [judge.judge(types, raw, {}, t_ns, craft) for raw in (
        {"/S/P": column}, {"/S/P": column, "/S/Q": column}, {"/S/Q": column},
    )]  # fmt: skip
    assert [{path: int(each[0]) for path, each in one.items()} for one in seen] == [
        {"/S/P": 0},
        {"/S/P": W, "/S/Q": 0},
        {"/S/Q": W},
    ]


def test_the_count_goes_on_from_one_context_to_another():
    strict = Comparison(Reference("/S/MODE"), "==", "1")
    type = typed(
        Alarm(static=RANGES, min_violations=3),
        context_alarms=(ContextAlarm(strict, Alarm(static=RANGES)),),
    )
    raw = {"/S/P": Column(np.full(4, 11.0)), "/S/MODE": Column(np.array([0, 0, 1, 0]))}
    rows = np.arange(4)
    assert Judge().judge({"/S/P": type}, raw, {}, rows, rows * 0)["/S/P"].tolist() == [0, 0, W, W]


# ---- changes --------------------------------------------------------------------------------


def change(maximum: float, **fields: object) -> Alarm:
    ranges = StaticRanges(((W, Range(maximum=maximum)),))
    return Alarm(change=ChangeRanges(ranges, **fields))


@clause("XTCE 1.2 ChangeAlarmRangesType")
def test_a_change_per_second_is_divided_by_the_time_passed():
    times = [0, 1 * SECOND, 3 * SECOND, 3 * SECOND]
    assert judged(change(4.0), [0, 5, 11, 99], t_ns=times) == [0, W, 0, 0]


def test_a_change_per_sample_does_not_ask_for_the_time():
    assert judged(change(4.0, per_second=False), [0, 5, 1, -4], t_ns=[0] * 4) == [0, W, 0, W]
    assert judged(change(-4.0, per_second=False), [0, 5, 1], t_ns=[0] * 3) == [0, W, 0]


def test_a_percentage_is_of_the_value_before():
    alarm = change(50.0, per_second=False, relative=True)
    assert judged(alarm, [10, 15, 23, 0, 0, 1]) == [0, 0, W, W, 0, W]


def test_a_span_looks_further_back_and_passes_over_missing_samples():
    alarm = change(4.0, per_second=False, span=2)
    assert judged(alarm, [0, 3, 6, 3], valid=[1, 1, 1, 1]) == [0, 0, W, 0]
    assert judged(alarm, [0, 99, 3, 6, 3], valid=[1, 0, 1, 1, 1]) == [0, 0, 0, W, 0]


def test_a_change_may_be_too_slow():
    ranges = StaticRanges(((C, Range(minimum=2.0)),))
    alarm = Alarm(change=ChangeRanges(ranges, per_second=False))
    assert judged(alarm, [0, 2, 3]) == [0, 0, C]


def test_the_worse_of_value_and_change_counts_and_violations_are_of_both():
    alarm = replace(change(4.0, per_second=False), static=RANGES)
    assert judged(alarm, [0, 5, 21, 20]) == [0, W, C, W]
    assert judged(replace(alarm, min_violations=2), [0, 5, 21, 20]) == [0, 0, C, W]


@settings(max_examples=60, deadline=None, suppress_health_check=[FIXTURE])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([None, 0, 1, 5, 9]), st.integers(0, 9)),
        max_size=30,
    ),
    st.lists(st.integers(0, 30), max_size=3),
    st.integers(1, 3),
    st.booleans(),
)
def test_changes_in_any_split_equal_the_loop_over_samples(rows, cuts, span, per_second):
    types = {"/S/A": typed(change(3.0, span=span, per_second=per_second))}
    craft = np.array([row[0] for row in rows], np.int64)
    values = np.array([[row[1] or 0, row[2]] for row in rows], np.float64).reshape(-1, 2)
    valid = np.array([[row[1] is not None, True] for row in rows], bool).reshape(-1, 2)
    past: dict[tuple[int, int], list[tuple[int, float]]] = {}
    expected = []
    for row, one in enumerate(craft.tolist()):
        expected.append([0, 0])
        for element in range(2):
            if not valid[row, element]:
                continue
            before = past.setdefault((one, element), [])
            if len(before) >= span:
                t, value = before[-span]
                step = abs(values[row, element] - value) / (row - t if per_second else 1)
                expected[-1][element] = int(W) if step > 3.0 else 0
            before.append((row, values[row, element]))
    judge, found = Judge(), []
    for part in np.split(np.arange(len(rows)), sorted(min(cut, len(rows)) for cut in cuts)):
        raw = {"/S/A": Column(values[part], valid[part])}
        found += judge.judge(types, raw, {}, part * SECOND, craft[part])["/S/A"].tolist()
    assert found == expected


@pytest.mark.parametrize("shape", [(3, 0), (0,), (0, 2)])
def test_empty_batches_and_arrays_have_no_levels(shape):
    alarm = replace(change(4.0), static=RANGES, min_violations=2)
    assert judged(alarm, np.zeros(shape)) == np.zeros(shape).tolist()
