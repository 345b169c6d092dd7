"""What was acknowledged survives whatever happens to the writer; what was not leaves no trace."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"

WRITER = """
import sys, time
from pathlib import Path
import pyarrow as pa
from ground.archive.embedded import EmbeddedStore
from ground.archive.store import Source
from tests.ground.archive.samples import housekeeping, keys

store = EmbeddedStore.open(Path(sys.argv[1]), write=True)
for number in range(int(sys.argv[2]), 10_000):
    start = 50 * number
    tables = {"/CG1/HK": housekeeping("CG-1", 50, start)}
    tables["events"] = pa.table(keys(["CG-1"] * 7, [None] * 7, [number] * 7))
    cursors = [Source("ab", "", "pass", 10**6, number + 1), Source("cd", "", "pass", 0, number)]
    notes = {"seen": b"%d" % number, f"odd/{number}": b"", f"odd/{number - 3}": None}
    store.append("live", tables, cursors=cursors, notes=notes)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    if number % 7 == 6:
        store.flush()
    if number % 23 == 22:
        store.compact()
"""


def write_and_die(root: Path, first: int, acknowledged: int, delay_ms: float) -> int:
    """Run a writer, kill it soon after so many acknowledged appends, and return the last one."""
    command = [sys.executable, "-c", WRITER, str(root), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = -1
        for _ in range(acknowledged):
            last = int(process.stdout.readline())
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(delay_ms / 1000)
        os.kill(process.pid, signal.SIGKILL)
        for line in process.stdout.read().splitlines():
            last = int(line)
    return last


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_loses_nothing_acknowledged_and_keeps_nothing_else(tmp_path: Path, seed):
    chance = random.Random(seed)
    first = 0
    for _ in range(2):
        last = write_and_die(tmp_path, first, chance.randint(3, 40), chance.uniform(0.1, 30))
        with EmbeddedStore.open(tmp_path, write=False) as reader:
            check(reader, last)
        with EmbeddedStore.open(tmp_path, write=True) as writer:
            check(writer, last)
            source = writer.source("live", "ab", "")
            assert source is not None
            first = source.offset
            named = {file.path for file in writer._catalogue.files()}
            lying = {
                str(p.relative_to(tmp_path)) for p in tmp_path.rglob("tlm/**/*") if p.is_file()
            }
            assert lying == named
            assert writer.verify() == []


def check(store: EmbeddedStore, last: int) -> None:
    """The acknowledged appends are there once; one that was not yet told may be there, whole."""
    counts = store.read("live", HK)["/CG1/count"].to_pylist()
    events = store.read("live", "events")["sequence"].to_pylist()
    source = store.source("live", "ab", "")
    assert source is not None
    assert source.offset - 1 in (last, last + 1)
    assert counts == list(range(50 * source.offset))
    assert events == [number for number in range(source.offset) for _ in range(7)]
    other = store.source("live", "cd", "")
    assert other is not None
    assert other.offset == source.offset - 1
    assert store.note("live", "seen") == b"%d" % other.offset
    kept = range(max(0, source.offset - 3), source.offset)
    assert store.notes("live", "odd/") == {f"odd/{number}": b"" for number in kept}
    logged = store.appended(0, 10**6)
    assert sum(entry.rows for entry in logged if entry.table == HK) == 50 * source.offset
    assert sum(entry.rows for entry in logged if entry.table == "events") == 7 * source.offset


def test_octets_of_an_append_that_was_never_committed_are_no_rows(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {HK: housekeeping(rows=5)})
    [hot] = tmp_path.rglob("*.arrows")
    for tail in (b"\xff\xff\xff\xff", bytes(1000), hot.read_bytes()):
        with hot.open("ab") as stream:
            stream.write(tail)
        with EmbeddedStore.open(tmp_path, write=False) as reader:
            assert len(reader.read("live", HK)) == 5
    with EmbeddedStore.open(tmp_path, write=True) as store:
        assert len(store.read("live", HK)) == 5
    assert not list(tmp_path.rglob("*.arrows"))


def test_files_that_the_catalogue_does_not_name_go_when_a_writer_opens(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("sim/demo", {HK: housekeeping(rows=5)})
        store.flush()
        store.keep_database("ab" * 32, {"database.xml": b"<x/>"})
    strays = [
        tmp_path / "sim/demo/tlm/seg" / "stray.parquet",
        tmp_path / "sim/demo/tlm/day=2025-01-01" / "x" / "g000-1.parquet.tmp",
        tmp_path / "databases" / ("cd" * 32 + ".tmp") / "half.xml",
    ]
    for stray in strays:
        stray.parent.mkdir(parents=True, exist_ok=True)
        stray.write_bytes(b"half")
    with EmbeddedStore.open(tmp_path, write=True) as store:
        assert not any(stray.exists() for stray in strays)
        assert len(store.read("sim/demo", HK)) == 5
        assert store.database_files("ab" * 32) == {"database.xml": b"<x/>"}


READER = """
import sys
from pathlib import Path
from ground.archive.embedded import EmbeddedStore

with EmbeddedStore.open(Path(sys.argv[1]), write=False) as store:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    seen = reads = 0
    while seen < 3000:
        counts = store.read("live", "/CG1/HK", columns=["/CG1/count"])["/CG1/count"].to_pylist()
        assert counts == list(range(len(counts))), counts[:10]
        assert len(counts) >= seen and len(counts) % 50 == 0, (len(counts), seen)
        scanned = [len(part) for part in store.scan("live", "/CG1/HK", columns=["/CG1/count"])]
        assert sum(scanned) >= len(counts)
        seen, reads = len(counts), reads + 1
    sys.stdout.write(f"{reads}\\n")
"""


def test_readers_in_another_process_see_whole_appends_while_rows_move(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {HK: housekeeping(rows=50)})
        command = [sys.executable, "-c", READER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            for number in range(1, 60):
                store.append("live", {HK: housekeeping(rows=50, start=50 * number)})
                if number % 5 == 0:
                    store.flush()
                if number % 8 == 0:
                    store.compact()
            reads = int(process.stdout.read())
        assert process.returncode == 0
        assert reads > 1
