"""The mission databases that archived values were decoded with, rebuilt from the archive itself.

Raw values mean nothing without the database of their day, so the archive keeps its sources, and
every row carries their digest. A query calibrates each row with the database that decoded it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ground import databases
from ground.archive.embedded import EmbeddedStore
from ground.errors import InputError
from ground.mdb import plan
from ground.mdb.model import Database, ScalarType
from ground.services import plugins

ROOT_FILE = "root_container"  # beside the sources: where the packets of this mission begin


def digest(files: Mapping[str, bytes]) -> str:
    """Return the name of these sources: SHA-256 over names and octets, in hex."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return whole.hexdigest()


class Unkept:
    """In place of a library where nothing is written: databases are named, not kept."""

    def keep(self, files: Mapping[str, bytes], root: str | None) -> str:
        """Return the digest of the sources of a database."""
        return digest(_whole(files, root))


class Library:
    """Definitions by digest; each is read and compiled once."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._plans: dict[str, plan.Plan] = {}
        self._databases: dict[str, Database] = {}

    def keep(self, files: Mapping[str, bytes], root: str | None) -> str:
        """Store the sources of a database and return their digest."""
        whole = _whole(files, root)
        key = digest(whole)
        self._store.keep_database(key, whole)
        return key

    def types(self, key: str, packet_type: str) -> Mapping[str, ScalarType]:
        """Return the types of a packet type's columns, by path."""
        if key == plugins.DATABASE:
            return plugins.types().get(packet_type, {})
        try:
            return self.plan(key).column_types[packet_type]
        except KeyError:
            raise InputError(f"database {key[:12]}: no packet type {packet_type}") from None

    def plan(self, key: str) -> plan.Plan:
        """Return the compiled database of this digest."""
        if key not in self._plans:
            files = dict(self._store.database_files(key))
            if not files:
                raise InputError(f"database {key[:12]}: not in the archive; expected its sources")
            root = files.pop(ROOT_FILE, b"").decode() or None
            self._databases[key] = databases.from_files(files)
            self._plans[key] = plan.compile(self._databases[key], root)
        return self._plans[key]


def _whole(files: Mapping[str, bytes], root: str | None) -> dict[str, bytes]:
    """Return the sources with the name of the container where packets begin, where one is said."""
    return dict(files) | ({ROOT_FILE: root.encode()} if root else {})
