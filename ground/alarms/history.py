"""What judging remembers from batch to batch: runs of violations, and the samples just before.

Rows of a batch are sorted by spacecraft, so that everything is worked out for the whole fleet at
once; what was known of each spacecraft before the batch is carried in.

Source: XTCE 1.2 `AlarmType` (minViolations, minConformance), `ChangeAlarmRangesType`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ground.alarms.ranges import Floats, Levels
from ground.mdb.model import ChangeRanges, StaticRanges
from protocols.kernels import kernel

Ints = NDArray[np.int64]
Truth = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows of a batch sorted by spacecraft, each one's rows in the order given.

    Attributes:
        order: int64 [N], the row of the batch at each sorted place.
        slot: int64 [N], its spacecraft, numbered from 0 as they were first seen.
        first: int64 [N], the place where its spacecraft's rows begin.
        ends: int64 [S], the last place of each spacecraft.
    """

    order: Ints
    slot: Ints
    first: Ints
    ends: Ints


class Fleet:
    """Numbers spacecraft from 0, as they are first seen."""

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}

    def groups(self, spacecraft: NDArray[Any]) -> Groups:
        """Return the rows of a batch by spacecraft; `spacecraft` is a code for each row, [N]."""
        codes, inverse = np.unique(spacecraft, return_inverse=True)
        slots = [self._slots.setdefault(code, len(self._slots)) for code in codes.tolist()]
        unsorted = np.array(slots, np.int64)[inverse.reshape(-1)]
        order = np.argsort(unsorted, kind="stable")
        slot = unsorted[order]
        starts = np.flatnonzero(np.diff(slot, prepend=-1))
        ends = np.append(starts[1:], len(slot)) - 1
        return Groups(order, slot, np.repeat(starts, ends - starts + 1), ends)


class Runs:
    """Counts violations and conforming samples in a row, for K values of each spacecraft.

    A level is given from the `violations`-th sample in a row that has one. It follows the samples
    from there, stays through conforming ones, and ends with the `conformance`-th of these in a
    row. A sample that is missing neither violates nor conforms.
    """

    def __init__(self) -> None:
        self._violating = np.zeros((0, 0), np.int64)
        self._conforming = np.zeros((0, 0), np.int64)
        self._raised = np.zeros((0, 0), np.bool_)
        self._level = np.zeros((0, 0), np.uint8)

    def judge(
        self, levels: Levels, present: Truth, violations: Ints, conformance: Ints, groups: Groups
    ) -> Levels:
        """Return the levels that are given; K may grow from call to call.

        Args:
            levels: uint8 [N, K], of each sample by itself.
            present: bool [N, K], whether there is a sample.
            violations, conformance: int64 [N, K], how many samples in a row it takes.
        """
        if not len(levels):
            return levels
        self._grow(int(groups.slot[-1]) + 1, levels.shape[1])
        given = np.zeros_like(levels)
        follow(
            levels,
            present,
            violations,
            conformance,
            groups.order,
            groups.slot,
            groups.first,
            groups.ends,
            self._violating,
            self._conforming,
            self._raised,
            self._level,
            given,
        )
        return given

    def _grow(self, spacecraft: int, values: int) -> None:
        more = ((0, max(0, spacecraft - len(self._level))), (0, values - self._level.shape[1]))
        if more != ((0, 0), (0, 0)):
            self._violating = np.pad(self._violating, more)
            self._conforming = np.pad(self._conforming, more)
            self._raised = np.pad(self._raised, more)
            self._level = np.pad(self._level, more)


@kernel("ground.alarms.history_jit")
def follow(
    levels: Levels,
    present: Truth,
    violations: Ints,
    conformance: Ints,
    order: Ints,
    slot: Ints,
    first: Ints,
    ends: Ints,
    violating: Ints,
    conforming: Ints,
    raised: Truth,
    level: Levels,
    given: Levels,
) -> None:
    """Follow K values of each spacecraft through a batch of N rows, as `Runs` says.

    Args:
        levels, present, violations, conformance: [N, K], as `Runs.judge` has them.
        order, slot, first, ends: as `Groups` has them.
        violating, conforming, raised, level: [S, K], what is known of each spacecraft; changed.
        given: uint8 [N, K], zeros; written.
    """
    each, sample = levels[order], present[order]
    violates, conforms = sample & (each > 0), sample & (each == 0)
    hits = _run(violates, conforms, violating[slot], first)
    misses = _run(conforms, violates, conforming[slot], first)
    raises = violates & (hits >= violations[order])
    clears = conforms & (misses >= conformance[order])
    up = _latest(raises, raises | clears, raised[slot], first)
    latest = _latest(each, violates, level[slot], first)
    given[order] = np.where(up & sample, latest, np.uint8(0))
    seen = slot[ends]
    violating[seen], conforming[seen] = hits[ends], misses[ends]
    raised[seen], level[seen] = up[ends], latest[ends]


