"""Reading a journal from any process, while it grows: by position, or by time of reception.

What is damaged is named once, and reading goes on behind it; the hole shows in the positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ground.archive import journal_messages as messages
from ground.archive.journal_records import Records
from ground.archive.journal_segments import Found, Segment, segments
from ground.archive.store import Damage


@dataclass(frozen=True, slots=True)
class Span:
    """What a journal holds: positions [first, end), received in first_ns..last_ns."""

    first: int
    end: int
    first_ns: int
    last_ns: int


class Reader:
    """Reads a journal onwards; it remembers where it was, so that the next read finds it at once.

    Attributes:
        damaged: what was found damaged so far.
    """

    def __init__(self, folder: Path) -> None:
        self.damaged: list[Damage] = []
        self._folder = folder
        self._open: Segment | None = None
        self._at = 0  # place in the open segment from which to go on
        self._position = -1  # all before it was read

    def close(self) -> None:
        """Let go of the open file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def read(self, position: int, limit_octets: int) -> Records:
        """Return records from a position on: so many octets together, but always one if there is.

        A record that begins before the position is given from there. Where the journal holds
        nothing at the position (trimmed, damaged, jumped over), what comes behind it is given.
        """
        known = segments(self._folder)
        if self._open is None or position != self._position:
            self._go(known, position)
        parts: list[Records] = []
        self._position = position
        while limit_octets > 0 and (found := self._next(known, self._position)) is not None:
            records = messages.decode(found.octets).behind(self._position)
            taken = records.at_most(limit_octets)
            if parts and len(taken.octets) > limit_octets:
                break
            parts.append(taken)
            limit_octets -= len(taken.octets)
            self._position = taken.end
            if len(taken) < len(records):
                break
            self._at = found.behind
        return Records.joined(parts)

    def _go(self, known: list[tuple[int, Path]], position: int) -> None:
        """Open the segment that holds a position, at a place at or before it."""
        self.close()
        before = [path for first, path in known if first <= position] or [
            path for _, path in known[:1]
        ]
        if before and self._opened(before[-1]) and self._open is not None:
            self._at = self._open.search(lambda header: header.end > position)

    def _opened(self, path: Path) -> bool:
        self.close()
        try:
            self._open, self._at = Segment(path), 0
        except FileNotFoundError:  # trimmed away since the folder was listed
            return False
        return True

    def _next(self, known: list[tuple[int, Path]], position: int) -> Found | None:
        """Return the next message that ends behind a position; None where none is whole yet."""
        while self._open is not None:
            found = self._here(self._open)
            if found is None:
                if not self._following(known, position):
                    return None
            elif found.header.end <= position:
                self._at = found.behind
            else:
                return found
        return None

    def _here(self, segment: Segment) -> Found | None:
        self._at = self._at or segment.start
        found = segment.message(self._at)
        if found is None:
            found = segment.find(self._at)
            if found is not None and self._at:
                self._tell(segment.path, self._at, found.at)
        return found

    def _following(self, known: list[tuple[int, Path]], position: int) -> bool:
        """Go to the next segment; False where this one is the last, and so may still grow."""
        here = self._open
        if here is None:
            return False
        if here.deleted:
            self._go(known, position)
            return self._open is not None and not self._open.deleted
        later = [path for first, path in known if first > int(here.path.stem)]
        if not later:
            return False
        if self._at and not here.closed(self._at):
            self._tell(here.path, self._at, here.size)
        return any(self._opened(path) for path in later)

    def _tell(self, path: Path, start: int, stop: int) -> None:
        what = f"octets {start} to {stop} are not as they were written"
        damage = Damage(str(path), what)
        if damage not in self.damaged:
            self.damaged.append(damage)


def read(
    folder: Path, position: int, limit_octets: int, damaged: list[Damage] | None = None
) -> Records:
    """Return records of the journal in a folder, as `Reader.read`; name damage in `damaged`."""
    reader = Reader(folder)
    try:
        return reader.read(position, limit_octets)
    finally:
        reader.close()
        if damaged is not None:
            damaged.extend(reader.damaged)


def span(folder: Path) -> Span | None:
    """Return what the journal in a folder holds; None where it holds nothing."""
    known = [path for _, path in segments(folder)]
    first = next(filter(None, (_first(path) for path in known)), None)
    last = next(filter(None, (_last(path) for path in reversed(known))), None)
    if first is None or last is None:
        return None
    return Span(first.header.position, last.header.end, first.header.t0_ns, last.header.t1_ns)


def _first(path: Path) -> Found | None:
    with Segment(path) as segment:
        return segment.find(0)


def _last(path: Path) -> Found | None:
    with Segment(path) as segment:
        return segment.last()


def seek(folder: Path, received_ns: int) -> int:
    """Return the position of the first record that was received at a time or later.

    Where none was, it is the end; 0 of an empty journal. A clock that was set back while the
    journal was written leaves the answer near what is sought, never beyond its segment.
    """
    known = [path for _, path in segments(folder)]
    for at, path in enumerate(known):
        following = _first(known[at + 1]) if at + 1 < len(known) else None
        if following is None or following.header.t0_ns >= received_ns:
            found = _at_time(path, received_ns)
            if found is not None:
                return found
    held = span(folder)
    return held.end if held is not None else 0


def _at_time(path: Path, received_ns: int) -> int | None:
    with Segment(path) as segment:
        start = segment.search(lambda header: header.t1_ns >= received_ns)
        for found in segment.messages(start):
            if found.header.t1_ns >= received_ns:
                records = messages.decode(found.octets)
                return int(records.position[records.received_ns >= received_ns][0])
    return None
