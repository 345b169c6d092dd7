"""Frame synchronisation: find the attached sync marker in a stream of octets, cut the frames out.

How it works: positions are bits from the start of the stream, as a receiver may start or slip at
any bit. A CADU is a marker and what follows it, `length` octets.

- Search: the first place that looks like a marker, in either polarity and with at most `errors`
  wrong bits, and that another marker confirms, one to `flywheel` CADUs further on.
- Lock: each CADU whose marker is where it is expected goes out at once. Where a marker is missing,
  the next `flywheel` expected places decide. If one confirms the lock, the CADU goes out with its
  damaged marker. If none does, bits were lost or gained: search again, from just behind the marker
  of the last CADU, so that no CADU after the one that was hit is lost. (That one is already out;
  its Reed-Solomon code or its FECF shows what it is.)

So frames depend on the stream alone and not on how it was cut into chunks. At the end of a stream
a marker needs no confirmation where there is no room left for one.

Source: 131.0-B-5 §9 (attached sync markers); the strategy is the receiver's own choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError

Octets = NDArray[np.uint8]
Bits = NDArray[np.int64]

ASM = bytes.fromhex("1acffc1d")  # of uncoded, convolutional, Reed-Solomon and concatenated links
SEARCH_OCTETS = 1 << 14  # looked through at a time
RUN_FRAMES = 1 << 10  # cut out at a time
YES, NO, OPEN = 1, 0, -1  # whether a marker is confirmed


class Synced(NamedTuple):
    """What came out of a piece of stream.

    Attributes:
        frames: uint8 [N, L], the octets after each marker, in true polarity.
        offsets: int64 [N], the bit of the stream at which each marker starts.
        inverted: bool [N], which came in inverse polarity.
        marker_errors: int64 [N], wrong bits in each marker.
        lost: int64 [M, 2], spans of bits (from, to) that belong to no CADU.
    """

    frames: Octets
    offsets: Bits
    inverted: NDArray[np.bool_]
    marker_errors: Bits
    lost: Bits


@dataclass(frozen=True, slots=True)
class Marker:
    """A sync marker and the wrong bits that are allowed in it."""

    octets: bytes
    errors: int

    @property
    def bits(self) -> int:
        return 8 * len(self.octets)

    def distances(self, stream: Octets, places: Bits) -> Bits:
        """Return the bits that differ from the marker at these bits of `stream`, int64 [...]."""
        octets = _octets_at(stream, places, len(self.octets))
        wrong = np.bitwise_count(octets ^ np.frombuffer(self.octets, np.uint8))
        return np.asarray(wrong.sum(axis=-1, dtype=np.int64))

    def is_at(self, distances: Bits) -> NDArray[np.bool_]:
        """Return where a marker is, in either polarity."""
        return np.asarray(np.minimum(distances, self.bits - distances) <= self.errors)

    def candidates(self, stream: Octets, start: int, stop: int) -> Bits:
        """Return every bit of `stream` from `start` to before `stop` where a marker is."""
        first, size = start // 8, (stop + 7) // 8 - start // 8
        window = np.zeros(size + len(self.octets), np.uint8)
        given = stream[first : first + len(window)]
        window[: len(given)] = given
        found = []
        for phase in range(8):
            aligned = _shifted(window, phase)
            distances = np.zeros(size, np.uint8)
            for place, octet in enumerate(self.octets):
                distances += np.bitwise_count(aligned[place : place + size] ^ np.uint8(octet))
            found.append(np.flatnonzero(self.is_at(distances.astype(np.int64))) * 8 + phase)
        places = np.sort(np.concatenate(found)) + 8 * first
        return places[(places >= start) & (places < stop)]


class Synchroniser:
    """Cuts CADUs out of a stream; holds no more of it than `flywheel` + 2 CADUs and one chunk."""

    def __init__(self, length: int, asm: bytes = ASM, errors: int = 2, flywheel: int = 2) -> None:
        """Prepare to cut frames of `length` octets.

        Args:
            errors: wrong bits allowed in a marker.
            flywheel: damaged markers in a row that do not end the lock.

        Raises:
            EncodeError: an empty frame, a marker that is too short to tell, no flywheel.
        """
        if length < 1 or flywheel < 1 or not 0 <= 8 * errors < 8 * len(asm) <= 255:
            raise EncodeError("synchroniser; expected length and flywheel > 0, errors < octets")
        self._marker = Marker(asm, errors)
        self._length = length
        self._cadu = 8 * (len(asm) + length)  # bits
        self._flywheel = flywheel
        self._base = 0  # the octet of the stream that the buffer starts with
        self._buffer: Octets = np.zeros(0, np.uint8)
        self._restart()

    @property
    def locked(self) -> bool:
        """Whether the next marker is known to be expected at a place."""
        return self._locked

    def receive(self, octets: bytes | bytearray | memoryview | Octets) -> Synced:
        """Take the next octets of the stream; return the frames that are now certain."""
        self._buffer = np.concatenate((self._buffer, np.frombuffer(octets, np.uint8)))
        return self._advance(ended=False)

    def finish(self) -> Synced:
        """Return what is left when the stream ends; a new stream may follow."""
        synced = self._advance(ended=True)
        lost = [*synced.lost.tolist()]
        if self._covered < self._end:
            lost.append([self._covered + 8 * self._base, self._end + 8 * self._base])
        self._base += len(self._buffer)
        self._restart()
        return synced._replace(lost=np.array(lost, np.int64).reshape(-1, 2))

    def _restart(self) -> None:
        """Begin in search; every position is a bit of the buffer."""
        self._buffer = np.zeros(0, np.uint8)
        self._locked = False
        self._at = 0  # where a marker is expected, or where to search on
        self._behind = 0  # in lock: just behind the marker of the last CADU
        self._covered = 0  # end of the last CADU

    @property
    def _end(self) -> int:
        return 8 * len(self._buffer)

    def _advance(self, ended: bool) -> Synced:
        runs: list[Synced] = []
        more = True
        while more:
            more = self._track(runs, ended) if self._locked else self._search(ended)
        synced = self._join(runs)
        self._forget()
        return synced

    def _track(self, runs: list[Synced], ended: bool) -> bool:
        """In lock: take CADUs, or find the lock is lost; return whether there is more to do."""
        whole = min((self._end - self._at) // self._cadu, RUN_FRAMES)
        distances = self._expected(whole)
        missing = np.flatnonzero(~self._marker.is_at(distances))
        good = int(missing[0]) if len(missing) else whole
        if good:
            runs.append(self._take(distances[:good]))
            return True
        if self._at + self._marker.bits > self._end or self._marker.is_at(self._expected(1))[0]:
            return False
        verdict = self._confirmations(np.array([self._at]), ended=False)[0]
        if verdict == YES:
            runs.append(self._take(distances[:1]))
            return True
        self._locked = verdict == OPEN and not ended
        if not self._locked:
            self._at = self._behind
        return not self._locked

    def _search(self, ended: bool) -> bool:
        """Out of lock: find a confirmed marker; return whether there is more to do."""
        stop = min(self._end - self._marker.bits + 1, self._at + 8 * SEARCH_OCTETS)
        if stop <= self._at:
            return False
        places = self._marker.candidates(self._buffer, self._at, stop)
        verdicts = self._confirmations(places, ended)
        likely = np.flatnonzero(verdicts != NO)
        self._at = int(places[likely[0]]) if len(likely) else stop
        self._locked = bool(len(likely) and verdicts[likely[0]] == YES)
        return self._locked or not len(likely)

    def _confirmations(self, places: Bits, ended: bool) -> Bits:
        """Return for each place whether one of the next markers is there: YES, NO or OPEN."""
        expected = places[:, None] + self._cadu * np.arange(1, self._flywheel + 1)
        known = expected + self._marker.bits <= self._end
        distances = self._marker.distances(self._buffer, np.where(known, expected, 0))
        yes = (known & self._marker.is_at(distances)).any(axis=1)
        if ended:
            yes |= ~known[:, 0] & (expected[:, 0] <= self._end)
        undecided = NO if ended else OPEN
        return np.where(yes, YES, np.where(known.all(axis=1), NO, undecided))

    def _expected(self, number: int) -> Bits:
        places = self._at + self._cadu * np.arange(number)
        return self._marker.distances(self._buffer, places)

    def _take(self, distances: Bits) -> Synced:
        """Cut out CADUs from here on, one for each marker distance."""
        number, octets = len(distances), self._cadu // 8
        first, phase = divmod(self._at, 8)
        run = _shifted(self._buffer[first : first + number * octets + 1], phase)
        frames = run[: number * octets].reshape(number, octets)[:, octets - self._length :]
        inverted = 2 * distances > self._marker.bits
        offsets = self._at + self._cadu * np.arange(number) + 8 * self._base
        lost = np.array([[self._covered, self._at]])[: self._at > self._covered] + 8 * self._base
        self._at += number * self._cadu
        self._covered = self._at
        self._behind = self._at - self._cadu + self._marker.bits
        errors = np.where(inverted, self._marker.bits - distances, distances)
        frames = frames ^ (inverted * np.uint8(255))[:, None]
        return Synced(frames, offsets, inverted, errors, lost)

    def _join(self, runs: list[Synced]) -> Synced:
        if len(runs) == 1:
            return runs[0]
        none = np.zeros(0, np.int64)
        start = Synced(
            np.zeros((0, self._length), np.uint8), none, none > 0, none, none.reshape(0, 2)
        )
        return Synced(*(np.concatenate(parts) for parts in zip(start, *runs, strict=True)))

    def _forget(self) -> None:
        """Drop the octets of the buffer that no decision needs any more."""
        octets = min(self._behind if self._locked else self._at, self._end) // 8
        self._buffer = self._buffer[octets:].copy()
        self._base += octets
        self._at -= 8 * octets
        self._behind -= 8 * octets
        self._covered -= 8 * octets


def _shifted(octets: Octets, phase: int) -> Octets:
    """Return octets from bit `phase` on, as many; what lies behind the last one is zero."""
    if phase == 0:
        return octets
    shifted = octets << np.uint8(phase)
    shifted[:-1] |= octets[1:] >> np.uint8(8 - phase)
    return shifted


def _octets_at(stream: Octets, places: Bits, number: int) -> Octets:
    """Return the octets at these bits, uint8 [..., number]; all lie within the stream."""
    columns = (places >> 3)[..., None] + np.arange(number + 1)
    words = stream[np.minimum(columns, len(stream) - 1)].astype(np.uint16)
    pairs = (words[..., :-1] << 8 | words[..., 1:]) >> (8 - (places & 7)).astype(np.uint16)[
        ..., None
    ]
    return np.asarray(pairs.astype(np.uint8))
