"""Many samples in few bins, so that a plot shows a day and no spike is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bins:
    """What lies in each bin that holds a sample; bins without one are left out.

    Attributes:
        t_ns: int64 [K], where each bin starts.
        minimum, maximum: [K], of the values' own dtype; NaN only where all of a bin is NaN.
        mean: float64 [K].
        count: int64 [K], samples in the bin that are not NaN.
    """

    t_ns: NDArray[np.int64]
    minimum: NDArray[Any]
    maximum: NDArray[Any]
    mean: NDArray[np.float64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.t_ns)


def bins(t_ns: NDArray[np.int64], values: NDArray[Any], start: int, end: int, n: int) -> Bins:
    """Return minimum, maximum, mean and count of the values in n equal bins of [start, end).

    Args:
        t_ns: int64 [N], in any order; samples outside [start, end) count nowhere.
        values: [N] numbers or booleans (these become uint8); NaN counts nowhere.
        n: bins are a whole number of nanoseconds long, so the last may reach beyond `end`.

    Raises:
        ValueError: no bins, or an end that is not after the start.
    """
    if n < 1 or end <= start:
        raise ValueError(f"{n} bins of [{start}, {end}); expected at least one, and a time")
    width = -(-(end - start) // n)
    inside = (t_ns >= start) & (t_ns < end)
    places, values = (t_ns[inside] - start) // width, _numbers(values[inside])
    if np.any(places[1:] < places[:-1]):
        order = np.argsort(places, kind="stable")
        places, values = places[order], values[order]
    if not len(places):
        none = np.zeros(0)
        return Bins(np.zeros(0, np.int64), values, values, none, np.zeros(0, np.int64))
    first = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), np.bool_)
    count = np.add.reduceat(known, first, dtype=np.int64)
    total = np.add.reduceat(np.where(known, values, 0), first, dtype=np.float64)
    mean = np.divide(total, count, out=np.full(len(first), np.nan), where=count > 0)
    minimum, maximum = np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)
    return Bins(start + places[first] * width, minimum, maximum, mean, count)


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.uint8) if values.dtype.kind == "b" else values
