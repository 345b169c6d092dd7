"""What leaves by an uplink: a TC frame as a CLTU, or in an envelope for the relays on its way.

An envelope is the data of a space packet for the relay's application, and goes to the first relay
in BD frames of that relay's own (MAP 0); where the next relay is behind it, that one passes it on.

Source: 231.0-B-4 §5 (CLTU); 232.0-B-4 §4.1 (frame); 133.0-B-2 §4.1.3 (packet); the seam for frame
security (355.0-B-2) lies before `octets`.
"""

from __future__ import annotations

from hashlib import sha256

from ground.services.ways import Way
from ground.settings import Telecommand
from protocols import cltu, envelope, map_segment, packet, tc
from protocols.envelope import Envelope
from protocols.tc import Kind, TcFrame

SEQUENCES = 1 << 14


def name(realm: str, number: int, frame: bytes, t_ns: int) -> str:
    """Return the id of a transmission, 32 hex digits, which no other one has."""
    told = f"{realm}/{number}/{t_ns}/".encode() + frame
    return sha256(told).hexdigest()[:32]


def octets(
    unit: str,
    frame: bytes,
    way: Way,
    settings: Telecommand,
    target: tuple[int, int],
    priority: int,
    deadline_ns: int,
    count: int,
) -> bytes:
    """Return what the first uplink radiates.

    Args:
        frame: the TC frame for the spacecraft.
        target: its id and virtual channel.
        deadline_ns: after which no relay may pass it on.
        count: of packets to relays, for their sequence count.
    """
    if not way.envelope:
        return cltu.encode(frame, randomise=settings.randomise)
    first, *rest = way.envelope
    sealed = envelope.encode(
        Envelope(
            bytes.fromhex(unit), target[0], target[1], frame, priority, deadline_ns, tuple(rest)
        )
    )
    made = packet.encode(way.apid, count % SEQUENCES, sealed, type=1)
    fields = map_segment.segment([made], most=tc.LONGEST - tc.HEADER - tc.FECF)
    frames = [tc.encode(TcFrame(first, 0, Kind.BD, 0, each)) for each in fields]
    return cltu.encode(b"".join(frames), randomise=settings.randomise)
