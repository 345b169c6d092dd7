"""Who reads the journals of a gateway: each from its own position, within its own credit.

Each is sent what it asked for until its credit ends or its queue is full; reception never waits
for it. One that asks from a position further than before, of what was sent already, gives more
credit; one that asks from the same position again has lost what followed, and that is sent anew.
One that can be sent nothing for a while has gone, and is forgotten; it comes back by asking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ground.archive.journal import Reader
from ground.messages import ReadJournal, RecordsJournalled
from ground.services.gateway_intake import Intake

MOST_CREDIT = 16 << 20  # octets on their way to one reader: this bounds the memory for it
_MESSAGE_OCTETS = 1 << 20
_MOST_READERS = 64
_FORGET_NS = 10_000_000_000  # after so long without being able to send
_TURN = 8  # messages to one reader before the others, and the links, have their turn

Send = Callable[[bytes, RecordsJournalled, int], bool]
"""Sends a message to (identity, message, request); False where the peer is gone or full."""


@dataclass(slots=True)
class Reading:
    """How far one reader is with one link.

    Attributes:
        asked: the position that it asked from last.
        position: the next octet to send.
        until: up to where it has credit.
        request: the number of the request that is answered.
        stuck_ns: since when nothing could be sent; None while it can.
    """

    files: Reader
    asked: int
    position: int
    until: int
    request: int
    stuck_ns: int | None = None


class Readers:
    """All readers of a gateway, by identity and link."""

    def __init__(self, intakes: Mapping[str, Intake], send: Send) -> None:
        self._intakes = intakes
        self._send = send
        self._known: dict[tuple[bytes, str], Reading] = {}
        self.sent = 0  # messages
        self.forgotten = 0  # readers that had gone, or were too many

    def __len__(self) -> int:
        return len(self._known)

    def ask(self, identity: bytes, asked: ReadJournal, request: int, now: int) -> None:
        """Begin to send, go on with more credit, or send anew; too many, and the oldest goes."""
        key = identity, asked.link
        reading = self._known.pop(key, None) or self._begin(asked)
        if not reading.asked < asked.position <= reading.position:
            reading.position = asked.position
        reading.asked, reading.request = asked.position, request
        reading.until = asked.position + min(asked.credit, MOST_CREDIT)
        self._known[key] = reading
        if len(self._known) > _MOST_READERS:
            self._forget(next(iter(self._known)))
        self._serve(key, now)

    def _begin(self, asked: ReadJournal) -> Reading:
        files = Reader(self._intakes[asked.link].journal.folder)
        return Reading(files, asked.position, asked.position, asked.position, 0)

    def serve(self, now: int, link: str | None = None) -> bool:
        """Send what there is to send (of one link); return whether more waits for its turn."""
        more = False
        for key in [key for key in self._known if link is None or key[1] == link]:
            more |= self._serve(key, now)
        return more

    def _serve(self, key: tuple[bytes, str], now: int) -> bool:
        reading, intake = self._known[key], self._intakes[key[1]]
        for _ in range(_TURN):
            if reading.position >= min(reading.until, intake.journal.end):
                return False
            if not self._one(key, reading, intake):
                self._stuck(key, reading, now)
                return False
        return True

    def _one(self, key: tuple[bytes, str], reading: Reading, intake: Intake) -> bool:
        """Send one message; True also where the files have nothing to read (yet)."""
        start = reading.position
        records = intake.read(reading.files, start, min(reading.until - start, _MESSAGE_OCTETS))
        if not len(records):
            return True
        written = intake.journal.end
        message = RecordsJournalled(key[1], start, records.end, written, records.columns())
        if not self._send(key[0], message, reading.request):
            return False
        self.sent += 1
        reading.position, reading.stuck_ns = records.end, None
        return True

    def _stuck(self, key: tuple[bytes, str], reading: Reading, now: int) -> None:
        if reading.stuck_ns is None:
            reading.stuck_ns = now
        elif now - reading.stuck_ns >= _FORGET_NS:
            self._forget(key)

    def _forget(self, key: tuple[bytes, str]) -> None:
        self._known.pop(key).files.close()
        self.forgotten += 1

    def damaged(self) -> set[tuple[str, str]]:
        """Return the damage that readers came across: (path, what)."""
        seen = (each for reading in self._known.values() for each in reading.files.damaged)
        return {(each.path, each.what) for each in seen}

    def lag(self) -> int:
        """Return how many octets the slowest reader is behind."""
        ends = [
            self._intakes[link].journal.end - reading.position
            for (_, link), reading in self._known.items()
        ]
        return max(0, *ends) if ends else 0

    def close(self) -> None:
        """Let go of every reader."""
        for key in list(self._known):
            self._known.pop(key).files.close()
