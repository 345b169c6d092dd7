"""Telecommands and reports as whole packets: secondary headers, data, packet error control.

The first octet of both headers is the PUS version and four bits (acknowledgement flags, or the
status of the time reference); then service and subtype; then source, or counter, destination and
time. In PUS-A version 1 stands in the same four bits, its first bit a zero spare.

Source: ECSS-E-ST-70-41C §7.4.3 (telemetry), §7.4.4 (telecommands); PUS-A: ECSS-E-70-41A §5.3, §5.4
(unverified).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from protocols import packet
from protocols.chain import SPACE_HEADER
from protocols.crc import CRC16_OCTETS, crc16_octets
from protocols.errors import DecodeError, EncodeError
from protocols.packet import ALONE
from protocols.pus.fields import fixed, unsigned
from protocols.pus.profile import PROFILE, Profile

TM_CLAUSE = "ECSS-E-ST-70-41C §7.4.3.1"
TC_CLAUSE = "ECSS-E-ST-70-41C §7.4.4.1"
CRC_CLAUSE = "ECSS-E-ST-70-41C annex B"
TELEMETRY, TELECOMMAND = 0, 1


class Acknowledge(IntFlag):
    """The reports of success that a telecommand asks for; failures are always reported.

    Source: ECSS-E-ST-70-41C §7.4.4.1d.
    """

    NONE = 0
    ACCEPTANCE = 1
    START = 2
    PROGRESS = 4
    COMPLETION = 8
    ALL = 15


@dataclass(frozen=True, slots=True)
class Telecommand:
    """One request. `data` is the application data field, between secondary header and CRC."""

    apid: int
    service: int
    subtype: int
    data: bytes = b""
    sequence: int = 0
    source: int = 0
    acknowledge: Acknowledge = Acknowledge.ALL
    sequence_flags: int = ALONE


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        data: the source data field, between secondary header and CRC.
        time: the time field as it stands; `Profile.decode_time` reads it.
        time_status: of the spacecraft's time reference, four bits that are the mission's own.
        counter: messages of this type to this destination.
    """

    apid: int
    service: int
    subtype: int
    time: bytes
    data: bytes = b""
    sequence: int = 0
    time_status: int = 0
    counter: int = 0
    destination: int = 0
    sequence_flags: int = ALONE


def encode_telecommand(telecommand: Telecommand, profile: Profile = PROFILE) -> bytes:
    """Return the packet of a telecommand.

    Raises:
        EncodeError: a field does not fit.

    Source: ECSS-E-ST-70-41C §7.4.4.
    """
    header = (
        _first(telecommand.acknowledge, "acknowledgement flags", profile)
        + _type(telecommand.service, telecommand.subtype)
        + unsigned(telecommand.source, profile.source, "source")
        + bytes(profile.tc_spare)
    )
    return _packet(telecommand, TELECOMMAND, header, profile)


def decode_telecommand(octets: bytes, profile: Profile = PROFILE) -> Telecommand:
    """Return the telecommand of a packet.

    Raises:
        DecodeError: no whole telecommand with a secondary header of the profile, or a wrong CRC.

    Source: ECSS-E-ST-70-41C §7.4.4.
    """
    header = 3 + profile.source + profile.tc_spare
    apid, flags, sequence, field = _open(octets, TELECOMMAND, header, profile, TC_CLAUSE)
    return Telecommand(
        apid=apid,
        service=field[1],
        subtype=field[2],
        data=field[header:],
        sequence=sequence,
        source=int.from_bytes(field[3 : 3 + profile.source], "big"),
        acknowledge=Acknowledge(field[0] & 15),
        sequence_flags=flags,
    )


def encode_report(report: Report, profile: Profile = PROFILE) -> bytes:
    """Return the packet of a report.

    Raises:
        EncodeError: a field does not fit.

    Source: ECSS-E-ST-70-41C §7.4.3.
    """
    header = (
        _first(report.time_status, "time status", profile)
        + _type(report.service, report.subtype)
        + unsigned(report.counter, profile.counter, "counter")
        + unsigned(report.destination, profile.destination, "destination")
        + fixed(report.time, profile.time_octets, "time")
        + bytes(profile.tm_spare)
    )
    return _packet(report, TELEMETRY, header, profile)