def _run(hits: Truth, stops: Truth, before: Ints, first: Ints) -> Ints:
    """Return how many hits in a row there are up to each place; other samples do not count."""
    total = np.cumsum(hits, axis=0)
    return total - _latest(total, stops, total[first] - hits[first] - before, first)


def _latest(
    values: NDArray[Scalar], marked: Truth, before: NDArray[Scalar], first: Ints
) -> NDArray[Scalar]:
    """Return the value at the latest marked place of the same spacecraft; `before` without one."""
    places = np.arange(len(values))[:, np.newaxis]
    latest = np.maximum.accumulate(np.where(marked, places, -1), axis=0)
    known = latest >= first[:, np.newaxis]
    return np.where(known, np.take_along_axis(values, np.where(known, latest, 0), axis=0), before)


class Changes:
    """Works out the change that one change alarm looks at, for E elements of each spacecraft.

    A change needs the sample `span` before it; missing samples are passed over. The first samples
    have no change, nor has one whose time is not later, where the change is per second.

    Attributes:
        ranges: what to judge the change by.
    """

    def __init__(self, alarm: ChangeRanges) -> None:
        self.ranges = _magnitudes(alarm.ranges) if alarm.absolute else alarm.ranges
        self._alarm = alarm
        self._count = np.zeros(0, np.int64)
        self._values = np.zeros((0, alarm.span))  # oldest first
        self._t_ns = np.zeros((0, alarm.span), np.int64)

    def of(self, values: Floats, present: Truth, t_ns: Ints, groups: Groups) -> Floats:
        """Return float64 [N, E], the change up to each sample; NaN where there is none.

        Args:
            values, present: [N, E], the samples and whether there is one.
            t_ns: int64 [N], their times.
        """
        elements = values.shape[1]
        keys = groups.slot[:, np.newaxis] * elements + np.arange(elements)
        chosen = np.flatnonzero(present[groups.order])
        key = keys.reshape(-1)[chosen]
        rows = groups.order[chosen // elements] if elements else chosen
        cell = rows * elements + chosen % elements if elements else chosen
        change = np.full(values.size, np.nan)
        change[cell] = self._along(key, values.reshape(-1)[cell], t_ns[rows])
        return change.reshape(values.shape)

    def _along(self, key: Ints, values: Floats, t_ns: Ints) -> Floats:
        """Return the changes of samples, each of the series `key`, and remember the last ones."""
        if not len(key):
            return values
        self._grow(int(key.max()) + 1)
        series = np.unique(key)
        kept = self._count[series]
        held = np.arange(self._alarm.span) < kept[:, np.newaxis]
        key = np.concatenate([np.repeat(series, kept), key])
        order = np.argsort(key, kind="stable")
        key = key[order]
        values = np.concatenate([self._values[series][held], values])[order]
        t_ns = np.concatenate([self._t_ns[series][held], t_ns])[order]
        self._remember(series, key, values, t_ns)
        change = np.empty_like(values)
        change[order] = self._change(key, values, t_ns)
        return change[int(kept.sum()) :]

    def _change(self, key: Ints, values: Floats, t_ns: Ints) -> Floats:
        span, alarm = self._alarm.span, self._alarm
        change = np.full(len(key), np.nan)
        same = key[span:] == key[:-span]
        now, then = values[span:], values[:-span]
        with np.errstate(all="ignore"):
            step = now - then
            if alarm.relative:
                step = np.where(step == 0, 0.0, 100.0 * step / np.abs(then))
            if alarm.per_second:
                passed = (t_ns[span:] - t_ns[:-span]) / 1e9
                step = np.where(passed > 0, step / passed, np.nan)
        change[span:] = np.where(same, np.abs(step) if alarm.absolute else step, np.nan)
        return change

    def _remember(self, series: Ints, key: Ints, values: Floats, t_ns: Ints) -> None:
        ends = np.searchsorted(key, series, side="right")
        kept = np.minimum(ends - np.searchsorted(key, series), self._alarm.span)
        place = np.arange(self._alarm.span)
        held = place < kept[:, np.newaxis]
        source = np.where(held, (ends - kept)[:, np.newaxis] + place, 0)
        self._count[series] = kept
        self._values[series], self._t_ns[series] = values[source], t_ns[source]

    def _grow(self, series: int) -> None:
        more = max(0, series - len(self._count))
        self._count = np.pad(self._count, (0, more))
        self._values = np.pad(self._values, ((0, more), (0, 0)))
        self._t_ns = np.pad(self._t_ns, ((0, more), (0, 0)))


def _magnitudes(ranges: StaticRanges) -> StaticRanges:
    """Return ranges for the size of a change: a maximum written as -5 means 5."""
    sized = tuple(
        (level, each if each.maximum is None else replace(each, maximum=abs(each.maximum)))
        for level, each in ranges.ranges
    )
    return replace(ranges, ranges=sized)
