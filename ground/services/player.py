"""The machine that plays tracks: at a pace, paused, step by step, from anywhere, round and round.

It owns no clock: `now` is monotonic ns. Data time runs from where it was told to begin, `rate`
times as fast as `now`; rate 0 is as fast as whoever drives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ground.messages import Answered, ControlReplay, ReplayMoved
from ground.services.tracks import Piece, Track

SLOWEST, FASTEST = 0.01, 1e6
_FOREVER = (1 << 63) - 1


class Player:
    """Plays tracks over [start_ns, end_ns) of reception, TAI.

    Attributes:
        rounds: rises where what is played does not follow what was: state must be forgotten.
    """

    def __init__(
        self,
        tracks: Sequence[Track],
        start_ns: int,
        end_ns: int,
        *,
        rate: float = 1.0,
        paused: bool = False,
        loop: bool = False,
        now: int = 0,
    ) -> None:
        self.rounds = 0
        self._tracks = tuple(tracks)
        self._start_ns, self._end_ns = start_ns, end_ns
        self._rate, self._paused, self._loop = rate, paused, loop
        self._packets = 0
        self._go(start_ns, now)

    def _go(self, t_ns: int, now: int) -> None:
        """Let data time be `t_ns` now."""
        for track in self._tracks:
            track.seek(t_ns)
        self._anchor(t_ns, now)

    def _anchor(self, t_ns: int, now: int) -> None:
        self._t_ns, self._anchor_ns, self._anchor_now = t_ns, t_ns, now

    def due(self, now: int) -> Piece | None:
        """Return the next piece whose time has come, if there is one; ask again until None."""
        if self._paused:
            return None
        return self._next(self._data_time(now), now)

    def _next(self, until_ns: int, now: int) -> Piece | None:
        heads = sorted(
            (at, place)
            for place, track in enumerate(self._tracks)
            if (at := track.next_ns()) is not None and at < self._end_ns
        )
        if not heads:
            self._ended(now)
            return None
        at, place = heads[0]
        if at > until_ns:
            return None
        other = heads[1][0] + 1 if len(heads) > 1 else _FOREVER
        piece = self._tracks[place].take(min(until_ns + 1, other, self._end_ns))
        if piece is not None:
            self._t_ns = max(self._t_ns, piece.last_ns)
        return piece

    def _ended(self, now: int) -> None:
        if self._loop and self._t_ns > self._start_ns:
            self.rounds += 1
            self._go(self._start_ns, now)

    def _data_time(self, now: int) -> int:
        if self._rate == 0:
            return _FOREVER - 1
        return self._anchor_ns + round((now - self._anchor_now) * self._rate)

    def deadline(self, now: int) -> int | None:
        """Return when the next piece is due; None where nothing will be by itself."""
        heads = self._heads()
        if self._paused or not heads:
            return None
        wait_ns = max(0, min(heads) - self._data_time(now))
        return now + (round(wait_ns / self._rate) if self._rate else 0)

    @property
    def finished(self) -> bool:
        """Whether all was played."""
        heads = [track.next_ns() for track in self._tracks]
        return not self._loop and all(at is None or at >= self._end_ns for at in heads)

    def count(self, packets: int) -> None:
        """Note packets that were played."""
        self._packets += packets

    def act(self, request: ControlReplay, now: int) -> tuple[Answered, Piece | None]:
        """Do as told; a step gives the next piece."""
        if request.act == "step":
            self._paused = True
            following = self._heads()
            return Answered(True), self._next(min(following, default=_FOREVER - 1), now)
        if request.act == "seek":
            if not self._start_ns <= request.t_ns <= self._end_ns:
                return Answered(False, "that time is not in this replay"), None
            self.rounds += 1
            self._go(request.t_ns, now)
        elif request.act == "rate":
            if request.value != 0 and not SLOWEST <= request.value <= FASTEST:
                return Answered(False, f"expected a rate of {SLOWEST} to {FASTEST:g}, or 0"), None
            self._anchor(self._here(now), now)
            self._rate = request.value
        elif request.act == "loop":
            self._loop = bool(request.value)
        elif request.act in ("pause", "resume"):
            self._anchor(self._here(now), now)
            self._paused = request.act == "pause"
        return Answered(True), None

    def _here(self, now: int) -> int:
        """Return the data time now: between two pieces it runs on, but not past the next."""
        if self._paused or self._rate == 0:
            return self._t_ns
        return max(self._t_ns, min([self._data_time(now), *self._heads()]))

    def _heads(self) -> list[int]:
        """Return when the next piece of each track was received."""
        return [at for track in self._tracks if (at := track.next_ns()) is not None]

    def moved(self, now: int) -> ReplayMoved:
        """Return where the replay is."""
        return ReplayMoved(
            min(self._here(now), self._end_ns),
            self._start_ns,
            self._end_ns,
            self._rate,
            self._paused,
            self._loop,
            self.finished,
            self._packets,
        )
