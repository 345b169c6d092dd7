"""The spacecraft of a world: FARM-1, checks, schedule, copies, restarts; and that seeds repeat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import clcw, packet, tc
from protocols import cltu as cltus
from protocols.crc import crc16_octets
from protocols.pus.activities import Activity, ActivityId
from protocols.pus.header import Acknowledge
from protocols.pus.profile import Profile
from protocols.pus.schedule import Insert, Named, Order, Select, ShiftAll
from protocols.pus.schedule import Subtype as Schedule
from protocols.pus.verification import Subtype, decode
from protocols.tc import Kind, TcFrame
from tests.clauses import clause
from tests.tools.worlds import (
    CRAFT,
    FIRST,
    PLAIN,
    SCID,
    SECOND,
    STATION,
    frames,
    relay,
    telecommand,
    unit,
    verified,
    world,
)
from tools.simulator.world import CLCW, Contact, Faults, OnBoard
from tools.simulator.world.board import Board

ACCEPTED, REFUSED = Subtype.ACCEPTED, Subtype.NOT_ACCEPTED


def send(made, octets):
    made.radiate(STATION, CRAFT, octets)
    return made.run_until(made.now_ns + 5 * SECOND)


def word(came):
    return clcw.decode([each.octets for each in came if each.kind == CLCW][-1])


def scheduled_octets(data):
    return unit(telecommand(1, 11, 4, data))


def relayed(data):
    return unit(packet.encode(2040, 0, data, type=1), scid=FIRST)


def control(data):
    return cltus.encode(tc.encode(TcFrame(SCID, 0, Kind.BC, 0, data)), randomise=True)


@clause("232.1-B-2 §6")
def test_frames_are_taken_in_order_and_the_control_word_says_what_is_missing():
    made = world()
    assert word(send(made, unit(telecommand(0), kind=Kind.AD))).report_value == 1
    late = word(send(made, unit(telecommand(2), kind=Kind.AD, sequence=2)))
    assert (late.report_value, late.retransmit) == (1, True)
    send(made, unit(telecommand(1), kind=Kind.AD, sequence=1))
    mended = word(send(made, unit(telecommand(2), kind=Kind.AD, sequence=2)))
    assert (mended.report_value, mended.retransmit) == (3, False)
    assert [each.request[1] for each in made.executed] == [0, 1, 2]


@clause("232.1-B-2 §6.1.8")
def test_a_number_outside_of_the_window_locks_out_until_unlock():
    made = world()
    assert word(send(made, unit(telecommand(0), kind=Kind.AD, sequence=100))).lockout
    assert word(send(made, unit(telecommand(0), kind=Kind.AD))).lockout
    assert not made.executed
    free = word(send(made, control(tc.unlock())))
    assert (free.lockout, free.farm_b_counter) == (False, 1)
    assert word(send(made, control(tc.set_vr(9)))).report_value == 9
    send(made, unit(telecommand(0), kind=Kind.AD, sequence=9))
    assert len(made.executed) == 1


def test_a_copy_of_a_bd_frame_is_executed_once_even_after_a_restart():
    made = world()
    octets = unit(telecommand(5))
    came = send(made, octets) + send(made, octets)
    made.reboot(CRAFT)
    came += send(made, octets)
    assert made.spacecraft[CRAFT].board.doubles == 1, "it hears nothing while it restarts"
    came += made.run_until(made.now_ns + 10 * SECOND) + send(made, octets)
    assert len(made.executed) == 1
    assert made.spacecraft[CRAFT].board.doubles == 2
    assert [subtype for subtype, _ in verified(came)].count(ACCEPTED) == 1


def test_a_packet_larger_than_a_frame_comes_in_segments():
    made = world()
    data = bytes(range(200)) * 3
    pieces = frames(telecommand(3, 8, 1, data), kind=Kind.AD, most=100)
    for each in pieces:
        made.radiate(STATION, CRAFT, cltus.encode(each, randomise=True))
    made.run_until(10 * SECOND)
    assert len(pieces) > 6
    assert made.executed[0].octets[-len(data) :] == data


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (Acknowledge.NONE, []),
        (Acknowledge.ACCEPTANCE, [Subtype.ACCEPTED]),
        (Acknowledge.COMPLETION, [Subtype.COMPLETED]),
        (Acknowledge.ALL, [Subtype.ACCEPTED, Subtype.STARTED, Subtype.COMPLETED]),
    ],
)
@clause("ECSS-E-ST-70-41C §6.1")
def test_the_acknowledgement_flags_choose_the_reports(flags, expected):
    came = send(world(), unit(telecommand(1, acknowledge=flags)))
    assert [subtype for subtype, _ in verified(came)] == expected


@pytest.mark.parametrize(
    ("octets", "reports"),
    [
        (telecommand(1, service=99), [REFUSED]),
        (telecommand(1, apid=2047), [Subtype.NOT_ROUTED]),
        (telecommand(1, 17, 9), [ACCEPTED, Subtype.NOT_STARTED]),
        (telecommand(1, 20, 1, b"\1\0\7"), [ACCEPTED, Subtype.NOT_STARTED]),
        (bytes.fromhex("1882c0010001ffff"), [REFUSED]),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code_and_not_executed(octets, reports):
    made = world()
    came = send(made, unit(octets))
    assert [subtype for subtype, _ in verified(came)] == reports
    failed = [each.octets for each in came if each.kind != CLCW][-1]
    assert decode(failed[8], failed[19:], PLAIN).failure is not None
    assert not made.executed


def test_frames_with_wrong_bits_are_mended_or_refused_never_done_wrong():
    whole = unit(telecommand(1))
    one = bytearray(whole)
    one[5] ^= 4
    made = world()
    send(made, bytes(one))
    assert len(made.executed) == 1, "one wrong bit of a block is mended"
    two = bytearray(unit(telecommand(2)))
    two[5] ^= 5
    two[13] ^= 9
    send(made, bytes(two))
    assert len(made.executed) == 1
    assert made.spacecraft[CRAFT].receiver.rejected >= 1


def insert(release_ns, *sequences, sub_schedule=0):
    inner = [Activity(release_ns, telecommand(each)) for each in sequences]
    return Insert(tuple(inner), sub_schedule)


def scheduling(sequence, message):
    return unit(telecommand(sequence, 11, int(message.subtype), message.encode(PLAIN)))


@clause("ECSS-E-ST-70-41C §6.11")
def test_the_schedule_executes_once_at_its_time():
    made = world()
    assert send(made, scheduling(1, insert(100 * SECOND, 50, 51)))
    assert not [each for each in made.executed if each.scheduled]
    came = made.run_until(1000 * SECOND)
    done = [each for each in made.executed if each.scheduled]
    assert [(each.t_ns, each.request[1]) for each in done] == [
        (100 * SECOND, 50), (100 * SECOND, 51),
    ]  # fmt: skip
    assert (Subtype.COMPLETED, 51) in verified(came)


def test_the_schedule_can_be_moved_deleted_disabled_and_is_lost_in_a_restart():
    made = world()
    send(made, scheduling(1, insert(100 * SECOND, 50)))
    send(made, scheduling(2, insert(110 * SECOND, 51, sub_schedule=4)))
    send(made, scheduling(3, insert(120 * SECOND, 52)))
    send(made, scheduling(4, Named(Schedule.DISABLE_SUB_SCHEDULES, (4,))))
    send(made, scheduling(5, Select(Schedule.DELETE, (ActivityId(0, 130, 52),))))
    send(made, scheduling(6, ShiftAll(SECOND)))
    send(made, scheduling(7, insert(SECOND, 53)))
    made.run_until(200 * SECOND)
    done = [(each.t_ns, each.request[1]) for each in made.executed if each.scheduled]
    assert done == [(101 * SECOND, 50)]
    send(made, scheduling(8, insert(300 * SECOND, 54)))
    made.reboot(CRAFT)
    made.run_until(400 * SECOND)
    assert len([each for each in made.executed if each.scheduled]) == 1
    report = send(made, scheduling(9, Order(Schedule.REPORT_ALL_SUMMARY)))
    assert any(each.octets[7:9] == bytes([11, 13]) for each in report)


def test_the_packet_error_control_is_checked_where_the_mission_has_it():
    profile = Profile(error_control=True)
    octets = telecommand(1)
    octets = octets[:5] + bytes([octets[5] + 2]) + octets[6:]
    good = octets + crc16_octets(octets).to_bytes(2, "big")
    board = Board(CRAFT, OnBoard(profile), profile)
    assert board.receive(good[:-1] + bytes([good[-1] ^ 1]), 0)[0].subtype == REFUSED
    assert board.receive(good, 0)[0].subtype == ACCEPTED


@given(
    octets=st.binary(max_size=120),
    wrap=st.sampled_from([bytes, unit, scheduled_octets, relayed]),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_no_octets_whatever_bring_a_world_down(octets, wrap, changes):
    made = world([relay("regenerative")], [
        Contact(STATION, CRAFT, 0, 1000 * SECOND, 1, 64_000.0),
        Contact(STATION, "relay", 0, 1000 * SECOND, 1, 64_000.0),
    ])  # fmt: skip
    sent = bytearray(wrap(octets or b"?"))
    for place, value in changes:
        sent[place % len(sent)] ^= value
    for target in (CRAFT, "relay"):
        made.radiate(STATION, target, bytes(sent))
    made.run_until(60 * SECOND)
    assert not [each for each in made.executed if each.request[0] > 2046]


FAULTY = Faults(
    forward_loss=0.2, return_loss=0.2, forward_errors=0.2, duplicates=0.1, reordering=0.1,
    reboot_every_s=300.0,
)  # fmt: skip


def history(seed):
    made = world(seed=seed, faults=FAULTY)
    for number in range(60):
        made.radiate(STATION, CRAFT, unit(telecommand(number)), now_ns=number * 10 * SECOND)
    return made.run_until(1000 * SECOND), made.executed


def test_the_same_seed_gives_the_same_world_and_another_seed_another():
    came, executed = history(3)
    assert history(3) == (came, executed)
    assert history(4)[0] != came
    assert len({each.request for each in executed}) == len(executed) < 60


def test_steps_of_any_size_give_the_same_world():
    whole = history(5)
    made = world(seed=5, faults=FAULTY)
    for number in range(60):
        made.radiate(STATION, CRAFT, unit(telecommand(number)), now_ns=number * 10 * SECOND)
    came = []
    while made.now_ns < 1000 * SECOND:
        fresh = made.step(1000 * SECOND)
        assert all(each.t_ns == made.now_ns for each in fresh)
        came += fresh
    assert (came, made.executed) == whole


def test_each_seed_draws_its_own_faults():
    drawn = [Faults.drawn(seed) for seed in range(40)]
    assert drawn == [Faults.drawn(seed) for seed in range(40)]
    for name in ("forward_loss", "return_loss", "duplicates", "relay_every_s", "reboot_every_s"):
        values = [getattr(each, name) for each in drawn]
        assert 5 < sum(value == 0 for value in values) < 35
    assert max(each.forward_loss for each in drawn) <= 0.3
