"""What rides with an append: cursors, notes, and the log that a follower reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive import appends
from ground.archive.embedded import EmbeddedStore
from ground.archive.store import Appended, ArchiveError, Source
from tests.ground.archive.samples import SECOND, T0, UTC_OFFSET, housekeeping, keys

HK = "/CG1/HK"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as opened:
        yield opened


def test_cursors_and_notes_are_stored_with_the_rows_or_without_any(store):
    one, two = Source("ab", "live", "kashi", 0, 10), Source("cd", "live", "sanya", 0, 20)
    store.append("live", {HK: housekeeping(rows=3)}, cursors=[one, two], notes={"a": b"1"})
    store.append("live", {}, cursor=Source("ab", "live", "kashi", 0, 11), notes={"b": b"\0"})
    assert [each.offset for each in store.sources("live")] == [11, 20]
    assert store.notes("live") == {"a": b"1", "b": b"\0"}


def test_a_note_is_replaced_forgotten_and_of_its_realm_alone(store):
    store.append("live", {}, notes={"alarm/1": b"x", "alarm/2": b"y", "alarms": b"z"})
    store.append("sim/demo", {}, notes={"alarm/1": b"other"})
    store.append("live", {}, notes={"alarm/1": b"new", "alarm/2": None, "never": None})
    assert store.notes("live", "alarm/") == {"alarm/1": b"new"}
    assert store.note("live", "alarms") == b"z"
    assert store.note("live", "alarm/2") is None
    assert store.note("sim/demo", "alarm/1") == b"other"


def test_of_an_append_that_fails_no_note_stays(store):
    bad = pa.table({"wrong": [1]})
    with pytest.raises(ValueError, match="begins with"):
        store.append("live", {"t": bad}, notes={"a": b"1"})
    with pytest.raises(ArchiveError):
        store.append("live", {HK: housekeeping()}, notes={"a": "no octets", "b": object()})
    assert store.notes("live") == {}
    assert store.appended(0, 9) == []
    assert store.tables() == []


def test_the_log_names_what_each_append_touched_whatever_becomes_of_the_files(store):
    store.append("live", {HK: housekeeping(rows=5), "b": housekeeping(rows=2, start=7)})
    store.append("sim/x", {HK: housekeeping(rows=1, start=9)})
    entries = store.appended(0, 10)
    assert entries == [
        Appended(1, "live", HK, T0, T0 + 4 * SECOND, 0, 5),
        Appended(2, "live", "b", T0 + 7 * SECOND, T0 + 8 * SECOND, 0, 2),
        Appended(3, "sim/x", HK, T0 + 9 * SECOND, T0 + 9 * SECOND, 0, 1),
    ]
    store.compact()
    assert store.appended(0, 10) == entries
    assert store.appended(1, 1) == entries[1:2]
    assert store.appended_last() == 3


def test_rows_far_apart_are_entries_of_their_own(store):
    """One packet whose clock says 1970 sends no follower through fifty years."""
    times = [T0, T0 + 60 * SECOND, UTC_OFFSET, T0 + 121 * SECOND]
    store.append("live", {HK: pa.table(keys(["A"] * 4, times, range(4)))})
    spans = [(entry.t0_ns, entry.t1_ns, entry.rows) for entry in store.appended(0, 10)]
    last = T0 + 121 * SECOND
    assert spans == [(UTC_OFFSET, UTC_OFFSET, 1), (T0, T0 + 60 * SECOND, 2), (last, last, 1)]


def test_rows_without_a_generation_time_are_logged_by_their_reception(store):
    made = keys(["A"] * 4, [None, T0, None, None], range(4))
    received = [7 * SECOND, 8 * SECOND, None, 5 * SECOND]
    made["received"] = pa.array(received, pa.int64()).cast(pa.timestamp("ns", "UTC"))
    store.append("live", {HK: pa.table(made)})
    # Before 1972 no leap seconds are known; TAI is ahead of Unix time by the first known offset.
    timed, untimed, neither = store.appended(0, 9)
    assert (timed.t0_ns, timed.untimed, timed.rows) == (T0, 0, 1)
    assert untimed.t1_ns - untimed.t0_ns == 2 * SECOND
    assert (untimed.untimed, untimed.rows) == (2, 2)
    assert (neither.t0_ns, neither.untimed, neither.rows) == (None, 1, 1)


def test_a_reader_in_another_process_sees_log_and_notes(store, tmp_path: Path):
    store.append("live", {HK: housekeeping(rows=5)}, notes={"a": b"1"})
    with EmbeddedStore.open(tmp_path / "archive", write=False) as reader:
        assert reader.note("live", "a") == b"1"
        assert [entry.rows for entry in reader.appended(0, 9)] == [5]
        store.append("live", {HK: housekeeping(rows=6, start=5)}, notes={"a": b"2"})
        assert reader.notes("live") == {"a": b"2"}
        assert [entry.rows for entry in reader.appended(1, 9)] == [6]


def test_an_archive_from_before_there_was_a_log_gets_one_from_its_files(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {HK: housekeeping(rows=5), "u": pa.table(keys(["A"], [None], [1]))})
        connection = store._catalogue._connection
        for change in ("DROP TABLE notes", "DROP TABLE appends", "PRAGMA user_version = 1"):
            connection.execute(change)
    with pytest.raises(ArchiveError, match="ground compact"):
        EmbeddedStore.open(tmp_path, write=False)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        found = {entry.table: entry for entry in store.appended(0, 9)}
        assert (found[HK].t0_ns, found[HK].t1_ns, found[HK].untimed) == (T0, T0 + 4 * SECOND, 0)
        assert (found["u"].t0_ns, found["u"].untimed, found["u"].rows) == (None, 1, 1)
        store.append("live", {}, notes={"a": b"1"})
        assert len(store.read("live", HK)) == 5


def test_a_long_log_is_merged_and_still_covers_every_row(store, monkeypatch):
    monkeypatch.setattr(appends, "ENTRIES", 40)
    monkeypatch.setattr(appends, "_CHECKED_EACH", 8)
    for number in range(150):
        tables = {HK: housekeeping(rows=2, start=2 * number)}
        tables["u"] = pa.table(keys(["A"], [None], [number]))
        store.append("live", tables)
    entries = store.appended(0, 1000)
    assert len(entries) < 50
    assert entries[-1].serial == 300
    assert [entry.serial for entry in entries] == sorted(entry.serial for entry in entries)
    timed = [entry for entry in entries if entry.table == HK]
    assert sum(entry.rows for entry in timed) == 300
    assert sum(entry.untimed for entry in entries) == 150
    for number in range(150):
        t_ns = T0 + 2 * number * SECOND
        behind = [entry for entry in timed if entry.serial > 2 * number]
        assert any(entry.t0_ns <= t_ns <= entry.t1_ns for entry in behind), number


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 2), min_size=1, max_size=80), st.integers(1, 8))
def test_windows_hold_every_row_once_and_leave_the_wide_gaps_out(times, scale):
    stamped = np.array(sorted(at // 10**scale for at in times), np.int64)
    cut = list(appends._cut(stamped.copy()))
    assert sum(rows for _, _, rows in cut) == len(stamped)
    for first, last, rows in cut:
        assert int(((stamped >= first) & (stamped <= last)).sum()) == rows
    if len(cut) < appends.WINDOWS:
        for (_, before, _), (after, _, _) in itertools.pairwise(cut):
            assert after - before > appends.GAP_NS
