"""What a link gives: packets, octets that became none, and frames that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from protocols.channel import Gap
from protocols.frame import Frames
from protocols.packet import Fragment, Packets


@dataclass(frozen=True, slots=True)
class Rejected:
    """Octets that did not become a packet: at which stage, why, and where they were.

    `offset` is that of the octets (or of their frame) in the input; scid and vcid are -1 where
    the octets do not tell.
    """

    stage: str
    reason: str
    clause: str
    octets: bytes
    offset: int
    scid: int = -1
    vcid: int = -1

    @classmethod
    def of(cls, fragment: Fragment) -> Rejected:
        """Return a fragment of a packet as what was rejected."""
        return cls(
            "packet",
            fragment.reason,
            fragment.clause,
            fragment.octets,
            fragment.source,
            fragment.scid,
            fragment.vcid,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames that their channels took, in order of reception. N rows.

    Attributes:
        scid, vcid, count: int64 [N]; a count of -1 is none.
        offset: int64 [N], of the frame in the input.
        good: bool [N], False for a frame with a bad CRC that the link was told to keep.
        corrected: int64 [N], symbols that the Reed-Solomon code mended; -1 without such a code.
        digest: int64 [N], of what tells a frame from all others: ids, count and data.
    """

    scid: NDArray[np.int64]
    vcid: NDArray[np.int64]
    count: NDArray[np.int64]
    offset: NDArray[np.int64]
    good: NDArray[np.bool_]
    corrected: NDArray[np.int64]
    digest: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offset)

    @classmethod
    def of(cls, frames: Frames, offset: NDArray[np.int64], corrected: NDArray[np.int64]) -> Heard:
        """Return frames with where they began in the input, and what was mended in each."""
        ids = (frames.scid, frames.vcid, frames.count, frames.map_id, frames.bypass)
        heads = np.stack([each.astype("<i8") for each in ids], axis=1)
        digests = [
            blake2b(heads[row].tobytes() + frames.data(row), digest_size=8).digest()
            for row in range(len(frames))
        ]
        digest = np.frombuffer(b"".join(digests), "<i8").astype(np.int64)
        scid, vcid, count = heads[:, 0], heads[:, 1], heads[:, 2]
        return cls(scid, vcid, count, offset, frames.crc_ok, corrected, digest)


@dataclass(frozen=True, slots=True)
class Controls:
    """The operational control fields of frames that their channels took, in order. N rows.

    Attributes:
        scid, vcid, count: int64 [N], of the frame.
        word: int64 [N], the field.
        offset: int64 [N], of the frame in the input.
    """

    scid: NDArray[np.int64]
    vcid: NDArray[np.int64]
    count: NDArray[np.int64]
    word: NDArray[np.int64]
    offset: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.word)

    @classmethod
    def of(cls, frames: Frames, offset: NDArray[np.int64]) -> Controls:
        """Return the fields of those frames that have one."""
        rows = frames.ocf >= 0
        columns = (frames.scid, frames.vcid, frames.count, frames.ocf, offset)
        return cls(*(np.asarray(each)[rows].astype(np.int64) for each in columns))


@dataclass(frozen=True, slots=True)
class Received:
    """What some octets gave. `Packets.source` and `Gap.frame` are octet offsets in the input.

    `heard` are the frames, where the link was asked to note them; `controls` their operational
    control fields, where the link's frames have them.
    """

    packets: Packets
    rejected: list[Rejected]
    gaps: list[Gap]
    heard: Heard | None = None
    controls: Controls | None = None
