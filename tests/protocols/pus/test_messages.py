"""Messages of the services, octet by octet.

Octets are worked by hand from the figures of the standard, where no source is named. Widths named
"as in astro" are those of the unit tests of ravisuhag/astro (pkg/pus, 0a4b621f), whose octets are
retyped here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.pus import (
    checks,
    connection,
    events,
    functions,
    header,
    housekeeping,
    monitoring,
    parameters,
    schedule,
    services,
    time,
    verification,
)
from protocols.pus.activities import Activity, ActivityId, Filter, Summary
from protocols.pus.profile import PROFILE
from protocols.timecodes import Cds
from protocols.times import SECOND_NS
from tests.clauses import clause

T_NS = 2_100_000_000 * SECOND_NS  # 7d2b7500
NARROW = replace(PROFILE, sub_schedule=1, group=1)  # as in astro
PING = bytes.fromhex("1802c03400062f11010000ee63")
REQUEST = verification.RequestId(0x2AB, 0x1234)
V, S, M, H, E = (
    each.Subtype for each in (verification, schedule, monitoring, housekeeping, events)
)


@clause("ECSS-E-ST-70-41C §8.1.2")
@pytest.mark.parametrize(
    "report, octets",
    [
        (verification.Verification(V.ACCEPTED, REQUEST), "1aabd234"),
        (verification.Verification(V.STARTED, REQUEST), "1aabd234"),
        (verification.Verification(V.PROGRESSED, REQUEST, 3), "1aabd2340003"),
        (
            verification.Verification(V.NOT_ACCEPTED, REQUEST, None, verification.Failure(7)),
            "1aabd2340007",
        ),
        (
            verification.Verification(
                V.NOT_PROGRESSED, REQUEST, 5, verification.Failure(3, b"\xaa\xbb")
            ),
            "1aabd23400050003aabb",
        ),
        (
            verification.Verification(
                V.NOT_ROUTED, REQUEST, None, verification.Failure(7, b"\1\2")
            ),
            "1aabd23400070102",
        ),
    ],
)
def test_reports_of_verification_are_laid_out_so(report, octets):
    assert report.encode().hex() == octets
    assert verification.decode(report.subtype, bytes.fromhex(octets)) == report
    assert report.success == (report.failure is None)


@clause("ECSS-E-ST-70-41C §8.1.2.1")
def test_a_request_id_is_the_beginning_of_the_packet():
    assert verification.RequestId.of(PING).encode() == PING[:4]
    telecommand = header.decode_telecommand(PING)
    assert verification.RequestId.of(telecommand) == verification.RequestId.of(PING)
    with pytest.raises(DecodeError):
        verification.RequestId.of(PING[:3])
    with pytest.raises(EncodeError, match="apid"):
        verification.RequestId(2048, 0).encode()


@clause("ECSS-E-ST-70-41C §8.1.2")
@pytest.mark.parametrize("subtype", [0, 9, 11])
def test_verification_has_no_other_subtypes(subtype):
    with pytest.raises(DecodeError):
        verification.decode(subtype, bytes(4))


@clause("ECSS-E-ST-70-41C §8.1.2")
def test_steps_and_failures_belong_to_their_own_reports():
    failure = verification.Failure(1)
    for wrong in (
        verification.Verification(V.ACCEPTED, REQUEST, 1),
        verification.Verification(V.ACCEPTED, REQUEST, None, failure),
        verification.Verification(V.NOT_STARTED, REQUEST),
        verification.Verification(V.PROGRESSED, REQUEST),
    ):
        with pytest.raises(EncodeError):
            wrong.encode()


@clause("ECSS-E-ST-70-41C §8.11.2")
@pytest.mark.parametrize(
    "message, octets, profile",
    [
        (schedule.Order(S.ENABLE), "", PROFILE),
        (  # as in astro: N, source, APID, sequence count
            schedule.Select(S.DELETE, (ActivityId(0x0102, 0x2A, 0x1234),)),
            "01 0102 002a 1234",
            NARROW,
        ),
        (schedule.Named(S.ENABLE_SUB_SCHEDULES, (1, 2)), "02 01 02", NARROW),  # as in astro
        (schedule.Named(S.DISABLE_SUB_SCHEDULES), "00", NARROW),  # as in astro: all of them
        (schedule.Named(S.ENABLE_GROUPS, (9,)), "01 00000009", replace(NARROW, group=4)),
        (schedule.Named(S.ENABLE_SUB_SCHEDULES, (9,)), "01 0009", PROFILE),
        (schedule.Insert((), 3), "0003 00", PROFILE),
        (
            schedule.Insert((Activity(T_NS, PING), Activity(T_NS + 5 * 10**8, PING)), 3),
            f"0003 02 7d2b75000000 {PING.hex()} 7d2b75008000 {PING.hex()}",
            PROFILE,
        ),
        (
            schedule.Insert((Activity(T_NS, PING, group=7),), 3),
            f"03 01 07 7d2b75000000 {PING.hex()}",
            NARROW,
        ),
        (
            schedule.DetailReport((Activity(T_NS, PING, 7, 1),)),
            f"01 01 07 7d2b75000000 {PING.hex()}",
            NARROW,
        ),
        (
            schedule.SummaryReport((Summary(T_NS, ActivityId(5, 0x2A, 100), 2, 8),)),
            "01 02 08 7d2b75000000 0005 002a 0064",
            NARROW,
        ),
        (
            schedule.SummaryReport((Summary(T_NS, ActivityId(5, 0x2A, 100), 2),)),
            "01 0002 7d2b75000000 0005 002a 0064",
            PROFILE,
        ),
        (schedule.SelectByFilter(S.DELETE_BY_FILTER, Filter()), "00 00", PROFILE),
        (
            schedule.SelectByFilter(S.REPORT_SUMMARY_BY_FILTER, Filter(T_NS, T_NS, (4,), (1, 2))),
            "01 7d2b75000000 7d2b75000000 01 04 02 01 02",
            NARROW,
        ),
        (
            schedule.SelectByFilter(S.REPORT_DETAIL_BY_FILTER, Filter(T_NS, None, (4,))),
            "02 7d2b75000000 01 0004",
            PROFILE,
        ),
        (
            schedule.ShiftByFilter(-SECOND_NS, Filter(None, T_NS)),
            "ffffffff0000 03 7d2b75000000 00",
            PROFILE,
        ),
        (
            schedule.Shift(60 * SECOND_NS, (ActivityId(0, 130, 1),)),
            "0000003c0000 01 0000 0082 0001",
            PROFILE,
        ),
        (schedule.ShiftAll(-60 * SECOND_NS), "ffffffc40000", PROFILE),
        (schedule.Statuses(S.SUB_SCHEDULES, ((1, True), (2, False))), "02 000101 000200", PROFILE),
        (schedule.Statuses(S.CREATE_GROUPS, ((1, True),)), "01 01 01", NARROW),
    ],
)
def test_messages_of_the_schedule_are_laid_out_so(message, octets, profile):
    assert message.encode(profile) == bytes.fromhex(octets)
    assert schedule.decode(message.subtype, bytes.fromhex(octets), profile) == message


@clause("ECSS-E-ST-70-41C §8.11.2.5")
def test_an_activity_is_named_by_its_telecommand_and_source():
    made = header.encode_telecommand(header.Telecommand(130, 8, 1, sequence=77, source=4))
    assert ActivityId.of(made) == ActivityId(4, 130, 77)
    assert ActivityId.of(header.decode_telecommand(made)) == ActivityId(4, 130, 77)


@clause("ECSS-E-ST-70-41C §6.11.10.3")
def test_a_filter_that_cannot_be_is_refused():
    with pytest.raises(DecodeError, match="Window 4"):
        schedule.decode(6, b"\x04\x00")
    with pytest.raises(DecodeError, match="window from"):
        schedule.decode(6, bytes.fromhex("01 7d2b75000001 7d2b75000000 00"))
    with pytest.raises(EncodeError, match="window from"):
        Filter(T_NS + 1, T_NS).encode()
    with pytest.raises(EncodeError, match="does not have"):
        Filter(groups=(1,)).encode()


@clause("ECSS-E-ST-70-41C §8.11.2.4")
def test_only_a_whole_packet_is_scheduled():
    for telecommand in (b"", PING[:-1], PING + b"\0"):
        with pytest.raises(EncodeError, match="no whole packet"):
            schedule.Insert((Activity(T_NS, telecommand),)).encode()
    with pytest.raises(EncodeError, match="say it in the request"):
        schedule.Insert((Activity(T_NS, PING, sub_schedule=1),)).encode()
    with pytest.raises(EncodeError, match="group"):
        schedule.Insert((Activity(T_NS, PING, group=1),)).encode()
    with pytest.raises(EncodeError, match="number of rows"):
        schedule.Insert((Activity(T_NS, PING),) * 256).encode()


LIMITS = checks.Limits(b"\0\x10", b"\0\xf0", 8, 9)
EXPECTED = checks.Expected(b"\xff\0", b"\x12\x34", 7)
DELTA = checks.Delta(b"\xff\xf0", b"\0\x10", 10, 11, 3)
CONDITION = checks.Condition(0x200, b"\x0f\xf0", b"\0\1")
WATCHED = replace(PROFILE, value=2, every=4, conditional=True)  # as in astro


@clause("ECSS-E-ST-70-41C §8.12.2")
@pytest.mark.parametrize(
    "message, octets",
    [
        (monitoring.Monitors(M.ENABLE, (5,)), "01 0005"),
        (monitoring.ChangeDelay(300), "012c"),
        (monitoring.Order(M.DELETE_ALL), ""),
        (
            monitoring.Definitions(
                M.ADD, (monitoring.Definition(5, 0x100, LIMITS, 4, 1000, CONDITION),)
            ),
            "01 0005 0100 0200 0ff0 0001 000003e8 04 01 0010 0008 00f0 0009",
        ),
        (
            monitoring.Definitions(
                M.ADD, (monitoring.Definition(5, 0x100, EXPECTED, 4, 1000, CONDITION),)
            ),
            "01 0005 0100 0200 0ff0 0001 000003e8 04 00 ff00 1234 0007",
        ),
        (
            monitoring.Definitions(M.MODIFY, (monitoring.Definition(5, 0x100, DELTA, 4),)),
            "01 0005 0100 04 02 fff0 000a 0010 000b 03",
        ),
        (
            monitoring.Definitions(
                M.DEFINITIONS,
                (monitoring.Definition(5, 0x100, LIMITS, 4, 1000, CONDITION, True),),
                300,
            ),
            "012c 01 0005 0100 0200 0ff0 0001 000003e8 01 04 01 0010 0008 00f0 0009",
        ),
        (
            monitoring.Transitions(
                M.TRANSITIONS,
                (
                    checks.Transition(
                        5, 0x100, checks.CheckType.LIMIT, b"\0\xf1", b"\0\xf0",
                        checks.Status.NOMINAL, checks.Status.HIGH, T_NS,
                    ),
                ),
            ),
            "01 0005 0100 01 00f1 00f0 00 04 7d2b75000000",
        ),
        (
            monitoring.Transitions(
                M.OUT_OF_LIMITS,
                (
                    checks.Transition(
                        5, 0x100, checks.CheckType.EXPECTED, b"\0\1", b"\0\2",
                        checks.Status.UNCHECKED, checks.Status.LOW, T_NS, b"\xff\xff",
                    ),
                ),
            ),
            "01 0005 0100 00 ffff 0001 0002 01 03 7d2b75000000",
        ),
        (monitoring.Statuses(((5, True), (6, False))), "02 000501 000600"),
    ],
)  # fmt: skip
def test_messages_of_monitoring_are_laid_out_so(message, octets):
    assert message.encode(WATCHED) == bytes.fromhex(octets)
    assert monitoring.decode(message.subtype, bytes.fromhex(octets), WATCHED) == message


@clause("ECSS-E-ST-70-41C §8.12.2.5")
def test_a_definition_that_cannot_be_is_refused():
    definition = monitoring.Definition(5, 0x100, LIMITS)
    with pytest.raises(EncodeError, match="condition"):
        monitoring.Definitions(M.ADD, (definition,)).encode(WATCHED)
    with pytest.raises(EncodeError, match="value of 2 octets; expected 4"):
        monitoring.Definitions(M.ADD, (definition,)).encode()
    with pytest.raises(DecodeError, match="CheckType 3"):
        monitoring.decode(7, bytes.fromhex("01 0005 0100 04 03"))


@pytest.mark.parametrize(
    "service, message, octets",
    [
        (housekeeping, housekeeping.Structures(H.ENABLE, (1, 2)), "02 0001 0002"),
        (
            housekeeping,
            housekeeping.Structure(
                H.CREATE, 7, (10, 20, 30), (housekeeping.Repeated(4, (40, 50)),), 100
            ),
            "0007 00000064 03 000a 0014 001e 01 04 02 0028 0032",
        ),
        (housekeeping, housekeeping.Structure(H.APPEND, 7, (10,)), "0007 01 000a 00"),
        (
            housekeeping,
            housekeeping.Structure(H.STRUCTURE, 7, (10,), (), 100, True),
            "0007 01 00000064 01 000a 00",
        ),
        (housekeeping, housekeeping.Intervals(((7, 100),)), "01 0007 00000064"),
        (housekeeping, housekeeping.Periodic(((7, True, 100),)), "01 0007 01 00000064"),
        (housekeeping, housekeeping.Housekeeping(7, b"\1\2\3"), "0007 010203"),
        (events, events.Event(E.HIGH, 42, b"\1\2\3"), "002a 010203"),
        (events, events.Events(E.DISABLED, (4, 8, 15)), "03 0004 0008 000f"),
        (events, events.Order(), ""),
        (functions, functions.Perform(b"\0\1", b"\xab"), "0001 ab"),
        (time, time.SetRate(3), "03"),
        (time, time.TimeReport(time.Subtype.CUC, T_NS, 3), "03 7d2b75000000"),
        (connection, connection.Ping(connection.Subtype.ALIVE), ""),
        (connection, connection.Connection(connection.Subtype.CONNECTED, 100), "0064"),
        # termina-lang/obdh-asw-termina, test procedure 0080: N = 1, PID = 0x0A, value = 99
        (parameters, parameters.Request((10,)), "01 000a"),
        (
            parameters,
            parameters.Values(parameters.Subtype.SET, ((10, b"\0\0\0c"),)),
            "01 000a 00000063",
        ),
    ],
)  # fmt: skip
def test_messages_are_laid_out_so(service, message, octets):
    assert message.encode() == bytes.fromhex(octets)
    assert service.decode(message.subtype, bytes.fromhex(octets)) == message
    packet = header.Telecommand(1, service.SERVICE, message.subtype, bytes.fromhex(octets))
    assert services.decode(packet) == message


@clause("ECSS-E-ST-70-41C §8.9.2.3")
def test_a_time_report_is_of_the_code_that_the_mission_has():
    profile = replace(PROFILE, time=Cds(), reference=1)
    report = time.TimeReport(time.Subtype.CDS, T_NS - T_NS % (86_400 * SECOND_NS), 3, 1)
    assert time.decode(3, report.encode(profile), profile) == report
    with pytest.raises(EncodeError):
        report.encode()
    with pytest.raises(DecodeError):
        time.decode(2, report.encode(profile), profile)


@clause("ECSS-E-ST-70-41C table 8-3")
def test_a_status_is_enabled_or_disabled():
    with pytest.raises(DecodeError, match="status 2"):
        schedule.decode(19, bytes.fromhex("01 0001 02"))
    with pytest.raises(DecodeError, match="255 rows in 3"):
        events.decode(5, b"\xff\0\0\0")
