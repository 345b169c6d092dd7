"""What a mission file says about its station: gateways elsewhere, events, staleness, InfluxDB."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field

from ground.settings.table import Flag, Name, Table, Text

Seconds = Annotated[float, Field(gt=0)]
Level = Literal["info", "caution", "serious", "critical"]


def fits(pattern: str, path: str) -> bool:
    """Return whether a glob fits the path of a container or parameter, or its last part."""
    last = path.rsplit("/", 1)[-1]
    return fnmatchcase(path, pattern) or fnmatchcase(last, pattern)


class Station(Table):
    """The table [station]: how this station runs.

    `listen` is where others may ask over TCP (keys are required); `prometheus` where metrics are
    read; `journal_gib` how much of the journal is kept beyond what is not yet in the archive.
    """

    listen: Annotated[str, Field(strict=True, pattern=r"^tcp://.+:(\d{1,5}|\*)$")] | None = None
    prometheus: Annotated[str, Field(strict=True, pattern=r"^[^/\s]*:\d{1,5}$")] | None = None
    journal_gib: Annotated[float, Field(gt=0)] = 20.0


class Gateway(Table):
    """A gateway on another machine: where it listens, and the name of its public key."""

    name: Name
    address: Annotated[str, Field(strict=True, pattern=r"^tcp://.+:\d+$")]
    key: Text


class EventRule(Table):
    """Which packets are on-board events.

    `text` are the parameters whose values make the line; `severity` the one whose value or label
    `levels` translates (what it does not name is info).
    """

    packets: Text
    text: tuple[Text, ...]
    severity: Text | None = None
    levels: dict[str, Level] = Field(default_factory=dict)

    def is_for(self, packet_type: str) -> bool:
        """Return whether the packets of this type are such events."""
        return fits(self.packets, packet_type)


class AlarmRule(Table):
    """How alarms of some parameters behave; the first rule that fits applies.

    An alarm that latches stays, acknowledged and back to normal, until an operator clears it.
    `response` says what an operator is to do about it.
    """

    parameters: Text
    spacecraft: Name | None = None
    latch: Flag = False
    response: str = ""

    def is_about(self, spacecraft: str, parameter: str) -> bool:
        """Return whether the rule is for this parameter, by its path or the last part of it."""
        return self.spacecraft in (None, spacecraft) and fits(self.parameters, parameter)


class StaleRule(Table):
    """After how long without a packet its values are stale; the first rule that fits applies.

    `after_s = inf` is for packets that are sent only when something happens.
    """

    packets: Text
    after_s: Seconds
    spacecraft: Name | None = None

    def is_about(self, spacecraft: str, packet_type: str) -> bool:
        """Return whether the rule is for this packet type of this spacecraft."""
        return self.spacecraft in (None, spacecraft) and fits(self.packets, packet_type)


class Influx(Table):
    """An InfluxDB to feed from the archive.

    `api` is v1 (`/write`), v2 (`/api/v2/write`) or found out; the token stands in the file that
    `token_file` names or the variable that `token_env` names, never here. `content` is `summary`
    (roll-ups of a minute, health, alarms, events) or `samples` (these and every sample).
    """

    name: Name
    url: Annotated[str, Field(strict=True, pattern=r"^https?://")]
    bucket: Text
    org: str = ""
    api: Literal["auto", "v1", "v2"] = "auto"
    token_file: Text | None = None
    token_env: Text | None = None
    user: Text | None = None
    password_env: Text | None = None
    content: Literal["summary", "samples"] = "summary"
    gzip: Flag = False
