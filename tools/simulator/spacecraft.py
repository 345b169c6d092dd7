"""The satellite over time: orbit, power, heat and cards step by step, each second.

In shadow the on-board software limits the payload's power to what the battery can give for a whole
eclipse; the cards throttle, the coolant cools, the charge falls. A flight is flown in stretches:
each goes on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.simulator import attitude, cards, orbit
from tools.simulator.orders import Orders
from tools.simulator.power import Power
from tools.simulator.running import Running
from tools.simulator.thermal import PANELS, RATED_RPM, Thermal

Floats = NDArray[np.float64]
Progress = Callable[[float], None]

SECOND_NS = 10**9
SUNLIT_LIMIT_W, SHADOW_LIMIT_W = 6200.0, 1900.0
SHADOW = 0.99  # part of the Sun's disc below which the power is limited
PLATFORM_W, COMM_W, XBAND_W, PUMP_W = 350.0, 60.0, 85.0, 42.0
HEATER_W, HEATER_DEGC = 60.0, 12.0
HORIZON_DEG = 5.0
BOOTED_S = 276_511  # seconds before the flight's first that the computer booted
RUN = {  # what has been counted until then
    "waiting": 140, "accepted": 812, "rejected": 3, "executed": 655, "failed": 2, "scrubbed": 14,
    "events": 90,
}  # fmt: skip
FAULT_AFTER_S = 180  # the earliest second of a flight in which the bad card fails


@dataclass(frozen=True, slots=True)
class History:
    """What happened in a stretch, one row a second: engineering values, by short name.

    Attributes:
        t_ns: int64 [N], TAI.
        second: int64 [N], since the flight began.
        orbit: the geometry of the same rows.
        columns: [N], or [N, E] for cards, panels and vectors.
        before: the last row of the stretch before, of the columns that events are found in.
        running: what is counted beyond the stretch.
        orders: what telecommands have set.
    """

    t_ns: NDArray[np.int64]
    second: NDArray[np.int64]
    orbit: orbit.Orbit
    columns: dict[str, Floats]
    before: dict[str, Floats] | None
    running: Running
    orders: Orders

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


def fly(
    start_ns: int, seconds: int, rng: np.random.Generator, progress: Progress | None = None
) -> History:
    """Return the history of a satellite from `start_ns` (TAI) on, in one stretch."""
    return Flight(start_ns, rng).fly(seconds, progress)


class Flight:
    """A satellite from `start_ns` (TAI) on; each call of `fly` is the next stretch."""

    def __init__(self, start_ns: int, rng: np.random.Generator) -> None:
        self._start_ns, self._rng = start_ns, rng
        self._flown = 0  # seconds
        self._power, self._thermal = Power(), Thermal()
        self._cards: cards.Cards | None = None
        self._work = cards.Planner(rng)
        self._attitude = attitude.Attitude()
        self.running = Running(dict(RUN), start_ns // SECOND_NS - BOOTED_S)
        self.orders = Orders()
        self._before: dict[str, Floats] | None = None

    def fly(self, seconds: int, progress: Progress | None = None) -> History:
        """Return the history of the next seconds."""
        rng = self._rng
        second = self._flown + np.arange(seconds, dtype=np.int64)
        t_ns = self._start_ns + second * SECOND_NS
        geometry = orbit.propagate(t_ns)
        sun_angle = np.abs(1.4 + 0.25 * np.sin(second / 90) + rng.normal(0, 0.03, seconds))
        work = self.orders.applied(self._work.plan(seconds))
        errors = cards.draw_errors(seconds, rng)
        if self._cards is None:
            fault_at = int(rng.integers(FAULT_AFTER_S, FAULT_AFTER_S + 120))
            supply_degc = self._thermal.supply_degc
            self._cards = cards.Cards.settled(work.wanted[0], supply_degc, fault_at)
        columns = _empty(seconds)
        for row in range(seconds):
            angle = float(sun_angle[row])
            now = self._step(self._cards, geometry, work.wanted[row], errors[row], row, angle)
            for name, value in now.items():
                columns[name][row] = value
            if progress is not None and row % 64 == 0:
                progress(row / seconds)
        columns |= {"sun_angle": sun_angle, "job": work.job.astype(np.float64)}
        columns |= self._attitude.follow(geometry)
        history = History(t_ns, second, geometry, columns, self._before, self.running, self.orders)
        self._before = {name: each[-1:] for name, each in conditions(history).items()}
        self._flown += seconds
        return history

    def _step(
        self,
        payload: cards.Cards,
        geometry: orbit.Orbit,
        wanted: Floats,
        errors: NDArray[np.int64],
        row: int,
        sun_angle: float,
    ) -> dict[str, Any]:
        """Go on by one second and return what there is then."""
        power, thermal, light = self._power, self._thermal, float(geometry.light[row])
        orders = self.orders
        limit_w = min(SUNLIT_LIMIT_W if light > SHADOW else SHADOW_LIMIT_W, orders.limit_w)
        payload.off = orders.off
        payload.step(self._flown + row, wanted, limit_w, thermal.supply_degc, errors)
        thermal.step(payload.total_w, light, orders.pumps_rpm[orders.pump])
        comm_w = COMM_W + XBAND_W * (geometry.elevation_deg[row] > HORIZON_DEG)
        cold = power.battery_degc < HEATER_DEGC
        heater = cold if orders.heater is None else orders.heater
        thermal_w = PUMP_W * thermal.pump_rpm / RATED_RPM + HEATER_W * heater
        load_w = payload.total_w + PLATFORM_W + comm_w + thermal_w
        power.step(light, float(np.cos(np.radians(sun_angle))), load_w)
        return _now(power, thermal, payload) | {
            "limit_w": limit_w, "comm_w": comm_w, "thermal_w": thermal_w, "heater": heater,
        }  # fmt: skip


SCALARS = (
    "array_w", "battery_w", "battery_v", "charge", "array_degc", "battery_degc", "supply_degc",
    "return_degc", "bypass", "pump_rpm", "flow", "rejected_w", "compute_w", "limit_w", "comm_w",
    "thermal_w", "heater",
)  # fmt: skip
OF_CARDS = ("card_state", "card_degc", "card_w", "utilisation", "errors", "hot")


def conditions(history: History) -> dict[str, Floats]:
    """Return the columns whose changes are events."""
    columns = {name: history[name] for name in ("limit_w", "hot", "card_state")}
    orbit = history.orbit
    return columns | {"light": orbit.light, "elevation_deg": orbit.elevation_deg}


def _empty(seconds: int) -> dict[str, Floats]:
    columns = {name: np.zeros(seconds) for name in SCALARS}
    columns |= {name: np.zeros((seconds, cards.CARDS)) for name in OF_CARDS}
    columns["panels"] = np.zeros((seconds, PANELS))
    return columns


def _now(power: Power, thermal: Thermal, payload: cards.Cards) -> dict[str, NDArray[Any] | float]:
    return {
        "array_w": power.array_w,
        "battery_w": power.battery_w,
        "battery_v": power.battery_v,
        "charge": power.charge,
        "array_degc": power.array_degc,
        "battery_degc": power.battery_degc,
        "supply_degc": thermal.supply_degc,
        "return_degc": thermal.return_degc,
        "bypass": thermal.bypass,
        "pump_rpm": thermal.pump_rpm,
        "flow": thermal.flow_l_min,
        "rejected_w": thermal.rejected_w,
        "panels": thermal.panels,
        "compute_w": payload.total_w,
        "card_state": payload.state,
        "card_degc": payload.temperature,
        "card_w": payload.power,
        "utilisation": payload.utilisation,
        "errors": payload.errors,
        "hot": payload.hot,
    }
