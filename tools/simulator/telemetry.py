"""What each packet type says: the history in engineering values, with the noise of the sensors.

Each function returns columns of one row a second, by the name of the parameter in its container.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.simulator import attitude, cards, events, power
from tools.simulator.spacecraft import HORIZON_DEG, PLATFORM_W, SHADOW_LIMIT_W, History

Columns = dict[str, NDArray[Any]]
Build = Callable[[History, np.random.Generator], Columns]

ONE_WING = 0.503  # part of the array's current that the +Y wing gives
LASER_AFTER_S = 35
COMMAND_EVERY_S = 45
PUMP_OFF, PUMP_RUNS = 0, 2
NODE_UP, NODE_DRAINING = 2, 3
DC_SAFE = 3
MOST_WAITING = 60_000  # jobs in the queue
COUNTER = 1 << 16


def aocs(history: History, rng: np.random.Generator) -> Columns:
    """Return attitude and orbit."""
    seconds = len(history.t_ns)
    quaternion = history["quaternion"]
    rate = attitude.rates_dps(history.orbit, rng)
    vectors = {"POSITION": history.orbit.position_m, "VELOCITY": history.orbit.velocity_mps}
    columns = {
        f"{name}.{axis}": vector[:, i]
        for name, vector in (vectors | {"RATE": rate}).items()
        for i, axis in enumerate("xyz")
    }
    columns |= {f"ATTITUDE.q{i + 1}": quaternion[:, i] for i in range(4)}
    return columns | {
        "AOCS_MODE": np.full(seconds, "NADIR", object),
        "STAR_TRACKER_1_VALID": np.ones(seconds),
        "STAR_TRACKER_2_VALID": rng.random(seconds) > 0.02,
        "GNSS_FIX": np.ones(seconds),
        "THRUSTERS_ARMED": np.zeros(seconds),
        "GNSS_SATELLITES": rng.integers(9, 13, seconds),
        "WHEEL_SPEED": attitude.wheels_rpm(history.second, rng),
        "POINTING_ERROR": attitude.pointing_error_deg(history["bend_deg"], rng),
        "SUN_ANGLE": history["sun_angle"],
        "AOCS_SPARE": np.zeros(seconds),
    }


def eps(history: History, rng: np.random.Generator) -> Columns:
    """Return electrical power."""
    light, into = history.orbit.light, history["battery_w"]

    def noisy(values: Any, sigma: float) -> NDArray[np.float64]:
        return np.asarray(np.maximum(values + rng.normal(0, sigma, len(light)), 0))

    array_a = history["array_w"] / power.ARRAY_V
    array_v = power.ARRAY_V * np.minimum(light * 20, 1)
    return {
        "ECLIPSE": np.where(light >= 1, 0, np.where(light <= 0, 2, 1)),
        "EPS_MODE": np.where(into >= 0, 1, 2),
        "BATTERY_CHARGING": into > 20,
        "BATTERY_HEATER": history["heater"],
        "ARRAY_DRIVE": np.ones(len(light)),
        "ARRAY_CURRENT_PY": noisy(array_a * ONE_WING, 0.02),
        "ARRAY_VOLTAGE_PY": noisy(array_v, 0.03),
        "ARRAY_TEMPERATURE_PY": history["array_degc"] + rng.normal(0, 0.05, len(light)),
        "ARRAY_CURRENT_MY": noisy(array_a * (1 - ONE_WING), 0.02),
        "ARRAY_VOLTAGE_MY": noisy(array_v, 0.03),
        "ARRAY_TEMPERATURE_MY": history["array_degc"] + rng.normal(-1.2, 0.05, len(light)),
        "BATTERY_VOLTAGE": noisy(history["battery_v"], 0.02),
        "BATTERY_CURRENT": into / history["battery_v"] + rng.normal(0, 0.03, len(light)),
        "BATTERY_SOC": history["charge"] * 100,
        "BATTERY_TEMPERATURE_A": history["battery_degc"] + rng.normal(0, 0.02, len(light)),
        "BATTERY_TEMPERATURE_B": history["battery_degc"] + rng.normal(-0.4, 0.02, len(light)),
        "BUS_VOLTAGE": noisy(np.where(into >= 0, 100.0, 99.3), 0.03),
        "LOAD_PLATFORM": noisy(PLATFORM_W, 1.5),
        "LOAD_COMPUTE": history["compute_w"],
        "LOAD_COMM": history["comm_w"],
        "LOAD_THERMAL": history["thermal_w"],
        "EPS_SPARE": np.zeros(len(light)),
    }


def tcs(history: History, rng: np.random.Generator) -> Columns:
    """Return the coolant loop."""
    seconds, orders = len(history.t_ns), history.orders
    speeds = [np.full(seconds, rpm or 0.0) for rpm in orders.pumps_rpm]
    speeds[orders.pump] = history["pump_rpm"]
    states = [np.full(seconds, PUMP_OFF if rpm == 0 else PUMP_RUNS) for rpm in orders.pumps_rpm]
    warm = history["return_degc"]
    return {
        "PUMPS.state": np.stack(states, axis=1),
        "PUMPS.speed": np.stack(speeds, axis=1),
        "LOOP_FLOW": history["flow"] + rng.normal(0, 0.008, seconds),
        "LOOP_PRESSURE": 260 + 2 * (warm - 20) + rng.normal(0, 0.15, seconds),
        "LOOP_SUPPLY_TEMPERATURE": history["supply_degc"] + rng.normal(0, 0.01, seconds),
        "LOOP_RETURN_TEMPERATURE": warm + rng.normal(0, 0.01, seconds),
        "RADIATOR_TEMPERATURE": history["panels"] + rng.normal(0, 0.01, (seconds, 6)),
        "HEAT_REJECTED": np.rint(np.maximum(history["rejected_w"], 0)),
        "BYPASS_VALVE": history["bypass"] * 100,
    }


def nodes(history: History, rng: np.random.Generator) -> Columns:
    """Return the payload as a whole and its hosts."""
    seconds, limited = len(history.t_ns), history["limit_w"] <= SHADOW_LIMIT_W
    orders = history.orders
    working = ~np.isin(history["card_state"], (cards.FAULT, cards.OFF))
    of_node = (seconds, cards.NODES, cards.CARDS // cards.NODES)
    load = history["utilisation"].reshape(of_node).mean(axis=2)
    waiting = history.running.add("waiting", np.where(limited, 0.35, -0.02))
    history.running.limit("waiting", 0, MOST_WAITING)
    return {
        "DC_MODE": np.where(limited, 2, 1) if orders.working else np.full(seconds, DC_SAFE),
        "CARDS_POWERED": working.sum(axis=1),
        "JOBS_RUNNING": (history["job"] * working > 0).sum(axis=1),
        "JOBS_QUEUED": np.rint(np.maximum(waiting, 0)),
        "DC_POWER_LIMIT": history["limit_w"],
        "DC_POWER": history["compute_w"],
        "NODES.state": np.tile(np.where(orders.drained, NODE_DRAINING, NODE_UP), (seconds, 1)),
        "NODES.inlet_temperature": history["supply_degc"][:, None]
        + 0.1 * np.arange(cards.NODES)
        + rng.normal(0, 0.01, load.shape),
        "NODES.power": cards.NODE_W + history["card_w"].reshape(of_node).sum(axis=2),
        "NODES.cpu_load": np.clip(18 + 45 * load + rng.normal(0, 0.7, load.shape), 0, 100),
        "NODES.cards_up": working.reshape(of_node).sum(axis=2),
    }


def accelerators(history: History, rng: np.random.Generator) -> Columns:
    """Return the cards."""
    sensed = history["card_degc"] + rng.normal(0, 0.06, history["card_degc"].shape)
    return {
        "CARDS.state": history["card_state"],
        "CARDS.temperature": sensed,
        "CARDS.power": history["card_w"],
        "CARDS.utilisation": history["utilisation"] * 100,
        "CARDS.memory_errors": history["errors"],
        "CARDS.job": history["job"] * ~np.isin(history["card_state"], (cards.FAULT, cards.OFF)),
    }


def comm(history: History, rng: np.random.Generator) -> Columns:
    """Return the links."""
    seconds = len(history.t_ns)
    seen = history.orbit.elevation_deg > HORIZON_DEG
    margin = 11.0 - 20 * np.log10(history.orbit.range_m / 1e6) + rng.normal(0, 0.12, seconds)
    laser = history.second >= LASER_AFTER_S
    told = seen & (history.second % COMMAND_EVERY_S == 10)
    accepted = history.running.add("accepted", told) % COUNTER
    zero = np.zeros(seconds)
    return {
        "LASER_STATE": np.where(laser, 3, 2),
        "LASER_LOCK": laser,
        "XBAND_ON": seen,
        "XBAND_LOCK": seen,
        "RELAY_LOCK": np.ones(seconds),
        "COMM_SPARE": zero,
        "LASER_POWER": np.where(laser, -38.0, -70.0) + rng.normal(0, 0.2, seconds),
        "XBAND_MARGIN": np.where(seen, margin, 0),
        "RELAY_MARGIN": 4.6 + 0.5 * np.sin(history.second / 400) + rng.normal(0, 0.1, seconds),
        "XBAND_RATE": np.where(seen, 16_000, 0),
        "FARM_VC": zero,
        "FARM_LOCKOUT": zero,
        "FARM_WAIT": zero,
        "FARM_RETRANSMIT": zero,
        "FARM_B": np.ones(seconds),
        "FARM_SPARE": zero,
        "FARM_REPORT": accepted % 256,
        "FARM_SPARE_2": zero,
        "TC_FRAMES_ACCEPTED": accepted,
        "TC_FRAMES_REJECTED": history.running.add("rejected", zero),
    }


def obsw(history: History, rng: np.random.Generator) -> Columns:
    """Return the on-board software."""
    seconds, running = len(history.t_ns), history.running
    happened, none = np.zeros(seconds, np.int64), np.zeros(seconds)
    np.add.at(happened, [event.row for event in events.find(history)], 1)
    return {
        "SATELLITE_MODE": np.full(seconds, history.orders.mode, object),
        "BOOT_REASON": np.full(seconds, running.boot_reason, object),
        "BOOT_COUNT": np.full(seconds, running.boot_count),
        "BOOT_TIME": np.full(seconds, running.booted_s),
        "SOFTWARE_VERSION": np.full(seconds, "2.4.1", object),
        "CPU_LOAD": np.clip(rng.normal(31, 1.5, seconds), 0, 100),
        "SCRUB_ERRORS": running.add("scrubbed", rng.random(seconds) < 0.01) % COUNTER,
        "COMMANDS_EXECUTED": running.add("executed", none),
        "COMMANDS_FAILED": running.add("failed", none),
        "EVENTS_SENT": running.add("events", happened) % COUNTER,
    }
