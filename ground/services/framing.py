"""How a link's octets are cut into frames: whole ones end to end, or CADUs in a coded stream.

Each way gives a `Cut`, the frames and where each began in the input, and notes what it dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.services.received import Rejected
from ground.services.tally import Tally
from ground.settings import Link, ReedSolomon
from protocols import aos, tm, uslp
from protocols.cadu import REJECT_CLAUSE, REJECT_REASON, Cadu, Received
from protocols.frame import ARENA_PADDING, Frames, Reject
from protocols.reed_solomon import Code

Octets = NDArray[np.uint8]
Int64 = NDArray[np.int64]

_RECENT = 1 << 20  # octets; more than the synchroniser holds back
LENGTHS = "732.1-B-2 §4.1.2.7, frames of the length they say"


@dataclass(frozen=True, slots=True)
class Cut:
    """Frames of a stream, in order. N rows.

    Attributes:
        arena: uint8, their octets.
        start, length: int64 [N], the place of each in the arena.
        offsets: int64 [N], where each began in the input.
        corrected: int64 [N], symbols that the Reed-Solomon code mended; -1 without such a code.
    """

    arena: Octets
    start: Int64
    length: Int64
    offsets: Int64
    corrected: Int64

    def __len__(self) -> int:
        return len(self.start)

    def octets(self, row: int) -> bytes:
        """Return the octets of one frame."""
        start = int(self.start[row])
        return self.arena[start : start + int(self.length[row])].tobytes()

    def rows(self, length: int) -> Octets:
        """Return frames of one length, end to end in the arena, as uint8 [N, length]."""
        return self.arena[: len(self) * length].reshape(len(self), length)

    @classmethod
    def of(cls, frames: Octets, offsets: Int64, corrected: Int64) -> Cut:
        """Return frames uint8 [N, L] as a cut."""
        number, length = frames.shape
        start = np.arange(number, dtype=np.int64) * length
        lengths = np.full(number, length, np.int64)
        return cls(frames.reshape(-1), start, lengths, offsets, corrected)


class Framing(Protocol):
    """Octets of a stream in, frames out; `waiting` ones are of a frame, -1 is not known."""

    @property
    def waiting(self) -> int: ...

    def receive(self, octets: Octets, final: bool, rejected: list[Rejected]) -> Cut:
        """Return the frames that are complete; add to what was rejected."""
        ...


def framing(link: Link, tally: Tally) -> Framing:
    """Return how a link's octets are cut into frames."""
    if link.length is None:
        return VariableFrames(link, tally)
    return FixedFrames(link, link.length + link.trailer, tally)


def unit(link: Link) -> int | None:
    """Return the octets from one frame of a link to the next; None where each says its own."""
    if link.length is None:
        return None
    coded = link.length + link.trailer if link.rs is None else _code(link.rs).codeblock_octets
    return len(link.asm or "") // 2 + coded


def _code(rs: ReedSolomon) -> Code:
    return Code(rs.k, rs.interleave, rs.basis, rs.fill)


def decoder(link: Link) -> Callable[[Cut, int], tuple[Frames, list[Reject]]]:
    """Return the decoder of a link's frames, by their managed parameters."""
    keep, length = link.bad_crc == "keep", link.length or 0
    if link.frame == "tm":
        of_tm = tm.Layout(length, fecf=link.fecf, trailer=link.trailer)
        return lambda cut, first: tm.decode_many(cut.rows(of_tm.octets), of_tm, keep, first)
    if link.frame == "aos":
        of_aos = aos.Layout(
            length,
            fecf=link.fecf,
            ocf=link.ocf,
            header_error_control=link.fhec,
            insert_zone=link.insert_zone,
            trailer=link.trailer,
            service=aos.Service(link.service),
            services={vcid: aos.Service(each) for vcid, each in link.services.items()},
        )
        return lambda cut, first: aos.decode_many(cut.rows(of_aos.octets), of_aos, keep, first)
    of_uslp = uslp.Layout(
        link.length,
        fecf=link.fecf_octets if link.fecf else 0,
        insert_zone=link.insert_zone,
        truncated=link.truncated,
        trailer=link.trailer,
    )
    octets = of_uslp.octets
    if octets is not None:
        return lambda cut, first: uslp.decode_many(cut.rows(octets), of_uslp, keep, first)
    return lambda cut, first: uslp.decode_spans(
        cut.arena, cut.start, cut.length, of_uslp, keep, first
    )


