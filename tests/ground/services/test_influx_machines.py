"""The machines of the sender, cell by cell: when to send again, and which minutes are due."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.influx import Answer
from ground.archive.store import Appended
from ground.services import influx_pending
from ground.services.influx_feed import Window, merged
from ground.services.influx_pending import MINUTE_NS, Pending, Stretch
from ground.services.influx_retry import HALT_NS, LONGEST_NS, Retry
from tests.ground.services.influx import BAD, BUSY, DONE, HK, SECOND

FAR = 1 << 62


def waits(retry: Retry, answers: list[Answer]) -> list[int]:
    """Return how long the machine waits after each of these answers."""
    found = []
    for answer in answers:
        retry.receive(answer, 1000)
        found.append((retry.deadline() or 1000) - 1000)
    return found


def test_each_failure_doubles_the_wait_up_to_a_minute_and_a_good_answer_ends_it():
    retry = Retry()
    assert waits(retry, [BUSY] * 9) == [
        *(each * SECOND // 2 for each in (1, 2, 4, 8, 16, 32, 64)),
        LONGEST_NS,
        LONGEST_NS,
    ]
    assert waits(retry, [DONE, BUSY, BAD, BUSY]) == [0, SECOND // 2, 0, SECOND // 2]


def test_a_thousand_failures_are_like_ten():
    retry = Retry()
    assert waits(retry, [BUSY] * 1000)[-1] == LONGEST_NS


@pytest.mark.parametrize("after, wait", [(7.0, 7), (0.0, 0.5), (3600.0, 3600)])
def test_the_wait_is_as_long_as_the_server_asks(after, wait):
    assert waits(Retry(), [Answer("again", "", 429, after)]) == [wait * SECOND]


def test_a_halted_sender_tries_again_only_on_the_slow_timer():
    retry = Retry()
    retry.receive(Answer("halt", "HTTP 401: no", 401), 5)
    for now, state in ((5, "halted"), (4 + HALT_NS, "halted"), (5 + HALT_NS, "ready")):
        retry.expire(now)
        assert retry.state == state
    assert retry.reason == "HTTP 401: no"
    retry.receive(DONE, 6 + HALT_NS)
    assert (retry.reason, retry.deadline()) == ("", None)


def stretch(first: int, last: int, now: int = 0, serial: int = 1, table: str = HK) -> Stretch:
    return Stretch(table, False, first, last, serial, now, now)


def test_a_minute_is_due_once_closed_and_quiet_or_old():
    pending = Pending()
    pending.touch(stretch(10, 10, 0))
    closed = 11 * MINUTE_NS
    assert pending.due(9 * SECOND, closed) == []
    assert pending.due(50 * SECOND, closed - 1) == []
    pending.touch(stretch(10, 10, 55 * SECOND, serial=2))
    assert pending.due(64 * SECOND, closed) == []
    [due] = pending.due(65 * SECOND, closed)
    assert (due.first, due.last, due.serial) == (10, 10, 1)
    pending.touch(stretch(10, 10, 0))
    assert len(pending.due(90 * SECOND, 0)) == 1
    assert (len(pending), pending.oldest()) == (0, None)


def test_minutes_that_an_append_shares_do_not_hold_up_those_before():
    pending = Pending()
    pending.touch(stretch(10, 11, 0, serial=1))
    pending.touch(stretch(11, 12, 20 * SECOND, serial=2))
    [due] = pending.due(15 * SECOND, FAR)
    assert (due.first, due.last) == (10, 10)
    assert pending.oldest() == 1  # minute 11 has rows of the first append as well
    [due] = pending.due(30 * SECOND, FAR)
    assert (due.first, due.last, due.serial) == (11, 12, 1)


def test_too_many_stretches_go_at_once(monkeypatch):
    monkeypatch.setattr(influx_pending, "LIMIT", 5)
    pending = Pending()
    for at in range(6):
        pending.touch(stretch(3 * at, 3 * at))
    assert len(pending.due(0, 0)) == 6


TOUCHES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 6), st.sampled_from([HK, "/B"])), max_size=25
)


@settings(max_examples=100, deadline=None)
@given(TOUCHES, st.integers(0, 30))
def test_every_minute_that_was_touched_comes_due_once(touches, pause):
    pending, touched, given_ = Pending(), set(), []
    for serial, (first, more, table) in enumerate(touches, 1):
        now = serial * pause * SECOND
        pending.touch(stretch(first, first + more, now, serial, table))
        touched |= {(table, minute) for minute in range(first, first + more + 1)}
        for due in pending.due(now, FAR):
            given_ += [(due.table, minute) for minute in range(due.first, due.last + 1)]
            assert due.serial <= serial
    due = pending.due(FAR, FAR)
    last = [(each.table, minute) for each in due for minute in range(each.first, each.last + 1)]
    assert len(last) == len(set(last))
    assert set(given_) | set(last) == touched
    for one, two in itertools.pairwise(due):
        assert one.table != two.table or one.last + 1 < two.first


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 999), st.integers(0, 300))
    )
)
def test_merged_windows_cover_every_entry_and_lie_apart(drawn):
    entries = [
        Appended(1, "live", name, t0 * SECOND, (t0 + more) * SECOND, int(untimed), 1)
        for name, untimed, t0, more in drawn
    ]
    windows = merged(entries)
    for each in entries:
        assert any(
            (each.table, each.untimed > 0) == (window.table, window.untimed)
            and window.t0_ns <= each.t0_ns <= each.t1_ns <= window.t1_ns
            for window in windows
        )
    for one, two in itertools.pairwise(windows):
        apart = two.t0_ns - one.t1_ns > 60 * SECOND
        assert apart or (one.table, one.untimed) != (two.table, two.untimed)
    assert merged([Appended(1, "live", HK, None, None, 3, 3)]) == []
    assert Window("a", False, 0, 1) in merged([Appended(1, "live", "a", 0, 1, 0, 2)])
