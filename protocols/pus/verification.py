"""ST[01], request verification: how far a telecommand has come on board.

Source: ECSS-E-ST-70-41C §6.1, §8.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocols.errors import DecodeError, EncodeError
from protocols.pus.fields import Reader, clause, kind, unsigned
from protocols.pus.header import TELECOMMAND, Telecommand
from protocols.pus.profile import PROFILE, Profile

SERVICE = 1
REQUEST_ID_OCTETS = 4


class Subtype(IntEnum):
    """What a report says; even ones are failures."""

    ACCEPTED = 1
    NOT_ACCEPTED = 2
    STARTED = 3
    NOT_STARTED = 4
    PROGRESSED = 5
    NOT_PROGRESSED = 6
    COMPLETED = 7
    NOT_COMPLETED = 8
    NOT_ROUTED = 10


@dataclass(frozen=True, slots=True)
class RequestId:
    """Which telecommand: packet identification and sequence control of its primary header.

    Source: ECSS-E-ST-70-41C §8.1.2.1, figure 8-1.
    """

    apid: int
    sequence: int
    sequence_flags: int = 3
    version: int = 0
    type: int = TELECOMMAND
    secondary_header: bool = True

    @classmethod
    def of(cls, telecommand: Telecommand | bytes) -> RequestId:
        """Return the id of a telecommand, given as it is or as a packet's octets.

        Raises:
            DecodeError: fewer than four octets.
        """
        if isinstance(telecommand, bytes):
            return decode_request_id(telecommand[:REQUEST_ID_OCTETS])
        return cls(telecommand.apid, telecommand.sequence, telecommand.sequence_flags)

    def encode(self) -> bytes:
        """Return the four octets.

        Raises:
            EncodeError: a field does not fit.
        """
        word = 0
        for name, width in _FIELDS:
            value = int(getattr(self, name))
            if not 0 <= value < 1 << width:
                raise EncodeError(f"{name} {value} does not fit {width} bits")
            word = word << width | value
        return word.to_bytes(REQUEST_ID_OCTETS, "big")


_FIELDS = (
    ("version", 3),
    ("type", 1),
    ("secondary_header", 1),
    ("apid", 11),
    ("sequence_flags", 2),
    ("sequence", 14),
)


def decode_request_id(octets: bytes) -> RequestId:
    """Return the request id that four octets hold.

    Raises:
        DecodeError: they are not four.

    Source: ECSS-E-ST-70-41C §8.1.2.1, figure 8-1.
    """
    if len(octets) != REQUEST_ID_OCTETS:
        raise DecodeError(f"request id of {len(octets)} octets", clause=clause(SERVICE, 1))
    word = int.from_bytes(octets, "big")
    return RequestId(
        version=word >> 29,
        type=word >> 28 & 1,
        secondary_header=bool(word >> 27 & 1),
        apid=word >> 16 & 0x7FF,
        sequence_flags=word >> 14 & 3,
        sequence=word & 0x3FFF,
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why not: a code, and data whose form the code decides."""

    code: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Verification:
    """One report of ST[01].

    Attributes:
        step: how far, in reports of progress alone.
        failure: in reports of failure alone.
    """

    subtype: Subtype
    request: RequestId
    step: int | None = None
    failure: Failure | None = None

    @property
    def success(self) -> bool:
        """Whether all is well so far."""
        return self.subtype % 2 == 1

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the source data field.

        Raises:
            EncodeError: a number does not fit, or a part is missing or not of this subtype.

        Source: ECSS-E-ST-70-41C §8.1.2.
        """
        if (self.step is not None) != _has_step(self.subtype):
            raise EncodeError(f"step {self.step} in a report {self.subtype.name}")
        if (self.failure is None) != self.success:
            raise EncodeError(f"failure {self.failure} in a report {self.subtype.name}")
        octets = self.request.encode()
        if self.step is not None:
            octets += unsigned(self.step, profile.step, "step")
        if self.failure is not None:
            octets += unsigned(self.failure.code, profile.failure, "failure code")
            octets += self.failure.data
        return octets


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Verification:
    """Return the report that a source data field holds.

    Raises:
        DecodeError: no such subtype, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.1.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    request = decode_request_id(reader.octets(REQUEST_ID_OCTETS))
    step = reader.unsigned(profile.step) if _has_step(which) else None
    failure = None
    if which % 2 == 0:
        failure = Failure(reader.unsigned(profile.failure), reader.rest())
    reader.end()
    return Verification(which, request, step, failure)


def _has_step(subtype: Subtype) -> bool:
    return subtype in (Subtype.PROGRESSED, Subtype.NOT_PROGRESSED)
