"""Derived parameters of Chenguang-1: what its battery gave and took, and what its payload draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ground.decode.derive import Output

LONGEST_GAP_NS = 60 * 10**9  # over a longer one, nothing is known of the power between
NS_PER_HOUR = 3600e9


class Energy:
    """Energy into and out of the battery since the first sample, by the trapezoidal rule.

    Power between two samples is taken as the line between them, unless they are more than
    `LONGEST_GAP_NS` apart or not in order of time: then nothing is added.
    """

    name = "EPS"
    packets = "/CG1/EPS/EPS_HK"
    inputs = (
        "BATTERY_VOLTAGE",
        "BATTERY_CURRENT",
        *(f"LOAD_{each}" for each in ("PLATFORM", "COMPUTE", "COMM", "THERMAL")),
    )
    outputs = (
        Output("BATTERY_POWER", "W", "Power into the battery; negative where it feeds the bus"),
        Output("ENERGY_CHARGED", "W.h", "Energy into the battery since the first sample"),
        Output("ENERGY_DISCHARGED", "W.h", "Energy out of the battery since the first sample"),
        Output("LOAD_TOTAL", "W", "Power of all loads"),
        Output(
            "COMPUTE_SHARE",
            "%",
            "Part of the power of all loads that computes",
        ),
    )

    def __init__(self) -> None:
        self._t_ns, self._power_w = 0, np.nan
        self._charged_wh = self._discharged_wh = 0.0

    def update(
        self, t_ns: NDArray[np.int64], columns: Mapping[str, NDArray[np.float64]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Return the outputs for these rows."""
        power = columns["BATTERY_VOLTAGE"] * columns["BATTERY_CURRENT"]
        loads = [columns[name] for name in self.inputs if name.startswith("LOAD_")]
        total = np.sum(loads, axis=0)
        with np.errstate(all="ignore"):
            share = np.where(total > 0, 100 * columns["LOAD_COMPUTE"] / total, np.nan)
        charged, discharged = self._integrate(t_ns, power)
        return {
            "BATTERY_POWER": power,
            "ENERGY_CHARGED": charged,
            "ENERGY_DISCHARGED": discharged,
            "LOAD_TOTAL": total,
            "COMPUTE_SHARE": share,
        }

    def state(self) -> Mapping[str, float]:
        """Return what is known of all that came, to go on with after a restart."""
        return {
            "t_ns": self._t_ns,
            "power_w": float(self._power_w),
            "charged_wh": float(self._charged_wh),
            "discharged_wh": float(self._discharged_wh),
        }

    def restore(self, state: Mapping[str, float]) -> None:
        """Go on from a state."""
        self._t_ns, self._power_w = int(state["t_ns"]), state["power_w"]
        self._charged_wh, self._discharged_wh = state["charged_wh"], state["discharged_wh"]

    def _integrate(
        self, t_ns: NDArray[np.int64], power: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the energies up to each row, in W.h, and remember the last row."""
        if not len(t_ns):
            return power, power
        passed = np.diff(t_ns, prepend=self._t_ns)
        mean = (power + np.concatenate([[self._power_w], power[:-1]])) / 2
        counts = (passed > 0) & (passed <= LONGEST_GAP_NS) & ~np.isnan(mean)
        energy = np.where(counts, mean * passed / NS_PER_HOUR, 0.0)
        # One sum from the left, whatever the number of rows, so that no split changes a bit.
        charged = np.cumsum([self._charged_wh, *np.maximum(energy, 0)])[1:]
        discharged = np.cumsum([self._discharged_wh, *np.maximum(-energy, 0)])[1:]
        self._t_ns, self._power_w = int(t_ns[-1]), power[-1]
        self._charged_wh, self._discharged_wh = charged[-1], discharged[-1]
        return charged, discharged
