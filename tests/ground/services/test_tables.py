"""Columns of every kind to Arrow and back, each in the type that the archive keeps it in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some

from ground.columns import Column
from ground.mdb.model import BinaryEncoding, Fixed, IntegerEncoding, Kind, StringEncoding
from ground.services import tables
from tests.ground.databases import scalar, unsigned

TEXT = scalar(StringEncoding(Fixed(32)))
OCTETS = scalar(BinaryEncoding(Fixed(16)))
WIDE = unsigned(96)
NUMBER = unsigned(8)
WORD = unsigned(16)


def objects(*values: Any) -> np.ndarray:
    made = np.empty(len(values), object)
    for row, value in enumerate(values):
        made[row] = value
    return made


def arrays(dtype: str, *rows: list[Any]) -> np.ndarray:
    return objects(*(np.array(row, dtype) for row in rows))


U16 = pa.uint16()
KINDS = {
    "u8": (NUMBER, np.array([0, 255, 7], np.uint8), pa.uint8(), [0, 255, 7]),
    "i64": (NUMBER, np.array([-(1 << 63), 0, 1]), pa.int64(), [-(1 << 63), 0, 1]),
    "u64": (NUMBER, np.array([(1 << 64) - 1, 0, 1], np.uint64), pa.uint64(), [(1 << 64) - 1, 0, 1]),
    "f16": (NUMBER, np.array([0.5, -2, 65504], np.float16), pa.float16(), [0.5, -2, 65504]),
    "f32": (NUMBER, np.array([0.5, -0.0, np.inf], np.float32), pa.float32(), [0.5, -0.0, np.inf]),
    "f64": (NUMBER, np.array([0.1, 1e300, -np.inf]), pa.float64(), [0.1, 1e300, -np.inf]),
    "bool": (NUMBER, np.array([True, False, True]), pa.bool_(), [True, False, True]),
    "text": (TEXT, objects("a\0b", "", "é\x1b"), pa.string(), ["a\0b", "", "é\x1b"]),
    "octets": (OCTETS, objects(b"", b"\0\xff", b"a"), pa.binary(), [b"", b"\0\xff", b"a"]),
    "wide": (WIDE, objects(0, 1 << 90, -5), pa.string(), ["0", str(1 << 90), "-5"]),
    "cells": (
        NUMBER,
        np.array([[1, 2], [3, 4], [5, 6]], np.int16),
        pa.list_(pa.field("element", pa.int16()), 2),
        [[1, 2], [3, 4], [5, 6]],
    ),
    "texts": (
        TEXT,
        np.array([["a", "b"], ["", "d"], ["e", "f"]], object),
        pa.list_(pa.field("element", pa.string()), 2),
        [["a", "b"], ["", "d"], ["e", "f"]],
    ),
    "varying": (
        WORD,
        arrays("u2", [1, 2], [], [3]),
        pa.list_(pa.field("element", U16)),
        [[1, 2], [], [3]],
    ),
    "varying, all empty": (
        WORD,
        arrays("u2", [], [], []),
        pa.list_(pa.field("element", U16)),
        [[], [], []],
    ),
    "varying wide": (
        WIDE,
        arrays("O", [1 << 70], [], [2, 3]),
        pa.list_(pa.field("element", pa.string())),
        [[str(1 << 70)], [], ["2", "3"]],
    ),
}
MASK = np.array([True, False, True])


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, np.ndarray):
        return len(found) == len(expected) and all(map(same, found, expected))
    return bool(found == expected) and type(found) is type(expected)


@pytest.mark.parametrize("name", KINDS)
def test_a_column_comes_back_as_it_was(name: str) -> None:
    kind, values, arrow, listed = KINDS[name]
    made = tables.to_arrow(Column(values), kind)
    assert made.type.equals(arrow)
    assert (made.to_pylist(), made.null_count) == (listed, 0)
    back = tables.from_arrow(made, kind)
    assert back.valid is None
    assert back.values.dtype == values.dtype
    assert same(back.values, values)


@pytest.mark.parametrize("name", KINDS)
def test_values_that_are_not_valid_become_null_and_come_back_so(name: str) -> None:
    kind, values, arrow, listed = KINDS[name]
    mask = MASK if values.ndim == 1 else np.array([[True, False], [False, False], [True, True]])
    made = tables.to_arrow(Column(values, mask), kind)
    assert made.type.equals(arrow)
    expected = [each if ok else None for each, ok in zip(listed, MASK, strict=True)]
    if values.ndim == 2:
        expected = [[listed[0][0], None], [None, None], listed[2]]
    assert made.to_pylist() == expected
    back = tables.from_arrow(pa.chunked_array([made.slice(0, 1), made.slice(1)]), kind)
    assert back.valid is not None
    assert (back.valid == mask).all()
    assert same(back.values[mask], values[mask])


@pytest.mark.parametrize("name", ["u8", "text", "octets", "cells", "varying", "wide"])
def test_no_rows_and_rows_from_before_there_was_such_a_column(name: str) -> None:
    kind, values, arrow, _ = KINDS[name]
    assert len(tables.from_arrow(pa.chunked_array([], arrow), kind).values) == 0
    late = pa.concat_arrays([pa.nulls(2, arrow), tables.to_arrow(Column(values), kind)])
    back = tables.from_arrow(late, kind)
    assert back.values.shape == (5, *values.shape[1:])
    assert back.valid is not None
    assert back.valid.reshape(5, -1).all(axis=1).tolist() == [False, False, True, True, True]
    assert same(back.values[2:], values)


def test_labels_are_shown_as_text_and_those_that_are_missing_as_null() -> None:
    labels = ("OFF", "ON")
    kind = scalar(IntegerEncoding(8), kind=Kind.ENUMERATED)
    one = Column(np.array([1, 0, 7], np.int32), np.array([True, True, False]), labels)
    made = tables.shown(one, kind)
    assert made.type == tables.NAME
    assert made.to_pylist() == ["ON", "OFF", None]
    two = Column(np.array([[1, 0], [0, 0]], np.int32), None, labels)
    assert tables.shown(two, kind).to_pylist() == [["ON", "OFF"], ["OFF", "OFF"]]
    assert tables.shown(Column(np.array([1.5])), NUMBER).to_pylist() == [1.5]


def test_arrays_of_varying_size_are_shown_as_lists_of_values_or_labels() -> None:
    rows = objects(np.array([1, -1], np.int32), np.array([], np.int32), None)
    valid = np.array([True, True, False])
    labels = tables.shown(Column(rows, valid, ("OFF", "ON")), scalar(IntegerEncoding(8)))
    assert labels.type == pa.list_(pa.string())
    assert labels.to_pylist() == [["ON", None], [], None]
    numbers = tables.shown(Column(objects(np.array([0.5, 2])), None), WORD)
    assert numbers.to_pylist() == [[0.5, 2.0]]


def test_an_array_that_no_row_has_is_of_the_type_of_its_elements() -> None:
    none = Column(objects(None, None), np.array([False, False]))
    assert tables.to_arrow(none, WORD).type == pa.list_(pa.uint16())


def test_the_first_columns_are_the_archives() -> None:
    """2021-04-09T00:00:00.007137 UTC is 1,996,617,637.007137 s TAI since 1958."""
    t_ns = np.array([1_996_617_637_007_137_000, 5])
    spacecraft = tables.names(["A", "B"], np.array([1, -1]))
    timed, flags = np.array([True, False]), np.array([0, 8], np.uint8)
    head = tables.head(spacecraft, t_ns, timed, np.array([7, 8], np.uint16), flags)
    rows = pa.table(head).to_pylist()
    assert [row["t_ns"] for row in rows] == [1_996_617_637_007_137_000, None]
    assert [row["spacecraft"] for row in rows] == ["B", None]
    assert str(head["time"].cast(pa.int64())[0]) == str(1_617_926_400_007_137_000)
    assert rows[1]["time"] is rows[1]["received"] is None
    assert {name: str(each.type) for name, each in head.items()} == {
        "spacecraft": "dictionary<values=string, indices=int32, ordered=0>",
        "t_ns": "int64",
        "time": "timestamp[ns, tz=UTC]",
        "received": "timestamp[ns, tz=UTC]",
        "sequence": "int64",
        "flags": "uint8",
    }


@pytest.mark.parametrize("offsets", [[0, 3, 3], [6, 0, 2], []])
def test_octets_are_cut_out_of_their_arena_wherever_they_lie(offsets: list[int]) -> None:
    arena = np.frombuffer(b"abcdefghij", np.uint8)
    offset, length = np.array(offsets, np.int64), np.array([3, 0, 4][: len(offsets)], np.int64)
    made = tables.octets(arena, offset, length)
    made.validate(full=True)
    spans = zip(offset, length, strict=True)
    assert made.to_pylist() == [b"abcdefghij"[at : at + size] for at, size in spans]


@settings(max_examples=60, deadline=None)
@given(
    some.arrays(
        st.sampled_from([np.uint8, np.int16, np.uint32, np.int64, np.uint64, np.float32, float]),
        some.array_shapes(max_dims=2, max_side=6),
        elements=None,
    ),
    st.randoms(use_true_random=False),
)
def test_any_numbers_come_back(values: np.ndarray, chance: Any) -> None:
    mask = np.array([chance.random() < 0.7 for _ in range(values.size)]).reshape(values.shape)
    back = tables.from_arrow(tables.to_arrow(Column(values, mask), NUMBER), NUMBER)
    found = np.ones(values.shape, bool) if back.valid is None else back.valid
    assert (found == mask).all()
    assert back.values[mask].tobytes() == values[mask].tobytes()
