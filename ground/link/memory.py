"""A link in memory: what a test or a program of the same process puts in comes out."""

from __future__ import annotations

from collections import deque

from ground.link.receiver import Chunk, Receiver

_MOST = 64 << 20  # octets that wait at most


class Memory(Receiver):
    """Receives what was put in; as long as it is not taken, it is given again."""

    def __init__(self, address: str = "memory") -> None:
        super().__init__(address)
        self._waiting: deque[Chunk] = deque()
        self._octets = self._given = 0

    def put(self, octets: bytes, *, begins: bool = False) -> bool:
        """Give octets; False (and counted) where too many wait."""
        if self._octets + len(octets) > _MOST:
            self.dropped["full"] += 1
            return False
        if octets:
            self._waiting.append(Chunk(octets, begins))
            self._octets += len(octets)
        return True

    def open(self, now: int) -> None:
        self._is("up")

    def receive(self, now: int) -> list[Chunk]:
        self._given = len(self._waiting)
        return list(self._waiting)

    def taken(self) -> None:
        for _ in range(self._given):
            self._octets -= len(self._waiting.popleft().octets)
        self._given = 0

    def refused(self) -> bool:
        self._given = 0
        return True

    def deadline(self) -> int | None:
        return 0 if self._waiting and self.state == "up" else None

    def close(self) -> None:
        self._is("disabled")
