"""Asking a station and waiting for what it answers: what `Station` stands on."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import zmq

from ground import messages
from ground.api.client import Client
from ground.errors import InputError, NotReachable, Refused
from ground.messages import Answered, StatusRead
from ground.wire import Envelope

MOST_KEPT = 10_000
T = TypeVar("T")


class Asking:
    """A connection whose calls wait for their answers; what comes meanwhile is kept.

    Every call raises NotReachable where the station does not answer in time, Refused where it
    answers that it will not, with its reason, and InputError where the request itself is wrong.
    """

    def __init__(self, client: Client, timeout_s: float) -> None:
        self.client = client
        self._timeout_s = timeout_s
        self._others: deque[Envelope] = deque()
        self._forgotten: Counter[str] = Counter()

    @classmethod
    def connect(
        cls,
        home: Path | None = None,
        realm: str = "live",
        *,
        address: str | None = None,
        key: str = "operator",
        kinds: Sequence[str] = (),
        timeout_s: float = 5.0,
    ) -> Self:
        """Return a connection to the station of a home, or to a display service over TCP.

            station = Station.connect(realm="sim/demo")

        Args:
            kinds: facts to hear by `subscribe`.

        Raises:
            NotReachable: none answers within `timeout_s`.
        """
        client = Client(home, realm, kinds=kinds, address=address, key=key)
        made = cls(client, timeout_s)
        try:
            made._ask(messages.ReadStatus(), StatusRead)
        except BaseException:
            client.close()
            raise
        return made

    def close(self) -> None:
        """Leave the station."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def missed(self) -> dict[str, int]:
        """Facts that were published and did not come, or waited here too long, by topic."""
        return dict(self._forgotten + Counter(self.client.missed))

    def _act(self, request: Any) -> None:
        self._ask(request, Answered)

    def _ask(self, request: Any, kind: type[T], timeout_s: float | None = None) -> T:
        """Return what answers a request; what comes meanwhile is kept for whoever waits for it."""
        timeout_s = timeout_s or self._timeout_s
        end = time.monotonic() + timeout_s
        self.client.wait(timeout_s, request)
        number = self.client.ask(request)
        while (left := end - time.monotonic()) > 0:
            answer = None
            for envelope in self._receive(left):
                if envelope.request == number:
                    answer = envelope.message
                else:
                    self._keep(envelope)
            if answer is not None:
                return _done(answer, kind)
        raise NotReachable(f"{type(request).__name__}: no answer; expected a station that runs")

    def _keep(self, envelope: Envelope) -> None:
        """Keep what nobody waits for yet; the oldest goes where that is too much."""
        if len(self._others) >= MOST_KEPT:
            self._forgotten[self._others.popleft().topic] += 1
        self._others.append(envelope)

    def _envelopes(self, end: float | None) -> Iterator[Envelope]:
        while end is None or time.monotonic() < end:
            while self._others:
                yield self._others.popleft()
            for envelope in self._receive(1.0 if end is None else end - time.monotonic()):
                self._keep(envelope)

    def _idle(self, seconds: float) -> None:
        """Let time pass; what comes meanwhile is kept."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for envelope in self._receive(left):
                self._keep(envelope)

    def _receive(self, timeout_s: float) -> list[Envelope]:
        """Return what has come, after a wait of a second at most where nothing has."""
        found = self.client.receive()
        if not found:
            poller = zmq.Poller()
            for socket in self.client.sockets:
                poller.register(socket, zmq.POLLIN)
            poller.poll(int(max(0.0, min(timeout_s, 0.5)) * 1000))
            found = self.client.receive()
        return found


def _done(answer: Any, kind: type[T]) -> T:
    """Return an answer of the kind that was asked for; raise what it says against that."""
    if isinstance(answer, Answered) and not answer.ok:
        raise InputError(answer.reason) if answer.wrong else Refused(answer.reason)
    if not isinstance(answer, kind):
        raise NotReachable(f"{type(answer).__name__} came; expected {kind.__name__}")
    return answer


def ending(timeout_s: float | None) -> float | None:
    """Return when a wait that begins now ends; None for never."""
    return None if timeout_s is None else time.monotonic() + timeout_s
