"""What is exported reads back with other readers than ours."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ground.archive.export import export
from ground.archive.store import ArchiveError
from ground.errors import InputError
from tests.ground.archive.samples import T0, housekeeping, keys

TABLE = housekeeping(rows=4)


def test_csv_has_a_column_for_each_element_and_a_text_for_each_value(tmp_path: Path):
    octets = pa.array([b"\x00\xff", None, b"", b"a"])
    lists = pa.array([[1, 2], None, [], [3]])
    made = TABLE.append_column("octets", octets).append_column("list", lists)
    path = tmp_path / "out.csv"
    assert export(path, made.schema, [made.slice(0, 3), made.slice(3)]) == 4
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["/CG1/count"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["/CG1/mode"] for row in rows] == ["IDLE", "SAFE", "SAFE", "SAFE"]
    assert [row["/CG1/cards.temperature[63]"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["octets"] for row in rows] == ["00ff", "", "", "61"]
    assert [row["list"] for row in rows] == ["[1, 2]", "", "[]", "[3]"]
    assert rows[0]["t_ns"] == str(T0)
    assert rows[0]["time"].startswith("2025-01-01 00:00:00")


@pytest.mark.parametrize(("name", "kind"), [("a.parquet", ""), ("a", "parquet"), ("a.ARROW", "")])
def test_parquet_and_arrow_hold_every_value(tmp_path: Path, name, kind):
    path = tmp_path / name
    tables = [TABLE, housekeeping("CG-2", 3, mode=pa.array([1, 2, None])).drop_columns("mode")]
    assert export(path, TABLE.schema, tables, kind) == 7
    read = pa.ipc.open_file(path).read_all() if name == "a.ARROW" else pq.read_table(path)
    assert read.to_pylist() == pa.concat_tables(tables).to_pylist()
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_no_rows_are_a_file_with_names_alone(tmp_path: Path, kind):
    empty = pa.table(keys([], [], []))
    assert export(tmp_path / "none", empty.schema, [], kind) == 0
    assert (tmp_path / "none").stat().st_size > 0


def test_an_unknown_format_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="'xlsx' is no format"):
        export(tmp_path / "a.xlsx", TABLE.schema, [TABLE])


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch, kind):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArchiveError, match="no space left"):
        export(tmp_path / "a", TABLE.schema, [TABLE], kind)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ArchiveError, match="none"):
        export(tmp_path / "none" / "a", TABLE.schema, [TABLE], kind)
