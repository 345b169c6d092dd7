"""Cyclic redundancy checks: the 16-bit one of frames and packets, the 32-bit one of USLP.

Source: CRC-16: 132.0-B-3 §4.1.6.2, the same in 732.0-B and 732.1-B; ECSS-E-ST-70-41C annex B
(packets). CRC-32: 211.2-B-3 annex C, the same in 732.1-B-2 annex B for the FECF of 32 bits
(annex numbers as other implementations cite them).
"""

from __future__ import annotations

import crcmod
import fastcrc
import numpy as np
from numpy.typing import NDArray

from protocols.kernels import kernel

Octets = bytes | bytearray | memoryview

CRC16_OCTETS = 2
CRC32_OCTETS = 4

_crc32 = crcmod.mkCrcFun(0x1_00A0_0805, initCrc=0, rev=False, xorOut=0)


def crc16_octets(octets: Octets) -> int:
    """Return the CRC-16 of octets: x^16 + x^12 + x^5 + 1, preset to ones, nothing reflected.

    Source: 132.0-B-3 §4.1.6.2.
    """
    return int(fastcrc.crc16.ibm_3740(octets))


def crc32_octets(octets: Octets) -> int:
    """Return the CRC-32 of CCSDS: x^32 + x^23 + x^21 + x^11 + x^2 + 1, preset to zeros.

    Not the CRC-32 of Ethernet or zip: another polynomial, nothing reflected, nothing inverted.

    Source: 211.2-B-3 annex C (Proximity-1); 732.1-B-2 annex B (FECF of 32 bits).
    """
    return int(_crc32(bytes(octets)))


@kernel("protocols.crc_jit")
def crc16_spans(
    arena: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """Return the CRC-16 of each span of an arena.

    Args:
        arena: uint8, C-contiguous and writable.
        offsets, lengths: int64 [N], spans that lie within the arena.

    Source: 132.0-B-3 §4.1.6.2.
    """
    view = memoryview(arena.data)
    spans = zip(offsets.tolist(), lengths.tolist(), strict=True)
    crcs = (crc16_octets(view[start : start + length]) for start, length in spans)
    return np.fromiter(crcs, np.uint16, len(offsets))


def crc16(frames: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the CRC-16 of each row of frames, uint8 [N, L], L of any size.

    Source: 132.0-B-3 §4.1.6.2.
    """
    number, length = frames.shape
    arena = np.require(frames, np.uint8, ["C", "W"]).reshape(-1)
    offsets = np.arange(number, dtype=np.int64) * length
    return crc16_spans(arena, offsets, np.full(number, length, np.int64))
