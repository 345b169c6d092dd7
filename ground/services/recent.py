"""The packets of this run, remembered: what a live link calls new may not be in the archive yet.

How it works: tables of new packets are kept as they are, and digested when somebody asks, which is
when a packet comes that may be an old one, or when they are many octets. Beyond `capacity` packets
the oldest tables are forgotten; `floor_ns` then says up to when the archive must be asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive.identities import COLUMNS, digest_rows
from ground.services import tables

CAPACITY = 200_000  # packets; about 100 octets of each are digests
FRESH_OCTETS = 32 << 20  # of packets that are not digested yet
_LONG_AGO = np.iinfo(np.int64).min


class Recent:
    """What a run has called new, the newest so many packets.

    Args:
        links: how many there are; over one alone nothing comes from elsewhere.

    Attributes:
        alone: whether there is no other link.
        floor_ns: packets of this run with a later generation time are all remembered.
    """

    def __init__(self, capacity: int = CAPACITY, *, links: int = 2) -> None:
        self.alone = links < 2
        self.floor_ns: int = int(_LONG_AGO)
        self._capacity = capacity
        self._fresh: deque[pa.Table] = deque()  # not digested yet
        self._octets = 0  # in them
        self._digested: deque[tuple[list[bytes], int]] = deque()  # and the newest time in each
        self._digests: set[bytes] = set()
        self._rows = 0

    def add(self, packets: pa.Table) -> None:
        """Remember rows of a `packets` table."""
        if packets.num_rows:
            self._fresh.append(packets.select(COLUMNS))
            self._rows += packets.num_rows
            self._octets += self._fresh[-1].nbytes
            if self._octets > FRESH_OCTETS:
                self._digest()
            self._trim()

    def among(self, digests: Sequence[bytes]) -> NDArray[np.bool_]:
        """Return which of these are remembered."""
        self._digest()
        return np.array([digest in self._digests for digest in digests], np.bool_)

    def _digest(self) -> None:
        while self._fresh:
            table = self._fresh.popleft()
            made = digest_rows(table)
            self._digests.update(made)
            self._digested.append((made, _newest(table)))
        self._octets = 0

    def _trim(self) -> None:
        while self._rows > self._capacity and len(self._fresh) + len(self._digested) > 1:
            if self._digested:
                gone, newest = self._digested.popleft()
                self._digests.difference_update(gone)
                self._rows -= len(gone)
            else:
                table = self._fresh.popleft()
                newest = _newest(table)
                self._rows -= table.num_rows
                self._octets -= table.nbytes
            self.floor_ns = max(self.floor_ns, newest)


def _newest(table: pa.Table) -> int:
    stamps = tables.numbers(table["t_ns"])
    times = stamps.values if stamps.valid is None else stamps.values[stamps.valid]
    return int(times.max()) if len(times) else int(_LONG_AGO)
