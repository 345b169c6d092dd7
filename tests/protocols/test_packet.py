"""Space packets: one table, any chunking, any header."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import chain, chain_jit, packet
from protocols.errors import DecodeError, EncodeError
from tests.clauses import clause

# A real packet of SpacePyLibrary's unit tests: APID 68, PUS 1,1, length field 15.
PUS_1_1 = bytes.fromhex("0844c000000f10010100000000000000000000000000")


@clause("133.0-B-2 §4.1.3")
def test_the_primary_header_of_a_published_packet_is_read():
    """Values as SpacePyLibrary's own test prints them."""
    one = packet.decode(PUS_1_1)
    assert (one.version[0], one.type[0], one.secondary_header[0]) == (0, 0, True)
    assert (one.apid[0], one.sequence[0], one.sequence_flags[0]) == (68, 0, 3)
    assert one.length[0] == 22 and one.octets(0) == PUS_1_1


@clause("133.0-B-2 §4.1.3")
def test_encode_writes_the_published_packet():
    assert packet.encode(68, 0, PUS_1_1[6:], secondary_header=True) == PUS_1_1


@clause("133.0-B-2 §4.1.3.5.3")
@pytest.mark.parametrize("octets, field", [(1, 0), (256, 255), (65536, 65535)])
def test_length_field_is_one_less_than_the_data(octets, field):
    made = packet.encode(5, 0, bytes(octets))
    assert made[4:6] == field.to_bytes(2, "big")
    assert packet.scan(made).packets.length.tolist() == [octets + 6]


@clause("133.0-B-2 §4.1.3.3.4.4")
def test_apid_2047_is_idle():
    table = packet.scan(packet.encode(2047, 0, b"x") + packet.encode(2046, 0, b"x")).packets
    assert table.idle.tolist() == [True, False]


@pytest.mark.parametrize("keep", range(1, 7 + 12))
def test_a_packet_cut_short_at_any_octet_is_reported_and_the_first_survives(keep):
    first, second = packet.encode(1, 0, b"a"), packet.encode(2, 9, b"twelve octet")
    scanned = packet.scan((first + second)[: 7 + keep][: 7 + 17])
    cut = second[: min(keep, 17)]
    assert scanned.packets.apid.tolist() == [1]
    assert scanned.consumed == 7
    assert [(each.reason, each.octets, each.source) for each in scanned.rejects] == [
        ("truncated", cut, 7)
    ]


def test_versions_may_be_any_or_checked():
    octets = packet.encode(1, 0, b"a", version=1) + packet.encode(2, 0, b"b")
    assert packet.scan(octets).packets.version.tolist() == [1, 0]
    strict = packet.scan(octets, versions=[0])
    assert strict.packets.apid.tolist() == [2]
    assert [(each.reason, each.source) for each in strict.rejects] == [("version", 0)]


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=20),
    st.lists(st.integers(1, 60), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_any_chunking_of_a_stream_gives_the_same_packets(data, chunks):
    """Go on with what was not consumed, and nothing differs from one call."""
    octets = b"".join(packet.encode(7, n, each) for n, each in enumerate(data))
    whole = packet.scan(octets).packets
    parts, left, position, turn = [], b"", 0, 0
    while position < len(octets) or left:
        size = chunks[turn % len(chunks)]
        final = position + size >= len(octets)
        scanned = packet.scan(
            left + octets[position : position + size], position - len(left), final=final
        )
        assert not scanned.rejects
        parts.append(scanned.packets)
        left = (left + octets[position : position + size])[scanned.consumed :]
        position, turn = position + size, turn + 1
    joined = packet.concatenate(parts)
    assert [joined.octets(row) for row in range(len(joined))] == [
        whole.octets(row) for row in range(len(whole))
    ]
    assert joined.source.tolist() == whole.source.tolist()


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=100, deadline=None)
def test_random_octets_are_split_without_loss(octets, encapsulation):
    """Packets and rejects together are the input, octet for octet."""
    scanned = packet.scan(octets, encapsulation=encapsulation)
    table = scanned.packets
    kept = b"".join(table.octets(row) for row in range(len(table)))
    assert kept + b"".join(each.octets for each in scanned.rejects) == octets


