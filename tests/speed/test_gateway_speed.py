"""UDP to the journal: records and octets a second through the gateway's own path, lossless."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from ground.archive import journal
from ground.archive.journal import Journal, Records
from ground.link.managed import ManagedLink
from ground.link.udp import Udp
from ground.services.gateway_intake import Intake
from tests.speed.clock import Race, races

pytestmark = pytest.mark.speed

FRAME_OCTETS = 1115
BURST = 1000  # datagrams that wait in the kernel at once
BURSTS = 20
SYNC_EVERY = 5  # bursts, about the 100 ms of the gateway


class Way:
    """A UDP link on loopback with its journal; each burst is sent and then taken."""

    def __init__(self, folder: Path) -> None:
        self.intake = Intake(ManagedLink("kashi", "udp", Udp("127.0.0.1:0")), folder)
        self.intake.line.start(0)
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        host, port = self.intake.line.receiver.address.rsplit(":", 1)
        self.sender.connect((host, int(port)))
        self.frame = os.urandom(FRAME_OCTETS)
        self.sent = 0
        self.spent_s = 0.0

    def run(self) -> None:
        for burst in range(BURSTS):
            for _ in range(BURST):
                self.sender.send(self.frame)
            self.sent += BURST
            start = time.thread_time()
            while self.intake.line.records < self.sent:
                self.intake.receive(time.monotonic_ns(), burst)
            if burst % SYNC_EVERY == 0:
                self.intake.sync()
            self.spent_s += time.thread_time() - start

    def close(self) -> None:
        self.intake.close()
        self.sender.close()


def test_udp_to_the_journal(tmp_path):
    """CPU of the receiving side alone, and nothing is lost; against a bare loop of recv."""
    way = Way(tmp_path / "journal")
    for _ in range(3):
        way.run()
    race = Race("UDP datagrams of 1,115 octets to the journal", way.sent, "records")
    race.seconds["ours"] = way.spent_s
    race.seconds["bare recv"] = way.sent * _bare(way)
    race.at_least_rate(100_000)
    races.append(race)
    whole = Race("the same in octets", way.sent * FRAME_OCTETS, "B")
    whole.seconds["ours"] = way.spent_s
    whole.at_least_rate(100e6)
    races.append(whole)
    folder, sent = way.intake.journal.folder, way.sent
    assert way.intake.line.all_dropped() == {}
    way.close()
    reader, read, position = journal.Reader(folder), 0, 0
    while len(found := reader.read(position, 1 << 22)):
        read, position = read + len(found), found.end
    reader.close()
    assert (read, position) == (sent, sent * FRAME_OCTETS)


def _bare(way: Way) -> float:
    """Return the seconds of one datagram in a loop that only receives."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(receiver.getsockname())
    spent, rounds = 0.0, 20
    for _ in range(rounds):
        for _ in range(100):
            sender.send(way.frame)
        start = time.thread_time()
        for _ in range(100):
            receiver.recv(65536)
        spent += time.thread_time() - start
    receiver.close()
    sender.close()
    return spent / rounds / 100


@pytest.mark.parametrize("number", [1, 10, 1000])
def test_appending_and_reading_back(tmp_path, number):
    """Batches of so many frames of 1,115 octets that do not shrink."""
    chunks = [os.urandom(FRAME_OCTETS) for _ in range(number)]
    writer = Journal(tmp_path / "journal")
    batches = 1000 // number

    def append() -> None:
        for _ in range(batches):
            writer.append(Records.of(writer.end, 7, chunks))
        writer.sync()

    race = Race(f"journal, {number} frames a batch, with sync", batches * number, "frames")
    race.run(rounds=3, ours=append)
    race.at_least_rate({1: 10_000, 10: 90_000, 1000: 230_000}[number])
    end, folder = writer.end, writer.folder
    writer.close()

    def read() -> None:
        reader, position = journal.Reader(folder), 0
        while position < end:
            position = reader.read(position, 1 << 22).end
        reader.close()

    again = Race(f"reading it, {number} frames a batch", end // FRAME_OCTETS, "frames")
    again.run(rounds=3, ours=read)
    again.at_least_rate(20_000)
