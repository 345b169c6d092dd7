"""The gateway as a service, over real sockets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ground import clock
from ground.archive import journal
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.sockets import Subscriber
from ground.errors import Refused
from ground.messages import (
    AcknowledgeJournal,
    Answered,
    ControlLink,
    EventsRaised,
    ListAlarms,
    ReadJournal,
    ReadStatus,
    ServiceReported,
    StatusRead,
)
from ground.services import gateway as service
from ground.services.gateway import Gateway
from tests.ground.services.gateways import Ground, Reading, Sender, mission, udp


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ground(home, tmp_path):
    made = Ground(home, mission(tmp_path, udp()))
    yield made
    made.close()


@pytest.fixture
def sender(ground):
    made = Sender(ground)
    yield made
    made.close()


def numbers(start: int, stop: int) -> list[bytes]:
    return [number.to_bytes(4, "big") * 50 for number in range(start, stop)]


def test_a_datagram_is_journalled_and_sent_to_whoever_reads(ground, sender, home):
    reading = ground.reading()
    for each in numbers(0, 50):
        sender.send(each)
    ground.until(lambda: len(reading.octets) == 50 * 200, reading)
    assert reading.octets == b"".join(numbers(0, 50))
    found = journal.read(service.journal_folder(home, "live", "kashi"), 0, 1 << 20)
    assert len(found) == 50 and found.begins.tolist() == [True] + [False] * 49
    assert abs(int(found.received_ns[0]) - clock.now_ns()) < 60e9


def test_several_readers_each_get_all_of_it(ground, sender):
    readings = [ground.reading(), ground.reading(), ground.reading()]
    for each in numbers(0, 20):
        sender.send(each)
    ground.until(lambda: all(len(it.octets) == 4000 for it in readings), *readings)
    assert {it.octets for it in readings} == {b"".join(numbers(0, 20))}


def test_a_reader_that_is_cut_and_comes_back_loses_and_repeats_nothing(ground, sender):
    reading, got, position = ground.reading(), b"", 0
    for cut in range(6):
        for each in numbers(cut * 30, cut * 30 + 30):
            sender.send(each)
        ground.until(lambda it=reading: len(it.octets) > 500, reading)
        got, position = got + reading.octets, reading.feed.position
        reading.close()
        ground.turn()
        reading = ground.reading(position)
    ground.until(lambda: len(got) + len(reading.octets) == 180 * 200, reading)
    assert got + reading.octets == b"".join(numbers(0, 180))


def test_a_gateway_that_restarts_goes_on_and_its_reader_notices_nothing(ground, sender):
    reading = ground.reading()
    for each in numbers(0, 20):
        sender.send(each)
    ground.until(lambda: len(reading.octets) == 4000, reading)
    ground.restart()
    other = Sender(ground)
    for each in numbers(20, 40):
        other.send(each)
    ground.until(lambda: len(reading.octets) == 8000, reading)
    assert reading.octets == b"".join(numbers(0, 40))
    other.close()


def test_a_reader_that_reads_nothing_holds_up_nobody(ground, sender):
    asleep, awake = ground.reading(), ground.reading()
    ground.until(lambda: len(ground.gateway.desks[0].readers) == 2, asleep, awake)
    for start in range(0, 4000, 200):
        for each in numbers(start, start + 200):
            sender.send(each)
        ground.until(lambda end=start: len(awake.octets) == (end + 200) * 200, awake)
    assert ground.row().records == 4000 and ground.row().dropped == {}
    ground.until(lambda: len(asleep.octets) == 4000 * 200, asleep)
    assert asleep.octets == awake.octets


def test_over_tcp_a_reader_with_a_key_is_served_over_a_cut_and_others_are_not(home, tmp_path):
    """A second station: its own key, its own home, its own cursor."""
    with pytest.raises(Refused, match="no client key"):
        Ground(home, mission(tmp_path, udp()), listen="tcp://127.0.0.1:0")
    there = Keyring(tmp_path / "elsewhere").make("station", "service")
    stranger = Keyring(tmp_path / "stranger").make("station", "service")
    Keyring(home).authorise("beijing", there.public, "service")
    ground = Ground(home, mission(tmp_path, udp()), listen="tcp://127.0.0.1:0")
    address, server = ground.gateway.desks[1].server.address, ground.pair.public
    sender = Sender(ground)
    refused = Reading(ground.context, address, stranger, server)
    reading = Reading(ground.context, address, there, server)
    for each in numbers(0, 50):
        sender.send(each)
    ground.until(lambda: len(reading.octets) >= 2000, reading, refused)
    got, position = reading.octets, reading.feed.position
    reading.close()
    for each in numbers(50, 100):
        sender.send(each)
    again = Reading(ground.context, address, there, server, position=position)
    ground.until(lambda: len(got) + len(again.octets) == 20_000, again, refused)
    assert got + again.octets == b"".join(numbers(0, 100))
    ground.until(lambda: ground.gateway.desks[1].server.refused.total() > 0, refused)
    assert refused.got == []
    for each in (again, refused, sender, ground):
        each.close()


def test_each_second_the_gateway_says_how_it_is_and_its_sums_agree(ground, sender, home):
    subscriber = Subscriber(ground.context, [Run(home, "live").publisher("gateway")])
    sender.send(b"")
    for each in numbers(0, 10):
        sender.send(each)
    found: list = []
    ground.until(
        lambda: bool(found.extend(subscriber.receive()) or found) and bool(_reports(found)[-1:])
        and _reports(found)[-1].links[0].records == 10
    )  # fmt: skip
    report, row = _reports(found)[-1], _reports(found)[-1].links[0]
    assert (report.service, report.state, report.pid) == ("gateway", "running", os.getpid())
    assert (row.name, row.kind, row.state, row.octets) == ("kashi", "udp", "up", 2000)
    assert row.position == 2000 and row.dropped == {"empty": 1}
    assert all(stage.balanced for stage in report.stages) and report.stages[0].given == 11
    assert found[0].topic == "live/status/gateway"
    subscriber.close()


def _reports(envelopes) -> list[ServiceReported]:
    return [each.message for each in envelopes if isinstance(each.message, ServiceReported)]


def test_an_operator_disables_enables_and_resets_a_link_and_it_is_told(ground, sender, home):
    subscriber = Subscriber(ground.context, [Run(home, "live").publisher("gateway")], ["live/ev"])
    operator = ground.caller(ground.keyring.make("ann", "operate"))
    ground.until(lambda: ground.gateway._publisher.wanted("events", "raised"))
    for act, state in (("disable", "disabled"), ("enable", "up"), ("reset", "up")):
        assert ground.ask(operator, ControlLink("kashi", act)) == Answered(True)
        assert ground.row().state == state
    found = [each.message for each in subscriber.receive()]
    kinds = [row.kind for each in found if isinstance(each, EventsRaised) for row in each.events]
    assert kinds == ["link.disabled", "link.up"]
    subscriber.close()


def test_a_disabled_link_receives_nothing(ground, sender):
    operator = ground.caller(ground.keyring.make("ann", "operate"))
    ground.ask(operator, ControlLink("kashi", "disable"))
    with pytest.raises(ConnectionRefusedError):
        for _ in range(100):
            sender.send(b"x")
    assert ground.row().records == 0


def test_who_may_not_is_refused_and_nothing_happens(ground):
    viewer = ground.caller(ground.keyring.make("eve", "view"))
    for asked in (ControlLink("kashi", "disable"), ReadJournal("kashi", 0, 1000)):
        answer = ground.ask(viewer, asked)
        assert isinstance(answer, Answered) and not answer.ok and "needs role" in answer.reason
    assert ground.row().state == "up"


@pytest.mark.parametrize(
    "asked, reason",
    [
        (ControlLink("nowhere", "reset"), "no link 'nowhere' at this gateway"),
        (ListAlarms(), "nothing that a gateway does"),
    ],
)
def test_what_makes_no_sense_is_answered_with_the_reason(ground, asked, reason):
    operator = ground.caller(ground.keyring.make("ann", "operate"))
    answer = ground.ask(operator, asked)
    assert isinstance(answer, Answered) and reason in answer.reason


@pytest.mark.parametrize("position", [-1, 1 << 60])
def test_a_position_that_cannot_be_is_refused(ground, position):
    reader = ground.caller(ground.pair)
    answer = ground.ask(reader, ReadJournal("kashi", position, 1000))
    assert isinstance(answer, Answered) and "the journal ends at 0" in answer.reason


def test_whoever_may_view_can_ask_how_the_gateway_is(ground):
    answer = ground.ask(ground.caller(ground.keyring.make("eve", "view")), ReadStatus())
    assert isinstance(answer, StatusRead) and answer.services[0].links[0].name == "kashi"


def test_the_journal_is_kept_for_the_reader_that_is_furthest_behind(ground, sender):
    ann = ground.caller(ground.pair)
    bob = ground.caller(ground.keyring.make("bob", "service"))
    for each in numbers(0, 10):
        sender.send(each)
    ground.until(lambda: ground.row().position == 2000 and ann.connected and bob.connected)
    ann.send(AcknowledgeJournal("kashi", 2000))
    bob.send(AcknowledgeJournal("kashi", 600))

    def acknowledged() -> int:
        return ground.gateway.status().links[0].acknowledged

    ground.until(lambda: acknowledged() == 600)
    ground.restart()
    assert acknowledged() == 600
    ground.keyring.revoke("bob")
    assert acknowledged() == 2000


def test_what_all_readers_have_is_trimmed_to_what_the_station_keeps(home, tmp_path, monkeypatch):
    monkeypatch.setattr(journal.Journal.__init__, "__kwdefaults__", {"segment_octets": 3000})
    more = "[station]\njournal_gib = 1e-9\n"
    ground = Ground(home, mission(tmp_path, udp(), more=more))
    sender = Sender(ground)
    for each in numbers(0, 60):
        sender.send(each)
        ground.turn()
    ground.until(lambda: ground.row().records == 60)
    folder = service.journal_folder(home, "live", "kashi")
    before = len(list(folder.glob("*.arrows")))
    ground.gateway._trim()
    assert len(list(folder.glob("*.arrows"))) == before > 3
    reader = ground.caller(ground.pair)
    ground.until(lambda: reader.connected)
    reader.send(AcknowledgeJournal("kashi", 12_000))
    ground.until(lambda: ground.gateway.status().links[0].acknowledged == 12_000)
    ground.gateway._trim()
    assert len(list(folder.glob("*.arrows"))) == 1
    sender.close()
    ground.close()


def test_only_the_links_of_the_gateway_are_opened_and_files_without_a_place_are_not(home, tmp_path):
    more = '[[gateway]]\nname = "far"\naddress = "tcp://127.0.0.1:7001"\nkey = "far"\n'
    there = udp("there") + '\ngateway = "far"'
    made = mission(tmp_path, udp(), there, 'name = "any"\nkind = "file"', more=more)
    ground = Ground(home, made)
    assert list(ground.gateway.intakes) == ["kashi"]
    far = Gateway(made, home, "live", name="far")
    assert (list(far.intakes), far.service) == (["there"], "gateway-far")
    far.close()
    ground.close()


def test_two_gateways_do_not_write_one_journal(ground, home, tmp_path):
    with pytest.raises(Refused, match="the journal is being written"):
        Gateway(ground.mission, home, "live")
