"""Send a stream in real time, faster, or as fast as it goes, on a schedule that does not drift."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tools.simulator.outlets import RETRY_S, Outlet, Stopped

SECOND_NS = 10**9
STEP_NS = 60 * SECOND_NS  # of the stream at once, where there is no schedule
LONGEST_S = 0.5  # of a sleep
TOLD_NS = SECOND_NS // 4  # between two reports of progress

Told = Callable[[int], None]
Sleep = Callable[[float], object]


class Source(Protocol):
    """What is sent: a `live.Stream` or a `loop.Loop`."""

    start_ns: int

    def frames(self, until_ns: int) -> list[tuple[int, bytes]]:
        """Return what is sent before a time and was not returned yet."""
        ...

    def next_ns(self) -> int:
        """Return the time before which nothing more is sent."""
        ...


@dataclass(slots=True)
class Sent:
    """What was sent so far.

    Attributes:
        frames, octets: handed to the socket whole.
        unsent: frames that nobody was there to take.
        behind_ns: how late the latest of them was.
    """

    frames: int = 0
    octets: int = 0
    unsent: int = 0
    behind_ns: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the stream's time runs: `rate` times as fast as real time, 0 for no schedule."""

    rate: float
    clock: Callable[[], int] = time.monotonic_ns
    sleep: Sleep = time.sleep


def send(
    source: Source,
    outlet: Outlet,
    pace: Pace,
    *,
    end_ns: int | None = None,
    stopped: Stopped = lambda: False,
    told: Told = lambda _: None,
) -> Sent:
    """Send until `end_ns` of the stream's time or until stopped; return what was sent.

    The schedule begins when there is somewhere to send to.

    Args:
        told: called now and then with the stream's time.
    """
    sent = Sent()
    while not outlet.ready() and not stopped():
        pace.sleep(RETRY_S)
    begun_ns = told_ns = pace.clock()
    until_ns = source.start_ns
    while not stopped() and (end_ns is None or until_ns < end_ns):
        now_ns = pace.clock()
        until_ns = _until(source, pace, until_ns, now_ns - begun_ns)
        until_ns = until_ns if end_ns is None else min(until_ns, end_ns)
        for at_ns, octets in source.frames(until_ns):
            if pace.rate:
                due_ns = begun_ns + int((at_ns - source.start_ns) / pace.rate)
                sent.behind_ns = max(sent.behind_ns, pace.clock() - due_ns)
            _put(outlet, octets, stopped, sent)
        if now_ns - told_ns >= TOLD_NS:
            told_ns = now_ns
            told(until_ns)
        if pace.rate:
            _rest(source, pace, begun_ns, end_ns)
    told(until_ns)
    return sent


def _until(source: Source, pace: Pace, until_ns: int, elapsed_ns: int) -> int:
    """Return up to when the stream should be sent by now."""
    if not pace.rate:
        return until_ns + STEP_NS
    return max(until_ns, source.start_ns + int(elapsed_ns * pace.rate) + 1)


def _put(outlet: Outlet, octets: bytes, stopped: Stopped, sent: Sent) -> None:
    if outlet.ready() and outlet.send(octets, stopped):
        sent.frames += 1
        sent.octets += len(octets)
    else:
        sent.unsent += 1


def _rest(source: Source, pace: Pace, begun_ns: int, end_ns: int | None) -> None:
    """Sleep until the next frame is due, or the end."""
    next_ns = source.next_ns() if end_ns is None else min(source.next_ns(), end_ns)
    due_ns = begun_ns + (next_ns - source.start_ns) / pace.rate
    left_s = (due_ns - pace.clock()) / SECOND_NS
    if left_s > 0:
        pace.sleep(min(left_s, LONGEST_S))
