"""What goes in comes out, sorted, from the hot tail and from segments alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError, Source
from ground.errors import InputError, Refused
from tests.ground.archive.samples import SECOND, T0, housekeeping, keys

HK = "/CG1/HK"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as opened:
        yield opened


def counts(table: pa.Table) -> list[int]:
    return table["/CG1/count"].to_pylist()


def test_rows_come_back_as_they_went_in_before_and_after_a_flush(store):
    given = housekeeping(rows=100)
    store.append("live", {HK: given})
    hot = store.read("live", HK)
    store.flush()
    assert hot.drop_columns("sequence").equals(given.drop_columns("sequence").combine_chunks())
    assert store.read("live", HK).equals(hot)
    assert hot["sequence"].to_pylist() == given["sequence"].to_pylist()


def test_rows_are_sorted_by_spacecraft_and_time_whatever_order_they_came_in(store):
    store.append("live", {HK: housekeeping("CG-2", 3, 100)})
    store.append("live", {HK: housekeeping("CG-1", 3, 200)})
    store.flush()
    store.append("live", {HK: housekeeping("CG-2", 3, 50)})
    store.append("live", {HK: housekeeping("CG-10", 1, 7)})
    assert counts(store.read("live", HK)) == [200, 201, 202, 7, 50, 51, 52, 100, 101, 102]


def test_rows_without_a_time_keep_the_order_of_arrival_behind_those_with_one(store):
    made = pa.table(keys(["A"] * 4, [None, T0 + 5, None, T0], [9, 1, 2, 3]))
    store.append("live", {"events": made})
    store.flush()
    store.append("live", {"events": pa.table(keys(["A", "A"], [None, T0 + 1], [1, 4]))})
    assert store.read("live", "events")["sequence"].to_pylist() == [3, 4, 1, 9, 2, 1]
    timed = store.read("live", "events", start_ns=0)
    assert timed["sequence"].to_pylist() == [3, 4, 1]


@pytest.mark.parametrize("flushed", [False, True])
def test_time_and_spacecraft_and_columns_narrow_what_is_read(store, flushed):
    store.append("live", {HK: housekeeping("CG-1", 100)})
    store.append("live", {HK: housekeeping("CG-2", 100)})
    if flushed:
        store.flush()
    read = store.read(
        "live",
        HK,
        columns=["/CG1/count", "spacecraft"],
        spacecraft=["CG-2"],
        start_ns=T0 + 10 * SECOND,
        end_ns=T0 + 13 * SECOND,
    )
    assert read.column_names == ["/CG1/count", "spacecraft"]
    assert counts(read) == [10, 11, 12]
    assert read["spacecraft"].to_pylist() == ["CG-2"] * 3
    assert len(store.read("live", HK, spacecraft=[])) == 0
    assert counts(store.read("live", HK, limit=2)) == [0, 1]


def test_a_column_that_came_later_is_null_in_rows_from_before(store):
    store.append("live", {HK: housekeeping(rows=2)})
    store.flush()
    store.append("live", {HK: housekeeping(rows=2, start=2, new=pa.array([7, 8], pa.int16()))})
    store.append("live", {HK: housekeeping(rows=1, start=4, new=pa.array([70000], pa.int32()))})
    assert store.schema("live", HK).field("new").type == pa.int32()
    assert store.read("live", HK)["new"].to_pylist() == [None, None, 7, 8, 70000]
    store.flush()
    assert store.read("live", HK, columns=["new"])["new"].to_pylist() == [None, None, 7, 8, 70000]


def test_the_latest_row_is_the_newest_by_time_and_survives_late_data(store):
    store.append("live", {HK: housekeeping("CG-1", 10, 100)})
    store.append("live", {HK: housekeeping("CG-2", 10, 50)})
    store.append("live", {HK: housekeeping("CG-1", 10, 0)})
    store.append("live", {"packets": pa.table(keys(["CG-1"] * 2, [None, None], [1, 2]))})
    latest = store.latest("live")
    assert counts(latest[HK]) == [109, 59]
    assert latest["packets"]["sequence"].to_pylist() == [2]
    assert latest[HK]["/CG1/cards.temperature"].to_pylist()[1] == [59] * 64
    assert counts(store.latest("live", HK, ["CG-2"])[HK]) == [59]
    assert store.latest("live", "none") == {}


def test_tables_tell_what_they_hold(store):
    store.append("live", {HK: housekeeping("CG-2", 10)})
    store.append("live", {HK: housekeeping("CG-1", 10, 5)})
    store.flush()
    store.append("sim/demo", {"packets": pa.table(keys(["X"], [None], [1]))})
    [live] = store.tables("live")
    assert (live.name, live.rows, live.spacecraft) == (HK, 20, ("CG-1", "CG-2"))
    assert (live.t0_ns, live.t1_ns) == (T0, T0 + 14 * SECOND)
    assert live.columns == tuple(store.schema("live", HK).names)
    assert [(info.realm, info.name) for info in store.tables()] == [
        ("live", HK),
        ("sim/demo", "packets"),
    ]


def test_realms_never_mix(store):
    store.append("live", {HK: housekeeping(rows=1)})
    store.append("sim/demo", {HK: housekeeping(rows=2)})
    assert len(store.read("live", HK)) == 1
    assert len(store.read("sim/demo", HK)) == 2
    assert len(store.latest("replay/7")) == 0
    with pytest.raises(InputError, match="no table"):
        store.read("replay/7", HK)


@pytest.mark.parametrize("realm", ["", "LIVE", "sim", "sim/", "sim/..", "sim/a/b", "../x", "live/"])
def test_a_name_that_is_no_realm_is_refused(store, realm):
    with pytest.raises(InputError, match="realm"):
        store.append(realm, {HK: housekeeping(rows=1)})


@pytest.mark.parametrize(
    "name", ["/../../escape", "..", "/", "a\0b", "x" * 500, "/CG1/HK", "CG1.HK"]
)
def test_no_table_name_leads_out_of_its_folder(store, tmp_path, name):
    store.append("live", {name: housekeeping(rows=1)})
    store.flush()
    assert len(store.read("live", name)) == 1
    files = [path for path in tmp_path.rglob("*.parquet") if path.is_file()]
    assert [path.parent.parent for path in files] == [tmp_path / "archive" / "live/tlm/seg"]


def test_a_source_and_its_rows_are_noted_together(store):
    source = Source("ab" * 32, "settings", "pass.cadu", 1000, 500)
    store.append("live", {HK: housekeeping(rows=1)}, cursor=source)
    assert store.source("live", source.sha256, "settings") == source
    assert store.source("live", source.sha256, "other") is None
    assert store.source("sim/demo", source.sha256, "settings") is None
    done = Source("ab" * 32, "settings", "pass.cadu", 1000, 1000, True)
    store.put_source("live", done)
    assert store.sources("live") == [done]


def test_a_second_writer_is_refused_and_told_who_writes(store, tmp_path):
    with pytest.raises(Refused, match=r"process \d+ since \d{4}-"):
        EmbeddedStore.open(tmp_path / "archive", write=True)


def test_a_reader_sees_each_append_at_once_and_never_writes(store, tmp_path):
    with EmbeddedStore.open(tmp_path / "archive", write=False) as reader:
        for number in range(5):
            store.append("live", {HK: housekeeping(rows=1, start=number)})
            assert counts(reader.read("live", HK)) == list(range(number + 1))
        store.flush()
        assert counts(reader.read("live", HK)) == list(range(5))
        with pytest.raises(ArchiveError, match="for reading"):
            reader.append("live", {})


def test_no_archive_to_read_is_said(tmp_path):
    with pytest.raises(ArchiveError, match="no archive here"):
        EmbeddedStore.open(tmp_path / "none", write=False)


def test_a_scan_gives_what_a_read_gives_in_bounded_pieces(store, monkeypatch):
    for start in (0, 500, 250):
        store.append("live", {HK: housekeeping("CG-1", 300, start)})
        store.append("live", {HK: housekeeping("CG-0", 5, start)})
        untimed = keys(["CG-1"] * 50, [None] * 50, list(range(start, start + 50)))
        store.append("live", {HK: pa.table(untimed)})
        store.flush()
    whole = store.read("live", HK)
    monkeypatch.setattr("ground.archive.reading.WINDOW_OCTETS", 20_000)
    parts = list(store.scan("live", HK))
    assert pa.concat_tables(parts).unify_dictionaries().combine_chunks().equals(whole)
    assert len(parts) > 5
    assert max(len(part) for part in parts) <= 300
    assert counts(store.read("live", HK, limit=17)) == counts(whole.slice(0, 17))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (pa.table({"x": [1]}), "begins with"),
        (pa.table(keys(["A"], [T0], [1]) | {"time": pa.nulls(1, pa.int64())}), "only one of"),
        (pa.table(keys([None], [T0], [1])), "without a spacecraft"),  # type: ignore[list-item]
    ],
)
def test_a_table_that_is_not_the_archives_is_the_callers_error(store, broken, message):
    with pytest.raises(ValueError, match=message):
        store.append("live", {"t": broken})


def test_columns_that_change_with_every_append_leave_few_hot_files(store, tmp_path, monkeypatch):
    monkeypatch.setattr("ground.archive.embedded.HOT_OCTETS", 4 << 20)
    for number in range(20):
        kind = pa.int8() if number % 2 else pa.int16()
        more = {"/CG1/more": pa.array([number], kind)}
        store.append("live", {HK: housekeeping(rows=1, start=number, **more)})
        assert len(list(tmp_path.rglob("*.arrows"))) <= 6
    assert store.read("live", HK)["/CG1/more"].to_pylist() == list(range(20))
