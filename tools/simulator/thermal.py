"""The coolant loop: heat of the cards goes into the flow, through six panels, and to space.

A valve leads part of the flow past the panels, so that the cards do not get too cold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PANELS = 6
PANEL_M2, EMISSIVITY, STEFAN_BOLTZMANN = 3.0, 0.88, 5.670374e-8
EARTH_W_M2, SUN_W_M2 = 42.0, 26.0  # absorbed from the Earth, and more in sunlight
PANEL_J_K, PANEL_W_K = 9000.0, 420.0  # heat capacity, and transfer from the coolant
COOLANT_J_L_K = 3780.0
RATED_RPM, RATED_L_MIN = 4200.0, 12.0
SUPPLY_DEGC = 17.0
KELVIN = 273.15


@dataclass(slots=True)
class Thermal:
    """The loop at one time; `step` goes on by one second."""

    supply_degc: float = SUPPLY_DEGC
    return_degc: float = SUPPLY_DEGC + 6.0
    bypass: float = 0.1
    pump_rpm: float = RATED_RPM
    rejected_w: float = 0.0
    panels: Floats = field(default_factory=lambda: np.linspace(14.0, 4.0, PANELS))

    @property
    def flow_l_min(self) -> float:
        """Coolant flow, as the pump drives it."""
        return self.pump_rpm / RATED_RPM * RATED_L_MIN

    def step(self, heat_w: float, light: float, pump_rpm: float | None = None) -> None:
        """Go on by one second with so much heat from the payload, and the pump as told."""
        aim = 2700 + 0.31 * heat_w if pump_rpm is None else pump_rpm
        self.pump_rpm += (aim - self.pump_rpm) / 15
        carried = self.flow_l_min / 60 * COOLANT_J_L_K  # W/K
        through = carried * (1 - self.bypass)
        coolant = self.return_degc
        given = np.empty(PANELS)
        for panel in range(PANELS):
            share = 1 - np.exp(-PANEL_W_K / through)
            given[panel] = through * share * (coolant - self.panels[panel])
            coolant -= given[panel] / through
        absorbed = (EARTH_W_M2 + SUN_W_M2 * light) * PANEL_M2
        emitted = EMISSIVITY * STEFAN_BOLTZMANN * PANEL_M2 * (self.panels + KELVIN) ** 4
        self.panels = self.panels + (given + absorbed - emitted) / PANEL_J_K
        self.rejected_w = float(emitted.sum()) - absorbed * PANELS
        mixed = self.bypass * self.return_degc + (1 - self.bypass) * coolant
        self.supply_degc += (mixed - self.supply_degc) / 12
        self.return_degc += (self.supply_degc + heat_w / carried - self.return_degc) / 18
        wanted = min(max(self.bypass + 0.01 * (SUPPLY_DEGC - self.supply_degc), 0.0), 0.9)
        self.bypass += (wanted - self.bypass) / 4
