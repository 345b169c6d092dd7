"""TC transfer frames: what a ground station sends, octets to values and back.

Three kinds go over a virtual channel: AD frames are numbered, and FARM-1 takes them in order and
once; BD frames go past it; BC frames carry commands to FARM-1 itself. AC is not a kind.

What a data field holds, whether packets or their segments, is `map_segment`'s.

Source: CCSDS 232.0-B-4 §4.1; sub-clauses of the header as in 232.0-B-3, unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protocols import crc
from protocols.errors import DecodeError, EncodeError

HEADER = 5
FECF = 2
LONGEST = 1024  # octets of a frame, header and FECF included
LARGEST_FILL = 6  # octets, fewer than a block of the BCH code

UNLOCK = bytes([0])
SET_VR = bytes([0x82, 0])


class Kind(Enum):
    """What a frame is to FARM-1; the value is its bypass and control command flags."""

    AD = 0b00
    BD = 0b10
    BC = 0b11


@dataclass(frozen=True, slots=True)
class TcFrame:
    """One transfer frame.

    Attributes:
        sequence: N(S), 0 to 255; zero where the frame is not AD.
        data: frame data field, segment header included where the channel has one.
    """

    scid: int
    vcid: int
    kind: Kind
    sequence: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Unlock:
    """The control command that ends lockout."""


@dataclass(frozen=True, slots=True)
class SetVr:
    """The control command that sets V(R), the number of the next frame."""

    value: int


def encode(frame: TcFrame, *, fecf: bool = True) -> bytes:
    """Return the octets of a frame.

    Raises:
        EncodeError: a field does not fit, or the data field is empty or too long.

    Source: 232.0-B-4 §4.1.
    """
    length = HEADER + len(frame.data) + FECF * fecf
    _check(frame, length)
    identity = frame.kind.value << 12 | frame.scid
    header = identity << 24 | frame.vcid << 18 | length - 1 << 8 | frame.sequence
    octets = header.to_bytes(HEADER, "big") + frame.data
    return octets + crc.crc16_octets(octets).to_bytes(FECF, "big") if fecf else octets


def _check(frame: TcFrame, length: int) -> None:
    fields = (("scid", frame.scid, 10), ("vcid", frame.vcid, 6), ("sequence", frame.sequence, 8))
    for name, value, bits in fields:
        if not 0 <= value < 1 << bits:
            raise EncodeError(f"{name} {value} does not fit {bits} bits")
    if frame.sequence and frame.kind is not Kind.AD:
        raise EncodeError(f"sequence {frame.sequence} of a {frame.kind.name} frame; expected 0")
    if not frame.data or length > LONGEST:
        raise EncodeError(f"frame of {len(frame.data)} data octets; {LONGEST} octets in all fit")


def decode(octets: bytes, *, fecf: bool = True) -> TcFrame:
    """Return the fields of one frame, which must be all there is.

    Raises:
        DecodeError: the frame is too short or its length field wrong, its FECF is wrong, its
            version, reserved bits or flags are none of the standard's.

    Source: 232.0-B-4 §4.1; §4.4 (frame validation checks).
    """
    least = HEADER + 1 + FECF * fecf
    if len(octets) < least or len(octets) != _length(octets):
        raise DecodeError(f"TC frame of {len(octets)} octets: length", clause="232.0-B-4 §4.1.2.7")
    if fecf and crc.crc16_octets(octets):
        raise DecodeError("TC frame: FECF", clause="232.0-B-4 §4.1.4")
    identity, channel = int.from_bytes(octets[:2], "big"), octets[2]
    kind = _kind(identity)
    data = octets[HEADER : len(octets) - FECF * fecf]
    return TcFrame(identity & 0x3FF, channel >> 2, kind, octets[4], data)


def _length(octets: bytes) -> int:
    return ((octets[2] & 3) << 8 | octets[3]) + 1


def _kind(identity: int) -> Kind:
    if identity >> 14:
        raise DecodeError(f"TC frame version {identity >> 14}", clause="232.0-B-4 §4.1.2.2")
    if identity >> 10 & 3:
        raise DecodeError("TC frame: reserved bits are set", clause="232.0-B-4 §4.1.2.4")
    flags = identity >> 12 & 3
    if flags == 0b01:
        raise DecodeError("TC frame: flags of type AC", clause="232.0-B-4 §4.1.2.3")
    return Kind(flags)


def delimit(octets: bytes, *, fecf: bool = True) -> tuple[list[bytes], bytes]:
    """Return the frames that lie end to end in what a CLTU held, and what follows them.

    What follows is fill where it is at most LARGEST_FILL octets. More than that is the beginning
    of a frame whose end was lost, or was no frame at all.

    Source: 232.0-B-4 §4.4 (frame delimiting and fill removal).
    """
    least = HEADER + 1 + FECF * fecf
    frames, at = [], 0
    while len(octets) - at >= least and octets[at] >> 6 == 0:
        length = _length(octets[at : at + HEADER])
        if not least <= length <= len(octets) - at:
            break
        frames.append(octets[at : at + length])
        at += length
    return frames, octets[at:]


def unlock() -> bytes:
    """Return the data field of a BC frame that unlocks FARM-1. Source: 232.0-B-4 §4.1.3.3.2."""
    return UNLOCK


def set_vr(value: int) -> bytes:
    """Return the data field of a BC frame that sets V(R) to a value of 0 to 255.

    Raises:
        EncodeError: the value does not fit.

    Source: 232.0-B-4 §4.1.3.3.3.
    """
    if not 0 <= value < 256:
        raise EncodeError(f"V(R) {value} does not fit 8 bits")
    return SET_VR + bytes([value])


def control(data: bytes) -> Unlock | SetVr:
    """Return the control command in the data field of a BC frame.

    Raises:
        DecodeError: it is neither of the two.

    Source: 232.0-B-4 §4.1.3.3.
    """
    if data == UNLOCK:
        return Unlock()
    if len(data) == 3 and data.startswith(SET_VR):
        return SetVr(data[2])
    raise DecodeError(f"control command {data[:4].hex()}", clause="232.0-B-4 §4.1.3.3")
