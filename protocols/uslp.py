"""USLP transfer frames, of fixed or variable length: octets to columns and back.

The frame itself tells its length, its counter's length and whether it has an OCF; the rest are
managed parameters of a `Layout`. A truncated frame has a header of four octets and neither
counter, insert zone, OCF nor FECF; as nothing counts it, it is expedited.

Source: CCSDS 732.1-B-2; annex D for truncated frames, as two other implementations read it. Clauses
are cited to the level of a field's own clause where that was checked, else to that of its part of
the frame.
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
    number_at,
    sieve,
)

VERSION = 0b1100
TRUNCATED_HEADER, HEADER = 4, 7
OCF = 4
LARGEST = 65536
EXPEDITED = 0x80  # the bypass flag
IDLE_VCID = 63

# Protocols of the data field (UPID). Source: 732.1-B-2 §4.1.4.2.3 and the SANA registry.
PACKETS, IDLE = 0, 31

# Construction rules of the data field. Source: 732.1-B-2 §4.1.4.2.2.
SPANNING, START_OF_UNIT, REST_OF_UNIT, OCTET_STREAM = range(4)
FIRST_SEGMENT, NEXT_SEGMENT, LAST_SEGMENT, UNSEGMENTED = range(4, 8)
POINTER_NONE = 0xFFFF  # no packet starts; the unit goes on in the next frame


@dataclass(frozen=True, slots=True)
class Layout:
    """The managed parameters of a physical channel that carries USLP frames.

    Attributes:
        length: octets of a frame, FECF included; None where it varies.
        fecf: octets of the frame error control field: 0, 2 (CRC-16) or 4 (CRC-32).
        insert_zone: octets of the insert zone.
        truncated: octets of a truncated frame; 0 where there are none.
        trailer: octets after each frame that are no part of it.
    """

    length: int | None = None
    fecf: int = 0
    insert_zone: int = 0
    truncated: int = 0
    trailer: int = 0

    @property
    def octets(self) -> int | None:
        """Octets from one frame to the next; None where that varies."""
        return None if self.length is None else self.length + self.trailer


def decode_many(
    frames: NDArray[np.uint8], layout: Layout, keep_bad_crc: bool = False, first: int = 0
) -> tuple[Frames, list[Reject]]:
    """Return the frames that keep the rules, and the others each with the rule it broke.

    Args:
        frames: uint8 [N, L], frames of one length with the trailer.
        keep_bad_crc: let frames with a bad FECF pass, marked in `crc_ok`.
        first: `Frames.index` of the first one, so that the index may run on over many calls.

    Source: 732.1-B-2 §4.1.
    """
    number, width = frames.shape
    arena, start = arena_of(frames)
    return decode_spans(arena, start, np.full(number, width), layout, keep_bad_crc, first)


def decode_spans(
    arena: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    layout: Layout,
    keep_bad_crc: bool = False,
    first: int = 0,
) -> tuple[Frames, list[Reject]]:
    """Return what `decode_many` does, for frames that lie anywhere in an arena, of any lengths.

    Args:
        arena: uint8, C-contiguous and writable, padded by ARENA_PADDING.
        start, length: int64 [N], where each frame with its trailer lies.
    """
    total = length - layout.trailer
    enough = _long_enough(arena, start, total)
    rows = np.flatnonzero(enough)
    rejects = [
        Reject(first + row, "length", "732.1-B-2 §4.1.1")
        for row in np.flatnonzero(~enough).tolist()
    ]
    start, total = start[rows], total[rows]
    identity = number_at(arena, start, TRUNCATED_HEADER)
    said, flags = number_at(arena, start + 4, 2) + 1, number_at(arena, start + 6, 1)
    truncated = (identity & 1) != 0
    flags[truncated] = EXPEDITED
    counter, has_ocf = flags & 7, (flags & 8) != 0
    header = np.where(truncated, TRUNCATED_HEADER, HEADER + counter + layout.insert_zone)
    end = start + total - np.where(truncated, 0, layout.fecf) - OCF * has_ocf
    complete = end > start + header
    vcid = (identity >> 5 & 0x3F).astype(np.uint8)
    field = np.where(complete, start + header, start)
    data, data_length, pointer = _data_fields(arena, field, end, vcid)
    pointer[(flags & 0x40) != 0] = NO_PACKETS  # protocol control commands
    crc_ok = truncated | _crc_ok(arena, start, total, layout)
    decoded = Frames(
        arena=arena,
        index=first + rows,
        scid=(identity >> 12 & 0xFFFF).astype(np.uint16),
        vcid=vcid,
        map_id=(identity >> 1 & 0xF).astype(np.int16),
        count=_counts(arena, start + HEADER, counter),
        modulus=np.int64(1) << 8 * counter,
        data_offset=data,
        data_length=data_length,
        first_header_pointer=pointer,
        ocf=np.where(has_ocf, number_at(arena, np.where(complete, end, start), OCF), -1),
        crc_ok=crc_ok,
        bypass=(flags & EXPEDITED) != 0,
    )
    wanted = said if layout.length is None else layout.length
    wrong = np.where(truncated, total != layout.truncated, (total != said) | (total != wanted))
    good, broken = sieve(
        decoded,
        [
            Check(identity >> 28 != VERSION, "version", "732.1-B-2 §4.1.2.2.2"),
            Check(~crc_ok & (not keep_bad_crc), "crc", "732.1-B-2 §4.1.6"),
            Check(wrong, "length", "732.1-B-2 §4.1.2.7"),
            Check(~complete | (data_length < 0), "length", "732.1-B-2 §4.1.4"),
        ],
    )
    return good, sorted(rejects + broken, key=lambda reject: reject.index)


def _long_enough(
    arena: NDArray[np.uint8], start: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which frames hold their primary header and one octet more."""
    fits = total > TRUNCATED_HEADER
    truncated = (arena[np.where(fits, start + TRUNCATED_HEADER - 1, 0)] & 1) != 0
    return np.asarray(fits & ((total > HEADER) | truncated))


