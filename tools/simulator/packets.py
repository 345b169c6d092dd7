"""The history becomes packets: when each type is sent, on which channel, with which counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.encode import Form
from ground.mdb.model import Database
from protocols import packet
from tools.simulator import events, telemetry
from tools.simulator.clock import Clock, fields
from tools.simulator.spacecraft import SECOND_NS, History

HOUSEKEEPING_VC, CARDS_VC = VCIDS = 0, 1
PHASE_NS = SECOND_NS // 512  # a whole number both of nanoseconds and of steps of the fine time
PUS_VERSION, SYNCHRONISED, GROUND = 2, 1, 0
FIRST_COUNT = 16_200  # so that the sequence counts wrap within a longer recording


@dataclass(frozen=True, slots=True)
class Report:
    """One packet type: every `period_s`, `phase` x 2^-9 s after the second."""

    container: str
    build: telemetry.Build
    vcid: int
    period_s: int
    phase: int


REPORTS = (
    Report("/CG1/AOCS/AOCS_HK", telemetry.aocs, HOUSEKEEPING_VC, 1, 0),
    Report("/CG1/EPS/EPS_HK", telemetry.eps, HOUSEKEEPING_VC, 1, 16),
    Report("/CG1/TCS/TCS_HK", telemetry.tcs, HOUSEKEEPING_VC, 2, 40),
    Report("/CG1/DC/NODES_HK", telemetry.nodes, HOUSEKEEPING_VC, 4, 80),
    Report("/CG1/COMM/COMM_HK", telemetry.comm, HOUSEKEEPING_VC, 4, 96),
    Report("/CG1/OBSW/OBSW_HK", telemetry.obsw, HOUSEKEEPING_VC, 10, 112),
    Report("/CG1/DC/CARDS_HK", telemetry.accelerators, CARDS_VC, 2, 128),
)
EVENT, EVENT_PHASE, EVENT_STEP = "/CG1/OBSW/EVENT", 200, 4


@dataclass(frozen=True, slots=True)
class Sent:
    """The packets of one type. N rows.

    Attributes:
        ready_ns: int64 [N], when they are ready to be sent, TAI.
        t_ns: int64 [N], generation time as the clock on board has it, TAI.
        sequence: int64 [N], sequence count, modulo 16384.
        raw: raw values of every field but the primary header's, by path: [N], arrays [N, E].
        octets: uint8 [N, L].
    """

    container: str
    vcid: int
    ready_ns: NDArray[np.int64]
    t_ns: NDArray[np.int64]
    sequence: NDArray[np.int64]
    raw: dict[str, NDArray[Any]]
    octets: NDArray[np.uint8]

    def take(self, rows: NDArray[np.bool_]) -> Sent:
        """Return these rows only."""
        raw = {name: column[rows] for name, column in self.raw.items()}
        ready_ns, t_ns, sequence = self.ready_ns[rows], self.t_ns[rows], self.sequence[rows]
        return Sent(self.container, self.vcid, ready_ns, t_ns, sequence, raw, self.octets[rows])


@dataclass(frozen=True, slots=True)
class Order:
    """The packets of several types in order of time. P rows.

    `rows` are their places among all packets, type after type.
    """

    rows: NDArray[np.intp]
    ready_ns: NDArray[np.int64]
    vcid: NDArray[np.int64]
    octets: list[bytes]

    @classmethod
    def of(cls, sent: Sequence[Sent]) -> Order:
        """Return the order in which these packets are ready."""
        ready_ns = np.concatenate([each.ready_ns for each in sent])
        rows = np.argsort(ready_ns, kind="stable")
        vcid = np.repeat([each.vcid for each in sent], [len(each.t_ns) for each in sent])
        octets = [row.tobytes() for each in sent for row in each.octets]
        return cls(rows, ready_ns[rows], vcid[rows], [octets[row] for row in rows.tolist()])

    def by_type(self, column: NDArray[Any], sent: Sequence[Sent]) -> list[NDArray[Any]]:
        """Return a column in order of time, [P], as one column for each of these types."""
        of_all = np.empty_like(column)
        of_all[self.rows] = column
        return np.split(of_all, np.cumsum([len(each.t_ns) for each in sent])[:-1])


@dataclass(frozen=True, slots=True)
class Draft:
    """Packets of one type before they are counted. N rows.

    Attributes:
        ready_ns: int64 [N], when they are ready to be sent, TAI.
        columns: engineering values, by the names of the container's parameters.
    """

    container: str
    vcid: int
    ready_ns: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def take(self, rows: NDArray[np.bool_]) -> Draft:
        """Return these rows only."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Draft(self.container, self.vcid, self.ready_ns[rows], columns)


@dataclass(frozen=True, slots=True)
class Answer:
    """A report that answers a telecommand: `data` is what its secondary header does not say."""

    apid: int
    service: int
    subtype: int
    data: bytes
    ready_ns: int


