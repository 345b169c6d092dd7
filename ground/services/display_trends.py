"""Trends: samples of the archive in bins, and behind them what is too new to be there.

The processor appends each second, so a few seconds of batches in memory (`Tail`) close the gap.
Engineering values count; a label counts by its place among the labels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.archive import downsample
from ground.archive.store import Store, TableInfo
from ground.errors import InputError
from ground.messages import ParametersDecoded, ReadTrend, TrendRead
from ground.services import names, query
from ground.services.library import Library

KEPT_NS = 10 * 10**9  # of batches in memory
KEPT_OCTETS = 64 << 20
MOST_BINS = 10_000
ROWS_AT_ONCE = 500_000  # of the archive, as nearly as can be told before reading

Samples = tuple[NDArray[np.int64], NDArray[np.float64]]
NO_SAMPLES: Samples = np.zeros(0, np.int64), np.zeros(0)


@dataclass(frozen=True, slots=True)
class _Kept:
    message: ParametersDecoded
    at: int
    octets: int


class Tail:
    """The batches of the last seconds, at most so many octets of them."""

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque()
        self.octets = 0

    def receive(self, message: ParametersDecoded, now: int) -> None:
        """Keep a batch, and let old ones go (`now` is monotonic ns)."""
        octets = sum(each.nbytes for each in message.columns.values())
        self._kept.append(_Kept(message, now, octets))
        self.octets += octets
        while self._kept and (self.octets > KEPT_OCTETS or now - self._kept[0].at > KEPT_NS):
            self.octets -= self._kept.popleft().octets

    def clear(self) -> None:
        """Forget all batches."""
        self._kept.clear()
        self.octets = 0

    def samples(self, spacecraft: str, path: str, element: int) -> Samples:
        """Return (t_ns, values) of the numbers that are here, in order of time."""
        parts = [
            _numbers(each.message, spacecraft, path, element)
            for each in self._kept
            if f"raw:{path}" in each.message.columns and spacecraft in each.message.spacecraft
        ]
        if not parts:
            return NO_SAMPLES
        t_ns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.argsort(t_ns, kind="stable")
        return t_ns[order], values[order]


def refused(request: ReadTrend) -> str:
    """Return why a trend cannot be read, or ""."""
    if not 1 <= request.bins <= MOST_BINS:
        return f"{request.bins} bins; expected 1 to {MOST_BINS}"
    if not -(2**62) < request.start_ns < request.end_ns < 2**62:
        return f"[{request.start_ns}, {request.end_ns}); expected a time before another"
    return ""


def read(
    store: Store | None, library: Library | None, realm: str, request: ReadTrend, tail: Samples
) -> TrendRead:
    """Return minimum, mean and maximum over equal spans.

    Args:
        store, library: the archive; None where there is none yet.
        tail: what is in memory; samples that the archive has as well count once.
    """
    width = -(-(request.end_ns - request.start_ns) // request.bins)
    held = _held(store, realm, request.parameter) if store is not None else []
    parts = []
    for first, last in _pieces(held, request, width):
        found = NO_SAMPLES
        if store is not None and library is not None and _within(held, first, last):
            found = _archived(store, library, realm, request, first, last)
        t_ns, values = _joined(found, tail)
        parts.append(downsample.bins(t_ns, values, first, last, -(-(last - first) // width)))
    columns = {
        "start_ns": np.concatenate([each.t_ns for each in parts]),
        "minimum": np.concatenate([each.minimum for each in parts]).astype(np.float64),
        "mean": np.concatenate([each.mean for each in parts]),
        "maximum": np.concatenate([each.maximum for each in parts]).astype(np.float64),
        "count": np.concatenate([each.count for each in parts]),
    }
    return TrendRead(request.spacecraft, request.parameter, request.element, columns)


def _held(store: Store, realm: str, parameter: str) -> list[TableInfo]:
    """Return the tables that hold a parameter, as far as they have times."""
    infos = store.tables(realm)
    return [each for each in infos if parameter in each.columns and each.t0_ns is not None]


def _pieces(held: Sequence[TableInfo], request: ReadTrend, width: int) -> Iterator[tuple[int, int]]:
    """Yield spans of whole bins that hold about ROWS_AT_ONCE rows at most."""
    rates = [
        each.rows / max((each.t1_ns or 0) - (each.t0_ns or 0), 1) / max(len(each.spacecraft), 1)
        for each in held
    ]
    densest = max(rates, default=0.0)
    whole = max(1, int(ROWS_AT_ONCE / (densest * width))) if densest else request.bins
    step = width * whole
    for first in range(request.start_ns, request.end_ns, step):
        yield first, min(first + step, request.end_ns)


def _within(held: Sequence[TableInfo], first: int, last: int) -> bool:
    """Return whether a table has rows of this span."""
    return any((each.t0_ns or 0) < last and (each.t1_ns or 0) >= first for each in held)


def _archived(
    store: Store, library: Library, realm: str, request: ReadTrend, first: int, last: int
) -> Samples:
    """Return what the archive has of a parameter in a span."""
    name = request.parameter
    if request.element >= 0:
        name = names.element(name, request.element)
    span = query.Span(realm, (request.spacecraft,), first, last)
    t_ns, values = [NO_SAMPLES[0]], [NO_SAMPLES[1]]
    for samples in query.samples(store, library, [name], span):
        if request.element < 0 and samples.path != request.parameter:
            raise InputError(f"{request.parameter}: an array; expected an element of it")
        numbers, usable = query.numeric(samples)
        usable &= samples.timed
        t_ns.append(samples.t_ns[usable])
        values.append(numbers[usable])
    return np.concatenate(t_ns), np.concatenate(values)


def _joined(archived: Samples, tail: Samples) -> Samples:
    """Put behind what the archive has what is newer; the tail of a moment ago lies in both."""
    later = tail[0] > archived[0].max(initial=-(2**63))
    t_ns = np.concatenate((archived[0], tail[0][later]))
    return t_ns, np.concatenate((archived[1], tail[1][later]))


def _numbers(message: ParametersDecoded, spacecraft: str, path: str, element: int) -> Samples:
    """Return a batch's finite values of one parameter of a spacecraft that have a time."""
    columns = message.columns
    values = columns.get(f"eng:{path}", columns[f"raw:{path}"])
    wanted = columns["timed"] & (columns["craft"] == message.spacecraft.index(spacecraft))
    valid = columns.get(f"valid:{path}")
    if element >= 0:
        if values.ndim != 2 or element >= values.shape[1]:
            return NO_SAMPLES
        values = values[:, element]
        valid = valid if valid is None or valid.ndim == 1 else valid[:, element]
    if values.ndim != 1 or values.dtype == object:
        return NO_SAMPLES
    numbers = values.astype(np.float64)
    wanted = wanted & np.isfinite(numbers)
    if valid is not None:
        wanted = wanted & valid
    if path in message.labels:
        wanted = wanted & (numbers >= 0)
    return columns["t_ns"][wanted], numbers[wanted]
