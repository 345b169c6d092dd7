"""What a console costs: in a real pseudo-terminal of 200x50, every visible value changing.

CPU is that of the process from /proc, as a share of one core over five seconds; a key's time runs
from its octet being written to the first octets that hold the new row's number. Wall clock: on a
busy machine the keys' times measure the machine.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time

import pytest

from tests.speed import clock

pytestmark = pytest.mark.speed
LINES, COLUMNS = 50, 200
START_S, MEASURED_S, KEYS = 4.0, 5.0, 20
CPU_WANTED, KEY_WANTED_MS, OCTETS_WANTED = 15.0, 100.0, 100_000  # notes of the console, its budget


class Terminal:
    """A child in a pseudo-terminal, whose output is read and thrown away."""

    def __init__(self, *arguments: str) -> None:
        self.pid, self.device = pty.fork()
        if self.pid == 0:  # the child
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.environ |= {"COLUMNS": str(COLUMNS), "LINES": str(LINES)}
            os.environ.pop("NO_COLOR", None)
            command = [sys.executable, "-m", "tests.speed.console_child", *arguments]
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execv(sys.executable, command)

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """Return what comes within some time, or up to where a text has come."""
        end, told = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.device], [], [], left)[0]:
                told += os.read(self.device, 65_536)
                if until is not None and until in told:
                    break
        return told

    def press(self, keys: bytes) -> None:
        os.write(self.device, keys)

    def cpu_s(self) -> float:
        """Return the processor's seconds that the child has used."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> float:
        """Return the child's resident memory."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.device)


@pytest.mark.parametrize("page", ["params", "alarms", "fleet"])
@pytest.mark.parametrize("rate", ["2", "5"])
def test_share_of_a_core_and_key_to_repaint(rate, page):
    """At 2 and 5 Hz; the parameters' page is the one on which everything changes."""
    terminal = Terminal(rate, page)
    try:
        assert b"SIM/BENCH" in terminal.read(15.0, b"SIM/BENCH")
        terminal.read(START_S)
        before = terminal.cpu_s()
        octets = len(terminal.read(MEASURED_S))
        share = 100 * (terminal.cpu_s() - before) / MEASURED_S
        keys = _keys(terminal) if page == "params" else []
        _tell(page, rate, share, octets / MEASURED_S, terminal.memory_mib(), keys)
    finally:
        terminal.close()


def _keys(terminal):
    """Return the times of keys in milliseconds, at odd moments of the tick."""
    found = []
    for row in range(2, KEYS + 2):
        terminal.read(0.137 + 0.041 * (row % 5))
        start = time.monotonic()
        terminal.press(b"j")
        assert f" {row}/5000".encode() in terminal.read(3.0, f" {row}/5000".encode())
        found.append(1e3 * (time.monotonic() - start))
    return sorted(found)


def _tell(page, rate, share, octets_s, mib, keys):
    told = f"\nconsole {page} at {rate} Hz, {COLUMNS}x{LINES}: {share:.1f} % of a core"
    told += f" (of {CPU_WANTED:g} %), {octets_s / 1e3:.0f} kB/s, {mib:.0f} MiB"
    if keys:
        p95 = keys[int(len(keys) * 0.95) - 1]
        told += f", key to repaint p50 {statistics.median(keys):.0f} ms, p95 {p95:.0f} ms"
        told += " missed" * (p95 > KEY_WANTED_MS)
    missed = share > CPU_WANTED or octets_s > OCTETS_WANTED
    print(told + ", MISSED" * missed + f"; {clock.machine()}")
