"""Facts to listeners: each knows exactly what it missed, and harms nobody else."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing

import numpy as np
import psutil
import pytest
import zmq

from ground import messages, wire
from ground.bus.keys import KeyPair, Keyring
from ground.bus.sockets import Publisher, Subscriber
from ground.errors import Refused

from .conftest import until

EVENTS = messages.EventsRaised([])
ALARMS = messages.AlarmsChanged([])


def event(number: int, octets: int = 0) -> messages.EventsRaised:
    text = str(number).rjust(octets)
    return messages.EventsRaised([messages.EventRow(number, "test", "", "info", "n", text)])


def numbers(envelopes: list[wire.Envelope]) -> list[int]:
    return [each.message.events[0].t_ns for each in envelopes]


@pytest.fixture
def publisher(context, run):
    with closing(Publisher(context, run.publisher("processor"), "live")) as publisher:
        yield publisher


def listen(context, publisher: Publisher, *topics: str, **more) -> Subscriber:
    subscriber = Subscriber(context, [publisher.address], topics or ("live/",), **more)
    until(lambda: publisher.wanted("events", "raised"))
    return subscriber


def test_a_fact_comes_as_it_was_said(context, publisher):
    with closing(listen(context, publisher)) as subscriber:
        columns = {"start_ns": np.arange(5), "mean": np.ones(5)}
        publisher.send(messages.TrendRead("CG-1", "/P", -1, columns), "parameters", "/CG1/HK", 9)
        until(lambda: subscriber.socket.poll(0))
        [found] = subscriber.receive()
        assert (found.topic, found.realm) == ("live/parameters//CG1/HK", "live")
        assert (found.seq, found.t_ns) == (1, 9)
        assert found.message.columns["mean"].tolist() == [1.0] * 5
        assert publisher.sent == 1 and subscriber.receive() == []


def test_nothing_is_made_where_no_one_listens(context, publisher):
    publisher.send(object(), "events", "raised", 0)  # would not travel
    assert publisher.sent == 0 and not publisher.wanted("events", "raised")
    with closing(listen(context, publisher, "live/events/")):
        assert publisher.wanted("events", "raised") and not publisher.wanted("alarms", "changed")
        with pytest.raises(wire.WireError):
            publisher.send(object(), "events", "raised", 0)
    until(lambda: not publisher.wanted("events", "raised"))


def test_a_filter_and_a_late_start_are_no_loss(context, publisher):
    for _ in range(3):
        publisher.send(EVENTS, "events", "raised", 0)
    with closing(listen(context, publisher, "live/events/")) as subscriber:
        for _ in range(5):
            publisher.send(EVENTS, "events", "raised", 0)
            publisher.send(ALARMS, "alarms", "changed", 0)
        found: list[wire.Envelope] = []
        until(lambda: found.extend(subscriber.receive()) or len(found) == 5)
        assert [each.seq for each in found] == [4, 5, 6, 7, 8]
        assert not subscriber.missed and not subscriber.refused


def test_what_was_said_while_a_listener_was_away_is_missed(context, publisher):
    with closing(listen(context, publisher)) as subscriber:
        publisher.send(EVENTS, "events", "raised", 0)
        until(lambda: subscriber.receive())
        subscriber.socket.disconnect(publisher.address)
        until(lambda: subscriber.receive() or not publisher.wanted("events", "raised"))
        publisher.send(EVENTS, "events", "raised", 0)
        publisher.skip("events", "raised")
        subscriber.connect(publisher.address)
        until(lambda: publisher.wanted("events", "raised"))
        publisher.send(EVENTS, "events", "raised", 0)
        until(lambda: subscriber.receive())
        assert subscriber.missed == {"live/events/raised": 2}


def test_a_listener_that_does_not_read_knows_exactly_what_it_missed(context, publisher):
    slow = listen(context, publisher, high_water=2)
    steady = listen(context, publisher)
    with closing(slow), closing(steady):
        publisher.send(event(0), "events", "raised", 0)
        until(lambda: slow.socket.poll(0))
        kept, seen = numbers(slow.receive()), []
        for number in range(1, 8_001):
            publisher.send(event(number, 1_000), "events", "raised", 0)
            seen += numbers(steady.receive())
        until(lambda: seen.extend(numbers(steady.receive())) or seen[-1] == 8_000)
        kept += drained(slow)
        publisher.send(event(8_001), "events", "raised", 0)  # by which it sees the last gap
        until(lambda: kept.extend(numbers(slow.receive())) or kept[-1] == 8_001)
        assert slow.missed["live/events/raised"] == 8_002 - len(kept) > 0
        assert seen == list(range(seen[0], 8_001)) and seen[0] < 2 and not steady.missed


def drained(subscriber: Subscriber) -> list[int]:
    found: list[int] = []
    while subscriber.socket.poll(200):
        found += numbers(subscriber.receive())
    return found


FROZEN = """
import sys, zmq
from ground.bus.sockets import Subscriber
subscriber = Subscriber(zmq.Context(), [sys.argv[1]])
last, count, span = -1, 0, []
while last < int(sys.argv[2]):
    subscriber.socket.poll(1000)
    for each in subscriber.receive():
        count, last = count + 1, each.message.events[0].t_ns
        span = [*span[:1], each.seq]
        if count == 1:
            print("listens", flush=True)
