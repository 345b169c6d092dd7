"""What a station makes of the frames, by its published rules: a small model, written apart.

Of each virtual channel: a frame that is the one before it over again is a duplicate; one whose
count lies 1 to 64 behind the last one in its place is late, until a third such in a row follows on
the second; every other takes its place, and where counts leave out some, or go back, the run of
octets is broken. A packet arrives if all its frames take their places in one unbroken run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tools.simulator.medium import Transmissions

IDLE_VCID = 63
MODULUS = 1 << 24
LATE, THIRD = 64, 3


class Fate(IntEnum):
    """What became of one transmission of a frame."""

    USED = 0
    IDLE = 1  # or of another spacecraft
    DUPLICATE = 2
    LATE = 3
    RUINED = 4
    LOST = 5
    OUTAGE = 6


@dataclass(slots=True)
class _Channel:
    """What the station knows of one virtual channel."""

    last: int | None = None  # count of the last frame in its place
    late: list[int] = field(default_factory=list)  # counts in a row
    before: tuple[int, bytes] | None = None  # the frame before, in its place or not
    run: int = 0
    runs: dict[int, int] = field(default_factory=dict)  # in which run a frame took its place


class Station:
    """The model of a station that receives one stream.

    Attributes:
        gaps, missing, restarts: how often counts left out some, how many, and how often they
            began anew.
    """

    def __init__(self) -> None:
        self._channels: dict[int, _Channel] = {}
        self.gaps = self.missing = self.restarts = 0

    def receive(self, given: Transmissions) -> NDArray[np.uint8]:
        """Return the fate of each transmission, a `Fate`."""
        fates = np.zeros(len(given), np.uint8)
        fates[given.ruined] = Fate.RUINED
        fates[given.lost] = Fate.LOST
        fates[given.outage] = Fate.OUTAGE
        for row in np.flatnonzero(fates == 0).tolist():
            vcid, ordinal = int(given.vcid[row]), int(given.ordinal[row])
            fates[row] = self._frame(vcid, int(given.count[row]), ordinal, given.frame[row])
        return fates

    def _frame(self, vcid: int, count: int, ordinal: int, frame: NDArray[np.uint8]) -> Fate:
        channel = self._channels.setdefault(vcid, _Channel())
        octets = frame.tobytes()
        repeated, channel.before = channel.before == (count, octets), (count, octets)
        if repeated:
            return Fate.DUPLICATE
        if self._is_late(channel, count):
            return Fate.LATE
        if vcid >= IDLE_VCID:
            return Fate.IDLE
        channel.runs[ordinal] = channel.run
        return Fate.USED

    def _is_late(self, channel: _Channel, count: int) -> bool:
        """Return whether a frame is late; else it takes its place."""
        if channel.last is not None:
            behind = (channel.last - count) % MODULUS
            if 1 <= behind <= LATE or (behind == 0 and channel.late):
                follows = channel.late and count == (channel.late[-1] + 1) % MODULUS
                channel.late = [*channel.late, count] if follows else [count]
                if len(channel.late) < THIRD:
                    return True
            self._step((count - channel.last - 1) % MODULUS, channel)
        channel.last, channel.late = count, []
        return False

    def _step(self, missing: int, channel: _Channel) -> None:
        if missing:
            channel.run += 1
            self.gaps += 1
        if missing >= MODULUS // 2:
            self.restarts += 1
        else:
            self.missing += missing

    def holds(self, vcid: int, first: int, last: int) -> bool:
        """Return whether all frames from one ordinal to another are there in one run."""
        channel = self._channels.get(vcid)
        runs = channel.runs if channel else {}
        run = runs.get(first)
        return run is not None and all(runs.get(each) == run for each in range(first, last + 1))

    def forget(self, vcid: int, before: int) -> None:
        """Forget the frames of a channel before an ordinal."""
        channel = self._channels.get(vcid)
        if channel:
            for ordinal in [each for each in channel.runs if each < before]:
                del channel.runs[ordinal]