def decode_report(octets: bytes, profile: Profile = PROFILE) -> Report:
    """Return the report of a packet.

    Raises:
        DecodeError: no whole report with a secondary header of the profile, or a wrong CRC.

    Source: ECSS-E-ST-70-41C §7.4.3.
    """
    counted = 3 + profile.counter
    addressed = counted + profile.destination
    timed = addressed + profile.time_octets
    header = timed + profile.tm_spare
    apid, flags, sequence, field = _open(octets, TELEMETRY, header, profile, TM_CLAUSE)
    return Report(
        apid=apid,
        service=field[1],
        subtype=field[2],
        time=field[addressed:timed],
        data=field[header:],
        sequence=sequence,
        time_status=field[0] & 15,
        counter=int.from_bytes(field[3:counted], "big"),
        destination=int.from_bytes(field[counted:addressed], "big"),
        sequence_flags=flags,
    )


def types(packets: packet.Packets) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Return service and subtype of each row, int16 [N]; -1 where there is no secondary header.

    Source: ECSS-E-ST-70-41C §7.4.3.1, §7.4.4.1: octets 1 and 2 of both headers.
    """
    there = packets.secondary_header & (packets.length >= SPACE_HEADER + 3)
    at = np.where(there, packets.offset + SPACE_HEADER, 0)
    service, subtype = (
        packets.arena[at + 1].astype(np.int16),
        packets.arena[at + 2].astype(np.int16),
    )
    service[~there] = subtype[~there] = -1
    return service, subtype


def _first(bits: int, name: str, profile: Profile) -> bytes:
    if not 0 <= bits < 16:
        raise EncodeError(f"{name} {bits} does not fit 4 bits")
    return bytes([profile.version << 4 | bits])


def _type(service: int, subtype: int) -> bytes:
    return unsigned(service, 1, "service") + unsigned(subtype, 1, "subtype")


def _packet(message: Telecommand | Report, kind: int, header: bytes, profile: Profile) -> bytes:
    octets = packet.encode(
        message.apid,
        message.sequence,
        header + message.data + bytes(CRC16_OCTETS if profile.error_control else 0),
        type=kind,
        secondary_header=True,
        sequence_flags=message.sequence_flags,
    )
    if not profile.error_control:
        return octets
    covered = octets[:-CRC16_OCTETS]
    return covered + crc16_octets(covered).to_bytes(CRC16_OCTETS, "big")


def _open(
    octets: bytes, kind: int, header: int, profile: Profile, clause: str
) -> tuple[int, int, int, bytes]:
    """Return apid, sequence flags, sequence count and packet data field without its CRC."""
    smallest = SPACE_HEADER + header + (CRC16_OCTETS if profile.error_control else 0)
    if len(octets) < smallest:
        raise DecodeError(f"packet of {len(octets)} octets; expected {smallest}", clause=clause)
    identification, control, length = (
        int.from_bytes(octets[at : at + 2], "big") for at in (0, 2, 4)
    )
    if len(octets) != SPACE_HEADER + length + 1:
        raise DecodeError(f"packet of {len(octets)} octets", clause="133.0-B-2 §4.1.3.5.3")
    if identification >> 11 != kind << 1 | 1:
        raise DecodeError(
            f"packet identification {identification:04x}: version, type or no secondary header",
            clause=clause,
        )
    if octets[SPACE_HEADER] >> 4 != profile.version:
        raise DecodeError(f"PUS version {octets[SPACE_HEADER] >> 4}", clause=clause)
    if profile.error_control and crc16_octets(octets):
        raise DecodeError("packet error control", clause=CRC_CLAUSE)
    end = len(octets) - (CRC16_OCTETS if profile.error_control else 0)
    return identification & 0x7FF, control >> 14, control & 0x3FFF, octets[SPACE_HEADER:end]
