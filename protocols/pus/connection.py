"""ST[17], test: are you alive, and is that application process.

Source: ECSS-E-ST-70-41C §6.17, §8.17.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocols.pus.fields import Reader, expect, kind, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 17


class Subtype(IntEnum):
    """All messages of the service, numbered as their clauses."""

    ARE_YOU_ALIVE = 1
    ALIVE = 2
    TEST_CONNECTION = 3
    CONNECTED = 4


_PLAIN = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you alive (1), and the answer (2)."""

    subtype: Subtype

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field, which is empty. Source: ECSS-E-ST-70-41C §8.17.2.1, .2."""
        expect(self.subtype, _PLAIN)
        return b""


@dataclass(frozen=True, slots=True)
class Connection:
    """Test the connection with an application process (3), and the answer (4)."""

    subtype: Subtype
    apid: int

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.17.2.3, .4."""
        expect(self.subtype, {Subtype.TEST_CONNECTION, Subtype.CONNECTED})
        return unsigned(self.apid, profile.apid, "apid")


Message = Ping | Connection


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.17.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    message = Ping(which) if which in _PLAIN else Connection(which, reader.unsigned(profile.apid))
    reader.end()
    return message
