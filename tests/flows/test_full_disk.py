"""A disk that is full for the archive: a loud stop, nothing acknowledged lost, and on by itself.

The limit of a file's size stands for the disk: it lets a real process run out of space at any
octet of any of its files, and gives the space back.
"""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.sent import CADU, Sent
from tests.flows.stations import LINK, LiveStation
from tools.simulator import START_NS, Stream

FULL = "no space left on the disk|disk I/O error"  # the latter is SQLite's word for EFBIG
NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture(scope="module")
def sent() -> Sent:
    return Sent([octets for _, octets in Stream(seed=8).frames(START_NS + 200 * 10**9)][:240])


@pytest.fixture
def station(tmp_path: Path) -> Iterator[LiveStation]:
    made = LiveStation(tmp_path, "--log", "json", "--no-display")
    try:
        yield made
    finally:
        made.close()


def give(station: LiveStation, sent: Sent, first: int, last: int) -> None:
    for octets in sent.cadus[first:last]:
        station.send(octets)
    station.until(lambda: station.journalled() == last * CADU, "the journal")


def limit(station: LiveStation, octets: int) -> None:
    pid = station.pid("processor")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, NO_LIMIT))


def acknowledged(station: LiveStation) -> int:
    return next(row.acknowledged for row in station.report("gateway").links if row.name == LINK)


def fill(station: LiveStation, sent: Sent, first: int, last: int, octets: int) -> None:
    """Let the archive's disk be full while frames come: only the archive stops."""
    middle = (first + last) // 2
    limit(station, octets)
    give(station, sent, first, middle)
    station.until(lambda: station.report("processor").state == "waiting", "a loud stop")
    assert re.search(FULL, station.report("processor").detail)
    full_at = station.archived()
    assert full_at < middle * CADU
    give(station, sent, middle, last)
    station.until(lambda: acknowledged(station) == full_at, "what is archived to be acknowledged")
    assert station.archived() == full_at


def counted(kinds: list[str]) -> tuple[int, int]:
    return kinds.count("archive.stopped"), kinds.count("archive.recovered")


def test_a_full_disk_stops_the_archive_loudly_and_nothing_acknowledged_is_lost(
    station: LiveStation, sent: Sent
) -> None:
    station.start()
    station.until(lambda: station.ready("gateway", "processor"), "the services")
    give(station, sent, 0, 60)
    station.settle()
    for first, octets in ((60, 6_000), (120, 60_000)):  # before the catalogue is full, and after
        fill(station, sent, first, first + 60, octets)
        limit(station, NO_LIMIT)
        station.until(lambda: station.report("processor").state == "running", "it to go on")
        station.settle()
    fill(station, sent, 180, 240, 1_000)
    station.kill("processor")
    station.settle()
    station.until(lambda: acknowledged(station) == 240 * CADU, "all to be acknowledged")
    assert station.stop() == 0
    assert station.packets() == sent.arriving(range(240))
    assert not station.gaps()
    assert counted([each.kind for each in station.events]) == (3, 2)
    assert {e.severity for e in station.events if e.kind == "archive.stopped"} == {"critical"}
    # the third stop, and what was said of it, went with the processor
    assert counted([row["kind"] for row in station.table("events")]) == (2, 2)
    log = station.log.read_text()
    assert (log.count('"archive.stopped"'), log.count('"archive.recovered"')) == (2, 2)
