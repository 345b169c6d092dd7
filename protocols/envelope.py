"""The relay envelope: a TC frame on its way over relays, and the report of each relay on it.

A format of our own, version 1. Both travel as the data field of a space packet, whose APID says
that one of them comes. Numbers are unsigned and big-endian; the id is what duplicates are known
by. A relay passes an envelope on with its own name taken off the route and one hop more, drops it
after `not_after_ns`, and reports on it.

Envelope, octets:
    0        version (4 bits) 1, kind (4 bits) 0
    1        priority, 0 (low) to 3
    2-17     id
    18-19    destination, a spacecraft id
    20       virtual channel, 0 to 63
    21       hops that it has made
    22-29    not after, ns TAI since 1958
    30       R, relays still to pass, 0 to 16
    31-      route, R spacecraft ids of two octets, the next one first
    then     F, octets of the frame (two octets), 1 to 1024; the TC frame, uncoded
    last 2   CRC-16 of all before

Custody report, 31 octets:
    0        version (4 bits) 1, kind (4 bits) 1
    1        state: 1 received, 2 forwarded, 3 expired, 4 dropped
    2-17     id of the envelope
    18-19    relay that reports, a spacecraft id
    20-27    when, ns TAI since 1958
    28       reason, `Reason`; zero where there is none
    29-30    CRC-16 of all before

Source: this file; the CRC is that of 132.0-B-3 §4.1.6.2, the frame 232.0-B-4 §4.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from protocols import crc
from protocols.errors import DecodeError, EncodeError
from protocols.tc import LONGEST as LONGEST_FRAME

VERSION = 1
ID_OCTETS = 16
MOST_RELAYS = 16
LATEST_NS = (1 << 63) - 1
CLAUSE = "relay envelope, version 1"

_ENVELOPE, _CUSTODY = VERSION << 4, VERSION << 4 | 1  # first octets
_HEAD = struct.Struct(">BB16sHBBQB")
_REPORT = struct.Struct(">BB16sHQB")
_CRC = 2


class State(IntEnum):
    """What became of an envelope at a relay."""

    RECEIVED = 1
    FORWARDED = 2
    EXPIRED = 3
    DROPPED = 4


class Reason(IntEnum):
    """Why a relay dropped an envelope; others may come, so that a report holds a number."""

    NONE = 0
    DUPLICATE = 1
    NO_ROUTE = 2
    QUEUE_FULL = 3
    TOO_MANY_HOPS = 4
    MALFORMED = 5
    LINK_FAILED = 6


@dataclass(frozen=True, slots=True)
class Envelope:
    """A TC frame with where it goes and until when.

    Attributes:
        id: 16 octets, one for each transmission.
        destination: spacecraft id of the frame's target.
        priority: 0 (low) to 3.
        not_after_ns: TAI since 1958; after it, the frame must go no further.
        route: spacecraft ids of the relays still to pass, the next one first.
        hops: how many relays have passed it on.
    """

    id: bytes
    destination: int
    vcid: int
    frame: bytes
    priority: int
    not_after_ns: int
    route: tuple[int, ...] = ()
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Custody:
    """What a relay reports of an envelope.

    Attributes:
        id: of the envelope.
        relay: spacecraft id.
        t_ns: TAI since 1958.
        reason: a `Reason`, or a number that is not known yet.
    """

    id: bytes
    relay: int
    state: State
    t_ns: int
    reason: int = Reason.NONE


def encode(envelope: Envelope) -> bytes:
    """Return the octets of an envelope.

    Raises:
        EncodeError: a field does not fit.
    """
    _check_id(envelope.id)
    _fits("destination", envelope.destination, 0xFFFF)
    _fits("vcid", envelope.vcid, 63)
    _fits("priority", envelope.priority, 3)
    _fits("hops", envelope.hops, 0xFF)
    _fits("not_after_ns", envelope.not_after_ns, LATEST_NS)
    _fits("relays", len(envelope.route), MOST_RELAYS)
    _fits("frame octets", len(envelope.frame), LONGEST_FRAME, least=1)
    for relay in envelope.route:
        _fits("relay", relay, 0xFFFF)
    head = _HEAD.pack(
        _ENVELOPE,
        envelope.priority,
        envelope.id,
        envelope.destination,
        envelope.vcid,
        envelope.hops,
        envelope.not_after_ns,
        len(envelope.route),
    )
    route = b"".join(relay.to_bytes(2, "big") for relay in envelope.route)
    return _sealed(head + route + len(envelope.frame).to_bytes(2, "big") + envelope.frame)


def decode(octets: bytes) -> Envelope:
    """Return the fields of an envelope, which must be all there is.

    Raises:
        DecodeError: it is too short or long, its CRC is wrong, or a field is out of its range.
    """
    body = _opened(octets, _ENVELOPE, _HEAD.size + 3)
    _, priority, id, destination, vcid, hops, not_after_ns, relays = _HEAD.unpack_from(body)
    _within("priority", priority, 3)
    _within("vcid", vcid, 63)
    _within("not after", not_after_ns, LATEST_NS)
    _within("relays", relays, MOST_RELAYS)
    start = _HEAD.size + 2 * relays + 2
    frame = body[start:]
    declared = int.from_bytes(body[start - 2 : start], "big")
    if len(body) <= start or declared != len(frame) or declared > LONGEST_FRAME:
        raise DecodeError(f"frame of {declared} octets, {len(frame)} are there", clause=CLAUSE)
    route = struct.unpack_from(f">{relays}H", body, _HEAD.size)
    return Envelope(id, destination, vcid, frame, priority, not_after_ns, route, hops)


def encode_custody(custody: Custody) -> bytes:
    """Return the octets of a custody report.

    Raises:
        EncodeError: a field does not fit.
    """
    _check_id(custody.id)
    _fits("relay", custody.relay, 0xFFFF)
    _fits("t_ns", custody.t_ns, LATEST_NS)
    _fits("reason", custody.reason, 0xFF)
    fields = (custody.state, custody.id, custody.relay, custody.t_ns, custody.reason)
    return _sealed(_REPORT.pack(_CUSTODY, *fields))


def decode_custody(octets: bytes) -> Custody:
    """Return the fields of a custody report, which must be all there is.

    Raises:
        DecodeError: its length or CRC is wrong, or its state is none.
    """
    body = _opened(octets, _CUSTODY, _REPORT.size)
    if len(body) != _REPORT.size:
        raise DecodeError(f"custody report of {len(octets)} octets", clause=CLAUSE)
    _, state, id, relay, t_ns, reason = _REPORT.unpack(body)
    if not State.RECEIVED <= state <= State.DROPPED:
        raise DecodeError(f"custody state {state}", clause=CLAUSE)
    _within("time", t_ns, LATEST_NS)
    return Custody(id, relay, State(state), t_ns, reason)


def _sealed(body: bytes) -> bytes:
    return body + crc.crc16_octets(body).to_bytes(_CRC, "big")


def _opened(octets: bytes, first: int, least: int) -> bytes:
    """Return what the CRC guards, once it, the least length and the first octet are right."""
    if len(octets) < least + _CRC:
        raise DecodeError(f"{len(octets)} octets, at least {least + _CRC}", clause=CLAUSE)
    if crc.crc16_octets(octets):
        raise DecodeError("CRC", clause=CLAUSE)
    if octets[0] != first:
        raise DecodeError(f"version and kind {octets[0]:02x}, not {first:02x}", clause=CLAUSE)
    return octets[:-_CRC]


def _check_id(id: bytes) -> None:
    if len(id) != ID_OCTETS:
        raise EncodeError(f"id of {len(id)} octets; expected {ID_OCTETS}")


def _fits(name: str, value: int, most: int, *, least: int = 0) -> None:
    if not least <= value <= most:
        raise EncodeError(f"{name} {value}; {least} to {most} fit")


def _within(name: str, value: int, most: int) -> None:
    if value > most:
        raise DecodeError(f"{name} {value}, at most {most}", clause=CLAUSE)
