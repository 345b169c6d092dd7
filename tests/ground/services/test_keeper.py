"""Rows, cursors and notes reach the archive together or wait together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError
from ground.messages import EventRow
from ground.services import keeper, noted
from ground.services.keeper import Keeper


def rows(number: int) -> dict[str, object]:
    events = [EventRow(each, "x", "", "info", "k", str(each)) for each in range(1, number + 1)]
    return {"events": noted.events(events, 1)}


def test_a_commit_is_rows_cursors_and_notes(tmp_path: Path) -> None:
    with EmbeddedStore.open(tmp_path, write=True) as store:
        kept = Keeper(store, "live")
        assert kept.cursor("a") == (0, 0)
        assert kept.commit() == {}
        kept.add(rows(3))
        kept.move("a", 100, 40)
        kept.note({"alarm/1": b"raised"})
        assert kept.waiting > 0 and store.tables("live") == []
        assert kept.commit() == {"a": 100}
        assert kept.waiting == 0 and kept.commit() == {}
    with EmbeddedStore.open(tmp_path, write=True) as store:
        again = Keeper(store, "live")
        assert again.cursor("a") == (100, 40) and again.cursor("b") == (0, 0)
        assert store.note("live", "alarm/1") == b"raised"
        assert len(store.read("live", "events")) == 3
        assert Keeper(store, "sim/x").cursor("a") == (0, 0)
        again.note({"alarm/1": None})
        again.commit()
        assert store.note("live", "alarm/1") is None


def test_what_the_archive_refuses_waits_whole_and_goes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedStore.open(tmp_path, write=True) as store:
        kept = Keeper(store, "live")
        kept.add(rows(2))
        kept.move("a", 7, 7)
        append = store.append

        def full(*_: object, **__: object) -> None:
            raise ArchiveError("no space")

        monkeypatch.setattr(store, "append", full)
        for _ in range(3):
            assert kept.commit() == {} and kept.failed == "no space"
        kept.add(rows(1))
        monkeypatch.setattr(store, "append", append)
        assert kept.commit() == {"a": 7} and not kept.failed
        assert len(store.read("live", "events")) == 3


def test_it_is_full_by_octets_and_by_packets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "PACKETS", 10)
    monkeypatch.setattr(keeper, "LARGEST", 10_000)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        kept = Keeper(store, "live")
        table = noted.events([EventRow(1, "x", "", "info", "k", "")] * 6, 1)
        kept.add({"packets": table})
        assert not kept.full
        kept.add({"packets": table})
        assert kept.full
        kept.commit()
        assert not kept.full
        kept.add({"events": table.take(np.zeros(1000, np.int64))})
        assert kept.full


def test_journals_have_cursors_of_their_own() -> None:
    assert len({keeper.digest(name) for name in ("a", "b", "a/b")}) == 3
