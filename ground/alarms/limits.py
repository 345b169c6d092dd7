"""Engineering columns become alarm levels, and levels become severities.

How it works: `Limits` is made once for the types of a packet and used for each batch of it. All
plain static ranges go through one kernel call, [parameter, packet] at a time; contexts,
enumerations and arrays go column by column (`page`).

A value that is missing or not a number is NORMAL: its absence is shown by itself. So is a number
without a label, which `PacketFlag.NO_LABEL` tells of. An array whose size varies has one level a
row, the worst of its elements.

`check` judges each sample by itself. Changes, and how many violations in a row it takes, need the
samples before: that is the machine in `judge`.

Source: XTCE 1.2 `NumericAlarmType`, `AlarmRangesType`, `EnumerationAlarmType`,
`NumericContextAlarmType`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ground.alarms.blockwise import Seated
from ground.alarms.page import NUMBERS, Page
from ground.alarms.ranges import Levels, Table
from ground.blocks import BlockColumns, Layout
from ground.columns import Column, Severity, stacks
from ground.mdb import conditions
from ground.mdb.model import Reference, ScalarType

SEVERITIES = np.array(
    [
        Severity.NORMAL,
        Severity.CAUTION,  # watch
        Severity.CAUTION,  # warning
        Severity.SERIOUS,  # distress
        Severity.CRITICAL,  # critical
        Severity.CRITICAL,  # severe
    ],
    np.uint8,
)


def check(
    types: Mapping[str, ScalarType],
    raw: Mapping[str, Column],
    engineering: Mapping[str, Column],
    *,
    names: Iterable[str] | None = None,
) -> dict[str, Levels]:
    """Return the level of each sample of one batch by itself, as `Limits(types).check` does."""
    return Limits(types).check(raw, engineering, names=names)


def severity(levels: Levels) -> Levels:
    """Return `Severity` codes for alarm levels of any shape."""
    return np.asarray(SEVERITIES[levels])


def worst(levels: Mapping[str, Levels], rows: int) -> Levels:
    """Return the worst `Severity` of each row, over all parameters and elements."""
    if not levels:
        return np.zeros(rows, np.uint8)
    each = [one if one.ndim == 1 else one.max(axis=1, initial=0) for one in levels.values()]
    return severity(np.concatenate(each).reshape(len(each), rows).max(axis=0))


def dependencies(type: ScalarType) -> set[str]:
    """Return the paths of the columns that the alarms of a type look at, beside its own."""
    asked: set[Reference] = set()
    for each in type.context_alarms:
        asked |= conditions.references(each.condition)
    return {conditions.column_path(each.path) for each in asked}


class Limits:
    """How the columns of one packet type are judged; made once, used often.

    Args:
        types: type of each column, by the path of the column.

    Attributes:
        judged: paths of the columns that have an alarm, in the order of `types`.
    """

    def __init__(self, types: Mapping[str, ScalarType]) -> None:
        self.types = types
        self.judged = tuple(
            path for path, each in types.items() if each.alarm or each.context_alarms
        )
        self._judged = frozenset(self.judged)
        self._ranges = {
            path: each.alarm.static
            for path, each in types.items()
            if each.alarm and each.alarm.static and not each.context_alarms
        }
        self._tables: dict[tuple[str, ...], Table] = {}
        self._seated: dict[tuple[Layout, tuple[str, ...]], Seated] = {}

    def check(
        self,
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
        *,
        names: Iterable[str] | None = None,
    ) -> dict[str, Levels]:
        """Return the level of each sample of one batch by itself.

        Args:
            raw: raw columns by path, which contexts may look at.
            engineering: engineering columns by path; where one is missing, its raw column counts.
            names: which to judge; all that have an alarm where it is left out.

        Returns:
            uint8 (`Level`) [N] or [N, E] for each column that is there and has an alarm.
        """
        page = Page(self.types, raw, engineering)
        wanted = self.judged if names is None else [name for name in names if name in self.types]
        return self.levels(page, wanted)

    def levels(self, page: Page, names: Iterable[str]) -> dict[str, Levels]:
        """Return the levels of these columns, as far as they are on the page and have an alarm."""
        found, left = self._in_blocks(page.engineering, tuple(names))
        asked = {name: page.column(name) for name in left if name in self._judged}
        present = {name: column for name, column in asked.items() if column is not None}
        found |= self._together(present)
        for name, column in present.items():
            if name not in found:
                found[name] = page.levels(name, column)
        return found

    def _in_blocks(
        self, columns: Mapping[str, Column], names: tuple[str, ...]
    ) -> tuple[dict[str, Levels], Iterable[str]]:
        """Judge what lies in blocks as `_together` would; return which names are left."""
        if not isinstance(columns, BlockColumns):
            return {}, names
        key = columns.layout, names
        if key not in self._seated:
            self._seated[key] = Seated(columns.layout, names, self._ranges)
        return self._seated[key].levels(columns), self._seated[key].left

    def _together(self, present: Mapping[str, Column]) -> dict[str, Levels]:
        """Judge at once every column of single numbers that has static ranges and no contexts."""
        plain = {
            name: column
            for name, column in present.items()
            if name in self._ranges
            and column.values.ndim == 1
            and column.values.dtype.kind in NUMBERS
            and column.labels is None
        }
        if not plain:
            return {}
        columns = list(plain.values())
        table = self._table(tuple(plain))
        found = np.zeros((len(columns), len(columns[0].values)), np.uint8)
        for part, x in stacks(columns, np.float64):
            table.judge(x, found[part], part)
        for row, column in enumerate(columns):
            if column.valid is not None:
                found[row] *= column.valid
        return dict(zip(plain, found, strict=True))

    def _table(self, names: tuple[str, ...]) -> Table:
        if names not in self._tables:
            self._tables[names] = Table.of([self._ranges[name] for name in names])
        return self._tables[names]
