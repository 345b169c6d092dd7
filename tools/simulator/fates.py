"""Which packets arrive: each waits here until all its frames have arrived, or never will."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.simulator.packets import Order, Sent

NEVER = -1  # of a packet that no frame, or not every frame, was made of


@dataclass(slots=True)
class _Batch:
    """Packets of one stretch, in order of time, and the frames they lie in as far as known."""

    sent: Sequence[Sent]
    order: Order
    spans: NDArray[np.int64]  # ordinals of the first and last frame
    known: int = 0

    def ended(self, decided: Mapping[int, int]) -> bool:
        """Return whether all frames of all its packets are decided."""
        if self.known < len(self.spans):
            return False
        ends = np.array([decided[vcid] for vcid in sorted(decided)])
        return bool((self.spans[:, 1] < ends[self._channel(decided)]).all())

    def _channel(self, decided: Mapping[int, int]) -> NDArray[np.intp]:
        return np.searchsorted(sorted(decided), self.order.vcid)


@dataclass(frozen=True, slots=True)
class Decided:
    """Packets whose fate is known, type by type, and for each type which arrive."""

    sent: Sequence[Sent]
    arrived: list[NDArray[np.bool_]]


class Fates:
    """Packets on their way. `holds` tells whether a station has all of a channel's frames."""

    def __init__(self, holds: Callable[[int, int, int], bool]) -> None:
        self._holds = holds
        self._batches: deque[_Batch] = deque()

    def add(self, sent: Sequence[Sent], order: Order) -> None:
        """Take the packets of the next stretch."""
        unknown = np.full((len(order.rows), 2), NEVER, np.int64)
        self._batches.append(_Batch(sent, order, unknown))

    def place(self, spans: NDArray[np.int64]) -> None:
        """Take in which frames the next packets lie."""
        for batch in self._batches:
            part = spans[: len(batch.spans) - batch.known]
            batch.spans[batch.known : batch.known + len(part)] = part
            batch.known += len(part)
            spans = spans[len(part) :]

    def boot(self, frames: Mapping[int, int]) -> None:
        """Give up packets that are in no frame yet, or not with their end.

        Args:
            frames: how many frames of each channel were made.
        """
        for batch in self._batches:
            batch.known = len(batch.spans)
            for vcid, made in frames.items():
                batch.spans[(batch.order.vcid == vcid) & (batch.spans[:, 1] >= made)] = NEVER

    def settle(self, decided: Mapping[int, int]) -> list[Decided]:
        """Return the packets of the stretches whose frames are all decided.

        Args:
            decided: of each channel, how many frames have arrived or never will.
        """
        found = []
        while self._batches and self._batches[0].ended(decided):
            found.append(self._decide(self._batches.popleft(), None))
        return found

    def finish(self, end_ns: int) -> list[Decided]:
        """Return all other packets that were ready before `end_ns`; no frame comes any more."""
        found = [self._decide(batch, end_ns) for batch in self._batches]
        self._batches.clear()
        return found

    def oldest(self, vcid: int) -> int | None:
        """Return the first frame that a packet on its way may lie in; None where there is none."""
        firsts = [
            batch.spans[(batch.order.vcid == vcid) & (batch.spans[:, 0] != NEVER), 0]
            for batch in self._batches
        ]
        every = np.concatenate([np.empty(0, np.int64), *firsts])
        return int(every.min()) if len(every) else None

    def _decide(self, batch: _Batch, end_ns: int | None) -> Decided:
        spans = zip(batch.order.vcid.tolist(), *batch.spans.T.tolist(), strict=True)
        came = [first != NEVER and self._holds(vcid, first, last) for vcid, first, last in spans]
        arrived = batch.order.by_type(np.array(came, np.bool_), batch.sent)
        if end_ns is None:
            return Decided(batch.sent, arrived)
        kept = [each.ready_ns < end_ns for each in batch.sent]
        sent = [each.take(rows) for each, rows in zip(batch.sent, kept, strict=True)]
        return Decided(sent, [each[rows] for each, rows in zip(arrived, kept, strict=True)])
