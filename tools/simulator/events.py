"""What the on-board software reports when a state changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.simulator import cards
from tools.simulator.spacecraft import HORIZON_DEG, SHADOW_LIMIT_W, History, conditions

INFORMATION, LOW, MEDIUM, HIGH = 1, 2, 3, 4
TEXTS = (
    "ECLIPSE_ENTRY", "ECLIPSE_EXIT", "POWER_LIMIT_ON", "POWER_LIMIT_OFF", "CARD_THROTTLED",
    "CARD_RECOVERED", "CARD_FAULT", "STATION_LOCK", "STATION_LOSS",
)  # fmt: skip
NUMBERS = {text: number for number, text in enumerate(TEXTS, 1)}  # labels of EVENT_ID
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One event: in which row of the history, how grave, which label of EVENT_ID, about what."""

    row: int
    severity: int
    text: str
    value: int


def find(history: History) -> list[Event]:
    """Return the events of a history in order of time."""
    known = conditions(history)
    before = history.before or {name: column[:1] for name, column in known.items()}
    states = {name: np.concatenate([before[name], known[name]]) for name in known}
    dark, limited = states["light"] == 0, states["limit_w"] <= SHADOW_LIMIT_W
    seen = states["elevation_deg"] > HORIZON_DEG
    found = [
        *_changes(dark, "ECLIPSE_ENTRY", "ECLIPSE_EXIT", INFORMATION, 0),
        *_changes(limited, "POWER_LIMIT_ON", "POWER_LIMIT_OFF", LOW, int(SHADOW_LIMIT_W)),
        *_changes(seen, "STATION_LOCK", "STATION_LOSS", INFORMATION, 0),
    ]
    for card in range(cards.CARDS):
        hot = states["hot"][:, card] > 0
        fault = states["card_state"][:, card] == cards.FAULT
        found += _changes(hot, "CARD_THROTTLED", "CARD_RECOVERED", LOW, card)
        found += _changes(fault, "CARD_FAULT", "CARD_RECOVERED", MEDIUM, card)
    return sorted(found)


def _changes(state: Bools, begins: str, ends: str, severity: int, value: int) -> list[Event]:
    """Return an event for each change of a state; that it ends is information only.

    Args:
        state: bool [N + 1], that before the history first.
    """
    return [
        Event(int(row), severity, begins, value)
        if state[row + 1]
        else Event(int(row), INFORMATION, ends, value)
        for row in np.flatnonzero(state[1:] != state[:-1])
    ]
