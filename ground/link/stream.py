"""Reading what waits on a connected socket, as TCP client and server share it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from ground.link.receiver import CHUNK_OCTETS, TURN_OCTETS, Chunk

_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))


@dataclass(slots=True)
class Stream:
    """A connection.

    Attributes:
        ended: why it is over; "" while it is not.
    """

    socket: socket.socket
    ended: str = ""
    _begins: bool = field(default=True)

    def receive(self) -> list[Chunk]:
        """Return what waits, and find out whether the peer has gone."""
        chunks: list[Chunk] = []
        left = TURN_OCTETS
        try:
            while left > 0:
                octets = self.socket.recv(CHUNK_OCTETS)
                if not octets:
                    self.ended = "closed by the peer"
                    break
                chunks.append(Chunk(octets, self._begins))
                self._begins = False
                left -= len(octets)
        except BlockingIOError:
            pass
        except OSError as error:
            self.ended = str(error.strerror or error)
        return chunks


def prepare(made: socket.socket) -> None:
    """Let nothing on a socket wait, and let a peer that vanished be noticed within 25 s."""
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
