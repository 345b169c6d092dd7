"""TM frames: flags that say what is there, pointers that are none, one and many alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import tm
from protocols.errors import DecodeError, EncodeError
from protocols.frame import NO_PACKETS, NO_START, ONLY_IDLE
from tests.clauses import clause

# Header of a frame of SpacePyLibrary's Example_7: spacecraft 758, channel 0, OCF, one packet.
HEADER = bytes.fromhex("2f6100001800")


def rows(*frames):
    return np.frombuffer(b"".join(frames), np.uint8).reshape(len(frames), -1)


@clause("132.0-B-3 §4.1.2")
def test_a_published_header_is_read_and_written():
    layout = tm.Layout(16)
    frame = tm.decode(HEADER + b"123456" + b"\x01\x00\x00\x2a", layout)
    assert (frame.scid[0], frame.vcid[0], frame.count[0]) == (758, 0, 0)
    assert (frame.first_header_pointer[0], frame.data(0)) == (0, b"123456")
    assert frame.ocf[0] == 0x0100002A
    made = tm.encode(b"123456", layout, scid=758, vcid=0, count=0, ocf=0x0100002A)
    assert made == HEADER + b"123456" + b"\x01\x00\x00\x2a"


@clause("132.0-B-3 §4.1.2.7.6")
@pytest.mark.parametrize(
    "status, pointer",
    [
        (0x1800, 0),
        (0x1FFD, 0x7FD),
        (0x1FFE, ONLY_IDLE),
        (0x1FFF, NO_START),
        (0x4000, NO_PACKETS),
        (0x7FFF, NO_PACKETS),
    ],
)
def test_the_status_says_where_packets_start(status, pointer):
    octets = HEADER[:4] + status.to_bytes(2, "big") + bytes(10)
    assert tm.decode(octets, tm.Layout(16)).first_header_pointer[0] == pointer


@clause("132.0-B-3 §4.1.3.2.3")
@pytest.mark.parametrize("octets", [1, 7, 63])
def test_the_secondary_header_is_left_out_of_the_data_and_can_be_had(octets):
    layout = tm.Layout(100, fecf=True)
    secondary = bytes(range(octets))
    made = tm.encode(
        b"d" * (100 - 6 - 1 - octets - 2), layout, scid=1, vcid=7, count=255,
        secondary_header=secondary,
    )  # fmt: skip
    assert made[6] == octets  # one less than the total with this octet
    frame = tm.decode(made, layout)
    assert set(frame.data(0)) == {ord("d")}
    assert tm.secondary_headers(rows(made), frame) == [bytes([octets]) + secondary]


@clause("132.0-B-3 §4.1.6")
def test_a_bad_crc_is_a_reject_or_a_mark():
    layout = tm.Layout(20, fecf=True, trailer=3)
    good = tm.encode(b"d" * 12, layout, scid=1, vcid=1, count=9) + b"ttt"
    bad = good[:10] + b"x" + good[11:]
    frames, rejects = tm.decode_many(rows(good, bad, good), layout, first=50)
    assert frames.index.tolist() == [50, 52]
    assert [(each.index, each.reason, each.clause) for each in rejects] == [
        (51, "crc", "132.0-B-3 §4.1.6.3")
    ]
    kept, none = tm.decode_many(rows(good, bad, good), layout, keep_bad_crc=True)
    assert (kept.crc_ok.tolist(), none) == ([True, False, True], [])


@pytest.mark.parametrize(
    "octets, layout, clause_",
    [
        (b"\x6f" + HEADER[1:] + bytes(10), tm.Layout(16), "132.0-B-3 §4.1.2.2.2"),
        (HEADER + bytes(9), tm.Layout(16), "132.0-B-3 §4.1.1"),
        (HEADER, tm.Layout(6), "132.0-B-3 §4.1.1"),
        (HEADER + bytes(4), tm.Layout(10), "132.0-B-3 §4.1.4.1"),
        (HEADER[:4] + b"\x98\0\x3f" + bytes(9), tm.Layout(16), "132.0-B-3 §4.1.4.1"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused_with_its_clause(octets, layout, clause_):
    with pytest.raises(DecodeError) as error:
        tm.decode(octets, layout)
    assert error.value.clause == clause_


def test_many_spacecraft_may_share_a_link():
    layout = tm.Layout(16)
    made = [tm.encode(b"d" * 10, layout, scid=n, vcid=n % 8, count=n) for n in (0, 5, 1023)]
    frames, _ = tm.decode_many(rows(*made), layout)
    assert frames.scid.tolist() == [0, 5, 1023]


FRAMES = st.builds(
    lambda **fields: fields,
    scid=st.integers(0, 1023),
    vcid=st.integers(0, 7),
    count=st.integers(0, 255),
    first_header_pointer=st.integers(-3, 0x7FD),
    ocf=st.none() | st.integers(0, 2**32 - 1),
    secondary_header=st.binary(max_size=20),
)


@given(st.lists(FRAMES, min_size=1, max_size=10), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again_one_by_one_and_together(given_, fecf):
    layout, made, data = tm.Layout(64, fecf=fecf), [], []
    for fields in given_:
        room = 64 - 6 - 2 * fecf - 4 * (fields["ocf"] is not None)
        room -= len(fields["secondary_header"]) + bool(fields["secondary_header"])
        data.append(bytes(range(room)))
        made.append(tm.encode(data[-1], layout, **fields))
    frames, rejects = tm.decode_many(rows(*made), layout)
    assert not rejects
    for row, fields in enumerate(given_):
        one = tm.decode(made[row], layout)
        for table, at in ((frames, row), (one, 0)):
            assert table.data(at) == data[row]
            for name in ("scid", "vcid", "count", "first_header_pointer"):
                assert getattr(table, name)[at] == fields[name]
            assert table.ocf[at] == (-1 if fields["ocf"] is None else fields["ocf"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"scid": 1024},
        {"vcid": 8},
        {"data": b"x"},
        {"first_header_pointer": 2048},
        {"first_header_pointer": -4},
        {"secondary_header": bytes(64)},
    ],
)
def test_what_no_frame_can_say_is_refused(wrong):
    fields = {"data": bytes(10), "scid": 1, "vcid": 1, "count": 0} | wrong
    with pytest.raises(EncodeError):
        tm.encode(fields.pop("data"), tm.Layout(16), **fields)
