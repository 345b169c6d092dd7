"""Alarms of packets as they are decoded, calibrated and judged; counted by a loop over levels."""

from __future__ import annotations

import numpy as np
import pytest

from ground.alarms import limits
from ground.alarms.alarm import Alarms
from ground.alarms.judge import Judge
from ground.alarms.turns import Sampled
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from protocols import kernels, packet
from tests.speed import housekeeping

PACKETS = 1500
PLAN = plan.compile(xtce.load(housekeeping.database().encode(), "housekeeping.xml"))


@pytest.fixture(params=["numpy", "compiled"], autouse=True)
def twin(request):
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


def told(splits: int):
    """Return the alarms that are told of, and the severities of every parameter."""
    decoder, judge, alarms = Decoder(PLAN), Judge(), Alarms()
    rows, severities = [], {}
    packets = packet.scan(housekeeping.octets(PACKETS)).packets
    for part in np.array_split(np.arange(PACKETS), splits):
        (batch,) = decoder.decode(packets.take(part)).batches
        types = PLAN.column_types[batch.packet_type]
        engineering = Calibration(types).engineering(batch.raw)
        craft = (part % 2).astype(np.int32)
        levels = judge.judge(types, batch.raw, engineering, part, craft)
        found = {path: limits.severity(level) for path, level in levels.items()}
        worst = limits.worst(levels, len(part))
        given = (types, batch.rows, craft, part + 1, part + 1, found, engineering, worst)
        rows += alarms.judge(["CG-1", "CG-2"], [Sampled(*given)])
        for path, each in found.items():
            severities.setdefault(path, []).append(each)
    return rows, {path: np.concatenate(each) for path, each in severities.items()}


def test_every_change_of_a_severity_is_told_once_however_packets_were_batched():
    rows, severities = told(1)
    expected = []
    for path, each in severities.items():
        for craft in (0, 1):
            before = 0
            for place in range(craft, PACKETS, 2):
                if each[place] != before:
                    expected.append((place + 1, path, craft, int(each[place])))
                before = each[place]
    changed = [row for row in rows if row.state != "normal"]
    assert len(expected) > 20
    assert [
        (row.changed_ns, row.parameter, int(row.spacecraft == "CG-2"), row.severity)
        for row in changed
    ] == sorted(expected)
    assert all(float(row.trip) > 40 or float(row.trip) < -40 for row in rows)
    for splits in (7, 500):
        assert told(splits)[0] == rows
