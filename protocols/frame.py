"""The noun that TM, AOS and USLP share: transfer frames as columns over one arena of octets.

`tm`, `aos` and `uslp` each turn octets into `Frames` and `Rejects`; `channel` turns `Frames` into
packets without caring which of the three they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from protocols import crc
from protocols.errors import DecodeError

# First header pointer values that are no offset. A frame's data field, not its standard, decides.
NO_START = -1  # the data field continues a packet and no packet starts in it
ONLY_IDLE = -2  # the data field holds idle data only
NO_PACKETS = -3  # the data field is not packets: B_PDU, VCA, asynchronous data

ARENA_PADDING = 8  # octets after the last one, so that a kernel may load eight at any octet


@dataclass(frozen=True, slots=True)
class Frames:
    """Transfer frames of one link, in order of reception. N rows.

    Attributes:
        arena: uint8, all octets, padded by ARENA_PADDING.
        index: int64 [N], which of the frames given to the decoder this is.
        scid, vcid: spacecraft id and virtual channel; map_id is -1 where the frame has none.
        count: int64 [N], virtual channel frame count; -1 where the frame carries none.
        modulus: int64 [N], at which `count` wraps.
        data_offset, data_length: int64 [N], the data field that is left after every header and
            trailer, as a place in the arena.
        first_header_pointer: int32 [N], offset of the first packet in the data field, or
            NO_START, ONLY_IDLE or NO_PACKETS.
        ocf: int64 [N], the operational control field as an unsigned number; -1 without one.
        crc_ok: bool [N], False for a frame with a bad FECF that the link was told to keep.
        bypass: bool [N], a USLP expedited frame, whose virtual channel counts such frames apart.
    """

    arena: NDArray[np.uint8]
    index: NDArray[np.int64]
    scid: NDArray[np.uint16]
    vcid: NDArray[np.uint8]
    map_id: NDArray[np.int16]
    count: NDArray[np.int64]
    modulus: NDArray[np.int64]
    data_offset: NDArray[np.int64]
    data_length: NDArray[np.int64]
    first_header_pointer: NDArray[np.int32]
    ocf: NDArray[np.int64]
    crc_ok: NDArray[np.bool_]
    bypass: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Frames:
        """Return these rows only, over the same arena."""
        return Frames(self.arena, **{name: getattr(self, name)[rows] for name in COLUMNS})

    def data(self, row: int) -> bytes:
        """Return the octets of one data field."""
        start = int(self.data_offset[row])
        return self.arena[start : start + int(self.data_length[row])].tobytes()


COLUMNS = tuple(each.name for each in fields(Frames))[1:]


@dataclass(frozen=True, slots=True)
class Reject:
    """One input that broke a rule: which, why, which clause. Its octets stay with the caller.

    Attributes:
        index: which of the inputs given.
        reason: a short name that counts are kept by, as `crc`, `length`, `version`.
        clause: the rule, as `132.0-B-3 §4.1.6`.
    """

    index: int
    reason: str
    clause: str


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the frames that break it, bool [N]."""

    broken: NDArray[np.bool_]
    reason: str
    clause: str


def arena_of(frames: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return a padded arena that holds the rows of frames, uint8 [N, L], and where each starts."""
    number, length = frames.shape
    arena = np.empty(number * length + ARENA_PADDING, np.uint8)
    arena[: number * length].reshape(number, length)[:] = frames
    arena[number * length :] = 0
    return arena, np.arange(number, dtype=np.int64) * length


def number_at(arena: NDArray[np.uint8], at: NDArray[np.int64], octets: int) -> NDArray[np.int64]:
    """Return the unsigned big-endian numbers of some octets (at most 7) at places in an arena."""
    value = arena[at].astype(np.int64)
    for place in range(1, octets):
        value <<= 8
        value |= arena[at + place]
    return value


def fecf_ok(
    arena: NDArray[np.uint8], start: NDArray[np.int64], length: int, fecf: bool
) -> NDArray[np.bool_]:
    """Return which frames of one length end with their CRC-16; all do where there is none to hold.

    Source: 132.0-B-3 §4.1.6.3, 732.0-B-4 §4.1.6.3, the syndrome of a good frame is zero.
    """
    if not fecf:
        return np.ones(len(start), np.bool_)
    return np.asarray(crc.crc16_spans(arena, start, np.full(len(start), length)) == 0)


def sieve(frames: Frames, checks: Sequence[Check]) -> tuple[Frames, list[Reject]]:
    """Return the frames that break no rule, and each other one under the first rule it breaks."""
    bad = np.zeros(len(frames), np.bool_)
    rejects = []
    for check in checks:
        fresh = np.flatnonzero(check.broken & ~bad)
        rejects += [
            Reject(index, check.reason, check.clause) for index in frames.index[fresh].tolist()
        ]
        bad |= check.broken
    if not bad.any():
        return frames, rejects
    return frames.take(~bad), sorted(rejects, key=lambda reject: reject.index)


def alone(kind: str, decoded: tuple[Frames, list[Reject]]) -> Frames:
    """Return the table of the one frame that was decoded.

    Raises:
        DecodeError: it was rejected; names the rule it breaks.
    """
    frames, rejects = decoded
    for reject in rejects:
        raise DecodeError(f"{kind} frame: {reject.reason}", clause=reject.clause)
    return frames


def none() -> Frames:
    """Return a table without rows."""
    return Frames(
        arena=np.zeros(ARENA_PADDING, np.uint8),
        index=np.empty(0, np.int64),
        scid=np.empty(0, np.uint16),
        vcid=np.empty(0, np.uint8),
        map_id=np.empty(0, np.int16),
        count=np.empty(0, np.int64),
        modulus=np.empty(0, np.int64),
        data_offset=np.empty(0, np.int64),
        data_length=np.empty(0, np.int64),
        first_header_pointer=np.empty(0, np.int32),
        ocf=np.empty(0, np.int64),
        crc_ok=np.empty(0, np.bool_),
        bypass=np.empty(0, np.bool_),
    )


def refuse_all(number: int, reason: str, clause: str, first: int) -> tuple[Frames, list[Reject]]:
    """Return no frames, and all `number` given as rejects for one reason."""
    return none(), [Reject(first + row, reason, clause) for row in range(number)]
