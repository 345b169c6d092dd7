"""The machine that judges samples as they arrive, with what came before them in mind.

How it works: each batch is judged sample by sample (`limits`); then changes against earlier
samples are judged and the worse of the two levels counts; then levels are given only after as many
violations in a row, and taken back after as many conforming samples, as the alarm asks for
(`history`). Any split of the samples into batches gives the same levels.

State is kept for each packet type, spacecraft, parameter and element of an array of fixed size. An
array whose size varies has no elements that last, so it is judged sample by sample only.

Deviation: one count serves all levels of an alarm: with minViolations of 3, two samples at warning
and one at critical raise it, at critical.

Source: XTCE 1.2 `AlarmType`, `ChangeAlarmRangesType`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.alarms.history import Changes, Fleet, Groups, Ints, Runs, Truth
from ground.alarms.limits import Limits
from ground.alarms.page import NUMBERS, Page, by_range
from ground.alarms.ranges import Floats, Levels
from ground.columns import Column
from ground.mdb.model import Alarm, ScalarType


class Judge:
    """Judges every packet type of a mission."""

    def __init__(self) -> None:
        self._types: dict[int, _OneType] = {}

    def judge(
        self,
        types: Mapping[str, ScalarType],
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
        t_ns: Ints,
        spacecraft: NDArray[Any],
    ) -> dict[str, Levels]:
        """Return the level of each sample of one batch.

        Args:
            types: type of each column by its path. The very same mapping, batch for batch, says
                that these are of one packet type of one database.
            raw: raw columns by path, which contexts may look at.
            engineering: engineering columns by path; where one is missing, its raw column counts.
            t_ns: int64 [N], time of each row, rising for each spacecraft.
            spacecraft: integers [N], a code for each row.

        Returns:
            uint8 (`Level`) [N] or [N, E] for each column that is there and has an alarm.
        """
        if id(types) not in self._types:
            self._types[id(types)] = _OneType(types)
        page = Page(types, raw, engineering)
        return self._types[id(types)].judge(page, t_ns, spacecraft)


class _OneType:
    """Judges one packet type; holds on to `types`, so that no other mapping takes its place."""

    def __init__(self, types: Mapping[str, ScalarType]) -> None:
        self._limits = Limits(types)
        alarms = {path: _alarms(types[path]) for path in self._limits.judged}
        self._changing = [
            path for path, several in alarms.items() if any(each.change for each in several)
        ]
        self._counting = [
            path
            for path, several in alarms.items()
            if any(max(each.min_violations, each.min_conformance) > 1 for each in several)
        ]
        self._fleet = Fleet()
        self._runs = Runs()
        self._changes: dict[tuple[str, int], Changes] = {}
        self._places: dict[str, slice] = {}

    def judge(self, page: Page, t_ns: Ints, spacecraft: NDArray[Any]) -> dict[str, Levels]:
        levels = self._limits.levels(page, self._limits.judged)
        if not (self._changing or self._counting) or not page.rows:
            return levels
        groups = self._fleet.groups(spacecraft)
        for path in self._changing:
            if path in levels:
                self._change(path, page, levels[path], t_ns, groups)
        counted = {path: levels[path] for path in self._counting if path in levels}
        return levels | self._count(page, counted, groups)

    def _change(self, path: str, page: Page, levels: Levels, t_ns: Ints, groups: Groups) -> None:
        """Raise levels to those that changes have."""
        column = page.column(path)
        assert column is not None
        if column.values.dtype.kind not in NUMBERS or column.labels is not None:
            return
        values: Floats = column.values.astype(np.float64).reshape(page.rows, -1)
        present = _present(column).reshape(page.rows, -1)
        for place, (alarm, here) in enumerate(page.choices(path, column.values.shape)):
            if alarm.change is not None:
                if (path, place) not in self._changes:
                    self._changes[path, place] = Changes(alarm.change)
                changes = self._changes[path, place]
                change = changes.of(values, present, t_ns, groups)
                found = by_range(changes.ranges, change).reshape(levels.shape)
                np.maximum(levels, found, out=levels, where=here)

    def _count(self, page: Page, levels: Mapping[str, Levels], groups: Groups) -> dict[str, Levels]:
        """Give levels only to those who violate, or conform, often enough in a row."""
        columns = {path: page.column(path) for path in levels}
        counted = {
            path: each for path, each in columns.items() if each and each.values.dtype != object
        }
        for path, column in counted.items():
            self._place(path, column)
        width = max((place.stop for place in self._places.values()), default=0)
        every = np.zeros((page.rows, width), np.uint8)
        present = np.zeros(every.shape, np.bool_)
        violations, conformance = np.ones(every.shape, np.int64), np.ones(every.shape, np.int64)
        for path, column in counted.items():
            place, shape = self._places[path], column.values.shape
            every[:, place] = levels[path].reshape(page.rows, -1)
            present[:, place] = _present(column).reshape(page.rows, -1)
            for alarm, here in page.choices(path, shape):
                where = here.reshape(page.rows, -1)
                violations[:, place][where] = alarm.min_violations
                conformance[:, place][where] = alarm.min_conformance
        given = self._runs.judge(every, present, violations, conformance, groups)
        return {
            path: np.ascontiguousarray(given[:, self._places[path]]).reshape(levels[path].shape)
            for path in counted
        }

    def _place(self, path: str, column: Column) -> None:
        """Give a column its places among the values that are counted."""
        if path not in self._places:
            start = max((place.stop for place in self._places.values()), default=0)
            self._places[path] = slice(start, start + column.values[0].size)


def _alarms(type: ScalarType) -> list[Alarm]:
    default = [] if type.alarm is None else [type.alarm]
    return [*(each.alarm for each in type.context_alarms), *default]


def _present(column: Column) -> Truth:
    present = np.ones(column.values.shape, np.bool_)
    if column.values.dtype.kind == "f":
        present = ~np.isnan(column.values)
    return present if column.valid is None else present & column.valid
