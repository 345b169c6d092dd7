"""Compaction changes where rows lie and nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ground.archive import compaction
from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError, Compacted
from tests.ground.archive.samples import housekeeping, keys

HK = "/CG1/HK"
DAY = 86_400


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def day_files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root / "live/tlm")) for path in root.rglob("*.parquet"))


def test_day_files_hold_ten_spacecraft_with_a_row_group_each(root):
    with EmbeddedStore.open(root, write=True) as store:
        for number in range(12):
            store.append("live", {HK: housekeeping(f"CG-{number:02d}", 20, DAY - 10)})
        before = store.read("live", HK)
        done = store.compact()
        assert store.read("live", HK).equals(before)
    files = day_files(root)
    assert [name.split("/")[0] for name in files] == ["day=2025-01-01"] * 2 + ["day=2025-01-02"] * 2
    assert done == Compacted(1, 4, 240, done.octets_before, done.octets_after)
    groups = [pq.ParquetFile(root / "live/tlm" / name).num_row_groups for name in files]
    assert groups == [10, 2, 10, 2]
    assert [name.split("/")[2][:5] for name in files] == ["g000-", "g001-", "g000-", "g001-"]


def test_compacting_again_changes_nothing(root):
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: housekeeping(rows=100)})
        store.compact()
        files = day_files(root)
        assert store.compact() == Compacted()
        assert day_files(root) == files


def test_late_rows_are_merged_into_the_day_file_that_is_there(root):
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: housekeeping("B", 50, 100)})
        store.compact()
        store.append("live", {HK: housekeeping("B", 50, 0, new=pa.array(range(50)))})
        store.append("live", {HK: housekeeping("A", 5, 0)})
        store.compact()
        read = store.read("live", HK)
        assert read["/CG1/count"].to_pylist() == [*range(5), *range(50), *range(100, 150)]
        assert read["new"].to_pylist() == [None] * 5 + list(range(50)) + [None] * 50
    assert len(day_files(root)) == 1


def test_rows_without_a_time_lie_under_the_day_unknown_in_the_order_of_arrival(root, monkeypatch):
    monkeypatch.setattr(compaction, "GROUP_OCTETS", 200)
    with EmbeddedStore.open(root, write=True) as store:
        for start in (50, 0, 25):
            for name in ("B", "A"):
                sequence = list(range(start, start + 25))
                store.append("live", {"events": pa.table(keys([name] * 25, [None] * 25, sequence))})
            store.compact()
        read = store.read("live", "events", spacecraft=["A"])["sequence"].to_pylist()
        assert read == [*range(50, 75), *range(25), *range(25, 50)]
    assert [name.split("/")[0] for name in day_files(root)] == ["day=unknown"]


def test_a_spacecraft_too_large_for_memory_gets_more_row_groups(root, monkeypatch):
    monkeypatch.setattr(compaction, "GROUP_OCTETS", 20_000)
    with EmbeddedStore.open(root, write=True) as store:
        for start in (0, 900, 300):
            store.append("live", {HK: housekeeping("A", 600, start)})
            store.flush()
        before = store.read("live", HK)
        store.compact()
        assert store.read("live", HK).equals(before)
    [name] = day_files(root)
    assert pq.ParquetFile(root / "live/tlm" / name).num_row_groups > 5


def test_progress_ends_at_the_whole(root):
    told: list[tuple[int, int]] = []
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: housekeeping(rows=30)})
        store.append("sim/demo", {HK: housekeeping(rows=12)})
        store.compact(lambda done, total: told.append((done, total)))
    assert told == [(30, 42), (42, 42)]


def test_a_compaction_that_fails_leaves_everything_as_it_was(root, monkeypatch):
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: housekeeping("A", 100, DAY - 50)})
        store.flush()
        files = day_files(root)
        before = store.read("live", HK)
        monkeypatch.setattr(compaction, "_rows", lambda files: len({file.path for file in files}))
        with pytest.raises(ArchiveError, match="rows became"):
            store.compact()
        monkeypatch.undo()
        assert day_files(root) == files
        assert store.read("live", HK).equals(before)
        store.compact()
        assert store.read("live", HK).equals(before)


def test_the_first_and_the_last_instant_there_is_have_days_too(root):
    ends = [-(2**63), -1, 0, 2**63 - 2]
    made = keys(["CG-1"] * 4, [0] * 4, range(4)) | {"t_ns": pa.array(ends)}
    made["time"] = made["t_ns"].cast(pa.timestamp("ns", "UTC"))
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: pa.table(made)})
        store.compact()
        assert store.read("live", HK)["t_ns"].to_pylist() == ends
    days = sorted(path.name for path in root.glob("live/tlm/day=*"))
    assert days == ["day=1677-09-21", "day=1969-12-31", "day=1970-01-01", "day=2262-04-11"]
