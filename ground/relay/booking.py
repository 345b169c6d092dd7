"""Who gets the few antennas of a relay: bookings by priority, then by deadline.

To be visible is not to be available. A request names how long it needs a relay and when it could
have one; it is given the earliest place that is free, with the time to slew and to acquire before
it. Where there is none, bookings of lower priority that begin no sooner than the lead time give
way: each is moved if it finds another place, else cancelled, and its owner is told by a notice.

Greedy: one request after the other, never undone for one of the same priority. So the most urgent
request is always served where it can be; the number served may be less than the most possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ground.errors import InputError
from ground.relay.plan import Contact, Origin, Plan


@dataclass(frozen=True, slots=True)
class Terminals:
    """The antennas of a relay that must be booked.

    Attributes:
        count: how many spacecraft it serves at a time.
        setup_ns: to slew and to acquire, before each booking.
    """

    relay: str
    count: int
    setup_ns: int


@dataclass(frozen=True, slots=True)
class Window:
    """When a spacecraft could be served by a relay."""

    relay: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody needs.

    Attributes:
        id: the name that bookings and notices carry.
        priority: 0 to 3, 3 the most urgent.
        deadline_ns: the service is over by then.
        windows: when and where it could be served.
    """

    id: str
    spacecraft: str
    priority: int
    duration_ns: int
    deadline_ns: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """An antenna of a relay for a while; its setup comes before `start_ns`."""

    request: Request
    relay: str
    terminal: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A booking had to give way; `now` is where it went, None where it is cancelled."""

    booking: Booking
    by: str
    now: Booking | None


@dataclass(frozen=True, slots=True)
class Booked:
    """The bookings as they stand, who gave way, and which requests have no place, and why."""

    bookings: tuple[Booking, ...]
    notices: tuple[Notice, ...]
    refused: Mapping[str, str]


def book(
    terminals: Iterable[Terminals],
    bookings: Sequence[Booking],
    requests: Iterable[Request],
    *,
    now: int,
    lead_ns: int,
) -> Booked:
    """Give requests their places beside bookings that stand.

    Args:
        bookings: what stands; those that begin before `now + lead_ns` stay where they are.
        lead_ns: how long before it begins a booking is settled; no new one begins sooner.

    Raises:
        InputError: a request or relay is twice there, or a number cannot be.
    """
    relays = {each.relay: each for each in terminals}
    requests = sorted(requests, key=lambda each: (-each.priority, each.deadline_ns, each.id))
    _check(relays.values(), bookings, requests)
    standing, notices = list(bookings), list[Notice]()
    refused: dict[str, str] = {}
    settled = now + lead_ns
    for request in requests:
        place = _place(relays, standing, request, now)
        if place is None and (found := _displace(relays, standing, request, now, settled)):
            place, gone = found
            standing = [each for each in standing if each not in gone]
            standing.append(place)
            for old in sorted(gone, key=_urgency):
                moved = _place(relays, standing, old.request, settled)
                standing += [moved] if moved else []
                notices.append(Notice(old, request.id, moved))
        elif place is None:
            refused[request.id] = _reason(relays, request, now)
        else:
            standing.append(place)
    standing.sort(key=_order)
    return Booked(tuple(standing), tuple(notices), refused)


def windows(plan: Plan, spacecraft: str, relays: Iterable[str]) -> tuple[Window, ...]:
    """Return when a spacecraft is visible from relays, in the direction to it, by start."""
    place = plan.places[spacecraft]
    found = [
        Window(contact.source, contact.start_ns, contact.end_ns)
        for relay in relays
        for row in ((plan.source == plan.places[relay]) & (plan.target == place)).nonzero()[0]
        for contact in (plan.contact(int(row)),)
    ]
    return tuple(sorted(found, key=lambda each: (each.start_ns, each.relay)))


def contacts(plan: Plan, bookings: Iterable[Booking]) -> list[Contact]:
    """Return what bookings make of the visible contacts of a plan, in both directions.

    The setup lies before a booking, so that its contacts need no acquisition.
    """
    found = []
    for booking in bookings:
        ends = plan.places[booking.relay], plan.places[booking.request.spacecraft]
        for source, target in (ends, ends[::-1]):
            for row in ((plan.source == source) & (plan.target == target)).nonzero()[0]:
                contact = plan.contact(int(row))
                start = max(contact.start_ns, booking.start_ns)
                end = min(contact.end_ns, booking.end_ns)
                if start < end:
                    part = replace(contact, start_ns=start, end_ns=end, acquisition_ns=0)
                    found.append(replace(part, origin=Origin.BOOKED))
    return found


def _urgency(booking: Booking) -> tuple[int, int, str]:
    request = booking.request
    return -request.priority, request.deadline_ns, request.id


def _order(booking: Booking) -> tuple[int, str, int]:
    return booking.start_ns, booking.relay, booking.terminal


def _place(
    relays: Mapping[str, Terminals], standing: Sequence[Booking], request: Request, earliest: int
) -> Booking | None:
    """Return the earliest place that is free."""
    places = _places(relays, standing, request, earliest)
    return min((each for each, clashes in places if not clashes), key=_order, default=None)


def _displace(
    relays: Mapping[str, Terminals],
    standing: Sequence[Booking],
    request: Request,
    now: int,
    settled: int,
) -> tuple[Booking, list[Booking]] | None:
    """Return the place for which the least urgent, and the fewest, give way."""
    places = [
        (place, clashes)
        for place, clashes in _places(relays, standing, request, now)
        if all(e.request.priority < request.priority and e.start_ns >= settled for e in clashes)
    ]

    def cost(found: tuple[Booking, list[Booking]]) -> tuple[object, ...]:
        place, clashes = found
        return max(e.request.priority for e in clashes), len(clashes), _order(place)

    return min(places, key=cost, default=None)


def _places(
    relays: Mapping[str, Terminals], standing: Sequence[Booking], request: Request, earliest: int
) -> Iterator[tuple[Booking, list[Booking]]]:
    """Yield places as early as they can be, or right after another booking, and who is there."""
    for window in request.windows:
        relay = relays.get(window.relay)
        first = max(window.start_ns, earliest + (relay.setup_ns if relay else 0))
        last = min(window.end_ns, request.deadline_ns) - request.duration_ns
        for terminal in range(relay.count if relay else 0):
            there = [e for e in standing if (e.relay, e.terminal) == (window.relay, terminal)]
            setup = relay.setup_ns if relay else 0
            for start in {first, *(each.end_ns + setup for each in there)}:
                if first <= start <= last:
                    end = start + request.duration_ns
                    clashes = [
                        e for e in there if start - setup < e.end_ns and e.start_ns - setup < end
                    ]
                    yield Booking(request, window.relay, terminal, start, end), clashes


def _reason(relays: Mapping[str, Terminals], request: Request, now: int) -> str:
    free = _place(relays, (), request, now)
    if free is not None:
        return "all terminals are taken by requests that do not give way"
    return f"no window of {request.duration_ns / 1e9:g} s before its deadline"


def _check(
    relays: Iterable[Terminals], bookings: Sequence[Booking], requests: Sequence[Request]
) -> None:
    ids = [each.id for each in requests] + [each.request.id for each in bookings]
    for name in {name for name in ids if ids.count(name) > 1}:
        raise InputError(f"request {name!r} is there twice; expected each id once")
    for relay in relays:
        if relay.count < 1 or relay.setup_ns < 0:
            raise InputError(f"terminals of {relay.relay!r}; expected one at least, setup from 0")
    for request in requests:
        if request.duration_ns <= 0:
            raise InputError(f"request {request.id!r}; expected a duration above 0")
