"""ST[05], event reporting: what happened on board, and which events may be told.

Source: ECSS-E-ST-70-41C §6.5, §8.5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocols.pus.fields import Reader, expect, kind, numbers, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 5


class Subtype(IntEnum):
    """All messages of the service, numbered as their clauses."""

    INFORMATIVE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    ENABLE = 5
    DISABLE = 6
    REPORT_DISABLED = 7
    DISABLED = 8


_REPORTS = frozenset({1, 2, 3, 4})
_LISTS = frozenset({5, 6, 8})


@dataclass(frozen=True, slots=True)
class Event:
    """An event report (1 to 4: informative, low, medium, high severity)."""

    subtype: Subtype
    event: int
    auxiliary: bytes = b""

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.5.2.1 to .4."""
        expect(self.subtype, _REPORTS)
        return unsigned(self.event, profile.event, "event definition id") + self.auxiliary


@dataclass(frozen=True, slots=True)
class Events:
    """Events to enable (5) or disable (6), or that are disabled (8)."""

    subtype: Subtype
    events: tuple[int, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.5.2.5, .6, .8."""
        expect(self.subtype, _LISTS)
        return numbers(self.events, profile.event, "event definition id", profile)


@dataclass(frozen=True, slots=True)
class Order:
    """Report which events are disabled (7)."""

    subtype: Subtype = Subtype.REPORT_DISABLED

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field, which is empty."""
        expect(self.subtype, {Subtype.REPORT_DISABLED})
        return b""


Message = Event | Events | Order


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.5.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    message: Message = Order(which)
    if which in _REPORTS:
        message = Event(which, reader.unsigned(profile.event), reader.rest())
    elif which in _LISTS:
        message = Events(which, reader.numbers(profile.event))
    reader.end()
    return message
