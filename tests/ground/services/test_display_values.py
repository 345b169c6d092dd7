"""The newest values: which row they are of, and how they read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.messages import StaleChanged, StaleRow
from ground.services import display_text
from ground.services.display_values import (
    FRESH,
    HOLD_NS,
    NONE,
    SETTLE_NS,
    STALE,
    Arrived,
    Values,
)
from protocols import times
from tests.ground.services.batches import HK, MODES, SECOND, batch, objects

VOLTAGE, CELL, MODE, NAME = "/A/VOLTAGE", "/A/CELL", "/A/MODE", "/A/NAME"


def _voltage(rows: list[tuple[str, int]], raw: list[int], **more: Any) -> Any:
    """Return a batch of voltages: 0.5 + 0.25 raw."""
    engineering = np.array(raw, np.float64) * 0.25 + 0.5
    return batch(
        rows, {f"raw:{VOLTAGE}": np.array(raw, "u2"), f"eng:{VOLTAGE}": engineering}, **more
    )


def test_the_last_row_of_each_spacecraft_is_shown():
    values = Values()
    found = values.receive(_voltage([("A", 1), ("B", 1), ("A", 2)], [4, 8, 12]), 0)
    assert found == {
        "A": Arrived(2, 3 * SECOND, SECOND),
        "B": Arrived(1, 2 * SECOND, SECOND),
    }
    a, b = values.read("A", VOLTAGE, -1), values.read("B", VOLTAGE, -1)
    assert (a.raw, a.value, a.number, a.t_ns) == ("12", "3.5", 3.5, 2 * SECOND)
    assert (b.raw, b.value, b.number, b.t_ns) == ("8", "2.5", 2.5, SECOND)


def test_what_nothing_came_of_has_no_value():
    values = Values()
    assert values.state("A", VOLTAGE).kind == NONE
    assert values.read("A", VOLTAGE, -1) == display_text.NOTHING
    values.receive(_voltage([("A", 1)], [4]), 0)
    assert values.state("B", VOLTAGE).kind == NONE
    assert values.state("A", "/A/OTHER").kind == NONE


def test_a_gateway_that_catches_up_does_not_cover_what_is_heard_now():
    values = Values()
    values.receive(_voltage([("A", 100)], [4]), 0)
    values.receive(_voltage([("A", 50)], [8]), SECOND)
    assert values.read("A", VOLTAGE, -1).raw == "4"
    assert values.state("A", VOLTAGE).samples == 2
    values.receive(_voltage([("A", 51)], [12]), HOLD_NS)
    assert values.read("A", VOLTAGE, -1).raw == "12", "a clock set back must not freeze the display"


def test_rows_of_one_batch_are_ordered_by_their_reception():
    values = Values()
    values.receive(_voltage([("A", 7), ("A", 3)], [1, 2]), 0)
    assert values.read("A", VOLTAGE, -1).raw == "1"


def test_without_a_reception_time_the_last_to_come_is_shown():
    values = Values()
    values.receive(_voltage([("A", 7), ("A", 3)], [1, 2], received=[0, 0]), 0)
    assert values.read("A", VOLTAGE, -1).raw == "2"
    values.receive(_voltage([("A", 1)], [3], received=[0]), 0)
    assert values.read("A", VOLTAGE, -1).raw == "3"


def test_a_parameter_in_two_packet_types_shows_the_newer():
    values = Values()
    values.receive(_voltage([("A", 5)], [1]), 0)
    values.receive(_voltage([("A", 6)], [2], packet_type=MODES), 0)
    assert values.read("A", VOLTAGE, -1).raw == "2"
    values.receive(_voltage([("A", 7)], [3]), 0)
    assert values.read("A", VOLTAGE, -1).raw == "3"
    assert values.state("A", VOLTAGE).samples == 3


def test_quiet_packets_are_stale_until_one_comes():
    values = Values()
    values.receive(_voltage([("A", 5)], [1]), 0)
    values.changed(StaleChanged([StaleRow("A", HK, 0, True), StaleRow("Z", HK, 0, True)]))
    assert values.state("A", VOLTAGE).kind == STALE
    values.receive(_voltage([("A", 6)], [1]), 0)
    assert values.state("A", VOLTAGE).kind == FRESH


def test_all_is_stale_while_nobody_publishes():
    values = Values()
    values.receive(_voltage([("A", 5)], [1]), 0)
    before = values.moved
    values.quiet(True)
    assert values.state("A", VOLTAGE).kind == STALE
    assert values.moved == before + 1
    values.quiet(False)
    assert values.state("A", VOLTAGE).kind == FRESH


def test_a_row_that_stays_lets_go_of_its_batch():
    values = Values()
    big = batch(
        [("A", 1), ("A", 2)], {f"raw:{CELL}": np.zeros((2, 4096)), f"raw:{NAME}": objects("a", "b")}
    )
    values.receive(big, 0)
    values.settle(SETTLE_NS)
    [held] = values._rows.values()
    assert not any(
        np.shares_memory(each, big.columns[name]) for name, each in held.message.columns.items()
    )
    assert values.read("A", NAME, -1).value == "b"


def test_clearing_forgets_values():
    values = Values()
    values.receive(_voltage([("A", 5)], [1]), 0)
    values.clear()
    assert values.state("A", VOLTAGE).kind == NONE
    values.receive(_voltage([("A", 2)], [9]), 0)
    assert values.read("A", VOLTAGE, -1).raw == "9"


def test_a_column_that_comes_later_is_found():
    values = Values()
    values.receive(_voltage([("A", 1)], [1]), 0)
    values.receive(batch([("A", 2)], {f"raw:{NAME}": objects("x"), f"raw:{VOLTAGE}": [1]}), 0)
    assert values.read("A", NAME, -1).value == "x"


def test_labels_and_those_without_one():
    made = batch(
        [("A", 1), ("A", 2)],
        {f"raw:{MODE}": np.array([1, 7], "u1"), f"eng:{MODE}": np.array([1, -1], "i4")},
        labels={MODE: ["OFF", "ON"]},
    )
    first, second = (display_text.read(made, row, MODE, -1) for row in (0, 1))
    assert (first.raw, first.value, first.number) == ("1", "ON", 1.0)
    assert (second.raw, second.value) == ("7", "")
    assert math.isnan(second.number)


def test_elements_and_whole_arrays():
    made = batch(
        [("A", 1)],
        {
            f"raw:{CELL}": np.array([[1, 2, 3]], "i1"),
            f"valid:{CELL}": np.array([[True, False, True]]),
            f"eng:{CELL}": np.array([[0.5, 1.5, 2.5]]),
            f"sev:{CELL}": np.array([[0, 0, 3]], "u1"),
        },
    )
    third, second, beyond = (display_text.read(made, 0, CELL, each) for each in (2, 1, 3))
    assert (third.raw, third.value, third.number, third.severity) == ("3", "2.5", 2.5, 3)
    assert (second.raw, second.value, second.severity) == ("", "", 0)
    assert (beyond.raw, beyond.value) == ("", "")
    whole = display_text.read(made, 0, CELL, -1)
    assert (whole.raw, whole.value, whole.severity) == ("1 2 3", "0.5 1.5 2.5", 3)


def test_a_value_without_calibration_has_raw_alone():
    columns = {f"raw:{VOLTAGE}": [3], f"eng:{VOLTAGE}": np.array([math.nan])}
    reading = display_text.read(batch([("A", 1)], columns), 0, VOLTAGE, -1)
    assert (reading.raw, reading.value) == ("3", "")
    cells = {f"raw:{CELL}": [[3, 4]], f"eng:{CELL}": np.array([[math.nan, 0.5]])}
    assert display_text.read(batch([("A", 1)], cells), 0, CELL, -1).value == "- 0.5"


def test_a_long_array_shows_its_first_elements_and_its_size():
    made = batch([("A", 1)], {f"raw:{CELL}": np.arange(64).reshape(1, 64)})
    assert display_text.read(made, 0, CELL, -1).value == "0 1 2 3 4 5 6 7 … (64)"


def test_arrays_whose_size_varies_come_as_lists():
    made = batch([("A", 1), ("A", 2)], {f"raw:{CELL}": objects([5, 6], [7])})
    assert display_text.read(made, 0, CELL, 1).raw == "6"
    assert display_text.read(made, 1, CELL, 1).raw == ""
    assert display_text.read(made, 0, CELL, -1).raw == "5 6"


def test_a_time_reads_as_one():
    made = batch(
        [("A", 1)],
        {f"raw:{NAME}": [5], f"eng:{NAME}": np.array([times.parse("2026-11-22T10:00:00")])},
    )
    assert display_text.read(made, 0, NAME, -1, instant=True).value.startswith(
        "2026-11-22T10:00:00"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "True"),
        (2**96, "79228162514264337593543950336"),
        (0.1, "0.1"),
        (float(np.float32(23.1)), "23.1"),
        (math.inf, "inf"),
        (b"\x00\xff", "00ff"),
        ("x" * 200, "x" * 79 + "…"),
        (b"\x11" * 200, "11" * 39 + "1…"),
    ],
)
def test_values_read_as_people_expect(value: Any, shown: str):
    assert display_text.text(value) == shown


def test_a_number_too_large_for_a_float_is_infinite():
    assert display_text.number(10**400) == math.inf


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("ABC"), st.integers(0, 50), st.integers(0, 255)),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_one_packet_and_a_thousand_give_the_same_values(batches):
    """However packets are batched, the one that was received last (of equals, the later) shows."""
    together, alone, newest = Values(), Values(), {}
    for rows in batches:
        crafts = [(name, t) for name, t, _ in rows]
        together.receive(_voltage(crafts, [raw for _, _, raw in rows]), 0)
        for name, t, raw in rows:
            alone.receive(_voltage([(name, t)], [raw]), 0)
            if t >= newest.get(name, (-1, 0))[0]:
                newest[name] = t, raw
    for name, (t, raw) in newest.items():
        for values in (together, alone):
            reading = values.read(name, VOLTAGE, -1)
            assert (reading.t_ns, reading.raw, reading.number) == (
                t * SECOND,
                str(raw),
                raw / 4 + 0.5,
            )
        assert together.state(name, VOLTAGE) == alone.state(name, VOLTAGE)
