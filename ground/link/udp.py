"""A UDP link: each datagram is a record.

Datagrams wait in the kernel while the gateway writes; so its buffer is as large as we may make it,
and what it had to drop is asked of it (SO_MEMINFO: the same count as SO_RXQ_OVFL, which only says
so with the next datagram, where one comes).
"""

from __future__ import annotations

import socket
import struct
import sys

from ground.link import endpoint
from ground.link.backoff import Backoff
from ground.link.receiver import TURN_OCTETS, Chunk, Receiver

_LARGEST = 65_536  # octets of a datagram, and more than any holds
_BUFFER = 32 << 20  # asked of the kernel; it grants what it may
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55  # asm-generic/socket.h
_DROPS = 8  # index of SK_MEMINFO_DROPS, linux/sock_diag.h
_TURN = 2048  # datagrams that one call returns at most
_MIB = 1 << 20


class Udp(Receiver):
    """Receives the datagrams sent to an address."""

    def __init__(self, address: str, seed: int = 0) -> None:
        super().__init__(address)
        self._wanted = address
        self._backoff = Backoff(seed=seed)
        self._socket: socket.socket | None = None
        self._arena = memoryview(bytearray(TURN_OCTETS + _LARGEST))
        self._begins = True
        self._drops = 0

    def open(self, now: int) -> None:
        """Bind the address."""
        self._begins, self._drops = True, 0
        try:
            self._socket = _bound(self._wanted)
        except OSError as error:
            self._backoff.fail(now)
            self._is("failed", f"{self._wanted}: {error.strerror or error}")
            return
        self._backoff.succeed()
        self.address = endpoint.shown(self._socket.getsockname())
        granted = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self._is("up", f"receive buffer {granted / _MIB:.1f} MiB")

    def receive(self, now: int) -> list[Chunk]:
        """Return the datagrams that wait."""
        if self._socket is None:
            if self._backoff.expire(now):
                self.open(now)
            return []
        chunks = self._drain(self._socket)
        self._count_drops(self._socket)
        return chunks

    def _drain(self, source: socket.socket) -> list[Chunk]:
        chunks: list[Chunk] = []
        arena, at, recv_into = self._arena, 0, source.recv_into
        try:
            while len(chunks) < _TURN and at < TURN_OCTETS:
                got = recv_into(arena[at:], _LARGEST)
                if got:
                    chunks.append(Chunk(arena[at : at + got], self._begins))
                    self._begins = False
                    at += got
                else:
                    self.dropped["empty"] += 1
        except BlockingIOError:
            pass
        except OSError as error:  # an ICMP error of some peer; the socket goes on
            self.detail = str(error.strerror or error)
        return chunks

    def _count_drops(self, source: socket.socket) -> None:
        drops = _drops(source)
        if drops != self._drops:
            self.dropped["kernel"] += (drops - self._drops) & 0xFFFFFFFF
            self._drops = drops

    def filenos(self) -> list[int]:
        return [] if self._socket is None else [self._socket.fileno()]

    def deadline(self) -> int | None:
        return self._backoff.deadline()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._backoff.succeed()
        self._is("disabled")


def _bound(text: str) -> socket.socket:
    family, name = endpoint.resolve(text)
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        try:
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except OSError:  # only for the mighty; others get what the system allows
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        made.bind(name)
    except OSError:
        made.close()
        raise
    return made


def _drops(source: socket.socket) -> int:
    """Return datagrams that the kernel dropped on this socket; 0 where it does not tell."""
    if sys.platform != "linux":
        return 0
    try:
        told = source.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_DROPS + 1))
    except OSError:
        return 0
    return int(struct.unpack_from("I", told, 4 * _DROPS)[0]) if len(told) > 4 * _DROPS else 0
