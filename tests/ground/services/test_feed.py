"""A feed takes each octet once and asks again from where it is, whatever the wire does."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.journal_records import Records
from ground.messages import ReadJournal, RecordsJournalled
from ground.services.feed import ASK_AGAIN_NS, CREDIT, Feed
from protocols.errors import DecodeError

SECOND = 10**9


def journalled(position: int, *chunks: bytes, start: int | None = None) -> RecordsJournalled:
    records = Records.of(position, 1, chunks)
    end = max(records.end, position)
    begun = position if start is None else start
    return RecordsJournalled("x", begun, end, end, records.columns())


def test_it_asks_from_where_it_is_and_again_only_when_nothing_comes() -> None:
    feed = Feed("x", 100)
    assert feed.expire(10 * SECOND) == ReadJournal("x", 100, CREDIT)
    assert feed.expire(10 * SECOND + ASK_AGAIN_NS - 1) is None
    assert feed.expire(10 * SECOND + ASK_AGAIN_NS) == ReadJournal("x", 100, CREDIT)


def test_it_asks_for_more_when_half_has_come() -> None:
    feed = Feed("x", 0)
    feed.expire(10 * SECOND)
    feed.receive(journalled(0, bytes(CREDIT // 2 - 1)), 10 * SECOND)
    assert feed.expire(10 * SECOND) is None
    feed.receive(journalled(CREDIT // 2 - 1, b"x"), 10 * SECOND)
    assert feed.expire(10 * SECOND) == ReadJournal("x", CREDIT // 2, CREDIT)


def test_what_came_before_is_left_out_and_half_a_record_too() -> None:
    feed = Feed("x", 3)
    records = feed.receive(journalled(0, b"ab", b"cdef"), 1)
    assert (records.octets.tobytes(), records.position.tolist()) == (b"def", [3])
    assert len(feed.receive(journalled(0, b"ab", b"cdef"), 1)) == 0
    assert feed.position == 6


def test_behind_a_message_that_was_lost_nothing_is_taken_but_asked_for_at_once() -> None:
    feed = Feed("x", 0)
    feed.expire(10 * SECOND)
    assert len(feed.receive(journalled(5, b"late"), 10 * SECOND)) == 0
    assert feed.expire(10 * SECOND) == ReadJournal("x", 0, CREDIT)


def test_a_hole_that_the_journal_has_is_no_loss() -> None:
    feed = Feed("x", 0)
    far = 1 << 30
    assert feed.receive(journalled(far, b"on", start=0), 1).end == far + 2
    assert (feed.position, feed.behind) == (far + 2, 0)


@pytest.mark.parametrize("name", ["position", "octets", "begins"])
def test_what_are_no_records_is_refused_and_moves_nothing(name: str) -> None:
    feed = Feed("x", 0)
    message = journalled(0, b"abc")
    message.columns[name] = np.zeros(2, np.float32)
    with pytest.raises(DecodeError):
        feed.receive(message, 1)
    assert feed.position == 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_whatever_is_lost_repeated_or_late_every_octet_is_taken_once(seed: int) -> None:
    rng = random.Random(seed)
    octets = rng.randbytes(400)
    edges = sorted({0, len(octets), *rng.choices(range(len(octets)), k=20)})
    chunks = [octets[a:b] for a, b in itertools.pairwise(edges)]
    whole, feed, taken, waiting = Records.of(0, 1, chunks), Feed("x", 0), b"", []
    for now in itertools.count(1):
        asked = feed.expire(now * 3 * SECOND)
        if asked is not None:
            records = whole.behind(asked.position)
            for row in range(min(3, len(records))):
                one = records.rows(row, row + 1)
                start = int(one.position[0])
                waiting.append(RecordsJournalled("x", start, one.end, 400, one.columns()))
        rng.shuffle(waiting)
        for message in waiting[: rng.randrange(0, 4)]:
            if rng.random() < 0.7:
                taken += feed.receive(message, now * 3 * SECOND).octets.tobytes()
        del waiting[: rng.randrange(0, 5)]
        if feed.position == len(octets) or now > 5000:
            break
    assert taken == octets
