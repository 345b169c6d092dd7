"""The history becomes packets: when each type is sent, on which channel, with which counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.encode import Form
from ground.mdb.model import Database
from tools.simulator import events, telemetry
from tools.simulator.spacecraft import SECOND_NS, History

HOUSEKEEPING_VC, CARDS_VC = 0, 1
FINE_BITS = 16
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
        t_ns: int64 [N], generation time, TAI.
        sequence: int64 [N], sequence count, modulo 16384.
        raw: raw values of every field but the primary header's, by path: [N], arrays [N, E].
        octets: uint8 [N, L].
    """

    container: str
    vcid: int
    t_ns: NDArray[np.int64]
    sequence: NDArray[np.int64]
    raw: dict[str, NDArray[Any]]
    octets: NDArray[np.uint8]


def send(database: Database, history: History, rng: np.random.Generator) -> list[Sent]:
    """Return all packets of a history, type by type."""
    drafts = [_regular(report, history, rng) for report in REPORTS]
    drafts += _events(history)
    forms = [Form.of(database, draft.container) for draft in drafts]
    counts = _sequences([form.demanded["/CG1/APID"].value for form in forms], drafts)
    return [
        _encoded(form, draft, sequence)
        for form, draft, sequence in zip(forms, drafts, counts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Draft:
    container: str
    vcid: int
    t_ns: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


def _regular(report: Report, history: History, rng: np.random.Generator) -> _Draft:
    rows = slice(None, None, report.period_s)
    columns = {name: column[rows] for name, column in report.build(history, rng).items()}
    t_ns = history.t_ns[rows] + report.phase * PHASE_NS
    return _Draft(report.container, report.vcid, t_ns, columns)


def _events(history: History) -> list[_Draft]:
    found = events.find(history)
    if not found:
        return []
    seconds = np.array([event.second for event in found])
    nth = np.arange(len(found)) - np.searchsorted(seconds, seconds)  # within its second
    columns = {
        "SUBTYPE": np.array([event.severity for event in found]),
        "EVENT_SEVERITY": np.array([event.severity for event in found]),
        "EVENT_ID": np.array([event.text for event in found], object),
        "EVENT_VALUE": np.array([event.value for event in found]),
    }
    t_ns = history.t_ns[seconds] + (EVENT_PHASE + EVENT_STEP * nth) * PHASE_NS
    return [_Draft(EVENT, HOUSEKEEPING_VC, t_ns, columns)]


def _sequences(apids: list[Any], drafts: list[_Draft]) -> list[NDArray[np.int64]]:
    """Return the sequence counts of each type: types of one APID share a counter."""
    counts = [np.zeros(len(draft.t_ns), np.int64) for draft in drafts]
    for apid in set(apids):
        shared = [i for i, each in enumerate(apids) if each == apid]
        every = np.concatenate([drafts[i].t_ns for i in shared])
        order = np.argsort(np.argsort(every, kind="stable"), kind="stable")
        ends = np.cumsum([len(drafts[i].t_ns) for i in shared])[:-1]
        for i, part in zip(shared, np.split(order, ends), strict=True):
            counts[i] = (FIRST_COUNT + part) % (1 << 14)
    return counts


def _encoded(form: Form, draft: _Draft, sequence: NDArray[np.int64]) -> Sent:
    count = len(draft.t_ns)
    header = {
        "PUS_VERSION": np.full(count, PUS_VERSION),
        "TIME_STATUS": np.full(count, SYNCHRONISED),
        "MESSAGE_COUNT": np.arange(count) % (1 << 16),
        "DESTINATION": np.full(count, GROUND),
    }
    raw = form.raw(header | _time(draft.t_ns))
    raw |= form.raw(draft.columns, calibrated=True)
    octets = form.pack(raw, sequence)
    return Sent(draft.container, draft.vcid, draft.t_ns, sequence, raw, octets)


def _time(t_ns: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return the fields of the packet's time. Source: CCSDS 301.0-B-4 §3.2 (CUC)."""
    coarse, rest = np.divmod(t_ns, SECOND_NS)
    return {"TIME_COARSE": coarse, "TIME_FINE": (rest << FINE_BITS) // SECOND_NS}
