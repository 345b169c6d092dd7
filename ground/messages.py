"""The nouns on the bus: facts in the past tense, requests in the imperative.

Each is a frozen dataclass of plain values (text, numbers, lists, nested rows); what is long lies in
`columns`, arrays by name, one buffer each on the wire (`ground.wire`). Realm, time and sequence
number ride on the envelope, so that no message repeats them. Times are int64 ns TAI since 1958.

A request is answered by the fact that it asks for, or by `Answered`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
LinkState = Literal["disabled", "connecting", "up", "down", "failed"]
AlarmState = Literal["unacknowledged", "acknowledged", "returned", "normal"]
Level = Literal["info", "caution", "serious", "critical"]


# --- Rows: parts of messages ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage's counts: given == out + sum(dropped), which whoever shows them checks."""

    name: str
    given: int
    out: int
    dropped: dict[str, int]

    @property
    def balanced(self) -> bool:
        """Whether in == out + dropped."""
        return self.given == self.out + sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class LinkRow:
    """How a link of a gateway is.

    Attributes:
        state, detail: what it is doing, and why where it fails.
        records, octets: received since the gateway started; `dropped` counts records by reason.
        rate_bps: octets of the last seconds as bits a second.
        reconnects: how often it had to connect again.
        last_ns: when the last octet came; None where none did.
        position: octet of the journal behind the last one written.
        acknowledged: octet of the journal up to which a processor has everything in its archive.
    """

    name: str
    gateway: str
    kind: str
    address: str
    state: LinkState
    detail: str
    records: int
    octets: int
    dropped: dict[str, int]
    rate_bps: float
    reconnects: int
    last_ns: int | None
    position: int
    acknowledged: int


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm as it stands: of one spacecraft, parameter and element (-1: not of an array).

    Attributes:
        id: the same for the same violation, wherever it is derived: spacecraft, path, element and
            the time at which it was raised.
        version: rises with each change; an act names the version that the operator saw.
        severity, worst: `ground.columns.Severity` now, and the worst since it was raised.
        raised_ns, changed_ns: times of the samples (or acts) that did so.
        value, trip: engineering value now, and when it was raised, as people read them.
        violations: samples out of limits since it was raised.
        latched: whether it stays, acknowledged and back to normal, until an operator clears it.
        response: what an operator is to do, as the mission says.
    """

    id: str
    version: int
    spacecraft: str
    parameter: str
    element: int
    state: AlarmState
    severity: int
    worst: int
    raised_ns: int
    changed_ns: int
    value: str
    trip: str
    units: str
    violations: int
    latched: bool
    acknowledged_by: str
    shelved_until_ns: int | None
    shelved_by: str
    assigned_to: str
    comment: str
    response: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened, on board or at the station, in one line for people."""

    t_ns: int
    source: str  # `onboard`, or the station's service
    spacecraft: str  # "" where it is of the station
    severity: Level
    kind: str  # a short name that can be searched, as `link.up` or the on-board event's
    text: str


@dataclass(frozen=True, slots=True)
class StaleRow:
    """A packet type of a spacecraft that has gone quiet, or speaks again."""

    spacecraft: str
    packet_type: str
    last_ns: int  # when its last packet was received
    stale: bool


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """What a console must know of a parameter, to show it.

    Attributes:
        kind: number, text, octets, label (enumeration or boolean) or array.
        elements: of an array of fixed size; 0 for a single value.
        limits: [severity name, lowest, highest] of what is allowed, the tightest first; None is
            no end. Only plain static ranges are listed.
    """

    path: str
    packet_type: str
    kind: str
    units: str
    description: str
    elements: int
    labels: list[str]
    limits: list[tuple[str, float | None, float | None]]


@dataclass(frozen=True, slots=True)
class SpacecraftRow:
    """A spacecraft at a glance: its worst severity, alarms, and how its telemetry flows."""

    name: str
    scid: int
    worst: int
    alarms: int
    unacknowledged: int
    packets: int
    rate: float  # packets a second
    stale: list[str]  # packet types
    last_ns: int | None  # when the last packet was received
    lag_ns: int | None  # reception less generation time of the last packet


# --- Facts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordsJournalled:
    """Octets of a link as they were received, after they were written to the journal.

    Columns: position int64 [N] (octets of the link before this record), received_ns int64 [N],
    length int32 [N], begins bool [N] (the first record of a connection), octets uint8 [sum].
    `start` is from where these are all that the journal holds, and `end` up to where; `journal` is
    the position behind the last record written.
    """

    link: str
    start: int
    end: int
    journal: int
    columns: Columns


@dataclass(frozen=True, slots=True)
class ParametersDecoded:
    """Packets of one type, decoded, calibrated and judged.

    Columns, one row a packet: t_ns int64, timed bool, received_ns int64 (0: unknown), craft int32
    (index into `spacecraft`), sequence int64, flags uint8, severity uint8 (the row's worst); then
    `raw:<path>`, where not all are valid `valid:<path>`, where it differs from raw `eng:<path>`
    (for enumerations and booleans an index into `labels[path]`, -1 for none), and where it has
    limits `sev:<path>` (uint8 `Severity`).
    """

    packet_type: str
    database: str
    spacecraft: list[str]
    labels: dict[str, list[str]]
    columns: Columns


@dataclass(frozen=True, slots=True)
class AlarmsChanged:
    """Alarms that were raised, changed or went; those in state `normal` are gone."""

    alarms: list[AlarmRow]


@dataclass(frozen=True, slots=True)
class EventsRaised:
    events: list[EventRow]


@dataclass(frozen=True, slots=True)
class StaleChanged:
    rows: list[StaleRow]


@dataclass(frozen=True, slots=True)
class RejectsFound:
    """What did not become a packet, by (link, stage, reason); octets are in the archive."""

    link: str
    counts: dict[str, int]  # by "stage: reason"


@dataclass(frozen=True, slots=True)
class TimeCorrelated:
    """How a spacecraft's clock stands: on-board time less reception time, and its drift.

    offset_ns at t_ns (TAI, on board), drift in parts per billion, sigma_ns of the residuals.
    """

    spacecraft: str
    t_ns: int
    offset_ns: int
    drift_ppb: float
    sigma_ns: float
    samples: int


@dataclass(frozen=True, slots=True)
class ServiceReported:
    """How a service is; each says so once a second.

    `figures` are gauges (rates, lags, memory), `cursors` how far it got, `queues` what waits.
    """

    service: str
    pid: int
    started_ns: int
    state: str  # starting, running, waiting, stopping, failed
    detail: str
    links: list[LinkRow] = field(default_factory=list)
    stages: list[StageRow] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """Whether a request was done; if not, why."""

    ok: bool
    reason: str = ""


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


MESSAGES: tuple[type, ...] = (
    *(RecordsJournalled, ParametersDecoded, AlarmsChanged, EventsRaised, StaleChanged),
    *(RejectsFound, TimeCorrelated, ServiceReported, Answered),
    *(ReadJournal, AcknowledgeJournal, ControlLink),
    *(AcknowledgeAlarms, ShelveAlarms, UnshelveAlarms, ClearAlarms, CommentAlarms, AssignAlarms),
    *(SetLimits, ListAlarms, AlarmsListed),
    *(DescribeMission, MissionDescribed, WatchViewport, ViewportChanged, ReadTrend, TrendRead),
    *(ReadStatus, StatusRead, ListEvents, EventsListed, ControlReplay, ReplayMoved),
)
