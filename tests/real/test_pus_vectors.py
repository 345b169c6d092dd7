"""The packet utilisation standard as it flew on Hera, and as SpacePyLibrary writes it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from protocols import packet, tm
from protocols.channel import Channels
from protocols.errors import DecodeError
from protocols.pus import events, header, housekeeping, services, time, verification
from protocols.pus.profile import PROFILE, PUS_A, Profile
from protocols.timecodes import Cuc
from tests.clauses import clause

HERA = "estevez/Hera/hera_low_rate_frames_2024_10_07_"
SINCE_BOOT = Cuc(4, 3, epoch_ns=1)  # an epoch of its own, which nobody has published
HERA_PROFILE = Profile(time=SINCE_BOOT)
HERA_TIME = replace(HERA_PROFILE, p_field=True)
PARAMETER_APID = 260


def packets_of(shared, name):
    frames = np.fromfile(shared / f"{HERA}{name}.u8", np.uint8).reshape(-1, 1113)
    return Channels().receive(tm.decode_many(frames, tm.Layout(1113))[0]).packets


@pytest.fixture
def first(shared):
    return packets_of(shared, "16_24_20")


@pytest.fixture(params=["16_24_20", "16_25_23"])
def hera(request, shared):
    return packets_of(shared, request.param)


def reports(packets):
    rows = np.flatnonzero(packets.secondary_header)
    return [header.decode_report(packets.octets(row), HERA_PROFILE) for row in rows.tolist()]


def test_hera_sends_as_many_of_each_message_as_counted(first):
    """229 of (3,25), 14 of (5,1), 1 of (5,3), 3 of (1,1), 3 of (1,7), 6 time packets."""
    counted = {(3, 25): 229, (5, 1): 14, (5, 3): 1, (1, 1): 3, (1, 7): 3, (-1, -1): 6}
    service, subtype = header.types(first)
    assert Counter(zip(service.tolist(), subtype.tolist(), strict=True)) == counted
    assert len(reports(first)) == 250  # each with a good CRC


@clause("ECSS-E-ST-70-41C §8.1.2.1")
def test_hera_verifies_three_telecommands_in_order(first):
    made = [services.decode(each, HERA_PROFILE) for each in reports(first) if each.service == 1]
    assert [each.subtype.name for each in made] == ["ACCEPTED", "COMPLETED"] * 3
    assert [each.request.sequence for each in made] == [1, 1, 2, 2, 3, 3]
    assert {replace(each.request, sequence=0) for each in made} == {verification.RequestId(257, 0)}


def test_hera_addresses_its_verification_to_one_source(first):
    """The destination of a verification report is the source of the request."""
    destinations = {(each.service, each.destination) for each in reports(first)}
    assert destinations == {(1, 0x0101), (3, 0), (5, 0)}


def test_every_report_of_hera_is_read_and_written_the_same(hera):
    for row in np.flatnonzero(hera.secondary_header).tolist():
        octets = hera.octets(row)
        report = header.decode_report(octets, HERA_PROFILE)
        assert header.encode_report(report, HERA_PROFILE) == octets
        message = services.decode(report, HERA_PROFILE)
        assert message.encode(HERA_PROFILE) == report.data
        assert HERA_PROFILE.encode_time(HERA_PROFILE.decode_time(report.time)) == report.time


def test_hera_counts_its_messages_of_a_type(first):
    counters = [each.counter for each in reports(first) if each.apid == PARAMETER_APID]
    assert np.all(np.diff(counters) == 1)
    events_told = [
        each.counter for each in reports(first) if (each.service, each.subtype) == (5, 1)
    ]
    assert events_told == list(range(events_told[0], events_told[0] + 14))


def test_hera_tells_structures_and_events_by_number(first):
    made = [services.decode(each, HERA_PROFILE) for each in reports(first)]
    assert all(each.structure > 0 for each in made if isinstance(each, housekeeping.Housekeeping))
    told = [each for each in made if isinstance(each, events.Event)]
    assert Counter(each.subtype.name for each in told) == {"INFORMATIVE": 14, "MEDIUM": 1}
    assert told[0].event == 0x0105


@clause("ECSS-E-ST-70-41C §8.9.2.2")
def test_hera_tells_its_time_with_a_p_field_and_no_crc(hera):
    rows = np.flatnonzero(hera.apid == time.TIME_APID).tolist()
    made = [time.decode(2, hera.octets(row)[6:], HERA_TIME) for row in rows]
    assert {each.exponent for each in made} == {3} and len(made) in (6, 56)
    assert np.all(np.diff([each.t_ns for each in made]) > 0)
    assert made[0].encode(HERA_TIME) == hera.octets(rows[0])[6:]


def test_no_packet_of_hera_with_a_flipped_bit_is_read(first):
    for row in range(0, len(first), 16):
        if not first.secondary_header[row]:
            continue
        octets = bytearray(first.octets(row))
        octets[len(octets) // 2] ^= 4
        with pytest.raises(DecodeError):
            header.decode_report(bytes(octets), HERA_PROFILE)


@pytest.fixture
def vectors(shared):
    return json.loads((shared / "vectors" / "pus_and_frames_spacepylib.json").read_text())


@clause("ECSS-E-70-41A §5.4")
@pytest.mark.parametrize("name", ["TM_PACKET_01", "TM_PACKET_02", "TM_PACKET_03", "TM_PACKET_04"])
def test_reports_of_version_1_are_read(vectors, name):
    constants = vectors["constants"]
    good = vectors["crc_verified"].get(name, False)
    profile = replace(PUS_A, destination=0, error_control=good)
    report = header.decode_report(bytes.fromhex(constants[name]), profile)
    assert report.apid == constants[f"{name}_applicationProcessId"]
    assert report.service == constants[f"{name}_serviceType"]
    assert report.subtype == constants[f"{name}_serviceSubType"]
    assert report.sequence == constants[f"{name}_sequenceControlCount"]
    assert constants[f"{name}_pusVersionNumber"] == profile.version
    assert header.encode_report(report, profile).hex() == constants[name]
    with pytest.raises(DecodeError):
        header.decode_report(bytes.fromhex(constants[name]), PROFILE)


@clause("ECSS-E-70-41A §5.3")
def test_a_telecommand_of_version_1_is_read(vectors):
    constants = vectors["constants"]
    octets = bytes.fromhex(constants["TC_PACKET_01"])
    telecommand = header.decode_telecommand(octets, PUS_A)
    assert telecommand.apid == constants["TC_PACKET_01_applicationProcessId"]
    assert telecommand.acknowledge == constants["TC_PACKET_01_ack"]
    assert (telecommand.service, telecommand.subtype) == (6, 2)
    assert telecommand.sequence == constants["TC_PACKET_01_sequenceControlCount"]
    assert header.encode_telecommand(telecommand, PUS_A) == octets
    assert verification.RequestId.of(octets).apid == telecommand.apid


@clause("ECSS-E-ST-70-41C §7.4.4")
def test_a_ping_of_version_2_is_read(vectors):
    octets = bytes.fromhex(vectors["pus_c_ping"][0]["hex"])
    telecommand = header.decode_telecommand(octets)
    assert (telecommand.apid, telecommand.service, telecommand.subtype) == (2, 17, 1)
    assert services.decode(telecommand).subtype == 1
    assert packet.decode(octets).sequence[0] == 0x34
