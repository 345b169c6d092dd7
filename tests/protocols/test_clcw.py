"""The control word, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import clcw
from protocols.clcw import Clcw
from protocols.errors import DecodeError, EncodeError
from tests.clauses import clause


@clause("232.0-B-4 §4.2.1")
@pytest.mark.parametrize(
    "word, fields",
    [
        (0x01140400, {"vcid": 5, "farm_b_counter": 2}),  # DART, as published
        (0x01000604, {"farm_b_counter": 3, "report_value": 4}),  # INTEGRAL
        (0x011C0401, {"vcid": 7, "farm_b_counter": 2, "report_value": 1}),  # INTEGRAL
        (0x01042200, {"vcid": 1, "lockout": True, "farm_b_counter": 1}),  # Hera: lockout set
        (0x0002A689, {"report_value": 137, "farm_b_counter": 3}),  # values of an open FARM's test
    ],
)
def test_words_that_flew_are_read(word, fields):
    decoded = clcw.decode(word)
    assert {name: getattr(decoded, name) for name in fields} == fields
    assert clcw.decode(word.to_bytes(4, "big")) == decoded
    assert clcw.encode(decoded) == word.to_bytes(4, "big")


@clause("232.0-B-4 §4.2.1")
@pytest.mark.parametrize("name, bit, width", clcw.FIELDS[1:])
def test_each_field_has_its_own_bits(name, bit, width):
    largest = (1 << width) - 1
    word = clcw.encode(Clcw(**({"cop_in_effect": 0} | {name: largest})))
    assert int.from_bytes(word, "big") == largest << (32 - bit - width)
    with pytest.raises(EncodeError, match=name):
        clcw.encode(Clcw(**{name: largest + 1}))


@given(st.lists(st.integers(0, 2**31 - 1), max_size=20))
def test_one_word_and_many_give_the_same(words):
    columns = clcw.decode_many(np.array(words, np.int64))
    for row, word in enumerate(words):
        one = clcw.decode(word)
        assert all(columns[name][row] == getattr(one, name) for name, _, _ in clcw.FIELDS[1:])


@clause("232.0-B-4 §4.2.1.2")
def test_a_type_2_report_is_no_clcw():
    with pytest.raises(DecodeError, match="type 2"):
        clcw.decode(0x80000000)
    with pytest.raises(DecodeError, match="3 octets"):
        clcw.decode(b"abc")
    assert clcw.is_clcw(np.array([-1, 0, 0x80000000, 0x01140400])).tolist() == [
        False,
        True,
        False,
        True,
    ]
