"""Derived parameters: plug-ins that work, plug-ins that do not, and the one of Chenguang-1."""

from __future__ import annotations

from importlib import metadata, resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.chenguang1.derived import Energy
from ground.alarms.judge import Judge
from ground.columns import Column
from ground.decode.derive import GROUP, Deriver, Output
from ground.mdb import plan, xtce
from ground.mdb.model import Level

NAMES = ("CG-1", "CG-2")
PACKETS = "/S/HK"
S = 10**9


class Sum:
    """Adds up everything so far, and counts rows."""

    name = "SUM"
    packets = PACKETS
    inputs = ("A", "/S/B")
    outputs = (Output("TOTAL", "W", limits={"warning": (None, 10)}), Output("ROWS"))

    def __init__(self):
        self.total, self.rows = 0.0, 0

    def update(self, t_ns, columns):
        total = self.total + np.cumsum(columns["A"] + columns["/S/B"])
        rows = self.rows + 1 + np.arange(len(t_ns))
        self.total, self.rows = total[-1], rows[-1]
        return {"TOTAL": total, "ROWS": rows}


def derive(deriver, a, b, craft, *, first=0, engineering=None):
    raw = {"/S/A": Column(np.array(a)), "/S/B": Column(np.array(b))}
    t_ns = (first + np.arange(len(a))) * S
    return deriver.derive(PACKETS, NAMES, np.array(craft), t_ns, raw, engineering or {})


def test_each_spacecraft_has_an_instance_of_its_own_that_remembers():
    deriver = Deriver([Sum])
    (batch,) = derive(deriver, [1, 2, 3], [0, 0, 0], [0, 1, 0])
    assert batch.packet_type == "/Derived/SUM"
    assert batch.rows.tolist() == [0, 1, 2]
    assert batch.columns["/Derived/SUM/TOTAL"].values.tolist() == [1, 2, 4]
    assert batch.columns["/Derived/SUM/ROWS"].values.tolist() == [1, 1, 2]
    (batch,) = derive(deriver, [1, 1], [5, 5], [1, 0])
    assert batch.columns["/Derived/SUM/TOTAL"].values.tolist() == [8, 10]
    assert batch.types is deriver.types()["/Derived/SUM"]
    assert [type.units for type in batch.types.values()] == ["W", ""]
    assert deriver.derive("/S/OTHER", NAMES, np.zeros(0), np.zeros(0, np.int64), {}, {}) == []


def test_what_is_derived_is_judged_like_any_other_parameter():
    (batch,) = derive(Deriver([Sum]), [1, 20], [0, 0], [0, 0])
    levels = Judge().judge(batch.types, batch.columns, {}, np.arange(2), np.zeros(2, int))
    assert {path: each.tolist() for path, each in levels.items()} == {
        "/Derived/SUM/TOTAL": [0, Level.WARNING]
    }


def test_inputs_are_engineering_values_with_nan_and_none_for_what_is_missing():
    seen = {}

    class Look:
        name, packets, inputs, outputs = "LOOK", PACKETS, ("A", "B"), (Output("X"),)

        def update(self, t_ns, columns):
            seen.update({name: column.copy() for name, column in columns.items()})
            columns["A"][:] = 0  # its own copy
            return {"X": np.full(len(t_ns), np.nan)}

    a = Column(np.array([1.5, 2.5]), np.array([True, False]))
    b = Column(np.array([1, -1], np.int32), np.array([True, False]), ("OFF", "ON"))
    (batch,) = derive(Deriver([Look]), [1, 2], [1, 7], [0, 0], engineering={"/S/A": a, "/S/B": b})
    assert seen["B"].tolist() == ["ON", None]
    np.testing.assert_array_equal(seen["A"], [1.5, np.nan])
    assert a.values.tolist() == [1.5, 2.5]
    assert batch.columns["/Derived/LOOK/X"].valid.tolist() == [False, False]


class Fails(Sum):
    name = "FAILS"

    def update(self, t_ns, columns):
        if 13 in columns["A"]:
            raise RuntimeError("thirteen")
        return super().update(t_ns, columns)


