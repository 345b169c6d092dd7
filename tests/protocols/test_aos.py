"""AOS frames: the header's own error control, counts with cycles, services by channel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reedsolo import RSCodec

from protocols import aos, header_error_control
from protocols.aos import Service
from protocols.errors import DecodeError, EncodeError
from protocols.frame import NO_PACKETS, NO_START, ONLY_IDLE
from tests.clauses import clause

# NASA channel-emulator's aos_frame_test, as Yamcs repeats it: spacecraft 0xab, channel 1, count
# 343, CRC-16, an encapsulation packet of 397 octets that starts at once.
FRAME = bytes.fromhex(
    "6ac1000157000000ea00018d2145000188000040003f118cc3c0a86428c0a8c8"
    "2875307531017400008888888888888877888888778888888888778888888877"
    "7755444444443344334444555566558888888888887766776666776677666666"
    "55556666667788888877888877777777776677777777778888888877887793fd"
)


def rows(*frames):
    return np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)


@clause("732.0-B-4 §4.1.2")
def test_a_published_frame_is_read():
    """Fields as its source's tests expect, and a CRC-16 that is good."""
    frame = aos.decode(FRAME, aos.Layout(128, fecf=True))
    assert (frame.scid[0], frame.vcid[0], frame.count[0]) == (0xAB, 1, 343)
    assert (frame.first_header_pointer[0], frame.data_offset[0]) == (0, 8)
    assert frame.modulus[0] == 1 << 24


@clause("732.0-B-4 §4.1.2.6")
@pytest.mark.parametrize(
    "identifier, signalling, check", [(0x1234, 0x56, 0x94DC), (0x369C, 0xFA, 0x457C)]
)
def test_published_check_symbols(identifier, signalling, check):
    """Yamcs, AosFrameHeaderErrorCorrTest."""
    made = header_error_control.encode(np.array([identifier]), np.array([signalling]))
    assert made.tolist() == [check]


@clause("732.0-B-4 §4.1.2.6")
@pytest.mark.parametrize(
    "word, good",
    [
        (0x12345694DC, True),
        (0x1234569400, True),
        (0x12115694DC, True),
        (0x1234AA94DC, True),
        (0x12300094DC, False),  # three symbols
    ],
)
def test_two_wrong_symbols_are_mended(word, good):
    """The same source's decode cases."""
    mended, fine = header_error_control.correct(np.array([word]))
    assert fine.tolist() == [good]
    assert not good or mended[0] == 0x12345694DC


@given(st.integers(0, 2**24 - 1), st.data())
@settings(max_examples=60, deadline=None)
def test_check_symbols_and_mending_agree_with_reedsolo(word, data):
    """Another library's code over the same field: x^4 + x + 1, first root alpha^6."""
    code = RSCodec(nsym=4, nsize=15, fcr=6, prim=0x13, c_exp=4)
    symbols = [word >> shift & 15 for shift in range(20, -4, -4)]
    expected = list(code.encode([0] * 5 + symbols))[5:]
    check = header_error_control.encode(np.array([word >> 8]), np.array([word & 0xFF]))
    assert [int(check[0]) >> shift & 15 for shift in range(12, -4, -4)] == expected[6:]
    whole = word << 16 | int(check[0])
    places = data.draw(st.lists(st.integers(0, 9), max_size=2, unique=True))
    broken = whole
    for place in places:
        broken ^= data.draw(st.integers(1, 15)) << 4 * place
    mended, fine = header_error_control.correct(np.array([broken]))
    assert (mended.tolist(), fine.tolist()) == ([whole], [True])


def test_a_mended_header_counts_and_a_hopeless_one_is_a_reject():
    layout = aos.Layout(40, header_error_control=True, fecf=True)
    made = aos.encode(b"d" * 28, layout, scid=171, vcid=5, count=7)
    wrong = bytes([made[0] ^ 0xFF]) + made[1:]
    hopeless = bytes([made[0] ^ 0xFF, made[1] ^ 0x11]) + made[2:]
    frames, rejects = aos.decode_many(rows(made, wrong, hopeless), layout)
    assert frames.scid.tolist() == [171, 171]
    assert frames.vcid.tolist() == [5, 5]
    assert frames.crc_ok.tolist() == [True, True]  # checked after mending
    assert [(each.index, each.reason) for each in rejects] == [(2, "header")]


@clause("732.0-B-4 §4.1.2.5.3")
@pytest.mark.parametrize(
    "count, cycled, read, modulus",
    [
        (2**24 - 1, False, 2**24 - 1, 2**24),
        (2**24 + 5, False, 5, 2**24),
        (2**24 + 5, True, 2**24 + 5, 2**28),
        (2**28 - 1, True, 2**28 - 1, 2**28),
    ],
)
def test_the_cycle_extends_the_count_where_it_is_in_use(count, cycled, read, modulus):
    layout = aos.Layout(20)
    made = aos.encode(b"d" * 12, layout, scid=1, vcid=1, count=count, cycled=cycled)
    frame = aos.decode(made, layout)
    assert (frame.count[0], frame.modulus[0]) == (read, modulus)


