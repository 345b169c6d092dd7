"""The clock on board, and how packets tell the time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECOND_NS = 10**9
FINE_BITS = 16


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock on board: set to true time at `set_ns` but for `ahead_ns`, fast by `drift_ppb`."""

    set_ns: int = 0
    ahead_ns: int = 0
    drift_ppb: int = 0

    def read(self, t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the clock shows at these times."""
        drift_ns = (t_ns - self.set_ns) // 1000 * self.drift_ppb // 10**6
        return t_ns + self.ahead_ns + drift_ns


def fields(t_ns: NDArray[np.int64]) -> tuple[dict[str, NDArray[np.int64]], NDArray[np.int64]]:
    """Return the fields of the packet's time, and the time that they tell.

    Source: CCSDS 301.0-B-4 §3.2 (CUC); parts of 2^-16 s, to the nanosecond below.
    """
    coarse, rest = np.divmod(t_ns, SECOND_NS)
    fine = (rest << FINE_BITS) // SECOND_NS
    told = coarse * SECOND_NS + (fine * SECOND_NS >> FINE_BITS)
    return {"TIME_COARSE": coarse, "TIME_FINE": fine}, told
