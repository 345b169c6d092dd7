"""The nouns that pass between rooms: columns of parameters, one batch for each packet type.

A `Batch` holds the packets of one type out of one decoder call: one row a packet, one column a
parameter. Array parameters are one column with a second axis, never a column for each element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

CACHED_OCTETS = 1 << 17  # of one array that a kernel works on; half of a small second-level cache


class PacketFlag(IntFlag):
    """What was noticed about a packet while it was decoded; stored with its row."""

    SHORT = 1  # ends before its definition does: later fields are null
    LONG = 2  # octets or bits are left over after its definition
    SEGMENTED = 4  # was joined from several segments
    NO_TIME = 8  # the mission's time rule gave no generation time
    NO_LABEL = 16  # at least one enumeration value has no label
    BAD_CRC = 32  # from a frame with a bad CRC that the link was told to keep


class Severity(IntEnum):
    """How bad a value is, for an operator.

    XTCE watch and warning are caution, distress is serious, critical and severe are critical.
    """

    NORMAL = 0
    CAUTION = 1
    SERIOUS = 2
    CRITICAL = 3


@dataclass(slots=True)  # not frozen: a batch makes hundreds, and freezing triples their cost
class Column:
    """One parameter over the rows of a batch; never changed once made.

    Attributes:
        values: [N], or [N, E] for an array of fixed size E. Numbers in their narrowest dtype;
            object dtype holds `str`, `bytes`, integers wider than 64 bits, or (for arrays whose
            size varies) one numpy array a row.
        valid: bool, same shape as `values`; None where every value is valid.
        labels: for enumerations and booleans as engineering values: `values` (int32) index into
            these, and a value without a label is not valid.
    """

    values: NDArray[Any]
    valid: NDArray[np.bool_] | None = None
    labels: tuple[str, ...] | None = None

    def take(self, rows: NDArray[np.intp]) -> Column:
        """Return the column for these rows only."""
        valid = None if self.valid is None else self.valid[rows]
        return Column(self.values[rows], valid, self.labels)


def element(path: str, index: int) -> str:
    """Return the name of one element: `/DC/cards.temperature`, 3 -> `/DC/cards[3].temperature`."""
    stem = path.rfind("/") + 1
    dot = path.find(".", stem)
    cut = len(path) if dot < 0 else dot
    return f"{path[:cut]}[{index}]{path[cut:]}"


def stacks(
    columns: Sequence[Column], dtype: type[np.generic]
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield columns [N] of numbers as arrays [K, N], as many at a time as stay in a cache.

    Yields:
        Which of the columns these are, and their values; the array is used again for the next.
    """
    rows = len(columns[0].values) if columns else 0
    height = max(1, CACHED_OCTETS // max(1, rows * np.dtype(dtype).itemsize))
    space = np.empty((min(height, len(columns)), rows), dtype)
    for first in range(0, len(columns), height):
        part = slice(first, min(first + height, len(columns)))
        stack = space[: part.stop - first]
        np.concatenate([column.values for column in columns[part]], out=stack.reshape(-1))
        yield part, stack


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets of one type, decoded.

    Attributes:
        packet_type: XTCE path of the container, as `/System/HK`.
        rows: int64 [N], which of the packets given to the decoder these are.
        raw: raw values by parameter path, members as `/System/P.member`.
        flags: uint8 [N], `PacketFlag` bits.
        bits_left: int64 [N], bits after the last field; negative for a packet that is too short.
    """

    packet_type: str
    rows: NDArray[np.int64]
    raw: Mapping[str, Column]
    flags: NDArray[np.uint8]
    bits_left: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(slots=True)
class Counts:
    """What went into a stage, what came out, and what was dropped, by reason."""

    given: int = 0
    out: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, number: int = 1) -> None:
        """Count `number` items as dropped for `reason`."""
        if number:
            self.dropped[reason] = self.dropped.get(reason, 0) + number

    def add(self, other: Counts) -> None:
        """Add another count of the same stage to this one."""
        self.given += other.given
        self.out += other.out
        for reason, number in other.dropped.items():
            self.drop(reason, number)

    @property
    def balanced(self) -> bool:
        """Whether in == out + dropped, which must always hold."""
        return self.given == self.out + sum(self.dropped.values())

    def as_json(self) -> dict[str, Any]:
        """Return the counts in the shape that `--json` prints."""
        return {"in": self.given, "out": self.out, "dropped": dict(self.dropped)}