@clause("732.0-B-4 §4.1.4.2.3")
@pytest.mark.parametrize(
    "word, pointer", [(0, 0), (0x7FD, 0x7FD), (0x7FE, ONLY_IDLE), (0x7FF, NO_START), (0xF800, 0)]
)
def test_the_pointer_says_where_packets_start(word, pointer):
    made = FRAME[:6] + word.to_bytes(2, "big") + bytes(12)
    assert aos.decode(made, aos.Layout(20)).first_header_pointer[0] == pointer


@clause("732.0-B-4 §4.1.4.3.3")
@pytest.mark.parametrize("bits, octets", [(None, 12), (96, 12), (91, 12), (1, 1), (8, 1), (0, 0)])
def test_a_bitstream_ends_at_its_last_bit(bits, octets):
    layout = aos.Layout(20, service=Service.B_PDU)
    made = aos.encode(bytes(range(12)), layout, scid=1, vcid=1, count=0, bits=bits)
    frame = aos.decode(made, layout)
    assert frame.first_header_pointer[0] == NO_PACKETS
    assert frame.data(0) == bytes(range(octets))
    assert aos.bitstream_bits(frame).tolist() == [96 if bits is None else bits]


def test_each_channel_may_carry_another_service():
    layout = aos.Layout(20, services={1: Service.VCA, 2: Service.B_PDU, 4: Service.IDLE})
    frames, _ = aos.decode_many(
        rows(*(bytes([0x40, vcid]) + bytes(18) for vcid in (0, 1, 2, 4, 63))), layout
    )
    assert frames.first_header_pointer.tolist() == [
        0,
        NO_PACKETS,
        NO_PACKETS,
        ONLY_IDLE,
        ONLY_IDLE,
    ]
    assert frames.data_length.tolist() == [12, 14, 1, 14, 14]


@pytest.mark.parametrize("fecf", [False, True])
@pytest.mark.parametrize("ocf", [False, True])
@pytest.mark.parametrize("control", [False, True])
@pytest.mark.parametrize("zone", [0, 7])
def test_every_part_of_a_frame_may_be_there_or_not(fecf, ocf, control, zone):
    layout = aos.Layout(
        60, fecf=fecf, ocf=ocf, header_error_control=control, insert_zone=zone, trailer=1
    )
    data = bytes(range(layout.end - layout.header - 2))
    made = aos.encode(data, layout, scid=255, vcid=62, count=3, ocf=0x01140400, insert=b"z" * zone)
    frame = aos.decode(made + b"t", layout)
    assert (frame.scid[0], frame.vcid[0], frame.data(0)) == (255, 62, data)
    assert frame.ocf[0] == (0x01140400 if ocf else -1)


@pytest.mark.parametrize(
    "octets, layout, clause_",
    [
        (b"\x2a" + FRAME[1:20], aos.Layout(20), "732.0-B-4 §4.1.2.2.2"),
        (FRAME[:20], aos.Layout(21), "732.0-B-4 §4.1.1"),
        (FRAME[:20], aos.Layout(20, insert_zone=12), "732.0-B-4 §4.1.1"),
        (FRAME[:20], aos.Layout(20, fecf=True), "732.0-B-4 §4.1.6.3"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused_with_its_clause(octets, layout, clause_):
    with pytest.raises(DecodeError) as error:
        aos.decode(octets, layout)
    assert error.value.clause == clause_


def test_a_frame_with_a_bad_crc_is_kept_where_told():
    frames, rejects = aos.decode_many(
        rows(FRAME[:20]), aos.Layout(20, fecf=True), keep_bad_crc=True
    )
    assert (frames.crc_ok.tolist(), rejects) == ([False], [])


@given(st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=10), st.booleans())
@settings(max_examples=80, deadline=None)
def test_one_frame_and_many_give_the_same(octets, control):
    layout = aos.Layout(20, header_error_control=control)
    frames, rejects = aos.decode_many(rows(*octets), layout)
    assert len(frames) + len(rejects) == len(octets)
    for row, index in enumerate(frames.index.tolist()):
        one = aos.decode(octets[index], layout)
        for name in ("scid", "vcid", "count", "modulus", "first_header_pointer", "ocf"):
            assert getattr(one, name)[0] == getattr(frames, name)[row]
        assert one.data(0) == frames.data(row)
    for reject in rejects:
        with pytest.raises(DecodeError, match=reject.reason):
            aos.decode(octets[reject.index], layout)


@pytest.mark.parametrize(
    "wrong",
    [{"scid": 256}, {"vcid": 64}, {"data": b"x"}, {"first_header_pointer": 2048}],
)
def test_what_no_frame_can_say_is_refused(wrong):
    fields = {"data": bytes(12), "scid": 1, "vcid": 1, "count": 0} | wrong
    with pytest.raises(EncodeError):
        aos.encode(fields.pop("data"), aos.Layout(20), **fields)
