"""Encapsulation packets: another protocol's octets where space packets lie.

`packet.Packets` holds them beside space packets (`Packets.encapsulation`); here are the header's
own fields and the way to write one.

Source: CCSDS 133.1-B-3 §4.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.chain import BROKEN, ENCAPSULATION, MORE, total_length
from protocols.errors import DecodeError, EncodeError
from protocols.packet import padded

IDLE, EXTENDED = 0, 6  # protocol ids
LENGTH_CLAUSE = "133.1-B-3 §4.1.2.8"


@dataclass(frozen=True, slots=True)
class Encapsulation:
    """One encapsulation packet.

    Attributes:
        protocol: protocol id, 0 for idle, 6 where `extension` tells.
        data: the encapsulated octets.
        length_octets: size of the length field: 0 (idle of one octet), 1, 2 or 4.
        user, extension: four bits each, there with 2 and 4 length octets.
        defined: sixteen bits for CCSDS, there with 4 length octets.
    """

    protocol: int
    data: bytes
    length_octets: int = 2
    user: int = 0
    extension: int = 0
    defined: int = 0

    @property
    def header_octets(self) -> int:
        """Octets of the header. Source: 133.1-B-3 §4.1.2.1."""
        return max(1, 2 * self.length_octets)


def decode(octets: bytes) -> Encapsulation:
    """Return the fields of one encapsulation packet.

    Raises:
        DecodeError: it is another kind of packet, or does not have the length it says.

    Source: 133.1-B-3 §4.1.2.
    """
    if not octets or octets[0] >> 5 != ENCAPSULATION:
        raise DecodeError("no encapsulation packet", clause="133.1-B-3 §4.1.2.2")
    total = total_length(padded(octets), 0, len(octets), True)
    if total in (MORE, BROKEN) or total != len(octets):
        raise DecodeError(f"packet of {len(octets)} octets says {total}", clause=LENGTH_CLAUSE)
    header = 1 << (octets[0] & 3)
    fields = octets[1] if header > 2 else 0
    return Encapsulation(
        protocol=octets[0] >> 2 & 7,
        data=octets[header:],
        length_octets=header // 2,
        user=fields >> 4,
        extension=fields & 15,
        defined=int.from_bytes(octets[2:4], "big") if header == 8 else 0,
    )


def encode(packet: Encapsulation) -> bytes:
    """Return the octets of one encapsulation packet.

    Raises:
        EncodeError: a field does not fit its size, or the size of the length field.

    Source: 133.1-B-3 §4.1.2.
    """
    size = packet.length_octets
    _check(packet)
    first = ENCAPSULATION << 5 | packet.protocol << 2 | (0, 1, 2, 4).index(size)
    header = bytes([first])
    if size > 1:
        header += bytes([packet.user << 4 | packet.extension])
    if size > 2:
        header += packet.defined.to_bytes(2, "big")
    total = packet.header_octets + len(packet.data)
    return header + (total.to_bytes(size, "big") if size else b"") + packet.data


def _check(packet: Encapsulation) -> None:
    size = packet.length_octets
    if size not in (0, 1, 2, 4):
        raise EncodeError(f"length field of {size} octets; 0, 1, 2 or 4 can be said")
    limits = (
        ("protocol", packet.protocol, 8 if size else 1),  # without a length only idle
        ("user field", packet.user, 16 if size > 1 else 1),
        ("protocol extension", packet.extension, 16 if size > 1 else 1),
        ("CCSDS defined field", packet.defined, 1 << 16 if size > 2 else 1),
        ("length", packet.header_octets + len(packet.data), 1 << 8 * size if size else 2),
    )
    for name, value, limit in limits:
        if not 0 <= value < limit:
            raise EncodeError(f"{name} {value} does not fit a header of {packet.header_octets}")
