"""The live station, measured: real processes, real sockets, a real archive, and nothing lost.

Wall clock, as two processes share the work; the reference is what was asked of a station.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

from ground import settings
from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.bus.addresses import Run
from ground.bus.sockets import Subscriber
from ground.messages import ParametersDecoded, ServiceReported
from ground.services import missions
from ground.services.library import Unkept
from ground.services.player import Player
from ground.services.replay import Replay
from ground.services.tracks import JournalTrack
from tests.flows.virtual import VirtualStation
from tests.speed.clock import Race, races
from tools.simulator import START_NS
from tools.simulator.live import Stream

pytestmark = pytest.mark.speed

REALM = "sim/speed"
SECOND = 10**9
HOURS = 40  # of the simulated satellite, sent as fast as is asked
IDLE_VCID = 63
SETTLED = 3_000  # frames, after which a new process has met every packet type


class Station:
    """A gateway and a processor as processes of their own; ended by pid."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        folder = Path(settings.find("chenguang1").path).parent
        text = (folder / "mission.toml").read_text().replace("127.0.0.1:10015", f"127.0.0.1:{port}")
        text = text.replace('"database.xml"', f'"{folder / "database.xml"}"')
        self.mission = home / "mission.toml"
        self.mission.write_text(text)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.subscriber = Subscriber(self.context, (), (f"{REALM}/status/",))
        for name in ("gateway", "processor"):
            self.subscriber.connect(Run(home, REALM).publisher(name))
        self.processes = [self._service(name) for name in ("gateway", "processor")]

    def _service(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "ground", "service", name, str(self.mission)]
        return subprocess.Popen([*command, "--realm", REALM, "--home", str(self.home)])

    def reports(self) -> Iterator[ServiceReported]:
        """Yield what services say of themselves, until nobody asks any more."""
        while True:
            assert self.subscriber.socket.poll(20_000), "the station says nothing"
            for envelope in self.subscriber.receive():
                if isinstance(envelope.message, ServiceReported):
                    yield envelope.message

    def ready(self) -> None:
        seen = set()
        for report in self.reports():
            seen.add(report.service)
            if {"gateway", "processor"} <= seen:
                return

    def taken(self, octets: int) -> list[ServiceReported]:
        """Wait until the gateway is told that all of this is in the archive."""
        told = []
        for report in self.reports():
            told.append(report)
            for link in report.links:
                if link.name == "kashi" and link.acknowledged >= octets:
                    return told
        raise AssertionError

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self.subscriber.close()
        self.context.term()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Station(tmp_path, port)
    try:
        made.ready()
        yield made
    finally:
        made.close()


def _all_cadus(hours: int) -> list[bytes]:
    stream = Stream(seed=1, keep_truth=False)
    found = []
    for minute in range(1, hours * 60 + 1):
        found += [octets for _, octets in stream.frames(START_NS + minute * 60 * SECOND)]
    return found


def cadus(hours: int) -> list[bytes]:
    """Return the CADUs of the satellite without the idle ones, as a busy channel would be."""
    found = _all_cadus(hours)
    idle = [_vcid(each) == IDLE_VCID for each in found]
    return [each for each, no in zip(found, idle, strict=True) if not no]


def _vcid(cadu: bytes) -> int:
    """Return the virtual channel of a CADU: its header's second octet, under the randomiser."""
    return (cadu[5] ^ 0x48) & 0x3F  # 131.0-B-5 §10.4.1: the sequence begins ff 48


def test_udp_to_the_archive(station):
    """At least 50,000 packets and 2 M samples a second on two cores, and nothing is lost."""
    frames = cadus(HOURS)
    address = ("127.0.0.1", station.port)
    octets = sum(map(len, frames))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        start = time.monotonic()
        for place, frame in enumerate(frames):
            sender.sendto(frame, address)
            if place % 64 == 63:  # a pace that the kernel's buffer can hold
                ahead = place / 12_000 - (time.monotonic() - start)
                if ahead > 0:
                    time.sleep(ahead)
        told = station.taken(octets)
        seconds = time.monotonic() - start
    with EmbeddedStore.open(station.home / "archive", write=False) as store:
        tables = {info.name: info.rows for info in store.tables(REALM)}
    packets = tables["packets"]
    samples = max(r.figures["samples"] for r in told if r.service == "processor")
    assert "gaps" not in tables and "rejects" not in tables
    for name, work, wanted in (("packets", packets, 50e3), ("samples", samples, 2e6)):
        race = Race(f"UDP to the archive, lossless, two processes: {name}", work, name)
        race.seconds["ours"] = seconds
        race.at_least_rate(wanted)
        races.append(race)


def test_a_replay_of_the_demo_mission(tmp_path):
    """At least a hundred times real time; the reference is the satellite's own time."""
    virtual, hours = VirtualStation(tmp_path), 4
    octets = _all_cadus(hours)
    made = Records.of(0, 0, octets, [True, *[False] * (len(octets) - 1)])
    times = START_NS + np.arange(len(octets)) * (hours * 3600 * SECOND // len(octets))
    records = Records(made.position, times, made.length, made.begins, made.octets)
    virtual.record("kashi", records)
    crafts = missions.crafts(virtual.mission, Unkept())

    def replayed() -> None:
        track = JournalTrack("kashi", virtual.journal("kashi"))
        player = Player([track], START_NS, int(times[-1]) + 1, rate=0)
        replay = Replay(virtual.mission, crafts, player, "replay/speed")
        while replay.turn(0):
            replay.outbox.take()
        assert replay.packets > 40_000

    race = Race("replay of the demo mission, all values calibrated and told", hours * 3600, "s")
    race.run(rounds=3, ours=replayed)
    race.seconds["real time"] = hours * 3600.0
    race.at_least(100, over="real time")


def test_a_frame_reaches_a_subscriber(station):
    """From the datagram to the values at a subscriber, at 1,000 frames a second."""
    frames = cadus(8)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    listener = Subscriber(
        context, (Run(station.home, REALM).publisher("processor"),), (f"{REALM}/parameters/",)
    )
    address, latencies = ("127.0.0.1", station.port), []
    time.sleep(0.5)  # the subscription is on its way
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        start = time.monotonic()
        for place, frame in enumerate(frames):
            sender.sendto(frame, address)
            due = start + (place + 1) / 1000
            while (left := due - time.monotonic()) > 0:
                if listener.socket.poll(max(1, int(left * 1000))):
                    now = time.time_ns()
                    for envelope in listener.receive():
                        if isinstance(envelope.message, ParametersDecoded) and place > SETTLED:
                            latencies.append(now - _received(envelope.message))
    listener.close()
    context.term()
    assert len(latencies) > 1000
    p50, p99 = np.percentile(latencies, [50, 99]) / 1e9
    for name, value in (("p50", p50), ("p99", p99)):
        race = Race(f"frame in to subscriber at 1,000 frames/s, {name}", 1, "frames")
        race.seconds["ours"] = float(value)
        races.append(race)
    print(f"\nframe in to subscriber: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms")


def _received(message: ParametersDecoded) -> int:
    """Return when the newest packet was received, unix ns."""
    from protocols import times

    return int(times.tai_to_utc_ns(message.columns["received_ns"].max()))
