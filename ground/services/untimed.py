"""Packets without a generation time that came over more than one link.

Nothing tells such a packet from a later one of equal octets but when and where it was received: it
is the same one if it came over another link within half a minute (`sightings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.archive.identities import COLUMNS, digest_rows
from ground.archive.store import Appended, TableInfo
from ground.services import tables
from ground.services.sightings import Sightings, Stored

TABLE = "packets"
_ALL = 1 << 30  # entries of the log of appends, which is bounded by itself


class Held(Protocol):
    """What an archive holds of packets without a time."""

    def tables(self, realm: str | None = None) -> list[TableInfo]: ...

    def appended(self, after: int, limit: int) -> list[Appended]: ...

    def scan_untimed(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        received_ns: tuple[int, int],
    ) -> Iterator[pa.Table]: ...


class Untimed:
    """The packets without a time of one realm."""

    def __init__(self, store: Held, realm: str) -> None:
        self._store, self._realm = store, realm
        ends = [
            each.t1_ns
            for each in store.appended(0, _ALL)
            if each.untimed and (each.realm, each.table) == (realm, TABLE)
        ]
        newest = max((each for each in ends if each is not None), default=None)
        self._sightings = Sightings(newest, self._load)

    def elsewhere(self, packets: pa.Table) -> NDArray[np.bool_]:
        """Return which rows of `packets`, all of one link, came over another one already."""
        source = str(packets["source"][0])
        seen = self._sightings.see(digest_rows(packets), tables.received_ns(packets), source)
        return np.array([each.first != source for each in seen], np.bool_)

    def _load(self, start_ns: int, end_ns: int) -> Iterator[Stored]:
        if not any(info.name == TABLE for info in self._store.tables(self._realm)):
            return
        columns = [*COLUMNS, "time", "received", "source"]
        span = start_ns, end_ns
        for part in self._store.scan_untimed(self._realm, TABLE, columns=columns, received_ns=span):
            at_ns, sources = tables.received_ns(part).tolist(), part["source"].to_pylist()
            for digest, at, source in zip(digest_rows(part), at_ns, sources, strict=True):
                yield digest, at, source, source
