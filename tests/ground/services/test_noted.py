"""What a station notes beside telemetry stands in the archive as it was said."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from ground.archive.embedded import EmbeddedStore
from ground.messages import EventRow, ServiceReported, TimeCorrelated
from ground.services import noted
from protocols import times
from tests.ground.services.test_parcels import alarm

NOON = 2_000_000_000 * 10**9


def stored(root: Path, name: str, *tables: pa.Table) -> pa.Table:
    with EmbeddedStore.open(root, write=True) as store:
        for table in tables:
            store.append("live", {name: table})
        return store.read("live", name)


def test_alarms_are_rows_by_the_time_they_changed_and_their_version(tmp_path: Path) -> None:
    row = alarm(5, text="look")
    found = stored(tmp_path, "alarms", noted.alarms([row], NOON))
    said = asdict(row) | {"t_ns": row.changed_ns, "sequence": row.version}
    del said["changed_ns"], said["version"]
    assert found.select(list(said)).to_pylist() == [said]
    received = found["received"].cast(pa.int64()).to_pylist()
    assert received == [int(times.tai_to_utc_ns(NOON))]


def test_events_of_the_station_and_of_spacecraft_stand_side_by_side(tmp_path: Path) -> None:
    rows = [
        EventRow(NOON + 1, "processor", "", "critical", "archive.stopped", "full"),
        EventRow(NOON + 2, "onboard", "A", "info", "BOOT", "again"),
    ]
    found = stored(tmp_path, "events", noted.events(rows, NOON))
    assert found["spacecraft"].to_pylist() == ["A", "station"]
    assert found["level"].to_pylist() == [0, 3]
    assert found["text"].to_pylist() == ["again", "full"]
    assert found["t_ns"].to_pylist() == [NOON + 2, NOON + 1]


def test_status_takes_new_figures_as_they_come(tmp_path: Path) -> None:
    first = ServiceReported("p", 1, 0, "running", "", queues={"a": 3}, figures={"x": 1.5})
    second = ServiceReported("p", 1, 0, "running", "", queues={"b": 4}, figures={})
    found = stored(
        tmp_path, "status", noted.status(first, NOON), noted.status(second, NOON + 1)
    ).select(["service", "queue a", "queue b", "x"])
    assert found.to_pylist() == [
        {"service": "p", "queue a": 3.0, "queue b": None, "x": 1.5},
        {"service": "p", "queue a": None, "queue b": 4.0, "x": None},
    ]


def test_clocks_are_rows_by_the_time_on_board(tmp_path: Path) -> None:
    rows = [TimeCorrelated("B", NOON, -5, 1.5, 0.5, 7), TimeCorrelated("A", NOON, 3, 0.0, 0.1, 2)]
    found = stored(tmp_path, "clocks", noted.clocks(rows))
    assert found["spacecraft"].to_pylist() == ["A", "B"]
    assert found["offset_ns"].to_pylist() == [3, -5]
    assert found["samples"].to_pylist() == [2, 7]