class Computer:
    """The computer on board: makes packets of one history after the other, and counts them.

    `first_count` is the sequence count of the first packet of each APID.
    """

    def __init__(
        self, database: Database, clock: Clock | None = None, first_count: int = FIRST_COUNT
    ) -> None:
        containers = [*(report.container for report in REPORTS), EVENT]
        self._forms = {each: Form.of(database, each) for each in containers}
        self._apid = {
            name: str(form.demanded["/CG1/APID"].value) for name, form in self._forms.items()
        }
        self._first, self.clock = first_count, clock or Clock()
        self._of_apid: dict[str, int] = {}  # how many packets there were
        self._of_type: dict[str, int] = {}

    def boot(self, clock: Clock) -> None:
        """Begin anew: every counter at 0."""
        self._first, self.clock = 0, clock
        self._of_apid.clear()
        self._of_type.clear()

    def send(self, history: History, rng: np.random.Generator) -> list[Sent]:
        """Return all packets of a history, type by type."""
        return self.encode(self.drafts(history, rng))

    def drafts(self, history: History, rng: np.random.Generator) -> list[Draft]:
        """Return all packets of a history before they are counted, type by type."""
        drafts = [*(_regular(report, history, rng) for report in REPORTS), *_events(history)]
        return [draft for draft in drafts if len(draft.ready_ns)]

    def encode(self, drafts: Sequence[Draft], answers: Sequence[Answer] = ()) -> list[Sent]:
        """Return packets, type by type, each answer a type of its own."""
        ready_ns = [draft.ready_ns for draft in drafts]
        ready_ns += [np.array([each.ready_ns]) for each in answers]
        apids = [self._apid[draft.container] for draft in drafts]
        counts = self._sequences(ready_ns, apids + [str(each.apid) for each in answers])
        made = zip(drafts, counts[: len(drafts)], strict=True)
        told = zip(answers, counts[len(drafts) :], strict=True)
        return [self._encoded(*each) for each in made] + [self._answered(*each) for each in told]

    def _sequences(
        self, ready_ns: Sequence[NDArray[np.int64]], apids: Sequence[str]
    ) -> list[NDArray[np.int64]]:
        """Return the sequence counts of each type: types of one APID share a counter."""
        counts = [np.zeros(len(each), np.int64) for each in ready_ns]
        for apid in set(apids):
            shared = [i for i, each in enumerate(apids) if each == apid]
            every = np.concatenate([ready_ns[i] for i in shared])
            order = np.argsort(np.argsort(every, kind="stable"), kind="stable")
            before = self._of_apid.get(apid, 0)
            self._of_apid[apid] = before + len(every)
            ends = np.cumsum([len(ready_ns[i]) for i in shared])[:-1]
            for i, part in zip(shared, np.split(order, ends), strict=True):
                counts[i] = (self._first + before + part) % (1 << 14)
        return counts

    def _answered(self, answer: Answer, sequence: NDArray[np.int64]) -> Sent:
        container = f"PUS/{answer.service}/{answer.subtype}"
        before = self._of_type.get(container, 0)
        self._of_type[container] = before + 1
        ready_ns = np.array([answer.ready_ns])
        coded, t_ns = fields(self.clock.read(ready_ns))
        header = bytes([PUS_VERSION << 4 | SYNCHRONISED, answer.service, answer.subtype])
        header += (before % (1 << 16)).to_bytes(2, "big") + GROUND.to_bytes(2, "big")
        header += int(coded["TIME_COARSE"][0]).to_bytes(4, "big")
        header += int(coded["TIME_FINE"][0]).to_bytes(2, "big")
        whole = packet.encode(
            answer.apid, int(sequence[0]), header + answer.data, secondary_header=True
        )
        octets = np.frombuffer(whole, np.uint8).reshape(1, -1)
        return Sent(container, HOUSEKEEPING_VC, ready_ns, t_ns, sequence, {}, octets)

    def _encoded(self, draft: Draft, sequence: NDArray[np.int64]) -> Sent:
        form, count = self._forms[draft.container], len(draft.ready_ns)
        before = self._of_type.get(draft.container, 0)
        self._of_type[draft.container] = before + count
        t_ns = self.clock.read(draft.ready_ns)
        header = {
            "PUS_VERSION": np.full(count, PUS_VERSION),
            "TIME_STATUS": np.full(count, SYNCHRONISED),
            "MESSAGE_COUNT": np.arange(before, before + count) % (1 << 16),
            "DESTINATION": np.full(count, GROUND),
        }
        coded, t_ns = fields(t_ns)
        raw = form.raw(header | coded)
        raw |= form.raw(draft.columns, calibrated=True)
        octets = form.pack(raw, sequence)
        return Sent(draft.container, draft.vcid, draft.ready_ns, t_ns, sequence, raw, octets)


def _regular(report: Report, history: History, rng: np.random.Generator) -> Draft:
    period_s = history.orders.period_s.get(report.container, report.period_s)
    rows = history.second % period_s == 0
    columns = {name: column[rows] for name, column in report.build(history, rng).items()}
    for name, (told, _) in history.orders.told.items():
        if name in columns:
            kind = object if isinstance(told, str) else np.float64
            columns[name] = np.full(len(columns[name]), told, kind)
    ready_ns = history.t_ns[rows] + report.phase * PHASE_NS
    return Draft(report.container, report.vcid, ready_ns, columns)


def _events(history: History) -> list[Draft]:
    silent = history.orders.silent
    found = [each for each in events.find(history) if events.NUMBERS[each.text] not in silent]
    if not found:
        return []
    seconds = np.array([event.row for event in found])
    nth = np.arange(len(found)) - np.searchsorted(seconds, seconds)  # within its second
    columns = {
        "SUBTYPE": np.array([event.severity for event in found]),
        "EVENT_SEVERITY": np.array([event.severity for event in found]),
        "EVENT_ID": np.array([event.text for event in found], object),
        "EVENT_VALUE": np.array([event.value for event in found]),
    }
    ready_ns = history.t_ns[seconds] + (EVENT_PHASE + EVENT_STEP * nth) * PHASE_NS
    return [Draft(EVENT, HOUSEKEEPING_VC, ready_ns, columns)]