def decode(frame: bytes, layout: Layout) -> Frames:
    """Return a table of this one frame; DecodeError names the rule it breaks."""
    return alone("USLP", decode_many(np.frombuffer(frame, np.uint8)[np.newaxis], layout))


def _counts(
    arena: NDArray[np.uint8], at: NDArray[np.int64], octets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the virtual channel frame counts, of 0 (then -1) to 7 octets. §4.1.2.12."""
    count = np.where(octets == 0, np.int64(-1), np.int64(0))
    for place in range(7):
        more = place < octets
        count[more] = count[more] << 8 | arena[at[more] + place]
    return count


def _data_fields(
    arena: NDArray[np.uint8],
    field: NDArray[np.int64],
    end: NDArray[np.int64],
    vcid: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Return offset, length and first header pointer of the data zones.

    Args:
        field, end: where each data field, header included, begins and ends.

    Source: 732.1-B-2 §4.1.4.2.
    """
    header = number_at(arena, field, 1)
    rule, protocol = header >> 5, header & 0x1F
    word = number_at(arena, field + 1, 2)
    data = field + np.where(rule <= REST_OF_UNIT, 3, 1)
    length = end - data
    unit = (rule == START_OF_UNIT) | (rule == REST_OF_UNIT)
    length = np.where(unit & (word != POINTER_NONE), np.minimum(length, word + 1), length)
    pointer = np.full(len(field), NO_PACKETS, np.int32)
    spans = rule == SPANNING
    pointer[spans] = np.where(word[spans] == POINTER_NONE, NO_START, word[spans])
    pointer[(rule == FIRST_SEGMENT) | (rule == UNSEGMENTED)] = 0
    pointer[(rule == NEXT_SEGMENT) | (rule == LAST_SEGMENT)] = NO_START
    pointer[protocol != PACKETS] = NO_PACKETS
    pointer[(protocol == IDLE) | (vcid == IDLE_VCID)] = ONLY_IDLE
    return data, length, pointer


def _crc_ok(
    arena: NDArray[np.uint8],
    start: NDArray[np.int64],
    total: NDArray[np.int64],
    layout: Layout,
) -> NDArray[np.bool_]:
    """Source: 732.1-B-2 §4.1.6, the syndrome of a good frame is zero, for both codes."""
    if layout.fecf == 0:
        return np.ones(len(start), np.bool_)
    if layout.fecf == crc.CRC16_OCTETS:
        return np.asarray(crc.crc16_spans(arena, start, total) == 0)
    spans = zip(start.tolist(), (start + total).tolist(), strict=True)
    good = (crc.crc32_octets(arena[at:end].tobytes()) == 0 for at, end in spans)
    return np.fromiter(good, np.bool_, len(start))


def encode(
    data: bytes,
    layout: Layout,
    *,
    scid: int,
    vcid: int,
    map_id: int = 0,
    count: int = 0,
    count_octets: int = 0,
    first_header_pointer: int = 0,
    rule: int = SPANNING,
    protocol: int = PACKETS,
    ocf: int | None = None,
    insert: bytes = b"",
    destination: bool = False,
    bypass: bool = True,
    truncated: bool = False,
) -> bytes:
    """Return one frame around a data zone; the trailer is left to the sender.

    Args:
        count, count_octets: virtual channel frame count, taken modulo its size of 0 to 7 octets.
        first_header_pointer: offset or NO_START; for rules 1 and 2, the last valid octet.
        rule, protocol: of the data field's header.
        destination: whether `scid` is that of the receiver.
        truncated: leave out the rest of the primary header, counter, insert zone, OCF and FECF.

    Raises:
        EncodeError: a field does not fit, or the frame would not have the layout's length.

    Source: 732.1-B-2 §4.1.
    """
    widths = (("scid", scid, 16), ("vcid", vcid, 6), ("map_id", map_id, 4), ("rule", rule, 3))
    for name, value, bits in (
        *widths,
        ("protocol", protocol, 5),
        ("count_octets", count_octets, 3),
    ):
        if not 0 <= value < 1 << bits:
            raise EncodeError(f"{name} {value} does not fit {bits} bits")
    identity = VERSION << 28 | scid << 12 | destination << 11 | vcid << 5 | map_id << 1 | truncated
    frame = bytes([rule << 5 | protocol])
    if rule <= REST_OF_UNIT:
        pointer = POINTER_NONE if first_header_pointer == NO_START else first_header_pointer
        frame += pointer.to_bytes(2, "big")
    frame += data
    if not truncated:
        flags = EXPEDITED * bypass | (ocf is not None) << 3 | count_octets
        counter = (count % (1 << 8 * count_octets)).to_bytes(count_octets, "big")
        frame = counter + (insert or bytes(layout.insert_zone)) + frame
        frame += b"" if ocf is None else ocf.to_bytes(OCF, "big")
        total = HEADER + len(frame) + layout.fecf
        frame = (total - 1).to_bytes(2, "big") + bytes([flags]) + frame
    frame = identity.to_bytes(TRUNCATED_HEADER, "big") + frame
    frame += b"" if truncated else _fecf(frame, layout)
    _check_length(len(frame), layout, truncated)
    return frame


def _fecf(frame: bytes, layout: Layout) -> bytes:
    if layout.fecf == crc.CRC16_OCTETS:
        return crc.crc16_octets(frame).to_bytes(2, "big")
    return crc.crc32_octets(frame).to_bytes(4, "big") if layout.fecf else b""


def _check_length(octets: int, layout: Layout, truncated: bool) -> None:
    wanted = layout.truncated if truncated else layout.length
    if octets > LARGEST or (wanted is not None and octets != wanted):
        raise EncodeError(f"frame of {octets} octets; {wanted or LARGEST} were wanted")
