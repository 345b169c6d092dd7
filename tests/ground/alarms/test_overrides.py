"""Limits that operators change, against levels worked by hand and a judge of the changed type."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.alarms.judge import Judge
from ground.alarms.overrides import Overrides
from ground.columns import Column
from ground.errors import Where
from ground.mdb.model import (
    Alarm,
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
from ground.messages import SetLimits

NOW = 10**9
NAMES = ("CG-1", "CG-2")
W, C = Level.WARNING, Level.CRITICAL
ALARM = Alarm(static=StaticRanges(((W, Range(maximum=10.0)),)))


def typed(path, alarm=None, kind=Kind.FLOAT, **fields):
    return ScalarType(path, kind, IntegerEncoding(16), Where("test"), alarm=alarm, **fields)


TYPES = {
    "/S/P": typed("/S/P", ALARM),
    "/S/FREE": typed("/S/FREE"),
    "/S/LABEL": typed("/S/LABEL", kind=Kind.ENUMERATED),
    "/S/CARDS.t": typed("/S/CARDS.t", ALARM),
}


def made(types=TYPES) -> Overrides:
    return Overrides(lambda spacecraft, path: types.get(path) if spacecraft in NAMES else None)


def judged(overrides, values, craft, types=TYPES, path="/S/P", judge=None):
    raw = {path: Column(np.array(values, np.float64))}
    t_ns = np.arange(len(values)) * 10**9
    levels = (judge or Judge()).judge(types, raw, {}, t_ns, np.array(craft))
    kept = {name: level.copy() for name, level in levels.items()}
    found = overrides.judge(types, raw, {}, t_ns, NAMES, np.array(craft), levels)
    assert all((levels[name] == kept[name]).all() for name in levels)
    return found.get(path, np.zeros(0)).tolist()


def limits(ranges, *, spacecraft="CG-1", parameter="/S/P", reason="new cells"):
    return SetLimits(spacecraft, parameter, ranges, reason)


def test_changed_limits_hold_for_one_spacecraft_until_they_are_taken_back():
    overrides = made()
    assert judged(overrides, [5, 11, 5, 11], [0, 0, 1, 1]) == [0, W, 0, W]
    answer, (event,) = overrides.set(limits({"critical": (6, 20), "warning": (0, 8)}), "chen", NOW)
    assert (answer.ok, event.kind, event.spacecraft) == (True, "limits.set", "CG-1")
    assert event.text == (
        "chen set the limits of /S/P of CG-1 to critical 6 to 20, warning 0 to 8: new cells"
    )
    assert judged(overrides, [5, 11, 5, 11], [0, 0, 1, 1]) == [C, W, 0, W]
    answer, (event,) = overrides.set(limits(None), "chen", NOW)
    assert (answer.ok, event.kind) == (True, "limits.reset")
    assert judged(overrides, [5, 11, 5, 11], [0, 0, 1, 1]) == [0, W, 0, W]


def test_a_parameter_without_limits_can_be_given_some():
    overrides = made()
    overrides.set(limits({"distress": (None, 3)}, parameter="/S/FREE"), "chen", NOW)
    assert judged(overrides, [2, 4, 4], [0, 0, 1], path="/S/FREE") == [0, Level.DISTRESS, 0]


def test_every_element_of_an_array_has_the_changed_limits():
    overrides = made()
    overrides.set(limits({"watch": (0, 1)}, parameter="/S/CARDS.t"), "chen", NOW)
    found = judged(overrides, [[0, 5], [11, 0]], [0, 1], path="/S/CARDS.t")
    assert found == [[0, Level.WATCH], [W, 0]]


def test_the_changed_limits_hold_in_every_context_and_keep_the_violations_in_a_row():
    twice = replace(ALARM, min_violations=2)
    condition = Comparison(Reference("/S/MODE"), "==", "1")
    types = {"/S/P": typed("/S/P", context_alarms=(ContextAlarm(condition, twice),))}
    overrides = made(types)
    overrides.set(limits({"critical": (None, 1)}), "chen", NOW)
    assert judged(overrides, [5, 5, 5], [0, 0, 0], types=types) == [0, C, C]


def test_violations_in_a_row_are_counted_over_batches():
    types = {"/S/P": typed("/S/P", replace(ALARM, min_violations=2))}
    overrides, judge = made(types), Judge()
    overrides.set(limits({"critical": (None, 1)}), "chen", NOW)
    found = [judged(overrides, [5], [0], types=types, judge=judge) for _ in range(3)]
    assert found == [[0], [C], [C]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 25)), max_size=20), st.integers(1, 3))
def test_rows_of_the_spacecraft_are_judged_as_by_a_database_with_those_limits(rows, often):
    types = {"/S/P": typed("/S/P", replace(ALARM, min_violations=often))}
    overrides = made(types)
    overrides.set(limits({"watch": (0, 5), "severe": (-1, 15)}), "chen", NOW)
    mine = StaticRanges(((Level.WATCH, Range(0, 5)), (Level.SEVERE, Range(-1, 15))))
    other = {"/S/P": typed("/S/P", Alarm(static=mine, min_violations=often))}
    craft, values = [row[0] for row in rows], [row[1] for row in rows]
    first = judged(made(types), values, craft, types=types)
    second = judged(made(types), values, craft, types=other)
    expected = [
        two if code == 0 else one for code, one, two in zip(craft, first, second, strict=True)
    ]
    assert judged(overrides, values, craft, types=types) == expected


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (limits({"warning": (5, 4)}), "warning from 5 to 4"),
        (limits({"warning": (math.nan, 4)}), "not finite"),
        (limits({"warning": (0, math.inf)}), "not finite"),
        (limits({"warning": (None, None)}), "no end"),
        (limits({"normal": (0, 1)}), "level 'normal'; expected one of watch, warning, distress"),
        (limits({"\x1b": (0, 1)}), "'\\\\x1b'"),
        (limits({}), "no range is given"),
        (limits({"warning": (0, 1)}, parameter="/S/NONE"), "no such parameter"),
        (limits({"warning": (0, 1)}, spacecraft="CG-9"), "no such parameter"),
        (limits({"warning": (0, 1)}, parameter="/S/LABEL"), "no number but Enumerated"),
        (limits({"warning": (0, 1)}, reason=" "), "needs a reason"),
        (limits(None), "the database's already"),
    ],
)
def test_limits_that_make_no_sense_are_refused_and_change_nothing(request_, reason):
    overrides = made()
    answer, (event,) = overrides.set(request_, "chen", NOW)
    assert not answer.ok
    assert reason in answer.reason
    assert event.kind == "limits.refused"
    assert "\x1b" not in event.text
    assert (overrides.held(), overrides.state()) == ([], {})


def test_changed_limits_survive_a_restart():
    overrides = made()
    overrides.set(limits({"critical": (6.5, None)}), "chen", NOW)
    overrides.set(limits({"watch": (0, 1)}, spacecraft="CG-2"), "li", NOW)
    state = overrides.state()
    assert list(state) == ["limits/CG-1|/S/P", "limits/CG-2|/S/P"]
    assert overrides.state() == {}
    restarted = made()
    assert restarted.restore(state) == {}
    assert restarted.held() == overrides.held()
    assert judged(restarted, [5, 5], [0, 1]) == judged(overrides, [5, 5], [0, 1]) == [C, 1]
    restarted.set(limits(None), "chen", NOW)
    assert restarted.state() == {"limits/CG-1|/S/P": None}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda octets: octets[:-3], "Invalid JSON"),
        (lambda octets: octets.replace(b"6.5", b"7.5").replace(b"null", b"1"), "from 7.5 to 1"),
        (lambda octets: octets.replace(b"critical", b"fatal"), "level 'fatal'"),
        (lambda octets: octets.replace(b"CG-1", b"CG-2"), "another key, limits/CG-2"),
        (lambda octets: octets.replace(b'"v":1', b'"v":3'), "Input should be 1"),
        (lambda octets: octets.replace(b"6.5", b"NaN"), "not finite"),
    ],
)
def test_damaged_octets_are_refused_by_name(damage, reason):
    overrides = made()
    overrides.set(limits({"critical": (6.5, None)}), "chen", NOW)
    ((key, octets),) = overrides.state().items()
    restarted = made()
    assert reason in restarted.restore({key: damage(octets)})[key]
    assert restarted.held() == []
