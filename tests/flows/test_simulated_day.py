"""A day of the satellite under a virtual clock: every frame and every sample is accounted for.

generated -> medium (faults) -> journal -> processor -> archive, a step of some seconds at a time;
now and then the processor is stopped, misses a step, and goes on from its cursor.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground import databases
from ground.archive import journal
from ground.archive.journal_records import Records
from ground.decode.calibrate import Calibration
from ground.mdb import plan
from ground.services import tables
from tests.flows.virtual import VirtualStation
from tools.simulator import START_NS, FaultRates, Stream
from tools.simulator.truth import Packets

SECOND = 10**9
LINK = "kashi"
MINUTE_S, DAY_S = 60, 86_400
AWAY = 12  # times in all
ROUGH = FaultRates.parse(
    "loss=0.02,ber=6e-3,duplicate=0.05,reorder=0.05,outage_every_s=300,outage_s=20,"
    "reboot_every_s=500,drift_ppb=20000"
)
# For a day, boots are rarer. Where one follows another within a minute or two and the first frames
# after it are ruined, the counts before and after it join, and with them the halves of two packets.
# Nothing in the frames tells, and packets carry no error control: with a boot each 500 s in the
# mean, 4 of 165,000 packets are such.
HARD = replace(ROUGH, reboot_every_s=20_000)
USUAL = FaultRates.parse(
    "loss=0.001,ber=1e-3,duplicate=0.002,reorder=0.002,outage_every_s=3000,outage_s=60,"
    "reboot_every_s=20000,drift_ppb=500"
)


class Day:
    """The flight, its journal and its station."""

    def __init__(self, root: Path, seed: int, faults: FaultRates) -> None:
        self.rng = random.Random(seed)
        self.stream = Stream(seed=seed, faults=faults)
        self.station = VirtualStation(root)
        self.writer = journal.Journal(self.station.journal(LINK))
        self.stages: dict[str, Counter[str]] = {}
        self.records = self.restarts = 0

    def fly(self, seconds: int, step_s: int) -> None:
        """Let time pass; the processor is away for some of the steps."""
        self.station.start()
        for now_s in range(step_s, seconds + 1, step_s):
            self._receive(START_NS + now_s * SECOND)
            if self.rng.random() < AWAY * step_s / seconds:
                self._restart()
            else:
                self._process(START_NS + now_s * SECOND)
        self.station.run()
        self._count()
        self.station.kill()
        self.writer.close()

    def _receive(self, until_ns: int) -> None:
        frames = self.stream.frames(until_ns)
        if not frames:
            return
        begins = [not self.writer.end, *[False] * (len(frames) - 1)]
        made = Records.of(self.writer.end, 0, [octets for _, octets in frames], begins)
        times = np.array([send_ns for send_ns, _ in frames], np.int64)
        self.writer.append(Records(made.position, times, made.length, made.begins, made.octets))
        self.records += len(frames)

    def _process(self, now_ns: int) -> None:
        live = self.station.live
        assert live is not None
        while self.station.turn():
            pass
        live.expire(now_ns)
        live.correlate()
        live.commit(now_ns)
        self.station.messages.clear()

    def _restart(self) -> None:
        self._count()
        self.station.kill()
        self.station.start()
        self.restarts += 1

    def _count(self) -> None:
        """Add up what this run of the processor counted."""
        assert self.station.live is not None
        for row in self.station.live.stages():
            assert row.balanced, row
            counts = self.stages.setdefault(row.name, Counter())
            counts.update({"in": row.given, "out": row.out, **row.dropped})


@pytest.mark.parametrize(
    ("seconds", "step_s", "faults"),
    [
        pytest.param(20 * MINUTE_S, 10, ROUGH, id="20 minutes of every fault"),
        pytest.param(DAY_S, MINUTE_S, USUAL, id="a day", marks=pytest.mark.soak),
        pytest.param(DAY_S, MINUTE_S, HARD, id="a day of every fault", marks=pytest.mark.soak),
    ],
)
def test_what_was_generated_is_archived_or_accounted_for(
    seconds: int, step_s: int, faults: FaultRates, tmp_path: Path
) -> None:
    day = Day(tmp_path, 11, faults)
    day.fly(seconds, step_s)
    truth, counts = day.stream.truth(final=True), day.stream.counts()
    link, model = counts["link"], counts["station"]
    assert day.restarts > 3 and min(link["lost"], link["outage"], link["mended"]) > 0
    assert link["frames"] + link["duplicated"] == link["lost"] + link["outage"] + link["sent"]
    assert day.records == link["sent"] == sum(map(len, _journalled(day)))
    _hold_frames(day, link, model)
    _hold_gaps(day, model)
    delivered = {name: int(each.delivered.sum()) for name, each in truth.packets.items()}
    assert sum(delivered.values()) == counts["packets"]["arriving"]
    assert len(day.station.table("packets")) == sum(delivered.values())
    for name, each in truth.packets.items():
        _hold_samples(day.station, name, each)


def _journalled(day: Day) -> list[Records]:
    return [journal.read(day.station.journal(LINK), 0, 1 << 40)]


def _hold_frames(day: Day, link: dict[str, int], model: dict[str, int]) -> None:
    """Journalled frames are decoded or rejected, by the reasons that the simulator knows."""
    cadus, frames = day.stages[f"{LINK}: cadus"], day.stages[f"{LINK}: frames"]
    ruined = {name: n for name, n in cadus.items() if name not in ("in", "out")}
    assert (cadus["in"], sum(ruined.values())) == (link["sent"], link["ruined"])
    assert frames["in"] == cadus["out"]
    found = {name: frames[name] for name in ("duplicate", "late", "idle")}
    assert found == {name: model[name] for name in found}
    assert frames["out"] == model["used"]
    assert frames.total() == 2 * frames["in"], "a reason that the simulator does not know"


def _hold_gaps(day: Day, model: dict[str, int]) -> None:
    gaps = day.station.table("gaps")
    assert gaps.num_rows == model["gaps"]
    assert sum(gaps["missing"].to_pylist()) == model["missing"]


def _hold_samples(station: VirtualStation, name: str, truth: Packets) -> None:
    """Every value of every packet that could arrive is there, raw and engineering."""
    table = station.table(name)
    order = np.lexsort((truth.sequence, truth.t_ns))
    order = order[truth.delivered[order]]
    assert table["t_ns"].to_pylist() == truth.t_ns[order].tolist(), name
    assert table["sequence"].to_pylist() == truth.sequence[order].tolist(), name
    types = _types(station)[name]
    raw = {path: tables.from_arrow(table[path], types[path]) for path in truth.raw}
    for path, sent in truth.raw.items():
        assert raw[path].valid is None or raw[path].valid.all(), path
        np.testing.assert_array_equal(raw[path].values, sent[order], err_msg=path)
    found = Calibration(types).engineering(raw, list(truth.engineering))
    for path, meant in truth.engineering.items():
        _hold_engineering(path, found[path], meant[order])


def _hold_engineering(path: str, found: Any, meant: np.ndarray) -> None:
    if found.labels is not None:
        assert (np.array(found.labels, object)[found.values] == meant).all(), path
        return
    if meant.dtype == object:
        assert (found.values == meant).all(), path
        return
    values = found.values // SECOND if path.endswith("BOOT_TIME") else found.values
    np.testing.assert_allclose(values, meant, rtol=1e-12, atol=1e-9)


def _types(station: VirtualStation) -> dict[str, Any]:
    (craft,) = station.mission.spacecraft
    assert craft.database is not None
    return plan.compile(databases.read_database(craft.database), craft.root_container).column_types
