"""The loops over packets that no array can replace: where the next packet starts is in this one.

Each loop is written once, over arrays, in words that both Python and the compiler understand;
`chain_jit` compiles these very functions. `packet` walks a file with them, `channel` a link.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from protocols.kernels import kernel

SPACE_HEADER = 6
ENCAPSULATION = 7  # packet version number of an encapsulation packet

MORE = 0  # the header itself is not complete yet
BROKEN = -1  # the header gives a length smaller than itself


def total_length(octets: NDArray[np.uint8], at: int, stop: int, encapsulation: bool) -> int:
    """Return the length in octets of the packet at `at`, header included, or MORE or BROKEN.

    Source: 133.0-B-2 §4.1.3.5.3 (space packets); 133.1-B-3 §4.1.2.4 and §4.1.2.8 (encapsulation).
    """
    if stop - at < 1:
        return MORE
    if not encapsulation or int(octets[at]) >> 5 != ENCAPSULATION:
        if stop - at < SPACE_HEADER:
            return MORE
        return (int(octets[at + 4]) << 8 | int(octets[at + 5])) + 1 + SPACE_HEADER
    header = 1 << (int(octets[at]) & 3)
    if header == 1:
        return 1
    if stop - at < header:
        return MORE
    length = 0
    for place in range(at + header // 2, at + header):
        length = length << 8 | int(octets[place])
    return length if length >= header else BROKEN


@kernel("protocols.chain_jit")
def edges(octets: NDArray[np.uint8], encapsulation: bool, places: NDArray[np.int64]) -> int:
    """Write where each whole packet starts, and last where the chain stops; return how many.

    Args:
        octets: uint8, back-to-back packets from the first octet on.
        encapsulation: whether version 7 is an encapsulation packet, or a space packet like all.
        places: int64, filled; must hold one more than the packets there can be.
    """
    at, found, stop = 0, 0, len(octets)
    while found < len(places) - 1:
        length = total_length(octets, at, stop, encapsulation)
        if length <= 0 or length > stop - at:
            break
        places[found] = at
        found += 1
        at += length
    places[found] = at
    return found