class FixedFrames:
    """Frames of one length, whole or in CADUs; octets that belong to none are kept as rejects."""

    def __init__(self, link: Link, length: int, tally: Tally) -> None:
        code = None if link.rs is None else _code(link.rs)
        asm = None if link.asm is None else bytes.fromhex(link.asm)
        self._cadus = Cadu(length, asm, link.randomiser, code)
        self._cadu = len(asm or b"") + (length if code is None else code.codeblock_octets)
        self._tally = tally
        self._coded = code is not None
        self._counts = tally.stage("cadus") if asm or code else None
        self._rule = (
            "131.0-B-5 §9, a sync marker before each frame" if asm else f"frames of {length} octets"
        )
        self._recent: deque[Octets] = deque()
        self._at = 0  # offset of `_recent` in the input
        self._kept = 0  # octets before this one are in frames or rejects

    @property
    def waiting(self) -> int:
        """Unknown: the synchroniser keeps them."""
        return -1

    def receive(self, octets: Octets, final: bool, rejected: list[Rejected]) -> Cut:
        """Return the frames that are complete; add to what was rejected."""
        self._remember(octets, rejected)
        runs = [self._cadus.receive(octets), *([self._cadus.finish()] if final else [])]
        for run in runs:
            self._note(run, rejected)
        frames, offsets, corrected = runs[0][:3]
        if len(runs) > 1:
            frames = np.concatenate([run.frames for run in runs])
            offsets = np.concatenate([run.offsets for run in runs])
            corrected = np.concatenate([run.corrected for run in runs])
        return Cut.of(frames, offsets // 8, corrected if self._coded else corrected - 1)

    def _remember(self, octets: Octets, rejected: list[Rejected]) -> None:
        """Hold the last octets, to cut out of them what will be rejected.

        What falls out unframed is more than the synchroniser holds back: no frame will claim it.
        """
        self._recent.append(octets)
        held = sum(map(len, self._recent))
        while held - len(self._recent[0]) > _RECENT:
            gone = self._recent.popleft()
            held, self._at = held - len(gone), self._at + len(gone)
            if self._kept < self._at:
                self._reject(gone[self._kept - self._at :], rejected)

    def _reject(self, octets: Octets, rejected: list[Rejected]) -> None:
        rejected.append(Rejected("stream", "no frame", self._rule, octets.tobytes(), self._kept))
        self._kept += len(octets)

    def _note(self, run: Received, rejected: list[Rejected]) -> None:
        for body, offset in zip(run.rejects, (run.reject_offsets // 8).tolist(), strict=True):
            rejected.append(Rejected("cadu", REJECT_REASON, REJECT_CLAUSE, body.tobytes(), offset))
        for start, stop in run.lost.tolist():
            self._kept = max(self._kept, start // 8)
            recent = np.concatenate(self._recent)
            lost = recent[self._kept - self._at : -(-stop // 8) - self._at]
            if len(lost):
                self._reject(lost, rejected)
        for offsets in (run.offsets, run.reject_offsets):
            if len(offsets):
                self._kept = max(self._kept, int(offsets[-1]) // 8 + self._cadu)
        self._count(run)

    def _count(self, run: Received) -> None:
        if self._counts is not None:
            self._counts.given += run.given
            self._counts.out += len(run.frames)
            self._counts.drop(REJECT_REASON, len(run.rejects))
        self._tally.corrected += int(run.corrected.sum())
        for start, stop in run.lost.tolist():
            self._tally.more(self._tally.lost, "bits", stop - start)


class VariableFrames:
    """USLP frames of any lengths, end to end: each says its own.

    Without a sync marker a length that cannot be is the end: what follows is kept as a reject.

    Source: 732.1-B-2 §4.1.2.7, frame length field = octets of the frame − 1.
    """

    def __init__(self, link: Link, tally: Tally) -> None:
        if link.asm is not None or link.rs is not None or link.randomiser != "none":
            raise InputError(f"link {link.name}: no length; expected one, as the frames are coded")
        self._trailer, self._truncated = link.trailer, link.truncated
        self._tally = tally
        self._left = np.empty(0, np.uint8)
        self._at = 0
        self._lost = False

    @property
    def waiting(self) -> int:
        """Octets of a frame that is not complete; unknown behind a length that cannot be."""
        return -1 if self._lost else len(self._left)

    def receive(self, octets: Octets, final: bool, rejected: list[Rejected]) -> Cut:
        """Return the frames that are complete; add to what was rejected."""
        whole = np.concatenate([self._left, octets, np.zeros(ARENA_PADDING, np.uint8)])
        size, edges = len(whole) - ARENA_PADDING, [0]
        while not self._lost and size - edges[-1] >= uslp.HEADER:
            length = self._length(whole, edges[-1])
            self._lost = length <= uslp.TRUNCATED_HEADER
            if self._lost or edges[-1] + length + self._trailer > size:
                break
            edges.append(edges[-1] + length + self._trailer)
        places = np.array(edges, np.int64)
        none = np.full(len(places) - 1, -1, np.int64)
        cut = Cut(whole, places[:-1], np.diff(places), places[:-1] + self._at, none)
        self._left, self._at = whole[edges[-1] : size].copy(), self._at + edges[-1]
        if len(self._left) and (final or self._lost):
            left, self._left = self._left.tobytes(), self._left[:0]
            rejected.append(Rejected("stream", "no frame", LENGTHS, left, self._at))
            self._at += len(left)
            self._tally.more(self._tally.lost, "bits", 8 * len(left))
        self._lost = self._lost and not final
        return cut

    def _length(self, octets: Octets, at: int) -> int:
        """Return the length that a frame says; a truncated one (732.1-B-2 annex D) has the link's.

        Source: 732.1-B-2 §4.1.2.6 (end of frame primary header flag), unverified.
        """
        if octets[at + 3] & 1:
            return self._truncated
        return (int(octets[at + 4]) << 8 | int(octets[at + 5])) + 1
