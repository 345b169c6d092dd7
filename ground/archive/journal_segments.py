"""One segment of a journal, read while it may still grow: its messages in order, or found again."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ground.archive import journal_messages as messages
from ground.archive.journal_messages import END_OF_STREAM, Header

SUFFIX = ".arrows"
_WINDOW = 1 << 20  # octets that are read at once
_NEAR = 1 << 16  # octets within which a search goes on message by message


@dataclass(frozen=True, slots=True)
class Found:
    """A whole message: where it lies in its segment, what it says of itself, its octets."""

    at: int
    header: Header
    octets: memoryview

    @property
    def behind(self) -> int:
        """Where the next message lies."""
        return self.at + self.header.octets


def segments(folder: Path) -> list[tuple[int, Path]]:
    """Return the segments of a journal, by the position with which each begins."""
    if not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdecimal())
    return sorted((int(path.stem), path) for path in named)


class Segment:
    """A file of the journal, open to read.

    Raises:
        FileNotFoundError: it was trimmed away.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._at, self._window = 0, memoryview(b"")

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Segment:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Octets that the file has now."""
        return os.fstat(self._file).st_size

    @property
    def start(self) -> int:
        """Where the first message lies, behind the schema; 0 where none can be read (yet)."""
        begin = os.pread(self._file, 8, 0)
        metadata = int.from_bytes(begin[4:], "little")
        known = begin[:4] == END_OF_STREAM[:4] and metadata <= messages.LARGEST_METADATA
        return 8 + metadata if known and len(begin) == 8 else 0

    def message(self, at: int) -> Found | None:
        """Return the message at this place; None where none is whole there (yet)."""
        return self._message(at) or self._again(at)

    def _again(self, at: int) -> Found | None:
        """Look once more with fresh eyes: what was read before may have been half written."""
        self._window = memoryview(b"")
        return self._message(at)

    def _message(self, at: int) -> Found | None:
        header = messages.header(self._octets(at, messages.LARGEST_METADATA + 8))
        if header is None:
            return None
        octets = self._octets(at, header.octets)[: header.octets]
        return Found(at, header, octets) if messages.whole(octets, header) else None

    def _octets(self, at: int, wanted: int) -> memoryview:
        """Return octets from a place on: so many, or more, or what there is."""
        inside = at - self._at
        if inside < 0 or inside + wanted > len(self._window):
            self._at, inside = at, 0
            self._window = memoryview(os.pread(self._file, max(_WINDOW, wanted), at))
        return self._window[inside:]

    def find(self, start: int, stop: int | None = None) -> Found | None:
        """Return the first whole message at or behind `start`, and before `stop`."""
        stop = self.size if stop is None else min(stop, self.size)
        while start < stop:
            window = os.pread(self._file, _WINDOW + messages.LARGEST_METADATA, start)
            for line in messages.LINE.finditer(window):
                found = self._around(start, start + line.start())
                if found is not None and found.at < stop:
                    return found
            start += _WINDOW
        return None

    def _around(self, start: int, line_at: int) -> Found | None:
        """Return the message whose metadata holds a line, if it begins at or behind `start`."""
        first = max(start, line_at - messages.LARGEST_METADATA)
        before = os.pread(self._file, line_at - first, first)
        place = len(before)
        while (place := before.rfind(b"\xff\xff\xff\xff", 0, place)) >= 0:
            if (found := self._message(first + place)) is not None:
                return found
            place += 3
        return None

    def last(self) -> Found | None:
        """Return the last whole message."""
        size, back = self.size, _WINDOW
        while True:
            found = self.find(max(0, size - back))
            if found is not None:
                return deque(self.messages(found.at), maxlen=1)[0]
            if back >= size:
                return None
            back *= 4

    def search(self, reached: Callable[[Header], bool]) -> int:
        """Return a place at or before the first message that has `reached` what is sought.

        `reached` must hold for all messages behind the first for which it does.
        """
        low, high = self.start, self.size
        while high - low > _NEAR:
            middle = (low + high) // 2
            found = self.find(middle, high)
            if found is None or reached(found.header):
                high = middle
            else:
                low = found.behind
        return low

    def messages(self, at: int) -> Iterator[Found]:
        """Yield the whole messages at or behind a place, going on behind what is damaged."""
        while (found := self.message(at) or self.find(at)) is not None:
            yield found
            at = found.behind

    def begins_with(self, octets: bytes) -> bool:
        """Return whether the file begins so."""
        return os.pread(self._file, len(octets), 0) == octets

    @property
    def deleted(self) -> bool:
        """Whether the file has no name any more: it was trimmed away, or begun anew."""
        return os.fstat(self._file).st_nlink == 0

    def closed(self, at: int) -> bool:
        """Return whether nothing but the mark of its end follows at this place."""
        return bytes(self._octets(at, 9)[:9]) in (END_OF_STREAM, b"")
