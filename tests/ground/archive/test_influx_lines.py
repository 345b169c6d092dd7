"""Lines of InfluxDB's protocol, held against those of influxdb-client's `Point`."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from influxdb_client import Point

from ground.archive import influx_lines
from ground.archive.influx_lines import Lines, lines

HEAD = re.compile(r"((?:\\.|[^ \\])*) ", re.DOTALL)
FIELD = re.compile(r'((?:\\.|[^=\\])+)=("(?:\\.|[^"\\])*"|[^, ]*)(,| )', re.DOTALL)

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
SPICE = st.text(st.sampled_from(' ,="\\aé,'), max_size=6)
NAMES = st.text(st.sampled_from(' ,="aé,'), max_size=6)  # the protocol cannot escape backslashes
INT64 = st.integers(-(2**63), 2**63 - 1)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "double": (pa.float64(), st.floats()),
    "single": (pa.float32(), st.floats(width=32)),
    "long": (pa.int64(), INT64),
    "byte": (pa.uint8(), st.integers(0, 255)),
    "flag": (pa.bool_(), st.booleans()),
    "text": (pa.string(), TEXT | SPICE | st.just("two\nlines")),
    "label": (pa.dictionary(pa.int32(), pa.string()), TEXT | SPICE),
}


def stamped(*times: int | None) -> pa.Array:
    return pa.array(times, pa.int64()).cast(pa.timestamp("ns", "UTC"))


def parsed(line: str) -> tuple[str, dict[str, object], int]:
    """Split a line into its head, its fields (floats as bits), and its time."""
    head = HEAD.match(line)
    assert head
    at, found = head.end(), dict[str, object]()
    while True:
        field = FIELD.match(line, at)
        assert field, line[at:]
        key, text, separator = field.groups()
        plain = text[-1:] in '"i' or text in ("true", "false")
        found[key] = text if plain else np.float64(text).tobytes()
        at = field.end()
        if separator == " ":
            return head.group(1), found, int(line[at:])


def each(made: list[Lines]) -> list[str]:
    return [line.removesuffix("\n") for part in made for line in part.text.to_pylist()]


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Draw the kind of each column, and rows of (tag, time, values)."""
    kinds = draw(st.dictionaries(NAMES.map(lambda name: f"f{name}"), st.sampled_from([*KINDS])))
    values = st.fixed_dictionaries({name: st.none() | KINDS[kinds[name]][1] for name in kinds})
    row = st.fixed_dictionaries({"tag": st.none() | NAMES, "t": INT64, "values": values})
    return kinds, draw(st.lists(row, min_size=1, max_size=6))


@settings(max_examples=150, deadline=None)
@given(tables(), NAMES.map(lambda text: f"m{text}"), st.booleans())
def test_a_line_says_what_a_point_says(drawn, measurement: str, always: bool):
    kinds, rows = drawn
    columns = {"time": stamped(*[row["t"] for row in rows]), "T g": [row["tag"] for row in rows]}
    for name, kind in kinds.items():
        columns[name] = pa.array([row["values"][name] for row in rows], KINDS[kind][0])
    if always:
        columns["count"] = pa.array([7] * len(rows), pa.int32())
    made = list(lines(pa.table(columns), measurement, ["T g"], {"A": "b c"}))
    wanted = []
    for row in rows:
        point = Point(measurement).tag("A", "b c").tag("T g", row["tag"]).time(row["t"])
        for name, value in (row["values"] | ({"count": 7} if always else {})).items():
            point.field(name, value)
        if text := point.to_line_protocol():
            wanted.append(parsed(text))
    got = [parsed(line) for line in each(made)]
    assert got == wanted
    assert sum(part.fields for part in made) == sum(len(fields) for _, fields, _ in wanted)
    assert sum(part.left_out.get("field", 0) for part in made) == len(rows) - len(wanted)


def test_one_row_and_many_give_the_same_lines(monkeypatch):
    table = pa.table(
        {
            "time": stamped(*range(1, 8), None),
            "n": pa.array([1, None, 3, None, 5, 6, 7, 8], pa.int16()),
            "x": pa.array([None, None, 3.5, math.nan, -0.0, 1e22, 5e-324, 8.0]),
        }
    )
    whole = list(lines(table, "m"))
    assert len(whole) == 1
    assert (whole[0].fields, whole[0].given) == (9, 8)
    assert whole[0].left_out == {"time": 1, "field": 2, "not finite": 1}
    monkeypatch.setattr(influx_lines, "REQUEST_FIELDS", 2)
    assert each(list(lines(table, "m"))) == each(whole)
    assert each([part for at in range(8) for part in lines(table.slice(at, 1), "m")]) == each(whole)


