"""The contract of links: what a gateway may ask of any of them. None of it ever waits.

A receiver is opened, asked for what came in whenever one of its descriptors can be read or its
deadline has passed, told whether that was kept, and closed. Times are a monotonic clock's, in ns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import Literal

State = Literal["disabled", "connecting", "up", "down", "failed"]
CHUNK_OCTETS = 1 << 18  # of a stream, read at once
TURN_OCTETS = 1 << 22  # that one call of `receive` returns at most; the rest comes with the next


@dataclass(frozen=True, slots=True)
class Chunk:
    """A datagram, or a piece of a stream; valid until `receive` is called again.

    `begins` marks the first of a connection (or file): nothing before it belongs to it.
    """

    octets: bytes | memoryview
    begins: bool = False


class Receiver(ABC):
    """One link's way in; kinds override what they need.

    Attributes:
        state, detail: what it is doing, and with whom or why not.
        address: where it is, as bound or connected.
        reconnects: connections after the first one.
        dropped: what was lost before it could be given, by reason, in datagrams or chunks.
    """

    def __init__(self, address: str) -> None:
        self.state: State = "disabled"
        self.detail = ""
        self.address = address
        self.reconnects = 0
        self.dropped: Counter[str] = Counter()

    @abstractmethod
    def open(self, now: int) -> None:
        """Begin to receive; what fails now is tried again by `receive`."""

    @abstractmethod
    def receive(self, now: int) -> list[Chunk]:
        """Return what came in since the last call, and do what its deadline asks for."""

    def filenos(self) -> list[int]:
        """Return the descriptors that can be read when there is something to receive."""
        return []

    def deadline(self) -> int | None:
        """Return when `receive` is to be called though no descriptor asks for it."""
        return None

    def taken(self) -> None:  # noqa: B027  most have nothing to do
        """Be told that what `receive` gave last is in the journal."""

    def refused(self) -> bool:
        """Be told that it is not; return whether the next `receive` gives it again."""
        return False

    def settle(self) -> None:  # noqa: B027  most have nothing to do
        """Be told that all that was taken is on disk: what was read need not be read again."""

    @abstractmethod
    def close(self) -> None:
        """Stop receiving and free what is open; `open` begins again."""

    def _is(self, state: State, detail: str = "") -> None:
        self.state, self.detail = state, detail
