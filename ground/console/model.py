"""What the console knows: the newest of everything that the station said.

Staleness is a state of its own: a value is stale when the station says so, or when the station
itself is not heard. In a replay every cached value goes before a jump in time, so that nothing of
another time is ever shown as if it were of this one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground import messages
from ground.messages import AlarmRow, EventRow, MissionDescribed, ParameterRow, ReplayMoved

Key = tuple[str, str, int]  # spacecraft, parameter path, element or -1
NONE, FRESH, STALE = 0, 1, 2  # states of a value, as in ViewportChanged
EVENTS_KEPT = 2_000
LEAP_NS = 10_000_000_000  # a replay that moved so far beyond its rate was made to jump


@dataclass(slots=True)
class Value:
    """The newest sample of a row, as people read it."""

    raw: str
    value: str
    t_ns: int
    received_ns: int
    severity: int
    state: int
    number: float
    trend: NDArray[np.float32]


@dataclass(slots=True)
class Model:
    """The newest of each; `revision` counts changes of alarms and of the mission.

    `lost_ns` is when the station was last heard where it is not heard now.
    """

    realm: str
    mission: MissionDescribed | None = None
    parameters: dict[str, ParameterRow] = field(default_factory=dict)
    status: messages.StatusRead | None = None
    status_ns: int = 0
    alarms: dict[str, AlarmRow] = field(default_factory=dict)
    events: deque[EventRow] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    replay: ReplayMoved | None = None
    replay_ns: int = 0  # when it said so
    values: dict[Key, Value] = field(default_factory=dict)
    trends: dict[Key, messages.TrendRead] = field(default_factory=dict)
    viewport: int = 0
    watched: list[Key] = field(default_factory=list)
    lost_ns: int | None = None
    revision: int = 0
    cleared: int = 0  # how often a jump in time cleared it

    def receive(self, message: Any, now_ns: int) -> None:
        """Take a fact; what is no fact for a console changes nothing."""
        match message:
            case messages.ViewportChanged():
                self._changed(message)
            case MissionDescribed():
                self._described(message)
            case messages.StatusRead():
                self.status, self.status_ns = message, now_ns
            case messages.AlarmsListed(alarms=alarms):
                self._listed(alarms)
            case messages.AlarmsChanged(alarms=alarms):
                self._alarms(alarms)
            case messages.EventsListed(events=events):
                self.events = deque(events, maxlen=EVENTS_KEPT)
            case messages.EventsRaised(events=events):
                self.events.extend(events)
            case messages.TrendRead():
                self.trends[message.spacecraft, message.parameter, message.element] = message
            case ReplayMoved():
                self._moved(message, now_ns)
            case _:
                pass

    def watch(self, viewport: int, rows: list[Key]) -> None:
        """Say which rows the coming viewport has; what is no longer watched is forgotten."""
        self.viewport, self.watched = viewport, rows
        self.values = {key: self.values[key] for key in rows if key in self.values}

    def lose(self, heard_ns: int) -> None:
        """Say that the station is not heard: every value is stale from now on."""
        if self.lost_ns is None:
            self.lost_ns = heard_ns
            for value in self.values.values():
                value.state = STALE

    def clear(self) -> None:
        """Forget everything that belongs to a time: before a replay jumps."""
        self.values.clear()
        self.trends.clear()
        self.alarms.clear()
        self.events.clear()
        self.status = None
        self.revision += 1
        self.cleared += 1

    def data_ns(self, now_ns: int) -> int:
        """Return the time against which ages count: the replay's own in a replay."""
        return self.replay.t_ns if self.replay is not None else now_ns

    def _changed(self, message: messages.ViewportChanged) -> None:
        if message.viewport != self.viewport:
            return  # an answer for rows that were on the screen before
        columns = message.columns
        fields = ("row", "t_ns", "received_ns", "severity", "state", "number")
        lists = [columns[name].tolist() for name in fields]
        trends = columns["trend"]
        for at, (row, t_ns, received_ns, severity, state, number) in enumerate(
            zip(*lists, strict=True)
        ):
            if 0 <= row < len(self.watched):
                self.values[self.watched[row]] = Value(
                    *(message.raw[at], message.value[at], t_ns, received_ns),
                    *(severity, state, number, trends[at]),
                )

    def _described(self, message: MissionDescribed) -> None:
        if self.mission is None or message.parameters:
            self.parameters = {row.path: row for row in message.parameters}
        self.mission = message
        self.revision += 1

    def _listed(self, alarms: list[AlarmRow]) -> None:
        known, self.alarms = self.alarms, {}
        for row in alarms:
            older = known.get(row.id)
            self.alarms[row.id] = older if older and older.version > row.version else row
        self.revision += 1

    def _alarms(self, alarms: list[AlarmRow]) -> None:
        for row in alarms:
            older = self.alarms.get(row.id)
            if older is not None and older.version > row.version:
                continue
            if row.state == "normal":
                self.alarms.pop(row.id, None)
            else:
                self.alarms[row.id] = row
        self.revision += 1

    def _moved(self, message: ReplayMoved, now_ns: int) -> None:
        before = self.replay
        if before is not None and _leapt(before, message, now_ns - self.replay_ns):
            self.clear()
        self.replay, self.replay_ns = message, now_ns


def _leapt(before: ReplayMoved, after: ReplayMoved, elapsed_ns: int) -> bool:
    """Whether a replay went back, or further ahead than its rate could take it."""
    ahead = after.t_ns - before.t_ns
    rate = max(before.rate, after.rate)
    if min(before.rate, after.rate) <= 0:  # as fast as possible
        return ahead < 0
    return ahead < 0 or ahead > 2 * rate * max(elapsed_ns, 0) + LEAP_NS
