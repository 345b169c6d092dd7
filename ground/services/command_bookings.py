"""Operators book terminals of relays ahead, and cancel what they booked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ground.command import facts
from ground.command.authorise import Verb
from ground.errors import InputError
from ground.messages import Answered, BookingRow, BookRelay, CancelBooking, RelayBooked
from ground.services.commander import Commander
from ground.services.terminal_room import Ask
from ground.services.terminals import Refused, clock
from ground.settings import Mission

URGENT = 3
Allowed = Callable[[Sequence[Verb], str, str, str, int], Answered | None]


def row(fact: facts.Booked) -> BookingRow:
    """Return a booking as faces show it."""
    return BookingRow(
        fact.booking, fact.relay, fact.spacecraft, fact.start_ns, fact.ready_ns, fact.end_ns,
        fact.priority, fact.by, fact.reason,
    )  # fmt: skip


class Bookings:
    """Answers requests about bookings; `now` is ns TAI.

    Args:
        allowed: returns a refusal, which is on record, where one of some verbs is not allowed.
    """

    def __init__(self, commander: Commander, mission: Mission, allowed: Allowed) -> None:
        self._access, self._record = commander.access, commander.record
        self._crafts = commander.forwards
        self._relays = {each.name for each in mission.relays}
        self._allowed = allowed

    def book(self, asked: BookRelay, user: str, now: int) -> RelayBooked | Answered:
        """Book a terminal, or say why not."""
        verbs = [Verb.BOOK, *([Verb.URGENT] if asked.priority >= URGENT else [])]
        refusal = self._allowed(verbs, user, asked.spacecraft, asked.relay, now)
        if refusal is not None:
            return refusal
        self._check(asked, now)
        span = asked.start_ns, asked.end_ns
        ask = Ask(
            asked.relay, asked.spacecraft, asked.priority, *span, by=user, reason=asked.reason
        )
        found = self._access.terminals.book(ask, self._access.name, now)
        if isinstance(found, Refused):
            about = user, Verb.BOOK.value, asked.spacecraft, asked.relay
            self._record.refuse(now, *about, [found.reason])
            return Answered(False, found.reason)
        self._access.write(found, now)
        notices = [
            f"{each.booking.booking} of {each.booking.spacecraft} gives way at {clock(each.end_ns)}"
            for each in found.notices
        ]
        return RelayBooked(row(found.booking), notices)

    def cancel(self, asked: CancelBooking, user: str, now: int) -> Answered:
        """Give up a booking of an operator; those of channels end by themselves."""
        refusal = self._allowed([Verb.BOOK], user, "", asked.booking, now)
        if refusal is not None:
            return refusal
        known = self._record.state.bookings.get(asked.booking)
        if known is None or known.end_ns <= now:
            raise InputError(f"booking {asked.booking[:40]!r}; expected one that stands, as b12")
        refusal = self._allowed([Verb.BOOK], user, known.spacecraft, asked.booking, now)
        if refusal is not None:
            return refusal
        if not known.by:
            return Answered(False, f"{known.booking} ends by itself, as its channel is idle")
        self._record.write(facts.Unbooked(now, known.booking, user, asked.reason))
        return Answered(True)

    def _check(self, asked: BookRelay, now: int) -> None:
        """Raise InputError where something is asked for that cannot be."""
        relay, craft = asked.relay, asked.spacecraft
        if relay not in self._relays or craft not in self._crafts:
            known = ", ".join(sorted(self._crafts if relay in self._relays else self._relays)[:20])
            wrong = craft if relay in self._relays else relay
            raise InputError(f"{wrong!r}; expected one of {known}")
        if relay not in self._access.terminals:
            raise InputError(f"{relay} has a terminal for each spacecraft; it needs no booking")
        if not 0 <= asked.priority <= URGENT:
            raise InputError(f"priority {asked.priority}; expected 0 to {URGENT}")
        if not max(now, asked.start_ns) < asked.end_ns:
            raise InputError("a time that is over; expected an end after its start and after now")
        seen = self._access.seen(relay, craft, asked.start_ns, asked.end_ns)
        if seen is None:
            raise InputError(f"{relay} does not see {craft} then; expected a time of a contact")
        if not seen.start_ns <= asked.start_ns < asked.end_ns <= seen.end_ns:
            span = f"{clock(seen.start_ns)} to {clock(seen.end_ns)}"
            raise InputError(f"{relay} sees {craft} from {span}; expected a time within")
