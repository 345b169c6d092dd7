"""What telecommands have set on board; without any, everything is as it is by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from tools.simulator.cards import CARDS, NODES, Work

AT_WORK = ("NOMINAL", "MAINTENANCE")  # modes in which jobs run
ASKED = 0.9  # utilisation that a job of an operator wants


@dataclass(slots=True)
class Orders:
    """The settings of a satellite.

    Attributes:
        off: bool [64], cards that are switched off.
        drained: bool [8], nodes that take no work.
        jobs: int64 [64], jobs that were started on a card, 0 for none.
        stopped: numbers of jobs that were stopped.
        limit_w: what cards and hosts may draw at most.
        pumps_rpm: speeds of both pumps; None where the loop regulates it. 0 is off.
        heater: of the battery; None where the thermostat switches it.
        mode: of the satellite.
        period_s: between the reports of a container, where it is not the usual one.
        silent: numbers of events that are not reported.
        boot_ns: when the computer shall restart.
        told: what telemetry says of fields that nothing else is simulated of, by name, and until
            when.
    """

    off: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(CARDS, np.bool_))
    drained: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(NODES, np.bool_))
    jobs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CARDS, np.int64))
    stopped: set[int] = field(default_factory=set)
    limit_w: float = inf
    pumps_rpm: list[float | None] = field(default_factory=lambda: [None, 0.0])
    heater: bool | None = None
    mode: str = "NOMINAL"
    period_s: dict[str, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    boot_ns: int | None = None
    told: dict[str, tuple[object, float]] = field(default_factory=dict)

    @property
    def working(self) -> bool:
        """Whether jobs run."""
        return self.mode in AT_WORK

    @property
    def pump(self) -> int:
        """Which pump drives the loop: the first, unless it is off."""
        return 1 if self.pumps_rpm[0] == 0 else 0

    def tell(self, name: str, value: object, until_ns: float = inf) -> None:
        """Have telemetry say so of a field."""
        self.told[name] = value, until_ns

    def expire(self, now_ns: int) -> None:
        """Forget what telemetry shall not say any more."""
        self.told = {name: each for name, each in self.told.items() if each[1] > now_ns}

    def applied(self, work: Work) -> Work:
        """Return the work that is done of what is planned."""
        idle = np.repeat(self.drained, CARDS // NODES) | np.full(CARDS, not self.working)
        if not (idle.any() or self.jobs.any() or self.stopped):
            return work
        job = np.where(self.jobs > 0, self.jobs, work.job)
        wanted = np.where(self.jobs > 0, ASKED, work.wanted)
        none = idle | np.isin(job, list(self.stopped))
        return Work(np.where(none, 0.0, wanted), np.where(none, 0, job))
