"""Nodes and the ways between them: up hop by hop, and down by whatever way is open.

Telemetry goes to a station by the way with fewest hops that is open as a whole, over relays that
pass it on at once; else to a relay that stores. Where there is neither, a control word is dropped
and a packet kept until there is. Each node asks anew, so that a way may change in between.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Literal, Protocol

from tools.simulator.world.agenda import Agenda
from tools.simulator.world.air import Air
from tools.simulator.world.contacts import Contacts

Kind = Literal["clcw", "packet"]
CLCW: Kind = "clcw"
PACKET: Kind = "packet"
KEPT = 10_000  # packets that a node keeps for want of a way down
OVERHEAD = 24  # octets of frame and coding about what comes down


@dataclass(frozen=True, slots=True)
class Down:
    """What came down to a station.

    Attributes:
        t_ns, station: when and where it was received.
        spacecraft: who made it; a relay's name for custody reports.
        kind: "clcw", four octets, or "packet", a space packet.
        sent_ns: when it was sent; as frame counters do, it tells which of two is the later one.
    """

    t_ns: int
    spacecraft: str
    kind: Kind
    octets: bytes
    sent_ns: int
    station: str


class Node(Protocol):
    """A spacecraft or relay."""

    name: str

    @property
    def scid(self) -> int | None:
        """Its id in frames; None where it takes none."""
        ...

    @property
    def bends(self) -> bool:
        """Whether it is a bent pipe."""
        ...

    @property
    def passes(self) -> bool:
        """Whether it passes on at once what it gets."""
        ...

    @property
    def stores(self) -> bool:
        """Whether it keeps what it cannot pass on yet."""
        ...

    def receive(self, octets: bytes, source: str) -> None:
        """Take what was sent to it."""
        ...


@dataclass(frozen=True, slots=True)
class _Unit:
    spacecraft: str
    kind: Kind
    octets: bytes
    sent_ns: int
    passed: tuple[str, ...]


class Network:
    """The nodes of a world, by name; a name that is no node's is a station's.

    Attributes:
        came: what came down and was not fetched yet.
        unsent: what no way down was found for, and was dropped.
    """

    def __init__(self, agenda: Agenda, contacts: Contacts, air: Air) -> None:
        self.agenda, self.contacts, self.air = agenda, contacts, air
        self.nodes: dict[str, Node] = {}
        self.stations: set[str] = set()
        self.came: list[Down] = []
        self.unsent = 0
        self._kept: dict[str, deque[_Unit]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._paths: dict[tuple[str, int], list[str] | None] = {}

    @property
    def now_ns(self) -> int:
        """The time in the world."""
        return self.agenda.now_ns

    def named(self, scid: int) -> str | None:
        """Return the name of the node of this id."""
        return next((each.name for each in self.nodes.values() if each.scid == scid), None)

    def scids(self) -> set[int]:
        """Return the ids of all nodes."""
        return {each.scid for each in self.nodes.values() if each.scid is not None}

    def up(self, source: str, target: str, octets: bytes) -> int:
        """Send to the next node; return when the last octet has left."""
        node = self.nodes[target]
        return self.air.up(source, target, octets, lambda got: node.receive(got, source))

    def towards(self, source: str, target: str) -> str | None:
        """Return the next node on the way up that is open as a whole through bent pipes."""
        path = self.contacts.path(source, {target}, self.now_ns, self._bent)
        return path[1] if path else None

    def report(self, spacecraft: str, kind: Kind, octets: bytes) -> None:
        """Send telemetry on its way to the ground."""
        self._down(spacecraft, _Unit(spacecraft, kind, octets, self.now_ns, (spacecraft,)))

    def reaches(self, name: str) -> bool:
        """Return whether a station hears a node now, at once or over relays."""
        return self._way(name) is not None

    def forget(self, name: str) -> None:
        """Lose all telemetry that a node keeps, and the ways that go by it."""
        self._kept.pop(name, None)
        self.changed()

    def changed(self) -> None:
        """Look for ways anew, as a node has died or recovered."""
        self._paths.clear()

    def _bent(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and node.bends and node.passes

    def _through(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and node.passes

    def _way(self, name: str) -> list[str] | None:
        """Return the open way from a node to a station."""
        key = name, self.contacts.epoch(self.now_ns)
        if key not in self._paths:
            if len(self._paths) > 10_000:
                self._paths.clear()
            self._paths[key] = self.contacts.path(name, self.stations, self.now_ns, self._through)
        return self._paths[key]

    def _down(self, name: str, unit: _Unit) -> None:
        way = self._way(name)
        target = way[1] if way else self._store(name, unit)
        if target is None:
            self._keep(name, unit)
            return
        arrive = self._arrival(target, unit)
        self.air.down(name, target, unit.octets + bytes(OVERHEAD), arrive)

    def _arrival(self, target: str, unit: _Unit) -> Callable[[bytes], None]:
        return lambda _: self._arrived(target, unit)

    def _arrived(self, target: str, unit: _Unit) -> None:
        if target in self.stations:
            came = Down(self.now_ns, unit.spacecraft, unit.kind, unit.octets, unit.sent_ns, target)
            self.came.append(came)
        elif self._through(target) or self.nodes[target].stores:
            passed = (*unit.passed, target)
            unit = _Unit(unit.spacecraft, unit.kind, unit.octets, unit.sent_ns, passed)
            self._down(target, unit)

    def _store(self, name: str, unit: _Unit) -> str | None:
        """Return a relay in sight that keeps packets and sees a station earlier."""
        if unit.kind == CLCW:
            return None
        soonest, best_ns = None, self._heard_ns(name)
        for target in self.contacts.targets(name):
            node = self.nodes.get(target)
            if node is None or not node.stores or target in unit.passed:
                continue
            heard_ns = self._heard_ns(target)
            if heard_ns < best_ns and self.contacts.open(name, target, self.now_ns):
                soonest, best_ns = target, heard_ns
        return soonest

    def _heard_ns(self, name: str) -> float:
        """Return when a station hears a node: now over whatever is open, or next by itself."""
        if self._way(name) is not None:
            return self.now_ns
        found = (self.contacts.coming(name, each, self.now_ns) for each in self.stations)
        return min((each.start_ns for each in found if each), default=inf)

    def _keep(self, name: str, unit: _Unit) -> None:
        if unit.kind == CLCW:
            self.unsent += 1
            return
        kept = self._kept[name]
        self.unsent += len(kept) == KEPT
        kept.append(unit)
        if len(kept) == 1:
            self._retry(name)

    def _retry(self, name: str) -> None:
        """Try again when the next contact begins."""
        turn_ns = self.contacts.turn_ns(self.now_ns)
        if turn_ns is not None:
            self.agenda.at(turn_ns, lambda: self._flush(name))

    def _flush(self, name: str) -> None:
        for unit in self._kept.pop(name, ()):
            self._down(name, unit)
