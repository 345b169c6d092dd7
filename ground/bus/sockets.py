"""Facts to whoever listens: a publisher that never waits, and subscribers that know their losses.

A publisher numbers what it says on each topic, from 1 on, whether anyone listens or not. Who is
too slow loses messages beyond the high-water mark, alone, and sees it by the numbers. Over TCP
both need keys, as everywhere; ZeroMQ asks for a subscriber's key only when it connects, so one that
is revoked listens until its connection ends.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Any

import zmq

from ground import wire
from ground.bus import options
from ground.bus.guard import Context, Gate
from ground.bus.keys import KeyPair, Keyring
from ground.bus.visits import Visits
from ground.errors import Refused

SUBSCRIBE = 1  # first octet of what a subscriber asks of an XPUB
MOST_EPOCHS = 8  # of one topic that a subscriber tells apart


class Publisher:
    """Publishes the facts of a service; `send` costs next to nothing where no one listens.

    Args:
        address: where to bind; over TCP with the `keyring` whose keys may come in.
        epoch: differs for every publisher and every start of one; by default drawn by lot.

    Raises:
        Refused: an address on a network, and no keyring or no client in it.
    """

    def __init__(
        self,
        context: Context,
        address: str,
        realm: str,
        *,
        epoch: int | None = None,
        keyring: Keyring | None = None,
        own: str = "station",
        high_water: int = options.HIGH_WATER,
    ) -> None:
        options.must_have_clients(address, keyring is not None and keyring.anyone_chosen())
        self._realm = realm
        self._epoch = secrets.randbits(62) if epoch is None else epoch
        self._numbers: dict[str, int] = {}
        self._prefixes: tuple[str, ...] = ()
        self._refused: Counter[str] = Counter()
        self.sent = 0
        self.socket = context.socket(zmq.XPUB)
        options.configure(self.socket, high_water)
        self._gate = None
        if keyring is not None and options.over_network(address):
            self._gate = Gate(context, self.socket, keyring, own)
        try:
            self.address = options.bind(self.socket, address)
        except Exception:
            self.close()
            raise

    @property
    def refused(self) -> Counter[str]:
        """Handshakes that failed, by reason."""
        if self._gate is not None:
            self._refused.update(self._gate.failures())
        return self._refused

    def send(self, message: Any, kind: str, detail: str, t_ns: int) -> None:
        """Publish a fact on the topic `<realm>/<kind>/<detail>`."""
        topic = self._count(kind, detail)
        self.poll_subscriptions()
        if topic.startswith(self._prefixes):
            seq, epoch = self._numbers[topic], self._epoch
            frames = wire.encode(
                message, topic=topic, realm=self._realm, seq=seq, epoch=epoch, t_ns=t_ns
            )
            self.socket.send_multipart(frames, zmq.NOBLOCK)
            self.sent += 1

    def skip(self, kind: str, detail: str) -> None:
        """Count a fact that was not made because it was not `wanted`.

        A subscriber that is away for a moment is not wanting, and shall know what it missed.
        """
        self._count(kind, detail)

    def wanted(self, kind: str, detail: str) -> bool:
        """Return whether anyone listens to a topic."""
        self.poll_subscriptions()
        return self._topic(kind, detail).startswith(self._prefixes)

    def poll_subscriptions(self) -> None:
        """Take note of who came and went; the other methods do so as well."""
        if not options.ready(self.socket, zmq.POLLIN):
            return
        prefixes = set(self._prefixes)
        while options.ready(self.socket, zmq.POLLIN):
            asked = self.socket.recv_multipart()[0]
            change = prefixes.add if asked[:1] == bytes([SUBSCRIBE]) else prefixes.discard
            change(asked[1:].decode(errors="replace"))
        self._prefixes = tuple(prefixes)

    def close(self) -> None:
        """Stop publishing."""
        self.socket.close()
        if self._gate is not None:
            self._gate.close()

    def _topic(self, kind: str, detail: str) -> str:
        return f"{self._realm}/{kind}/{detail}"

    def _count(self, kind: str, detail: str) -> str:
        topic = self._topic(kind, detail)
        self._numbers[topic] = self._numbers.get(topic, 0) + 1
        return topic


class Subscriber:
    """Listens to publishers; topics are prefixes, as `live/alarms/`.

    Args:
        addresses: of publishers, each once, there or still to come; over TCP with `pair`, our
            own key, and `server`, the public key that each of these publishers must have.

    Attributes:
        missed: messages lost since the first one that came of each topic (and publisher).
        refused: messages that were none, by reason; `repeated` came twice.

    Raises:
        Refused: an address on a network, and no keys.
    """

    def __init__(
        self,
        context: Context,
        addresses: Iterable[str],
        topics: Iterable[str] = ("",),
        *,
        pair: KeyPair | None = None,
        server: bytes | None = None,
        high_water: int = options.HIGH_WATER,
    ) -> None:
        self.missed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._last: dict[str, dict[int, int]] = {}
        self._keys = (pair, server) if pair is not None and server is not None else None
        self.socket = context.socket(zmq.SUB)
        options.configure(self.socket, high_water)
        self._visits = Visits(context, self.socket)
        if self._keys:
            options.present(self.socket, *self._keys)
        for topic in topics:
            self.socket.subscribe(topic)
        for address in addresses:
            self.connect(address)

    def connect(self, address: str) -> None:
        """Listen to one more publisher."""
        if options.over_network(address) and not self._keys:
            self.close()
            raise Refused(f"{address}: no keys given; expected our own and the publisher's")
        self._visits.connect(address)

    @property
    def trouble(self) -> str:
        """Why a publisher last refused us; empty once one takes us in."""
        self._visits.look()
        return self._visits.trouble

    def receive(self, limit: int = 1000) -> list[wire.Envelope]:
        """Return what has come, at most `limit` messages; never waits."""
        self._visits.look()
        found = []
        for _ in range(limit):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            envelope = self._read(frames)
            if envelope is not None:
                found.append(envelope)
        return found

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
        self._visits.close()

    def _read(self, frames: list[bytes]) -> wire.Envelope | None:
        try:
            envelope = wire.decode(frames)
        except wire.WireError as error:
            self.refused[error.reason] += 1
            return None
        return envelope if self._follows(envelope) else None

    def _follows(self, envelope: wire.Envelope) -> bool:
        """Count what is missing before a message; return False for one that came before."""
        numbers = self._last.setdefault(envelope.topic, {})
        last = numbers.pop(envelope.epoch, None)
        numbers[envelope.epoch] = max(envelope.seq, last or 0)
        if len(numbers) > MOST_EPOCHS:
            del numbers[next(iter(numbers))]  # the one silent for longest
        if last is not None and envelope.seq <= last:
            self.refused["repeated"] += 1
            return False
        if last is not None and envelope.seq > last + 1:
            self.missed[envelope.topic] += envelope.seq - last - 1
        return True