def test_a_body_is_the_lines_behind_each_other():
    table = pa.table({"time": stamped(1, 2, 3), "s": ["a\nb", 'q"', "é"]})
    [made] = lines(table, "m")
    assert made.body() == 'm s="a\nb" 1\nm s="q\\"" 2\nm s="é" 3\n'.encode()
    assert made.body(1, 2) == b'm s="q\\"" 2\n'
    assert made.body(3) == b""
    [sliced] = lines(table.slice(1, 1), "m")
    assert sliced.body() == made.body(1, 2)


def test_arrays_of_fixed_size_are_numbered_fields_and_a_missing_one_gives_none():
    cards = pa.array([[1, 2], None, [3, None]], pa.list_(pa.int8(), 2))
    labels = pa.FixedSizeListArray.from_arrays(
        pa.array(["on", "off", "on", None, "x", "y"]).dictionary_encode(), 2
    )
    nested = pa.array([[[1.5], [2.5]], None, None], pa.list_(pa.list_(pa.float32(), 1), 2))
    columns = {"time": stamped(7, 8, 9), "c": cards, "l": labels, "n": nested}
    for table in (pa.table(columns), pa.concat_tables([pa.table(columns).slice(0, 2)])):
        [made] = lines(table, "m")
        assert each([made])[:2] == [
            'm l_0="on",c_0=1i,c_1=2i,l_1="off",n_0_0=1.5,n_1_0=2.5 7',
            'm l_0="on" 8',
        ]
    [rest] = lines(pa.table(columns).slice(2), "m")
    assert each([rest]) == ['m c_0=3i,l_0="x",l_1="y" 9']


def test_what_a_line_cannot_carry_is_counted_and_not_sent():
    table = pa.table(
        {
            "time": stamped(1, 2),
            "ok": [1, 2],
            "octets": [b"x", None],
            "list": pa.array([[1], [2, 3]], pa.list_(pa.int8())),
            "big": pa.array([2**63, 2**63 - 1], pa.uint64()),
            "infinite": [math.inf, -math.inf],
            "nothing": pa.nulls(2),
        }
    )
    [made] = lines(table, "m")
    assert each([made]) == ["m ok=1i 1", "m ok=2i,big=9223372036854775807i 2"]
    assert made.left_out == {"octets": 1, "list": 2, "beyond 63 bits": 1, "not finite": 2}


def test_floats_of_32_bits_are_sent_as_the_double_that_they_are():
    table = pa.table({"time": stamped(1), "x": pa.array([0.1], pa.float32())})
    assert each(list(lines(table, "m"))) == ["m x=0.10000000149011612 1"]


def test_times_go_to_the_nanosecond_before_and_after_1970():
    table = pa.table({"time": stamped(-1, 1_700_000_000_123_456_789), "n": [1, 2]})
    assert each(list(lines(table, "m"))) == ["m n=1i -1", "m n=2i 1700000000123456789"]


@pytest.mark.parametrize("tag", ["a\\", "a\tb\r\nc", "a\\b", "=,"])
def test_tags_that_would_end_a_line_are_escaped_as_a_point_does(tag):
    table = pa.table({"time": stamped(1), "t": [tag], "n": [1]})
    wanted = Point("m").tag("t", tag).field("n", 1).time(1).to_line_protocol()
    assert each(list(lines(table, "m", ["t"]))) == [wanted]
    assert each(list(lines(table.drop_columns("t"), "m", labels={"t": tag}))) == [wanted]


@pytest.mark.parametrize("name", ["", "# note"])
def test_no_line_is_a_comment(name):
    with pytest.raises(ValueError, match="measurement"):
        list(lines(pa.table({"time": stamped(1), "n": [1]}), name))


def test_of_no_rows_or_no_fields_come_no_lines():
    assert list(lines(pa.table({"time": stamped(), "n": pa.array([], pa.int8())}), "m")) == []
    [made] = lines(pa.table({"time": stamped(1), "b": [b"x"]}), "m")
    assert (len(made), made.body(), made.left_out) == (0, b"", {"field": 1, "octets": 1})
