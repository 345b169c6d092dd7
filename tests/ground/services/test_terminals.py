"""Terminals of relays: by hand, and against a checker that counts at every instant."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.command.facts import Booked, Unbooked
from ground.relay.booking import Terminals as Count
from ground.services.terminal_room import Ask
from ground.services.terminals import (
    FRESH_NS,
    HOLD_NS,
    LEAD_NS,
    LINGER_NS,
    RENEW_NS,
    Granted,
    Refused,
    Terminals,
)

S = 10**9
SETUP = 35 * S
FAR = 3600 * S


@dataclass
class Desk:
    """Terminals, the bookings as the facts make them, and all that was told."""

    count: int = 1
    facts: list[Booked | Unbooked] = field(default_factory=list)
    bookings: dict[str, Booked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.terminals = Terminals({"TL": Count("TL", self.count, SETUP)}, self.bookings)

    def write(self, *facts: Booked | Unbooked) -> None:
        for fact in facts:
            self.facts.append(fact)
            if isinstance(fact, Booked):
                self.bookings[fact.booking] = fact
            else:
                self.bookings.pop(fact.booking, None)

    def take(self, answer: Granted | Refused) -> Granted | Refused:
        if isinstance(answer, Granted):
            self.write(*answer.facts)
        return answer

    def ask(
        self, craft: str, now: int, *, priority: int = 1, end: int = FAR, **more: bool
    ) -> Granted | Refused:
        wanted = Ask("TL", craft, priority, more.pop("start", now), end, **more)
        return self.take(self.terminals.reserve(wanted, f"b{len(self.facts) + 1}", now))

    def book(
        self, craft: str, start: int, end: int, now: int, *, priority: int = 1
    ) -> Granted | Refused:
        wanted = Ask("TL", craft, priority, start, end, by="dora", reason="pass")
        return self.take(self.terminals.book(wanted, f"b{len(self.facts) + 1}", now))

    def idle(self, now: int) -> None:
        self.write(*self.terminals.idle(now))


def spans(desk: Desk) -> dict[str, tuple[float, float, float]]:
    return {
        each.spacecraft: (each.start_ns / S, each.ready_ns / S, each.end_ns / S)
        for each in desk.bookings.values()
    }


def test_a_channel_has_a_terminal_once_it_has_turned_and_for_a_minute():
    desk = Desk()
    found = desk.ask("A", 100 * S)
    assert isinstance(found, Granted)
    assert spans(desk) == {"A": (100, 135, 195)}
    assert (found.booking.by, found.notices) == ("", ())


def test_another_one_is_told_who_has_it_and_until_when():
    desk = Desk()
    desk.ask("A", 0)
    found = desk.ask("B", S)
    assert found == Refused("terminal of TL is taken by A until 00:01:25", 95 * S)
    desk = Desk(count=2)
    for craft in "AB":
        desk.ask(craft, 0)
    found = desk.ask("C", S)
    assert isinstance(found, Refused)
    assert found.reason == "terminals of TL are taken by A, B until 00:01:25"


def test_while_it_is_active_a_booking_grows_up_to_the_end_of_its_contact():
    desk = Desk()
    desk.ask("A", 0, end=150 * S)
    said = len(desk.facts)
    for now in range(55):
        desk.ask("A", now * S, end=150 * S)
    assert len(desk.facts) == said, "no fact for what is long enough"
    for now in range(55, 150):
        desk.ask("A", now * S, end=150 * S)
    assert spans(desk) == {"A": (0, 35, 150)}
    assert len(desk.facts) <= said + 4


def test_no_terminal_turns_for_a_contact_that_is_nearly_over():
    found = Desk().ask("A", 0, end=44 * S)
    assert isinstance(found, Refused)
    assert "ends before" in found.reason
    assert isinstance(Desk().ask("A", 0, end=45 * S), Granted)


def test_an_idle_channel_lets_go_where_somebody_waits_and_not_before():
    desk = Desk()
    desk.ask("A", 0)
    desk.idle(60 * S)
    assert spans(desk)
    desk.ask("B", 35 * S + LINGER_NS - 1)
    desk.idle(35 * S + LINGER_NS - 1)
    assert spans(desk)
    desk.idle(35 * S + LINGER_NS)
    assert not spans(desk)
    assert isinstance(desk.ask("B", 41 * S), Granted)


def test_an_equal_does_not_cut_off_who_is_being_served():
    desk = Desk()
    for now in range(600):
        desk.ask("A", now * S)
        assert isinstance(desk.ask("B", now * S), Refused)
        desk.idle(now * S)
    assert list(spans(desk)) == ["A"]


def test_a_higher_priority_takes_over_after_the_lead_time_and_the_loser_is_told():
    desk = Desk()
    desk.ask("A", 0)
    before = desk.bookings["b1"]
    found = desk.ask("B", 40 * S, priority=2)
    assert isinstance(found, Granted)
    assert [(e.booking, e.to, e.end_ns) for e in found.notices] == [(before, "B", 50 * S)]
    assert spans(desk) == {"A": (0, 35, 50), "B": (50, 85, 145)}
    desk.ask("A", 45 * S)
    assert spans(desk)["A"] == (0, 35, 50), "who gives way gets no more of it"
    assert isinstance(desk.ask("A", 50 * S), Refused)
    assert isinstance(desk.ask("C", 60 * S, priority=2), Refused), "nor to an equal"


def test_what_would_end_before_it_carries_is_given_up_whole():
    desk = Desk()
    desk.ask("A", 0)
    found = desk.ask("B", S, priority=3)
    assert isinstance(found, Granted)
    assert [type(each) for each in found.facts] == [Unbooked, Booked]
    assert spans(desk) == {"B": (11, 46, 106)}


def test_of_several_the_least_urgent_gives_way():
    desk = Desk(count=2)
    desk.ask("A", 0, priority=2)
    desk.ask("B", 0, priority=0)
    desk.ask("C", 40 * S, priority=3)
    assert spans(desk)["A"][2] == 95
    assert spans(desk)["B"][2] == 50


def test_those_who_wait_come_first_by_priority_and_then_by_time():
    desk = Desk()
    desk.ask("A", 0, priority=3)
    for now, craft, priority in ((1, "B", 1), (2, "C", 1), (3, "D", 2)):
        desk.ask(craft, now * S, priority=priority)
    order = []
    for now in range(4, 400):
        for craft, priority in (("C", 1), ("B", 1), ("D", 2)):
            if craft not in order and isinstance(
                desk.ask(craft, now * S, priority=priority), Granted
            ):
                order.append(craft)
        desk.idle(now * S)
    assert order == ["D", "B", "C"]


def test_who_does_not_ask_any_more_keeps_nobody_waiting():
    desk = Desk()
    desk.ask("A", 0, end=95 * S)
    desk.ask("B", 90 * S)
    assert isinstance(desk.ask("C", 95 * S), Refused), "B is before C"
    assert isinstance(desk.ask("C", 90 * S + FRESH_NS + 1), Granted)


def test_an_operator_books_ahead_and_its_setup_comes_before():
    desk = Desk()
    assert isinstance(desk.book("A", 1000 * S, 1600 * S, 0), Granted)
    assert spans(desk) == {"A": (965, 1000, 1600)}
    found = desk.book("B", 1500 * S, 1700 * S, 0)
    assert found == Refused("terminal of TL is taken by A until 00:26:30", 1600 * S)
    assert isinstance(desk.book("B", 1635 * S, 1700 * S, 0), Granted)
    assert isinstance(desk.book("C", 990 * S, 1000 * S, 0, priority=2), Granted)
    assert spans(desk)["C"] == (955, 990, 1000)
    assert "A" not in spans(desk)


def test_a_channel_ends_where_another_has_booked_and_uses_what_is_booked_for_it():
    desk = Desk()
    desk.book("A", 100 * S, 400 * S, 0)
    desk.ask("B", 0)
    assert spans(desk)["B"] == (0, 35, 65), "A's terminal turns from then on"
    for now in range(1, 65):
        desk.ask("B", now * S)
    assert spans(desk)["B"][2] == 65
    found = desk.ask("A", 60 * S)
    assert isinstance(found, Granted)
    assert (found.booking.by, found.facts) == ("dora", ())


def test_what_a_relay_keeps_is_booked_when_it_is_there_and_wherever_a_terminal_is_free():
    desk = Desk()
    contact = {"anywhen": True, "start": 1000 * S, "end": 1300 * S}
    desk.ask("A", 0, **contact)
    desk.ask("B", 0, **contact)
    assert spans(desk) == {"A": (1000, 1035, 1095), "B": (1095, 1130, 1190)}
    again = desk.ask("A", 500 * S, **contact)
    assert isinstance(again, Granted) and again.facts == ()
    desk.ask("C", 0, **contact)
    assert isinstance(desk.ask("D", 0, **contact), Refused)


def test_a_restart_loses_no_booking():
    desk = Desk(count=2)
    desk.ask("A", 0)
    desk.book("B", 100 * S, 200 * S, 0)
    desk.ask("C", 5 * S, priority=2)
    again = Desk(count=2)
    again.write(*desk.facts)
    assert again.bookings == desk.bookings
    assert again.ask("A", 30 * S) == desk.ask("A", 30 * S)
    assert again.ask("D", 30 * S) == desk.ask("D", 30 * S)


# ---- whatever is asked ----------------------------------------------------------------------


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "keep", "book", "release"]),
        st.integers(0, 5),
        st.integers(0, 3),
        st.integers(0, 40),
        st.integers(1, 200),
    ),
    max_size=60,
)


def most_at_once(bookings: dict[str, Booked], now: int) -> int:
    """Return the most spacecraft served at once from now on, counted at every change."""
    edges = {now} | {each.start_ns for each in bookings.values() if each.start_ns > now}
    return max(
        len({e.spacecraft for e in bookings.values() if e.start_ns <= t < e.end_ns}) for t in edges
    )


@given(st.integers(1, 3), ACTS)
@settings(max_examples=150, deadline=None)
def test_never_more_than_its_terminals_and_no_equal_gives_way(count, acts):
    desk, now = Desk(count=count), 0
    for act, craft, priority, wait, length in acts:
        now += wait * S
        before = dict(desk.bookings)
        name, found = f"CG-{craft}", None
        if act == "book":
            start = now + wait * 20 * S
            found = desk.book(name, start, start + length * S, now, priority=priority)
        elif act == "keep":
            found = desk.ask(
                name, now, priority=priority, anywhen=True, start=now + 100 * S,
                end=now + (100 + length) * S,
            )  # fmt: skip
        elif act == "ask":
            found = desk.ask(name, now, priority=priority, end=now + (length + 40) * S)
        else:
            desk.idle(now)
        assert most_at_once(desk.bookings, now) <= count
        for booking, old in before.items():
            new = desk.bookings.get(booking)
            shorter = old.end_ns > now and (new is None or new.end_ns < old.end_ns)
            if shorter and isinstance(found, Granted):
                assert old.priority < priority
                assert [e.booking for e in found.notices].count(old) == 1
                assert new is None or new.end_ns >= now + LEAD_NS
        if isinstance(found, Granted) and act == "ask":
            assert found.booking.end_ns <= max(
                now + (length + 40) * S,
                max([e.end_ns for e in before.values()], default=0),
            )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_nobody_starves_while_all_ask_for_more(count):
    """12 spacecraft, each with work of 5 to 20 s that comes again: all are served, by turns."""
    chance, desk = random.Random(count), Desk(count=count)
    crafts = [f"CG-{n:02}" for n in range(12)]
    left = dict.fromkeys(crafts, 15)
    last = dict.fromkeys(crafts, 0)
    longest, served = 0, 0
    for second in range(12 * 75 // count * 3):
        now = second * S
        for craft in chance.sample(crafts, len(crafts)):
            if left[craft] <= 0:
                left[craft] = chance.randint(5, 20) if second - last[craft] > 60 else 0
                continue
            found = desk.ask(craft, now, end=10**15)
            if isinstance(found, Granted) and found.booking.ready_ns <= now:
                left[craft] -= 1
                longest, served = max(longest, second - last[craft]), served + 1
                last[craft] = second
        desk.idle(now)
        assert most_at_once(desk.bookings, now) <= count
        for name in [n for n, e in desk.bookings.items() if e.end_ns <= now]:
            del desk.bookings[name]
    assert all(last.values())
    assert longest < 12 * (SETUP / S + 20 + LINGER_NS / S + 2) / count + 90


def test_times_fit_together():
    assert LEAD_NS < RENEW_NS < HOLD_NS
    assert replace(Booked(0, "b", "TL", "A", 0, 1, 2, 0, "", ""), end_ns=3).end_ns == 3
