"""Who a packet is from and what it may mean: spacecraft by id, each with its definition.

Spacecraft that fly the same database share one definition, so that the packets of a whole fleet
are decoded in one call and lie in one set of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ground.alarms.limits import Limits
from ground.columns import Column
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb.model import ScalarType
from ground.mdb.plan import Plan
from ground.settings import TimeRule
from protocols.generation import Rule

UNKNOWN = "SCID-{}"  # how a spacecraft that the mission file does not name is called


class Definition:
    """One database in use: how its packets are decoded and when they were generated.

    `key` is the digest under which the archive keeps its sources.
    """

    def __init__(self, key: str, plan: Plan, times: Iterable[TimeRule] = ()) -> None:
        self.key = key
        self.plan = plan
        self.decoder = Decoder(plan)
        self._times = tuple(times)
        self._clocks: dict[tuple[str, str], Clock | None] = {}
        self._judging: dict[str, tuple[Calibration, list[str]]] = {}

    def judging(self, packet_type: str) -> tuple[Calibration, list[str]]:
        """Return how a packet type is calibrated, and which of its columns have limits."""
        if packet_type not in self._judging:
            types = self.plan.column_types[packet_type]
            judged = [path for path in Limits(types).judged if path in types]
            self._judging[packet_type] = Calibration(types), judged
        return self._judging[packet_type]

    def clock(self, spacecraft: str, packet_type: str) -> Clock | None:
        """Return how a packet's generation time is read; None where no rule says."""
        asked = spacecraft, packet_type
        if asked not in self._clocks:
            rules = (rule for rule in self._times if rule.matches(spacecraft, packet_type))
            types = self.plan.column_types[packet_type]
            made = (Clock.of(rule, types) for rule in rules)
            self._clocks[asked] = next((clock for clock in made if clock), None)
        return self._clocks[asked]


@dataclass(frozen=True, slots=True)
class Clock:
    """A mission's rule for the generation time, bound to the columns of a packet type."""

    rule: Rule
    columns: Mapping[str, str]  # column path by role

    @classmethod
    def of(cls, asked: TimeRule, types: Mapping[str, ScalarType]) -> Clock | None:
        """Return the rule for a packet with these columns; None where it lacks one."""
        rule = Rule(
            asked.epoch,
            asked.scale,
            parameter=asked.parameter,
            fine=asked.fine,
            fine_bits=asked.fine_bits or 0,
            days=asked.days,
            milliseconds=asked.milliseconds,
            microseconds=asked.microseconds,
        )
        found = {role: _find(name, types) for role, name in rule.names.items()}
        columns = {role: path for role, path in found.items() if path is not None}
        return cls(rule, columns) if len(columns) == len(found) else None

    def read(self, raw: Mapping[str, Column]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return (t_ns, which rows have one) of a batch's raw columns."""
        columns = {role: raw[path] for role, path in self.columns.items()}
        t_ns, timed = self.rule.t_ns({role: column.values for role, column in columns.items()})
        for column in columns.values():
            if column.valid is not None:
                timed = timed & column.valid
        return t_ns, timed


def _find(name: str, types: Mapping[str, ScalarType]) -> str | None:
    if name in types:
        return name
    return next((path for path in types if path.endswith("/" + name)), None)


@dataclass(slots=True)
class Crafts:
    """The spacecraft of a link by the id in its frames, in columns: codes into `names`.

    `only` names the one spacecraft of a source without frames.
    """

    by_scid: dict[int, str] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    only: str | None = None
    names: list[str] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)

    def codes(self, scid: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return each row's spacecraft as an index into `names`, which grows as ids appear."""
        if self.only is not None:
            return np.full(len(scid), self._code(self.only), np.int32)
        ids, inverse = np.unique(scid, return_inverse=True)
        known = [self._code(self.by_scid.get(int(each), UNKNOWN.format(each))) for each in ids]
        return np.array(known, np.int32)[inverse]

    def named(self, scid: int) -> str:
        """Return what the spacecraft with this id in its frames is called; -1 is unknown."""
        if self.only is not None:
            return self.only
        return self.by_scid.get(scid, UNKNOWN.format(scid if scid >= 0 else "unknown"))

    def groups(self, codes: NDArray[np.int32]) -> Iterable[tuple[Definition, NDArray[np.intp]]]:
        """Return, for each definition, the rows of the spacecraft that fly it."""
        flown: dict[str, list[int]] = {}
        for code in np.unique(codes).tolist():
            definition = self.definitions.get(self.names[code])
            if definition is not None:
                flown.setdefault(definition.key, []).append(code)
        for members in flown.values():
            definition = self.definitions[self.names[members[0]]]
            yield definition, np.flatnonzero(np.isin(codes, members))

    def _code(self, name: str) -> int:
        code = self._codes.setdefault(name, len(self.names))
        if code == len(self.names):
            self.names.append(name)
        return code
