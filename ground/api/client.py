"""A client of a station that never blocks: consoles poll it, `Station` waits on it for scripts.

How it works: one subscriber hears what the services of the station publish, and one caller for
each service asks it. The display service is pinged each second; while it answers, the client is
`connected`. What is watched is renewed every ten seconds, and at once where the connection is a
new one, so that a station that was away comes back by itself.

A face on another machine names the address of a display service that listens on TCP; it can look
at everything there, but hears no facts and may not act, as both take the other services.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import zmq

from ground import clock
from ground.api.callers import Callers, from_display, keys
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.sockets import Subscriber
from ground.errors import GroundError, NotReachable, Refused
from ground.home import home as default_home
from ground.messages import Answered, WatchViewport
from ground.wire import Envelope

SECOND_NS = 10**9
PING_NS = SECOND_NS
RENEW_NS = 10 * SECOND_NS
LOST_NS = 3 * SECOND_NS
SCAN_NS = SECOND_NS
MOST_SILENT = 100
PING = WatchViewport(0, [])  # ends a viewport that there never is


class Client:
    """A station as seen from outside, by sockets that are polled.

    Args:
        home: folder of the station; by default that of the user.
        kinds: which facts to hear, as `alarms/changed` or `parameters`; all of them by "".
        address: of a display service over TCP; without one, that of this machine.
        key: name of the key in the folder's keyring with which to ask.
        monotonic_ns: a clock that only runs forward.

    Attributes:
        user, role: whose key it is, and its role as far as it is known here.
        connected: whether the display service answers.
        lost_since: since when it does not, ns TAI; None while it does.
    """

    def __init__(
        self,
        home: Path | None = None,
        realm: str = "live",
        *,
        kinds: Sequence[str] = (),
        address: str | None = None,
        key: str = "operator",
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        home = home or default_home()
        self.realm = realm
        self.connected = False
        self.lost_since: int | None = clock.now_ns()
        self._now = monotonic_ns
        self._run, self._address = Run(home, realm), address
        keyring = Keyring(home)
        pair, station = keys(home, keyring, key)
        known = keyring.authorised().get(pair.public)
        self.user, self.role = key, known[1] if known else ""
        self._context = zmq.Context()
        try:
            self._callers = Callers(self._context, self._run, (pair, station), address)
        except GroundError:
            self._context.destroy()
            raise
        topics = [f"{realm}/{kind}" for kind in kinds]
        self._subscriber = Subscriber(self._context, (), topics)
        self._publishers: set[str] = set()
        self._viewports: dict[int, WatchViewport] = {}
        self._silent: set[int] = set()  # requests whose answer nobody waits for
        self._unsent: list[Envelope] = []  # answers to requests that could not go out
        self._connections = self._failures = 0
        self._heard = self._now() - LOST_NS
        self._renewed = self._now()
        self._pinged = self._scanned = 0
        self._turn(self._now())

    @property
    def sockets(self) -> list[zmq.Socket[bytes]]:
        """The sockets to poll; the first request to another service adds one."""
        return [self._subscriber.socket, *self._callers.sockets]

    def filenos(self) -> list[int]:
        """Return what becomes readable when something comes; `receive` then takes all of it."""
        return [int(each.getsockopt(zmq.FD)) for each in self.sockets]

    @property
    def missed(self) -> dict[str, int]:
        """Facts that were published and did not come, by topic."""
        return dict(self._subscriber.missed)

    @property
    def trouble(self) -> str:
        """Why the station lets us not in, where it says so."""
        return self._callers.display.trouble

    def send(self, request: Any) -> int:
        """Send a request to the service that answers it; return its number, which is never 0.

        Where that service does not run, the answer that `receive` brings says so.
        """
        if isinstance(request, WatchViewport):
            self._remember(request)
        try:
            return self.ask(request)
        except (NotReachable, Refused) as error:
            self._failures += 1
            answer = Answered(ok=False, reason=str(error))
            number = -self._failures
            stands = Envelope("", self.realm, 0, 0, clock.now_ns(), number, answer)
            self._unsent.append(stands)
            return number

    def ask(self, request: Any) -> int:
        """Send a request; return its number.

        Raises:
            NotReachable: the service that answers it does not run.
            Refused: that service cannot be asked from another machine.
        """
        return self._callers.send(request)

    def wait(self, timeout_s: float, request: Any = PING) -> bool:
        """Wait until a request can go out; False where that takes longer."""
        return bool(self._callers.service(request).socket.poll(int(timeout_s * 1000), zmq.POLLOUT))

    def watch(
        self, viewport: int, rows: Sequence[tuple[str, str, int]], rate_hz: float = 2.0
    ) -> None:
        """Watch rows (spacecraft, path, element or -1) under a number from 1 on; none end it.

        `ViewportChanged` comes by `receive`, now and whenever a row changes; without a connection,
        as soon as there is one.
        """
        request = WatchViewport(viewport, list(rows), rate_hz)
        self._remember(request)
        self._quietly(request)

    def receive(self) -> list[Envelope]:
        """Return all facts and answers that have come; call it often, at least each second."""
        now, answers = self._now(), self._callers.receive()
        if any(from_display(each.request) for each in answers):  # news of viewports have 0
            self._heard = now
        found = self._subscriber.receive() + self._unsent
        found += [each for each in answers if not self._is_silent(each)]
        self._unsent = []
        self._turn(now)
        return found

    def close(self) -> None:
        """Leave; what was watched ends."""
        for number in list(self._viewports):
            self.watch(number, [])
        self._callers.close()
        self._subscriber.close()
        self._context.term()

    def _turn(self, now: int) -> None:
        """Do what is due: look for services that were started, ping, renew."""
        self._mark(now - self._heard < LOST_NS)
        if now - self._scanned >= SCAN_NS and self._address is None:
            self._scanned = now
            self._listen()
        if now - self._pinged >= PING_NS:
            self._pinged = now
            self._quietly(PING)
        connections = self._callers.display.connections
        if connections != self._connections or now - self._renewed >= RENEW_NS:
            self._connections, self._renewed = connections, now
            for request in (PING, *self._viewports.values()):
                self._quietly(request)

    def _mark(self, connected: bool) -> None:
        if connected:
            self.lost_since = None
        elif self.connected:
            self.lost_since = clock.now_ns()
        self.connected = connected

    def _listen(self) -> None:
        """Hear services that were started since."""
        for address in set(self._run.publishers()) - self._publishers:
            self._publishers.add(address)
            self._subscriber.connect(address)

    def _remember(self, request: WatchViewport) -> None:
        """Keep what is watched, to ask for it again."""
        if request.rows:
            self._viewports[request.viewport] = request
        else:
            self._viewports.pop(request.viewport, None)

    def _quietly(self, request: WatchViewport) -> None:
        """Send a request of which only a refusal is told; without a connection, not at all."""
        if self._context.closed:
            return
        try:
            self._silent.add(self.ask(request))
        except NotReachable:
            return
        if len(self._silent) > MOST_SILENT:  # the oldest will not be answered any more
            self._silent.remove(min(self._silent))

    def _is_silent(self, envelope: Envelope) -> bool:
        """Return whether this is an answer that nobody waits for."""
        if envelope.request not in self._silent:
            return False
        self._silent.discard(envelope.request)
        return isinstance(envelope.message, Answered) and envelope.message.ok
