"""Requests to a service, from those who may ask: a server that refuses by default.

A request's topic is `<realm>/requests/<type>/<number>`, an answer's `<realm>/answers/<type>`. The
key of the connection says who asks, the topic what; both are judged before anything is parsed, and
the message must then be what its topic said. What is refused is counted, answered with the reason
where its sender can be told, and has no other effect.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zmq

from ground import clock, wire
from ground.bus import options
from ground.bus.guard import NOT_AUTHORISED, Context, Gate, users
from ground.bus.keys import Keyring, Role
from ground.bus.roles import LEAST, allows
from ground.messages import Answered

MOST_TOPIC = 1024  # octets
MOST_CLIENTS = 4096  # whose key is remembered, to send to them
_TOPIC = re.compile(r"(?P<realm>.+)/requests/(?P<type>[A-Za-z]+)/(?P<number>[0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that its sender may make.

    Attributes:
        identity: where answers go.
        user, role: name and role of the key of the connection.
    """

    identity: bytes
    user: str
    role: Role
    envelope: wire.Envelope


class _Refusal(Exception):
    """Why a request is refused: a reason to count by, and a text for the sender."""

    def __init__(self, reason: str, text: str = "", number: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.text, self.number = reason, text or reason, number


class Server:
    """Takes requests on an address, each judged by its sender's key; CURVE always, on ipc too.

    Args:
        own: the name of our own key in the keyring.
        least: the least role for each type of request; what is not in it is no request.

    Attributes:
        dropped: what could not be sent, by reason: the peer is gone, full or not authorised.

    Raises:
        Refused: an address on a network, and no client was given a key.
    """

    def __init__(
        self,
        context: Context,
        address: str,
        keyring: Keyring,
        realm: str,
        *,
        own: str = "station",
        least: Mapping[str, Role] = LEAST,
        high_water: int = options.HIGH_WATER,
    ) -> None:
        options.must_have_clients(address, keyring.anyone_chosen())
        self._keyring, self._realm, self._least = keyring, realm, least
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()
        self._refused: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.socket = context.socket(zmq.ROUTER)
        options.configure(self.socket, high_water)
        self.socket.router_mandatory = True
        self._gate = Gate(context, self.socket, keyring, own)
        try:
            self.address = options.bind(self.socket, address)
        except Exception:
            self.close()
            raise

    @property
    def refused(self) -> Counter[str]:
        """What was refused, by reason: handshakes and requests."""
        self._refused.update(self._gate.failures())
        return self._refused

    def receive(self, limit: int = 256) -> list[Request]:
        """Return the requests that have come and may be made; never waits."""
        found = []
        for _ in range(limit):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                break
            request = self._take(frames)
            if request is not None:
                found.append(request)
        self._refused.update(self._gate.failures())
        return found

    def send(self, identity: bytes, message: Any, request: int = 0) -> bool:
        """Send to a client that asked before; False, and counted, where that cannot be now."""
        if self._keys.get(identity) not in users(self._keyring):
            self._keys.pop(identity, None)
            self.dropped[NOT_AUTHORISED] += 1
            return False
        return self._send(identity, message, request)

    def close(self) -> None:
        """Take no more requests."""
        self.socket.close()
        self._gate.close()

    def _take(self, frames: Sequence[zmq.Frame]) -> Request | None:
        """Return a request, or answer why it is none."""
        identity = frames[0].bytes
        try:
            return self._judge(identity, frames[1:])
        except _Refusal as refusal:
            self._refused[refusal.reason] += 1
            self._send(identity, Answered(ok=False, reason=refusal.text), refusal.number)
            return None

    def _judge(self, identity: bytes, frames: Sequence[zmq.Frame]) -> Request:
        key = _key(frames)
        user, role, asked, number = self._authorise(key, frames[0].bytes[:MOST_TOPIC])
        try:
            wire.measure([each.buffer for each in frames], wire.MAX_OCTETS)
            envelope = wire.decode([each.bytes for each in frames])
        except wire.WireError as error:
            raise _Refusal(error.reason, str(error), number) from None
        if type(envelope.message).__name__ != asked or envelope.request != number:
            raise _Refusal("malformed", "the message is not what its topic says", number)
        self._remember(identity, key)
        return Request(identity, user, role, envelope)

    def _authorise(self, key: bytes, topic: bytes) -> tuple[str, Role, str, int]:
        """Return who asks, in what role, for what, and its number, from key and topic alone."""
        parts = _TOPIC.fullmatch(topic.decode(errors="replace"))
        number = int(parts["number"]) if parts else 0
        known = users(self._keyring).get(key)
        if known is None:
            raise _Refusal(NOT_AUTHORISED, "this key is not authorised", number)
        if parts is None:
            raise _Refusal("malformed", "no topic of a request")
        asked, least, role = parts["type"], self._least.get(parts["type"]), known[1]
        if parts["realm"] != self._realm:
            raise _Refusal("other realm", f"this is realm {self._realm}", number)
        if least is None:
            raise _Refusal("type", f"{asked[:100]} is no request here", number)
        if not allows(role, least):
            raise _Refusal("not allowed", f"{asked} needs role {least}; yours is {role}", number)
        return *known, asked, number

    def _remember(self, identity: bytes, key: bytes) -> None:
        self._keys[identity] = key
        self._keys.move_to_end(identity)
        if len(self._keys) > MOST_CLIENTS:
            self._keys.popitem(last=False)

    def _send(self, identity: bytes, message: Any, number: int) -> bool:
        topic = f"{self._realm}/answers/{type(message).__name__}"
        frames = wire.encode(
            message, topic=topic, realm=self._realm, seq=0, t_ns=clock.now_ns(), request=number
        )
        try:
            self.socket.send_multipart([identity, *frames], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            return self._lost(identity, error)
        return True

    def _lost(self, identity: bytes, error: zmq.ZMQError) -> bool:
        """Count what could not be sent; any other error is raised."""
        if error.errno == zmq.EHOSTUNREACH:
            self._keys.pop(identity, None)
            self.dropped["gone"] += 1
        elif error.errno == zmq.EAGAIN:
            self.dropped["full"] += 1
        else:
            raise error
        return False


def _key(frames: Sequence[zmq.Frame]) -> bytes:
    """Return the public key with which a message came in; empty where there is none."""
    try:
        return str(frames[-1].get("User-Id")).encode() if frames else b""
    except (zmq.ZMQError, KeyError):
        return b""
