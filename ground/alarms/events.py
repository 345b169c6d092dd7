"""Packets that say what happened on board, as events in a line for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ground.alarms import text
from ground.columns import Column
from ground.mdb.model import ScalarType
from ground.messages import EventRow, Level

SOURCE = "onboard"
LONGEST_KIND = 40  # characters of the short name that is searched
LONGEST_LINE = 300


class Rule(Protocol):
    """Which packets are events: the parameters of their text, and of their severity."""

    @property
    def text(self) -> tuple[str, ...]: ...
    @property
    def severity(self) -> str | None: ...
    @property
    def levels(self) -> Mapping[str, Level]: ...
    def is_for(self, packet_type: str) -> bool:
        """Return whether packets of this type are such events."""


class OnBoard:
    """Reads events out of packets; the first rule that is for a packet type applies."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)

    def rule(self, packet_type: str) -> Rule | None:
        """Return the rule for a packet type; None where its packets are no events."""
        return next((rule for rule in self._rules if rule.is_for(packet_type)), None)

    def read(
        self,
        packet_type: str,
        types: Mapping[str, ScalarType],
        names: Sequence[str],
        craft: NDArray[Any],
        t_ns: NDArray[np.int64],
        received_ns: NDArray[np.int64],
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
    ) -> list[EventRow]:
        """Return an event for each row of a batch; none where its packets are no events.

        Args:
            types: type of each column by its path.
            names: of spacecraft; `craft` [N] has the index of each row's.
            t_ns, received_ns: int64 [N]; a generation time of 0 is none, and reception counts.
            raw, engineering: columns by path; where no engineering value is, the raw one stands.
        """
        rule = self.rule(packet_type)
        if rule is None:
            return []
        lines = _Lines(rule, types, raw, engineering)
        return [
            EventRow(
                t_ns=int(t_ns[row]) or int(received_ns[row]),
                source=SOURCE,
                spacecraft=names[craft[row]],
                severity=lines.severity(row),
                kind=lines.kind(row),
                text=lines.text(row),
            )
            for row in range(len(t_ns))
        ]


class _Lines:
    """A rule bound to the columns of one batch."""

    def __init__(
        self,
        rule: Rule,
        types: Mapping[str, ScalarType],
        raw: Mapping[str, Column],
        engineering: Mapping[str, Column],
    ) -> None:
        self._types, self._raw, self._engineering = types, raw, engineering
        self._levels = rule.levels
        self._paths = [path for path in (find(name, raw) for name in rule.text) if path]
        self._severity = None if rule.severity is None else find(rule.severity, raw)

    def severity(self, row: int) -> Level:
        """Return what the rule makes of the severity parameter's value or label, or raw value."""
        path = self._severity
        if path is None:
            return "info"
        said = self._levels.get(self._value(path, row))
        return said or self._levels.get(text.value(self._raw[path], row), "info")

    def kind(self, row: int) -> str:
        """Return the first value, by which such events are found."""
        said = self._value(self._paths[0], row) if self._paths else ""
        return text.visible(said, LONGEST_KIND) or "event"

    def text(self, row: int) -> str:
        """Return the line: values that are there, with their units."""
        said = [self._with_units(path, row) for path in self._paths]
        return text.visible(" ".join(each for each in said if each), LONGEST_LINE)

    def _with_units(self, path: str, row: int) -> str:
        value, type = self._value(path, row), self._types.get(path)
        return f"{value} {type.units}" if value and type is not None and type.units else value

    def _value(self, path: str, row: int) -> str:
        """Return an engineering value; the raw one of a number without a label."""
        column = self._engineering.get(path)
        said = "" if column is None else text.value(column, row, type=self._types.get(path))
        return said or text.value(self._raw[path], row)


def find(name: str, columns: Iterable[str]) -> str | None:
    """Return the path of a parameter, given by that or by the last part of it."""
    paths = list(columns)
    if name in paths:
        return name
    return next((path for path in paths if path.endswith("/" + name)), None)
