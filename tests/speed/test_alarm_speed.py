"""What the alarm machine costs beside the judging that comes before it."""

from __future__ import annotations

import numpy as np
import pytest

from ground.alarms import limits
from ground.alarms.alarm import Alarms
from ground.alarms.judge import Judge
from ground.alarms.turns import Sampled
from ground.columns import Column
from ground.errors import Where
from ground.mdb.model import Alarm, IntegerEncoding, Kind, Level, Range, ScalarType, StaticRanges
from tests.speed.clock import Race

pytestmark = pytest.mark.speed

PARAMETERS, STANDING = 100, 50
ALARM = Alarm(
    static=StaticRanges(((Level.WARNING, Range(-40, 40)), (Level.CRITICAL, Range(-45, 45))))
)
TYPES = {
    f"/S/P{n}": ScalarType("/S/T", Kind.FLOAT, IntegerEncoding(16), Where("speed"), alarm=ALARM)
    for n in range(PARAMETERS)
}


@pytest.mark.parametrize("rows", [1, 32, 256])
def test_batches_of_100_limited_parameters(rows):
    """All normal: a fifth of the judging at most. With 50 alarms that stand: told, not asked."""
    random = np.random.default_rng(1)
    columns = {path: Column(random.normal(0, 5, rows).clip(-30, 30)) for path in TYPES}
    t_ns, craft, order = np.arange(rows) + 1, np.zeros(rows, np.int32), np.arange(rows)
    judge = Judge()

    def judged():
        levels = judge.judge(TYPES, columns, {}, t_ns, craft)
        return {path: limits.severity(level) for path, level in levels.items()}

    def sampled(severities, worst):
        return Sampled(TYPES, order, craft, t_ns, t_ns, severities, columns, worst)

    normal = judged()
    bad = {
        path: np.full(rows, 2, np.uint8) if n < STANDING else severity
        for n, (path, severity) in enumerate(normal.items())
    }
    calm, unworsted = sampled(normal, np.zeros(rows, np.uint8)), sampled(normal, None)
    storm = sampled(bad, np.full(rows, 2, np.uint8))
    quiet, loud = Alarms(), Alarms()
    assert len(loud.judge(["CG-1"], [storm])) == STANDING
    assert loud.judge(["CG-1"], [storm]) == []
    samples = rows * PARAMETERS
    race = Race(f"alarms, {rows} packets, all normal", samples, "samples")
    race.run(ours=lambda: quiet.judge(["CG-1"], [calm]), judging=judged)
    race.at_least(5, over="judging")
    race = Race(f"alarms, {rows} packets, worst not known", samples, "samples")
    race.run(ours=lambda: quiet.judge(["CG-1"], [unworsted]), judging=judged)
    race = Race(f"alarms, {rows} packets, 50 alarms stand", samples, "samples")
    race.run(ours=lambda: loud.judge(["CG-1"], [storm]), judging=judged)
