"""What telecommands have set on board, and what else would be as it is by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from tools.simulator.cards import CARDS

AT_WORK = ("NOMINAL", "MAINTENANCE")  # modes in which jobs run


@dataclass(slots=True)
class Orders:
    """The settings of a satellite; without telecommands they change nothing.

    Attributes:
        off: bool [64], cards that are switched off.
        limit_w: what cards and hosts may draw at most.
        pump_rpm: the pump's speed; None where the loop regulates it.
        heater: of the battery; None where the thermostat switches it.
        mode: of the satellite.
        told: what telemetry says of fields that nothing else is simulated of, by their names.
    """

    off: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(CARDS, np.bool_))
    limit_w: float = inf
    pump_rpm: float | None = None
    heater: bool | None = None
    mode: str = "NOMINAL"
    told: dict[str, object] = field(default_factory=dict)

    @property
    def working(self) -> bool:
        """Whether jobs run."""
        return self.mode in AT_WORK
