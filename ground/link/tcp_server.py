"""A TCP link that is connected to: one peer at a time, and the newest has it.

A front end whose network broke comes back while its old connection still seems to stand here; if
it had to wait for that to be found out, the pass would be over. So the newest replaces the one
before it, whose last octets are read first. Two peers that fight over a link show as reconnects.
"""

from __future__ import annotations

import socket

from ground.link import endpoint
from ground.link.backoff import Backoff
from ground.link.receiver import Chunk, Receiver
from ground.link.stream import Stream, prepare


class TcpServer(Receiver):
    """Receives the stream of whoever connected last."""

    def __init__(self, address: str, seed: int = 0) -> None:
        super().__init__(address)
        endpoint.parse(address)
        self._wanted = address
        self._backoff = Backoff(seed=seed)
        self._listening: socket.socket | None = None
        self._stream: Stream | None = None
        self._connected = 0

    def open(self, now: int) -> None:
        """Bind the address and wait for a peer."""
        try:
            self._listening = _listening(self._wanted)
        except OSError as error:
            self._backoff.fail(now)
            self._is("failed", f"{self._wanted}: {error.strerror or error}")
            return
        self._backoff.succeed()
        self.address = endpoint.shown(self._listening.getsockname())
        self._is("connecting", "no peer yet")

    def receive(self, now: int) -> list[Chunk]:
        """Return what came in from the peer, or from the one before it and from the new one."""
        if self._listening is None:
            if self._backoff.expire(now):
                self.open(now)
            return []
        chunks = self._from_peer()
        while (peer := self._accepted(self._listening)) is not None:
            chunks += self._from_peer()  # more than one turn's may have waited
            self._replace(peer)
            chunks += self._from_peer()
        return chunks

    def _from_peer(self) -> list[Chunk]:
        if self._stream is None:
            return []
        chunks = self._stream.receive()
        if self._stream.ended:
            self._is("down", f"{self._stream.ended}; waiting for a peer")
            self._hang_up()
        return chunks

    def _accepted(self, listening: socket.socket) -> socket.socket | None:
        try:
            return listening.accept()[0]
        except OSError:  # nobody (any more)
            return None

    def _replace(self, peer: socket.socket) -> None:
        self._hang_up()
        prepare(peer)
        self._stream = Stream(peer)
        self.reconnects += self._connected > 0
        self._connected += 1
        try:
            self._is("up", f"peer {endpoint.shown(peer.getpeername())}")
        except OSError:  # gone already: reading it will say so
            self._is("up")

    def filenos(self) -> list[int]:
        open_now = (self._listening, self._stream.socket if self._stream else None)
        return [each.fileno() for each in open_now if each is not None]

    def deadline(self) -> int | None:
        return self._backoff.deadline()

    def close(self) -> None:
        self._hang_up()
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        self._backoff.succeed()
        self._is("disabled")

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.socket.close()
            self._stream = None


def _listening(text: str) -> socket.socket:
    family, name = endpoint.resolve(text)
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(name)
        made.listen(4)
    except OSError:
        made.close()
        raise
    return made
