"""How speed is measured: on the thread's CPU clock, candidates in turn, medians, as ratios.

A wall clock on a busy machine measures the machine. So every candidate runs once a round, in turn
(A B C, A B C, ...), each for at least `SHORTEST_S` of the thread's own CPU time, and the median of
the rounds counts. A claim is a ratio of two medians of one run, or a rate a core. What was
wanted and is missed is said in the table; speed fails no test, as another machine is another speed.

    race = Race("CRC-16 of 1115 octets", work=1000 * 1115, unit="B")
    race.run(ours=lambda: crc16(frames), crc_hqx=lambda: [crc_hqx(f, 0xFFFF) for f in octets])
    race.at_least(5, over="crc_hqx")
    race.at_least_rate(1e9)

Every race of a session is printed as one table at its end.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

SHORTEST_S = 0.02
ROUNDS = 5
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
HEADINGS = ("what", "ours", "reference", "its rate", "ratio", "wanted")

MISSED = ", missed"

races: list[Race] = []


@dataclass(slots=True)
class Race:
    """One thing done by us and by others.

    Attributes:
        work: how much of `unit` one call of a candidate does.
        seconds: median CPU seconds of one call, by candidate.
        wanted: what was asked of the result, by reference; "" is our own rate.
    """

    name: str
    work: float
    unit: str
    seconds: dict[str, float] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)

    def run(self, rounds: int = ROUNDS, **candidates: Callable[[], object]) -> Race:
        """Run the candidates in turn; `ours` is ours, each other name is a reference."""
        times: dict[str, list[float]] = {name: [] for name in candidates}
        for candidate in candidates.values():
            candidate()  # compiles, imports, fills caches
        for _ in range(rounds):
            for name, candidate in candidates.items():
                times[name].append(_seconds(candidate))
        self.seconds |= {name: statistics.median(each) for name, each in times.items()}
        races.append(self)
        return self

    @property
    def rate(self) -> float:
        """What we do in a second of one core, in `unit`."""
        return self.work / self.seconds["ours"]

    def ratio(self, over: str) -> float:
        """How many times as fast as a reference we are."""
        return self.seconds[over] / self.seconds["ours"]

    def at_least(self, ratio: float, over: str) -> None:
        """Want a ratio to a reference; the table says where it is missed."""
        self.wanted[over] = f"{ratio:g}x" + MISSED * (self.ratio(over) < ratio)

    def at_least_rate(self, rate: float) -> None:
        """Want a rate of our own, in `unit` a second; the table says where it is missed."""
        self.wanted[""] = scaled(rate, self.unit) + MISSED * (self.rate < rate)

    def rows(self) -> list[tuple[str, ...]]:
        """Return a row of text for each reference; one row where there is none."""
        ours = scaled(self.rate, self.unit) + (
            f" (of {self.wanted['']})" if "" in self.wanted else ""
        )
        references = [name for name in self.seconds if name != "ours"]
        rows = [
            (self.name, ours, name, scaled(self.work / self.seconds[name], self.unit),
             f"{self.ratio(name):,.1f}x", self.wanted.get(name, ""))
            for name in references
        ]  # fmt: skip
        return rows or [(self.name, ours, "", "", "", "")]


def scaled(rate: float, unit: str) -> str:
    """Return a rate for people: `12.3 M parameters/s`."""
    for factor, prefix in PREFIXES:
        if rate >= factor:
            return f"{rate / factor:.3g} {prefix} {unit}/s"
    return f"{rate:.3g} {unit}/s"


def table() -> str:
    """Return every race of this session as a Markdown table."""
    rows = [HEADINGS, tuple("-" * len(each) for each in HEADINGS)]
    rows += [row for race in races for row in race.rows()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([f"{machine()}; CPU time of one thread, medians", "", *lines])


def machine() -> str:
    """Return what the numbers were measured on."""
    try:
        with open("/proc/cpuinfo") as lines:
            model = next(
                line.split(":")[1].strip() for line in lines if line.startswith("model name")
            )
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, Python {platform.python_version()}"


def _seconds(candidate: Callable[[], object]) -> float:
    """Return CPU seconds of one call, repeated until they can be told from the clock's steps."""
    calls, start = 0, time.thread_time()
    while True:
        candidate()
        calls += 1
        spent = time.thread_time() - start
        if spent >= SHORTEST_S:
            return spent / calls
