"""Terminals in the command service: shared, booked, taken over, and kept over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.command import facts
from ground.messages import (
    Answered,
    BookRelay,
    CancelBooking,
    ContactsPlanned,
    PlanContacts,
    RelayBooked,
)
from ground.services.terminals import HOLD_NS, LEAD_NS
from tests.ground.services.commanded import NOW, S
from tests.ground.services.shared_terminals import (
    CRAFTS,
    SETUP_S,
    Shared,
    by_relays,
    mission_in,
)

HOUR = 3600 * S


@pytest.fixture
def mission(tmp_path: Path):
    return mission_in(tmp_path)


def test_48_spacecraft_share_two_terminals(mission):
    """100 commands: each visit is 35 s of turning, some of work, and 5 s until it lets go."""
    shared = Shared(mission, *by_relays("TL-1"))
    asked = [name for place in range(100) for name in shared.command(CRAFTS[place % 48])]
    seconds, most = 0, 0
    while shared.arrived(asked) < 100 and seconds < 3600:
        shared.second()
        seconds += 1
        most = max(most, len(shared.served(shared.now).get("TL-1", ())))
    assert shared.arrived(asked) == 100
    assert most == 2
    assert seconds < 48 * (SETUP_S + 15) / 2
    assert all(len(each.got) in (2, 3) for each in shared.crafts.values())
    booked = shared.of(facts.Booked)
    assert len({each.spacecraft for each in booked}) == 48
    assert len(booked) < 3 * 48, "a booking is not written every second"


def test_what_waits_says_for_whom_and_until_when(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    first = [shared.command(name)[0] for name in CRAFTS[:3]]
    shared.second()
    assert shared.needs(first[0]) == "terminal of TL-1 turns to CG2-01 until 12:00:36"
    assert shared.needs(first[2]) == (
        "terminals of TL-1 are taken by CG2-01, CG2-02 until 12:01:36"
    )


def test_another_relay_is_taken_where_one_is_full(mission):
    shared = Shared(mission, *by_relays("TL-1", "TL-2"))
    asked = [shared.command(name)[0] for name in CRAFTS[:4]]
    for _ in range(SETUP_S + 15):
        shared.second()
    assert shared.arrived(asked) == 4
    relays = {each.spacecraft: each.nodes[2] for each in shared.of(facts.Released)}
    assert sorted(relays.values()) == ["TL-1", "TL-1", "TL-2", "TL-2"]
    routed = [each for each in shared.of(facts.Routed) if each.command == asked[3]]
    assert len(routed) <= 2, "it does not go to and fro between ways"


def test_one_that_sees_a_station_does_not_wait(mission):
    hops = [*by_relays("TL-1", crafts=CRAFTS[:4]), ("kashi", CRAFTS[3])]
    shared = Shared(mission, *hops)
    for name in CRAFTS[:3]:
        shared.command(name)
    [direct] = shared.command(CRAFTS[3])
    for _ in range(6):
        shared.second()
    assert shared.arrived([direct]) == 1


def test_a_higher_priority_takes_over_and_the_loser_is_routed_anew(mission):
    """A spacecraft that does not answer holds its frames; they go again when it is its turn."""
    shared = Shared(mission, *by_relays("TL-1", crafts=CRAFTS[:3]))
    slow = [shared.command(name, priority=0)[0] for name in CRAFTS[:2]]
    for _ in range(SETUP_S + 3):
        shared.second()
    shared.deaf = set(CRAFTS[:2])
    more = [shared.command(name, priority=0)[0] for name in CRAFTS[:2]]
    shared.second()
    [urgent] = shared.command(CRAFTS[2], priority=2)
    shared.second()
    noted = [each for each in shared.of(facts.Noted) if each.source == "terminals"]
    assert [(each.subject, each.text[:25]) for each in noted] == [
        (noted[0].subject, "TL-1 serves CG2-03 from 1")
    ]
    loser = noted[0].subject
    for _ in range(LEAD_NS // S + SETUP_S + 6):
        shared.second()
    assert shared.arrived([urgent]) == 1
    lost = shared.commander.forwards[loser]
    assert lost.lost and lost.pending, "its frames are kept"
    shared.deaf = set()
    for _ in range(150):
        shared.second()
    assert shared.arrived([*slow, *more]) == 4
    assert all(len(set(each.got)) == len(each.got) for each in shared.crafts.values())


def test_bookings_stand_after_a_restart(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    for name in CRAFTS[:3]:
        shared.command(name)
    for _ in range(5):
        shared.second()
    before = shared.commander.record.state.bookings
    again = shared.again()
    assert again.commander.record.state.bookings == before
    assert {each.spacecraft for each in before.values()} == set(CRAFTS[:2])
    again.turn(1)
    assert {each.spacecraft for each in again.commander.record.state.bookings.values()} == set(
        CRAFTS[:2]
    )


# ---- operators ------------------------------------------------------------------------------


def book(craft: str = "CG2-01", after: int = 600, length: int = 300, **more) -> BookRelay:
    start = NOW + after * S
    return BookRelay("TL-1", craft, start, start + length * S, **more)


def test_an_operator_books_and_cancels(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    answer = shared.ask("dirk", book(reason="orbit raising"))
    assert isinstance(answer, RelayBooked) and answer.notices == []
    made = answer.booking
    assert (made.booking, made.by, made.reason) == ("b1", "dirk", "orbit raising")
    assert made.start_ns == made.ready_ns - SETUP_S * S
    found = shared.ask("olga", PlanContacts(["CG2-01"], NOW, NOW + HOUR))
    assert isinstance(found, ContactsPlanned)
    assert [each.origin for each in found.contacts].count("booked") == 1
    row = next(each for each in found.contacts if each.origin == "booked")
    assert (row.source, row.target, row.start_ns) == ("TL-1", "CG2-01", NOW + 600 * S)
    assert row.rate_bps == 8e6
    assert found.bookings == [made]
    assert shared.ask("dirk", CancelBooking("b1", "not needed")) == Answered(True)
    assert shared.of(facts.Unbooked)[0].by == "dirk"
    assert shared.ask("olga", PlanContacts([], NOW, NOW + HOUR)).bookings == []


def test_channels_keep_out_of_what_is_booked_and_use_their_own(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    for craft in CRAFTS[:2]:
        assert isinstance(shared.ask("dirk", book(craft, after=60)), RelayBooked)
    [other] = shared.command("CG2-09")
    [own] = shared.command("CG2-01")
    for _ in range(80):
        shared.second()
    assert shared.arrived([own, other]) == 1, "25 s are too short for another one"
    for _ in range(330):
        shared.second()
    assert shared.arrived([other]) == 1


def test_a_more_urgent_booking_tells_who_gives_way(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    for craft in CRAFTS[:2]:
        shared.ask("dirk", book(craft))
    refused = shared.ask("dirk", book(CRAFTS[2]))
    assert refused.reason == "terminals of TL-1 are taken by CG2-01, CG2-02 until 12:15:00"
    assert shared.of(facts.Refused)[-1].verb == "book"
    answer = shared.ask("dirk", book(CRAFTS[2], priority=2))
    assert len(answer.notices) == 1 and "gives way at 12:09:25" in answer.notices[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (BookRelay("TL-9", "CG2-01", NOW, NOW + S), "'TL-9'; expected one of TL-1, TL-2"),
        (BookRelay("TL-1", "CG2-99", NOW, NOW + S), "'CG2-99'; expected one of CG2-01"),
        (book(length=-1), "a time that is over"),
        (book(after=-600, length=300), "a time that is over"),
        (book(priority=7), "priority 7; expected 0 to 3"),
        (book(after=10**6), "does not see CG2-01 then"),
        (book(after=86_000, length=3600), "expected a time within"),
        (CancelBooking("b9"), "booking 'b9'; expected one that stands"),
    ],
)
def test_what_cannot_be_booked_is_said(mission, asked, said):
    shared = Shared(mission, *by_relays("TL-1"))
    answer = shared.ask("dirk", asked)
    assert isinstance(answer, Answered) and not answer.ok
    assert said in answer.reason


def test_who_has_no_such_role_books_nothing(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    assert "no role for book" in shared.ask("olga", book()).reason
    shared.ask("dirk", book())
    assert "no role for book" in shared.ask("olga", CancelBooking("b1")).reason
    assert len(shared.commander.record.state.bookings) == 1


def test_what_a_channel_holds_is_not_cancelled(mission):
    shared = Shared(mission, *by_relays("TL-1"))
    shared.command("CG2-01")
    shared.second()
    answer = shared.ask("dirk", CancelBooking("b1"))
    assert not answer.ok and "ends by itself" in answer.reason
    assert HOLD_NS == 60 * S


def test_who_waits_for_a_terminal_does_not_take_a_relay_that_stores(mission, tmp_path):
    stores = (
        '\n[[relay]]\nname = "SF-1"\nkind = "store-and-forward"\nscid = 900\n'
        "longitude_deg = 60.0\nretention_s = 7200.0\n"
    )
    later = [("kashi", "SF-1"), ("SF-1", CRAFTS[2], NOW + 1000 * S, NOW + 2000 * S, 8e6)]
    shared = Shared(mission_in(tmp_path, stores), *by_relays("TL-1"), *later)
    asked = [shared.command(name)[0] for name in CRAFTS[:3]]
    shared.second()
    assert "taken by CG2-01, CG2-02" in shared.needs(asked[2])
    for _ in range(100):
        shared.second()
    assert {tuple(each.nodes[2:]) for each in shared.of(facts.Released)} == {
        ("TL-1", name) for name in CRAFTS[:3]
    }
    assert shared.arrived(asked) == 3
