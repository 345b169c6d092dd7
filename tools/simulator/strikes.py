"""What the channel does to a recording: so many frames lost, mended and ruined, drawn by lot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocols import aos


@dataclass(frozen=True, slots=True)
class Faults:
    """What the channel does: how many frames it hits, and how.

    Attributes:
        lost: frames with packets that never arrive.
        corrected: frames with a few wrong octets, which the code mends.
        ruined: frames with packets with more wrong octets than any code mends.
    """

    lost: int = 5
    corrected: int = 12
    ruined: int = 1


def strike(
    blocks: NDArray[np.uint8],
    vcid: NDArray[np.int64],
    faults: Faults,
    correctable: bool,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the coded blocks that arrive, and which of all arrive in a state to be read.

    The first and last frames are spared, so that every loss lies between two frames that arrive.
    """
    useful = np.flatnonzero(vcid[1:-1] != aos.IDLE_VCID) + 1
    struck = rng.permutation(useful)[: faults.lost + faults.ruined]
    lost, ruined = struck[: faults.lost], struck[faults.lost :]
    intact = np.setdiff1d(np.arange(1, len(blocks) - 1), struck)
    touched = rng.permutation(intact)[: faults.corrected if correctable else 0]
    arriving = blocks.copy()
    length = blocks.shape[1]
    for row in touched:
        places = rng.choice(length, 3, replace=False)
        arriving[row, places] ^= rng.integers(1, 256, 3, dtype=np.uint8)
    for row in ruined:
        places = rng.choice(length, length // 3, replace=False)
        arriving[row, places] ^= rng.integers(1, 256, len(places), dtype=np.uint8)
    readable = np.ones(len(blocks), np.bool_)
    readable[struck] = False
    return np.delete(arriving, lost, axis=0), readable
