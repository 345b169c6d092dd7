"""Channel access data units: a stream of octets in, transfer frames out.

How it works: the synchroniser finds each CADU, the randomiser's sequence (which starts anew behind
every marker) is taken away, the Reed-Solomon code mends the codeblock. Each of the three may be
absent. A CADU is given to the caller either as a frame or as a reject with its octets.

Source: 131.0-B-5 §4 (Reed-Solomon), §9 (sync markers), §10 (randomisers).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError
from protocols.randomiser import Kind, randomise
from protocols.reed_solomon import Code
from protocols.sync import Synced, Synchroniser

Octets = NDArray[np.uint8]
Int64 = NDArray[np.int64]

REJECT_REASON = "reed_solomon"
REJECT_CLAUSE = "131.0-B-5 §4.3"


class Received(NamedTuple):
    """What came out of a piece of stream: given = len(frames) + len(rejects).

    Attributes:
        frames: uint8 [N, L], derandomised and corrected.
        offsets: int64 [N], the bit of the stream at which each CADU, with its marker, starts.
        corrected: int64 [N], symbols mended by the Reed-Solomon code.
        rejects: uint8 [M, B], what came behind the marker (still randomised, in true polarity)
            where the Reed-Solomon code could not mend it: REJECT_REASON, REJECT_CLAUSE.
        reject_offsets: int64 [M], as `offsets`.
        lost: int64 [K, 2], spans of bits (from, to) that belong to no CADU.
    """

    frames: Octets
    offsets: Int64
    corrected: Int64
    rejects: Octets
    reject_offsets: Int64
    lost: Int64

    @property
    def given(self) -> int:
        """CADUs that went in."""
        return len(self.frames) + len(self.rejects)


class Cadu:
    """Takes the coding off a stream; holds a few CADUs of it."""

    def __init__(
        self,
        length: int,
        asm: bytes | None = None,
        randomiser: Kind = "none",
        rs: Code | None = None,
        errors: int = 2,
        flywheel: int = 2,
    ) -> None:
        """Prepare for frames of `length` octets.

        Args:
            asm: the sync marker; None where frames (or codeblocks) follow each other without one.
            errors, flywheel: as of `Synchroniser`.

        Raises:
            EncodeError: a length that the code does not carry, a setting that makes no sense.
        """
        if rs is not None and rs.frame_octets != length:
            raise EncodeError(f"frame of {length} octets; the code carries {rs.frame_octets}")
        if randomiser not in ("none", "tm8", "tm17"):
            raise EncodeError(f"randomiser {randomiser!r}; expected none, tm8 or tm17")
        body = length if rs is None else rs.codeblock_octets
        self._source = Whole(body) if asm is None else Synchroniser(body, asm, errors, flywheel)
        self._randomiser = randomiser
        self._rs = rs

    @property
    def locked(self) -> bool:
        """Whether the place of the next CADU is known."""
        return self._source.locked

    def receive(self, octets: bytes | bytearray | memoryview | Octets) -> Received:
        """Take the next octets of the stream; return the frames that are now certain.

        Source: 131.0-B-5 §10: the sequence covers the codeblock, not the marker.
        """
        return self._decode(self._source.receive(octets))

    def finish(self) -> Received:
        """Return what is left when the stream ends; a new stream may follow."""
        return self._decode(self._source.finish())

    def _decode(self, synced: Synced) -> Received:
        bodies = randomise(synced.frames, self._randomiser)
        if self._rs is None:
            none = np.zeros(len(bodies), np.int64)
            return Received(
                bodies, synced.offsets, none, bodies[:0], synced.offsets[:0], synced.lost
            )
        decoded = self._rs.decode(bodies)
        good = decoded.bad == 0
        return Received(
            decoded.frames if good.all() else decoded.frames[good],
            synced.offsets[good],
            decoded.corrected[good],
            synced.frames[~good],
            synced.offsets[~good],
            synced.lost,
        )


class Whole:
    """Stands in for the synchroniser where frames follow each other without a marker."""

    locked = True

    def __init__(self, length: int) -> None:
        if length < 1:
            raise EncodeError(f"frame of {length} octets; expected one at least")
        self._length = length
        self._left = np.zeros(0, np.uint8)
        self._at = 0  # octet of the stream where `_left` starts

    def receive(self, octets: bytes | bytearray | memoryview | Octets) -> Synced:
        """Take the next octets of the stream; return the frames that are complete."""
        stream = np.frombuffer(octets, np.uint8)
        if len(self._left):
            stream = np.concatenate((self._left, stream))
        number = len(stream) // self._length
        used = number * self._length
        offsets = 8 * (self._at + self._length * np.arange(number))
        self._left, self._at = stream[used:].copy(), self._at + used
        return self._synced(stream[:used].reshape(number, self._length), offsets, [])

    def finish(self) -> Synced:
        """Return no frame, and as lost what is left of the stream."""
        end = self._at + len(self._left)
        lost = [[8 * self._at, 8 * end]] if end > self._at else []
        self._left, self._at = self._left[:0], end
        return self._synced(np.zeros((0, self._length), np.uint8), np.zeros(0, np.int64), lost)

    def _synced(self, frames: Octets, offsets: Int64, lost: list[list[int]]) -> Synced:
        none = np.zeros(len(frames), np.int64)
        return Synced(frames, offsets, none > 0, none, np.array(lost, np.int64).reshape(-1, 2))
