"""How fast rows get into the archive, how small they lie there, how fast they come back.

Housekeeping of 100 parameters a spacecraft: 40 calibrated 12-bit readings of an orbit with noise,
15 slow doubles, 10 counters, 20 modes, 10 flags and 5 columns of pure noise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ground.archive.embedded import EmbeddedStore
from tests.ground.archive.samples import SECOND, T0, UTC_OFFSET
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

HK = "/Fleet/HK"
PARAMETERS = 100
DAY_S = 86_400
SLOW_S = 1200  # between samples of the spacecraft that only have to be there
WANTED_RATE = 5e6
WANTED_S = 0.010


def housekeeping(names: list[str], start: int, rows: int, step: int = 1) -> pa.Table:
    """Return `rows` rows of each spacecraft, `step` seconds apart, in order of time."""
    chance = np.random.default_rng(start)
    at = np.repeat(start + step * np.arange(rows), len(names))
    which = np.tile(np.arange(len(names), dtype=np.int32), rows)
    t_ns = T0 + at * SECOND
    utc = pa.array(t_ns - UTC_OFFSET, pa.timestamp("ns", "UTC"))
    made = {
        "spacecraft": pa.DictionaryArray.from_arrays(which, names),
        "t_ns": pa.array(t_ns),
        "time": utc,
        "received": utc,
        "sequence": pa.array(at % 16384),
        "flags": pa.array(np.zeros(len(at), np.uint8)),
    }
    for place in range(PARAMETERS):
        made[f"/Fleet/HK/P{place:02d}"] = pa.array(_values(place, at, which, chance))
    return pa.table(made)


def _values(
    place: int, at: np.ndarray, which: np.ndarray, chance: np.random.Generator
) -> np.ndarray:
    orbit = 2 * np.pi * at / 5400 + which + place
    if place < 40:
        counts = np.round(2048 + 1500 * np.sin(orbit) + chance.normal(0, 1, len(at)))
        return counts * 0.0125 - 3.2
    if place < 55:
        return np.round(20 + 5 * np.sin(orbit / 10), 2)
    if place < 65:
        return (at * (place - 54) + which).astype(np.int32)
    if place < 85:
        return ((at // 600 + place) % 5).astype(np.uint8)
    if place < 95:
        return (at // 300 + place) % 2 == 1
    return chance.normal(0, 1, len(at)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as opened:
        yield opened


@pytest.mark.parametrize(("spacecraft", "rows"), [(1, 10_000), (1000, 10)])
def test_append_and_flush(store: EmbeddedStore, tmp_path: Path, spacecraft: int, rows: int):
    """What is appended is synced to the disk at once, and sorted into Parquet by the flush."""
    names = [f"CG-{number:04d}" for number in range(spacecraft)]
    table = housekeeping(names, 0, rows)

    def ours() -> None:
        store.append("live", {HK: table})
        store.flush()

    race = Race(
        f"append, sync and flush, {spacecraft} spacecraft",
        work=len(table) * PARAMETERS,
        unit="samples",
    )
    race.run(ours=ours, parquet_alone=lambda: pq.write_table(table, tmp_path / "alone.parquet"))
    race.at_least_rate(WANTED_RATE)


def test_one_parameter_over_a_day_among_100_000_series(store: EmbeddedStore, tmp_path: Path):
    """Ten spacecraft at 1 Hz, and 990 more in the same table with a row every 20 minutes."""
    near = [f"CG-{number:04d}" for number in range(10)]
    far = [f"CG-{number:04d}" for number in range(10, 1000)]
    rows = 0
    for start in range(0, DAY_S, 3600):
        for table in (
            housekeeping(near, start, 3600),
            housekeeping(far, start, 3600 // SLOW_S, SLOW_S),
        ):
            store.append("live", {HK: table})
            rows += len(table)
    before = time.thread_time()
    store.compact()
    spent = time.thread_time() - before
    [first] = (tmp_path / "archive").rglob("g000-*.parquet")
    print(
        f"\n1,000 spacecraft x 100 parameters in one table: {near[0]} to {near[-1]} at 1 Hz for "
        f"24 h, 990 others every {SLOW_S} s (to keep the build short)\n"
        f"compaction: {rows * PARAMETERS / spent / 1e6:.1f} M samples/s of CPU time; day file at "
        f"1 Hz: {first.stat().st_size / (10 * DAY_S * PARAMETERS):.2f} octets a sample"
    )

    def query() -> int:
        return len(
            store.read(
                "live",
                HK,
                columns=["t_ns", "/Fleet/HK/P07"],
                spacecraft=["CG-0003"],
                start_ns=T0,
                end_ns=T0 + DAY_S * SECOND,
            )
        )

    assert query() == DAY_S
    files = store._reader.files
    opened, groups = files.opened, files.row_groups
    walls = []
    for _ in range(20):
        before = time.perf_counter()
        query()
        walls.append(time.perf_counter() - before)
    assert (files.opened - opened, files.row_groups - groups) == (0, 20)
    race = Race("one parameter over 24 h of 100,000 series, warm", work=1, unit="queries")
    race.run(ours=query)
    print(
        f"one parameter over 24 h: {sorted(walls)[10] * 1e3:.1f} ms by the wall clock, one row "
        f"group of one file read; wanted {WANTED_S * 1e3:.0f} ms"
    )
    race.at_least_rate(1 / WANTED_S)
