"""A link's intake and its readers at a gateway, joined by queues in place of sockets."""

from __future__ import annotations

import errno
import os
from collections import deque
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive import journal
from ground.archive.journal import Records
from ground.link.managed import ManagedLink
from ground.link.memory import Memory
from ground.link.receiver import Chunk, Receiver
from ground.messages import RecordsJournalled
from ground.services import feed as feed_module
from ground.services.feed import Feed
from ground.services.gateway_intake import Intake
from ground.services.gateway_readers import Readers

SECOND = 1_000_000_000


class Wireless(Receiver):
    """A link that cannot repeat what was refused, as most cannot."""

    def __init__(self) -> None:
        super().__init__("here")
        self.waiting: list[bytes] = []

    def put(self, octets: bytes) -> None:
        self.waiting.append(octets)

    def open(self, now: int) -> None:
        self._is("up")

    def receive(self, now: int) -> list[Chunk]:
        waiting, self.waiting = self.waiting, []
        return [Chunk(each) for each in waiting]

    def close(self) -> None:
        self._is("disabled")


class House:
    """A gateway of one link, and the queues of its readers."""

    def __init__(self, folder: Path, receiver: Receiver | None = None) -> None:
        self.link = receiver or Memory()
        self.intake = Intake(ManagedLink("kashi", "memory", self.link), folder)
        self.intake.line.start(0)
        self.readers = Readers({"kashi": self.intake}, self._send)
        self.queues: dict[bytes, deque[tuple[RecordsJournalled, int]]] = {}
        self.room = 1000
        self.requests = self.delivered = 0

    def _send(self, identity: bytes, message: RecordsJournalled, request: int) -> bool:
        queue = self.queues.get(identity)
        if queue is None or len(queue) >= self.room:
            return False
        queue.append((message, request))
        return True

    def feed(self, identity: bytes, position: int = 0) -> Feed:
        """Return the feed of a new connection, asked for once."""
        self.queues[identity] = deque()
        made = Feed("kashi", position)
        self.ask(identity, made, 2 * SECOND)
        return made

    def ask(self, identity: bytes, feed: Feed, now: int) -> bool:
        asked = feed.expire(now)
        if asked is not None:
            self.requests += 1
            self.readers.ask(identity, asked, self.requests, now)
        return asked is not None

    def deliver(self, identity: bytes, feed: Feed, now: int = 2 * SECOND) -> list[bytes]:
        """Hand a reader what waits for it and return the records it took."""
        got: list[bytes] = []
        while self.queues[identity]:
            message, request = self.queues[identity].popleft()
            assert 1 <= request <= self.requests
            got += text(feed.receive(message, now))
            self.delivered += 1
            self.ask(identity, feed, now)
        return got

    def take(self, *octets: bytes, now: int = 0) -> None:
        for each in octets:
            self.link.put(each)
        self.intake.receive(now, 77 * SECOND)
        self.readers.serve(now)

    def close(self) -> None:
        self.readers.close()
        self.intake.close()


def text(records: Records) -> list[bytes]:
    starts = records.starts.tolist()
    return [records.octets[a:b].tobytes() for a, b in pairwise(starts)]


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path / "journal")
    yield made
    made.close()


def test_what_is_received_is_journalled_and_then_sent(house):
    feed = house.feed(b"processor")
    house.take(b"one", b"two")
    assert text(journal.read(house.intake.journal.folder, 0, 100)) == [b"one", b"two"]
    assert house.deliver(b"processor", feed) == [b"one", b"two"]
    assert (feed.position, feed.behind) == (6, 0)


def test_an_old_position_is_served_from_the_files_and_then_live(house, monkeypatch):
    monkeypatch.setattr("ground.services.gateway_intake._TAIL_OCTETS", 50_000)
    sent = [bytes([each]) * 10_000 for each in range(20)]
    for each in sent:
        house.take(each)
    feed = house.feed(b"processor", 15_000)
    while house.readers.serve(0):
        pass
    got = house.deliver(b"processor", feed)
    house.take(b"live")
    got += house.deliver(b"processor", feed)
    assert b"".join(got) == b"".join(sent)[15_000:] + b"live"


def test_no_more_is_sent_than_the_credit_and_none_of_it_twice(house, monkeypatch):
    monkeypatch.setattr(feed_module, "CREDIT", 3000)
    feed = house.feed(b"processor")
    house.take(*[bytes([each]) * 1000 for each in range(20)])
    assert sum(each.end - each.start for each, _ in house.queues[b"processor"]) == 3000
    got = house.deliver(b"processor", feed)
    assert (len(got), feed.position) == (20, 20_000)
    assert house.readers.sent == house.delivered


def test_a_reader_that_asks_from_the_same_position_is_sent_it_anew(house):
    feed = house.feed(b"processor")
    house.take(b"one")
    house.queues[b"processor"].clear()  # a message that got lost
    house.take(b"two")
    assert house.deliver(b"processor", feed) == [b"one", b"two"]


