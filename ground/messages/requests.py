"""Requests, in the imperative, by who answers them; and the facts that answer them alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ground.messages.facts import ServiceReported
from ground.messages.rows import AlarmRow, Columns, EventRow, ParameterRow, SpacecraftRow

# --- Requests to a gateway -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """Send what the journal of a link holds from `position` on, at most `credit` octets of it.

    Asked again, it starts anew from the position named; more credit is given by asking for the
    position behind what has come. Answered by `RecordsJournalled` as records come in.
    """

    link: str
    position: int
    credit: int


@dataclass(frozen=True, slots=True)
class AcknowledgeJournal:
    """Everything before `position` is in the archive."""

    link: str
    position: int


@dataclass(frozen=True, slots=True)
class ControlLink:
    link: str
    act: Literal["enable", "disable", "reset"]


# --- Requests to the processor: operators' acts --------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlarmRef:
    """An alarm as the operator saw it; an act on an older version is refused."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarms:
    alarms: list[AlarmRef]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ShelveAlarms:
    """Keep alarms quiet until a time; the reason is required."""

    alarms: list[AlarmRef]
    until_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnshelveAlarms:
    alarms: list[AlarmRef]


@dataclass(frozen=True, slots=True)
class ClearAlarms:
    """Let go of latched alarms whose value is back within its limits."""

    alarms: list[AlarmRef]


@dataclass(frozen=True, slots=True)
class CommentAlarms:
    alarms: list[AlarmRef]
    comment: str


@dataclass(frozen=True, slots=True)
class AssignAlarms:
    alarms: list[AlarmRef]
    to: str


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Other static ranges for a parameter of a spacecraft, from now on and kept.

    `ranges` are those of what is allowed, by level name (watch, warning, distress, critical,
    severe): (lowest, highest), None for no end. None in place of them all goes back to the
    database's.
    """

    spacecraft: str
    parameter: str
    ranges: dict[str, tuple[float | None, float | None]] | None
    reason: str


@dataclass(frozen=True, slots=True)
class ListAlarms:
    """Answered by `AlarmsListed`."""


@dataclass(frozen=True, slots=True)
class AlarmsListed:
    """All alarms; where they are too many for a message, the worst, and how many are left out."""

    alarms: list[AlarmRow]
    left_out: int = 0


# --- Requests to the display service -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DescribeMission:
    """Answered by `MissionDescribed`; without parameters where `digest` is what they still are."""

    digest: str = ""


@dataclass(frozen=True, slots=True)
class MissionDescribed:
    mission: str
    realm: str
    digest: str
    spacecraft: list[str]
    parameters: list[ParameterRow]


@dataclass(frozen=True, slots=True)
class WatchViewport:
    """Send these rows now and whenever they change, at most `rate_hz` times a second.

    Replaces what the same client watched under this number; no rows end it. A row is
    (spacecraft, parameter path, element or -1).
    """

    viewport: int
    rows: list[tuple[str, str, int]]
    rate_hz: float = 2.0


@dataclass(frozen=True, slots=True)
class ViewportChanged:
    """Rows that changed, conflated: what a display missed in between is counted in `skipped`.

    Columns, one row each: row int32 (index into what was asked for), t_ns int64, received_ns
    int64, severity uint8, state uint8 (0 none yet, 1 fresh, 2 stale), number float64 (nan where
    it is no number), trend float32 [N, 24] (nan where there is none yet, newest last).
    `raw` and `value` are as people read them.
    """

    viewport: int
    skipped: int
    raw: list[str]
    value: list[str]
    columns: Columns


@dataclass(frozen=True, slots=True)
class ReadTrend:
    """Answered by `TrendRead`: minimum, mean and maximum over equal spans of [start_ns, end_ns)."""

    spacecraft: str
    parameter: str
    element: int
    start_ns: int
    end_ns: int
    bins: int


@dataclass(frozen=True, slots=True)
class TrendRead:
    """Columns: start_ns int64, minimum, mean, maximum float64, count int64; bins with samples."""

    spacecraft: str
    parameter: str
    element: int
    columns: Columns


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """Answered by `StatusRead`: the last report of every service, and when it came."""


@dataclass(frozen=True, slots=True)
class StatusRead:
    services: list[ServiceReported]
    reported_ns: list[int]
    spacecraft: list[SpacecraftRow]
    missed: dict[str, int]  # messages that the display itself missed, by topic


@dataclass(frozen=True, slots=True)
class ListEvents:
    """Answered by `EventsListed`: the newest events, newest last."""

    limit: int = 500


@dataclass(frozen=True, slots=True)
class EventsListed:
    events: list[EventRow]


# --- Requests to a replay ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ControlReplay:
    """pause, resume, step (one batch), seek (to `t_ns`, reception), rate (`value` times real time;
    0 is as fast as possible), loop (`value` 1 or 0), stop.
    """

    act: Literal["pause", "resume", "step", "seek", "rate", "loop", "stop"]
    value: float = 0.0
    t_ns: int = 0


@dataclass(frozen=True, slots=True)
class ReplayMoved:
    """Where a replay is; published with each report and each change."""

    t_ns: int
    start_ns: int
    end_ns: int
    rate: float
    paused: bool
    loop: bool
    finished: bool
    packets: int
