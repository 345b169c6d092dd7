"""An ingest that is cut off, by a kill or a full disk, goes on where it was and loses nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError
from ground.errors import InputError, Refused
from ground.services import ingest as service
from tests.conftest import ROOT
from tests.recordings import Station
from tools.simulator import Faults, record

CHUNK_OCTETS = 20_000  # a pass in about a dozen appends
SEED = 20_271_221

# An ingest that kills itself, as a power cut would, at the n-th call that touches the disk.
KILLED = """
import os, signal, sys
from pathlib import Path
from ground.services import ingest
from tests.recordings import Station

ingest.CHUNK_OCTETS = int(sys.argv[3])
left = int(sys.argv[4])

def counted(call):
    def wrapped(*args, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return wrapped

for name in ("write", "fdatasync", "fsync", "open", "rename"):
    setattr(os, name, counted(getattr(os, name)))
Station.of_chenguang1(Path(sys.argv[2])).ingest(Path(sys.argv[1]))
print(left)
"""

# An ingest whose files may not grow beyond a limit, as on a full disk.
LIMITED = """
import resource, sys
from ground import warmup
from ground.services import ingest
warmup.load = lambda: False
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
ingest.CHUNK_OCTETS = int(sys.argv.pop(1))
from ground.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pass") / "pass"
    record(path, seconds=100, seed=11, faults=Faults(2, 3, 1))
    return path


@pytest.fixture(scope="module")
def whole(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an ingest that nobody disturbs gives."""
    station = Station.of_chenguang1(tmp_path_factory.mktemp("whole"))
    station.ingest(recording)
    return rows(station)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "CHUNK_OCTETS", CHUNK_OCTETS)


def rows(station: Station) -> dict[str, Any]:
    return {name: table.to_pylist() for name, table in station.tables().items()}


def run(script: str, *arguments: str | Path | int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def moments(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """Seeded moments of a run: calls to the disk, one in each sixth of it."""
    most = 1_000_000
    archive = tmp_path_factory.mktemp("counted")
    done = run(KILLED, recording, archive, CHUNK_OCTETS, most)
    assert done.returncode == 0, done.stderr
    calls = most - int(done.stdout)
    chance = random.Random(SEED)
    return [chance.randrange(calls * sixth // 6, calls * (sixth + 1) // 6) for sixth in range(6)]


@pytest.mark.parametrize("sixth", range(6))
def test_after_a_kill_at_any_moment_running_again_gives_the_same_archive(
    recording: Path, whole: dict[str, Any], moments: list[int], tmp_path: Path, sixth: int
) -> None:
    killed = run(KILLED, recording, tmp_path, CHUNK_OCTETS, moments[sixth])
    assert killed.returncode == -signal.SIGKILL
    station = Station.of_chenguang1(tmp_path)
    if station.root.joinpath("catalogue.sqlite").exists():
        kept = rows(station)
        for name in kept.keys() - {"gaps", "rejects"}:
            assert all(row in whole[name] for row in kept[name][::50])
    station.ingest(recording)
    assert rows(station) == whole
    with station.reading() as store:
        assert store.verify() == []
        (source,) = store.sources("live")
        assert source.finished and source.offset == recording.stat().st_size


def test_several_kills_in_a_row_lose_nothing(
    recording: Path, whole: dict[str, Any], moments: list[int], tmp_path: Path
) -> None:
    for moment in (moments[1], moments[1], moments[2]):
        run(KILLED, recording, tmp_path, CHUNK_OCTETS, moment)
    station = Station.of_chenguang1(tmp_path)
    station.ingest(recording)
    assert rows(station) == whole


@pytest.mark.soak
def test_fifty_kills_at_seeded_moments_lose_nothing(
    recording: Path, whole: dict[str, Any], moments: list[int], tmp_path: Path
) -> None:
    chance = random.Random(SEED + 1)
    for number in range(50):
        station = Station.of_chenguang1(tmp_path / str(number))
        moment = chance.randrange(moments[-1])
        assert run(KILLED, recording, station.root, CHUNK_OCTETS, moment).returncode < 0
        station.ingest(recording)
        assert rows(station) == whole, f"killed at call {moment}"


@pytest.mark.parametrize("limit", [60_000, 150_000])
def test_a_full_disk_is_told_and_the_ingest_goes_on_when_there_is_room(
    recording: Path, whole: dict[str, Any], tmp_path: Path, limit: int
) -> None:
    command = ["ingest", recording, "--mission", "chenguang1", "--link", "recording"]
    full = run(LIMITED, limit, CHUNK_OCTETS, *command, "--home", tmp_path)
    assert full.returncode == 2
    (told,) = full.stderr.splitlines()  # of a file of its own that may not grow, SQLite says less
    assert told.startswith(f"{tmp_path / 'archive'}: ")
    assert "no space left on the disk while " in told or "disk I/O error" in told
    station = Station.of_chenguang1(tmp_path / "archive")
    station.ingest(recording)
    assert rows(station) == whole


def test_a_disk_that_fills_up_at_an_append_loses_nothing_acknowledged(
    recording: Path, whole: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, real, calls = Station.of_chenguang1(tmp_path), os.fdatasync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 40:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(ArchiveError, match="no space left on the disk"):
        station.ingest(recording)
    monkeypatch.setattr(os, "fdatasync", real)
    with station.reading() as store:
        (source,) = store.sources("live")
    assert 0 < source.offset < recording.stat().st_size and not source.finished
    assert 0 < len(rows(station)["packets"]) < len(whole["packets"])
    station.ingest(recording)
    assert rows(station) == whole


def test_a_second_ingest_at_the_same_time_is_refused(recording: Path, tmp_path: Path) -> None:
    with EmbeddedStore.open(tmp_path / "archive", write=True):
        with pytest.raises(Refused, match="one writer at a time"):
            Station.of_chenguang1(tmp_path / "archive").ingest(recording)
        command = [sys.executable, "-m", "ground", "ingest", str(recording), "-m", "chenguang1"]
        second = subprocess.run(
            [*command, "--link", "recording", "--home", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 3
    assert f"is being written by process {os.getpid()}" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_a_file_that_shrinks_while_it_is_read_is_told(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pass"
    path.write_bytes(recording.read_bytes())
    station, digest = Station.of_chenguang1(tmp_path / "archive"), service._digest

    def shrinking(name: Path) -> tuple[str, int]:
        found = digest(name)
        os.truncate(name, 3 * CHUNK_OCTETS + 5)
        return found

    monkeypatch.setattr(service, "_digest", shrinking)
    with pytest.raises(InputError, match="became shorter while it was read; expected"):
        station.ingest(path)
