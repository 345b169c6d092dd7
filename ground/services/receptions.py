"""Which frames each link received, as rows of the archive: one for each reception.

How it works: the same frame over two stations has the same spacecraft, virtual channel, count and
data. Its first reception is the one that the processor took first; each row names the link and
the time of that, so that (spacecraft, vcid, sequence, first, first_ns) is one frame, and `source`
is a link that received it. Which packets are kept is not decided here: a packet is stored once,
from whichever link gave it whole first.

A frame with a bad CRC that its link was told to keep is no reception of another: its octets are
not those that were sent.

Source: contracts, "Identity".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from ground.archive.store import TableInfo
from ground.columns import PacketFlag
from ground.services import tables
from ground.services.crafts import Crafts
from ground.services.meant import Clock
from ground.services.received import Heard
from ground.services.sightings import Sightings, Stored
from ground.settings import Link, Mission

TABLE = "frames"
_LOADED = ("digest", "first_ns", "first", "source", "flags")


class Held(Protocol):
    """What an archive holds of receptions."""

    def tables(self, realm: str | None = None) -> list[TableInfo]: ...

    def scan(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[pa.Table]: ...


def wanted(mission: Mission) -> bool:
    """Return whether frames are noted: where more than one live link carries them."""
    return sum(_live(link) for link in mission.links) > 1


def _live(link: Link) -> bool:
    return link.frame != "packets" and link.kind != "file"


class Receptions:
    """The receptions of one realm."""

    def __init__(self, store: Held, realm: str) -> None:
        self._store, self._realm = store, realm
        held = [info.t1_ns for info in store.tables(realm) if info.name == TABLE]
        newest = max((each for each in held if each is not None), default=None)
        self._sightings = Sightings(newest, self._load)

    def note(self, heard: Heard, crafts: Crafts, source: str, clock: Clock) -> pa.Table:
        """Return frames that a link received as rows of `frames`.

        Args:
            source: the link's journal.
            clock: tells when the octets were received.
        """
        received_ns = clock(heard.offset)
        good = np.flatnonzero(heard.good)
        seen = self._sightings.see(heard.digest[good].tolist(), received_ns[good], source)
        first_ns, first = received_ns.copy(), np.zeros(len(heard), np.int32)
        links = [source]
        for row, each in zip(good.tolist(), seen, strict=True):
            if each.first != source:
                if each.first not in links:
                    links.append(each.first)
                first_ns[row], first[row] = each.first_ns, links.index(each.first)
        return pa.table(
            _head(heard, crafts, received_ns)
            | {
                "vcid": pa.array(heard.vcid, pa.int16()),
                "source": tables.names([source], np.zeros(len(heard), np.int32)),
                "offset": pa.array(heard.offset),
                "corrected": pa.array(heard.corrected, pa.int32(), mask=heard.corrected < 0),
                "first": tables.names(links, first),
                "first_ns": pa.array(first_ns),
                "digest": pa.array(heard.digest),
            }
        )

    def _load(self, start_ns: int, end_ns: int) -> Iterator[Stored]:
        """Yield the good receptions of a span of time."""
        if not any(info.name == TABLE for info in self._store.tables(self._realm)):
            return
        parts = self._store.scan(
            self._realm, TABLE, columns=_LOADED, start_ns=start_ns, end_ns=end_ns + 1
        )
        for part in parts:
            columns = [part[name].to_pylist() for name in _LOADED]
            for digest, first_ns, first, source, flags in zip(*columns, strict=True):
                if not flags:
                    yield digest, first_ns, first, source


def _head(
    heard: Heard, crafts: Crafts, received_ns: np.typing.NDArray[np.int64]
) -> dict[str, pa.Array]:
    scids, codes = np.unique(heard.scid, return_inverse=True)
    names = tables.names([crafts.named(scid) for scid in scids.tolist()], codes)
    flags = np.where(heard.good, 0, PacketFlag.BAD_CRC).astype(np.uint8)
    timed = received_ns > 0
    return tables.head(names, received_ns, timed, heard.count, flags, tables.instants(received_ns))
