"""The gateway as a process of its own: killed, starved of disk, and ended politely."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import zmq

from ground.archive import journal
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Caller
from ground.errors import NotReachable
from ground.messages import LinkRow, ReadStatus, ServiceReported
from ground.services.gateway import journal_folder
from tests.ground.services.gateways import PATIENCE_S, Reading, Sender, mission, udp


class Process:
    """`ground gateway` with one UDP link, and a reader of it that stays."""

    def __init__(self, folder: Path) -> None:
        self.home, self._file = folder / "home", mission(folder, udp()).path
        pair = Keyring(self.home).ensure("station", "service")
        self._context = zmq.Context()
        self._address = Run(self.home, "live").requests("gateway")
        self.reading = Reading(self._context, self._address, pair, pair.public)
        self._asking = Caller(self._context, self._address, pair, pair.public, "live")
        self._log = (folder / "log").open("wb")
        self.start()

    def start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "ground", "gateway", str(self._file), "--home", str(self.home)],
            stderr=self._log,
        )
        self.until(lambda: self.report() is not None)

    def report(self) -> ServiceReported | None:
        try:
            return self._asking.ask(ReadStatus(), 0.2).services[0]
        except NotReachable:
            return None

    def row(self, link: str = "kashi") -> LinkRow:
        report = self.report()
        assert report is not None
        return report.links[0]

    def until(self, holds) -> None:
        stop = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < stop, "it never held"
            self.reading.turn()

    def end(self, how: signal.Signals) -> int:
        self.child.send_signal(how)
        return self.child.wait(PATIENCE_S)

    def numbers(self) -> np.ndarray:
        """The numbers that the reader got."""
        return np.frombuffer(self.reading.octets, ">u4").reshape(-1, 100)[:, 0]

    def close(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.reading.close()
        self._asking.close()
        self._context.term()
        self._log.close()


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path)
    yield made
    made.close()


def datagram(number: int) -> bytes:
    return number.to_bytes(4, "big") * 100


def test_kill_9_while_frames_flow_loses_nothing_that_was_received(process):
    """What the reader has is what the journal has, in order and once, over three kills."""
    number = 0
    for life in range(3):
        sender = Sender(process)

        def flow(sender: Sender = sender, wanted: int = (life + 1) * 400_000) -> bool:
            nonlocal number
            sender.send(datagram(number))
            number += 1
            return len(process.reading.octets) > wanted

        process.until(flow)
        process.end(signal.SIGKILL)
        sender.close()
        process.start()
    folder = journal_folder(process.home, "live", "kashi")
    end = journal.span(folder).end
    process.until(lambda: process.reading.feed.position >= end)
    damaged: list = []
    found = journal.read(folder, 0, 1 << 30, damaged)
    assert found.octets.tobytes() == process.reading.octets and not damaged
    got = process.numbers()
    assert (np.diff(got.astype(int)) > 0).all() and len(got) > 2000


def test_a_full_disk_is_told_and_over_when_there_is_room(process):
    sender = Sender(process)
    _, hard = resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (30_000, hard))
    sent = 0

    def state(wanted: str) -> bool:
        nonlocal sent
        sender.send(datagram(sent))
        sent += 1
        return process.row().state == wanted

    process.until(lambda: state("failed"))
    report = process.report()
    assert report.state == "failed" and "no space left on the disk" in report.detail
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (hard, hard))
    process.until(lambda: state("up"))
    process.until(lambda: process.row().records + process.row().dropped["disk"] == sent)
    row, report = process.row(), process.report()
    assert row.dropped["disk"] > 0 and report.state == "running" and report.stages[0].balanced
    process.until(lambda: len(process.reading.octets) == row.records * 400)
    sender.close()


def test_sigterm_ends_it_with_everything_on_disk(process):
    sender = Sender(process)
    for number in range(500):
        sender.send(datagram(number))
    process.until(lambda: process.row().records == 500)
    assert process.end(signal.SIGTERM) == 0
    (path,) = journal_folder(process.home, "live", "kashi").glob("*.arrows")
    assert path.read_bytes().endswith(b"\xff\xff\xff\xff\0\0\0\0")
    assert journal.span(path.parent).end == 500 * 400
    sender.close()


def test_a_frozen_reader_neither_grows_the_gateway_nor_loses_anything(process):
    """It asks, and then reads nothing while 40 MB pass: what waits for it is its credit."""
    process.until(lambda: process.report().figures["readers"] == 1)
    before = _resident(process.child.pid)
    sender, number = Sender(process), 0
    big = os.urandom(8000)
    for _ in range(50):
        for _ in range(100):
            sender.send(number.to_bytes(4, "big") + big)
            number += 1
        while process.row().records < number:
            pass
    assert _resident(process.child.pid) - before < 60e6
    process.until(lambda: len(process.reading.octets) == number * 8004)
    got = np.frombuffer(process.reading.octets, np.uint8).reshape(-1, 8004)[:, :4]
    assert (got.copy().view(">u4")[:, 0] == np.arange(number)).all()
    sender.close()


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
