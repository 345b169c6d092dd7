"""What a display knows before anything comes, and that real packets read as they were built."""

from __future__ import annotations

import math

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.messages import EventRow
from ground.services import display_recall, noted
from ground.services.display_facts import Facts
from ground.services.display_values import FRESH, NONE, STALE
from ground.services.library import Library
from tests.ground.services import hand
from tests.ground.services.batches import batch
from tests.ground.services.conftest import Hand

SECOND = 10**9
NOW_NS = hand.t_ns(1000)


@pytest.fixture
def facts(station: Hand) -> Facts:
    """What an archive of two packets of A tells."""
    station.take(hand.hk(1, 5, volts=10.25), hand.hk(2, 6, volts=41.5, load=math.inf))
    made = Facts({"A": 10, "B": 11}, frozenset())
    with station.reading() as store:
        made.recall(display_recall.read(store, Library(store), station.realm, NOW_NS), 0)
    return made


@pytest.mark.parametrize(
    ("name", "element", "raw", "value"),
    [
        ("VOLTAGE", -1, "164", "41.5"),
        ("MODE", -1, "1", "ON"),
        ("CELL", -1, "1 -1 3", "1 -1 3"),
        ("CELL", 1, "-1", "-1"),
        ("NAME", -1, "abcd", "abcd"),
        ("DATA", -1, "dead07", "dead07"),
        ("BIG", -1, "1237940039285380274899124224", "1237940039285380274899124224"),
        ("WIDE", -1, "9223372036854775808", "9223372036854775808"),
        ("LOAD", -1, "inf", "inf"),
        ("SECONDS", -1, "6", "6"),
    ],
)
def test_values_of_the_archive_read_as_their_packet_was_built(
    facts: Facts, name: str, element: int, raw: str, value: str
):
    reading = facts.values.read("A", f"/H/{name}", element)
    assert (reading.raw, reading.value) == (raw, value)
    assert reading.t_ns == hand.t_ns(6)


def test_severities_are_those_of_the_value_by_itself(facts: Facts):
    assert facts.values.read("A", "/H/VOLTAGE", -1).severity == 3  # 41.5 is over 40, critical
    assert facts.values.read("A", "/H/MODE", -1).severity == 0


def test_what_is_recalled_is_stale_until_a_packet_comes(facts: Facts):
    facts.values.quiet(False)
    assert facts.values.state("A", "/H/VOLTAGE").kind == STALE
    assert facts.values.state("B", "/H/VOLTAGE").kind == NONE
    made = batch([("A", 7 + hand.EPOCH_NS // SECOND)], {"raw:/H/VOLTAGE": [1]}, packet_type="/H/HK")
    facts.values.receive(made, 0)
    assert facts.values.state("A", "/H/VOLTAGE").kind == FRESH
    assert facts.values.read("A", "/H/VOLTAGE", -1).raw == "1"


def test_what_came_meanwhile_is_not_covered(station: Hand):
    station.take(hand.hk(1, 5))
    made = Facts({"A": 10}, frozenset())
    made.values.receive(batch([("A", 1)], {"raw:/H/VOLTAGE": [7]}, packet_type="/H/HK"), 0)
    with station.reading() as store:
        made.recall(display_recall.read(store, Library(store), station.realm, NOW_NS), 0)
    assert made.values.read("A", "/H/VOLTAGE", -1).raw == "7"


def test_events_of_the_archive_come_before_those_that_were_heard(station: Hand):
    events = [
        EventRow(NOW_NS - each, "onboard", "A" if each % 2 else "", "info", "x", str(each))
        for each in range(4)
    ]
    station.take(hand.hk(1, 5))
    with EmbeddedStore.open(station.root, write=True) as store:
        store.append(station.realm, {"events": noted.events(events, NOW_NS)})
        made = Facts({"A": 10}, frozenset())
        made.status.recall(type("E", (), {"events": events[:1]})())
        made.recall(display_recall.read(store, Library(store), station.realm, NOW_NS), 0)
    assert made.status.events(10) == events[:0:-1] + events[:1]


def test_an_empty_archive_tells_nothing(station: Hand):
    with EmbeddedStore.open(station.root, write=True) as store:
        [events] = display_recall.read(store, Library(store), station.realm, NOW_NS)
    assert events.events == []
