"""What is found out about packets on their way: beside them in columns, and batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ground.alarms import limits
from ground.columns import Batch, Column
from ground.mdb.model import ScalarType
from ground.services.crafts import Definition
from protocols.packet import Packets

Clock = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""Tells when the octets at these places of the source were received, TAI; 0 is unknown."""


@dataclass(slots=True)
class Meant:
    """What is found out about each packet, in columns beside the packets."""

    spacecraft: NDArray[np.int32]
    t_ns: NDArray[np.int64]
    timed: NDArray[np.bool_]
    received_ns: NDArray[np.int64] | None
    flags: NDArray[np.uint8]
    packet_type: NDArray[np.int32]
    types: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, packets: Packets, spacecraft: NDArray[np.int32], clock: Clock | None = None
    ) -> Meant:
        rows = len(packets)
        untyped = np.full(rows, -1, np.int32)
        none, untimed = np.zeros(rows, np.int64), np.zeros(rows, bool)
        received_ns = None if clock is None else clock(packets.source)
        return cls(spacecraft, none, untimed, received_ns, packets.flags.copy(), untyped)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch, the definition that decoded it, and the rows of the packets that it holds."""

    definition: Definition
    batch: Batch
    rows: NDArray[np.intp]

    def take(self, keep: NDArray[np.bool_]) -> Decoded:
        """Return the rows to keep only; the batch itself where that is all of them."""
        if keep.all():
            return self
        chosen = np.flatnonzero(keep)
        batch = Batch(
            self.batch.packet_type,
            self.batch.rows[chosen],
            {path: column.take(chosen) for path, column in self.batch.raw.items()},
            self.batch.flags[chosen],
            self.batch.bits_left[chosen],
        )
        return Decoded(self.definition, batch, self.rows[chosen])

    @property
    def types(self) -> Mapping[str, ScalarType]:
        """The types of the batch's columns."""
        return self.definition.plan.column_types[self.batch.packet_type]


@dataclass(frozen=True)
class Judged:
    """New packets of one type as an observer sees them, one row each, in order of arrival.

    Attributes:
        types: type of each column by its path; the same mapping for each batch of a packet type.
        database: the digest under which the archive keeps their database.
        order: int64 [N], the place of each packet among those of the call.
        spacecraft: int32 [N], index into `names`.
        t_ns, timed, received_ns: int64 generation time, whether there is one, and reception time
            (0 where it is unknown).
        levels: alarm levels of the columns that have limits, as of `Judge`.
        severity: uint8 [N], the worst of each row.
    """

    batch: Batch
    types: Mapping[str, ScalarType]
    database: str
    calibrate: Callable[[Mapping[str, Column]], Mapping[str, Column]]
    order: NDArray[np.int64]
    names: list[str]
    spacecraft: NDArray[np.int32]
    t_ns: NDArray[np.int64]
    timed: NDArray[np.bool_]
    received_ns: NDArray[np.int64]
    sequence: NDArray[np.int64]
    flags: NDArray[np.uint8]
    levels: dict[str, NDArray[np.uint8]]
    severity: NDArray[np.uint8]

    def take(self, rows: NDArray[np.int64]) -> Judged:
        """Return what stands beside these rows of the batch; the batch itself stays whole."""
        columns = ("order", "spacecraft", "t_ns", "timed", "received_ns", "sequence")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    @cached_property
    def values(self) -> Mapping[str, Column]:
        """The engineering columns, worked out when somebody asks."""
        return self.calibrate(self.batch.raw)

    @cached_property
    def severities(self) -> dict[str, NDArray[np.uint8]]:
        """`Severity` of each sample of the columns that have limits."""
        return {path: limits.severity(level) for path, level in self.levels.items()}
