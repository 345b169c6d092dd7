"""The noun that TM, AOS and USLP share: transfer frames as columns over one arena of octets.

`tm`, `aos` and `uslp` each turn octets into `Frames` and `Rejects`; `channel` turns `Frames` into
packets without caring which of the three they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def __len__(self) -> int:
        return len(self.index)


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
