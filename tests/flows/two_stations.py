"""What two stations receive of one satellite: each loses, delays and sleeps by itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ground.archive.journal_records import Records
from ground.settings import Mission
from tests.flows.virtual import VirtualStation

SECOND = 10**9


@dataclass
class Reception:
    """What one link received: places among the frames that were sent, and when."""

    came: list[int] = field(default_factory=list)
    received_ns: list[int] = field(default_factory=list)

    @property
    def times(self) -> dict[int, int]:
        return dict(zip(self.came, self.received_ns, strict=True))

    def records(self, octets: Sequence[bytes]) -> Records:
        """Return this as a journal: one connection, one frame a record."""
        chunks = [octets[place] for place in self.came]
        made = Records.of(0, 0, chunks, [True, *[False] * (len(chunks) - 1)])
        times = np.array(self.received_ns, np.int64)
        return Records(made.position, times, made.length, made.begins, made.octets)


def received(
    sent_ns: Sequence[int], rng: random.Random, delay_s: float, loss: float, outages: int, long: int
) -> Reception:
    """Lose frames one by one and in spells of at most `long` frames; the rest comes late."""
    asleep: set[int] = set()
    for _ in range(outages):
        first = rng.randrange(len(sent_ns))
        asleep |= set(range(first, first + rng.randrange(2, long)))
    made, last = Reception(), 0
    for place, at_ns in enumerate(sent_ns):
        if place not in asleep and rng.random() >= loss:
            last = max(last, at_ns + int((delay_s + 0.02 * rng.random()) * SECOND))
            made.came.append(place)
            made.received_ns.append(last)
    return made


def both(mission: Mission, link: str, *names: str) -> Mission:
    """Return a mission with these links in place of its own, all like one of them."""
    like = mission.link(link)
    assert like is not None
    links = tuple(like.model_copy(update={"name": name}) for name in names)
    return mission.model_copy(update={"links": links})


def run_with_kills(station: VirtualStation, rng: random.Random, kills: int, most: int) -> None:
    """Take all that the journals hold, killed every few turns, often before a commit."""
    for _ in range(kills):
        station.start()
        for _ in range(rng.randrange(1, 8)):
            station.turn(rng.randrange(1, most))
            if rng.random() < 0.5:
                station.live.commit(station.now)  # type: ignore[union-attr]
        station.kill()
    station.start()
    station.run()
    station.kill()


def receptions(station: VirtualStation) -> list[dict[str, Any]]:
    """Return the table `frames` as rows; each frame has exactly one first reception."""
    rows: list[dict[str, Any]] = (
        station.table("frames").drop_columns(["time", "received"]).to_pylist()
    )
    firsts = [
        (row["vcid"], row["sequence"], row["first"], row["first_ns"])
        for row in rows
        if (row["source"], row["t_ns"]) == (row["first"], row["first_ns"])
    ]
    frames = {(row["vcid"], row["sequence"], row["first"], row["first_ns"]) for row in rows}
    assert len(firsts) == len(set(firsts)) and set(firsts) == frames
    return rows
