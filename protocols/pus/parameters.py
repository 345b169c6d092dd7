"""ST[20], on-board parameter management: ask for values and set them.

Source: ECSS-E-ST-70-41C §6.20, §8.20.2 (clause numbers unverified; the layout agrees with open
implementations).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.pus.fields import Reader, expect, fixed, kind, many, numbers, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 20


class Subtype(IntEnum):
    """The messages on values, numbered as their clauses."""

    REPORT = 1
    VALUES = 2
    SET = 3


@dataclass(frozen=True, slots=True)
class Request:
    """Report the values of these parameters (1)."""

    subtype: ClassVar[Subtype] = Subtype.REPORT
    parameters: tuple[int, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.20.2.1."""
        return numbers(self.parameters, profile.parameter, "parameter id", profile)


@dataclass(frozen=True, slots=True)
class Values:
    """Values as they are (2), or as they shall be (3).

    `values` has (parameter id, octets of the value), as wide as `Profile.value_octets` says.
    """

    subtype: Subtype
    values: tuple[tuple[int, bytes], ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.20.2.2, .3."""
        expect(self.subtype, {Subtype.VALUES, Subtype.SET})
        rows = (
            unsigned(parameter, profile.parameter, "parameter id")
            + fixed(value, profile.value_octets(parameter), "value")
            for parameter, value in self.values
        )
        return many(rows, profile)


Message = Request | Values


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.20.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    message: Message
    if which is Subtype.REPORT:
        message = Request(reader.numbers(profile.parameter))
    else:
        message = Values(which, reader.many(lambda: _value(reader)))
    reader.end()
    return message


def _value(reader: Reader) -> tuple[int, bytes]:
    parameter = reader.unsigned(reader.profile.parameter)
    return parameter, reader.octets(reader.profile.value_octets(parameter))
