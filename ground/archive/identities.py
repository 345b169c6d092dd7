"""Which packets are stored already, so that ingesting or receiving one twice changes nothing.

A packet's identity is its spacecraft, virtual channel, APID, sequence count, generation time and
octets; 16 octets of digest stand for it.

Source: contracts, Identity; the realm is a matter of where one looks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa

from ground.archive import hot
from ground.archive.catalogue import HOT, Catalogue, File
from ground.archive.reading import Reader, once
from ground.archive.rows import Window

DIGEST_OCTETS = 16
COLUMNS = ("spacecraft", "vcid", "apid", "sequence", "t_ns", "octets")
_REMEMBERED = 2_000_000  # digests, about 100 octets each


def digest_rows(table: pa.Table) -> list[bytes]:
    """Return the identity of each row of a table that has `COLUMNS`.

    Raises:
        KeyError: a column is missing.
    """
    heads = np.zeros((len(table), 8), "<i8")
    for place, name in enumerate(("vcid", "apid", "sequence", "t_ns")):
        column = table[name].cast(pa.int64())
        heads[:, 2 * place] = column.fill_null(0).to_numpy()
        heads[:, 2 * place + 1] = column.is_valid().to_numpy()
    fixed = heads.tobytes()
    names = [name.encode() + b"\0" for name in table["spacecraft"].cast(pa.string()).to_pylist()]
    octets = table["octets"].cast(pa.binary()).to_pylist()
    return [
        blake2b(
            b"".join((fixed[64 * row : 64 * row + 64], names[row], octets[row] or b"")),
            digest_size=DIGEST_OCTETS,
        ).digest()
        for row in range(len(table))
    ]


@dataclass(frozen=True, slots=True)
class Identities:
    """A set of identities in parts, each of one file: ask `digest in identities`."""

    parts: tuple[set[bytes], ...]

    def __contains__(self, digest: object) -> bool:
        return any(digest in part for part in self.parts)

    def __bool__(self) -> bool:
        return any(self.parts)


@dataclass(slots=True)
class _Part:
    """The identities in one row group, or in the first `rows` rows of a hot file."""

    rows: int
    digests: set[bytes]


class Known:
    """The identities in a catalogue's files, the last used ones remembered."""

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self._catalogue = catalogue
        self._reader = reader
        self._parts: OrderedDict[tuple[str, int], _Part] = OrderedDict()
        self._remembered = 0

    def find(self, realm: str, table: str, windows: Sequence[Window]) -> Identities:
        """Return the identities of the rows in these windows, and of others that lie near."""
        gone = ""
        while True:
            try:
                parts: dict[tuple[str, int], set[bytes]] = {}
                for each in windows:
                    for file, _ in self._catalogue.pick(realm, table, each):
                        parts.update(self._of_file(file, each))
                return Identities(tuple(parts.values()))
            except FileNotFoundError as error:
                gone = once(error, gone)

    def _of_file(self, file: File, window: Window) -> Iterator[tuple[tuple[str, int], set[bytes]]]:
        if file.kind == HOT:
            part = self._parts.get((file.path, 0), _Part(0, set()))
            if part.rows < file.rows:
                table = hot.read(self._reader.root, file, COLUMNS)
                part = _Part(file.rows, part.digests.union(digest_rows(table.slice(part.rows))))
            yield (file.path, 0), self._remember((file.path, 0), part)
            return
        files = self._reader.files
        for number in files.overlapping(file, window):
            found = self._parts.get((file.path, number))
            if found is None:
                table = files.row_group(file, number, COLUMNS)
                found = _Part(len(table), set(digest_rows(table)))
            yield (file.path, number), self._remember((file.path, number), found)

    def _remember(self, key: tuple[str, int], part: _Part) -> set[bytes]:
        """Keep a part as the last used one, at the cost of those used longest ago."""
        before = self._parts.pop(key, None)
        self._parts[key] = part
        self._remembered += part.rows - (before.rows if before else 0)
        while self._remembered > _REMEMBERED and len(self._parts) > 1:
            _, forgotten = self._parts.popitem(last=False)
            self._remembered -= forgotten.rows
        return part.digests
