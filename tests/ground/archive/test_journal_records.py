"""Records as columns: cut anywhere they say the same, and what is none is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.journal import Records
from protocols.errors import DecodeError

CHUNKS = st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=9)


def made() -> Records:
    return Records.of(10, 7, [b"abc", b"de", b"f"], [True, False, False])


@settings(max_examples=60, deadline=None)
@given(chunks=CHUNKS, cut=st.integers(0, 90), octets=st.integers(1, 90))
def test_a_part_holds_the_octets_of_its_place(chunks, cut, octets):
    whole, records = b"".join(chunks), Records.of(5, 7, chunks)
    behind = records.behind(5 + cut)
    assert behind.octets.tobytes() == whole[cut:]
    assert not len(behind) or behind.position[0] == 5 + cut
    first = records.at_most(octets)
    assert first.octets.tobytes() == whole[: len(first.octets)]
    assert len(first) == 1 or len(first.octets) <= octets
    assert first.end == 5 + len(first.octets)
    joined = Records.joined([first, records.behind(first.end)])
    assert (
        joined.octets.tobytes() == whole and joined.position.tolist() == records.position.tolist()
    )


def test_what_came_over_the_wire_is_the_same():
    found = Records.from_columns(made().columns())
    assert found.octets.tobytes() == b"abcdef" and found.begins.tolist() == [True, False, False]
    assert len(Records.from_columns(Records.none().columns())) == 0


@pytest.mark.parametrize(
    "name, column",
    [
        ("position", None),
        ("position", np.array([10, 12, 15])),  # overlap
        ("position", np.array([-3, 0, 2])),
        ("position", np.array([10.0, 13.0, 15.0])),
        ("position", np.array([10, 13])),
        ("length", np.array([3, 2, 2], np.int32)),
        ("length", np.array([3, 3, 0], np.int32)),
        ("length", np.array([[3, 2, 1]], np.int32)),
        ("octets", np.zeros(5, np.uint8)),
    ],
)
def test_columns_that_contradict_each_other_are_refused(name, column):
    columns = made().columns()
    if column is None:
        del columns[name]
    else:
        columns[name] = column
    with pytest.raises(DecodeError):
        Records.from_columns(columns)
