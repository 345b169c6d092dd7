"""What a command costs the ledger: one sync for a group of facts, or one for each.

Syncs wait for the disk and take no CPU time; so the groups are measured on the wall clock, as
rates with their spread, and the work of making and reading records on the CPU clock.
"""

from __future__ import annotations

import statistics
import time
from itertools import count
from pathlib import Path

import pytest

from ground.archive.ledger import Ledger, read
from ground.command import entries
from ground.command.facts import Released
from ground.command.queue import Queue, Waiting
from tests.speed.clock import Race, scaled

pytestmark = pytest.mark.speed

GROUPS = (1, 10, 100, 1000)
FACTS_OF_A_COMMAND = 10  # accepted, routed, released, reports of gateway, FARM and ST[01]
WANTED_COMMANDS = 1000  # accepted, routed and released a second
FACT = Released(
    10**18, "ab" * 16, ["0123456789abcdef"], "CG-1", 0, "AD", 3, bytes(64), "kashi",
    ["kashi", "relay-1", "CG-1"], 2 * 10**18, False,
)  # fmt: skip


def rate(ledger: Ledger, group: int, rounds: int = 5) -> float:
    """Return facts a second on disk, the median of several rounds, each of a twentieth second."""
    found = []
    for _ in range(rounds):
        start, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - start) < 0.05:
            ledger.append([FACT] * group)
            ledger.commit()
            done += group
        found.append(done / spent)
    return statistics.median(found)


def test_facts_on_disk_a_second_by_the_size_of_the_group(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger", "sim/speed") as ledger:
        rates = {group: rate(ledger, group) for group in GROUPS}
    single = rates[1]
    for group, each in rates.items():
        commands = each / FACTS_OF_A_COMMAND
        print(
            f"\nledger, {group} facts a sync: {scaled(each, 'facts')}, "
            f"{each / single:.1f}x of one each, {commands:,.0f} commands/s "
            f"(wanted {WANTED_COMMANDS:,})",
            end="",
        )


def test_facts_made_linked_and_read(tmp_path: Path) -> None:
    facts = [FACT] * 1000
    octets = entries.encode(FACT)
    folder = tmp_path / "ledger"
    with Ledger(folder, "sim/speed") as ledger:
        ledger.append(facts)
        ledger.commit()

        def append() -> None:
            ledger.append(facts)
            ledger._pending.clear()

        race = Race("facts appended to a group, encoded and linked", 1000, "facts")
        race.run(ours=append)
        race.at_least_rate(10 * WANTED_COMMANDS)
    _ = Race("facts decoded and checked", 1, "facts").run(ours=lambda: entries.decode(octets))
    whole = Race("facts read and proved, not decoded", 1000, "facts")
    whole.run(ours=lambda: list(read(folder, "sim/speed")))


def test_a_backlog_of_a_hundred_thousand_commands() -> None:
    """F19: one more, due and out again, while all the others wait."""
    queue, number = Queue(), count()
    for n in range(100_000):
        far = 10**15 + n
        queue.add(Waiting(f"q{n}", f"S{n % 1000}", n % 4, n, far, 2 * far), n)

    def once() -> None:
        n = next(number)
        queue.add(Waiting(f"c{n}", "S1", 1, n, 0, 10**18), n)
        queue.due(n)
        queue.deadline()
        queue.remove(next(queue.ready("S1")).command)

    Race("commands through a queue in which 100,000 wait", 1, "commands").run(ours=once)
