"""The pseudo-random sequences of TM, anew after each sync marker, and of TC, anew in each CLTU.

Adding the same sequence again takes it away, so one function does both.

Source: 131.0-B-5 §10 (both of TM; sub-clauses unverified), 131.0-B-3 §10.4 (the 8-bit one);
231.0-B-4 §6 (TC).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError

Kind = Literal["none", "tm8", "tm17", "tc"]

# By kind: the first bits, and how far back the bits lie whose sum is the next one.
_SEQUENCES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "tm8": ((1,) * 8, (8, 5, 3, 1)),  # x^8 + x^7 + x^5 + x^3 + 1, from all ones
    "tm17": (tuple(0x18E38 >> bit & 1 for bit in range(17)), (17, 3)),  # x^17 + x^14 + 1
    "tc": ((1,) * 8, (8, 7, 6, 5, 4, 2)),  # x^8 + x^6 + x^4 + x^3 + x^2 + x + 1, from all ones
}


def randomise(frames: NDArray[np.uint8], kind: Kind) -> NDArray[np.uint8]:
    """Return frames, uint8 [N, L], with the sequence of `kind` added or, alike, taken away.

    Raises:
        EncodeError: there is no such randomiser.

    Source: 131.0-B-5 §10, 231.0-B-4 §6.
    """
    if kind == "none":
        return frames
    return np.bitwise_xor(frames, sequence(kind, frames.shape[1]))


@lru_cache(maxsize=16)
def sequence(kind: Kind, length: int) -> NDArray[np.uint8]:
    """Return the first `length` octets of a sequence.

    Raises:
        EncodeError: there is no such randomiser.

    Source: 131.0-B-5 §10, 231.0-B-4 §6.
    """
    if kind not in _SEQUENCES:
        raise EncodeError(f"randomiser {kind!r}; expected none, tm8, tm17 or tc")
    first, back = _SEQUENCES[kind]
    period = 2 ** len(first) - 1
    bits = list(first)
    for place in range(len(first), min(period, 8 * length)):
        bit = 0
        for distance in back:
            bit ^= bits[place - distance]
        bits.append(bit)
    octets = np.packbits(np.resize(np.array(bits, np.uint8), 8 * length))
    octets.flags.writeable = False
    return octets
