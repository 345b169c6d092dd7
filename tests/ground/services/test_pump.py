"""The loop of a service: on a clock of the test's own, and with real signals in a real process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.services.pump import SECOND_NS, Pump


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now_ns = 1_000

    def __call__(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND_NS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pump(clock) -> Pump:
    return Pump(clock)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_timers_come_in_order_and_once(clock, pump):
    calls: list[str] = []
    pump.after(2, lambda: calls.append("two"))
    pump.after(1, lambda: calls.append("one"))
    pump.after(1, lambda: calls.append("one again"))
    pump.turn(wait=False)
    assert calls == []
    clock.advance(1)
    pump.turn(wait=False)
    assert calls == ["one", "one again"]
    clock.advance(100)
    pump.turn(wait=False)
    pump.turn(wait=False)
    assert calls == ["one", "one again", "two"]


def test_a_period_that_was_missed_is_left_out_and_the_beat_stays(clock, pump):
    beats: list[int] = []
    pump.every(0.1, lambda: beats.append(clock.now_ns))
    for seconds in (0.1, 0.35, 0.05, 0.01, 0.09):
        clock.advance(seconds)
        pump.turn(wait=False)
    assert [(each - 1_000) // 10_000_000 for each in beats] == [10, 45, 50, 60]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 1000), st.lists(st.integers(0, 3000), max_size=30))
def test_a_timer_is_called_at_most_once_a_turn_and_never_early(period_ms, steps_ms):
    clock = Clock()
    pump = Pump(clock)
    calls: list[int] = []
    pump.every(period_ms / 1000, lambda: calls.append(clock.now_ns - 1_000))
    for step_ms in steps_ms:
        before = len(calls)
        clock.advance(step_ms / 1000)
        pump.turn(wait=False)
        assert len(calls) - before <= 1
    periods = [each // (period_ms * 1_000_000) for each in calls]
    assert periods == sorted(set(periods)) and 0 not in periods
    reached = {sum(steps_ms[: n + 1]) // period_ms for n in range(len(steps_ms))} - {0}
    assert set(periods) == reached


def test_a_timer_that_is_cancelled_is_not_called(clock, pump):
    calls: list[str] = []
    once = pump.after(1, lambda: calls.append("once"))
    beat = pump.every(1, lambda: (calls.append("beat"), beat.cancel()))
    pump.after(1, lambda: calls.append("later"))
    once.cancel()
    for _ in range(3):
        clock.advance(1)
        pump.turn(wait=False)
    assert calls == ["beat", "later"]


def test_a_timer_set_by_a_timer_waits_for_the_next_turn(clock, pump):
    calls: list[str] = []
    pump.after(0, lambda: (calls.append("first"), pump.after(0, lambda: calls.append("second"))))
    pump.turn(wait=False)
    assert calls == ["first"]
    pump.turn(wait=False)
    assert calls == ["first", "second"]


def test_sockets_and_files_are_read_when_they_can_be(pump, pipe):
    reading, writing = pipe
    calls: list[bytes] = []
    one, other = socket.socketpair()
    with (
        zmq.Context() as context,
        context.socket(zmq.PULL) as pull,
        context.socket(zmq.PUSH) as push,
    ):
        pull.bind("inproc://x")
        push.connect("inproc://x")
        pump.on(pull, lambda: calls.append(pull.recv()))
        pump.on(reading, lambda: calls.append(os.read(reading, 9)))
        pump.on(one, lambda: calls.append(one.recv(9)))
        pump.turn(wait=False)
        assert calls == []
        push.send(b"zmq")
        os.write(writing, b"pipe")
        other.send(b"socket")
        pump.turn()
        assert sorted(calls) == [b"pipe", b"socket", b"zmq"]
        for source in (pull, reading, one):
            pump.off(source)
        pump.off(reading)
        push.send(b"unseen")
        pump.turn(wait=False)
        assert len(calls) == 3
        one.close()
        other.close()


def test_a_source_that_another_handler_took_off_is_not_called(pump):
    with zmq.Context() as context:
        pairs = [(context.socket(zmq.PULL), context.socket(zmq.PUSH)) for _ in range(2)]
        calls: list[int] = []
        for number, (pull, push) in enumerate(pairs):
            pull.bind(f"inproc://{number}")
            push.connect(f"inproc://{number}")
            push.send(b"")
            pump.on(
                pull, lambda number=number: (calls.append(number), pump.off(pairs[1 - number][0]))
            )
        pump.turn(wait=False)
        assert len(calls) == 1
        for pull, push in pairs:
            pull.close()
            push.close()


def test_it_runs_until_told_to_stop(clock, pump):
    calls: list[int] = []
    pump.every(0.001, lambda: clock.advance(0.001))
    pump.after(0, lambda: clock.advance(0.001))
    pump.run(stop=lambda: len(calls) == 3 or calls.append(0))  # type: ignore[func-returns-value]
    assert len(calls) == 3 and not pump.stopping
    pump.after(0, pump.stop)
    pump.run()
    assert pump.stopping


def test_what_a_handler_raises_ends_the_loop_and_signals_are_as_before(pump):
    earlier = signal.getsignal(signal.SIGTERM)
    pump.after(0, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pump.run()
    assert signal.getsignal(signal.SIGTERM) is earlier
    assert signal.set_wakeup_fd(-1) == -1


def test_it_runs_in_another_thread_without_signals(pump):
    pump.after(0, pump.stop)
    thread = threading.Thread(target=pump.run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


WAITING = """
from ground.services.pump import Pump
pump = Pump()
pump.after(0, lambda: print("runs", flush=True))
pump.run()
print("ended in order", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number):
    command = [sys.executable, "-c", WAITING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(number)
        assert process.stdout.read() == "ended in order\n"
        assert process.wait(10) == 0
