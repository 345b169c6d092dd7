"""The rows that messages are made of: what stands for one alarm, link, stage, parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
LinkState = Literal["disabled", "connecting", "up", "down", "failed"]
AlarmState = Literal["unacknowledged", "acknowledged", "returned", "normal"]
Level = Literal["info", "caution", "serious", "critical"]


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
