"""Asking a service: requests out, answers and what else it sends in.

A request goes out now or not at all: none waits for a station that comes back an hour later.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import zmq

from ground import clock, wire
from ground.bus import options
from ground.bus.guard import Context
from ground.bus.keys import KeyPair
from ground.bus.visits import Visits
from ground.errors import NotReachable

LOOK_MS = 100  # between two looks at a connection that is awaited


class Caller:
    """A connection to the server that holds the secret of a public key; reconnects by itself.

    Attributes:
        refused: what came and was no message, by reason.
    """

    def __init__(
        self,
        context: Context,
        address: str,
        pair: KeyPair,
        server: bytes,
        realm: str,
        *,
        high_water: int = options.HIGH_WATER,
    ) -> None:
        self.address = address
        self.refused: Counter[str] = Counter()
        self._realm = realm
        self._number = 0
        self._later: list[wire.Envelope] = []
        self.socket = context.socket(zmq.DEALER)
        options.configure(self.socket, high_water)
        options.present(self.socket, pair, server)
        self.socket.immediate = True
        self._visits = Visits(context, self.socket)
        try:
            self._visits.connect(address)
        except Exception:
            self.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether a request can go out now."""
        self._visits.look()
        return options.ready(self.socket, zmq.POLLOUT)

    @property
    def connections(self) -> int:
        """How often it connected: once it rises, the server knows nothing of what was asked."""
        self._visits.look()
        return self._visits.count

    @property
    def trouble(self) -> str:
        """Why the last attempt to connect failed, where the other side said so."""
        self._visits.look()
        return self._visits.trouble

    def send(self, message: Any) -> int:
        """Send a request; return its number, which its answers carry.

        Raises:
            NotReachable: there is no connection, or it takes no more.
        """
        number = self._number + 1
        topic = f"{self._realm}/requests/{type(message).__name__}/{number}"
        frames = wire.encode(
            message, topic=topic, realm=self._realm, seq=0, t_ns=clock.now_ns(), request=number
        )
        try:
            self.socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            raise self._not_reachable() from None
        self._number = number
        return number

    def receive(self, limit: int = 1000) -> list[wire.Envelope]:
        """Return what has come, at most about `limit` messages; never waits."""
        self._visits.look()
        found, self._later = self._later, []
        return found + self._drain(limit)

    def ask(self, message: Any, timeout_s: float) -> Any:
        """Send a request, wait for its answer and return that; other messages wait for `receive`.

        Raises:
            NotReachable: no connection, or no answer in time.
        """
        end = time.monotonic() + timeout_s
        self._connect(end)
        number = self.send(message)
        answers: list[wire.Envelope] = []
        while True:
            for envelope in self._drain(1000):
                (answers if envelope.request == number else self._later).append(envelope)
            if answers:
                self._later.extend(answers[1:])
                return answers[0].message
            if not self.socket.poll(_left_ms(end)):
                raise self._not_reachable()

    def close(self) -> None:
        """End the connection."""
        self.socket.close()
        self._visits.close()

    def _connect(self, end: float) -> None:
        """Wait for a connection, but not beyond a time."""
        while not self.connected and (left_ms := _left_ms(end)):
            self.socket.poll(min(left_ms, LOOK_MS), zmq.POLLOUT)

    def _drain(self, limit: int) -> list[wire.Envelope]:
        found: list[wire.Envelope] = []
        for _ in range(limit):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                found.append(wire.decode(frames))
            except wire.WireError as error:
                self.refused[error.reason] += 1
        return found

    def _not_reachable(self) -> NotReachable:
        why = self.trouble or "no answer"
        return NotReachable(f"{self.address}: {why}; expected a station that runs and knows us")


def _left_ms(end: float) -> int:
    return max(0, round(1000 * (end - time.monotonic())))
