"""By which of its ways a spacecraft can be reached now: one over a relay needs a terminal there.

Where relays have fewer terminals than spacecraft, a forward channel books one before it uses a way
over it (`terminals`), and keeps it while it is active. Where none is free, it takes another way
that is open, and stays on that for as long as it holds; else it waits in line.

A link from one relay to the next stands by itself: only the last relay of a way is booked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

from ground.command import facts
from ground.messages import ContactRow
from ground.relay.booking import Terminals as Count
from ground.relay.plan import Contact, Plan
from ground.services.command_record import Record
from ground.services.planner import Planner, Wish
from ground.services.terminal_room import Ask
from ground.services.terminals import Granted, Refused, Terminals, clock
from ground.services.ways import Way

SECOND_NS = 10**9
LOOK_NS = 10 * SECOND_NS  # between two looks for other ways of a spacecraft
MOST_LOOKS = 2  # in one turn, as each is several searches of the plan
OTHERS = 4  # ways that are looked for

_Key = tuple[str, tuple[str, ...]]


class Access:
    """Terminals for forward channels; `now` is ns TAI.

    Args:
        relays: those whose terminals must be booked.

    Attributes:
        terminals: of the relays of which they must be booked.
    """

    def __init__(self, planner: Planner, record: Record, relays: Mapping[str, Count]) -> None:
        self._planner, self._record = planner, record
        self.terminals = Terminals(relays, record.state.bookings)
        self._plan: Plan | None = None
        self._instead: dict[_Key, Way] = {}
        self._others: dict[_Key, tuple[int, list[Way]]] = {}
        self._refused: dict[tuple[_Key, int], str] = {}  # in this turn
        self._looks = 0

    def expire(self, now: int) -> None:
        """Begin a turn: let go of what is not needed."""
        for fact in self.terminals.idle(now):
            self._record.write(fact)
        self._refused.clear()
        self._looks = 0
        if self._planner.plan is not self._plan:
            self._plan = self._planner.plan
            self._instead.clear()
            self._others.clear()

    # ---- ways -------------------------------------------------------------------------------

    def usual(self, wish: Wish, way: Way, now: int) -> Way:
        """Return the way that is taken instead of another one, while it holds."""
        instead = self._instead.get(_key(wish))
        if instead is None:
            return way
        if _in_time(instead, wish, now) and (
            not self._contended(instead) or self._has(instead, wish.spacecraft, now)
        ):
            return instead
        del self._instead[_key(wish)]
        return way

    def way(self, wish: Wish, first: Way | str, now: int) -> Way | str:
        """Return a way that can be used now, the first one or another, or what it waits for."""
        if isinstance(first, str):
            return first
        first = self.usual(wish, first, now)
        asked = _key(wish), wish.priority
        if asked in self._refused:
            return self._refused[asked]
        came, why = self._try(first, wish, now)
        for other in () if came else self._alternatives(wish, now):
            if other.key == first.key or not _in_time(other, wish, now):
                continue
            if other.stores and not first.stores:
                continue  # to wait for a terminal takes minutes, for a later contact hours
            came, told = self._try(other, wish, now)
            if came:
                self._instead[_key(wish)] = other
                first, why = other, told
                break
        if why:
            self._refused[asked] = why
        return why or first

    def holds(self, wish: Wish, way: Way, now: int) -> bool:
        """Keep the terminal of a way that is in use; return whether there is one."""
        return self._try(way, wish, now) == (True, "")

    def _try(self, way: Way, wish: Wish, now: int) -> tuple[bool, str]:
        """Return whether a way has a terminal, or needs none, and what it waits for even so."""
        if not self._contended(way):
            return True, ""
        found = self._reserve(way, wish, now)
        if isinstance(found, Refused):
            return False, found.reason
        booking = found.booking
        if way.stores:
            return True, ""
        if now < booking.ready_ns:
            ready = clock(booking.ready_ns)
            return True, f"terminal of {booking.relay} turns to {wish.spacecraft} until {ready}"
        if now + way.flight_ns > booking.end_ns:
            return True, f"terminal of {booking.relay} is let go at {clock(booking.end_ns)}"
        return True, ""

    def _reserve(self, way: Way, wish: Wish, now: int) -> Granted | Refused:
        hop = way.hops[-1]
        start = max(now, hop.start_ns) if way.stores else now
        ask = Ask(hop.source, hop.target, wish.priority, start, hop.end_ns, anywhen=way.stores)
        found = self.terminals.reserve(ask, self.name, now)
        if isinstance(found, Granted):
            self.write(found, now)
        return found

    def _contended(self, way: Way) -> bool:
        return bool(way.hops) and way.hops[-1].source in self.terminals

    def _has(self, way: Way, spacecraft: str, now: int) -> bool:
        relay = way.hops[-1].source
        return any(e.spacecraft == spacecraft for e in self.terminals.standing(now, relay))

    def _alternatives(self, wish: Wish, now: int) -> Sequence[Way]:
        """Return other ways; those that were found lately, where it is not time to look again."""
        known = self._others.get(_key(wish))
        if known is not None and (now - known[0] < LOOK_NS or self._looks >= MOST_LOOKS):
            return known[1]
        if self._looks >= MOST_LOOKS:
            return ()
        self._looks += 1
        found = self._planner.alternatives(wish, now, OTHERS)
        self._others[_key(wish)] = now, found
        return found

    # ---- bookings ---------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The id of the next booking."""
        return f"b{self._record.booked + 1}"

    def write(self, granted: Granted, now: int) -> None:
        """Put a booking on record, and tell those who give way."""
        for fact in granted.facts:
            self._record.write(fact)
        for each in granted.notices:
            loser = each.booking
            text = f"{loser.relay} serves {each.to} from {clock(each.end_ns)} on"
            whose = f", {loser.booking} of {loser.by}" if loser.by else ""
            self._record.write(facts.Noted(now, "terminals", loser.spacecraft, text + whose))

    def contacts(self, nodes: Sequence[str], start_ns: int, end_ns: int) -> list[ContactRow]:
        """Return the bookings of some nodes (all where none is named) as contacts."""
        return [
            self._contact(each)
            for each in self.terminals.standing(start_ns)
            if each.start_ns < end_ns and (not nodes or {each.relay, each.spacecraft} & {*nodes})
        ]

    def _contact(self, each: facts.Booked) -> ContactRow:
        seen = self.seen(each.relay, each.spacecraft, each.ready_ns, each.end_ns)
        rate, owlt = (seen.rate_bps, seen.owlt_ns) if seen else (0.0, 0)
        span = each.ready_ns, each.end_ns
        return ContactRow(each.relay, each.spacecraft, *span, rate, owlt, "booked", nan)

    def seen(self, relay: str, spacecraft: str, start_ns: int, end_ns: int) -> Contact | None:
        """Return the first contact from a relay to a spacecraft that overlaps a time."""
        plan = self._planner.plan
        if plan is None:
            return None
        there = (plan.source == plan.places[relay]) & (plan.target == plan.places[spacecraft])
        then = (plan.start_ns < end_ns) & (plan.end_ns > start_ns)
        rows = (there & then).nonzero()[0].tolist()
        return plan.contact(rows[0]) if rows else None


def _key(wish: Wish) -> _Key:
    return wish.spacecraft, wish.via


def _in_time(way: Way, wish: Wish, now: int) -> bool:
    return way.open(now) and now + way.flight_ns < wish.not_after_ns