print(count, subscriber.missed["live/events/raised"], *span, flush=True)
"""


def test_a_frozen_listener_knows_its_losses_and_costs_no_more_than_its_queue(context, run):
    rounds, octets = 3_000, 50_000  # 150 MB in all
    address = run.publisher("processor")
    publisher = Publisher(context, address, "live", high_water=100)
    command = [sys.executable, "-c", FROZEN, address, str(rounds)]
    with (
        closing(publisher),
        closing(listen(context, publisher)) as steady,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as frozen,
    ):
        assert frozen.stdout is not None
        while not select(frozen.stdout):
            publisher.send(event(0), "events", "raised", 0)
        assert frozen.stdout.readline() == "listens\n"
        until(lambda: not steady.receive())
        frozen.send_signal(signal.SIGSTOP)
        before = psutil.Process().memory_info().rss
        seen: list[int] = []
        for number in range(1, rounds):
            publisher.send(event(number, octets), "events", "raised", 0)
            until(lambda sent=number: seen.extend(numbers(steady.receive())) or seen[-1:] == [sent])
        grown = psutil.Process().memory_info().rss - before
        frozen.send_signal(signal.SIGCONT)
        publisher.send(event(rounds), "events", "raised", 0)
        while not select(frozen.stdout):
            publisher.send(event(rounds), "events", "raised", 0)
        count, missed, first, last = map(int, frozen.stdout.readline().split())
        assert seen == list(range(1, rounds)) and not steady.missed
        assert missed > rounds // 2
        assert count + missed == last - first + 1
        assert grown < 2 * 100 * octets + (16 << 20)


def select(stream) -> bool:
    poller = zmq.Poller()
    poller.register(stream, zmq.POLLIN)
    return bool(poller.poll(20))


def test_a_publisher_that_starts_again_is_no_loss(context, run):
    address = run.publisher("processor")
    first = Publisher(context, address, "live")
    with closing(listen(context, first)) as subscriber:
        for _ in range(500):
            first.send(EVENTS, "events", "raised", 0)
        until(lambda: any(each.seq == 500 for each in subscriber.receive()))
        first.close()
        with closing(Publisher(context, address, "live")) as second:
            until(lambda: subscriber.receive() or second.wanted("events", "raised"))
            second.send(EVENTS, "events", "raised", 0)
            until(lambda: [each.seq for each in subscriber.receive()] == [1])
        assert not subscriber.missed and not subscriber.refused


def test_two_publishers_of_one_topic_are_told_apart(context, run):
    publishers = [Publisher(context, run.publisher(name), "live") for name in ("a", "b")]
    with closing(Subscriber(context, [each.address for each in publishers])) as subscriber:
        until(lambda: all(each.wanted("events", "raised") for each in publishers))
        for number in range(100):
            publishers[number % 3 == 0].send(EVENTS, "events", "raised", 0)
        found: list[wire.Envelope] = []
        until(lambda: found.extend(subscriber.receive()) or len(found) == 100)
        assert not subscriber.missed and not subscriber.refused
    for each in publishers:
        each.close()


def test_what_is_no_fact_is_counted_and_what_came_before_is_not_taken_again(context, run):
    with context.socket(zmq.XPUB) as raw:
        raw.linger = 0
        raw.bind(run.publisher("mallory"))
        with closing(Subscriber(context, [run.publisher("mallory")])) as subscriber:
            raw.recv()
            stands = {"topic": "live/events/raised", "realm": "live", "t_ns": 0}
            for number in (1, 2, 2, 1, 4):
                raw.send_multipart(wire.encode(EVENTS, seq=number, epoch=1, **stands))
            raw.send_multipart([b"live/events/raised", b"\xc1"])
            raw.send_multipart([b"live/events/raised", b"", bytes(wire.MAX_OCTETS)])
            found: list[wire.Envelope] = []
            until(
                lambda: found.extend(subscriber.receive()) or sum(subscriber.refused.values()) == 4
            )
            assert [each.seq for each in found] == [1, 2, 4]
            assert subscriber.missed == {"live/events/raised": 1}
            assert subscriber.refused == {"repeated": 2, "malformed": 1, "oversized": 1}


# --- Over TCP -----------------------------------------------------------------------------------

NETWORK = "tcp://127.0.0.1:0"


def test_facts_leave_the_machine_only_to_keys_that_are_authorised(context, keyring):
    publisher = Publisher(context, NETWORK, "live", keyring=keyring)
    server, stranger = keyring.public("station"), KeyPair("mallory", *zmq.curve_keypair())
    good = Subscriber(context, [publisher.address], pair=keyring.own("olga"), server=server)
    bad = Subscriber(context, [publisher.address], pair=stranger, server=server)
    none = context.socket(zmq.SUB)
    none.subscribe(b"")
    none.connect(publisher.address)
    with closing(publisher), closing(good), closing(bad), none:
        found: list[wire.Envelope] = []

        def refused_and_served() -> bool:
            publisher.send(EVENTS, "events", "raised", 0)
            found.extend(good.receive())
            reasons = {"key not authorised", "mechanism is not CURVE"}
            return bool(found) and publisher.refused.keys() == reasons

        until(refused_and_served)
        assert bad.trouble == "key not authorised" and bad.receive() == []
        assert not none.poll(50)
        keyring.authorise("mallory", stranger.public, "view")
        until(lambda: refused_and_served() and bad.receive())


def test_no_facts_leave_the_machine_without_keys(context, home, publisher):
    empty = Keyring(home / "other")
    empty.ensure("station", "service")
    for keyring in (None, empty):
        with pytest.raises(Refused, match="no client key"):
            Publisher(context, NETWORK, "live", keyring=keyring)
    with pytest.raises(Refused, match="no keys given"):
        Subscriber(context, ["tcp://127.0.0.1:1"])
