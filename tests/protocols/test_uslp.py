"""USLP frames: golden frames of Yamcs, edges of every field, any length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import uslp
from protocols.errors import DecodeError, EncodeError
from protocols.frame import ARENA_PADDING, NO_PACKETS, NO_START, ONLY_IDLE
from tests.clauses import clause

# From Yamcs, UslpFrameDecoderTest (spacecraft 0xab, channel 1, CRC-16, counter of one octet).
SPANNING = bytes.fromhex("c00ab820001c8101000000" + "aa" * 16 + "f529")
UNSEGMENTED = bytes.fromhex("c00ab820001a8101e0" + "aa" * 16 + "f548")


@clause("732.1-B-2 §4.1.2")
@pytest.mark.parametrize("octets, data_at", [(SPANNING, 11), (UNSEGMENTED, 9)])
def test_published_frames_are_read(octets, data_at):
    """Spacecraft, channel and data zone as Yamcs's own test expects."""
    frame = uslp.decode(octets, uslp.Layout(fecf=2))
    assert (frame.scid[0], frame.vcid[0], frame.map_id[0]) == (0xAB, 1, 0)
    assert (frame.data_offset[0], frame.data(0)) == (data_at, b"\xaa" * 16)
    assert (frame.first_header_pointer[0], frame.count[0], frame.modulus[0]) == (0, 1, 256)
    assert (frame.ocf[0], frame.bypass[0]) == (-1, True)


@pytest.mark.parametrize(
    "octets, rule", [(SPANNING, uslp.SPANNING), (UNSEGMENTED, uslp.UNSEGMENTED)]
)
def test_encode_writes_the_published_frames(octets, rule):
    made = uslp.encode(
        b"\xaa" * 16,
        uslp.Layout(fecf=2),
        scid=0xAB,
        vcid=1,
        count=1,
        count_octets=1,
        rule=rule,
        destination=True,
    )
    assert made == octets


@clause("732.1-B-2 §4.1.2.11")
@pytest.mark.parametrize("octets", range(8))
def test_a_counter_may_have_any_length_up_to_seven_octets(octets):
    last = (1 << 8 * octets) - 1
    made = uslp.encode(b"x", uslp.Layout(), scid=1, vcid=2, count=last, count_octets=octets)
    frame = uslp.decode(made, uslp.Layout())
    assert frame.count[0] == (last if octets else -1)
    assert frame.modulus[0] == last + 1


@clause("732.1-B-2 §4.1.4.2.2")
@pytest.mark.parametrize(
    "rule, protocol, field, pointer",
    [
        (uslp.SPANNING, uslp.PACKETS, 3, 3),
        (uslp.SPANNING, uslp.PACKETS, NO_START, NO_START),
        (uslp.START_OF_UNIT, 5, 0, NO_PACKETS),
        (uslp.REST_OF_UNIT, 5, 0, NO_PACKETS),
        (uslp.OCTET_STREAM, 4, 0, NO_PACKETS),
        (uslp.FIRST_SEGMENT, uslp.PACKETS, 0, 0),
        (uslp.NEXT_SEGMENT, uslp.PACKETS, 0, NO_START),
        (uslp.LAST_SEGMENT, uslp.PACKETS, 0, NO_START),
        (uslp.UNSEGMENTED, uslp.PACKETS, 0, 0),
        (uslp.UNSEGMENTED, 1, 0, NO_PACKETS),
        (uslp.UNSEGMENTED, uslp.IDLE, 0, ONLY_IDLE),
    ],
)
def test_the_construction_rule_says_where_packets_start(rule, protocol, field, pointer):
    made = uslp.encode(
        b"12345", uslp.Layout(), scid=1, vcid=2, rule=rule, protocol=protocol,
        first_header_pointer=field,
    )  # fmt: skip
    assert uslp.decode(made, uslp.Layout()).first_header_pointer[0] == pointer


@pytest.mark.parametrize("last, data", [(0, b"1"), (3, b"1234"), (4, b"12345"), (0xFFFF, b"12345")])
def test_a_unit_ends_at_its_last_valid_octet(last, data):
    made = uslp.encode(
        b"12345", uslp.Layout(), scid=1, vcid=2, rule=uslp.REST_OF_UNIT, protocol=5,
        first_header_pointer=last,
    )  # fmt: skip
    assert uslp.decode(made, uslp.Layout()).data(0) == data


def test_virtual_channel_63_is_idle():
    made = uslp.encode(b"x", uslp.Layout(), scid=1, vcid=63)
    assert uslp.decode(made, uslp.Layout()).first_header_pointer[0] == ONLY_IDLE


