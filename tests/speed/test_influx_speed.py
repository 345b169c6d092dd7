"""How fast rows become lines of InfluxDB, against `Point`, and how fast they get into 1.6.7."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from influxdb_client import Point

from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Destination
from ground.archive.influx_lines import lines
from ground.archive.influx_sink import Sink
from ground.archive.influx_source import Source
from ground.archive.influx_state import CursorFile, RejectFile
from ground.services.influx_feed import Feed
from ground.services.influx_rollups import rollup
from ground.services.influx_sender import Sender
from tests import servers
from tests.speed.clock import Race
from tests.speed.test_archive_speed import HK, PARAMETERS, housekeeping

pytestmark = pytest.mark.speed

ROWS = 5_000
WANTED_RATIO = 5
WANTED_RATE = 5e6


def test_lines_against_points():
    table = housekeeping(["CG-0001"], 0, ROWS).drop_columns(["t_ns", "received"])
    rows = table.to_pylist()
    stamps = table["time"].cast("int64").to_pylist()
    names = [name for name in table.column_names if name.startswith("/")]

    def points() -> bytes:
        made = []
        for row, stamp in zip(rows, stamps, strict=True):
            point = Point(HK).tag("spacecraft", row["spacecraft"]).time(stamp)
            for name in names:
                point.field(name, row[name])
            made.append(point.to_line_protocol())
        return "\n".join(made).encode()

    race = Race("InfluxDB lines, 100 fields a row", work=ROWS * PARAMETERS, unit="fields")
    race.run(
        rounds=3,
        ours=lambda: [part.body() for part in lines(table, HK, ["spacecraft"])],
        Point=points,
    )
    race.at_least(WANTED_RATIO, over="Point")
    race.at_least_rate(WANTED_RATE)


def test_rollups_of_a_minute():
    table = housekeeping(["CG-0001"], 0, ROWS)
    race = Race("1-minute roll-ups", work=ROWS * PARAMETERS, unit="samples")
    race.run(ours=lambda: rollup(table))


@pytest.mark.parametrize("content", ["samples", "summary"])
def test_an_archive_into_influxdb(tmp_path: Path, content):
    """From stored rows to the server's last 204; client and server share the machine."""
    rows = 40_000
    with (
        servers.influxdb(tmp_path) as server,
        EmbeddedStore.open(tmp_path / "archive", write=True) as store,
    ):
        Source(Destination(server.url, "g")).ask("CREATE DATABASE g")
        for start in range(0, rows, 1000):
            store.append("live", {HK: housekeeping(["CG-0001"], start, 1000)})
        store.flush()
        cursor, rejects = CursorFile(tmp_path / "c.json", "x"), RejectFile(tmp_path / "r")
        sink = Sink(Destination(server.url, "g"))
        sender = Sender(Feed(store, "live", content, 0), sink, cursor, rejects)
        wall, own = time.perf_counter(), time.thread_time()
        while sender.step(0, 1 << 62, finish=True):
            pass
        wall, own = time.perf_counter() - wall, time.thread_time() - own
        assert sender.tally.rows.out == sender.tally.rows.given
        assert sender.serial == rows // 1000
        print(
            f"\narchive to InfluxDB 1.6.7, {content}: {rows * PARAMETERS / wall / 1e6:.2f} M "
            f"samples/s by the wall clock ({sender.tally.fields / wall / 1e6:.2f} M fields/s sent "
            f"in {sender.tally.requests} requests), sender's CPU share {own / wall:.0%}"
        )
