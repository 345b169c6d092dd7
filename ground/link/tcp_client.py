"""A TCP link that connects to its peer, and connects again whenever that is lost."""

from __future__ import annotations

import errno
import os
import socket
from concurrent.futures import Future, ThreadPoolExecutor

from ground.link import endpoint
from ground.link.backoff import Backoff
from ground.link.receiver import Chunk, Receiver
from ground.link.stream import Stream, prepare

_LOOK_NS = 20_000_000  # how often to see whether a connection stands: nothing can be read then
_PATIENCE_NS = 10_000_000_000  # for a peer that does not answer at all


class TcpClient(Receiver):
    """Receives the stream of a server.

    A host that is a name is looked up in a thread aside, as that may take seconds.
    """

    def __init__(self, address: str, seed: int = 0) -> None:
        super().__init__(address)
        endpoint.parse(address)
        self._backoff = Backoff(seed=seed)
        self._names: Future[endpoint.Address] | None = None
        self._connecting: socket.socket | None = None
        self._since = 0
        self._stream: Stream | None = None
        self._connected = 0

    def open(self, now: int) -> None:
        """Begin to connect."""
        self._since = now
        self._is("connecting", self.address)
        known = endpoint.numeric(self.address)
        if known is not None:
            self._connect(known, now)
            return
        pool = ThreadPoolExecutor(1, "name")
        self._names = pool.submit(endpoint.resolve, self.address)
        pool.shutdown(wait=False)

    def receive(self, now: int) -> list[Chunk]:
        """Return what came in; connect, and connect again."""
        if self._backoff.expire(now):
            self.open(now)
        if self._names is not None and self._names.done():
            self._resolved(self._names, now)
        if self._connecting is not None:
            self._look(self._connecting, now)
        if self._stream is None:
            return []
        chunks = self._stream.receive()
        if chunks:
            self._backoff.succeed()
        if self._stream.ended:
            self._fail(self._stream.ended, now)
        return chunks

    @property
    def connection(self) -> socket.socket | None:
        """The socket while it is connected, to send by."""
        return None if self._stream is None else self._stream.socket

    def _resolved(self, names: Future[endpoint.Address], now: int) -> None:
        self._names = None
        error = names.exception()
        if error is None:
            self._connect(names.result(), now)
        else:
            self._fail(str(getattr(error, "strerror", None) or error), now)

    def _connect(self, address: endpoint.Address, now: int) -> None:
        family, name = address
        self._connecting = socket.socket(family, socket.SOCK_STREAM)
        prepare(self._connecting)
        code = self._connecting.connect_ex(name)
        if code not in (0, errno.EINPROGRESS):
            self._fail(os.strerror(code), now)

    def _look(self, made: socket.socket, now: int) -> None:
        """See whether the connection stands."""
        code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(os.strerror(code), now)
            return
        try:
            made.getpeername()
        except OSError:
            if now - self._since >= _PATIENCE_NS:
                self._fail("no answer", now)
            return
        self._connecting, self._stream = None, Stream(made)
        self.reconnects += self._connected > 0
        self._connected += 1
        self._is("up", f"connected to {endpoint.shown(made.getpeername())}")

    def _fail(self, reason: str, now: int) -> None:
        self._drop()
        self._backoff.fail(now)
        self._is("down", f"{self.address}: {reason}")

    def filenos(self) -> list[int]:
        return [] if self._stream is None else [self._stream.socket.fileno()]

    def deadline(self) -> int | None:
        if self._names is not None or self._connecting is not None:
            return self._since  # now and again: the gateway asks at its own pace
        return self._backoff.deadline()

    def close(self) -> None:
        self._drop()
        self._backoff.succeed()
        self._is("disabled")

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.socket.close()
        if self._connecting is not None:
            self._connecting.close()
        self._stream = self._connecting = self._names = None
