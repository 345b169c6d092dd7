"""Which minutes of which tables are to be rolled up again, and when: pure, time is an argument.

An append touches the minutes that its window covers. A minute is due once it is closed (its end has
passed) and quiet (nothing more came for a while), or once it has waited long enough, which is how
minutes in the future of a wrong clock go. Rows that come later touch it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

SECOND_NS = 1_000_000_000
QUIET_NS = 10 * SECOND_NS
OLDEST_NS = 90 * SECOND_NS
MINUTE_NS = 60 * SECOND_NS
LIMIT = 4096  # stretches that wait; beyond it they go at once


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes first..last of a table (counted from 1970), of rows with a time or without one.

    Attributes:
        serial: of the oldest entry of the log of appends that is in it.
        since, touched: monotonic times of the first append that touched it, and the last.
    """

    table: str
    untimed: bool
    first: int
    last: int
    serial: int
    since: int
    touched: int


class Pending:
    """The stretches that wait."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, bool], list[Stretch]] = {}

    def __len__(self) -> int:
        return sum(len(each) for each in self._held.values())

    def touch(self, new: Stretch) -> None:
        """Add a stretch; what it has in common with older ones is cut out of them."""
        key = new.table, new.untimed
        kept = []
        for old in self._held.get(key, ()):
            if old.last < new.first or old.first > new.last:
                kept.append(old)
                continue
            kept += _outside(old, new)
            new = _with(new, old)
        self._held[key] = [*kept, new]

    def due(self, now: int, utc_ns: int) -> list[Stretch]:
        """Take out what is due, by table and time; neighbours are one stretch.

        Args:
            now: monotonic, ns.
            utc_ns: time of day, Unix ns.
        """
        over = len(self) > LIMIT
        found = [each for each in self._all() if over or _is_due(each, now, utc_ns)]
        for each in found:
            self._held[each.table, each.untimed].remove(each)
        return _joined(found)

    def oldest(self) -> int | None:
        """Return the smallest serial of what waits."""
        return min((each.serial for each in self._all()), default=None)

    def _all(self) -> Iterator[Stretch]:
        for held in self._held.values():
            yield from held


def _is_due(each: Stretch, now: int, utc_ns: int) -> bool:
    closed = utc_ns >= (each.last + 1) * MINUTE_NS
    return (closed and now - each.touched >= QUIET_NS) or now - each.since >= OLDEST_NS


def _joined(found: list[Stretch]) -> list[Stretch]:
    """Return stretches in order, those that meet as one, so that it is read at once."""
    joined: list[Stretch] = []
    for each in sorted(found, key=lambda one: (one.table, one.untimed, one.first)):
        last = joined[-1] if joined else None
        meets = last is not None and (last.table, last.untimed) == (each.table, each.untimed)
        if last is not None and meets and each.first == last.last + 1:
            joined[-1] = replace(_with(last, each), last=each.last)
        else:
            joined.append(each)
    return joined


def _outside(old: Stretch, new: Stretch) -> list[Stretch]:
    """Return what of the old stretch lies before and behind the new one."""
    spans = [(old.first, new.first - 1), (new.last + 1, old.last)]
    return [replace(old, first=first, last=last) for first, last in spans if first <= last]


def _with(new: Stretch, old: Stretch) -> Stretch:
    """Return the new stretch as one that waits since the old one did."""
    return replace(new, serial=min(new.serial, old.serial), since=min(new.since, old.since))
