"""Ctrl-C and misplaced files at the worst moment: what is committed is never removed."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError, Source
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"


class Interrupted:
    """A connection on which the operator's Ctrl-C comes while a transaction is committed.

    Python raises the interrupt when SQLite returns, so by then the commit is done; `before` has it
    come just ahead of the commit instead.
    """

    def __init__(self, connection: sqlite3.Connection, *, before: bool) -> None:
        self._connection, self._before = connection, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: str, *values: Any) -> Any:
        if query != "COMMIT":
            return self._connection.execute(query, *values)
        if not self._before:
            self._connection.execute(query)
        raise KeyboardInterrupt


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("verb", ["append", "append anew", "flush", "compact"])
def test_an_interrupt_while_committing_loses_no_row(tmp_path: Path, monkeypatch, verb, before):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {HK: housekeeping(rows=20)}, cursor=Source("ab", "", "pass", 9, 1))
        if verb in ("append anew", "compact"):
            store.flush()
        catalogue = store._catalogue
        with monkeypatch.context() as patch:
            patch.setattr(
                catalogue, "_connection", Interrupted(catalogue._connection, before=before)
            )
            with pytest.raises(KeyboardInterrupt):
                if verb.startswith("append"):
                    cursor = Source("ab", "", "pass", 9, 2)
                    more = {HK: housekeeping(rows=5, start=20), "other": housekeeping(rows=1)}
                    store.append("live", more, cursor=cursor)
                else:
                    getattr(store, verb)()
        check(store)
        store.append("live", {"later": housekeeping(rows=1)})
        check(store)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        check(store)
        assert store.verify() == []


def check(store: EmbeddedStore) -> None:
    """All rows are there that the source says are, and no others."""
    source = store.source("live", "ab", "")
    assert source is not None
    rows = {1: 20, 2: 25}[source.offset]
    assert store.read("live", HK)["/CG1/count"].to_pylist() == list(range(rows))


def test_telemetry_without_its_catalogue_is_refused_and_stays(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("replay/one", {HK: housekeeping(rows=20)})
        store.flush()
    catalogue = tmp_path / "catalogue.sqlite"
    aside = catalogue.rename(tmp_path / "aside")
    with pytest.raises(ArchiveError, match=r"expected catalogue\.sqlite beside it"):
        EmbeddedStore.open(tmp_path, write=True)
    aside.replace(catalogue)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        assert len(store.read("replay/one", HK)) == 20


def test_files_that_are_none_of_the_archive_stay(tmp_path: Path):
    others = [
        tmp_path / "mission/tlm/pass.parquet",
        tmp_path / "live/tlm/notes.txt",
        tmp_path / "tlm/hot/1.arrows",
    ]
    for other in others:
        other.parent.mkdir(parents=True)
        other.write_bytes(b"kept")
    EmbeddedStore.open(tmp_path, write=True).close()
    EmbeddedStore.open(tmp_path, write=True).close()
    assert [other.read_bytes() for other in others] == [b"kept"] * 3


def test_rows_beside_a_damaged_hot_file_are_flushed_and_new_ones_are_taken(
    tmp_path: Path, monkeypatch
):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {HK: housekeeping(rows=20)})
    [hot] = tmp_path.rglob("*.arrows")
    octets = hot.read_bytes()
    hot.unlink()
    monkeypatch.setattr("ground.archive.embedded.HOT_OCTETS", 0)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        for start in (20, 30, 40):
            store.append("live", {HK: housekeeping(rows=10, start=start)})
        with pytest.raises(ArchiveError, match=r"arrows: the catalogue names this file"):
            store.flush()
        hot.write_bytes(octets)
        assert store.read("live", HK)["/CG1/count"].to_pylist() == list(range(50))
        assert len(list(tmp_path.rglob("*.arrows"))) == 1
        store.compact()
        assert store.read("live", HK)["/CG1/count"].to_pylist() == list(range(50))
