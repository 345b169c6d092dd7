"""How the station is: last reports of its services, spacecraft at a glance, alarms and events.

All of it is kept from what passes on the bus, bounded by what there is (services, spacecraft,
alarms) or by a number (events).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ground.messages import (
    AlarmRow,
    AlarmsChanged,
    AlarmsListed,
    EventRow,
    EventsRaised,
    ServiceReported,
    SpacecraftRow,
    StaleChanged,
    StatusRead,
)
from ground.services.display_values import SECOND_NS, Arrived

EVENTS_KEPT = 5000
MOST_CHANGES = 10_000
RATE_SECONDS = 5
MOST_SERVICES = 256  # that are not of this station's own making; the longest silent goes first


@dataclass(slots=True)
class _Craft:
    """The telemetry of one spacecraft: packets in all, and at the last seconds' turns."""

    packets: int = 0
    last_ns: int | None = None
    lag_ns: int | None = None
    stale: set[str] = field(default_factory=set)
    turns: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RATE_SECONDS + 1))

    @property
    def rate(self) -> float:
        """Packets a second over the last seconds."""
        if len(self.turns) < 2:
            return 0.0
        (start, before), (end, after) = self.turns[0], self.turns[-1]
        return (after - before) * SECOND_NS / max(end - start, 1)


class Status:
    """What the station says of itself.

    Args:
        spacecraft: names and ids of the mission's spacecraft; others are listed once heard of.
    """

    def __init__(self, spacecraft: Mapping[str, int]) -> None:
        self._scids = dict(spacecraft)
        self._crafts = {name: _Craft() for name in spacecraft}
        self._services: dict[str, tuple[ServiceReported, int]] = {}
        self._alarms: dict[str, AlarmRow] = {}
        self._since: deque[AlarmRow] = deque(maxlen=MOST_CHANGES)  # changes since `asked`
        self._events: deque[EventRow] = deque(maxlen=EVENTS_KEPT)
        self.missed: dict[str, int] = {}  # as the display's own subscriber counts

    def reported(self, report: ServiceReported, now_ns: int) -> None:
        """Keep a service's report."""
        self._services[report.service] = report, now_ns
        if len(self._services) > MOST_SERVICES:
            del self._services[min(self._services, key=lambda name: self._services[name][1])]

    def decoded(self, arrived: Mapping[str, Arrived]) -> None:
        """Count what came of each spacecraft."""
        for name, each in arrived.items():
            craft = self._crafts.setdefault(name, _Craft())
            craft.packets += each.packets
            if each.received_ns >= (craft.last_ns or 0):
                craft.last_ns, craft.lag_ns = each.received_ns or None, each.lag_ns

    def stale(self, message: StaleChanged) -> None:
        """Note which packet types are stale."""
        for row in message.rows:
            types = self._crafts.setdefault(row.spacecraft, _Craft()).stale
            (types.add if row.stale else types.discard)(row.packet_type)

    def changed(self, message: AlarmsChanged) -> None:
        """Take alarms as they are now; those that are normal are gone."""
        self._since.extend(message.alarms)
        self._apply(message.alarms)

    def asked(self) -> None:
        """Note that all alarms were asked for: what changes from now on may not be in the list."""
        self._since.clear()

    def listed(self, message: AlarmsListed) -> None:
        """Take all alarms there are, and what changed since they were asked for."""
        self._alarms = {each.id: each for each in message.alarms if each.state != "normal"}
        self._apply(self._since)
        self._since.clear()

    def _apply(self, alarms: Iterable[AlarmRow]) -> None:
        for alarm in alarms:
            held = self._alarms.get(alarm.id)
            if held is not None and held.version > alarm.version:
                continue
            if alarm.state == "normal":
                self._alarms.pop(alarm.id, None)
            else:
                self._alarms[alarm.id] = alarm

    def alarms(self) -> list[AlarmRow]:
        """Return the alarms there are."""
        return list(self._alarms.values())

    def raised(self, message: EventsRaised) -> None:
        """Keep events."""
        self._events.extend(message.events)

    def recall(self, message: EventsRaised) -> None:
        """Put events of an earlier day before those that were kept; each stands there once."""
        known = set(self._events)
        earlier = [each for each in message.events if each not in known]
        self._events.extendleft(reversed(earlier[-(EVENTS_KEPT - len(known)) or None :]))

    def events(self, limit: int) -> list[EventRow]:
        """Return the newest events, newest last."""
        return list(self._events)[-limit:] if limit > 0 else []

    def turn(self, now: int) -> None:
        """Note, once a second, how many packets have come so far (`now` is monotonic ns)."""
        for craft in self._crafts.values():
            craft.turns.append((now, craft.packets))

    def read(self) -> StatusRead:
        """Return how everything stands."""
        services = [self._services[name] for name in sorted(self._services)]
        by_craft: dict[str, list[AlarmRow]] = {}
        for alarm in self._alarms.values():
            by_craft.setdefault(alarm.spacecraft, []).append(alarm)
        return StatusRead(
            services=[report for report, _ in services],
            reported_ns=[at for _, at in services],
            spacecraft=[
                self._row(name, craft, by_craft.get(name, ()))
                for name, craft in self._crafts.items()
            ],
            missed=dict(self.missed),
        )

    def _row(self, name: str, craft: _Craft, alarms: Iterable[AlarmRow]) -> SpacecraftRow:
        loud = [each for each in alarms if each.shelved_until_ns is None]
        return SpacecraftRow(
            name=name,
            scid=self._scids.get(name, -1),
            worst=max((each.severity for each in loud), default=0),
            alarms=len(loud),
            unacknowledged=sum(each.state == "unacknowledged" for each in loud),
            packets=craft.packets,
            rate=craft.rate,
            stale=sorted(craft.stale),
            last_ns=craft.last_ns,
            lag_ns=craft.lag_ns,
        )
