"""Which packets are there already, so that ingesting or receiving one twice changes nothing.

A packet with a generation time is a duplicate of any other of its identity, wherever it is. One
without a time is not: two equal packets of one recording may both be meant. So it counts as a
duplicate only of what the archive held before this run began.

The digests of the last packets of a run are kept at hand; the archive is asked only where it may
know more: it held something before, or the run has gone back in time behind what is at hand.

Source: contracts, "Identity".
"""

from __future__ import annotations

from collections import deque

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive.embedded import EmbeddedStore
from ground.archive.identities import Identities, digest_rows
from ground.services import tables

AT_HAND = 1_000_000  # digests, about 100 octets each


class Duplicates:
    """The memory of one run into one realm of an archive."""

    def __init__(self, store: EmbeddedStore, realm: str) -> None:
        self._store, self._realm = store, realm
        self._before = any(info.name == "packets" for info in store.tables(realm))
        self._untimed = store.identities(realm) if self._before else Identities(())
        self._at_hand: set[bytes] = set()
        self._order: deque[tuple[list[bytes], int]] = deque()
        self._forgotten_ns: int | None = None  # newest time of the packets no longer at hand

    def known(self, packets: pa.Table) -> NDArray[np.bool_]:
        """Return which rows of a `packets` table are duplicates; the others are known from now."""
        digests = digest_rows(packets)
        stamps = tables.numbers(packets["t_ns"])
        timed = np.ones(len(digests), bool) if stamps.valid is None else stamps.valid
        stored = self._stored(stamps.values[timed])
        found = np.zeros(len(digests), bool)
        for row, digest in enumerate(digests):
            if not timed[row]:
                found[row] = digest in self._untimed
            elif digest in self._at_hand or (stored and digest in stored):
                found[row] = True
            else:
                self._at_hand.add(digest)
        newest = int(stamps.values[timed].max()) if timed.any() else 0
        fresh = np.flatnonzero(timed & ~found).tolist()
        self._remember([digests[row] for row in fresh], newest)
        return found

    def _stored(self, t_ns: NDArray[np.int64]) -> Identities | None:
        """Return what the archive knows of these times; None where it can know nothing new."""
        if not len(t_ns):
            return None
        behind = self._forgotten_ns is not None and int(t_ns.min()) <= self._forgotten_ns
        if not (self._before or behind):
            return None
        start_ns, end_ns = int(t_ns.min()), int(t_ns.max()) + 1
        return self._store.identities(self._realm, start_ns=start_ns, end_ns=end_ns)

    def _remember(self, digests: list[bytes], newest_ns: int) -> None:
        self._order.append((digests, newest_ns))
        while len(self._at_hand) > AT_HAND and len(self._order) > 1:
            gone, newest_ns = self._order.popleft()
            self._at_hand.difference_update(gone)
            self._forgotten_ns = max(newest_ns, self._forgotten_ns or newest_ns)
