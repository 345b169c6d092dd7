"""The noun of the journal: records, each a datagram or a piece of a stream, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError

_KINDS: dict[str, Any] = {
    "position": np.int64,
    "received_ns": np.int64,
    "length": np.int32,
    "begins": np.bool_,
    "octets": np.uint8,
}


@dataclass(frozen=True, slots=True)
class Records:
    """Octets of a link as they were received; the columns of `RecordsJournalled`.

    Attributes:
        position: int64 [N], octets of the link before each record; holes are octets that no
            journal holds (trimmed, damaged, or jumped over).
        received_ns: int64 [N], TAI since 1958.
        length: int32 [N], at least 1.
        begins: bool [N], the first record of a connection: synchronisation starts anew.
        octets: uint8 [sum of length], back to back.
    """

    position: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    length: NDArray[np.int32]
    begins: NDArray[np.bool_]
    octets: NDArray[np.uint8]

    @classmethod
    def of(
        cls, position: int, received_ns: int, chunks: Sequence[bytes | memoryview],
        begins: Sequence[bool] = (),
    ) -> Records:  # fmt: skip
        """Return records of one moment, back to back from a position; none may be empty."""
        length = np.array([len(each) for each in chunks], np.int32)
        before = np.cumsum(length, dtype=np.int64) - length
        return cls(
            position + before,
            np.full(len(chunks), received_ns, np.int64),
            length,
            np.array(begins, np.bool_) if len(begins) else np.zeros(len(chunks), np.bool_),
            np.frombuffer(b"".join(chunks), np.uint8),
        )

    @classmethod
    def none(cls) -> Records:
        """Return no records."""
        return cls.of(0, 0, ())

    @classmethod
    def joined(cls, parts: Sequence[Records]) -> Records:
        """Return the records of several, in their order."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.none()
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in _KINDS))

    @classmethod
    def from_columns(cls, columns: Mapping[str, NDArray[Any]]) -> Records:
        """Return the records of a message from outside.

        Raises:
            DecodeError: columns that are missing, of another type, or that contradict each other.
        """
        for name, kind in _KINDS.items():
            found = columns.get(name)
            if found is None or found.dtype != kind or found.ndim != 1:
                raise DecodeError(f"column {name} is not {np.dtype(kind)} [N]", clause="journal")
        records = cls(*(columns[name] for name in _KINDS))
        if not records._consistent():
            raise DecodeError("records contradict each other", clause="journal")
        return records

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, for a message."""
        return {name: getattr(self, name) for name in _KINDS}

    def _consistent(self) -> bool:
        n = len(self.position)
        if not n == len(self.received_ns) == len(self.length) == len(self.begins):
            return False
        if not n:
            return not len(self.octets)
        ends = self.position + self.length
        rising = bool((self.position[1:] >= ends[:-1]).all())
        whole = int(self.length.sum(dtype=np.int64)) == len(self.octets)
        return rising and whole and int(self.length.min()) > 0 and int(self.position[0]) >= 0

    def __len__(self) -> int:
        return len(self.position)

    @property
    def end(self) -> int:
        """The position behind the last record; 0 where there is none."""
        return int(self.position[-1]) + int(self.length[-1]) if len(self) else 0

    @property
    def starts(self) -> NDArray[np.int64]:
        """Return where each record begins in `octets`, int64 [N + 1], with their end."""
        return np.concatenate([[0], np.cumsum(self.length, dtype=np.int64)])

    def rows(self, first: int, stop: int) -> Records:
        """Return the records [first, stop)."""
        starts = self.starts
        at = slice(first, stop)
        octets = self.octets[starts[first] : starts[max(first, min(stop, len(self)))]]
        return Records(
            self.position[at], self.received_ns[at], self.length[at], self.begins[at], octets
        )

    def behind(self, position: int) -> Records:
        """Return what lies at or behind a position; of a record that holds it, the rest."""
        first = int(np.searchsorted(self.position + self.length, position, side="right"))
        left = self.rows(first, len(self)) if first else self
        if not len(left) or left.position[0] >= position:
            return left
        cut = position - int(left.position[0])
        places, lengths, begins = left.position.copy(), left.length.copy(), left.begins.copy()
        places[0], lengths[0], begins[0] = position, lengths[0] - cut, False
        return Records(places, left.received_ns, lengths, begins, left.octets[cut:])

    def moved(self, octets: int) -> Records:
        """Return the same records so many octets further on."""
        places = self.position + octets
        return Records(places, self.received_ns, self.length, self.begins, self.octets)

    def at_most(self, octets: int) -> Records:
        """Return the first records of so many octets together, but always one where there is."""
        whole = int(np.searchsorted(self.starts, octets, side="right")) - 1
        return self if whole >= len(self) else self.rows(0, max(1, whole))