@pytest.mark.parametrize("fecf", [0, 2, 4])
@pytest.mark.parametrize("ocf", [None, 0, 0xFFFFFFFF])
@pytest.mark.parametrize("zone", [0, 5])
def test_every_part_of_a_frame_may_be_there_or_not(fecf, ocf, zone):
    layout = uslp.Layout(fecf=fecf, insert_zone=zone, trailer=2)
    made = uslp.encode(b"data", layout, scid=65535, vcid=62, map_id=15, ocf=ocf, insert=b"z" * zone)
    frame = uslp.decode(made + b"tt", layout)
    assert (frame.scid[0], frame.vcid[0], frame.map_id[0]) == (65535, 62, 15)
    assert (frame.data(0), frame.ocf[0]) == (b"data", -1 if ocf is None else ocf)


@clause("732.1-B-2 annex D")
@pytest.mark.parametrize("layout", [uslp.Layout(truncated=10), uslp.Layout(30, 4, 5, 10)])
def test_a_truncated_frame_has_its_own_managed_length_and_nothing_round_its_data(layout):
    """Spacecraft 1, channel 2, rule 111: neither insert zone nor FECF, though the link has them."""
    made = uslp.encode(b"12345", layout, scid=1, vcid=2, rule=uslp.UNSEGMENTED, truncated=True)
    assert made.hex() == "c0001041" + "e0" + "3132333435"
    frame = uslp.decode(made, layout)
    assert (frame.data(0), frame.count[0], frame.bypass[0]) == (b"12345", -1, True)
    assert (frame.crc_ok[0], frame.first_header_pointer[0]) == (True, 0)
    with pytest.raises(DecodeError, match="length"):
        uslp.decode(made, uslp.Layout())


@pytest.mark.parametrize(
    "octets, layout, reason",
    [
        (SPANNING[:-1], uslp.Layout(), "length"),
        (SPANNING[:6], uslp.Layout(), "length"),
        (SPANNING[:3], uslp.Layout(), "length"),
        (b"", uslp.Layout(), "length"),
        (SPANNING, uslp.Layout(length=30), "length"),
        (b"\x40" + SPANNING[1:], uslp.Layout(), "version"),
        (SPANNING[:-1] + b"\0", uslp.Layout(fecf=2), "crc"),
        (SPANNING, uslp.Layout(fecf=4), "crc"),
        (SPANNING, uslp.Layout(insert_zone=20), "length"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused_with_its_clause(octets, layout, reason):
    with pytest.raises(DecodeError, match=reason) as error:
        uslp.decode(octets, layout)
    assert error.value.clause.startswith("732.1-B-2 §4.1")


def test_a_frame_with_a_bad_crc_is_kept_where_told():
    octets = np.frombuffer(SPANNING[:-1] + b"\0", np.uint8)[np.newaxis]
    frames, rejects = uslp.decode_many(octets, uslp.Layout(fecf=2), keep_bad_crc=True)
    assert (frames.crc_ok.tolist(), rejects) == ([False], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"scid": 65536},
        {"vcid": 64},
        {"map_id": 16},
        {"rule": 8},
        {"protocol": 32},
        {"count_octets": 8},
    ],
)
def test_what_no_frame_can_say_is_refused(wrong):
    with pytest.raises(EncodeError):
        uslp.encode(b"x", uslp.Layout(), **({"scid": 1, "vcid": 1} | wrong))


def test_a_frame_that_does_not_fill_its_length_is_refused():
    with pytest.raises(EncodeError, match="octets"):
        uslp.encode(b"x", uslp.Layout(length=100), scid=1, vcid=1)


@given(st.lists(st.binary(max_size=30) | st.sampled_from([SPANNING, UNSEGMENTED]), max_size=12))
@settings(max_examples=80, deadline=None)
def test_frames_of_all_lengths_give_the_same_one_by_one_and_together(octets):
    layout = uslp.Layout(fecf=2, truncated=9)
    arena = np.frombuffer(b"".join(octets) + bytes(ARENA_PADDING), np.uint8).copy()
    length = np.array([len(each) for each in octets], np.int64)
    frames, rejects = uslp.decode_spans(arena, np.cumsum(length) - length, length, layout)
    assert len(frames) + len(rejects) == len(octets)
    for row, index in enumerate(frames.index.tolist()):
        one = uslp.decode(octets[index], layout)
        assert (one.data(0), one.count[0]) == (frames.data(row), frames.count[row])
    for reject in rejects:
        with pytest.raises(DecodeError, match=reject.reason):
            uslp.decode(octets[reject.index], layout)
