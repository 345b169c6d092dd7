"""Encapsulation packets: every length of length, and in one table with space packets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import encapsulation, packet
from protocols.encapsulation import Encapsulation
from protocols.errors import DecodeError, EncodeError
from tests.clauses import clause


@clause("133.1-B-3 §4.1.2")
@pytest.mark.parametrize(
    "fields, octets",
    [
        (Encapsulation(0, b"", 0), "e0"),  # idle of one octet: 111 000 00
        (Encapsulation(2, b"ab", 1), "e9046162"),  # 111 010 01, total 4
        (Encapsulation(2, b"ab", 2, 3, 4), "ea3400066162"),  # 111 010 10
        (Encapsulation(6, b"a", 4, 1, 2, 0xBEEF), "fb12beef0000000961"),  # 111 110 11
        (Encapsulation(0, b"\0\0", 1), "e1040000"),  # idle with a length
    ],
)
def test_headers_worked_by_hand_are_read_and_written(fields, octets):
    assert encapsulation.encode(fields).hex() == octets
    assert encapsulation.decode(bytes.fromhex(octets)) == fields


@clause("133.1-B-3 §4.1.2.8")
@pytest.mark.parametrize("size, data", [(1, 253), (2, 65531)])
def test_the_length_counts_the_header_too(size, data):
    made = encapsulation.encode(Encapsulation(2, bytes(data), size))
    assert int.from_bytes(made[size : 2 * size], "big") == len(made) == 256**size - 1
    with pytest.raises(EncodeError, match="length"):
        encapsulation.encode(Encapsulation(2, bytes(data + 1), size))


@pytest.mark.parametrize(
    "octets, clause_",
    [
        ("", "133.1-B-3 §4.1.2.2"),
        ("0801", "133.1-B-3 §4.1.2.2"),
        ("e901", "133.1-B-3 §4.1.2.8"),  # shorter than its own header
        ("e90461", "133.1-B-3 §4.1.2.8"),
        ("ea34", "133.1-B-3 §4.1.2.8"),
        ("e000", "133.1-B-3 §4.1.2.8"),
        ("e8", "133.1-B-3 §4.1.2.8"),  # no length, though it is not idle
    ],
)
def test_what_is_no_encapsulation_packet_is_refused(octets, clause_):
    with pytest.raises(DecodeError) as error:
        encapsulation.decode(bytes.fromhex(octets))
    assert error.value.clause == clause_


@pytest.mark.parametrize(
    "wrong",
    [
        Encapsulation(2, b"", 0),
        Encapsulation(0, b"x", 0),
        Encapsulation(8, b"", 1),
        Encapsulation(2, b"", 3),
        Encapsulation(2, b"", 1, user=1),
        Encapsulation(2, b"", 2, defined=1),
        Encapsulation(2, b"", 2, extension=16),
    ],
)
def test_what_no_header_can_say_is_refused(wrong):
    with pytest.raises(EncodeError):
        encapsulation.encode(wrong)


PACKETS = st.lists(
    st.binary(min_size=1, max_size=20).map(lambda data: packet.encode(3, 0, data))
    | st.binary(max_size=20).map(lambda data: encapsulation.encode(Encapsulation(2, data, 1)))
    | st.just(b"\xe0"),
    max_size=15,
)


@given(PACKETS)
@settings(max_examples=60, deadline=None)
def test_they_lie_in_one_table_with_space_packets(made):
    table = packet.scan(b"".join(made), encapsulation=True).packets
    assert [table.octets(row) for row in range(len(table))] == made
    kinds = {7: {packet.ENCAPSULATED, packet.ENCAPSULATED + 2}, 0: {3}}
    for row, each in enumerate(made):
        assert table.apid[row] in kinds[each[0] >> 5]
    assert table.encapsulation.tolist() == [each[0] >> 5 == 7 for each in made]
    assert table.idle.tolist() == [each == b"\xe0" for each in made]
