"""What the on-board software reports when a state changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.simulator import cards
from tools.simulator.spacecraft import HORIZON_DEG, SHADOW_LIMIT_W, History

INFORMATION, LOW, MEDIUM, HIGH = 1, 2, 3, 4
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One event: in which second, how grave, which text (label of EVENT_ID), about what."""

    second: int
    severity: int
    text: str
    value: int


def find(history: History) -> list[Event]:
    """Return the events of a history in order of time."""
    light, limit = history.orbit.light, history["limit_w"]
    found = [
        *_changes(light == 0, "ECLIPSE_ENTRY", "ECLIPSE_EXIT", INFORMATION, 0),
        *_changes(
            limit <= SHADOW_LIMIT_W, "POWER_LIMIT_ON", "POWER_LIMIT_OFF", LOW, int(SHADOW_LIMIT_W)
        ),
        *_changes(
            history.orbit.elevation_deg > HORIZON_DEG,
            "STATION_LOCK",
            "STATION_LOSS",
            INFORMATION,
            0,
        ),
    ]
    for card in range(cards.CARDS):
        hot = history["hot"][:, card] > 0
        fault = history["card_state"][:, card] == cards.FAULT
        found += _changes(hot, "CARD_THROTTLED", "CARD_RECOVERED", LOW, card)
        found += _changes(fault, "CARD_FAULT", "CARD_RECOVERED", MEDIUM, card)
    return sorted(found)


def _changes(state: Bools, begins: str, ends: str, severity: int, value: int) -> list[Event]:
    """Return an event for each change of a state; that it ends is information only."""
    return [
        Event(int(at), severity, begins, value)
        if state[at]
        else Event(int(at), INFORMATION, ends, value)
        for at in np.flatnonzero(state[1:] != state[:-1]) + 1
    ]
