"""A link under an operator's hands, its counts and rates; and when to try again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.errors import InputError
from ground.link import kinds
from ground.link.backoff import Backoff
from ground.link.managed import ManagedLink, Rate
from ground.link.memory import Memory
from ground.link.receiver import Chunk
from ground.link.udp import Udp

SECOND = 1_000_000_000


@pytest.fixture
def line() -> ManagedLink:
    made = ManagedLink("kashi", "memory", Memory())
    made.start(0)
    return made


def test_a_disabled_link_receives_nothing_until_it_is_enabled(line):
    line.receiver.put(b"one")
    line.control("disable", 0)
    assert (line.state, line.receive(0), line.due(0)) == ("disabled", [], False)
    line.control("reset", 0)
    assert line.state == "disabled"
    line.control("enable", 0)
    assert line.state == "up" and len(line.receive(0)) == 1


def test_a_link_that_starts_disabled_is_not_opened():
    line = ManagedLink("kashi", "udp", Udp("127.0.0.1:0"), enabled=False)
    line.start(0)
    assert line.receiver.filenos() == [] and line.state == "disabled"
    line.control("enable", 0)
    assert line.state == "up"
    before = line.receiver.filenos()
    line.control("enable", 0)
    assert line.receiver.filenos() == before
    line.close()


def test_what_was_kept_is_counted_and_what_was_not_is_so_by_reason(line):
    udp = ManagedLink("kashi", "udp", Udp("127.0.0.1:0"))
    chunks = [Chunk(b"abc"), Chunk(b"de")]
    udp.kept(chunks, 0, 77)
    assert (udp.records, udp.octets, udp.last_ns) == (2, 5, 77)
    udp.lost(chunks, "disk", "no space left on the disk")
    assert (udp.state, udp.detail) == ("failed", "no space left on the disk")
    assert udp.all_dropped() == {"disk": 2}
    udp.kept(chunks, 0, 78)
    assert udp.state != "failed"
    line.lost(chunks, "disk", "no space left on the disk")
    assert line.state == "failed" and line.all_dropped() == {}  # memory gives them again


def test_the_rate_is_that_of_the_last_whole_seconds():
    rate = Rate()
    for second in range(20):
        rate.add(1000, second * SECOND)
        rate.add(250, second * SECOND + 5)
    assert rate.bps(20 * SECOND) == 8 * 1250
    assert rate.bps(23 * SECOND) == 8 * 1250 * 2 / 5
    assert rate.bps(60 * SECOND) == 0


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), failures=st.integers(1, 80))
def test_each_wait_is_between_half_and_all_of_the_doubled_one(seed, failures):
    backoff, now = Backoff(0.5, 30, seed), 0
    for attempt in range(failures):
        at = backoff.fail(now)
        whole = min(30.0, 0.5 * 2.0**attempt)
        assert whole / 2 * SECOND - 1 <= at - now <= whole * SECOND
        assert backoff.deadline() == at
        assert not backoff.expire(at - 1)
        assert backoff.expire(at) and not backoff.expire(at)
        now = at
    backoff.succeed()
    assert backoff.deadline() is None
    assert backoff.fail(0) <= 0.5 * SECOND


def test_stations_of_other_seeds_do_not_try_in_step():
    assert len({Backoff(seed=seed).fail(0) for seed in range(20)}) == 20
    assert Backoff(seed=3).fail(0) == Backoff(seed=3).fail(0)


@pytest.mark.parametrize(
    "kind", ["udp", "tcp-client", "tcp-server", "serial", "file", "directory", "memory"]
)
def test_each_kind_of_a_mission_file_has_its_receiver(kind, tmp_path):
    made = kinds.receiver(kind, "127.0.0.1:0", notes=tmp_path / "notes")
    assert made.state == "disabled"
    made.close()


def test_a_kind_that_is_none_and_an_address_that_is_missing_are_refused():
    with pytest.raises(InputError, match="no kind of link"):
        kinds.receiver("pigeon", "roof")
    with pytest.raises(InputError, match="without address"):
        kinds.receiver("udp", None)
