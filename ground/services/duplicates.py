"""Which packets are there already, so that ingesting or receiving one twice changes nothing.

How it works: a packet that is newer than all that its channel and APID have given cannot be a
duplicate, and most packets are. Only the others, and those that share time and count within one
call, are compared by digest: with the archive, which holds all that came before, and with each
other.

A live link calls packets new before they are in the archive: those are asked of `Recent`, and of
`Untimed` those that came over another link without a time.

A packet without a generation time has nothing that tells it from a later one of equal octets, and
both may be meant. So a file's counts as a duplicate only of what the archive held before its run.

Source: contracts, "Identity".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive.identities import COLUMNS, Identities, digest_rows
from ground.archive.store import Appended, TableInfo
from ground.services import tables
from ground.services.recent import Recent
from ground.services.untimed import Held as HoldsUntimed
from ground.services.untimed import Untimed

MOST_CHANNELS = 1 << 18  # whose newest time is remembered
_LONG_AGO = np.iinfo(np.int64).min
Truth = NDArray[np.bool_]
Int64 = NDArray[np.int64]


class Held(HoldsUntimed, Protocol):
    """What an archive holds already, as far as duplicates are concerned."""

    def identities(
        self,
        realm: str,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        table: str = "packets",
        timed: bool = True,
        untimed: bool = True,
    ) -> Identities: ...

    def scan(
        self, realm: str, table: str, *, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]: ...


class Nothing:
    """An archive that holds nothing: duplicates are told by what one run saw alone."""

    def tables(self, realm: str | None = None) -> list[TableInfo]:
        return []

    def appended(self, after: int, limit: int) -> list[Appended]:
        return []

    def identities(
        self,
        realm: str,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        table: str = "packets",
        timed: bool = True,
        untimed: bool = True,
    ) -> Identities:
        return Identities(())

    def scan(
        self, realm: str, table: str, *, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        return iter(())

    def scan_untimed(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        received_ns: tuple[int, int],
    ) -> Iterator[pa.Table]:
        return iter(())


class Duplicates:
    """The memory of one run into one realm; whatever it calls new is appended before it asks on.

    Args:
        resumed: the source whose earlier run was cut off, if this run goes on with it. What that
            run appended is of this one too, so rows of no time are not held against it.
        recent: what this run has called new, if that is appended later only.
    """

    def __init__(
        self,
        store: Held,
        realm: str,
        resumed: str | None = None,
        recent: Recent | None = None,
    ) -> None:
        self._store, self._realm, self._recent = store, realm, recent
        several = recent is not None and not recent.alone
        self._elsewhere = Untimed(store, realm) if several else None
        held = [info for info in store.tables(realm) if info.name == "packets"]
        self._untimed = Identities(())
        if held and resumed is None and recent is None:
            self._untimed = store.identities(realm, timed=False)
        elif held and resumed is not None:
            self._untimed = self._of_others(resumed)
        newest = [info.t1_ns for info in held if info.t1_ns is not None]
        self._before_ns = max(newest, default=_LONG_AGO)
        self._newest_ns: dict[int, int] = {}  # by channel
        self._spacecraft: dict[str, int] = {}

    def known(self, packets: pa.Table) -> Truth:
        """Return which rows of a `packets` table are duplicates."""
        stamps = tables.numbers(packets["t_ns"])
        timed = np.ones(len(packets), bool) if stamps.valid is None else stamps.valid
        found = np.zeros(len(packets), bool)
        untimed = np.flatnonzero(~timed)
        if len(untimed) and self._untimed:
            found[untimed] = _among(_digests(packets, untimed), self._untimed)
        rows = np.flatnonzero(timed)
        if len(rows):
            channels = self._channels(packets)[rows]
            found[rows] = self._timed(packets, rows, channels, stamps.values[rows])
        if self._recent is not None:
            if self._elsewhere is not None and len(untimed):
                found[untimed] = self._elsewhere.elsewhere(packets.take(pa.array(untimed)))
            self._recent.add(packets.take(pa.array(rows[~found[rows]])))
        return found

    def _of_others(self, source: str) -> Identities:
        """Return what is stored of no time and from other sources."""
        digests: set[bytes] = set()
        for part in self._store.scan(self._realm, "packets", columns=[*COLUMNS, "source"]):
            other = pc.and_(pc.is_null(part["t_ns"]), pc.not_equal(part["source"], source))
            digests.update(digest_rows(part.filter(other)))
        return Identities((digests,))

    def _timed(
        self, packets: pa.Table, rows: NDArray[np.intp], channels: Int64, t_ns: Int64
    ) -> Truth:
        """Return which of these rows, all of them with a time, are duplicates."""
        found = np.zeros(len(rows), bool)
        old = np.flatnonzero(t_ns <= self._marks(channels, t_ns))
        if len(old):
            found[old] = self._stored(_digests(packets, rows[old]), t_ns[old])
        sequence = tables.numbers(packets["sequence"]).values[rows]
        alike = _alike(channels, t_ns, sequence)
        if len(alike):
            found[alike] |= _again(_digests(packets, rows[alike]))
        return found

    def _stored(self, digests: list[bytes], t_ns: Int64) -> Truth:
        """Return which packets of these times are in the archive, or will be."""
        found = np.zeros(len(digests), np.bool_)
        ask = found == 0
        if self._recent is not None:
            found = self._recent.among(digests)
            ask = ~found & (t_ns <= max(self._before_ns, self._recent.floor_ns))
        if ask.any():
            start_ns, end_ns = int(t_ns[ask].min()), int(t_ns[ask].max()) + 1
            stored = self._store.identities(
                self._realm, start_ns=start_ns, end_ns=end_ns, untimed=False
            )
            found |= _among(digests, stored)
        return found

    def _marks(self, channels: Int64, t_ns: Int64) -> Int64:
        """Return the newest time before this call on each row's channel, and move it on."""
        distinct, inverse = np.unique(channels, return_inverse=True)
        newest = np.full(len(distinct), _LONG_AGO)
        np.maximum.at(newest, inverse, t_ns)
        before = [self._newest_ns.get(each, self._before_ns) for each in distinct.tolist()]
        for channel, mark, moved in zip(distinct.tolist(), before, newest.tolist(), strict=True):
            self._newest_ns[channel] = max(mark, moved)
        if len(self._newest_ns) > MOST_CHANNELS:  # then what is newer than all of them is new
            self._before_ns = max(self._newest_ns.values())
            self._newest_ns.clear()
        return np.array(before, np.int64)[inverse]

    def _channels(self, packets: pa.Table) -> Int64:
        """Return a number for each row's spacecraft, virtual channel and APID."""
        names = packets["spacecraft"].combine_chunks().dictionary_encode()
        known = names.dictionary.to_pylist()
        codes = [self._spacecraft.setdefault(each, len(self._spacecraft)) for each in known]
        spacecraft = np.array(codes, np.int64)[tables.numbers(names.indices).values]
        vcid = tables.numbers(packets["vcid"]).values.astype(np.int64)
        apid = tables.numbers(packets["apid"]).values.astype(np.int64)
        channel: Int64 = spacecraft << 24 | (vcid & 0xFF) << 16 | apid
        return channel


def _digests(packets: pa.Table, rows: NDArray[np.intp]) -> list[bytes]:
    return digest_rows(packets.take(pa.array(rows)))


def _among(digests: list[bytes], stored: Identities) -> Truth:
    return np.array([digest in stored for digest in digests], np.bool_)


def _again(digests: list[bytes]) -> Truth:
    """Return which digests stand further up already."""
    seen: set[bytes] = set()
    again = np.zeros(len(digests), bool)
    for row, digest in enumerate(digests):
        again[row] = digest in seen
        seen.add(digest)
    return again


def _alike(channels: Int64, t_ns: Int64, sequence: Int64) -> NDArray[np.intp]:
    """Return the rows that share channel, time and count with another, in their order."""
    order = np.lexsort((sequence, t_ns, channels))
    same = np.ones(max(len(order) - 1, 0), bool)
    for column in (channels, t_ns, sequence):
        same &= np.diff(column[order]) == 0
    alike = np.zeros(len(order), bool)
    alike[:-1] |= same
    alike[1:] |= same
    return np.sort(order[alike])
