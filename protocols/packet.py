"""Space packets: a table of them over one arena of octets, decode many, encode.

A `Packets` row says where a packet lies and what its primary header holds; the octets stay where
they are. Encapsulation packets share the table: `apid` is then ENCAPSULATED + protocol id, which
no space packet can have, and sequence fields are those of a packet alone.

Source: CCSDS 133.0-B-2 (space packets), 133.1-B-3 (encapsulation packets, see `encapsulation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.chain import ENCAPSULATION, SPACE_HEADER, edges, headers
from protocols.errors import DecodeError, EncodeError
from protocols.frame import ARENA_PADDING

IDLE_APID = 2047
ENCAPSULATED = 2048  # apid of an encapsulation packet: this + its protocol id
SMALLEST = SPACE_HEADER + 1
LARGEST = SPACE_HEADER + 65536

CONTINUATION, FIRST, LAST, ALONE = 0, 1, 2, 3  # sequence flags

# Facts that arise here, in the bits of `ground.columns.PacketFlag`, which this room cannot import.
SEGMENTED = 4
BAD_CRC = 32

T = TypeVar("T", bound=np.generic)
Octets = bytes | bytearray | memoryview | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets in order of completion. N rows.

    Attributes:
        arena: uint8, all octets, padded by ARENA_PADDING.
        offset, length: int64 [N], the place in the arena; length counts the header too.
        version, type, sequence_flags: uint8 [N]; secondary_header: bool [N]; apid, sequence:
            uint16 [N]: the primary header.
        scid, vcid: int32, int16 [N], the channel it came on; -1 where unknown.
        frame: int64 [N], `Frames.index` of the frame in which it started; -1 without frames.
        source: int64 [N], octet of the input at which it starts; -1 where it came in frames.
        flags: uint8 [N], SEGMENTED and BAD_CRC.
    """

    arena: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    version: NDArray[np.uint8]
    type: NDArray[np.uint8]
    secondary_header: NDArray[np.bool_]
    apid: NDArray[np.uint16]
    sequence_flags: NDArray[np.uint8]
    sequence: NDArray[np.uint16]
    scid: NDArray[np.int32]
    vcid: NDArray[np.int16]
    frame: NDArray[np.int64]
    source: NDArray[np.int64]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offset)

    def octets(self, row: int) -> bytes:
        """Return the octets of one packet, header included."""
        start = int(self.offset[row])
        return self.arena[start : start + int(self.length[row])].tobytes()

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Packets:
        """Return these rows only, over the same arena."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return Packets(self.arena, **columns)

    @property
    def encapsulation(self) -> NDArray[np.bool_]:
        """Which rows are encapsulation packets."""
        which: NDArray[np.bool_] = self.apid >= ENCAPSULATED
        return which

    @property
    def idle(self) -> NDArray[np.bool_]:
        """Which rows carry nothing. Source: 133.0-B-2 §4.1.3.3.4.4, 133.1-B-3 §4.1.2.3."""
        which: NDArray[np.bool_] = (self.apid == IDLE_APID) | (self.apid == ENCAPSULATED)
        return which


COLUMNS = tuple(each.name for each in fields(Packets))[1:]


@dataclass(frozen=True, slots=True)
class Fragment:
    """Octets that belong to no whole packet, and why.

    Attributes:
        reason: a short name that counts are kept by, as `truncated`, `gap`, `segment`.
        clause: the rule, as `133.0-B-2 §4.1.3.5.3`.
        octets: what there is.
        scid, vcid, frame, source: as in `Packets`, of the first of these octets.
        pieces: how many packets they were, where they are segments of one.
    """

    reason: str
    clause: str
    octets: bytes
    scid: int = -1
    vcid: int = -1
    frame: int = -1
    source: int = -1
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Scanned:
    """What `scan` found: go on with the octets from `consumed` on."""

    packets: Packets
    consumed: int
    rejects: list[Fragment]


def padded(octets: Octets) -> NDArray[np.uint8]:
    """Return an arena of our own that holds these octets and the padding after them."""
    given = octets if isinstance(octets, np.ndarray) else np.frombuffer(octets, np.uint8)
    arena = np.empty(len(given) + ARENA_PADDING, np.uint8)
    arena[: len(given)] = given
    arena[len(given) :] = 0
    return arena


def describe(
    arena: NDArray[np.uint8],
    offset: NDArray[np.int64],
    length: NDArray[np.int64],
    *,
    encapsulation: bool = False,
    scid: NDArray[np.int32] | int = -1,
    vcid: NDArray[np.int16] | int = -1,
    frame: NDArray[np.int64] | int = -1,
    source: NDArray[np.int64] | int = -1,
    flags: NDArray[np.uint8] | int = 0,
) -> Packets:
    """Return the table of the packets at these places, their headers read.

    Args:
        arena: uint8, padded by ARENA_PADDING.
        encapsulation: whether version 7 is an encapsulation packet.
        scid, vcid, frame, source, flags: a column [N], or one value for all rows.

    Source: 133.0-B-2 §4.1.3 (fields of the primary header).
    """
    version, type, secondary, apid, sequence_flags, sequence = headers(arena, offset)
    rows = len(offset)
    columns = Packets(
        arena=arena,
        offset=offset,
        length=length,
        version=version,
        type=type,
        secondary_header=secondary.view(np.bool_),
        apid=apid,
        sequence_flags=sequence_flags,
        sequence=sequence,
        scid=_column(scid, rows, np.int32),
        vcid=_column(vcid, rows, np.int16),
        frame=_column(frame, rows, np.int64),
        source=_column(source, rows, np.int64),
        flags=_column(flags, rows, np.uint8),
    )
    return _mark_encapsulation(columns) if encapsulation else columns


def _column(value: NDArray[Any] | int, rows: int, dtype: type[T]) -> NDArray[T]:
    if isinstance(value, np.ndarray):
        return value.astype(dtype, copy=False)
    return np.full(rows, value, dtype)


def _mark_encapsulation(packets: Packets) -> Packets:
    """Give version 7 rows the fields of an encapsulation packet: its protocol id is bits 3 to 5."""
    rows = packets.version == ENCAPSULATION
    if rows.any():
        protocol = packets.arena[packets.offset[rows]].astype(np.uint16) >> 2 & 7
        packets.apid[rows] = ENCAPSULATED + protocol
        packets.type[rows] = 0
        packets.secondary_header[rows] = False
        packets.sequence_flags[rows] = ALONE
        packets.sequence[rows] = 0
    return packets


def empty() -> Packets:
    """Return a table without rows."""
    none = np.empty(0, np.int64)
    return describe(padded(b""), none, none)


def concatenate(tables: Iterable[Packets]) -> Packets:
    """Return one table with the rows of all, in order, over one arena."""
    given = [table for table in tables if len(table)]
    if not given:
        return empty()
    if len(given) == 1:
        return given[0]
    shifts = np.cumsum([0, *(len(table.arena) for table in given[:-1])])
    columns = {name: np.concatenate([getattr(t, name) for t in given]) for name in COLUMNS}
    columns["offset"] += np.repeat(shifts, [len(table) for table in given])
    return Packets(np.concatenate([table.arena for table in given]), **columns)


def scan(
    octets: Octets,
    offset: int = 0,
    *,
    final: bool = True,
    versions: Sequence[int] | None = None,
    encapsulation: bool = False,
) -> Scanned:
    """Split back-to-back packets, as in a packet file, into a table.

    Args:
        octets: from a packet's first octet on.
        offset: octet of the input at which `octets` start, for `source`.
        final: False where more will follow: what is left after `consumed` is then no reject but
            the beginning of the next call's octets.
        versions: packet versions to let pass; None for any, since real files carry all.
        encapsulation: whether version 7 is an encapsulation packet; else a space packet too.

    Source: 133.0-B-2 §4.1.3.5.3 (length), §4.1.3.2 (version).
    """
    return scan_arena(
        padded(octets), offset, final=final, versions=versions, encapsulation=encapsulation
    )


def scan_arena(
    arena: NDArray[np.uint8],
    offset: int = 0,
    *,
    final: bool = True,
    versions: Sequence[int] | None = None,
    encapsulation: bool = False,
) -> Scanned:
    """Split packets as `scan` does, in place: for a caller that reads into an arena of its own.

    Args:
        arena: uint8, writable, the octets and ARENA_PADDING after them; the packets keep it.
    """
    size = len(arena) - ARENA_PADDING
    places = np.empty(size // (1 if encapsulation else SMALLEST) + 2, np.int64)
    found = edges(arena[:size], encapsulation, places)
    starts, consumed = places[:found].copy(), int(places[found])
    lengths = np.diff(places[: found + 1])
    source = starts + offset if offset else starts
    packets = describe(arena, starts, lengths, encapsulation=encapsulation, source=source)
    packets, rejects = _pass_versions(packets, versions)
    if final and consumed < size:
        left = arena[consumed:size].tobytes()
        rejects.append(
            Fragment("truncated", "133.0-B-2 §4.1.3.5.3", left, source=offset + consumed)
        )
    return Scanned(packets, consumed, rejects)


def _pass_versions(
    packets: Packets, versions: Sequence[int] | None
) -> tuple[Packets, list[Fragment]]:
    if versions is None:
        return packets, []
    good = np.isin(packets.version, versions)
    rejects = [
        Fragment("version", "133.0-B-2 §4.1.3.2", packets.octets(row), source=packets.source[row])
        for row in np.flatnonzero(~good).tolist()
    ]
    return packets.take(good), rejects


def decode_many(octets: Sequence[bytes]) -> tuple[Packets, list[Fragment]]:
    """Return the table of packets given one by one; one whose length is wrong is a reject.

    `source` is the position in `octets`. Source: 133.0-B-2 §4.1.3.5.3.
    """
    good, rejects = [], []
    for position, each in enumerate(octets):
        if len(each) >= SMALLEST and len(each) == (each[4] << 8 | each[5]) + SMALLEST:
            good.append(position)
        else:
            rejects.append(Fragment("length", "133.0-B-2 §4.1.3.5.3", each, source=position))
    scanned = scan(b"".join(octets[position] for position in good))
    return replace(scanned.packets, source=np.array(good, np.int64)), rejects


def decode(octets: bytes) -> Packets:
    """Return a table of this one packet; DecodeError where its length is wrong."""
    packets, rejects = decode_many([octets])
    if rejects:
        raise DecodeError(f"packet of {len(octets)} octets: length field", clause=rejects[0].clause)
    return packets


def encode(
    apid: int,
    sequence: int,
    data: bytes,
    *,
    type: int = 0,
    secondary_header: bool = False,
    sequence_flags: int = ALONE,
    version: int = 0,
) -> bytes:
    """Return one space packet; `data` is all after the primary header.

    Raises:
        EncodeError: a field does not fit, or the data field is empty or too long.

    Source: 133.0-B-2 §4.1.3, §4.1.4.1.
    """
    _fits("version", version, 3)
    _fits("type", type, 1)
    _fits("apid", apid, 11)
    _fits("sequence flags", sequence_flags, 2)
    _fits("sequence count", sequence, 14)
    if not 1 <= len(data) <= 65536:
        raise EncodeError(f"packet data field of {len(data)} octets; 1 to 65536 fit")
    first = version << 13 | type << 12 | secondary_header << 11 | apid
    second = sequence_flags << 14 | sequence
    return b"".join(each.to_bytes(2, "big") for each in (first, second, len(data) - 1)) + data


def encode_many(
    apid: Sequence[int], sequence: Sequence[int], data: Sequence[bytes], **fields: int
) -> list[bytes]:
    """Return one space packet for each row; `fields` as in `encode`, the same for all."""
    rows = zip(apid, sequence, data, strict=True)
    return [encode(*row, **fields) for row in rows]  # type: ignore[arg-type]


def _fits(name: str, value: int, bits: int) -> None:
    if not 0 <= value < 1 << bits:
        raise EncodeError(f"{name} {value} does not fit {bits} bits")
