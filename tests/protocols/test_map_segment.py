"""Packets in frame data fields: shared, cut and joined."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import map_segment, packet
from protocols.errors import DecodeError, EncodeError
from protocols.map_segment import Reassembler
from tests.clauses import clause


def packet_of(octets, apid=5):
    return packet.encode(apid, 0, bytes(octets - 6))


def received(fields):
    joined = Reassembler()
    return [each for field in fields for each in joined.receive(field)], joined


PACKETS = st.lists(st.integers(7, 200).map(packet_of), max_size=8)


@clause("232.0-B-4 §4.1.3.2.2")
@pytest.mark.parametrize(
    "octets, headers",
    [
        ([9], [0xC3]),
        ([10], [0x43, 0x83]),
        ([18], [0x43, 0x83]),
        ([19], [0x43, 0x03, 0x83]),
        ([9, 9], [0xC3, 0xC3]),
        ([30, 7], [0x43, 0x03, 0x03, 0x83, 0xC3]),
    ],
)
def test_segments_of_nine_octets_are_first_continuing_last_or_whole(octets, headers):
    packets = [packet_of(each) for each in octets]
    fields = map_segment.segment(packets, most=10, map_id=3)
    assert [field[0] for field in fields] == headers
    assert max(map(len, fields)) <= 10
    assert b"".join(field[1:] for field in fields) == b"".join(packets)


@clause("232.0-B-4 §4.2.2")
def test_packets_share_a_frame_while_they_fit():
    fields = map_segment.segment([packet_of(10)] * 5, most=31, map_id=0)
    assert [len(field) for field in fields] == [31, 21]
    assert map_segment.block([packet_of(10)] * 5, most=30) == [packet_of(10) * 3, packet_of(10) * 2]


@settings(max_examples=100, deadline=None)
@given(PACKETS, st.integers(2, 250), st.integers(0, 63))
def test_packets_come_back_in_their_order(packets, most, map_id):
    fields = map_segment.segment(packets, most=most, map_id=map_id)
    assert all(len(field) <= most and field[0] & 63 == map_id for field in fields)
    came, joined = received(fields)
    assert came == packets and not joined.counts


@settings(max_examples=50, deadline=None)
@given(PACKETS)
def test_fields_without_headers_hold_whole_packets(packets):
    fields = map_segment.block(packets, most=200)
    assert [each for field in fields for each in map_segment.packets_in(field)] == packets


def test_the_largest_packet_goes_over_frames():
    largest = packet_of(packet.LARGEST)
    fields = map_segment.segment([largest], most=1017)
    assert len(fields) == 65  # ceil(65542 / 1016)
    came, joined = received(fields)
    assert came == [largest] and not joined.counts


def test_what_does_not_fit_is_refused():
    with pytest.raises(EncodeError, match="MAP 64"):
        map_segment.segment([packet_of(9)], most=10, map_id=64)
    with pytest.raises(EncodeError, match="holds no segment"):
        map_segment.segment([packet_of(9)], most=1)
    with pytest.raises(EncodeError, match="no octets"):
        map_segment.segment([b""], most=10)
    with pytest.raises(EncodeError, match="9 octets; 8 fit"):
        map_segment.block([packet_of(9)], most=8)


@clause("133.0-B-2 §4.1.3.5.3")
@pytest.mark.parametrize("cut", [b"", packet_of(9)[:-1], packet_of(9) + b"\x00", bytes(6)])
def test_a_field_that_does_not_end_with_a_packet_is_refused(cut):
    with pytest.raises(DecodeError, match="no packet"):
        map_segment.packets_in(cut)


@clause("232.0-B-4 §4.3.1")
def test_maps_are_joined_apart():
    one = map_segment.segment([packet_of(30, apid=1)], most=10, map_id=1)
    two = map_segment.segment([packet_of(30, apid=2)], most=10, map_id=2)
    came, joined = received([field for pair in zip(one, two, strict=True) for field in pair])
    assert came == [packet_of(30, apid=1), packet_of(30, apid=2)] and not joined.counts


@clause("232.0-B-4 §4.3.1")
@pytest.mark.parametrize(
    "lost, counts",
    [
        (0, {"segment_missing": 3}),  # each segment after the lost first one
        (1, {"length": 1}),
        (3, {"segment_unfinished": 1}),
    ],
)
def test_a_lost_segment_costs_its_packet_alone(lost, counts):
    fields = map_segment.segment([packet_of(30), packet_of(9)], most=10)
    came, joined = received(fields[:lost] + fields[lost + 1 :])
    assert came == [packet_of(9)] and joined.counts == counts
    kept = b"".join(each.octets for each in joined.rejects)
    assert kept == b"".join(field[1:] for at, field in enumerate(fields[:4]) if at != lost)
    assert sum(each.pieces for each in joined.rejects) == 3


@clause("133.0-B-2 §4.1.3.5.3")
def test_every_length_that_a_packet_may_declare_is_checked():
    for declared in range(40):
        octets = bytes([0, 5, 0xC0, 0, 0, declared]) + bytes(20)
        whole = declared + 7 == len(octets)
        came, joined = received([b"\x40" + octets[:10], b"\x80" + octets[10:]])
        assert came == ([octets] if whole else [])
        assert joined.counts == ({} if whole else {"length": 1})


def test_whole_packets_before_octets_that_are_none_are_given():
    came, joined = received([b"\xc0" + packet_of(9) + b"\xff" * 3, b"\xc0", b""])
    assert came == [packet_of(9)]
    assert joined.counts == {"length": 1, "segment_empty": 2}
    assert joined.rejects[0].octets == b"\xff" * 3


def test_segments_without_end_are_bounded():
    joined = Reassembler(keep=2)
    joined.receive(b"\x40" + bytes(1000))
    for _ in range(1000):
        assert joined.receive(b"\x00" + bytes(1000)) == []
    assert joined.counts == {"length": 1, "segment_missing": 935}
    assert len(joined.rejects) == 2
    joined.receive(b"\x41" + bytes(9))
    joined.finish()
    assert joined.counts["segment_unfinished"] == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=20))
def test_random_fields_raise_nothing_and_give_packets_of_their_length_alone(fields):
    came, joined = received(fields)
    joined.finish()
    for each in came:
        assert packet.decode(each).octets(0) == each
    for field in fields:
        try:
            map_segment.packets_in(field)
        except DecodeError as error:
            assert error.clause
