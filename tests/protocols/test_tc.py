"""TC transfer frames, field by field."""

from __future__ import annotations

from dataclasses import replace

import crcmod.predefined
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import tc
from protocols.errors import DecodeError, EncodeError
from protocols.tc import Kind, SetVr, TcFrame, Unlock
from tests.clauses import clause

FRAME = TcFrame(scid=0x2F6, vcid=5, kind=Kind.AD, sequence=9, data=b"\x11\x22")
crc16 = crcmod.predefined.mkCrcFun("crc-ccitt-false")


def sealed(octets):
    return octets + crc16(octets).to_bytes(2, "big")


@st.composite
def frames(draw):
    kind = draw(st.sampled_from(Kind))
    sequence = draw(st.integers(0, 255)) if kind is Kind.AD else 0
    data = draw(st.binary(min_size=1, max_size=60))
    return TcFrame(draw(st.integers(0, 1023)), draw(st.integers(0, 63)), kind, sequence, data)


@clause("232.0-B-4 §4.1.2")
@pytest.mark.parametrize(
    "change, header",
    [
        ({}, "02f6140809"),
        ({"kind": Kind.BD, "sequence": 0}, "22f6140800"),
        ({"kind": Kind.BC, "sequence": 0}, "32f6140800"),
        ({"scid": 0}, "0000140809"),
        ({"scid": 1023}, "03ff140809"),
        ({"vcid": 63}, "02f6fc0809"),
        ({"sequence": 255}, "02f61408ff"),
    ],
)
def test_each_field_of_the_header_has_its_own_bits(change, header):
    frame = replace(FRAME, **change)
    assert tc.encode(frame).hex() == sealed(bytes.fromhex(header) + b"\x11\x22").hex()
    assert tc.decode(tc.encode(frame)) == frame


@clause("232.0-B-4 §4.1.2.7")
@pytest.mark.parametrize("octets", [1, 256, 1017])
def test_the_length_field_is_one_less_than_the_frame(octets):
    made = tc.encode(replace(FRAME, data=bytes(octets)))
    assert int.from_bytes(made[2:4], "big") & 0x3FF == len(made) - 1 == octets + 6
    assert len(tc.encode(replace(FRAME, data=bytes(1019)), fecf=False)) == 1024


@pytest.mark.parametrize(
    "change, word",
    [
        ({"scid": 1024}, "scid"),
        ({"vcid": 64}, "vcid"),
        ({"sequence": 256}, "sequence"),
        ({"sequence": -1}, "sequence"),
        ({"kind": Kind.BD}, "sequence 9 of a BD frame"),
        ({"data": b""}, "data octets"),
        ({"data": bytes(1018)}, "data octets"),
    ],
)
def test_what_does_not_fit_is_refused(change, word):
    with pytest.raises(EncodeError, match=word):
        tc.encode(replace(FRAME, **change))


@clause("232.0-B-4 §4.4")
@pytest.mark.parametrize(
    "header, reason",
    [
        ("42f6140809", "version 1"),
        ("82f6140809", "version 2"),
        ("06f6140809", "reserved"),
        ("0af6140809", "reserved"),
        ("12f6140809", "type AC"),
    ],
)
def test_a_header_that_is_none_is_refused(header, reason):
    with pytest.raises(DecodeError, match=reason):
        tc.decode(sealed(bytes.fromhex(header) + b"\x11\x22"))


@clause("232.0-B-4 §4.1.4")
def test_any_wrong_bit_is_seen():
    made = tc.encode(FRAME)
    for bit in range(8 * len(made)):
        hit = (int.from_bytes(made, "big") ^ 1 << bit).to_bytes(len(made), "big")
        with pytest.raises(DecodeError):
            tc.decode(hit)


@clause("232.0-B-4 §4.1.2.7")
@pytest.mark.parametrize("fecf", [True, False])
def test_every_declared_length_but_the_true_one_is_refused(fecf):
    for actual in (0, 4, 5, 6, 8, 9, 260, 1024):
        for declared in range(1024):
            header = (0x02F614 << 16 | declared << 8 | 9).to_bytes(5, "big")
            body = (header + bytes(1024))[: max(0, actual - 2 * fecf)]
            octets = sealed(body) if fecf else body
            least = 8 if fecf else 6
            if len(octets) == declared + 1 and declared + 1 >= least:
                assert len(tc.decode(octets, fecf=fecf).data) == declared + 1 - 5 - 2 * fecf
            else:
                with pytest.raises(DecodeError):
                    tc.decode(octets, fecf=fecf)


@settings(max_examples=100, deadline=None)
@given(frames(), st.booleans())
def test_frames_come_back(frame, fecf):
    assert tc.decode(tc.encode(frame, fecf=fecf), fecf=fecf) == frame


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), st.booleans())
def test_random_octets_raise_nothing_else(octets, fecf):
    tried = sealed(octets) if fecf else octets
    assert b"".join([*(parts := tc.delimit(tried, fecf=fecf))[0], parts[1]]) == tried
    for call in (tc.control, lambda each: tc.decode(each, fecf=fecf)):
        try:
            call(tried)
        except DecodeError as error:
            assert error.clause


@clause("232.0-B-4 §4.4")
@settings(max_examples=60, deadline=None)
@given(st.lists(frames(), max_size=4), st.integers(0, 6))
def test_frames_end_to_end_are_parted_from_each_other_and_the_fill(many, fill):
    octets = [tc.encode(frame) for frame in many]
    assert tc.delimit(b"".join(octets) + b"\x55" * fill) == (octets, b"\x55" * fill)


def test_a_frame_whose_end_is_missing_is_left_over():
    made = tc.encode(FRAME)
    assert tc.delimit(made + made[:-1]) == ([made], made[:-1])
    assert tc.delimit(bytes(20)) == ([], bytes(20))


@clause("232.0-B-4 §4.1.3.3")
def test_control_commands_are_those_of_the_book():
    assert (tc.unlock(), tc.set_vr(0x17)) == (b"\x00", b"\x82\x00\x17")
    assert tc.control(b"\x00") == Unlock()
    assert [tc.control(tc.set_vr(value)) for value in (0, 255)] == [SetVr(0), SetVr(255)]
    with pytest.raises(EncodeError):
        tc.set_vr(256)


@clause("232.0-B-4 §4.1.3.3")
@pytest.mark.parametrize("wrong", ["", "01", "0000", "8200", "820100", "82000000", "820001ff"])
def test_any_other_control_command_is_refused(wrong):
    with pytest.raises(DecodeError, match="control command"):
        tc.control(bytes.fromhex(wrong))
