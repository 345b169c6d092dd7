"""Counters and sums on board that go on from one stretch of a flight to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SINCE_BOOT = ("accepted", "rejected", "executed", "failed", "scrubbed", "events")


@dataclass(slots=True)
class Running:
    """Running sums by name, and when and why the computer last booted.

    Attributes:
        sums: as they are now.
        boot_count, boot_reason: of the last boot; `booted_s` is when, seconds TAI.
    """

    sums: dict[str, float]
    booted_s: int
    boot_count: int = 7
    boot_reason: str = "COMMAND"

    def add(self, name: str, steps: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum behind each step, [N], and keep the last one."""
        sums = self.sums[name] + np.cumsum(steps, dtype=np.float64)
        self.sums[name] = float(sums[-1])
        return np.asarray(sums)

    def limit(self, name: str, low: float, high: float) -> None:
        """Keep a sum within limits from here on."""
        self.sums[name] = min(max(self.sums[name], low), high)

    def boot(self, t_s: int, reason: str) -> None:
        """Begin anew what the computer counts since it booted."""
        self.sums |= dict.fromkeys(SINCE_BOOT, 0.0)
        self.boot_count, self.boot_reason, self.booted_s = self.boot_count + 1, reason, t_s