def test_a_plug_in_that_raises_is_counted_named_and_starts_anew_and_stops_nobody():
    deriver = Deriver([Fails, Sum])
    derive(deriver, [1, 1], [0, 0], [0, 1])
    failed, other = derive(deriver, [13, 2, 2], [0, 0, 0], [0, 1, 1])
    assert failed.rows.tolist() == [1, 2]
    assert failed.columns["/Derived/FAILS/TOTAL"].values.tolist() == [3, 5]
    assert other.columns["/Derived/SUM/TOTAL"].values.tolist() == [14, 3, 5]
    assert deriver.failures == {"FAILS": 1}
    assert deriver.problems == {"FAILS": "CG-1: RuntimeError: thirteen"}
    failed, _ = derive(deriver, [1], [0], [0])
    assert failed.columns["/Derived/FAILS/ROWS"].values.tolist() == [1]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (lambda n: {"TOTAL": np.zeros(n)}, "gave TOTAL; expected TOTAL, ROWS"),
        (lambda n: {"TOTAL": np.zeros(n), "ROWS": np.zeros(n + 1)}, "ROWS is float64 [3]"),
        (lambda n: {"TOTAL": np.zeros((n, 1)), "ROWS": np.zeros(n)}, "TOTAL is float64 [2, 1]"),
        (lambda n: {"TOTAL": ["a"] * n, "ROWS": np.zeros(n)}, "TOTAL is <U1 [2]"),
        (lambda n: {"TOTAL": np.zeros(n, complex), "ROWS": np.zeros(n)}, "complex128"),
        (lambda n: None, "TypeError"),
        (lambda n: [][1], "IndexError"),
    ],
)
def test_outputs_that_are_not_what_was_said_are_refused_by_name(given_, said):
    class Wrong(Sum):
        name = "WRONG"

        def update(self, t_ns, columns):
            return given_(len(t_ns))

    deriver = Deriver([Wrong])
    assert derive(deriver, [1, 2], [0, 0], [0, 0]) == []
    assert deriver.failures == {"WRONG": 1}
    assert said in deriver.problems["WRONG"]


def test_a_plug_in_whose_inputs_are_not_there_says_so():
    class Blind(Sum):
        inputs = ("A", "NONE")

    deriver = Deriver([Blind])
    assert derive(deriver, [1], [0], [0]) == []
    assert "no parameter NONE in /S/HK" in deriver.problems["SUM"]


def test_limits_of_an_unknown_level_are_refused_at_the_start():
    class Bad(Sum):
        outputs = (Output("X", limits={"fatal": (0, 1)}),)

    with pytest.raises(ValueError, match="limits fatal; expected watch"):
        Deriver([Bad])


# ---- Chenguang-1 ----------------------------------------------------------------------------


def energy(deriver, volts, amperes, seconds):
    rows = len(volts)
    raw = {
        "/CG1/EPS/BATTERY_VOLTAGE": Column(np.array(volts, np.float64)),
        "/CG1/EPS/BATTERY_CURRENT": Column(np.array(amperes, np.float64)),
        "/CG1/EPS/LOAD_PLATFORM": Column(np.full(rows, 100.0)),
        "/CG1/EPS/LOAD_COMPUTE": Column(np.full(rows, 250.0)),
        "/CG1/EPS/LOAD_COMM": Column(np.full(rows, 50.0)),
        "/CG1/EPS/LOAD_THERMAL": Column(np.full(rows, 100.0)),
    }
    t_ns = np.array(seconds, np.int64) * S
    given = (NAMES, np.zeros(rows, int), t_ns, raw, {})
    batches = deriver.derive("/CG1/EPS/EPS_HK", *given)
    assert deriver.problems == {}
    return {
        path.rsplit("/", 1)[-1]: column.values.tolist()
        for path, column in batches[0].columns.items()
    }


def test_the_energy_of_the_battery_is_the_area_under_its_power():
    """36 s at 100 W are 1 W.h; a line from 100 W to -100 W is none; a gap of 61 s counts not."""
    found = energy(Deriver([Energy]), [100] * 5, [1, 1, -1, -1, -1], [0, 36, 72, 108, 108 + 61])
    assert found["BATTERY_POWER"] == [100, 100, -100, -100, -100]
    assert found["ENERGY_CHARGED"] == pytest.approx([0, 1, 1, 1, 1])
    assert found["ENERGY_DISCHARGED"] == pytest.approx([0, 0, 0, 1, 1])
    assert found["LOAD_TOTAL"] == [500] * 5
    assert found["COMPUTE_SHARE"] == [50] * 5


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 90)), min_size=1, max_size=20),
    st.integers(0, 20),
)
def test_any_split_gives_the_very_same_energies(samples, cut):
    amperes, seconds = [each[0] for each in samples], np.cumsum([each[1] for each in samples])
    whole = energy(Deriver([Energy]), [90.0] * len(samples), amperes, seconds)
    deriver, parts = Deriver([Energy]), []
    for part in (slice(0, cut), slice(cut, None)):
        if len(amperes[part]):
            volts = [90.0] * len(amperes[part])
            parts.append(energy(deriver, volts, amperes[part], seconds[part]))
    joined = {name: [each for part in parts for each in part[name]] for name in whole}
    assert joined == whole


def test_the_plug_in_reads_parameters_that_its_packet_type_has():
    octets = (resources.files("configs") / "chenguang1" / "database.xml").read_bytes()
    types = plan.compile(xtce.load(octets, "database.xml"), "CCSDSPacket").column_types
    columns = types[Energy.packets]
    assert all(any(path.endswith("/" + name) for path in columns) for name in Energy.inputs)


def test_the_plug_in_is_an_entry_point_of_the_software():
    found = {each.name: each for each in metadata.entry_points(group=GROUP)}
    assert found["chenguang1-eps"].load() is Energy
