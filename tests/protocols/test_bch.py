"""The BCH code of telecommand, against a shift register bit by bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import bch
from tests.clauses import clause

BLOCK = bytes.fromhex("8cc00e010d1906")


def register(octets):
    """Return the last octet as the figure of the book makes it: a register and inverters."""
    cells = [0] * 7  # x^0 to x^6
    for octet in octets:
        for bit in range(7, -1, -1):
            back = cells[6] ^ (octet >> bit & 1)
            cells = [back, cells[0], cells[1] ^ back, *cells[2:5], cells[5] ^ back]
    return sum((1 - cell) << place + 1 for place, cell in enumerate(cells))


def rows(*words):
    return np.frombuffer(b"".join(words), np.uint8).reshape(len(words), -1)


def codeword(octets=BLOCK):
    return bch.encode(rows(octets))[0].tobytes()


def flipped(octets, *bits):
    number = int.from_bytes(octets, "big")
    for bit in bits:
        number ^= 1 << 8 * len(octets) - 1 - bit
    return number.to_bytes(len(octets), "big")


@clause("231.0-B-4 §3.3")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=7, max_size=7), min_size=1, max_size=9))
def test_check_bits_are_those_of_the_shift_register_for_one_block_and_many(blocks):
    coded = bch.encode(rows(*blocks))
    assert coded[:, :7].tobytes() == b"".join(blocks)
    assert coded[:, 7].tolist() == [register(block) for block in blocks]
    assert [codeword(block) for block in blocks] == [row.tobytes() for row in coded]
    assert not bch.syndromes(coded).any()


@clause("231.0-B-4 §3.3")
@pytest.mark.parametrize(
    "block, last",
    [
        ("22f600ff00421a", 0x12),  # from the tests of other encoders
        ("8cc00e010d1906", 0x5A),
        ("301b0009008200", 0x54),
        ("10e4c155555555", 0x3E),
        ("00000000000000", 0xFE),  # no check bit set, all inverted, the filler bit is not
    ],
)
def test_the_last_octet_is_the_published_one(block, last):
    assert codeword(bytes.fromhex(block))[7] == last


@clause("231.0-B-4 §3.4")
def test_one_wrong_bit_is_mended_at_every_place():
    hit = rows(*(flipped(codeword(), bit) for bit in range(63)))
    decoded = bch.decode(hit)
    assert {row.tobytes() for row in decoded.data} == {BLOCK}
    assert decoded.corrected.all() and not decoded.bad.any()
    assert bch.decode(hit, "ted").bad.all()


def test_the_filler_bit_is_not_looked_at():
    hit = rows(flipped(codeword(), 63))
    for mode in ("sec", "ted"):
        decoded = bch.decode(hit, mode)
        assert decoded.data.tobytes() == BLOCK
        assert not decoded.bad.any() and not decoded.corrected.any()


@clause("231.0-B-4 §3.4")
def test_any_two_wrong_bits_are_seen():
    pairs = itertools.combinations(range(63), 2)
    hit = rows(*(flipped(codeword(), *pair) for pair in pairs))
    assert bch.decode(hit).bad.all() and bch.decode(hit, "ted").bad.all()


@clause("231.0-B-4 §3.4")
def test_any_three_wrong_bits_are_seen_where_none_is_mended():
    triples = itertools.combinations(range(0, 63, 2), 3)
    hit = rows(*(flipped(codeword(), *triple) for triple in triples))
    assert bch.decode(hit, "ted").bad.all()


def test_no_blocks_are_no_codewords():
    none = bch.encode(np.empty((0, 7), np.uint8))
    assert none.shape == (0, 8) and len(bch.decode(none).bad) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=20))
def test_one_codeword_decodes_as_in_a_batch(words):
    many = bch.decode(rows(*words))
    for place, word in enumerate(words):
        one = bch.decode(rows(word))
        assert one.data[0].tolist() == many.data[place].tolist()
        assert (one.bad[0], one.corrected[0]) == (many.bad[place], many.corrected[place])
        assert not (one.bad[0] and one.corrected[0])
