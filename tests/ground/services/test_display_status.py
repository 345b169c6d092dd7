"""The station at a glance."""

from __future__ import annotations

from dataclasses import replace

from ground.messages import (
    AlarmRow,
    AlarmsChanged,
    AlarmsListed,
    EventRow,
    EventsRaised,
    ServiceReported,
    StaleChanged,
    StaleRow,
)
from ground.services.display_status import EVENTS_KEPT, MOST_SERVICES, Status
from ground.services.display_values import Arrived
from tests.ground.services.batches import SECOND

ALARM = AlarmRow(
    id="1",
    version=1,
    spacecraft="A",
    parameter="/A/V",
    element=-1,
    state="unacknowledged",
    severity=2,
    worst=3,
    raised_ns=0,
    changed_ns=0,
    value="1",
    trip="1",
    units="V",
    violations=1,
    latched=False,
    acknowledged_by="",
    shelved_until_ns=None,
    shelved_by="",
    assigned_to="",
    comment="",
)


def _report(name: str) -> ServiceReported:
    return ServiceReported(name, 1, 0, "running", "")


def test_every_spacecraft_of_the_mission_is_listed_before_it_is_heard_of():
    [a, b] = Status({"A": 171, "B": 172}).read().spacecraft
    assert (a.name, a.scid, a.packets, a.last_ns, a.rate) == ("A", 171, 0, None, 0.0)
    assert (b.name, b.scid) == ("B", 172)


def test_packets_are_counted_with_their_rate_and_lag():
    status = Status({"A": 171})
    for second in range(8):
        status.decoded({"A": Arrived(10, second * SECOND + 1, 5)})
        status.turn(second * SECOND)
    status.decoded({"A": Arrived(1, 3, 99), "SCID-7": Arrived(1, 0, None)})
    a, other = status.read().spacecraft
    assert (a.packets, a.rate, a.last_ns, a.lag_ns) == (81, 10.0, 7 * SECOND + 1, 5)
    assert (other.name, other.scid, other.packets, other.last_ns) == ("SCID-7", -1, 1, None)


def test_alarms_count_while_they_stand_and_are_not_shelved():
    status = Status({"A": 171})
    status.listed(AlarmsListed([ALARM, replace(ALARM, id="2", severity=3, shelved_until_ns=9)]))
    status.changed(AlarmsChanged([replace(ALARM, id="3", state="acknowledged", severity=1)]))
    [a] = status.read().spacecraft
    assert (a.worst, a.alarms, a.unacknowledged) == (2, 2, 1)
    status.changed(AlarmsChanged([replace(ALARM, version=2, state="normal")]))
    [a] = status.read().spacecraft
    assert (a.worst, a.alarms, a.unacknowledged) == (1, 1, 0)


def test_an_older_version_of_an_alarm_changes_nothing():
    status = Status({})
    status.changed(AlarmsChanged([replace(ALARM, version=5, state="acknowledged")]))
    status.changed(AlarmsChanged([replace(ALARM, version=4, state="normal")]))
    assert [each.version for each in status.alarms()] == [5]


def test_a_list_that_was_overtaken_by_changes_does_not_undo_them():
    status = Status({})
    status.asked()
    status.changed(
        AlarmsChanged([replace(ALARM, id="new"), replace(ALARM, version=2, state="normal")])
    )
    status.listed(AlarmsListed([ALARM, replace(ALARM, id="old")]))
    assert {each.id for each in status.alarms()} == {"old", "new"}
    status.listed(AlarmsListed([]))
    assert status.alarms() == []


def test_stale_packet_types_are_named():
    status = Status({"A": 171})
    status.stale(StaleChanged([StaleRow("A", "/A/Y", 0, True), StaleRow("A", "/A/X", 0, True)]))
    status.stale(StaleChanged([StaleRow("A", "/A/Y", 0, False)]))
    assert status.read().spacecraft[0].stale == ["/A/X"]


def test_the_last_report_of_each_service_is_kept_with_its_time():
    status = Status({})
    status.reported(_report("gateway"), 1)
    status.reported(_report("display"), 2)
    status.reported(replace(_report("gateway"), detail="new"), 3)
    read = status.read()
    assert [each.service for each in read.services] == ["display", "gateway"]
    assert read.reported_ns == [2, 3]
    assert read.services[1].detail == "new"


def test_services_and_events_are_bounded():
    status = Status({})
    for number in range(MOST_SERVICES + 5):
        status.reported(_report(f"s{number}"), number)
    assert len(status.read().services) == MOST_SERVICES
    events = [EventRow(t, "onboard", "A", "info", "x", "text") for t in range(EVENTS_KEPT + 5)]
    status.raised(EventsRaised(events))
    assert len(status.events(10**9)) == EVENTS_KEPT
    assert [each.t_ns for each in status.events(2)] == [EVENTS_KEPT + 3, EVENTS_KEPT + 4]
    assert status.events(0) == status.events(-1) == []
