"""Who runs when: the machine under a clock of the test's own."""

from __future__ import annotations

import signal

from hypothesis import given, settings
from hypothesis import strategies as st

from ground.services.supervision import (
    FIRST_PAUSE_NS,
    HEALTHY_NS,
    LONGEST_PAUSE_NS,
    PATIENCE_NS,
    Act,
    Supervision,
    why,
)

GROUPS = [["gateway"], ["processor", "display"]]
SECOND = 10**9


def started(now: int = 0) -> Supervision:
    machine = Supervision(GROUPS, now)
    machine.expire(now)
    return machine


def test_all_are_started_at_once_the_gateway_first() -> None:
    acts = Supervision(GROUPS, 5).expire(5)
    assert acts == [Act("start", each) for each in ("gateway", "processor", "display")]


def test_nothing_is_to_be_done_while_all_run() -> None:
    machine = started()
    assert machine.deadline() is None
    assert machine.expire(1000 * SECOND) == []


def test_one_that_ended_is_started_again_after_a_pause_that_doubles_to_30_s() -> None:
    machine, now, pauses = started(), 0, []
    for _ in range(10):
        machine.ended("processor", "killed by SIGKILL", now)
        due = machine.deadline()
        assert due is not None and machine.expire(due - 1) == []
        assert machine.expire(due) == [Act("start", "processor")]
        pauses.append((due - now) / SECOND)
        now = due
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    assert machine.children["processor"].restarts == 10
    assert machine.children["processor"].ended == "killed by SIGKILL"
    assert machine.children["gateway"].restarts == 0


def test_after_a_minute_of_health_the_pause_is_short_again() -> None:
    for healthy, pause in ((HEALTHY_NS - 1, 2 * FIRST_PAUSE_NS), (HEALTHY_NS, FIRST_PAUSE_NS)):
        machine = started()
        machine.ended("display", "exit code 1", 0)
        machine.expire(FIRST_PAUSE_NS)
        now = FIRST_PAUSE_NS + healthy
        machine.ended("display", "exit code 1", now)
        assert machine.deadline() == now + pause


def test_one_that_could_not_be_started_is_tried_again() -> None:
    machine = started()
    machine.ended("display", "not started: out of memory", 0)
    assert machine.expire(FIRST_PAUSE_NS) == [Act("start", "display")]


def test_the_gateway_is_told_to_stop_when_the_others_have() -> None:
    machine = started()
    machine.stop()
    assert machine.expire(0) == [Act("terminate", "processor"), Act("terminate", "display")]
    assert machine.expire(1) == []
    machine.ended("display", "exit code 0", 2)
    assert machine.expire(2) == [] and not machine.finished
    machine.ended("processor", "exit code 0", 3)
    assert machine.expire(3) == [Act("terminate", "gateway")]
    assert not machine.finished
    machine.ended("gateway", "exit code 0", 4)
    assert machine.finished and machine.deadline() is None and machine.expire(5) == []


def test_one_that_does_not_stop_is_killed_after_10_s() -> None:
    machine = started()
    machine.stop()
    machine.expire(0)
    machine.ended("display", "exit code 0", 1)
    assert machine.deadline() == PATIENCE_NS == 10 * SECOND
    assert machine.expire(PATIENCE_NS - 1) == []
    assert machine.expire(PATIENCE_NS) == [Act("kill", "processor")]
    machine.ended("processor", "killed by SIGKILL", PATIENCE_NS)
    assert machine.expire(PATIENCE_NS) == [Act("terminate", "gateway")]


def test_one_that_waits_to_be_started_again_is_not_when_all_stop() -> None:
    machine = started()
    machine.ended("processor", "exit code 1", 0)
    machine.stop()
    assert machine.expire(100 * SECOND) == [Act("terminate", "display")]
    assert machine.children["processor"].due is None


@given(
    st.lists(st.tuples(st.sampled_from(["gateway", "processor", "display"]), st.integers(0, 90)))
)
@settings(max_examples=60, deadline=None)
def test_whatever_ends_comes_back_and_never_twice(ends: list[tuple[str, int]]) -> None:
    machine, now, running = started(), 0, {"gateway", "processor", "display"}
    for service, seconds in ends:
        now += seconds * SECOND
        for act in machine.expire(now):
            assert act.what == "start" and act.service not in running
            running.add(act.service)
        if service in running:
            running.remove(service)
            machine.ended(service, "exit code 1", now)
    running |= {act.service for act in machine.expire(now + LONGEST_PAUSE_NS)}
    assert running == {"gateway", "processor", "display"}


def test_the_cause_of_an_end_is_told_in_words() -> None:
    assert why(3) == "exit code 3"
    assert why(-signal.SIGKILL) == "killed by SIGKILL"
    assert why(-99) == "killed by signal 99"