@given(st.binary(max_size=300), st.booleans(), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_the_compiled_walk_agrees_with_the_plain_one(octets, encapsulation, room):
    arena = np.frombuffer(octets, np.uint8).copy()
    plain, compiled = np.zeros(room, np.int64), np.zeros(room, np.int64)
    found = chain.edges.plain(arena, encapsulation, plain)
    assert chain_jit.edges(arena, encapsulation, compiled) == found
    assert plain.tolist() == compiled.tolist()


@given(st.lists(st.sampled_from([1, 1, 1, 2, 256]), max_size=30), st.integers(0, 5), st.booleans())
@settings(max_examples=100, deadline=None)
def test_runs_of_packets_of_one_length_are_walked_like_any_others(sizes, more, encapsulation):
    """Packets of the same length one after the other, then of another, then half a header."""
    octets = b"".join(packet.encode(1, 2, bytes(size)) for size in sizes) + bytes(more)
    starts = np.cumsum([0, *(size + 6 for size in sizes)]).tolist()
    for walk in (chain.edges.plain, chain_jit.edges):
        places = np.zeros(len(sizes) + 2, np.int64)
        found = walk(np.frombuffer(octets, np.uint8).copy(), encapsulation, places)
        assert (found, places[: found + 1].tolist()) == (len(sizes), starts)


@given(st.binary(min_size=4, max_size=40), st.lists(st.integers(0, 36), max_size=20))
@settings(max_examples=60, deadline=None)
def test_the_compiled_headers_agree_with_the_plain_ones(octets, places):
    arena, offset = packet.padded(octets), np.array([at for at in places if at < len(octets)], int)
    plain, compiled = chain.headers.plain(arena, offset), chain_jit.headers(arena, offset)
    for one, other in zip(plain, compiled, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_one_packet_and_a_thousand_give_the_same_answer():
    made = packet.encode_many(
        range(1000), range(1000), [bytes([n % 256]) * (n + 1) for n in range(1000)]
    )
    many, rejects = packet.decode_many(made)
    assert not rejects
    for row in range(0, 1000, 97):
        one = packet.decode(made[row])
        assert (one.apid[0], one.sequence[0], one.octets(0)) == (
            many.apid[row],
            many.sequence[row],
            many.octets(row),
        )


@clause("133.0-B-2 §4.1.3.5.3")
def test_a_length_field_that_disagrees_is_refused_with_its_clause():
    with pytest.raises(DecodeError) as error:
        packet.decode(PUS_1_1[:-1])
    assert error.value.clause == "133.0-B-2 §4.1.3.5.3"
    many, rejects = packet.decode_many([PUS_1_1, PUS_1_1 + b"x", b"", PUS_1_1])
    assert many.source.tolist() == [0, 3]
    assert [each.source for each in rejects] == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"apid": 2048},
        {"sequence": 16384},
        {"sequence": -1},
        {"data": b""},
        {"data": bytes(65537)},
        {"version": 8},
        {"sequence_flags": 4},
        {"type": 2},
    ],
)
def test_what_no_header_can_say_is_refused(wrong):
    with pytest.raises(EncodeError):
        packet.encode(**({"apid": 1, "sequence": 0, "data": b"x"} | wrong))


def test_tables_join_and_select_without_losing_octets():
    first, second = packet.decode(PUS_1_1), packet.decode(packet.encode(9, 3, b"abc"))
    both = packet.concatenate([first, packet.empty(), second])
    assert [both.octets(row) for row in range(2)] == [first.octets(0), second.octets(0)]
    assert both.take(np.array([1])).apid.tolist() == [9]
    assert len(packet.concatenate([])) == 0
