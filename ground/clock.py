"""The one place that reads the wall clock."""

from __future__ import annotations

import time

from protocols import times


def now_ns() -> int:
    """Return the time now, in nanoseconds TAI since 1958."""
    return int(times.utc_to_tai_ns(time.time_ns()))
