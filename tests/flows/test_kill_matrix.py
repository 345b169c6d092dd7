"""`kill -9` of each process while frames flow: what was journalled is archived once.

The sender is paced by the journal: it goes on when the frames it sent stand there. While nobody
receives, it goes on sending, and those frames are the only ones that may be missing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.sent import Sent
from tests.flows.stations import LiveStation
from tools.simulator import START_NS, Stream

PROCESSES = ("gateway", "processor", "display", "supervisor")
RECEIVING = ("gateway", "supervisor")  # without them nobody receives


class Flow:
    """Frames of a satellite on their way to a station, one after the other."""

    def __init__(self, station: LiveStation, seed: int) -> None:
        self.station, self.rng = station, random.Random(seed)
        self._stream, self._until_ns = Stream(seed=seed), START_NS
        self._ready: list[bytes] = []
        self.cadus: list[bytes] = []
        self.risky: set[int] = set()  # sent when nobody may have received

    def send(self, number: int) -> None:
        for _ in range(number):
            while not self._ready:
                self._until_ns += 600 * 10**9
                self._ready = [octets for _, octets in self._stream.frames(self._until_ns)][::-1]
            self.cadus.append(self._ready.pop())
            self.station.send(self.cadus[-1])

    def flow(self) -> None:
        """Send some frames, and wait until the last of them is in the journal."""
        self.send(self.rng.randrange(1, 9))
        self.station.until(
            lambda: self.station.newest() == self.cadus[-1], "the frame sent last in the journal"
        )

    def kill(self, process: str) -> None:
        """Kill a process in the middle of things, and send on until it is back."""
        station, first = self.station, len(self.cadus)
        self.send(self.rng.randrange(1, 9))
        killed = station.kill(process)
        if process == "supervisor":
            self.send(self.rng.randrange(1, 9))
            station.start()
        if process in RECEIVING:
            self._until_received(first)
        station.until(lambda: self._back(process, killed), f"{process} to be back")

    def _until_received(self, first: int) -> None:
        """Send until a new gateway has one of the frames, and note which nobody may have."""
        gateway = self.station.pid("gateway")
        self.station.until(lambda: self._new("gateway", gateway), "another gateway")
        self.risky |= set(range(first, len(self.cadus)))
        self.flow()

    def _new(self, service: str, killed: int) -> bool:
        """Go on sending while there is no new process of a service."""
        if self.station.pid(service) != killed and self.station.ready(service):
            return True
        self.send(1)
        return False

    def _back(self, process: str, killed: int) -> bool:
        if process == "supervisor":
            return self.station.ready()
        if not self.station.ready(process) or self.station.pid(process) == killed:
            self.flow()
            return False
        return True


def run(station: LiveStation, kills: list[str], seed: int) -> Flow:
    """Let frames flow, and kill these processes one after the other."""
    station.start()
    station.until(station.ready, "the services")
    flow = Flow(station, seed)
    for process in kills:
        for _ in range(flow.rng.randrange(1, 12)):
            flow.flow()
        flow.kill(process)
    for _ in range(5):
        flow.flow()
    return flow


def check(station: LiveStation, flow: Flow) -> None:
    """Hold archive and journal against the frames that were sent."""
    station.settle()
    assert station.stop() == 0
    sent, journalled = Sent(flow.cadus), station.frames()
    came = [sent.places[octets] for octets in journalled]
    assert len(set(came)) == len(came), "a frame is in the journal twice"
    missing = set(range(len(flow.cadus))) - set(came)
    assert missing <= flow.risky, "a frame is missing that was received"
    assert missing, "nothing was lost: the test kills nothing that receives"
    assert _differences(station.packets(), sent.arriving(came)) == ({}, {})
    assert _differences(station.gaps(), sent.gaps(came)) == ({}, {})
    kept = Counter(row["packet_type"] for row in station.table("packets"))
    assert {name: len(station.table(name)) for name in kept} == kept
    assert {row["stage"] for row in station.table("rejects")} <= {"packet"}, "more than halves"


def _differences(found: Counter, expected: Counter) -> tuple[dict, dict]:
    """Return what is too much and what is too little."""
    return dict(found - expected), dict(expected - found)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[LiveStation]:
    made = LiveStation(tmp_path, "--log", "json")
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("seed", [1])
def test_three_kills_of_each_process_lose_nothing_that_was_journalled(
    station: LiveStation, seed: int
) -> None:
    kills = [*PROCESSES] * 3
    random.Random(seed).shuffle(kills)
    check(station, run(station, kills, seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))  # fifty in all
def test_ten_kills_of_each_process_lose_nothing_that_was_journalled(
    station: LiveStation, seed: int
) -> None:
    kills = [*PROCESSES] * 10
    random.Random(seed).shuffle(kills)
    check(station, run(station, kills, seed))
