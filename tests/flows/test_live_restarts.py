"""A processor that dies at any moment goes on as if it had not, and takes nothing twice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.archive.journal_records import Records
from ground.messages import AcknowledgeAlarms, AlarmRef
from tests.flows.virtual import VirtualStation
from tests.recordings import Station
from tools import simulator

CADU = 1279
SECONDS = 700  # the cards throttle and the umbra begins: alarms come and go


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Records]:
    path = tmp_path_factory.mktemp("pass") / "pass.cadu"
    simulator.record(path, seconds=SECONDS, seed=3)
    octets = path.read_bytes()
    chunks = [octets[at : at + CADU] for at in range(0, len(octets), CADU)]
    made = Records.of(0, 0, chunks, [True, *[False] * (len(chunks) - 1)])
    times = simulator.START_NS + np.arange(len(chunks)) * 10**9
    return path, Records(made.position, times, made.length, made.begins, made.octets)


def whole_run(root: Path, records: Records) -> VirtualStation:
    station = VirtualStation(root)
    station.record("kashi", records)
    station.start()
    station.run()
    station.kill()
    return station


def test_the_archive_is_that_of_the_file(records: tuple[Path, Records], tmp_path: Path) -> None:
    path, live = records
    station = whole_run(tmp_path / "live", live)
    recorded = Station.of_chenguang1(tmp_path / "file")
    recorded.ingest(path)
    found, expected = station.telemetry(), recorded.telemetry()
    for name, rows in expected.items():
        without = [{k: v for k, v in row.items() if k != "received"} for row in rows]
        assert found[name] == without, name
    assert {name for name in found if name.startswith("/CG1")} == {
        name for name in expected if name.startswith("/CG1")
    }


@pytest.mark.parametrize("seed", range(4))
def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(
    seed: int, records: tuple[Path, Records], tmp_path: Path
) -> None:
    rng = random.Random(seed)
    expected = whole_run(tmp_path / "whole", records[1])
    station = VirtualStation(tmp_path / "killed")
    station.record("kashi", records[1])
    for _ in range(6):
        station.start()
        for _ in range(rng.randrange(1, 8)):
            station.turn(rng.randrange(20, 400) * 1000)
            if rng.random() < 0.5:
                station.live.commit(station.now)  # type: ignore[union-attr]
        station.kill()
    station.start()
    station.run()
    station.kill()
    assert station.telemetry() == expected.telemetry()


def _ids(rows: list[Any]) -> list[tuple[Any, ...]]:
    return [(row["id"], row["version"], row["state"], row["severity"]) for row in rows]


def test_an_acknowledgement_outlives_the_processor(
    records: tuple[Path, Records], tmp_path: Path
) -> None:
    station = whole_run(tmp_path, records[1])
    live = station.start()
    alarms = [row for row in live.watch.alarms.rows() if row.state == "unacknowledged"]
    assert alarms
    ref = AlarmRef(alarms[0].id, alarms[0].version)
    answer = live.act(AcknowledgeAlarms([ref], "seen"), "li", station.now)
    assert answer.ok
    station.kill()
    again = next(row for row in station.start().watch.alarms.rows() if row.id == ref.id)
    assert (again.state, again.acknowledged_by) == ("acknowledged", "li")
    station.kill()
    rows = _ids(station.table("alarms").to_pylist())
    assert rows.count((ref.id, ref.version + 1, "acknowledged", alarms[0].severity)) == 1
