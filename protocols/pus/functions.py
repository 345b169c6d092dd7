"""ST[08], function management: perform one function of an application process.

Deviation: arguments are kept as octets, with their count and ids where a mission has them, since
only its database knows how wide each is.

Source: ECSS-E-ST-70-41C §6.8, §8.8.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocols.errors import DecodeError
from protocols.pus.fields import Reader, fixed
from protocols.pus.profile import PROFILE, Profile

SERVICE = 8
PERFORM = 1


@dataclass(frozen=True, slots=True)
class Perform:
    """Perform a function (subtype 1); `function` is its id, a string of fixed width."""

    subtype: ClassVar[int] = PERFORM
    function: bytes
    arguments: bytes = b""

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the application data field.

        Raises:
            EncodeError: the id is not as wide as the profile says.

        Source: ECSS-E-ST-70-41C §8.8.2.1.
        """
        return fixed(self.function, profile.function, "function id") + self.arguments


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Perform:
    """Return the request that an application data field holds.

    Raises:
        DecodeError: another subtype, or cut short.

    Source: ECSS-E-ST-70-41C §8.8.2.1.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    if subtype != PERFORM:
        raise DecodeError(f"no subtype {subtype}", clause=reader.clause)
    return Perform(reader.octets(profile.function), reader.rest())
