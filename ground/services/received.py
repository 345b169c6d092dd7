"""What a link gives: packets, octets that became none, and frames that are missing."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.channel import Gap
from protocols.packet import Fragment, Packets


@dataclass(frozen=True, slots=True)
class Rejected:
    """Octets that did not become a packet: at which stage, why, and where they were.

    `offset` is that of the octets (or of their frame) in the input; scid and vcid are -1 where
    the octets do not tell.
    """

    stage: str
    reason: str
    clause: str
    octets: bytes
    offset: int
    scid: int = -1
    vcid: int = -1

    @classmethod
    def of(cls, fragment: Fragment) -> Rejected:
        """Return a fragment of a packet as what was rejected."""
        return cls(
            "packet",
            fragment.reason,
            fragment.clause,
            fragment.octets,
            fragment.source,
            fragment.scid,
            fragment.vcid,
        )


@dataclass(frozen=True, slots=True)
class Received:
    """What some octets gave. `Packets.source` and `Gap.frame` are octet offsets in the input."""

    packets: Packets
    rejected: list[Rejected]
    gaps: list[Gap]
