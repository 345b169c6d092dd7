"""Who has the few terminals of a relay, now and next: to be visible is not to be available.

A terminal turns to a spacecraft (`start_ns` to `ready_ns`: slew and acquisition) and carries its
frames until `end_ns`. A relay never serves more spacecraft at once, turning included, than it has
terminals. Two kinds of bookings share them:

* An operator books a span ahead.
* A forward channel books when it has something to send: a minute, which grows while it is active,
  up to the end of its contact. Idle, it lets go after that minute, or after seconds where somebody
  waits.

Who finds no terminal waits in line: first those of higher priority, then those who came first; what
falls free is not for those who come later. A booking never gives way to one of its own priority. To
a higher one it does, after the lead time, and its owner is told.

Decisions are facts, which the caller writes, and what stands is what the facts say. Only the line
is kept here; it forms anew after a restart, as those who wait ask again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ground.command.facts import Booked, Unbooked
from ground.relay.booking import Terminals as Count
from ground.services.terminal_room import Ask, Room, Rooms
from ground.settings import Mission
from protocols import times

SECOND_NS = 10**9
HOLD_NS = 60 * SECOND_NS  # of a channel, beyond its last need
RENEW_NS = 40 * SECOND_NS  # left of a booking, below which an active channel makes it longer
LINGER_NS = 5 * SECOND_NS  # of an idle channel, where somebody waits
LEAST_NS = 10 * SECOND_NS  # of service, for which a terminal turns
LEAD_NS = 10 * SECOND_NS  # from the notice to who gives way until the end of his booking
FRESH_NS = 5 * SECOND_NS  # after which one who does not ask any more leaves the line
MOST = 1000  # bookings that stand


@dataclass(frozen=True, slots=True)
class Notice:
    """A booking gives way at `end_ns` to a spacecraft with a higher priority."""

    booking: Booked
    to: str
    end_ns: int


@dataclass(frozen=True, slots=True)
class Granted:
    """A booking; `facts` make it stand and others give way, who are in `notices`."""

    booking: Booked
    facts: tuple[Booked | Unbooked, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """No terminal: why, and from when on there may be one."""

    reason: str
    free_ns: int


@dataclass(slots=True)
class _Waiting:
    priority: int
    since_ns: int
    asked_ns: int


def of_mission(mission: Mission) -> dict[str, Count]:
    """Return the relays whose terminals must be booked: those that reach more spacecraft."""
    relays = {each.name for each in mission.relays}
    crafts = [e.name for e in mission.spacecraft if e.tc is not None and e.name not in relays]
    counts = (
        Count(each.name, each.terminals, round((each.slew_s + each.acquisition_s) * SECOND_NS))
        for each in mission.relays
        if sum(map(each.reaches, crafts)) > each.terminals
    )
    return {each.relay: each for each in counts}


class Terminals:
    """The terminals of relays; `now` is ns TAI.

    Args:
        relays: those that must be booked, by name.
        bookings: what stands by the facts, by id; only read.
    """

    def __init__(self, relays: Mapping[str, Count], bookings: Mapping[str, Booked]) -> None:
        self._relays, self._bookings = relays, bookings
        self._rooms = Rooms(relays, bookings)
        self._line: dict[tuple[str, str], _Waiting] = {}
        self._used: dict[str, int] = {}  # when a channel last needed its booking

    def __contains__(self, relay: object) -> bool:
        return relay in self._relays

    def standing(self, now: int, relay: str = "") -> list[Booked]:
        """Return the bookings that are not over, of one relay or of all, by start."""
        found = [e for e in self._bookings.values() if e.end_ns > now and relay in ("", e.relay)]
        return sorted(found, key=lambda each: (each.start_ns, each.relay, each.booking))

    def held(self, relay: str, spacecraft: str, at_ns: int) -> Booked | None:
        """Return the booking by which a spacecraft has a terminal at a time."""
        there = [e for e in self._rooms.at(relay, at_ns) if e.spacecraft == spacecraft]
        return max(there, key=lambda each: each.end_ns, default=None)

    # ---- channels ---------------------------------------------------------------------------

    def reserve(self, ask: Ask, name: str, now: int) -> Granted | Refused:
        """Give a channel a terminal, or make the booking that it has longer.

        Args:
            ask: repeated for as long as the terminal is needed.
            name: of the booking, where it is a new one.
        """
        before = self._coming(ask, now)
        found = self._new(ask, name, now) if before is None else self._renewed(before, ask, now)
        if isinstance(found, Granted):
            self._used[found.booking.booking] = now
            self.leave(ask.spacecraft)
        elif not ask.anywhen:
            first = _Waiting(ask.priority, now, now)
            waiting = self._line.setdefault((ask.relay, ask.spacecraft), first)
            if waiting.asked_ns == now:  # for another command: the most urgent one counts
                waiting.priority = max(waiting.priority, ask.priority)
            else:
                waiting.priority, waiting.asked_ns = ask.priority, now
        return found

    def leave(self, spacecraft: str) -> None:
        """Let a spacecraft wait no longer."""
        for key in [each for each in self._line if each[1] == spacecraft]:
            del self._line[key]

    def idle(self, now: int) -> Iterator[Unbooked]:
        """Yield what channels let go of, as they do not need it and others wait."""
        self._line = {k: e for k, e in self._line.items() if now - e.asked_ns <= FRESH_NS}
        self._used = {k: t for k, t in self._used.items() if k in self._bookings}
        wanted = {relay for relay, _ in self._line}
        for each in list(self._bookings.values()):
            used = max(self._used.get(each.booking, each.t_ns), each.ready_ns)
            if each.relay in wanted and not each.by and used + LINGER_NS <= now < each.end_ns:
                yield Unbooked(now, each.booking, "", "idle, and another spacecraft waits")

    def _coming(self, ask: Ask, now: int) -> Booked | None:
        """Return the booking that will do: one that is there, or begins before a new one could."""
        soon = ask.start_ns + LEAD_NS + self._setup(ask.relay)
        mine = [
            each
            for each in self.standing(max(now, ask.start_ns), ask.relay)
            if each.spacecraft == ask.spacecraft
            and (each.ready_ns < ask.end_ns if ask.anywhen else each.start_ns <= soon)
        ]
        return min(mine, key=lambda each: (each.start_ns, -each.end_ns), default=None)

    def _renewed(self, before: Booked, ask: Ask, now: int) -> Granted:
        """Make a booking longer where little is left of it, and as urgent as what is sent."""
        if before.by or ask.anywhen:
            return Granted(before)
        end, room = before.end_ns, None
        want = min(ask.end_ns, max(now, before.ready_ns) + HOLD_NS)
        if end - now < RENEW_NS and want > end:
            room = self._found(ask, end, min(want, end + LEAST_NS), want, now=now)
        made = replace(before, t_ns=now, priority=max(ask.priority, before.priority))
        if room is not None:
            return self._granted(replace(made, end_ns=room.end_ns), room)
        return Granted(before) if made.priority == before.priority else Granted(made, (made,))

    def _new(self, ask: Ask, name: str, now: int) -> Granted | Refused:
        first = max(now, ask.start_ns)
        begins = [first]
        if ask.anywhen:
            begins += [each.end_ns for each in self.standing(first, ask.relay)]
        tries: list[tuple[int, int | None]] = [(begin, None) for begin in sorted(begins)]
        for begin, settled_ns in [*tries, (max(first, now + LEAD_NS), now + LEAD_NS)]:
            turned = self.held(ask.relay, ask.spacecraft, begin - 1)
            ready = begin if turned else begin + self._setup(ask.relay)
            least, most = ready + LEAST_NS, min(ask.end_ns, ready + HOLD_NS)
            ahead = 0 if ask.anywhen else self._ahead(ask, now)
            room = self._rooms.find(ask, begin, least, most, ahead=ahead, settled_ns=settled_ns)
            if room is not None and (room.cut or settled_ns is None):
                return self._granted(_booked(ask, name, begin, ready, room.end_ns, now), room)
        return self._refused(ask, first)

    def _ahead(self, ask: Ask, now: int) -> int:
        """Return how many wait for the same relay before this one."""
        mine = self._line.get((ask.relay, ask.spacecraft))
        place = -ask.priority, now if mine is None else mine.since_ns
        return sum(
            relay == ask.relay and craft != ask.spacecraft and now - each.asked_ns <= FRESH_NS
            and (-each.priority, each.since_ns) < place
            for (relay, craft), each in self._line.items()
        )  # fmt: skip

    # ---- operators --------------------------------------------------------------------------

    def book(self, ask: Ask, name: str, now: int) -> Granted | Refused:
        """Book exactly the span that an operator asks for; its setup comes before."""
        setup = self._setup(ask.relay)
        start = max(now, ask.start_ns - setup)
        ready = max(ask.start_ns, start + setup)
        if ready >= ask.end_ns:
            why = f"a terminal of {ask.relay} would turn there until {clock(ready)}"
            return Refused(why, ready)
        if len(self._bookings) >= MOST:
            return Refused(f"{MOST} bookings stand; expected fewer", ready)
        room = self._found(ask, start, ask.end_ns, ask.end_ns, now=now)
        if room is None:
            return self._refused(ask, start)
        return self._granted(_booked(ask, name, start, ready, ask.end_ns, now), room)

    # ---- answers ----------------------------------------------------------------------------

    def _setup(self, relay: str) -> int:
        return self._relays[relay].setup_ns

    def _found(self, ask: Ask, start: int, least: int, most: int, *, now: int) -> Room | None:
        """Return room from a start on: free, or else that others give way after the lead time."""
        free = self._rooms.find(ask, start, least, most)
        return free or self._rooms.find(ask, start, least, most, settled_ns=now + LEAD_NS)

    def _granted(self, made: Booked, room: Room) -> Granted:
        facts: list[Booked | Unbooked] = []
        notices = []
        for booking, end_ns in room.cut.items():
            loser = self._bookings[booking]
            if end_ns > loser.ready_ns:
                facts.append(replace(loser, t_ns=made.t_ns, end_ns=end_ns))
            else:
                why = f"gives way to {made.spacecraft} with priority {made.priority}"
                facts.append(Unbooked(made.t_ns, booking, made.by, why))
            notices.append(Notice(loser, made.spacecraft, end_ns))
        return Granted(made, (*facts, made), tuple(notices))

    def _refused(self, ask: Ask, start_ns: int) -> Refused:
        """Say who has the terminals, and when the first of them is free."""
        full = self._rooms.full_ns(ask, start_ns, ask.end_ns)
        ends: dict[str, int] = {}
        for each in self._rooms.at(ask.relay, full) if full < ask.end_ns else ():
            ends[each.spacecraft] = max(ends.get(each.spacecraft, 0), each.end_ns)
        ends.pop(ask.spacecraft, None)
        if ends:
            free, names = min(ends.values()), ", ".join(sorted(ends)[:4])
            some = "terminal is" if self._relays[ask.relay].count == 1 else "terminals are"
            noun, verb = some.split()
            why = f"{noun} of {ask.relay} {verb} taken by {names} until {clock(free)}"
            return Refused(why, free)
        if any(relay == ask.relay for relay, _ in self._line):
            return Refused(f"others wait for a terminal of {ask.relay}", start_ns)
        return Refused(f"the contact by {ask.relay} ends before a terminal is there", ask.end_ns)


def _booked(ask: Ask, name: str, start: int, ready: int, end: int, now: int) -> Booked:
    who = ask.relay, ask.spacecraft
    return Booked(now, name, *who, start, ready, end, ask.priority, ask.by, ask.reason)


def clock(t_ns: int) -> str:
    """Return the time of day, UTC, as people are told it."""
    return times.iso(t_ns)[11:19]
