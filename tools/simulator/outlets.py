"""Where the octets go: UDP, a TCP connection that is made or waited for, or a file."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ground.errors import InputError

RETRY_S = 0.5
POLL_MS = 100
FULL = (errno.ENOBUFS, errno.EAGAIN)
EXPECTED = "udp:HOST:PORT, tcp:HOST:PORT, tcp-server:HOST:PORT or file:PATH"

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: `kind` is udp, tcp, tcp-server, or file (of which `host` is the path)."""

    kind: str
    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return what is written as `udp:127.0.0.1:10015`; InputError where it is not."""
        kind, _, place = text.partition(":")
        if kind == "file" and place:
            return cls(kind, place)
        host, _, port = place.rpartition(":")
        if kind not in OUTLETS or not host or not port.isdecimal() or int(port) > 65535:
            raise InputError(f"{text!r}: no target; expected {EXPECTED}")
        return cls(kind, host.strip("[]"), int(port))

    def resolve(self, kind: socket.SocketKind) -> tuple[socket.AddressFamily, tuple[str, int]]:
        """Return family and address; InputError where the host has none."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=kind)[0]
        except OSError as error:
            raise InputError(f"{self.host}: {error.strerror}; expected a host") from None
        return found[0], (str(found[4][0]), self.port)


class Outlet(Protocol):
    """Takes CADUs one by one."""

    def ready(self) -> bool:
        """Return whether there is somewhere to send to; try to have it."""
        ...

    def send(self, octets: bytes, stopped: Stopped) -> bool:
        """Send, waiting while the other side is slow; return whether all of it went."""
        ...

    def close(self) -> None:
        """Let go of every socket."""
        ...


class Udp:
    """Each CADU is a datagram; whether anyone listens is not asked."""

    def __init__(self, target: Target) -> None:
        family, self._address = target.resolve(socket.SOCK_DGRAM)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)

    def ready(self) -> bool:
        return True

    def send(self, octets: bytes, stopped: Stopped) -> bool:
        while not stopped():
            try:
                self._socket.sendto(octets, self._address)
            except OSError as error:
                if error.errno not in FULL:
                    return False
                select.select([], [self._socket], [], POLL_MS / 1000)
            else:
                return True
        return False

    def close(self) -> None:
        self._socket.close()


class TcpClient:
    """A connection to a station, made again when it breaks."""

    def __init__(self, target: Target) -> None:
        self._family, self._address = target.resolve(socket.SOCK_STREAM)
        self._socket: socket.socket | None = None
        self._tried_s = -RETRY_S

    def ready(self) -> bool:
        if self._socket is None:
            if time.monotonic() - self._tried_s < RETRY_S:
                return False
            self._tried_s = time.monotonic()
            made = socket.socket(self._family, socket.SOCK_STREAM)
            made.settimeout(RETRY_S)
            try:
                made.connect(self._address)
            except OSError:
                made.close()
                return False
            made.setblocking(False)
            self._socket = made
        return True

    def send(self, octets: bytes, stopped: Stopped) -> bool:
        if self._socket is None:
            return False
        if put(self._socket, octets, stopped):
            return True
        self.close()
        return False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class TcpServer:
    """Connections that stations make; each gets everything from when it is there."""

    def __init__(self, target: Target) -> None:
        family, address = target.resolve(socket.SOCK_STREAM)
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind(address)
        except OSError as error:
            self._listener.close()
            raise InputError(
                f"{target.host}:{target.port}: {error.strerror}; expected a free address"
            ) from None
        self._listener.listen()
        self._listener.setblocking(False)
        self._clients: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def ready(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            while True:
                client, _ = self._listener.accept()
                client.setblocking(False)
                self._clients.append(client)
        return bool(self._clients)

    def send(self, octets: bytes, stopped: Stopped) -> bool:
        for client in list(self._clients):
            if not put(client, octets, stopped):
                self._clients.remove(client)
                client.close()
        return bool(self._clients)

    def close(self) -> None:
        for each in (self._listener, *self._clients):
            each.close()


class File:
    """A recording, as a station would write it to disk; what was there is written over."""

    def __init__(self, target: Target) -> None:
        try:
            self._file = Path(target.host).open("wb")  # noqa: SIM115  closed with the outlet
        except OSError as error:
            raise InputError(f"{target.host}: {error.strerror}; expected a file to write") from None

    def ready(self) -> bool:
        return True

    def send(self, octets: bytes, stopped: Stopped) -> bool:
        self._file.write(octets)
        return True

    def close(self) -> None:
        self._file.close()


def put(connection: socket.socket, octets: bytes, stopped: Stopped) -> bool:
    """Send all octets over a connection that does not block; return whether they went."""
    left = memoryview(octets)
    while left:
        try:
            left = left[connection.send(left) :]
        except BlockingIOError:
            if stopped():
                return False
            select.select([], [connection], [], POLL_MS / 1000)
        except OSError:
            return False
    return True


OUTLETS: dict[str, type[Udp] | type[TcpClient] | type[TcpServer] | type[File]] = {
    "udp": Udp,
    "tcp": TcpClient,
    "tcp-server": TcpServer,
    "file": File,
}


def outlet(target: Target) -> Outlet:
    """Return what sends to a target; InputError where it cannot be had."""
    return OUTLETS[target.kind](target)
