"""Parameters that are worked out from others by Python code: plug-ins, one instance a spacecraft.

In come decoded batches; out come batches of the packet type `/Derived/<name>`, one row for each
row that the plug-in was given, with types that are judged like any other.

A plug-in may remember what came before, so there is one for each spacecraft, and a `Deriver` for
each realm. What it must know after a restart, however long ago it came, it gives as `state` and is
given back by `restore`; one without these is shown the last packets again. It must work on samples
and their times alone: then a replay gives the same values. What it raises is caught, counted and
named; that instance is let go, and another starts anew with the next rows. The code itself is
trusted, as all that is installed: it is run in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.decode.remembered import Remembers, packed, unpacked
from ground.errors import Where
from ground.mdb.model import Alarm, Kind, Level, Range, ScalarType, StaticRanges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = Mapping[str, Column]
T = TypeVar("T")

FOLDER = "/Derived"
GROUP = "ground.derived"  # the entry points that name plug-ins
LONGEST_PROBLEM = 200  # characters
NOTE = "derived/"  # begins the keys under which states are kept


@dataclass(frozen=True, slots=True)
class Output:
    """A parameter that a plug-in gives.

    Attributes:
        limits: what is allowed, (lowest, highest) by level (watch, warning, distress, critical,
            severe); None is no end.
        min_violations: how many samples in a row must be out of them.
    """

    name: str
    units: str = ""
    description: str = ""
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    min_violations: int = 1


class Derived(Protocol):
    """A plug-in: an entry point of `GROUP` names a class of this shape, made without arguments.

    Attributes:
        name: of the packet type, `/Derived/<name>`.
        packets: path of the packet type whose rows it is given.
        inputs: paths of the parameters that it reads, or their last parts.
        outputs: what it gives.
    """

    name: str
    packets: str
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]

    def update(self, t_ns: Ints, columns: Mapping[str, NDArray[Any]]) -> Mapping[str, Floats]:
        """Return each output, numbers [N]; nan where there is none.

        Args:
            t_ns: int64 [N], times of the rows; any number of rows may come at once.
            columns: engineering values by the names in `inputs`: float64 [N] or [N, E], nan where
                there is none; labels and text as an object array of `str`, or None.
        """


@dataclass(frozen=True, slots=True)
class DerivedBatch:
    """What a plug-in gave for the rows of one batch.

    Attributes:
        rows: int64 [N], which rows of the batch that it was given these are.
        columns: float64 by path, nan and not valid where there is no value.
        types: types of the columns; the very same mapping for each batch of this packet type.
    """

    packet_type: str
    rows: Ints
    columns: dict[str, Column]
    types: Mapping[str, ScalarType]


class Deriver:
    """Runs the plug-ins of one realm.

    Args:
        plugins: their classes.

    Attributes:
        failures: how often each plug-in failed, by its name.
        problems: what it last failed with.
    """

    def __init__(self, plugins: Sequence[type[Derived]] = ()) -> None:
        self.failures: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        self._plugins = tuple(plugins)
        self._types = [_types(plugin) for plugin in self._plugins]
        self._running: dict[tuple[int, str], Derived] = {}
        self._kept: dict[str, bytes] = {}
        self._restored: dict[str, bytes] = {}

    def derive(
        self,
        packet_type: str,
        names: Sequence[str],
        craft: NDArray[Any],
        t_ns: Ints,
        raw: Columns,
        engineering: Columns,
    ) -> list[DerivedBatch]:
        """Return what the plug-ins for a packet type make of its rows.

        Args:
            names: of spacecraft; `craft` [N] has the index of each row's.
            t_ns: int64 [N], times of the rows.
            raw, engineering: columns by path; where no engineering value is, the raw one stands.
        """
        batches = []
        for place, plugin in enumerate(self._plugins):
            if plugin.packets == packet_type:
                paths = _bound(plugin.inputs, raw)
                inputs = {name: engineering.get(path) or raw[path] for name, path in paths.items()}
                parts = [
                    (rows, found)
                    for code in np.unique(craft).tolist()
                    for rows in [np.flatnonzero(craft == code)]
                    if (found := self._update(place, names[code], t_ns[rows], inputs, rows))
                ]
                if parts:
                    batches.append(self._batch(place, parts))
        return batches

    def _update(
        self, place: int, spacecraft: str, t_ns: Ints, inputs: Columns, rows: Ints
    ) -> dict[str, Floats] | None:
        """Return what one instance gives for these rows; None where it fails."""
        plugin = self._plugins[place]

        def updated() -> dict[str, Floats]:
            missing = [name for name in plugin.inputs if name not in inputs]
            if missing:
                raise LookupError(f"no parameter {', '.join(missing)} in {plugin.packets}")
            if (place, spacecraft) not in self._running:
                self._running[place, spacecraft] = plugin()
            columns = {name: _plain(column.take(rows)) for name, column in inputs.items()}
            given = self._running[place, spacecraft].update(t_ns.copy(), columns)
            return _checked(plugin, given, len(rows))

        found = self._tried(plugin, spacecraft, updated)
        if found is None:
            self._running.pop((place, spacecraft), None)
        return found

    def _tried(self, plugin: type[Derived], spacecraft: str, call: Callable[[], T]) -> T | None:
        """Return what a plug-in gives; None, and the reason kept, where it raises."""
        try:
            return call()
        except Exception as error:  # whatever a plug-in does, the station goes on
            self.failures[plugin.name] = self.failures.get(plugin.name, 0) + 1
            said = f"{spacecraft}: {type(error).__name__}: {error}"
            self.problems[plugin.name] = said[:LONGEST_PROBLEM]
            return None

    def _batch(self, place: int, parts: list[tuple[Ints, dict[str, Floats]]]) -> DerivedBatch:
        plugin, types = self._plugins[place], self._types[place]
        rows = np.concatenate([rows for rows, _ in parts])
        order = np.argsort(rows)
        columns = {}
        for output, path in zip(plugin.outputs, types, strict=True):
            values = np.concatenate([found[output.name] for _, found in parts])[order]
            there = ~np.isnan(values)
            columns[path] = Column(values, None if there.all() else there)
        return DerivedBatch(f"{FOLDER}/{plugin.name}", rows[order], columns, types)

    def state(self) -> dict[str, bytes | None]:
        """Return what plug-ins must know after a restart, by key: what changed since last asked."""
        changed: dict[str, bytes | None] = {}
        for (place, spacecraft), running in self._running.items():
            plugin, key = self._plugins[place], f"{NOTE}{self._plugins[place].name}/{spacecraft}"
            if isinstance(running, Remembers):
                state = self._tried(plugin, spacecraft, partial(packed, running))
                if state is not None and state != self._kept.get(key):
                    changed[key] = self._kept[key] = state
        return changed

    def restore(self, notes: Mapping[str, bytes]) -> None:
        """Take in what an earlier run kept; `settle` gives it to the plug-ins."""
        self._restored = dict(notes)

    def settle(self) -> None:
        """Let plug-ins be in the state that an earlier run kept, whatever they were shown since."""
        for place, plugin in enumerate(self._plugins):
            prefix = f"{NOTE}{plugin.name}/"
            for key in [key for key in self._restored if key.startswith(prefix)]:
                craft = key.removeprefix(prefix)
                made = self._tried(plugin, craft, partial(_going_on, plugin, self._restored[key]))
                if made is not None:
                    self._running[place, craft] = made
        self._restored = {}

    def types(self) -> dict[str, Mapping[str, ScalarType]]:
        """Return the types of the columns of every derived packet type."""
        packet_types = [f"{FOLDER}/{plugin.name}" for plugin in self._plugins]
        return dict(zip(packet_types, self._types, strict=True))


def _going_on(plugin: type[Derived], state: bytes) -> Derived | None:
    """Return a new instance that goes on from a state; None where it remembers nothing."""
    made = plugin()
    if not isinstance(made, Remembers):
        return None
    unpacked(made, state)
    return made


def _types(plugin: type[Derived]) -> dict[str, ScalarType]:
    """Return the type of each output by its path.

    Raises:
        ValueError: a level of its limits has no such name.
    """
    return dict(_typed(plugin.name, output) for output in plugin.outputs)


def _typed(plugin: str, output: Output) -> tuple[str, ScalarType]:
    path = f"{FOLDER}/{plugin}/{output.name}"
    known = {level.name.lower(): level for level in Level if level}
    if not output.limits.keys() <= known.keys():
        raise ValueError(f"{path}: limits {', '.join(output.limits)}; expected {', '.join(known)}")
    ranges = sorted((known[name], Range(*ends)) for name, ends in output.limits.items())
    static = StaticRanges(tuple(ranges))
    alarm = Alarm(static=static, min_violations=output.min_violations) if ranges else None
    where = Where(f"{GROUP}: {plugin}")
    made = ScalarType(path, Kind.FLOAT, None, where, output.units, output.description, alarm=alarm)
    return path, made


def _bound(inputs: Sequence[str], columns: Columns) -> dict[str, str]:
    """Return the path of each input that is among the columns."""
    return dict(_paths(inputs, columns))


def _paths(inputs: Sequence[str], columns: Columns) -> Iterator[tuple[str, str]]:
    for name in inputs:
        whole = [name] if name in columns else [p for p in columns if p.endswith("/" + name)]
        if whole:
            yield name, whole[0]


def _plain(column: Column) -> NDArray[Any]:
    """Return values as a plug-in reads them."""
    values, valid = column.values, column.valid
    if column.labels is not None and values.dtype != object:
        every = np.array([*column.labels, None], object)
        known = (values >= 0) & (values < len(column.labels))
        values = every[np.where(known, values, len(column.labels))]
    if values.dtype == object:
        there = values.copy()
        if valid is not None:
            there[~valid] = None
        return there
    numbers = values.astype(np.float64)
    return numbers if valid is None else np.where(valid, numbers, np.nan)


def _checked(plugin: type[Derived], given: Mapping[str, Any], rows: int) -> dict[str, Floats]:
    """Return the outputs as float64 [N].

    Raises:
        ValueError: they are not those that the plug-in names, or not numbers of this shape.
    """
    names = [output.name for output in plugin.outputs]
    if set(given) != set(names):
        raise ValueError(f"gave {', '.join(map(str, given))}; expected {', '.join(names)}")
    found = {}
    for name in names:
        values = np.asarray(given[name])
        if values.shape != (rows,) or values.dtype.kind not in "iufb":
            shape = f"{values.dtype} {list(values.shape)}"
            raise ValueError(f"{name} is {shape}; expected numbers [{rows}]")
        found[name] = values.astype(np.float64)
    return found
