"""Secondary headers against octets of other implementations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from protocols import packet, times
from protocols.errors import DecodeError, EncodeError
from protocols.pus import header
from protocols.pus.header import Acknowledge, Report, Telecommand
from protocols.pus.profile import PROFILE, PUS_A, Profile
from protocols.timecodes import Cds, Cuc
from tests.clauses import clause

# us-irs/spacepackets-py b9c6bb15, tests/ecss/test_pus_tc.py and test_pus_tc_a.py (Apache-2.0)
PING = Telecommand(2, 17, 1, sequence=0x34)
PING_C = bytes.fromhex("1802c03400062f11010000ee63")
PING_A = bytes.fromhex("1802c03400041f1101372d")
NO_SOURCE = replace(PUS_A, source=0)
LATE = 2_100_000_000 * times.SECOND_NS + times.SECOND_NS // 2


@clause("ECSS-E-ST-70-41C §7.4.4.1")
@pytest.mark.parametrize("octets, profile", [(PING_C, PROFILE), (PING_A, NO_SOURCE)])
def test_a_ping_of_another_implementation_is_written_and_read(octets, profile):
    assert header.encode_telecommand(PING, profile) == octets
    assert header.decode_telecommand(octets, profile) == PING


@clause("ECSS-E-ST-70-41C §7.4.3.1")
def test_a_report_of_another_implementation_is_written():
    """TM[17,2] of spacepackets-py; APID 291, count 564, a CDS of 7 octets in the end."""
    profile = Profile(time=Cds(), p_field=True)
    stamp = profile.encode_time(LATE)
    octets = header.encode_report(Report(0x123, 17, 2, stamp, sequence=0x234), profile)
    assert octets[:13] == bytes.fromhex("0923c234000f20110200000000") and stamp[0] == 0x40
    assert octets[13:20] == stamp and len(octets) == 22


@clause("ECSS-E-ST-70-41C §7.4.3.1")
def test_each_field_of_a_report_has_its_own_octets():
    """Octets by hand; service, counter and destination as in the tests of sts1cobcsw."""
    stamp = PROFILE.encode_time(LATE)
    made = Report(150, 1, 1, stamp, b"\xaa", 5, time_status=9, counter=0x1234, destination=0xAA33)
    octets = header.encode_report(made)
    assert octets[:-2].hex() == "0896c005000f2901011234aa337d2b75008000aa"
    assert header.decode_report(octets) == made
    assert PROFILE.decode_time(made.time) == LATE


@clause("ECSS-E-ST-70-41C §7.4.4.1")
@pytest.mark.parametrize(
    "flag, bit",
    [
        (Acknowledge.ACCEPTANCE, 1),
        (Acknowledge.START, 2),
        (Acknowledge.PROGRESS, 4),
        (Acknowledge.COMPLETION, 8),
    ],
)
def test_each_acknowledgement_has_its_own_bit(flag, bit):
    octets = header.encode_telecommand(replace(PING, acknowledge=flag))
    assert octets[6] == 0x20 | bit
    assert header.decode_telecommand(octets).acknowledge is flag


@clause("ECSS-E-ST-70-41C annex B")
@pytest.mark.parametrize("bit", range(8 * len(PING_C)))
def test_no_flipped_bit_goes_unseen(bit):
    octets = bytearray(PING_C)
    octets[bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(DecodeError):
        header.decode_telecommand(bytes(octets))


def test_a_packet_cut_short_is_refused():
    stamp = PROFILE.encode_time(0)
    for decode, octets in (
        (header.decode_telecommand, PING_C),
        (header.decode_report, header.encode_report(Report(1, 3, 25, stamp, b"abc"))),
    ):
        for length in range(len(octets)):
            with pytest.raises(DecodeError):
                decode(octets[:length])
        with pytest.raises(DecodeError):
            decode(octets + b"\0")


@pytest.mark.parametrize(
    "changed, clause_of",
    [
        ("0802c03400062f11010000", "7.4.4.1"),  # telemetry
        ("1002c03400062f11010000", "7.4.4.1"),  # no secondary header
        ("3802c03400062f11010000", "7.4.4.1"),  # packet version 1
        ("1802c03400061f11010000", "7.4.4.1"),  # PUS-A
    ],
)
def test_another_kind_of_packet_is_refused_with_its_clause(changed, clause_of):
    octets = bytes.fromhex(changed)
    octets += header.crc16_octets(octets).to_bytes(2, "big")
    with pytest.raises(DecodeError) as caught:
        header.decode_telecommand(octets)
    assert clause_of in caught.value.clause


@pytest.mark.parametrize(
    "change",
    [
        {"service": 256},
        {"subtype": -1},
        {"source": 65536},
        {"apid": 2048},
        {"sequence": 16384},
        {"acknowledge": 16},
        {"data": bytes(65536)},
    ],
)
def test_what_does_not_fit_is_not_written(change):
    with pytest.raises(EncodeError):
        header.encode_telecommand(replace(PING, **change))
    with pytest.raises(EncodeError):
        header.encode_report(Report(1, 1, 1, b"short"))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        [
            PROFILE,
            PUS_A,
            NO_SOURCE,
            replace(PROFILE, error_control=False, tc_spare=1, tm_spare=3),
            replace(PROFILE, time=Cuc(4, 3, epoch_ns=1), p_field=True),
        ]
    ),
    st.integers(0, 2047),
    st.integers(0, 16383),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=30),
    st.data(),
)
def test_what_is_written_is_read(profile, apid, sequence, service, subtype, data, draw):
    source = draw.draw(st.integers(0, 256**profile.source - 1))
    given = Telecommand(apid, service, subtype, data, sequence, source, Acknowledge.START)
    assert header.decode_telecommand(header.encode_telecommand(given, profile), profile) == given
    stamp = draw.draw(st.binary(min_size=profile.time_octets, max_size=profile.time_octets))
    counter = draw.draw(st.integers(0, 256**profile.counter - 1))
    report = Report(apid, service, subtype, stamp, data, sequence, 3, counter, source % 256)
    assert header.decode_report(header.encode_report(report, profile), profile) == report


@clause("ECSS-E-ST-70-41C §7.4.3.1")
def test_services_of_one_packet_and_of_many_are_the_same():
    stamp = PROFILE.encode_time(0)
    octets = [header.encode_report(Report(1, n % 256, n % 7, stamp)) for n in range(1000)]
    octets += [packet.encode(0, 0, b"no header"), packet.encode(0, 0, b"ab", secondary_header=True)]
    service, subtype = header.types(packet.decode_many(octets)[0])
    assert service.tolist() == [n % 256 for n in range(1000)] + [-1, -1]
    assert subtype.tolist() == [n % 7 for n in range(1000)] + [-1, -1]
    for row in (0, 999, 1000, 1001):
        one = header.types(packet.decode(octets[row]))
        assert [each.tolist() for each in one] == [[service[row]], [subtype[row]]]
    assert service.dtype == np.int16


@clause("ECSS-E-ST-70-41C §7.3.11")
@pytest.mark.parametrize(
    "offset_ns, octets",
    [
        (0, "000000000000"),
        (1_500_000_000, "000000018000"),
        (-1_000_000_000, "ffffffff0000"),
        (-500_000_000, "ffffffff8000"),
    ],
)
def test_a_relative_time_is_a_count_in_twos_complement(offset_ns, octets):
    assert PROFILE.encode_relative(offset_ns).hex() == octets
    assert PROFILE.decode_relative(bytes.fromhex(octets)) == offset_ns
    with pytest.raises(EncodeError):
        PROFILE.encode_relative(2**31 * 10**9)


@clause("ECSS-E-ST-70-41C §7.3.10")
def test_a_time_of_another_code_is_refused():
    profile = replace(PROFILE, p_field=True)
    assert profile.encode_time(LATE).hex() == "1e7d2b75008000"
    for octets in ("2e7d2b75008000", "1e7d2b750080", ""):
        with pytest.raises(DecodeError):
            profile.decode_time(bytes.fromhex(octets))
    with pytest.raises(DecodeError, match="no time"):
        Profile(time=Cds()).decode_time(b"\xff" * 6)


def test_the_default_headers_are_those_of_the_database_of_this_project():
    """Widths of the secondary headers in bits, as the database's entries give them."""
    root = etree.parse(Path(__file__).parents[3] / "configs" / "chenguang1" / "database.xml")
    sizes = {
        each.get("name"): int(each.find(".//{*}IntegerDataEncoding").get("sizeInBits"))
        for each in root.iterfind("{*}TelemetryMetaData/{*}ParameterTypeSet/*")
    }
    types = {
        each.get("name"): each.get("parameterTypeRef")
        for each in root.iterfind("{*}TelemetryMetaData/{*}ParameterSet/*")
    }
    entries = root.iterfind(".//{*}SequenceContainer[@name='TelemetryPacket']/{*}EntryList/*")
    widths = [sizes[types[each.get("parameterRef")]] for each in entries]
    coarse, fine = 8 * PROFILE.time.coarse, 8 * PROFILE.time.fine
    assert widths == [4, 4, 8, 8, 8 * PROFILE.counter, 8 * PROFILE.destination, coarse, fine]
    source = root.find(".//{*}CommandContainer[@name='TelecommandPacket']//*[@name='source']")
    assert int(source.get("sizeInBits")) == 8 * PROFILE.source
