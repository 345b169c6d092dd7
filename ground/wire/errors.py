"""Why frames are refused, and how large they may be."""

from __future__ import annotations

from collections.abc import Sequence

MAX_OCTETS = 16 << 20  # of a message, all frames together
PARSED_OCTETS = 4 << 20  # of it that msgpack takes apart: one octet may become 64 in memory

Octets = bytes | memoryview


class WireError(Exception):
    """Frames that are no message of this version, or a message that cannot become frames.

    Attributes:
        reason: one word to count by: oversized, malformed, version, type, field, column.
        detail: what was found.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def octets(frame: Octets) -> int:
    """Return the size of a frame in octets."""
    return frame.nbytes if isinstance(frame, memoryview) else len(frame)


def measure(frames: Sequence[Octets], most: int) -> int:
    """Return the octets of all frames together; WireError where they are more than `most`."""
    total = sum(map(octets, frames))
    if total > most:
        raise WireError("oversized", f"{total} octets; at most {most}")
    return total
