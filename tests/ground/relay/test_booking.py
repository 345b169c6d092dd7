"""Bookings of relay terminals: hand-worked cases, and the best that any order could do."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from ground.errors import InputError
from ground.relay.booking import (
    Booking,
    Notice,
    Request,
    Terminals,
    Window,
    book,
    contacts,
    windows,
)
from ground.relay.plan import Contact, Node, Origin, of

ONE = Terminals("geo", count=1, setup_ns=5)


def request(name, *, priority=1, duration=10, deadline=100, windows=((0, 100),), relay="geo"):
    seen = tuple(Window(relay, start, end) for start, end in windows)
    return Request(name, f"craft-{name}", priority, duration, deadline, seen)


def placed(result):
    return {each.request.id: (each.start_ns, each.end_ns) for each in result.bookings}


def test_the_urgent_come_first_and_then_the_earliest_deadline():
    """Each begins when the antenna has slewed and acquired: 5 after the one before."""
    asked = [
        request("late", deadline=90),
        request("soon", deadline=60),
        request("high", priority=3, deadline=99),
    ]
    result = book([ONE], [], asked, now=0, lead_ns=50)
    assert placed(result) == {"high": (5, 15), "soon": (20, 30), "late": (35, 45)}
    assert (result.notices, result.refused) == ((), {})


def test_each_terminal_serves_one_spacecraft_at_a_time():
    asked = [request(name) for name in "abc"]
    result = book([Terminals("geo", 2, 5)], [], asked, now=0, lead_ns=50)
    assert placed(result) == {"a": (5, 15), "b": (5, 15), "c": (20, 30)}
    assert {each.request.id: each.terminal for each in result.bookings} == {"a": 0, "b": 1, "c": 0}


def test_a_lower_priority_gives_way_and_is_told_where_it_went():
    low = request("low", windows=((0, 40), (60, 80)))
    standing = Booking(low, "geo", 0, 20, 30)
    high = request("high", priority=2, windows=((18, 32),))
    result = book([ONE], [standing], [high], now=0, lead_ns=15)
    moved = Booking(low, "geo", 0, 60, 70)
    assert placed(result) == {"high": (18, 28), "low": (60, 70)}
    assert result.notices == (Notice(standing, "high", moved),)


def test_a_booking_without_another_place_is_cancelled():
    standing = Booking(request("low", windows=((20, 30),)), "geo", 0, 20, 30)
    high = request("high", priority=2, windows=((18, 32),))
    result = book([ONE], [standing], [high], now=0, lead_ns=15)
    assert placed(result) == {"high": (18, 28)}
    assert result.notices == (Notice(standing, "high", None),)


@pytest.mark.parametrize("lead, priority", [(21, 2), (0, 1)])
def test_within_the_lead_time_or_for_an_equal_none_gives_way(lead, priority):
    standing = Booking(request("low", windows=((20, 30),)), "geo", 0, 20, 30)
    high = request("high", priority=priority, windows=((18, 32),))
    result = book([ONE], [standing], [high], now=0, lead_ns=lead)
    assert result.bookings == (standing,)
    assert "do not give way" in result.refused["high"]


def test_the_least_urgent_of_two_gives_way():
    low = Booking(request("low", priority=0, windows=((50, 70),)), "geo", 0, 50, 60)
    middle = Booking(request("middle", priority=1, windows=((20, 40),)), "geo", 0, 20, 30)
    high = request("high", priority=2, duration=20, windows=((15, 40), (45, 70)))
    result = book([ONE], [middle, low], [high], now=0, lead_ns=0)
    assert placed(result) == {"middle": (20, 30), "high": (45, 65)}
    assert [each.booking for each in result.notices] == [low]


@pytest.mark.parametrize(
    "change", [{"duration": 101}, {"deadline": 14}, {"windows": ()}, {"relay": "unknown"}]
)
def test_a_request_that_fits_nowhere_says_so(change):
    result = book([ONE], [], [request("a", **change)], now=0, lead_ns=0)
    assert result.bookings == ()
    assert "no window" in result.refused["a"]


@pytest.mark.parametrize(
    "terminals, asked",
    [
        ([ONE], [request("a"), request("a")]),
        ([ONE], [request("a", duration=0)]),
        ([Terminals("geo", 0, 5)], []),
    ],
)
def test_what_cannot_be_booked_is_an_error(terminals, asked):
    with pytest.raises(InputError, match="expected"):
        book(terminals, [], asked, now=0, lead_ns=0)


def random_case(rng):
    terminals = [Terminals("geo", rng.randint(1, 2), 3), Terminals("leo", 1, 1)]
    asked = []
    for name in "abcdef"[: rng.randint(1, 6)]:
        seen = []
        for _ in range(rng.randint(1, 2)):
            start = rng.randint(0, 50)
            seen.append(Window(rng.choice(["geo", "leo"]), start, start + rng.randint(5, 40)))
        urgent, length = rng.randrange(4), rng.randint(3, 15)
        asked.append(Request(name, name, urgent, length, rng.randint(20, 80), tuple(seen)))
    return terminals, asked


def feasible(terminals, bookings):
    """Every booking lies in a window, before its deadline, and no terminal is shared."""
    setup = {each.relay: each.setup_ns for each in terminals}
    count = {each.relay: each.count for each in terminals}
    for each in bookings:
        asked = each.request
        assert each.end_ns - each.start_ns == asked.duration_ns
        assert each.end_ns <= asked.deadline_ns
        assert 0 <= each.terminal < count[each.relay]
        assert any(
            seen.relay == each.relay
            and seen.start_ns <= each.start_ns
            and each.end_ns <= seen.end_ns
            for seen in asked.windows
        )
        for other in bookings:
            if other is not each and (other.relay, other.terminal) == (each.relay, each.terminal):
                apart = each.end_ns + setup[each.relay] <= other.start_ns
                assert apart or other.end_ns + setup[each.relay] <= each.start_ns


def best(terminals, asked):
    """The most served in each priority, the most urgent first, over all orders and places."""
    setup = {each.relay: each.setup_ns for each in terminals}
    places = [(each.relay, n) for each in terminals for n in range(each.count)]

    def search(left, taken, served):
        found = tuple(served)
        for at, one in enumerate(left):
            rest = left[:at] + left[at + 1 :]
            for seen in one.windows:
                for place in places:
                    if place[0] != seen.relay:
                        continue
                    free = taken.get(place, 0)
                    start = max(seen.start_ns, free + setup[seen.relay])
                    if start + one.duration_ns <= min(seen.end_ns, one.deadline_ns):
                        more = list(served)
                        more[3 - one.priority] += 1
                        ended = taken | {place: start + one.duration_ns}
                        found = max(found, search(rest, ended, more))
        return found

    return search(tuple(asked), {}, [0, 0, 0, 0])


def test_greedy_is_feasible_and_close_to_the_best_of_all_orders():
    """200 cases of up to 6 requests: the most urgent are served as often as they can be."""
    equal = 0
    for seed in range(200):
        terminals, asked = random_case(random.Random(seed))
        result = book(terminals, [], asked, now=0, lead_ns=0)
        feasible(terminals, result.bookings)
        assert {each.request.id for each in result.bookings} | result.refused.keys() == {
            each.id for each in asked
        }
        served = [0, 0, 0, 0]
        for each in result.bookings:
            served[3 - each.request.priority] += 1
        want = best(terminals, asked)
        assert tuple(served) <= want
        equal += tuple(served) == want
        first = sorted(asked, key=lambda each: (-each.priority, each.deadline_ns, each.id))[0]
        alone = book(terminals, [], [first], now=0, lead_ns=0)
        assert (first.id in placed(result)) == bool(alone.bookings)
    assert equal >= 180


def test_the_order_of_requests_does_not_matter():
    terminals, asked = random_case(random.Random(3))
    results = {
        book(terminals, [], order, now=0, lead_ns=0).bookings for order in permutations(asked[:4])
    }
    assert len(results) == 1


def test_bookings_become_contacts_of_what_is_visible():
    nodes = [Node("geo", "bent-pipe"), Node("craft-a", "spacecraft")]
    there = Contact("geo", "craft-a", 10, 50, 8e3, 2, 7)
    back = Contact("craft-a", "geo", 10, 50, 8e6, 2, 7)
    plan = of(nodes, [there, back])
    assert windows(plan, "craft-a", ["geo"]) == (Window("geo", 10, 50),)
    booking = Booking(request("a"), "geo", 0, 40, 60)
    assert contacts(plan, [booking]) == [
        Contact("geo", "craft-a", 40, 50, 8e3, 2, 0, origin=Origin.BOOKED),
        Contact("craft-a", "geo", 40, 50, 8e6, 2, 0, origin=Origin.BOOKED),
    ]
