"""What every service says of itself once a second."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ground import clock
from ground.messages import LinkRow, ServiceReported, StageRow

_STATUS = Path("/proc/self/statm")
_MIB = 1 << 20


class Vitals:
    """A service's name, process, age and what it counts by the way."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._started_ns = clock.now_ns()
        self._counts: Counter[str] = Counter()

    def count(self, what: str, number: int = 1) -> None:
        """Count something that went wrong."""
        self._counts[what] += number

    def report(
        self,
        state: str,
        detail: str = "",
        stages: list[StageRow] | None = None,
        queues: Mapping[str, int] | None = None,
        cursors: Mapping[str, int] | None = None,
        figures: Mapping[str, float] | None = None,
        links: list[LinkRow] | None = None,
    ) -> ServiceReported:
        """Return the report as it stands now."""
        counted = {what: float(number) for what, number in self._counts.items()}
        return ServiceReported(
            self._service,
            os.getpid(),
            self._started_ns,
            state,
            detail,
            links or [],
            stages or [],
            dict(queues or {}),
            dict(cursors or {}),
            {"memory MiB": resident_mib(), **counted, **(figures or {})},
        )


def resident_mib() -> float:
    """Return the memory that this process holds; 0 where the system does not say."""
    try:
        pages = int(_STATUS.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MIB, 1)
