"""Array, battery and bus: in sunlight the array feeds the bus and charges the battery, else the
battery feeds the bus.

    array power = loads + battery power, where the array suffices
"""

from __future__ import annotations

from dataclasses import dataclass

WING_W = 4500.0  # one of two wings in full light, facing the Sun
ARRAY_V = 102.0
BATTERY_J = 8000.0 * 3600
EMPTY_V, SPAN_V, RESISTANCE_OHM = 82.0, 16.0, 0.05  # open circuit from empty to full; cells
CHARGE_A, TAPER_A = 15.0, 400.0  # highest charge; amperes for each part of charge that is missing
CHARGE_EFFICIENCY = 0.97
ARRAY_LAG_S, LIT_DEGC, DARK_DEGC = 180.0, 64.0, -85.0
BATTERY_LAG_S = 2400.0


@dataclass(slots=True)
class Power:
    """The power system at one time; `step` goes on by one second."""

    charge: float = 0.965  # part of the battery's energy that is left
    array_w: float = 0.0
    battery_w: float = 0.0  # into the battery
    battery_v: float = 97.0
    array_degc: float = LIT_DEGC
    battery_degc: float = 19.0

    def step(self, light: float, incidence: float, load_w: float) -> None:
        """Go on by one second.

        Args:
            light: part of the Sun's disc that is seen.
            incidence: cosine of the angle between array normal and Sun.
            load_w: what the bus must deliver.
        """
        available = 2 * WING_W * light * incidence
        if available >= load_w:
            limit_w = min(CHARGE_A, TAPER_A * (1 - self.charge)) * self.battery_v
            self.battery_w = min(available - load_w, limit_w)
            self.charge += self.battery_w * CHARGE_EFFICIENCY / BATTERY_J
        else:
            self.battery_w = available - load_w
            self.charge += self.battery_w / BATTERY_J
        self.charge = min(max(self.charge, 0.0), 1.0)
        self.array_w = load_w + self.battery_w
        open_v = EMPTY_V + SPAN_V * self.charge
        self.battery_v = open_v + RESISTANCE_OHM * self.battery_w / self.battery_v
        aim = DARK_DEGC + (LIT_DEGC - DARK_DEGC) * light
        self.array_degc += (aim - self.array_degc) / ARRAY_LAG_S
        warm = 19.0 + 0.003 * abs(self.battery_w)
        self.battery_degc += (warm - self.battery_degc) / BATTERY_LAG_S
