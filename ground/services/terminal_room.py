"""Whether a terminal of a relay is free for a while, or would be if the less urgent gave way.

Bookings are facts; at any time as many terminals are taken as spacecraft have one booked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ground.command.facts import Booked
from ground.relay.booking import Terminals as Count

NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ask:
    """What is needed of a relay.

    Attributes:
        start_ns, end_ns: when the spacecraft could be served, or shall be where an operator asks.
        anywhen: a while within that time will do, as the relay keeps what it is to send; else
            from its start on.
        by: the operator; "" for a channel.
    """

    relay: str
    spacecraft: str
    priority: int
    start_ns: int
    end_ns: int
    anywhen: bool = False
    by: str = ""
    reason: str = ""


@dataclass(slots=True)
class Room:
    """Until when there is a terminal, and which bookings must end when for that."""

    end_ns: int = 0
    cut: dict[str, int] = field(default_factory=dict)


class Rooms:
    """The bookings of relays by time; arguments as those of `terminals.Terminals`."""

    def __init__(self, relays: Mapping[str, Count], bookings: Mapping[str, Booked]) -> None:
        self._relays, self._bookings = relays, bookings

    def at(self, relay: str, at_ns: int, cut: Mapping[str, int] = NONE) -> list[Booked]:
        """Return the bookings of a relay at a time; `cut` are those that end sooner."""
        return [
            each
            for each in self._bookings.values()
            if each.relay == relay
            and each.start_ns <= at_ns < min(each.end_ns, cut.get(each.booking, each.end_ns))
        ]

    def find(
        self,
        ask: Ask,
        start_ns: int,
        least_ns: int,
        most_ns: int,
        *,
        ahead: int = 0,
        settled_ns: int | None = None,
    ) -> Room | None:
        """Return until when a terminal is there from a start on; None where not long enough.

        Args:
            least_ns, most_ns: until when at least and at most.
            ahead: terminals that are for those who wait before.
            settled_ns: from when on others of lower priority give way; None for never.
        """
        room = Room()
        while least_ns <= most_ns:
            room.end_ns = self.full_ns(ask, start_ns, most_ns, ahead=ahead, cut=room.cut)
            if room.end_ns >= least_ns:
                return room
            if settled_ns is None or room.end_ns < settled_ns or not self._weaken(ask, room):
                break
        return None

    def full_ns(
        self, ask: Ask, start_ns: int, end_ns: int, *, ahead: int = 0, cut: Mapping[str, int] = NONE
    ) -> int:
        """Return when others first have all terminals between two times; the end for never."""
        changes = {e.start_ns for e in self._bookings.values() if e.relay == ask.relay}
        for t_ns in sorted({start_ns, *(each for each in changes if start_ns < each < end_ns)}):
            there = {each.spacecraft for each in self.at(ask.relay, t_ns, cut)}
            if len(there - {ask.spacecraft}) + ahead >= self._relays[ask.relay].count:
                return t_ns
        return end_ns

    def _weaken(self, ask: Ask, room: Room) -> bool:
        """End the bookings of the least urgent spacecraft at a time, if it is less urgent."""
        there: dict[str, list[Booked]] = {}
        for each in self.at(ask.relay, room.end_ns, room.cut):
            if each.spacecraft != ask.spacecraft:
                there.setdefault(each.spacecraft, []).append(each)
        ranked = [
            (max(e.priority for e in several), -several[0].start_ns, craft)
            for craft, several in there.items()
        ]
        priority, _, craft = min(ranked, default=(ask.priority, 0, ""))
        if priority >= ask.priority:
            return False
        room.cut |= {each.booking: room.end_ns for each in there[craft]}
        return True
