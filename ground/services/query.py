"""Questions to the archive: samples of parameters, calibrated and judged as they are read.

Raw values are stored; engineering values and levels are made here, each row with the database
that decoded it, from just the columns that the question (and its calibrators' contexts) needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.alarms import limits
from ground.archive import downsample
from ground.archive.store import KEYS, Store
from ground.columns import Column, Severity
from ground.decode import calibrate
from ground.mdb.model import ScalarType
from ground.services import names, superseded, tables
from ground.services.library import Library
from protocols import times

SERVICE_TABLES = (
    *("packets", "rejects", "gaps", "frames"),
    *("alarms", "events", "clocks", "status"),
)
OWN_COLUMNS = (*KEYS.names, "severity", "database")


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows are asked about; None is no bound. Times are TAI ns, the end is not included."""

    realm: str
    spacecraft: tuple[str, ...] | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    limit: int | None = None

    def as_arguments(self) -> dict[str, Any]:
        """Return the bounds as the store's arguments, without the realm and the limit."""
        return {
            "spacecraft": self.spacecraft,
            "start_ns": self.start_ns,
            "end_ns": self.end_ns,
        }


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one parameter (or element of one), in order of spacecraft and time. N rows.

    Attributes:
        path: name of the parameter or element; `units` of its engineering values.
        spacecraft: name of each row's spacecraft.
        t_ns: int64 [N], generation time, 0 where `timed` is False.
        raw, engineering: [N]; levels: uint8 [N], XTCE concern level of each sample.
    """

    path: str
    units: str
    spacecraft: NDArray[np.object_]
    t_ns: NDArray[np.int64]
    timed: NDArray[np.bool_]
    raw: Column
    engineering: Column
    levels: NDArray[np.uint8]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each sample as a row to print."""
        severity = limits.severity(self.levels)
        for row in range(len(self.t_ns)):
            timed = bool(self.timed[row])
            yield {
                "spacecraft": self.spacecraft[row],
                "parameter": self.path,
                "t_ns": int(self.t_ns[row]) if timed else None,
                "time": times.iso(int(self.t_ns[row])) if timed else None,
                "raw": value(self.raw, row),
                "value": value(self.engineering, row),
                "units": self.units,
                "severity": Severity(int(severity[row])).name.lower(),
            }


def value(column: Column, row: int) -> Any:
    """Return one value as a plain Python one; None where it is not valid."""
    if column.valid is not None and not column.valid[row].all():
        return None
    found = column.values[row]
    if column.labels is not None:
        return column.labels[int(found)]
    return found.item() if isinstance(found, np.generic) else found


def parameters(store: Store, realm: str) -> dict[str, list[str]]:
    """Return the parameter columns of a realm, by table."""
    return {
        info.name: [name for name in info.columns if name not in OWN_COLUMNS]
        for info in store.tables(realm)
        if info.name not in SERVICE_TABLES
    }


def samples(store: Store, library: Library, texts: Sequence[str], span: Span) -> Iterator[Samples]:
    """Yield the samples of the parameters that the globs mean, one parameter after the other.

    Raises:
        InputError: a glob fits nothing, or a plain name fits several parameters.
    """
    listed = parameters(store, span.realm)
    chosen = names.choose(texts, (path for paths in listed.values() for path in paths))
    for table, paths in listed.items():
        wanted = {path: chosen[path] for path in paths if path in chosen}
        if wanted:
            yield from _of_table(store, library, table, wanted, span)


def _of_table(
    store: Store,
    library: Library,
    table: str,
    wanted: Mapping[str, Sequence[names.Pattern]],
    span: Span,
) -> Iterator[Samples]:
    """Yield samples of one table, read once with the columns that contexts need as well."""
    asked = needed(store, library, table, wanted, span)
    columns = [*superseded.COLUMNS, "flags", "database", *sorted(asked)]
    rows = store.read(span.realm, table, columns=columns, limit=span.limit, **span.as_arguments())
    rows = superseded.best(rows)
    for part, types in by_database(rows, library, table):
        yield from _judged(part, types, {path: wanted[path] for path in wanted if path in types})


