"""The same thing over several links is one thing; bounded memory and restarts change nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.services.sightings import WITHIN_NS, Sighting, Sightings, Stored

SECOND = 10**9
START = 2_000_000_000 * SECOND


def see(sightings: Sightings, key: str, at_s: float, link: str) -> Sighting:
    at_ns = np.array([START + int(at_s * SECOND)])
    return sightings.see([key], at_ns, link)[0]


def test_the_first_to_be_taken_is_the_first_reception() -> None:
    sightings = Sightings(None)
    assert see(sightings, "x", 5, "a").first == "a"
    found = see(sightings, "x", 4, "b")
    assert (found.first, found.first_ns, found.links) == ("a", START + 5 * SECOND, ("a", "b"))
    assert see(sightings, "x", 6, "c") is found and see(sightings, "y", 6, "c").first == "c"


@pytest.mark.parametrize(
    ("apart_s", "same"), [(30, True), (30.001, False), (-30, True), (-31, False)]
)
def test_what_is_received_long_before_or_after_is_another_thing(apart_s: float, same: bool) -> None:
    sightings = Sightings(None)
    first = see(sightings, "x", 0, "a")
    assert (see(sightings, "x", apart_s, "b") is first) is same


def test_over_the_same_link_it_is_another_thing_and_the_nearest_one_counts() -> None:
    sightings = Sightings(None)
    one, two = see(sightings, "x", 0, "a"), see(sightings, "x", 10, "a")
    assert one is not two
    assert see(sightings, "x", 9, "b") is two and see(sightings, "x", 2, "b") is one


class Archive:
    """Holds what was seen, as committed rows do."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Stored]] = []
        self.asked: list[tuple[int, int]] = []

    def load(self, start_ns: int, end_ns: int) -> Iterator[Stored]:
        self.asked.append((start_ns, end_ns))
        return iter([row for at_ns, row in self.rows if start_ns <= at_ns <= end_ns])

    def take(self, sightings: Sightings, keys: list[int], at_ns: list[int], link: str) -> None:
        found = sightings.see(keys, np.array(at_ns), link)
        for key, at, each in zip(keys, at_ns, found, strict=True):
            self.rows.append((at, (key, each.first_ns, each.first, link)))

    @property
    def newest_ns(self) -> int | None:
        return max((at_ns for at_ns, _ in self.rows), default=None)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 64))
def test_neither_bounded_memory_nor_restarts_change_what_is_the_same(
    seed: int, capacity: int
) -> None:
    """Two links hear some of 300 things; one delivers in any pieces, the other far behind."""
    rng, archive = random.Random(seed), Archive()
    heard = {link: [n for n in range(300) if rng.random() < 0.8] for link in ("a", "b")}
    delay_ns = {"a": 0, "b": rng.randrange(-20, 20) * SECOND}
    left = {link: list(each) for link, each in heard.items()}
    sightings = Sightings(None, archive.load, capacity)
    while any(left.values()):
        link = rng.choice("aaab" if left["a"] else "b")
        piece, left[link] = left[link][:7], left[link][7:]
        if piece:
            at_ns = [START + n * 5 * SECOND + delay_ns[link] for n in piece]
            archive.take(sightings, piece, at_ns, link)
        if rng.random() < 0.1:
            sightings = Sightings(archive.newest_ns, archive.load, capacity)
    things = {(row[0], row[1], row[2]) for _, row in archive.rows}
    assert len(things) == len(set(heard["a"]) | set(heard["b"]))
    assert len(archive.rows) == len(heard["a"]) + len(heard["b"])


def test_memory_is_bounded_and_the_archive_is_left_alone_while_links_keep_step() -> None:
    archive = Archive()
    sightings = Sightings(None, archive.load, capacity=1000)
    for second in range(5000):
        for link in ("a", "b"):
            archive.take(sightings, [second], [START + second * SECOND // 10], link)
    assert len(sightings._recent) == len(sightings._order) <= 1000
    assert not archive.asked
    assert WITHIN_NS == 30 * SECOND
