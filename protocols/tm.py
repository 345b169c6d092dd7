"""TM transfer frames: octets to columns and back.

The OCF and secondary header need no setting: flags in each frame say whether they are there.

Source: CCSDS 132.0-B-3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols import crc
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
OCF = 4
FECF = 2
MODULUS = 256  # of both frame counts
POINTER_NO_START, POINTER_ONLY_IDLE = 0x7FF, 0x7FE


@dataclass(frozen=True, slots=True)
class Layout:
    """The managed parameters of a physical channel that carries TM frames.

    Attributes:
        length: octets of a frame, FECF included.
        fecf: whether each frame ends with a CRC-16.
        trailer: octets after each frame that are no part of it.
        no_packets: virtual channels whose data are no packets, though no flag of theirs says so.
    """

    length: int
    fecf: bool = False
    trailer: int = 0
    no_packets: frozenset[int] = frozenset()

    @property
    def octets(self) -> int:
        """Octets from one frame to the next."""
        return self.length + self.trailer


def decode_many(
    frames: NDArray[np.uint8], layout: Layout, keep_bad_crc: bool = False, first: int = 0
) -> tuple[Frames, list[Reject]]:
    """Return the frames that keep the rules, and the others each with the rule it broke.

    Args:
        frames: uint8 [N, layout.octets]; of another width, all are rejects.
        keep_bad_crc: let frames with a bad FECF pass, marked in `crc_ok`.
        first: `Frames.index` of the first one, so that the index may run on over many calls.

    Source: 132.0-B-3 §4.1.
    """
    number, width = frames.shape
    if width != layout.octets or layout.length <= HEADER:
        return refuse_all(number, "length", "132.0-B-3 §4.1.1", first)
    arena, start = arena_of(frames)
    crc_ok = fecf_ok(arena, start, layout.length, layout.fecf)
    identity, status = number_at(arena, start, 2), number_at(arena, start + 4, 2)
    vcid = (identity >> 1 & 7).astype(np.uint8)
    has_ocf = (identity & 1) != 0
    end = start + layout.length - FECF * layout.fecf - OCF * has_ocf
    pointer = _pointers(status)
    pointer[np.isin(vcid, list(layout.no_packets))] = NO_PACKETS
    data = start + HEADER + _secondary_lengths(arena, start, status)
    decoded = Frames(
        arena=arena,
        index=np.arange(first, first + number, dtype=np.int64),
        scid=(identity >> 4 & 0x3FF).astype(np.uint16),
        vcid=vcid,
        map_id=np.full(number, -1, np.int16),
        count=arena[start + 3].astype(np.int64),
        modulus=np.full(number, MODULUS, np.int64),
        data_offset=data,
        data_length=end - data,
        first_header_pointer=pointer,
        ocf=np.where(has_ocf, number_at(arena, end, OCF), -1),
        crc_ok=crc_ok,
        bypass=np.zeros(number, np.bool_),
    )
    return sieve(
        decoded,
        [
            Check(~crc_ok & (not keep_bad_crc), "crc", "132.0-B-3 §4.1.6.3"),
            Check(identity >> 14 != 0, "version", "132.0-B-3 §4.1.2.2.2"),
            Check(end <= data, "length", "132.0-B-3 §4.1.4.1"),
        ],
    )


def decode(frame: bytes, layout: Layout) -> Frames:
    """Return a table of this one frame; DecodeError names the rule it breaks."""
    return alone("TM", decode_many(np.frombuffer(frame, np.uint8)[np.newaxis], layout))


def _secondary_lengths(
    arena: NDArray[np.uint8], start: NDArray[np.int64], status: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return octets of the secondary header, 0 without one.

    Source: 132.0-B-3 §4.1.3.2.3, its length field is the total length less one.
    """
    length = (arena[start + HEADER] & 0x3F).astype(np.int64) + 1
    return np.where(status >> 15, length, 0)


def _pointers(status: NDArray[np.int64]) -> NDArray[np.int32]:
    """Source: 132.0-B-3 §4.1.2.7.3 (synchronisation flag), §4.1.2.7.6 (first header pointer)."""
    pointer = (status & 0x7FF).astype(np.int32)
    pointer[pointer == POINTER_NO_START] = NO_START
    pointer[pointer == POINTER_ONLY_IDLE] = ONLY_IDLE
    pointer[(status & 0x4000) != 0] = NO_PACKETS
    return pointer


def secondary_headers(frames: NDArray[np.uint8], decoded: Frames, first: int = 0) -> list[bytes]:
    """Return the secondary header of each decoded frame, length octet included; b"" without one.

    Args:
        frames, first: as they were given to `decode_many`.

    Source: 132.0-B-3 §4.1.3.
    """
    found = []
    for row in (decoded.index - first).tolist():
        frame = frames[row]
        length = (int(frame[HEADER]) & 0x3F) + 1 if frame[4] & 0x80 else 0
        found.append(frame[HEADER : HEADER + length].tobytes())
    return found


def encode(
    data: bytes,
    layout: Layout,
    *,
    scid: int,
    vcid: int,
    count: int,
    master_count: int = 0,
    first_header_pointer: int = 0,
    ocf: int | None = None,
    secondary_header: bytes = b"",
) -> bytes:
    """Return one frame around a data field that fills it; the trailer is left to the sender.

    Args:
        count, master_count: virtual and master channel frame counts; taken modulo 256.
        first_header_pointer: an offset, or NO_START, ONLY_IDLE or NO_PACKETS.
        secondary_header: what follows its length octet, 1 to 63 octets.

    Raises:
        EncodeError: a field does not fit, or the frame would not have the layout's length.

    Source: 132.0-B-3 §4.1.
    """
    for name, value, bits in (("scid", scid, 10), ("vcid", vcid, 3)):
        if not 0 <= value < 1 << bits:
            raise EncodeError(f"{name} {value} does not fit {bits} bits")
    identity = scid << 4 | vcid << 1 | (ocf is not None)
    header = identity.to_bytes(2, "big") + bytes([master_count % MODULUS, count % MODULUS])
    header += _status(first_header_pointer, bool(secondary_header)).to_bytes(2, "big")
    if secondary_header:
        if len(secondary_header) > 63:
            raise EncodeError(f"secondary header of {len(secondary_header)} octets; 63 fit")
        header += bytes([len(secondary_header)]) + secondary_header
    frame = header + data + (b"" if ocf is None else ocf.to_bytes(OCF, "big"))
    if len(frame) + FECF * layout.fecf != layout.length:
        raise EncodeError(f"data field of {len(data)} octets does not fill the frame")
    return frame + crc.crc16_octets(frame).to_bytes(2, "big") if layout.fecf else frame


def _status(pointer: int, secondary_header: bool) -> int:
    """Source: 132.0-B-3 §4.1.2.7; segment length identifier 11 where the data are packets."""
    if pointer == NO_PACKETS:
        return secondary_header << 15 | 0x4000
    value = {NO_START: POINTER_NO_START, ONLY_IDLE: POINTER_ONLY_IDLE}.get(pointer, pointer)
    if not 0 <= value <= POINTER_NO_START:
        raise EncodeError(f"first header pointer {pointer} does not fit 11 bits")
    return secondary_header << 15 | 0x1800 | value
