"""The contract of the archive: what any store offers, and the nouns it speaks in.

Arrow tables go in and Arrow tables come out. A table is named by whoever appends to it (a packet
type's path, or a service's word as `packets`) and belongs to one realm. Its first columns are
always `KEYS`; after them comes anything.

Rows come back sorted by (spacecraft, t_ns, sequence). Rows without a time follow those that have
one, in the order in which they were appended.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import pyarrow as pa

from ground.errors import GroundError

SPACECRAFT = pa.dictionary(pa.int32(), pa.string())
KEYS = pa.schema(
    [
        pa.field("spacecraft", SPACECRAFT),
        pa.field("t_ns", pa.int64()),  # TAI since 1958
        pa.field("time", pa.timestamp("ns", "UTC")),  # the same instant for people and tools
        pa.field("received", pa.timestamp("ns", "UTC")),
        pa.field("sequence", pa.int64()),
        pa.field("flags", pa.uint8()),
    ]
)

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


class ArchiveError(GroundError):
    """The archive cannot do what was asked: a damaged file (named), a full disk, none here."""


@dataclass(frozen=True, slots=True)
class Source:
    """How far a file has been ingested: the file is its own journal and this is the cursor.

    Attributes:
        sha256: digest of the file's octets; with `settings` it tells one ingest from another.
        settings: digest of whatever else decides the result (mission, link, database).
        path, size: where the file was found, and its octets.
        offset: octets whose rows are in the archive.
        finished: whether the whole file is.
    """

    sha256: str
    settings: str
    path: str
    size: int
    offset: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry of the log of appends: a window of time in which a table got rows.

    Attributes:
        serial: rises with each entry; older ones merge, and keep the larger.
        t0_ns, t1_ns: inclusive, over the rows' generation times; of an entry of rows without one,
            over their reception times; None where they have neither.
        untimed: all the rows, or 0 where they have a generation time.
    """

    serial: int
    realm: str
    table: str
    t0_ns: int | None
    t1_ns: int | None
    untimed: int
    rows: int


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What a table holds; t0_ns and t1_ns (inclusive) are None where no row has a time."""

    realm: str
    name: str
    rows: int
    t0_ns: int | None
    t1_ns: int | None
    spacecraft: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: files it merged and wrote, the rows in them, octets on disk."""

    merged: int = 0
    written: int = 0
    rows: int = 0
    octets_before: int = 0
    octets_after: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not as it was written, and what is wrong with it."""

    path: str
    what: str


_NOTHING: Mapping[str, bytes | None] = MappingProxyType({})


class Store(Protocol):
    """What services may rely on, whichever engine is below.

    Times are half-open, [start_ns, end_ns), and a call that names either leaves out rows without
    a time. `columns` names the columns wanted, in that order; None is all of them.
    """

    def append(
        self,
        realm: str,
        tables: Mapping[str, pa.Table],
        *,
        cursor: Source | None = None,
        cursors: Sequence[Source] = (),
        notes: Mapping[str, bytes | None] = _NOTHING,
    ) -> None: ...

    def appended(self, after: int, limit: int) -> list[Appended]: ...

    def note(self, realm: str, key: str) -> bytes | None: ...

    def notes(self, realm: str, prefix: str = "") -> dict[str, bytes]: ...

    def flush(self) -> None: ...

    def tables(self, realm: str | None = None) -> list[TableInfo]: ...

    def schema(self, realm: str, table: str) -> pa.Schema: ...

    def read(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int | None = None,
    ) -> pa.Table: ...

    def scan(
        self,
        realm: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        spacecraft: Sequence[str] | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[pa.Table]: ...

    def latest(
        self, realm: str, table: str | None = None, spacecraft: Sequence[str] | None = None
    ) -> dict[str, pa.Table]: ...

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
    ) -> Container[bytes]: ...

    def source(self, realm: str, sha256: str, settings: str) -> Source | None: ...

    def sources(self, realm: str) -> list[Source]: ...

    def put_source(self, realm: str, source: Source) -> None: ...

    def keep_database(self, digest: str, files: Mapping[str, bytes]) -> None: ...

    def database_files(self, digest: str) -> dict[str, bytes]: ...

    def compact(self, progress: Progress | None = None) -> Compacted: ...

    def verify(self, progress: Progress | None = None) -> list[Damage]: ...
