"""Where a simulated transmitter's modem takes octets: UDP, or a TCP connection that is waited for.

A datagram is a CLTU, or several of them end to end; a connection is a stream of them.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field

from ground.errors import InputError
from protocols.cltu import CltuStream
from tools.simulator.outlets import Target

LARGEST = 1 << 16
AT_ONCE = 64  # datagrams or pieces that are read before something else is done
EXPECTED = "NAME=udp:HOST:PORT or NAME=tcp-server:HOST:PORT"


@dataclass(slots=True)
class Ear:
    """One address that is listened at."""

    name: str
    kind: str
    listener: socket.socket
    clients: dict[socket.socket, CltuStream] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def heard(self) -> list[bytes]:
        """Return the CLTUs that came and were not returned yet."""
        return self._datagrams() if self.kind == "udp" else self._streams()

    def close(self) -> None:
        """Let go of every socket."""
        for each in (self.listener, *self.clients):
            each.close()

    def _datagrams(self) -> list[bytes]:
        found = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                octets = self.listener.recv(LARGEST)
                stream = CltuStream()
                found += stream.receive(octets) + stream.finish()
        return found

    def _streams(self) -> list[bytes]:
        with contextlib.suppress(BlockingIOError):
            client, _ = self.listener.accept()
            client.setblocking(False)
            self.clients[client] = CltuStream()
        return [each for client in list(self.clients) for each in self._stream(client)]

    def _stream(self, client: socket.socket) -> list[bytes]:
        found = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                try:
                    octets = client.recv(LARGEST)
                except ConnectionError:
                    octets = b""
                if not octets:
                    self.clients.pop(client)
                    client.close()
                    break
                found += self.clients[client].receive(octets)
        return found


def parse(text: str) -> tuple[str, Target]:
    """Return name and address of what is written as `kashi-up=udp:127.0.0.1:10025`.

    The name is empty where none is given.

    Raises:
        InputError: it is none.
    """
    name, equals, place = text.rpartition("=")
    target = Target.parse(place)
    if target.kind not in ("udp", "tcp-server") or bool(equals) != bool(name):
        raise InputError(f"{text!r}: no uplink; expected {EXPECTED}")
    return name, target


def listen(name: str, target: Target) -> Ear:
    """Return an address that is listened at.

    Raises:
        InputError: it is not to be had.
    """
    kind = socket.SOCK_DGRAM if target.kind == "udp" else socket.SOCK_STREAM
    family, address = target.resolve(kind)
    made = socket.socket(family, kind)
    if kind is socket.SOCK_STREAM:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
        if kind is socket.SOCK_STREAM:
            made.listen()
    except OSError as error:
        made.close()
        where = f"{target.host}:{target.port}"
        raise InputError(f"{where}: {error.strerror}; expected a free address") from None
    made.setblocking(False)
    return Ear(name, target.kind, made)
