"""The loop of a service: wait for sockets and timers, call who cares, and end when told to.

Handlers read all that has come before they return. What they raise ends the loop. SIGTERM and
SIGINT end it after the round they come in, so that a service can put its things in order.
"""

from __future__ import annotations

import heapq
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import zmq

Handler = Callable[[], object]
Source = Any  # a ZeroMQ socket, a file descriptor, or whatever has a `fileno`
SECOND_NS = 1_000_000_000
LONGEST_MS = 1_000  # of one wait, after which `stop` is asked again
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(order=True, slots=True)
class Timer:
    """A call to come; `cancel` it, and it does not."""

    due_ns: int
    number: int
    handler: Handler | None = field(compare=False)
    period_ns: int = field(compare=False)

    def cancel(self) -> None:
        """Let it not be called any more."""
        self.handler = None


class Pump:
    """Calls handlers when sockets can be read and when their time has come.

    Args:
        clock: monotonic, ns; a test gives its own and moves it between calls of `turn`.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._poller = zmq.Poller()
        self._handlers: dict[Source, Handler] = {}
        self._timers: list[Timer] = []
        self._numbers = itertools.count()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping

    def on(self, source: Source, handler: Handler) -> None:
        """Call a handler whenever a socket or file descriptor can be read."""
        self._poller.register(source, zmq.POLLIN)
        self._handlers[_polled(source)] = handler

    def off(self, source: Source) -> None:
        """Watch a socket or file descriptor no more; to be called before it is closed."""
        if self._handlers.pop(_polled(source), None) is not None:
            self._poller.unregister(source)

    def every(self, period_s: float, handler: Handler) -> Timer:
        """Call a handler each period from one period on; periods that were missed are left out."""
        period_ns = max(1, round(period_s * SECOND_NS))
        return self._schedule(self._clock() + period_ns, handler, period_ns)

    def after(self, delay_s: float, handler: Handler) -> Timer:
        """Call a handler once, after a time."""
        return self._schedule(self._clock() + round(delay_s * SECOND_NS), handler, 0)

    def stop(self) -> None:
        """End `run` after this round."""
        self._stopping = True

    def run(self, stop: Callable[[], bool] | None = None) -> None:
        """Turn until `stop` says so, `stop()` is called, or a signal to end comes."""
        with self._ended_by_signals():
            while not self._stopping and not (stop is not None and stop()):
                self.turn()

    def turn(self, *, wait: bool = True) -> None:
        """Do one round: wait for a socket or the next timer, then call who is due."""
        for source, _ in self._poller.poll(self._patience_ms() if wait else 0):
            handler = self._handlers.get(source)
            if handler is not None:  # an earlier one may have taken it off
                handler()
        self._expire()

    def _schedule(self, due_ns: int, handler: Handler, period_ns: int) -> Timer:
        timer = Timer(due_ns, next(self._numbers), handler, period_ns)
        heapq.heappush(self._timers, timer)
        return timer

    def _patience_ms(self) -> int:
        """Return how long may be waited, rounded up so that a timer is due when it ends."""
        while self._timers and self._timers[0].handler is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return LONGEST_MS
        left_ns = self._timers[0].due_ns - self._clock()
        return min(LONGEST_MS, max(0, -(-left_ns // 1_000_000)))

    def _expire(self) -> None:
        """Call the timers that are due now; one that a handler sets waits for the next round."""
        now = self._clock()
        due = []
        while self._timers and self._timers[0].due_ns <= now:
            due.append(heapq.heappop(self._timers))
        for timer in due:
            if timer.period_ns and timer.handler is not None:
                timer.due_ns += timer.period_ns * (1 + (now - timer.due_ns) // timer.period_ns)
                heapq.heappush(self._timers, timer)
        for timer in due:
            if timer.handler is not None:
                timer.handler()

    @contextmanager
    def _ended_by_signals(self) -> Iterator[None]:
        """Let signals stop the loop, also while it waits; elsewhere than in the main thread: none.

        A signal that comes just before the wait would not end it, so each also writes to a pipe.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        earlier_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        earlier = {each: signal.signal(each, lambda *_: self.stop()) for each in SIGNALS}
        self.on(reading, lambda: os.read(reading, 4096))
        try:
            yield
        finally:
            self.off(reading)
            for each, handler in earlier.items():
                signal.signal(each, handler)
            signal.set_wakeup_fd(earlier_fd)
            os.close(reading)
            os.close(writing)


def _polled(source: Source) -> Source:
    """Return what a poller calls a source: itself, or the number of its file descriptor."""
    if isinstance(source, int | zmq.Socket):
        return source
    return source.fileno()
