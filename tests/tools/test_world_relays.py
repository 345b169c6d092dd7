"""Relays of a world: each kind passes a command on, keeps custody, and drops what is too late."""

from __future__ import annotations

from itertools import pairwise

import pytest

from protocols import cltu, envelope, packet
from protocols.envelope import State
from protocols.pus.verification import Subtype
from tests.tools.worlds import (
    CRAFT,
    FIRST,
    GEO_NS,
    SCID,
    SECOND,
    SECOND_RELAY,
    SHORT_NS,
    STATION,
    custody,
    enveloped,
    frames,
    relay,
    telecommand,
    unit,
    verified,
    world,
)
from tools.simulator.world import Contact

DONE = [Subtype.ACCEPTED, Subtype.STARTED, Subtype.COMPLETED]
HOUR = 3600 * SECOND


def chain(*nodes, end_ns=1000 * SECOND, rate_bps=64_000.0):
    """Contacts that are open all the time from each node to the next."""
    return [
        Contact(source, target, 0, end_ns, GEO_NS, rate_bps) for source, target in pairwise(nodes)
    ]


def test_a_bent_pipe_passes_a_cltu_and_the_reports_come_back_the_same_way():
    made = world([relay("bent-pipe")], chain(STATION, "relay", CRAFT))
    octets = unit(telecommand(7))
    made.radiate(STATION, "relay", octets)
    came = made.run_until(10 * SECOND)
    assert [subtype for subtype, _ in verified(came)] == DONE
    sending_ns = len(octets) * 8 * SECOND // 64_000
    assert made.executed[0].t_ns == 2 * (GEO_NS + sending_ns) + 1_000_000


def test_a_bent_pipe_needs_both_hops_at_the_same_time():
    up = Contact(STATION, "relay", 0, 10 * SECOND, GEO_NS, 64_000.0)
    on = Contact("relay", CRAFT, 5 * SECOND, 20 * SECOND, GEO_NS, 64_000.0)
    made = world([relay("bent-pipe")], [up, on])
    made.radiate(STATION, "relay", unit(telecommand(1)))
    made.run_until(6 * SECOND)
    made.radiate(STATION, "relay", unit(telecommand(2)))
    made.run_until(20 * SECOND)
    made.radiate(STATION, "relay", unit(telecommand(3)))
    made.run_until(30 * SECOND)
    assert [each.request[1] for each in made.executed] == [2]


def test_a_bent_pipe_passes_an_envelope_to_the_relay_behind_it():
    relays = [relay("bent-pipe"), relay("regenerative", "switch")]
    made = world(relays, chain(STATION, "relay", "switch", CRAFT))
    made.radiate(STATION, "relay", enveloped(telecommand(1)))
    assert len(verified(made.run_until(10 * SECOND))) == 3


@pytest.mark.parametrize("kind", ["regenerative", "store-and-forward"])
def test_a_relay_with_envelopes_passes_a_command_and_reports_custody(kind):
    made = world([relay(kind)], chain(STATION, "relay", CRAFT))
    made.radiate(STATION, "relay", enveloped(telecommand(9)))
    came = made.run_until(10 * SECOND)
    assert [subtype for subtype, _ in verified(came)] == DONE
    assert [state for _, _, state in custody(came)] == [State.RECEIVED, State.FORWARDED]


def test_an_envelope_larger_than_a_frame_comes_in_two_frames_of_one_cltu():
    made = world([relay("regenerative")], chain(STATION, "relay", CRAFT))
    (frame,) = frames(telecommand(9, 8, 1, bytes(990)), most=1017)
    given = envelope.Envelope(bytes(16), SCID, 0, frame, 0, HOUR)
    carrier = packet.encode(2040, 0, envelope.encode(given), type=1)
    pieces = frames(carrier, scid=FIRST, most=1017)
    made.radiate(STATION, "relay", cltu.encode(b"".join(pieces), randomise=True))
    came = made.run_until(10 * SECOND)
    assert len(pieces) == 2
    assert [subtype for subtype, _ in verified(came)] == DONE


def test_an_envelope_goes_over_two_relays_by_its_route():
    relays = [relay("regenerative"), relay("store-and-forward", "second", SECOND_RELAY)]
    made = world(relays, chain(STATION, "relay", "second", CRAFT))
    made.radiate(STATION, "relay", enveloped(telecommand(9), route=(FIRST, SECOND_RELAY)))
    came = made.run_until(10 * SECOND)
    assert len(verified(came)) == 3
    assert [(who, state) for _, who, state in sorted(custody(came))] == [
        (FIRST, State.RECEIVED), (FIRST, State.FORWARDED),
        (SECOND_RELAY, State.RECEIVED), (SECOND_RELAY, State.FORWARDED),
    ]  # fmt: skip


