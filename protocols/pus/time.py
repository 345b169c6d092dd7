"""ST[09], time management: the time of the spacecraft, and how often it is told.

A time report is a packet of APID 0 without a secondary header: its data field starts right after
the primary header. A CDS report (3) needs a profile whose time is a CDS.

Source: ECSS-E-ST-70-41C §6.9, §8.9.2; rate, then time: as Hera and Yamcs send it; the status of the
time reference after them is unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.errors import EncodeError
from protocols.pus.fields import Reader, expect, kind, unsigned
from protocols.pus.profile import PROFILE, Profile
from protocols.timecodes import Cuc

SERVICE = 9
TIME_APID = 0


class Subtype(IntEnum):
    """All messages of the service, numbered as their clauses."""

    SET_RATE = 1
    CUC = 2
    CDS = 3


@dataclass(frozen=True, slots=True)
class SetRate:
    """Report the time once every 2^exponent of what the mission counts, seconds or frames (1)."""

    subtype: ClassVar[Subtype] = Subtype.SET_RATE
    exponent: int

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.9.2.1."""
        return unsigned(self.exponent, profile.rate, "rate exponent")


@dataclass(frozen=True, slots=True)
class TimeReport:
    """The time of the spacecraft as CUC (2) or CDS (3).

    Attributes:
        t_ns: ns TAI since 1958.
        exponent: the rate; 0 where the profile gives it no octets.
        reference: status of the time reference; 0 where the profile gives it no octets.
    """

    subtype: Subtype
    t_ns: int
    exponent: int = 0
    reference: int = 0

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.9.2.2, .3."""
        expect(self.subtype, {Subtype.CUC, Subtype.CDS})
        if self.subtype is not _code(profile):
            raise EncodeError(f"a {self.subtype.name} report with {profile.time}")
        return (
            unsigned(self.exponent, profile.rate, "rate exponent")
            + profile.encode_time(self.t_ns)
            + unsigned(self.reference, profile.reference, "time reference status")
        )


Message = SetRate | TimeReport


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, another time code, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.9.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    exponent = reader.unsigned(profile.rate)
    message: Message = SetRate(exponent)
    if which is not Subtype.SET_RATE:
        if which is not _code(profile):
            raise reader.wrong(f"a {which.name} report with {profile.time}")
        message = TimeReport(which, reader.time(), exponent, reader.unsigned(profile.reference))
    reader.end()
    return message


def _code(profile: Profile) -> Subtype:
    return Subtype.CUC if isinstance(profile.time, Cuc) else Subtype.CDS
