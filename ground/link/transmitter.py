"""The contract of ways up: octets to a transmitter's modem, whole or not at all. None ever waits.

A unit (a CLTU as a rule) is one datagram, or stands end to end with others in a stream. What a
stream took in part is finished before anything else goes, as half a unit would spoil the next.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod

from ground.errors import InputError
from ground.link import endpoint
from ground.link.receiver import State
from ground.link.tcp_client import TcpClient

BUSY = "the transmitter is not ready"


class Transmitter(ABC):
    """One way up.

    Attributes:
        state, detail: what it is doing, and with whom or why not.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.state: State = "disabled"
        self.detail = ""

    @abstractmethod
    def open(self, now: int) -> None:
        """Begin; what fails now is tried again by `expire`."""

    def expire(self, now: int) -> None:  # noqa: B027  most have nothing to do
        """Do what time asks for: connect, finish what a stream took in part."""

    @abstractmethod
    def send(self, octets: bytes) -> str:
        """Send a unit; return why it was not sent, "" where it was."""

    @abstractmethod
    def close(self) -> None:
        """Stop and free what is open."""


class MemoryTransmitter(Transmitter):
    """Keeps what is sent, for tests; `sent` holds the units."""

    def __init__(self, address: str = "memory") -> None:
        super().__init__(address)
        self.sent: list[bytes] = []

    def open(self, now: int) -> None:
        self.state = "up"

    def send(self, octets: bytes) -> str:
        self.sent.append(octets)
        return ""

    def close(self) -> None:
        self.state = "disabled"


class UdpTransmitter(Transmitter):
    """Sends each unit as a datagram."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        endpoint.parse(address)
        self._socket: socket.socket | None = None

    def open(self, now: int) -> None:
        try:
            family, name = endpoint.resolve(self.address)
            made = socket.socket(family, socket.SOCK_DGRAM)
            made.setblocking(False)
            made.connect(name)
        except OSError as error:
            self.state, self.detail = "failed", f"{self.address}: {error.strerror or error}"
            return
        self._socket, self.state, self.detail = made, "up", f"to {endpoint.shown(name)}"

    def send(self, octets: bytes) -> str:
        if self._socket is None:
            return self.detail or BUSY
        try:
            self._socket.send(octets)
        except ConnectionRefusedError:  # of the datagram before: this one did not go
            return self._again(octets)
        except OSError as error:
            return str(error.strerror or error)
        return ""

    def _again(self, octets: bytes) -> str:
        assert self._socket is not None
        try:
            self._socket.send(octets)
        except OSError as error:
            return str(error.strerror or error)
        return ""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.state = "disabled"


class TcpTransmitter(Transmitter):
    """Sends units to a server; connects again whenever that is lost. What it says is not heard."""

    def __init__(self, address: str, seed: int = 0) -> None:
        super().__init__(address)
        self._line = TcpClient(address, seed)
        self._left = memoryview(b"")
        self._to: socket.socket | None = None

    def open(self, now: int) -> None:
        self._line.open(now)
        self._look()

    def expire(self, now: int) -> None:
        self._line.receive(now)
        self._look()
        if self._left and self._to is not None:
            self._push(self._to)

    def send(self, octets: bytes) -> str:
        self._look()
        if self._to is None:
            return self.detail or BUSY
        if self._left:
            return BUSY
        self._left = memoryview(octets)
        try:
            self._left = self._left[self._to.send(octets) :]
        except OSError as error:
            self._left = memoryview(b"")
            return str(error.strerror or error)
        return ""

    def close(self) -> None:
        self._line.close()
        self._left, self._to = memoryview(b""), None
        self.state = "disabled"

    def _look(self) -> None:
        """Follow the connection; a new one begins with a whole unit."""
        connection = self._line.connection
        if connection is not self._to:
            self._to, self._left = connection, memoryview(b"")
        self.state, self.detail = self._line.state, self._line.detail

    def _push(self, to: socket.socket) -> None:
        try:
            self._left = self._left[to.send(self._left) :]
        except OSError:  # it is full, or gone, which the next look shows
            return


def transmitter(kind: str, address: str | None, seed: int = 0) -> Transmitter:
    """Return the transmitter of a kind that a mission file names, closed.

    Raises:
        InputError: there is no such kind, or the address is none for it.
    """
    match kind, address:
        case "memory", _:
            return MemoryTransmitter(address or "memory")
        case "udp", str():
            return UdpTransmitter(address)
        case "tcp-client", str():
            return TcpTransmitter(address, seed)
    raise InputError(f"uplink of kind {kind!r} to {address!r}; expected udp or tcp-client")
