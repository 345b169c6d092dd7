"""Scripts and the display service over real sockets, with a processor that is told what to say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ground import clock
from ground.api import Sample, Station
from ground.columns import Severity
from ground.errors import NotReachable, Refused
from ground.messages import (
    AcknowledgeAlarms,
    AlarmRef,
    AlarmsChanged,
    EventRow,
    EventsRaised,
    SetLimits,
    ShelveAlarms,
    StaleChanged,
    StaleRow,
)
from ground.services import display_facts
from tests.ground.api.conftest import Displaying, Processor, until
from tests.ground.services.batches import SECOND, batch
from tests.ground.services.test_display_status import ALARM

VOLTAGE, CELL = "/H/VOLTAGE", "/H/CELL"


def _packet(t: int, raw: int, cells: tuple[int, int, int] = (1, 2, 3)):
    """A packet with a voltage of 0.5 + raw / 4 V."""
    columns = {
        f"raw:{VOLTAGE}": np.array([raw], "u2"),
        f"eng:{VOLTAGE}": np.array([0.5 + raw / 4]),
        f"sev:{VOLTAGE}": np.array([3], "u1"),
        f"raw:{CELL}": np.array([cells], "i1"),
    }
    return batch([("A", t)], columns, packet_type="/H/HK")


def _next(samples, wanted) -> Sample:
    return next(each for each in samples if wanted(each))


def test_values_come_as_they_were_published(station: Station, processor: Processor):
    samples = station.watch(
        [("A", VOLTAGE, -1), ("A", CELL, 2), ("B", VOLTAGE, -1)], 10, timeout_s=10
    )
    first = [next(samples) for _ in range(3)]
    assert [each.state for each in first] == ["none"] * 3
    processor.publish(_packet(100, 8, (1, 2, -7)), "parameters", "H/HK")
    voltage, cell = next(samples), next(samples)
    assert voltage == Sample(
        "A", VOLTAGE, -1, 100 * SECOND, 101 * SECOND, "8", "2.5", 2.5, Severity.CRITICAL, "fresh"
    )
    assert (cell.name, cell.value, cell.number) == ("/H/CELL[2]", "-7", -7.0)
    processor.publish(StaleChanged([StaleRow("A", "/H/HK", 0, True)]), "stale")
    assert _next(samples, lambda each: each.state == "stale").value == "2.5"


def test_values_are_stale_once_the_processor_is_silent(
    station: Station, processor: Processor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(display_facts, "SILENT_NS", SECOND // 2)
    processor.publish(_packet(100, 8), "parameters", "H/HK")
    processor.silence()
    samples = station.watch([("A", VOLTAGE, -1)], 10, timeout_s=12)
    assert _next(samples, lambda each: each.state == "stale").value == "2.5"


def test_the_mission_is_described_once(station: Station):
    described = station.describe()
    assert described.spacecraft == ["A", "B", "PLAIN"]
    rows = {each.path: each for each in described.parameters}
    assert (rows[VOLTAGE].units, rows[CELL].elements) == ("V", 3)


def test_status_has_every_service_and_spacecraft(station: Station, processor: Processor):
    processor.publish(_packet(100, 8), "parameters", "H/HK")
    status = until(lambda: (found := station.status()).spacecraft[0].packets and found)
    assert [each.service for each in status.services] == ["display", "processor"]
    assert all(clock.now_ns() - at < 10 * SECOND for at in status.reported_ns)
    assert (status.spacecraft[0].name, status.spacecraft[0].lag_ns) == ("A", SECOND)


def test_alarms_that_changed_are_in_the_glance(station: Station, processor: Processor):
    processor.publish(AlarmsChanged([ALARM]), "alarms")
    until(lambda: station.status().spacecraft[0].worst == ALARM.severity)


def test_alarms_from_before_the_display_started_are_listed(
    displaying: Displaying, processor: Processor, home: Path
):
    displaying.stop()
    processor.alarms = [replace(ALARM, severity=3)]
    displaying.start()
    with Station.connect(home) as station:
        until(lambda: station.status().spacecraft[0].worst == 3)


def test_events_are_listed(station: Station, processor: Processor):
    event = EventRow(5, "onboard", "A", "serious", "boot", "text")
    processor.publish(EventsRaised([event]), "events", "raised")
    assert until(lambda: station.events()) == [event]


def test_a_trend_without_an_archive_is_that_of_the_last_seconds(
    station: Station, processor: Processor
):
    for t, raw in ((10, 2), (11, 6)):
        processor.publish(_packet(t, raw), "parameters", "H/HK")
    until(lambda: station.status().spacecraft[0].packets == 2)
    trend = station.trend("A", VOLTAGE, start_ns=0, end_ns=20 * SECOND, bins=20)
    assert trend["mean"].tolist() == [1.0, 2.0]
    assert trend["start_ns"].tolist() == [10 * SECOND, 11 * SECOND]
    with pytest.raises(Refused, match="expected 1 to"):
        station.trend("A", VOLTAGE, start_ns=0, end_ns=1, bins=0)


def test_acts_go_to_the_processor_with_the_version_that_was_seen(
    station: Station, processor: Processor
):
    processor.alarms = [ALARM]
    [alarm] = station.alarms()
    station.acknowledge([alarm], "seen")
    station.shelve([alarm], 15, "known")
    station.set_limits("A", VOLTAGE, {"warning": (1.0, None)}, "test")
    acknowledged, shelved, limits = processor.acts
    assert acknowledged == AcknowledgeAlarms([AlarmRef("1", 1)], "seen")
    assert isinstance(shelved, ShelveAlarms)
    assert abs(shelved.until_ns - clock.now_ns() - 900 * SECOND) < 60 * SECOND
    assert limits == SetLimits("A", VOLTAGE, {"warning": (1.0, None)}, "test")
    with pytest.raises(Refused, match="changed since"):
        station.comment([replace(alarm, version=0)], "late")


def test_facts_are_heard_by_kind(displaying: Displaying, processor: Processor, home: Path):
    with Station.connect(home, kinds=["events", "alarms"]) as station:
        facts = station.subscribe(timeout_s=10)
        event = EventRow(5, "onboard", "A", "info", "boot", "text")
        until(lambda: processor.publisher.wanted("events", "raised"))
        processor.publish(_packet(1, 1), "parameters", "H/HK")
        processor.publish(EventsRaised([event]), "events", "raised")
        envelope = next(facts)
        assert (envelope.topic, envelope.message) == ("live/events/raised", EventsRaised([event]))
        assert station.missed == {}


def test_a_gateway_that_does_not_run_is_not_reachable(station: Station):
    station._timeout_s = 0.3
    with pytest.raises(NotReachable):
        station.control_link("kashi", "reset")


def test_no_station_is_not_reachable(home: Path):
    with pytest.raises(NotReachable, match="no station here"):
        Station.connect(home)


def test_a_station_that_does_not_run_is_not_reachable(processor: Processor, home: Path):
    processor.keyring.ensure("operator", "operate")
    with pytest.raises(NotReachable):
        Station.connect(home, timeout_s=0.3)


def test_too_many_rows_are_refused(station: Station):
    rows = [("A", VOLTAGE, element) for element in range(2001)]
    with pytest.raises(Refused, match="at most 2000"):
        next(station.watch(rows, timeout_s=10))