def test_a_relay_that_stores_waits_eight_hours_for_its_contact():
    up = Contact(STATION, "relay", 0, 60 * SECOND, SHORT_NS, 64_000.0)
    on = Contact("relay", CRAFT, 8 * HOUR, 9 * HOUR, SHORT_NS, 64_000.0)
    home = Contact(STATION, CRAFT, 10 * HOUR, 11 * HOUR, SHORT_NS, 64_000.0)
    made = world([relay("store-and-forward")], [up, on, home])
    made.radiate(STATION, "relay", enveloped(telecommand(9)))
    assert not verified(made.run_until(8 * HOUR))
    came = made.run_until(11 * HOUR)
    assert 8 * HOUR < made.executed[0].t_ns < 8 * HOUR + SECOND
    assert [subtype for subtype, _ in verified(came)] == DONE, "kept on board until a station"


@pytest.mark.parametrize(("slack_ns", "reaches"), [(0, True), (-1, False)])
def test_what_would_arrive_a_nanosecond_too_late_does_not_leave(slack_ns, reaches):
    on_ns, opens_ns = 40_000_000, 100 * SECOND
    octets = unit(telecommand(9))
    arrives_ns = opens_ns + len(octets) * 8 * SECOND // 64_000 + on_ns
    up = Contact(STATION, "relay", 0, HOUR, SHORT_NS, 64_000.0)
    on = Contact("relay", CRAFT, opens_ns, HOUR, on_ns, 64_000.0)
    made = world([relay("store-and-forward")], [up, on])
    late = arrives_ns + slack_ns
    made.radiate(STATION, "relay", enveloped(telecommand(9), not_after_ns=late))
    came = made.run_until(200 * SECOND)
    assert [each.t_ns for each in made.executed] == [arrives_ns] * reaches
    assert custody(came)[-1][2] is (State.FORWARDED if reaches else State.EXPIRED)


def test_an_envelope_expires_at_its_time_where_no_contact_comes():
    up = Contact(STATION, "relay", 0, HOUR, SHORT_NS, 64_000.0)
    made = world([relay("store-and-forward")], [up])
    made.radiate(STATION, "relay", enveloped(telecommand(9), not_after_ns=77 * SECOND))
    assert custody(made.run_until(HOUR))[-1] == (77 * SECOND, FIRST, State.EXPIRED)


def test_a_regenerative_relay_drops_what_waited_longer_than_its_queue_holds():
    on = Contact("relay", CRAFT, 10 * SECOND, HOUR, SHORT_NS, 64_000.0)
    made = world([relay("regenerative")], [*chain(STATION, "relay"), on])
    made.radiate(STATION, "relay", enveloped(telecommand(9)))
    t_ns, _, state = custody(made.run_until(60 * SECOND))[-1]
    assert state is State.DROPPED
    assert 2 * SECOND < t_ns < 3 * SECOND
    assert not made.executed


def test_a_second_copy_of_an_envelope_goes_no_further():
    made = world([relay("store-and-forward")], chain(STATION, "relay", CRAFT))
    for _ in range(3):
        made.radiate(STATION, "relay", enveloped(telecommand(9)))
    came = made.run_until(10 * SECOND)
    assert len(custody(came)) == 2
    assert made.relays["relay"].doubles == 2
    assert made.spacecraft[CRAFT].board.doubles == 0


def test_the_urgent_goes_first_and_a_full_queue_drops():
    up = Contact(STATION, "relay", 0, HOUR, SHORT_NS, 64_000.0)
    on = Contact("relay", CRAFT, 10 * SECOND, HOUR, SHORT_NS, 64_000.0)
    made = world([relay("store-and-forward", queue_octets=3 * 20)], [up, on])
    for number, priority in enumerate([0, 3, 1, 2]):
        octets = enveloped(telecommand(number), id=bytes([number] * 16), priority=priority)
        made.radiate(STATION, "relay", octets)
    states = [state for _, _, state in custody(made.run_until(20 * SECOND))]
    assert states.count(State.DROPPED) == 1
    assert [each.request[1] for each in made.executed] == [1, 2, 0]


def test_a_relay_that_dies_loses_its_queue_and_works_when_it_recovers():
    up = Contact(STATION, "relay", 0, HOUR, SHORT_NS, 64_000.0)
    on = Contact("relay", CRAFT, 100 * SECOND, HOUR, SHORT_NS, 64_000.0)
    made = world([relay("store-and-forward")], [up, on])
    made.radiate(STATION, "relay", enveloped(telecommand(1), id=b"1" * 16))
    made.run_until(10 * SECOND)
    made.fail("relay")
    made.radiate(STATION, "relay", enveloped(telecommand(2), id=b"2" * 16))
    made.run_until(20 * SECOND)
    made.recover("relay")
    made.radiate(STATION, "relay", enveloped(telecommand(3), id=b"3" * 16))
    made.run_until(200 * SECOND)
    assert [each.request[1] for each in made.executed] == [3]


def test_nothing_passes_outside_of_a_contact_or_over_its_end():
    made = world([], [Contact(STATION, CRAFT, 0, 10 * SECOND, SHORT_NS, 1_000.0)])
    octets = unit(telecommand(1))
    made.run_until(10 * SECOND - len(octets) * 8 * SECOND // 1_000 + 1)
    made.radiate(STATION, CRAFT, octets)
    made.run_until(11 * SECOND)
    made.radiate(STATION, CRAFT, octets)
    made.run_until(20 * SECOND)
    assert not made.executed
    assert made.air.lost >= 2
