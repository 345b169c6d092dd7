"""Facts, in the past tense: what services publish, each on a topic of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from ground.messages.rows import AlarmRow, Columns, EventRow, LinkRow, StageRow, StaleRow


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
    """Whether a request was done; if not, why.

    `wrong` tells what cannot be (an argument out of range) from what may not be now.
    """

    ok: bool
    reason: str = ""
    wrong: bool = False
