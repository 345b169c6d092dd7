"""A live station at its wanted rate for a while: what it holds in memory, and that it keeps up."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from ground.archive.embedded import EmbeddedStore
from tests.speed.test_live_speed import REALM, Station, station

pytestmark = pytest.mark.speed

__all__ = ["station"]

SECONDS = float(os.environ.get("GROUND_BENCH_SECONDS", "60"))  # ten minutes: 600
PACKETS_PER_S = 50_000
SENDER = """
import sys
from tools.simulator import outlets, sender
from tools.simulator.loop import Loop
loop, seconds = Loop(), float(sys.argv[2])
pace = sender.Pace(loop.rate(float(sys.argv[3])))
out = outlets.outlet(outlets.Target.parse(sys.argv[1]))
end_ns = loop.start_ns + int(seconds * pace.rate * 1e9)
sent = sender.send(loop, out, pace, end_ns=end_ns)
print(sent.octets, loop.packets, sent.behind_ns)
"""


def memory_mib(station: Station) -> float:
    """Return what the station's processes hold."""
    return sum(psutil.Process(each.pid).memory_info().rss for each in station.processes) / 2**20


def test_memory_at_fifty_thousand_packets_a_second(station: Station) -> None:
    """It keeps up, loses nothing, and what it holds does not grow with time."""
    target = f"udp:127.0.0.1:{station.port}"
    command = [sys.executable, "-c", SENDER, target, str(SECONDS), str(PACKETS_PER_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        held, behind = [], 0
        for report in station.reports():
            if report.service == "processor":
                held.append(memory_mib(station))
                behind = max(behind, sum(report.queues.values()))
            if sender.poll() is not None:
                break
        assert sender.stdout is not None
        octets, packets, late_ns = map(int, sender.stdout.read().split())
    start = time.monotonic()
    station.taken(octets)
    waited = time.monotonic() - start
    with EmbeddedStore.open(station.home / "archive", write=False) as store:
        stored = sum(info.rows for info in store.tables(REALM) if info.name == "packets")
    early, end = max(held[: len(held) // 4 or 1]), held[-1]
    print(
        f"\n{packets} packets in {SECONDS:.0f} s, sender at most {late_ns / 1e6:.0f} ms late;"
        f" archived {stored}; {waited:.1f} s after the last; at most {behind / 2**20:.1f} MiB"
        f" waited; memory {early:.0f} MiB in the first quarter, {end:.0f} MiB at the end"
    )
    assert stored == packets
