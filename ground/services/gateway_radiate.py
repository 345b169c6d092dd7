"""A gateway's ways up: units to be radiated come in, go out once, and what became of them is told.

How it works: units of one round are noted on the disk together, then reported as taken, then sent.
One whose transmitter is busy waits until it can go or its time is past. A unit that was seen before
is never sent again: its state is told once more.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ground import clock
from ground.link.transmitter import Transmitter, transmitter
from ground.messages import LinkRow, RadiateUnit, StageRow, UnitRow
from ground.services.gateway_units import Units
from ground.settings import Uplink

MOST_WAITING = 4096  # units for one transmitter
LARGEST = 1 << 16  # octets of a unit
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
log = structlog.get_logger("gateway")


@dataclass(slots=True)
class Way:
    """One uplink: its transmitter, what waits for it, and what it sent."""

    transmitter: Transmitter
    kind: str
    waiting: deque[RadiateUnit] = field(default_factory=deque)
    given: int = 0
    sent: int = 0
    octets: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    last_ns: int | None = None


class Radiator:
    """The uplinks of a gateway; `now` is ns TAI, `monotonic` a clock that is never set."""

    def __init__(self, ways: Mapping[str, Way], units: Units) -> None:
        self.ways = ways
        self._units = units

    def open(self, monotonic: int) -> None:
        """Begin to connect."""
        for way in self.ways.values():
            way.transmitter.open(monotonic)

    def receive(self, asked: Sequence[RadiateUnit], now: int) -> list[UnitRow]:
        """Take units; return what is known of each: refused ones, known ones, taken ones.

        Raises:
            OSError: they could not be noted on the disk; none was taken.
        """
        rows, fresh = [], {}
        for each in asked:
            if _ID.fullmatch(each.unit) and each.unit in self._units:
                rows.append(self._units.row(each.unit))
            elif why := self._refused(each, now):
                rows.append(UnitRow(each.unit, "refused", now, why))
            else:
                fresh[each.unit] = each
        if fresh:
            self._units.take(((one.unit, one.not_after_ns) for one in fresh.values()), now)
        for unit, each in fresh.items():
            way = self.ways[each.uplink]
            way.given += 1
            way.waiting.append(each)
            rows.append(self._units.row(unit))
        return rows

    def expire(self, now: int, monotonic: int) -> list[UnitRow]:
        """Send what can go now; return what became of units."""
        rows = []
        for name, way in self.ways.items():
            way.transmitter.expire(monotonic)
            while way.waiting and (row := self._next(name, way, now)) is not None:
                way.waiting.popleft()
                rows.append(row)
        return rows

    def known(self, units: Sequence[str]) -> list[UnitRow]:
        """Return what is known of units."""
        return [
            self._units.row(each) if _ID.fullmatch(each) else UnitRow(each[:32], "unknown", 0)
            for each in units
        ]

    def rows(self, gateway: str) -> list[LinkRow]:
        """Return how the uplinks are."""
        return [
            LinkRow(
                name, gateway, f"{way.kind} up", way.transmitter.address, way.transmitter.state,
                way.transmitter.detail, way.sent, way.octets, dict(way.dropped), 0.0, 0,
                way.last_ns, way.octets, way.octets,
            )
            for name, way in self.ways.items()
        ]  # fmt: skip

    def stages(self) -> list[StageRow]:
        """Return the counts of each uplink."""
        return [
            StageRow(f"{name} radiated", way.given - len(way.waiting), way.sent, dict(way.dropped))
            for name, way in self.ways.items()
        ]

    def close(self) -> None:
        """End; what still waits is refused, as it was certainly not sent."""
        for way in self.ways.values():
            for each in way.waiting:
                self._units.end(each.unit, "refused", 0, "the gateway stopped")
            way.waiting.clear()
            way.transmitter.close()
        self._units.close()

    def _refused(self, asked: RadiateUnit, now: int) -> str:
        """Return why a unit cannot be taken; "" where it can."""
        if not _ID.fullmatch(asked.unit):
            return "its id is not 32 hex digits"
        if asked.uplink not in self.ways:
            return f"no uplink {asked.uplink[:80]!r} at this gateway"
        if not 0 < len(asked.octets) <= LARGEST:
            return f"{len(asked.octets)} octets; expected 1 to {LARGEST}"
        if asked.not_after_ns <= now:
            return "its time is past"
        if len(self.ways[asked.uplink].waiting) >= MOST_WAITING:
            return f"{MOST_WAITING} units wait for this uplink"
        return ""

    def _next(self, name: str, way: Way, now: int) -> UnitRow | None:
        """Send the unit that is first; None where the transmitter takes nothing now."""
        each = way.waiting[0]
        if each.not_after_ns <= now:
            way.dropped["too late"] += 1
            return self._units.end(each.unit, "refused", now, "its time is past")
        why = way.transmitter.send(each.octets)
        if why:
            return None
        way.sent += 1
        way.octets += len(each.octets)
        way.last_ns = now
        log.info("unit.radiated", uplink=name, unit=each.unit, octets=len(each.octets))
        return self._units.end(each.unit, "radiated", now)


def radiator(uplinks: Sequence[Uplink], folder: Path) -> Radiator | None:
    """Return what sends by these uplinks, its units noted in a folder; None where there are none.

    Raises:
        InputError: an address that is none.
        OSError: the folder cannot be written.
    """
    if not uplinks:
        return None
    ways = {each.name: Way(transmitter(each.kind, each.address), each.kind) for each in uplinks}
    return Radiator(ways, Units(folder, clock.now_ns()))
