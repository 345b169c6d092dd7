"""Values as people read them; expected texts are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ground.alarms.text import value, visible
from ground.columns import Column
from ground.errors import Where
from ground.mdb.model import IntegerEncoding, Kind, ScalarType


def column(*values, dtype=None, valid=None, labels=None):
    made = np.empty(len(values), object) if dtype is object else None
    if made is None:
        made = np.array(values, dtype)
    else:
        made[:] = values
    return Column(made, None if valid is None else np.array(valid, bool), labels)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (column(85.60000000000001), "85.6"),
        (column(1 / 3, dtype="f4"), "0.33333334"),
        (column(255, dtype="u1"), "255"),
        (column(2**63, dtype="u8"), "9223372036854775808"),
        (column(np.inf), "inf"),
        (column(2**70, dtype=object), str(2**70)),
        (column("A\x1b]0;x\x07B\u202e\n", dtype=object), "A\\x1b]0;x\\x07B\\u202e\\n"),
        (column(b"\x00\xff", dtype=object), "00ff"),
        (column(None, dtype=object), ""),
        (column(1, labels=("OFF", "ON")), "ON"),
        (column(-1, labels=("OFF", "ON")), ""),
        (column(7.0, valid=[False]), ""),
        (column(np.arange(10), dtype=object), "0 1 2 3 4 5 6 7 … (10)"),
        (column([1, 2]), "1 2"),
    ],
)
def test_a_value_reads_as_a_person_would_write_it(given, shown):
    assert value(given, 0) == shown


def test_an_element_is_shown_alone_and_missing_by_itself():
    given = column([1.5, 2.5], valid=[[True, False]])
    assert (value(given, 0, 0), value(given, 0, 1)) == ("1.5", "")


def test_an_instant_is_shown_in_utc():
    type = ScalarType("/T", Kind.ABSOLUTE_TIME, IntegerEncoding(32), Where("test"))
    text = value(column(10**10), 0, type=type)  # UTC was then said to be 10 s behind TAI
    assert text == "1958-01-01T00:00:00.000000000Z"


def test_text_is_never_longer_than_it_may_be():
    assert visible("x" * 10**6) == "x" * 79 + "…"
    assert len(visible("\x00" * 10**6)) == 80
    assert visible("\x00", 4) == "\\x00"
