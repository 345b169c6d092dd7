"""Settings: the only reader of mission files.

In: the path of a `mission.toml`, or the name of a mission that is shipped with the software.
Out: `Mission`, plain and frozen values that the services hand down to the rooms.
"""

from __future__ import annotations

from ground.home import home
from ground.settings.commanding import (
    Commanding,
    Operator,
    Orbit,
    Relay,
    Site,
    Telecommand,
    Uplink,
)
from ground.settings.mission import Link, Mission, ReedSolomon, Spacecraft, TimeRule
from ground.settings.radio import Radio
from ground.settings.reader import FILE_NAME, MissionError, find, load, shipped
from ground.settings.station import AlarmRule, EventRule, Gateway, Influx, StaleRule, Station

__all__ = [
    "FILE_NAME",
    "AlarmRule",
    "Commanding",
    "EventRule",
    "Gateway",
    "Influx",
    "Link",
    "Mission",
    "MissionError",
    "Operator",
    "Orbit",
    "Radio",
    "ReedSolomon",
    "Relay",
    "Site",
    "Spacecraft",
    "StaleRule",
    "Station",
    "Telecommand",
    "TimeRule",
    "Uplink",
    "find",
    "home",
    "load",
    "shipped",
]
