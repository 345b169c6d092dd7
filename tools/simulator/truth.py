"""What is in a recording or stream: every packet with its values, and which of them arrive.

Engineering values are computed here from the raw ones by plain numpy, apart from the station's own
calibration, so that each can be held against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.model import ArrayType, Database, Kind, Polynomial, ScalarType, Spline
from tools.simulator.faults import Spell
from tools.simulator.medium import Transmissions
from tools.simulator.packets import Sent


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of one type, in order of time. N rows.

    Attributes:
        t_ns, sequence: int64 [N], generation time (TAI) and sequence count.
        delivered: bool [N], whether every frame that holds a part of it can be read.
        raw, engineering: values by path, [N] or [N, E]; labels for enumerations and booleans.
    """

    t_ns: NDArray[np.int64]
    sequence: NDArray[np.int64]
    delivered: NDArray[np.bool_]
    raw: dict[str, NDArray[Any]]
    engineering: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Truth:
    """A whole recording.

    Attributes:
        packets: by path of the container.
        frame_vcid: int64 [M], virtual channel of each frame that was sent.
        frame_readable: bool [M], whether it arrives in a state to be read.
        octets: size of the recording.
    """

    packets: dict[str, Packets]
    frame_vcid: NDArray[np.int64]
    frame_readable: NDArray[np.bool_]
    octets: int

    def save(self, path: Path) -> None:
        """Write everything to a numpy archive; columns are named `<container>:<kind>:<path>`."""
        columns: dict[str, Any] = {"vcid": self.frame_vcid, "readable": self.frame_readable}
        for container, each in self.packets.items():
            columns[f"{container}:t_ns"] = each.t_ns
            columns[f"{container}:sequence"] = each.sequence
            columns[f"{container}:delivered"] = each.delivered
            for kind, values in (("raw", each.raw), ("engineering", each.engineering)):
                for name, column in values.items():
                    text = column.dtype == object
                    columns[f"{container}:{kind}:{name}"] = column.astype(str) if text else column
        with path.open("wb") as file:
            np.savez_compressed(file, **columns)


@dataclass(frozen=True, slots=True)
class Frames:
    """Transmissions of frames, in the order in which they arrive. T rows.

    Attributes:
        send_ns: int64 [T], TAI; the reception time but for the way.
        vcid, count: int64 [T].
        copy: bool [T], whether it is the second transmission of a frame.
        wrong: int64 [T], wrong symbols, of which the code mends as many as it can.
        moved: bool [T], whether it changed places with the one before or behind.
        fate: uint8 [T], a `tools.simulator.station.Fate`.
    """

    send_ns: NDArray[np.int64]
    vcid: NDArray[np.int64]
    count: NDArray[np.int64]
    copy: NDArray[np.bool_]
    wrong: NDArray[np.int64]
    moved: NDArray[np.bool_]
    fate: NDArray[np.uint8]

    @classmethod
    def of(cls, given: Transmissions, fate: NDArray[np.uint8]) -> Frames:
        """Return what is kept of transmissions and their fates."""
        return cls(
            given.send_ns, given.vcid, given.count, given.copy, given.wrong, given.moved, fate
        )

    @classmethod
    def join(cls, parts: Sequence[Frames]) -> Frames:
        """Return the rows of all parts."""
        whole = [[getattr(part, each.name) for part in (_NONE, *parts)] for each in fields(cls)]
        return cls(*(np.concatenate(column) for column in whole))


_NUMBERS, _FLAGS = np.empty(0, np.int64), np.empty(0, np.bool_)
_NONE = Frames(_NUMBERS, _NUMBERS, _NUMBERS, _FLAGS, _NUMBERS, _FLAGS, np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Boot:
    """A restart of the computer on board, ns TAI.

    Attributes:
        begin_ns, end_ns: from when to when nothing is sent; every count begins at 0 then.
        clock_ns: how far the clock on board is ahead of true time from then on.
    """

    begin_ns: int
    end_ns: int
    clock_ns: int


@dataclass(frozen=True, slots=True)
class Part:
    """What became known of a stream from one moment to another.

    Attributes:
        packets: by path of the container, those whose fate was decided.
        frames: those that were sent or lost.
        outages, boots: all since the stream began.
    """

    packets: dict[str, Packets]
    frames: Frames
    outages: tuple[Spell, ...]
    boots: tuple[Boot, ...]


def merged(parts: Sequence[dict[str, Packets]]) -> dict[str, Packets]:
    """Return the packets of all parts by container, in the order of the parts."""
    found: dict[str, list[Packets]] = {}
    for part in parts:
        for container, each in part.items():
            found.setdefault(container, []).append(each)
    return {container: _joined(each) for container, each in found.items()}


def _joined(parts: list[Packets]) -> Packets:
    return Packets(
        np.concatenate([each.t_ns for each in parts]),
        np.concatenate([each.sequence for each in parts]),
        np.concatenate([each.delivered for each in parts]),
        _columns([each.raw for each in parts]),
        _columns([each.engineering for each in parts]),
    )


def _columns(parts: Sequence[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    return {path: np.concatenate([each[path] for each in parts]) for path in parts[0]}


def of(
    database: Database, sent: Sequence[Sent], delivered: Sequence[NDArray[np.bool_]]
) -> dict[str, Packets]:
    """Return the truth about these packets."""
    return {
        each.container: Packets(
            each.t_ns, each.sequence, arrived, each.raw, _engineering(database, each.raw)
        )
        for each, arrived in zip(sent, delivered, strict=True)
    }


def _engineering(database: Database, raw: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: _calibrated(_type(database, name), column) for name, column in raw.items()}


def _type(database: Database, name: str) -> ScalarType:
    """Return the type of a parameter, or of the member of an aggregate or of an array of them."""
    system, _, last = name.rpartition("/")
    parameter, *members = last.split(".")
    type_ = database.types[database.parameters[f"{system}/{parameter}"].type]
    while not isinstance(type_, ScalarType):
        if isinstance(type_, ArrayType):
            type_ = database.types[type_.element]
        else:
            wanted = members.pop(0)
            type_ = database.types[next(m.type for m in type_.members if m.name == wanted)]
    return type_


def _calibrated(type_: ScalarType, raw: NDArray[Any]) -> NDArray[Any]:
    if type_.kind is Kind.BOOLEAN:
        return np.where(raw != 0, type_.one_label, type_.zero_label).astype(object)
    if type_.labels:
        labels = {each.value: each.label for each in type_.labels}
        return np.array([labels[value] for value in raw.ravel().tolist()], object).reshape(
            raw.shape
        )
    if isinstance(type_.calibrator, Polynomial):
        coefficients = type_.calibrator.coefficients
        return np.asarray(np.polynomial.polynomial.polyval(raw.astype(np.float64), coefficients))
    if isinstance(type_.calibrator, Spline):
        points, values = np.array(type_.calibrator.points).T
        return np.asarray(np.interp(raw, points, values))
    return raw
