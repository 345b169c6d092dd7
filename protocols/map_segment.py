"""What the data field of a TC frame holds: whole packets, or a segment of one, under a MAP.

With segment headers, the first octet says whether the field holds whole packets or which part of a
packet it is, and for which multiplexer access point (MAP). Without them, a field holds whole
packets only. Not to be confused with `segment`, which joins packets by their own sequence flags.

Source: 232.0-B-4 §4.1.3.2 (segment header), §4.2.2 and §4.3.1 (MAP packet processing and
extraction); sub-clauses as in 232.0-B-3, unverified.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.errors import DecodeError, EncodeError
from protocols.packet import LARGEST, SMALLEST, Fragment

HEADER = 1
CONTINUING, FIRST, LAST, WHOLE = 0, 1, 2, 3  # sequence flags
MAPS = 64
CLAUSE = "232.0-B-4 §4.1.3.2.2"
LENGTH_CLAUSE = "133.0-B-2 §4.1.3.5.3"


def segment(packets: Iterable[bytes], *, most: int, map_id: int = 0) -> list[bytes]:
    """Return frame data fields with segment headers that carry these packets in their order.

    Packets share a field while they fit; one that fits none goes over several fields of its own.

    Args:
        most: octets that a frame data field may have, segment header included.

    Raises:
        EncodeError: the MAP does not fit 6 bits, a packet is empty, or a field is too small.

    Source: 232.0-B-4 §4.2.2 (blocking and segmentation).
    """
    if not 0 <= map_id < MAPS:
        raise EncodeError(f"MAP {map_id} does not fit 6 bits")
    if most <= HEADER:
        raise EncodeError(f"frame data field of {most} octets holds no segment")
    fields = []
    for data in _shared(packets, most - HEADER):
        fields += _cut(data, most - HEADER, map_id)
    return fields


def _cut(data: bytes, room: int, map_id: int) -> list[bytes]:
    """Return the one field that holds these octets, or the first, continuing and last of them."""
    if len(data) <= room:
        return [_header(WHOLE, map_id) + data]
    pieces = [data[at : at + room] for at in range(0, len(data), room)]
    flags = [FIRST, *[CONTINUING] * (len(pieces) - 2), LAST]
    return [_header(flag, map_id) + piece for flag, piece in zip(flags, pieces, strict=True)]


def _header(flags: int, map_id: int) -> bytes:
    return bytes([flags << 6 | map_id])


def block(packets: Iterable[bytes], *, most: int) -> list[bytes]:
    """Return frame data fields without segment headers: whole packets, several where they fit.

    Raises:
        EncodeError: a packet is empty, or larger than a field.

    Source: 232.0-B-4 §4.2.3 (VC packet processing).
    """
    fields = _shared(packets, most)
    for field in fields:
        if len(field) > most:
            raise EncodeError(f"packet of {len(field)} octets; {most} fit without segments")
    return fields


def _shared(packets: Iterable[bytes], room: int) -> list[bytes]:
    """Return the packets joined while they fit together; one larger than `room` is alone."""
    shared: list[bytearray] = []
    for packet in packets:
        if not packet:
            raise EncodeError("packet of no octets")
        if shared and len(shared[-1]) + len(packet) <= room:
            shared[-1] += packet
        else:
            shared.append(bytearray(packet))
    return [bytes(each) for each in shared]


def part(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole packets at the start of data, and the octets that are left.

    Source: 133.0-B-2 §4.1.3.5.3.
    """
    packets, at = [], 0
    while len(data) - at >= SMALLEST:
        end = at + _length(data[at : at + SMALLEST])
        if end > len(data):
            break
        packets.append(data[at:end])
        at = end
    return packets, data[at:]


def _length(packet: bytes | bytearray) -> int:
    return (packet[4] << 8 | packet[5]) + SMALLEST


def packets_in(data: bytes) -> list[bytes]:
    """Return the packets of a frame data field without segment header.

    Raises:
        DecodeError: they do not end where the field ends.

    Source: 232.0-B-4 §4.3.2 (VC packet extraction).
    """
    packets, left = part(data)
    if left or not packets:
        raise DecodeError(f"{len(left)} octets are no packet", clause=LENGTH_CLAUSE)
    return packets


@dataclass(slots=True)
class _Open:
    """A packet whose last segment has not come."""

    octets: bytearray
    pieces: int = 1


class Reassembler:
    """Take the frame data fields of one virtual channel, and give its packets, MAP by MAP.

    It holds at most one unfinished packet for a MAP, which is never longer than packets can be.

    Args:
        keep: how many rejects are kept with their octets; the oldest gives way.

    Attributes:
        counts: how many rejects there were, by reason.
        rejects: the last of them; `Fragment.pieces` is how many segments they were.
    """

    def __init__(self, *, keep: int = 64) -> None:
        self._open: dict[int, _Open] = {}
        self.counts: Counter[str] = Counter()
        self.rejects: deque[Fragment] = deque(maxlen=keep)

    def receive(self, data: bytes) -> list[bytes]:
        """Return the packets that this data field, segment header included, brings or completes.

        Source: 232.0-B-4 §4.3.1 (MAP packet extraction).
        """
        if len(data) <= HEADER:
            self._reject("segment_empty", data)
            return []
        flags, map_id, octets = data[0] >> 6, data[0] & 63, data[HEADER:]
        if flags in (WHOLE, FIRST):
            self._drop(map_id, "segment_unfinished")
        if flags == WHOLE:
            return self._whole(octets)
        if flags == FIRST:
            self._open[map_id] = _Open(bytearray(octets))
            return []
        return self._more(map_id, octets, last=flags == LAST)

    def finish(self) -> None:
        """Reject what is unfinished, as when the channel is set anew."""
        for map_id in list(self._open):
            self._drop(map_id, "segment_unfinished")

    def _whole(self, octets: bytes) -> list[bytes]:
        packets, left = part(octets)
        if left:
            self._reject("length", left, clause=LENGTH_CLAUSE)
        return packets

    def _more(self, map_id: int, octets: bytes, *, last: bool) -> list[bytes]:
        """Take a continuing or last segment; return the packet that the last one completes."""
        waiting = self._open.get(map_id)
        if waiting is None:
            self._reject("segment_missing", octets)
            return []
        waiting.octets += octets
        waiting.pieces += 1
        if last and _is_packet(waiting.octets):
            return [bytes(self._open.pop(map_id).octets)]
        if last or len(waiting.octets) >= LARGEST:
            self._drop(map_id, "length", clause=LENGTH_CLAUSE)
        return []

    def _drop(self, map_id: int, reason: str, *, clause: str = CLAUSE) -> None:
        waiting = self._open.pop(map_id, None)
        if waiting is not None:
            self._reject(reason, bytes(waiting.octets), clause=clause, pieces=waiting.pieces)

    def _reject(self, reason: str, octets: bytes, *, clause: str = CLAUSE, pieces: int = 1) -> None:
        self.counts[reason] += 1
        self.rejects.append(Fragment(reason, clause, octets, pieces=pieces))


def _is_packet(octets: bytearray) -> bool:
    return len(octets) >= SMALLEST and len(octets) == _length(octets)
