"""Relay envelopes and custody reports, octet by octet."""

from __future__ import annotations

from dataclasses import replace

import crcmod.predefined
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import envelope
from protocols.envelope import Custody, Envelope, Reason, State
from protocols.errors import DecodeError, EncodeError

ID = bytes(range(16))
ENVELOPE = Envelope(ID, 0x1234, 5, b"\xaa\xbb\xcc", 3, 0x0102030405060708, (0x0A0B, 0x0C0D), 7)
CUSTODY = Custody(ID, 0x0A0B, State.DROPPED, 0x0102030405060708, Reason.QUEUE_FULL)
crc16 = crcmod.predefined.mkCrcFun("crc-ccitt-false")

IDS = st.binary(min_size=16, max_size=16)
SIXTEEN = st.integers(0, 0xFFFF)
TIMES = st.integers(0, 2**63 - 1)
ENVELOPES = st.builds(
    Envelope,
    IDS,
    SIXTEEN,
    st.integers(0, 63),
    st.binary(min_size=1, max_size=80),
    st.integers(0, 3),
    TIMES,
    st.lists(SIXTEEN, max_size=16).map(tuple),
    st.integers(0, 255),
)
CUSTODIES = st.builds(Custody, IDS, SIXTEEN, st.sampled_from(State), TIMES, st.integers(0, 255))


def sealed(octets):
    return octets + crc16(octets).to_bytes(2, "big")


def changed(octets, place, value):
    body = bytearray(octets[:-2])
    body[place] = value
    return sealed(bytes(body))


def test_an_envelope_is_as_the_table_says():
    head = "10 03" + ID.hex() + "1234 05 07 0102030405060708 02 0a0b 0c0d 0003 aabbcc"
    assert envelope.encode(ENVELOPE) == sealed(bytes.fromhex(head))
    assert envelope.decode(envelope.encode(ENVELOPE)) == ENVELOPE


def test_a_custody_report_is_as_the_table_says():
    made = envelope.encode_custody(CUSTODY)
    assert made == sealed(bytes.fromhex("11 04" + ID.hex() + "0a0b 0102030405060708 03"))
    assert len(made) == 31 and envelope.decode_custody(made) == CUSTODY


@settings(max_examples=80, deadline=None)
@given(ENVELOPES, CUSTODIES)
def test_both_come_back(given_envelope, custody):
    assert envelope.decode(envelope.encode(given_envelope)) == given_envelope
    assert envelope.decode_custody(envelope.encode_custody(custody)) == custody


@pytest.mark.parametrize(
    "change",
    [
        {"id": bytes(15)},
        {"destination": 1 << 16},
        {"vcid": 64},
        {"frame": b""},
        {"frame": bytes(1025)},
        {"priority": 4},
        {"not_after_ns": -1},
        {"not_after_ns": 1 << 63},
        {"route": (1,) * 17},
        {"route": (1 << 16,)},
        {"hops": 256},
    ],
)
def test_an_envelope_that_does_not_fit_is_refused(change):
    with pytest.raises(EncodeError):
        envelope.encode(replace(ENVELOPE, **change))


@pytest.mark.parametrize("change", [{"id": b""}, {"relay": -1}, {"t_ns": 1 << 63}, {"reason": 256}])
def test_a_custody_report_that_does_not_fit_is_refused(change):
    with pytest.raises(EncodeError):
        envelope.encode_custody(replace(CUSTODY, **change))


@pytest.mark.parametrize(
    "place, value, reason",
    [
        (0, 0x20, "version"),
        (0, 0x11, "version and kind"),
        (1, 4, "priority"),
        (20, 64, "vcid"),
        (22, 0x80, "not after"),
        (30, 17, "relays"),
    ],
)
def test_a_field_out_of_its_range_is_refused(place, value, reason):
    with pytest.raises(DecodeError, match=reason):
        envelope.decode(changed(envelope.encode(ENVELOPE), place, value))


@pytest.mark.parametrize(
    "place, value, reason",
    [(0, 0x10, "version"), (1, 0, "state 0"), (1, 5, "state 5"), (20, 0x80, "time")],
)
def test_a_report_field_out_of_its_range_is_refused(place, value, reason):
    with pytest.raises(DecodeError, match=reason):
        envelope.decode_custody(changed(envelope.encode_custody(CUSTODY), place, value))


def test_every_declared_length_but_the_true_one_is_refused():
    """Both length fields, over all values: relays, then octets of the frame."""
    made = envelope.encode(ENVELOPE)
    for relays in range(256):
        if relays != 2:
            with pytest.raises(DecodeError):
                envelope.decode(changed(made, 30, relays))
    for declared in range(1 << 16):
        if declared != 3 and (declared < 1200 or declared % 251 == 0):
            body = made[:35] + declared.to_bytes(2, "big") + made[37:-2]
            with pytest.raises(DecodeError, match="frame of"):
                envelope.decode(sealed(body))


def test_a_frame_longer_than_any_is_refused_though_it_is_there():
    body = envelope.encode(ENVELOPE)[:35] + (1025).to_bytes(2, "big") + bytes(1025)
    with pytest.raises(DecodeError, match="frame of 1025"):
        envelope.decode(sealed(body))
    with pytest.raises(DecodeError, match="frame of 0"):
        envelope.decode(sealed(body[:35] + bytes(2)))


@pytest.mark.parametrize("made", [envelope.encode(ENVELOPE), envelope.encode_custody(CUSTODY)])
def test_any_wrong_bit_and_any_other_length_is_seen(made):
    decode = envelope.decode if made[0] == 0x10 else envelope.decode_custody
    for bit in range(8 * len(made)):
        hit = (int.from_bytes(made, "big") ^ 1 << bit).to_bytes(len(made), "big")
        with pytest.raises(DecodeError, match="CRC"):
            decode(hit)
    for length in range(len(made) + 5):
        if length != len(made):
            with pytest.raises(DecodeError):
                decode(sealed((made[:-2] + bytes(8))[: max(0, length - 2)])[:length])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"\x10", b"\x11"]))
def test_random_octets_raise_nothing_else(octets, first):
    for decode in (envelope.decode, envelope.decode_custody):
        for tried in (first + octets, sealed(first + octets)):
            try:
                decode(tried)
            except DecodeError as error:
                assert error.clause