def test_readers_do_not_know_of_each_other(house):
    first, second = house.feed(b"a"), house.feed(b"b", 3)
    house.take(b"one", b"two")
    assert house.deliver(b"a", first) == [b"one", b"two"]
    assert house.deliver(b"b", second) == [b"two"]


def test_a_slow_reader_holds_up_nobody_and_loses_nothing(house):
    slow, fast = house.feed(b"slow"), house.feed(b"fast")
    house.room = 2
    got = []
    for number in range(20):
        house.take(bytes([number]))
        assert house.deliver(b"fast", fast) == [bytes([number])]
    while len(got) < 20:
        got += house.deliver(b"slow", slow)
        house.readers.serve(0)
    assert got == [bytes([number]) for number in range(20)]


def test_a_reader_that_went_away_is_forgotten(house):
    house.feed(b"processor")
    del house.queues[b"processor"]
    house.take(b"one")
    house.readers.serve(9 * SECOND)
    assert len(house.readers) == 1
    house.readers.serve(11 * SECOND)
    assert (len(house.readers), house.readers.forgotten) == (0, 1)
    assert house.intake.line.records == 1


def test_the_oldest_of_too_many_readers_goes(house):
    for number in range(70):
        house.feed(b"%d" % number)
    assert len(house.readers) == 64


def test_what_is_missing_in_a_journal_is_known_to_the_reader(house):
    house.take(b"one")
    house.intake.journal.jump(1000)
    house.take(b"two")
    feed = house.feed(b"processor", 3)
    assert house.deliver(b"processor", feed) == [b"two"]
    assert feed.position == 1003


def test_what_came_before_a_reader_showed_a_later_position_is_not_hidden_from_it(house):
    """The journal's folder was lost; the reader's cursor is from before that."""
    house.take(b"one", b"two")
    feed = house.feed(b"processor", 5000)
    house.intake.jump(5000)
    house.take(b"three")
    assert house.deliver(b"processor", feed) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("repeats", [True, False])
def test_a_full_disk_is_loud_counted_and_over_by_itself(tmp_path, monkeypatch, repeats):
    house = House(tmp_path / "journal", None if repeats else Wireless())
    put = house.link.put
    put(b"before")
    house.intake.receive(0, 1)
    real = os.pwrite

    def full(descriptor: int, octets: bytes, at: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    put(b"one")
    assert not house.intake.receive(0, 2)
    row = house.intake.row("local", 0)
    assert row.state == "failed" and "no space left on the disk" in row.detail
    monkeypatch.setattr(os, "pwrite", real)
    put(b"two")
    assert house.intake.receive(0, 3)
    row, stage = house.intake.row("local", 0), house.intake.stage()
    assert (row.state, row.dropped) == ("up", {} if repeats else {"disk": 1})
    assert stage.balanced and stage.given == 3
    found = journal.read(house.intake.journal.folder, 6, 100)
    assert text(found) == ([b"one", b"two"] if repeats else [b"two"])
    assert bool(found.begins[0]) is not repeats
    house.close()


def test_a_disk_that_refuses_to_sync_is_loud_until_it_does(house, monkeypatch):
    def refused(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    house.take(b"one")
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", refused)
    house.intake.sync()
    assert house.intake.row("local", 0).state == "failed"
    house.take(b"two")  # the link keeps it: the journal takes nothing
    assert house.intake.line.records == 1
    monkeypatch.setattr(os, "fdatasync", real)
    house.intake.sync()
    assert house.intake.row("local", 0).state == "up"
    house.take()
    assert text(journal.read(house.intake.journal.folder, 0, 100)) == [b"one", b"two"]


@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(st.sampled_from(["take", "deliver", "cut", "lose", "silence", "slow"])),
    credit=st.integers(1, 50),
)
def test_whatever_breaks_nothing_is_lost_or_repeated(tmp_path_factory, steps, credit):
    house = House(tmp_path_factory.mktemp("any") / "journal")
    before, feed_module.CREDIT = feed_module.CREDIT, credit
    feed, name, now, got, sent = house.feed(b"0"), b"0", 2 * SECOND, [], []
    for number, step in enumerate([*steps, "deliver"]):
        now += SECOND // 10
        house.room = 1 if step == "slow" else 1000
        if step == "take":
            sent.append(bytes([number]) * (1 + number % 7))
            house.take(sent[-1], now=now)
        elif step == "deliver":
            got += house.deliver(name, feed, now)
        elif step == "cut":  # what was on its way is gone; a new connection, a new identity
            del house.queues[name]
            name = b"%d" % (number + 1)
            feed = house.feed(name, feed.position)
        elif step == "lose" and house.queues[name]:
            house.queues[name].popleft()
        elif step == "silence":
            now += 3 * SECOND
        house.ask(name, feed, now)
    for _ in range(100):
        now += SECOND
        house.ask(name, feed, now)
        house.readers.serve(now)
        got += house.deliver(name, feed, now)
    feed_module.CREDIT = before
    assert b"".join(got) == b"".join(sent)
    house.close()
