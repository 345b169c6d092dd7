"""The satellite over a recording: orbit, power, heat and cards step by step, each second.

In shadow the on-board software limits the payload's power to what the battery can give for a whole
eclipse; the cards throttle, the coolant cools, the charge falls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.simulator import cards, orbit
from tools.simulator.power import Power
from tools.simulator.thermal import PANELS, RATED_RPM, Thermal

Floats = NDArray[np.float64]
Progress = Callable[[float], None]

SECOND_NS = 10**9
SUNLIT_LIMIT_W, SHADOW_LIMIT_W = 6200.0, 1900.0
SHADOW = 0.99  # part of the Sun's disc below which the power is limited
PLATFORM_W, COMM_W, XBAND_W, PUMP_W = 350.0, 60.0, 85.0, 42.0
HEATER_W, HEATER_DEGC = 60.0, 12.0
HORIZON_DEG = 5.0
FAULT_AFTER_S = 180  # the earliest second of a recording in which the bad card fails


@dataclass(frozen=True, slots=True)
class History:
    """What happened, one row a second: engineering values, by short name.

    `columns` are [N], or [N, E] for cards and panels; `orbit` is the geometry of the same rows.
    """

    t_ns: NDArray[np.int64]
    orbit: orbit.Orbit
    columns: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


def fly(
    start_ns: int, seconds: int, rng: np.random.Generator, progress: Progress | None = None
) -> History:
    """Return the history of a satellite from `start_ns` (TAI) on."""
    t_ns = start_ns + np.arange(seconds, dtype=np.int64) * SECOND_NS
    geometry = orbit.propagate(t_ns)
    sun_angle = np.abs(1.4 + 0.25 * np.sin(np.arange(seconds) / 90) + rng.normal(0, 0.03, seconds))
    work, errors = cards.plan_work(seconds, rng), cards.draw_errors(seconds, rng)
    fault_at = int(rng.integers(FAULT_AFTER_S, FAULT_AFTER_S + 120))
    power, thermal = Power(), Thermal()
    payload = cards.Cards.settled(work.wanted[0], thermal.supply_degc, fault_at)
    columns = _empty(seconds)
    for second in range(seconds):
        light = float(geometry.light[second])
        limit_w = SUNLIT_LIMIT_W if light > SHADOW else SHADOW_LIMIT_W
        payload.step(second, work.wanted[second], limit_w, thermal.supply_degc, errors[second])
        thermal.step(payload.total_w, light)
        comm_w = COMM_W + XBAND_W * (geometry.elevation_deg[second] > HORIZON_DEG)
        heater = power.battery_degc < HEATER_DEGC
        thermal_w = PUMP_W * thermal.pump_rpm / RATED_RPM + HEATER_W * heater
        incidence = np.cos(np.radians(sun_angle[second]))
        power.step(light, float(incidence), payload.total_w + PLATFORM_W + comm_w + thermal_w)
        now = _now(power, thermal, payload) | {
            "limit_w": limit_w, "comm_w": comm_w, "thermal_w": thermal_w, "heater": heater,
        }  # fmt: skip
        for name, value in now.items():
            columns[name][second] = value
        if progress is not None and second % 64 == 0:
            progress(second / seconds)
    return History(
        t_ns, geometry, columns | {"sun_angle": sun_angle, "job": work.job.astype(np.float64)}
    )


SCALARS = (
    "array_w", "battery_w", "battery_v", "charge", "array_degc", "battery_degc", "supply_degc",
    "return_degc", "bypass", "pump_rpm", "flow", "rejected_w", "compute_w", "limit_w", "comm_w",
    "thermal_w", "heater",
)  # fmt: skip
OF_CARDS = ("card_state", "card_degc", "card_w", "utilisation", "errors", "hot")


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
