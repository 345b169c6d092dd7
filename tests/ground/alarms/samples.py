"""Samples for the alarm machine, written as short lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ground.alarms.turns import Sampled
from ground.columns import Column
from ground.messages import AlarmRef, AlarmRow

SECOND = 10**9
PARAMETER, OTHER = "/S/P", "/S/A"
NAMES = ("CG-1", "CG-2", "CG-3")


def sampled(
    severities, *, first=1, craft=None, present=None, values=None, order=None, path=PARAMETER
) -> Sampled:
    """One row for each severity (or each list of them), a second apart from `first` on."""
    severities = np.array(severities, np.uint8)
    rows = len(severities)
    t_ns = (first + np.arange(rows)) * SECOND
    column = Column(
        severities.astype(np.float64) if values is None else np.array(values),
        None if present is None else np.array(present, bool),
    )
    return Sampled(
        types={},
        order=np.arange(rows) if order is None else np.array(order, np.int64),
        craft=np.zeros(rows, np.int32) if craft is None else np.array(craft, np.int32),
        t_ns=t_ns,
        received_ns=t_ns + SECOND // 2,
        severities={path: severities},
        values={path: column},
    )


def refs(*rows: AlarmRow) -> list[AlarmRef]:
    return [AlarmRef(row.id, row.version) for row in rows]


@dataclass(frozen=True)
class Latches:
    """A rule by which every alarm latches."""

    latch: bool = True
    response: str = "Look at it."

    def is_about(self, spacecraft: str, parameter: str) -> bool:
        return True
