"""AOS transfer frames: octets to columns and back.

Which service a virtual channel carries, and whether the OCF, the insert zone and the header's
error control are there, no frame tells: they are managed parameters of a `Layout`.

Source: CCSDS 732.0-B-4. Issue 5 widens the spacecraft id by two bits of the signalling field, which
issue 4 keeps at zero: they are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from protocols import crc, header_error_control
from protocols.errors import EncodeError
from protocols.frame import (
    NO_PACKETS,
    NO_START,
    ONLY_IDLE,
    Check,
    Frames,
    Reject,
    alone,
    arena_of,
    fecf_ok,
    number_at,
    refuse_all,
    sieve,
)

HEADER = 6
HEADER_ERROR_CONTROL = 2
OCF = 4
FECF = 2
PDU_HEADER = 2  # of an M_PDU or a B_PDU
IDLE_VCID = 63
MODULUS, CYCLED_MODULUS = 1 << 24, 1 << 28
POINTER_NO_START, POINTER_ONLY_IDLE = 0x7FF, 0x7FE
BITS_ALL, BITS_NONE = 0x3FFF, 0x3FFE  # of the bitstream data pointer


class Service(Enum):
    """What the data field of a virtual channel holds. Source: 732.0-B-4 §4.1.4."""

    M_PDU = "m_pdu"  # packets
    B_PDU = "b_pdu"  # a stream of bits
    VCA = "vca"  # units of fixed length
    IDLE = "idle"  # nothing


@dataclass(frozen=True, slots=True)
class Layout:
    """The managed parameters of a physical channel that carries AOS frames.

    Attributes:
        length: octets of a frame, FECF included.
        fecf, ocf: whether each frame ends with a CRC-16, an operational control field.
        header_error_control: whether a Reed-Solomon code guards the header; it is mended then.
        insert_zone: octets of the insert zone.
        trailer: octets after each frame that are no part of it.
        service: of every virtual channel that `services` does not name.
        services: by virtual channel; 63 is IDLE unless named.
    """

    length: int
    fecf: bool = False
    ocf: bool = False
    header_error_control: bool = False
    insert_zone: int = 0
    trailer: int = 0
    service: Service = Service.M_PDU
    services: Mapping[int, Service] = field(default_factory=dict)

    @property
    def octets(self) -> int:
        """Octets from one frame to the next."""
        return self.length + self.trailer

    @property
    def header(self) -> int:
        """Octets before the data field."""
        return HEADER + HEADER_ERROR_CONTROL * self.header_error_control + self.insert_zone

    @property
    def end(self) -> int:
        """Octets up to the end of the data field."""
        return self.length - FECF * self.fecf - OCF * self.ocf

    def carries(self, vcid: int) -> Service:
        """Return the service of a virtual channel."""
        return self.services.get(vcid, Service.IDLE if vcid == IDLE_VCID else self.service)


def decode_many(
    frames: NDArray[np.uint8], layout: Layout, keep_bad_crc: bool = False, first: int = 0
) -> tuple[Frames, list[Reject]]:
    """Return the frames that keep the rules, and the others each with the rule it broke.

    Args:
        frames: uint8 [N, layout.octets]; of another width, all are rejects.
        keep_bad_crc: let frames with a bad FECF pass, marked in `crc_ok`.
        first: `Frames.index` of the first one, so that the index may run on over many calls.

    Source: 732.0-B-4 §4.1.
    """
    number, width = frames.shape
    if width != layout.octets or layout.end <= layout.header + PDU_HEADER:
        return refuse_all(number, "length", "732.0-B-4 §4.1.1", first)
    arena, start = arena_of(frames)
    header_ok = _mend_headers(arena, start, layout)
    crc_ok = fecf_ok(arena, start, layout.length, layout.fecf)
    identity, signalling = number_at(arena, start, 2), arena[start + 5]
    vcid = (identity & 0x3F).astype(np.uint8)
    cycled = (signalling & 0x40) != 0
    count = number_at(arena, start + 2, 3)
    data, length, pointer = _data_fields(arena, start + layout.header, vcid, layout)
    decoded = Frames(
        arena=arena,
        index=np.arange(first, first + number, dtype=np.int64),
        scid=(identity >> 6 & 0xFF).astype(np.uint16),
        vcid=vcid,
        map_id=np.full(number, -1, np.int16),
        count=np.where(cycled, (signalling & 0xF).astype(np.int64) << 24 | count, count),
        modulus=np.where(cycled, CYCLED_MODULUS, MODULUS),
        data_offset=data,
        data_length=length,
        first_header_pointer=pointer,
        ocf=number_at(arena, start + layout.end, OCF) if layout.ocf else np.full(number, -1),
        crc_ok=crc_ok,
        bypass=np.zeros(number, np.bool_),
    )
    return sieve(
        decoded,
        [
            Check(~header_ok, "header", "732.0-B-4 §4.1.2.6"),
            Check(~crc_ok & (not keep_bad_crc), "crc", "732.0-B-4 §4.1.6.3"),
            Check(identity >> 14 != 1, "version", "732.0-B-4 §4.1.2.2.2"),
        ],
    )


def decode(frame: bytes, layout: Layout) -> Frames:
    """Return a table of this one frame; DecodeError names the rule it breaks."""
    return alone("AOS", decode_many(np.frombuffer(frame, np.uint8)[np.newaxis], layout))


def _mend_headers(
    arena: NDArray[np.uint8], start: NDArray[np.int64], layout: Layout
) -> NDArray[np.bool_]:
    """Write mended headers into the arena; return which could be read. §4.1.2.6."""
    if not layout.header_error_control:
        return np.ones(len(start), np.bool_)
    word = number_at(arena, start, 2) << 24 | number_at(arena, start + 5, 3)
    mended, good = header_error_control.correct(word)
    for shift, place in ((32, 0), (24, 1), (16, 5), (8, 6), (0, 7)):
        arena[start + place] = mended >> shift & 0xFF
    return good


def _data_fields(
    arena: NDArray[np.uint8], start: NDArray[np.int64], vcid: NDArray[np.uint8], layout: Layout
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return offset, length and first header pointer of the data fields that begin at `start`."""
    by_vcid = np.array([list(Service).index(layout.carries(vcid)) for vcid in range(64)])
    service = by_vcid[vcid]
    packets, bits, _, idle = (service == kind for kind in range(len(Service)))
    octets = layout.end - layout.header
    word = number_at(arena, start, PDU_HEADER)
    pointer = np.full(len(start), NO_PACKETS, np.int32)
    pointer[packets] = _pointers(word[packets])
    pointer[idle] = ONLY_IDLE
    skipped = np.where(packets | bits, PDU_HEADER, 0)
    length = np.full(len(start), octets) - skipped
    length[bits] = np.minimum(length[bits], (_bits(word[bits], octets) + 7) // 8)
    return start + skipped, length, pointer


def _pointers(word: NDArray[np.int64]) -> NDArray[np.int32]:
    """Source: 732.0-B-4 §4.1.4.2.3 (M_PDU first header pointer)."""
    pointer = (word & 0x7FF).astype(np.int32)
    pointer[pointer == POINTER_NO_START] = NO_START
    pointer[pointer == POINTER_ONLY_IDLE] = ONLY_IDLE
    return pointer


def _bits(word: NDArray[np.int64], octets: int) -> NDArray[np.int64]:
    """Return how many bits of a B_PDU are data; its pointer is the last one's number.

    Source: 732.0-B-4 §4.1.4.3.3 (bitstream data pointer).
    """
    pointer = word & 0x3FFF
    bits = np.where(pointer == BITS_ALL, 8 * (octets - PDU_HEADER), pointer + 1)
    return np.where(pointer == BITS_NONE, 0, bits)


def bitstream_bits(decoded: Frames) -> NDArray[np.int64]:
    """Return how many bits of each data field are data, for frames of a B_PDU channel only.

    The octets of the field are those that hold at least one of these bits.

    Source: 732.0-B-4 §4.1.4.3.3.
    """
    word = number_at(decoded.arena, decoded.data_offset - PDU_HEADER, PDU_HEADER) & 0x3FFF
    return np.minimum(_bits(word, (1 << 14) + PDU_HEADER), 8 * decoded.data_length)


def encode(
    data: bytes,
    layout: Layout,
    *,
    scid: int,
    vcid: int,
    count: int,
    first_header_pointer: int = 0,
    bits: int | None = None,
    ocf: int = 0,
    insert: bytes = b"",
    replay: bool = False,
    cycled: bool = False,
) -> bytes:
    """Return one frame around a data field that fills it; the trailer is left to the sender.

    Args:
        data: without the header of an M_PDU or B_PDU, which is made.
        count: virtual channel frame count, taken modulo 2^24, or 2^28 where `cycled`.
        first_header_pointer: of an M_PDU: an offset, or NO_START or ONLY_IDLE.
        bits: of a B_PDU: how many bits are data; None for all.
        insert: the insert zone, of the layout's length; zeros if not given.
        replay: the replay flag.

    Raises:
        EncodeError: a field does not fit, or the frame would not have the layout's length.

    Source: 732.0-B-4 §4.1.
    """
    for name, value, width in (("scid", scid, 8), ("vcid", vcid, 6)):
        if not 0 <= value < 1 << width:
            raise EncodeError(f"{name} {value} does not fit {width} bits")
    identity = 1 << 14 | scid << 6 | vcid
    signalling = replay << 7 | cycled << 6 | (count >> 24 & 0xF if cycled else 0)
    frame = identity.to_bytes(2, "big") + (count % MODULUS).to_bytes(3, "big")
    frame += bytes([signalling])
    if layout.header_error_control:
        check = header_error_control.encode(np.array([identity]), np.array([signalling]))[0]
        frame += int(check).to_bytes(2, "big")
    frame += insert or bytes(layout.insert_zone)
    frame += _pdu_header(layout.carries(vcid), first_header_pointer, bits) + data
    if len(frame) != layout.end:
        raise EncodeError(f"data field of {len(data)} octets does not fill the frame")
    frame += ocf.to_bytes(OCF, "big") if layout.ocf else b""
    return frame + crc.crc16_octets(frame).to_bytes(2, "big") if layout.fecf else frame


def _pdu_header(service: Service, pointer: int, bits: int | None) -> bytes:
    if service is Service.M_PDU:
        value = {NO_START: POINTER_NO_START, ONLY_IDLE: POINTER_ONLY_IDLE}.get(pointer, pointer)
        limit = POINTER_NO_START
    elif service is Service.B_PDU:
        value = BITS_ALL if bits is None else bits - 1 if bits else BITS_NONE
        limit = BITS_ALL
    else:
        return b""
    if not 0 <= value <= limit:
        raise EncodeError(f"pointer {value} does not fit the header of the data field")
    return value.to_bytes(PDU_HEADER, "big")