def needed(
    store: Store, library: Library, table: str, wanted: Iterable[str], span: Span
) -> set[str]:
    """Return the columns to read: those asked for and those that their contexts look at."""
    within = span.as_arguments()
    digests = store.read(span.realm, table, columns=["database"], **within)["database"].unique()
    paths = list(wanted)
    whole = set(paths)
    for digest in digests.to_pylist():
        types = library.types(digest, table)
        for path in paths:
            if path in types:
                whole |= calibrate.dependencies(types[path]) | limits.dependencies(types[path])
    return whole & set(store.schema(span.realm, table).names)


def by_database(
    rows: pa.Table, library: Library, table: str
) -> Iterator[tuple[pa.Table, Mapping[str, ScalarType]]]:
    """Yield the rows of each database that decoded some of them, with its types."""
    digests = rows["database"].unique().to_pylist()
    for digest in digests:
        part = rows
        if len(digests) > 1:
            part = rows.filter(pa.compute.equal(rows["database"], digest))
        yield part, library.types(digest, table)


def _judged(
    rows: pa.Table, types: Mapping[str, ScalarType], wanted: Mapping[str, Sequence[names.Pattern]]
) -> Iterator[Samples]:
    present = [name for name in rows.column_names if name in types]
    raw = {path: tables.from_arrow(rows[path], types[path]) for path in present}
    engineering = calibrate.engineering(types, raw, list(wanted))
    levels = limits.check(types, raw, engineering, names=list(wanted))
    spacecraft = np.array(rows["spacecraft"].to_pylist(), object)
    stamped = tables.numbers(rows["t_ns"])
    timed = np.ones(len(spacecraft), bool) if stamped.valid is None else stamped.valid
    for path, patterns in wanted.items():
        level = levels.get(path)
        if level is None:
            level = np.zeros(raw[path].values.shape, np.uint8)
        whole = Samples(
            path,
            types[path].units,
            spacecraft,
            stamped.values,
            timed,
            raw[path],
            engineering[path],
            level,
        )
        yield from _elements(whole, patterns)


def _elements(whole: Samples, patterns: Sequence[names.Pattern]) -> Iterator[Samples]:
    """Yield the elements of an array that were asked for; a scalar as it is."""
    if whole.raw.values.ndim == 1:
        names.elements(patterns, whole.path, 0)  # refuses an element of what has none
        if any(each.first is None for each in patterns):
            yield whole
        return
    for index in names.elements(patterns, whole.path, whole.raw.values.shape[1]):
        yield replace(
            whole,
            path=names.element(whole.path, index),
            raw=_element(whole.raw, index),
            engineering=_element(whole.engineering, index),
            levels=whole.levels[:, index],
        )


def _element(column: Column, index: int) -> Column:
    valid = None if column.valid is None else column.valid[:, index]
    return Column(column.values[:, index], valid, column.labels)


def binned(samples: Samples, bins: int) -> Iterator[dict[str, Any]]:
    """Yield min, mean and max of each spacecraft's samples over equal spans of time."""
    for name, made in per_spacecraft(samples, bins):
        for row in range(len(made.count)):
            t_ns = int(made.t_ns[row])
            yield {
                "spacecraft": name,
                "parameter": samples.path,
                "t_ns": t_ns,
                "time": times.iso(t_ns),
                "minimum": float(made.minimum[row]),
                "mean": float(made.mean[row]),
                "maximum": float(made.maximum[row]),
                "samples": int(made.count[row]),
                "units": samples.units,
            }


def per_spacecraft(samples: Samples, bins: int) -> Iterator[tuple[str, downsample.Bins]]:
    """Yield the down-sampled values of each spacecraft that has numbers with a time."""
    values, usable = numeric(samples)
    for name in dict.fromkeys(samples.spacecraft.tolist()):
        mine = usable & samples.timed & (samples.spacecraft == name)
        t_ns = samples.t_ns[mine]
        if len(t_ns):
            start, end = int(t_ns.min()), int(t_ns.max()) + 1
            yield name, downsample.bins(t_ns, values[mine], start, end, bins)


def numeric(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return engineering values as numbers and which are usable; labels count by their code."""
    column = samples.engineering
    usable = np.ones(len(column.values), bool) if column.valid is None else column.valid.copy()
    if column.values.dtype == object:
        return np.zeros(len(column.values)), np.zeros(len(column.values), bool)
    values = column.values.astype(np.float64)
    return values, usable & np.isfinite(values)
