"""One batch while its engineering values are worked out, parameter by parameter.

A contextual calibrator and a math operation may ask for another parameter of the packet; the sheet
works that one out first, and answers "none" to a parameter that waits for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.decode import curves
from ground.decode.labels import NO_LABEL, Labels
from ground.decode.numbers import finite, numeric
from ground.mdb import conditions, instants, rpn
from ground.mdb.model import (
    Calibrator,
    Condition,
    FloatEncoding,
    IntegerEncoding,
    Kind,
    MathOperation,
    Polynomial,
    Reference,
    ScalarType,
    Spline,
    StringEncoding,
    TimeReference,
)

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
NOTHING: Mapping[str, Column] = {}


def identical(type: ScalarType) -> bool:
    """Return whether engineering equals raw, so that nothing need be computed or shown twice."""
    if type.kind in (Kind.ENUMERATED, Kind.BOOLEAN):
        return type.kind is Kind.ENUMERATED and not type.labels
    if type.kind in (Kind.STRING, Kind.BINARY):
        return True
    if type.calibrator is not None or type.context_calibrators:
        return False
    if type.kind in (Kind.INTEGER, Kind.FLOAT):
        return not isinstance(type.encoding, StringEncoding)
    return type.time is None or not isinstance(type.encoding, IntegerEncoding | FloatEncoding)


class Tables:
    """What is worked out once for a packet type.

    Attributes:
        types: type of each column, by the path of the column.
        calibrated: paths of those whose engineering values differ from raw.
        octets: what a calibrator gives for each value of one octet, by its dtype.
    """

    def __init__(self, types: Mapping[str, ScalarType]) -> None:
        self.types = types
        self.calibrated = {path for path, type in types.items() if not identical(type)}
        self.octets: dict[tuple[Calibrator, Any], Floats] = {}
        self._labels: dict[str, Labels] = {}

    def labels(self, type: ScalarType) -> Labels:
        """Return the labels of an enumerated or boolean type."""
        if type.path not in self._labels:
            self._labels[type.path] = Labels.of(type)
        return self._labels[type.path]


class Sheet:
    """The columns of one batch.

    Args:
        raw: raw columns by path, of equally many rows.
        ready: engineering columns that are worked out already.
    """

    def __init__(
        self, tables: Tables, raw: Mapping[str, Column], ready: Mapping[str, Column] = NOTHING
    ) -> None:
        self.tables, self.raw, self.ready = tables, raw, ready
        self.rows = len(next(iter(raw.values())).values) if raw else 0
        self.done: dict[str, Column] = {}
        self._waiting: set[str] = set()

    def engineering(self, path: str) -> Column:
        """Return one engineering column, worked out at the first question."""
        if path not in self.tables.calibrated:
            return self.raw[path]
        if path in self.ready:
            return self.ready[path]
        if path not in self.done:
            self.done[path] = _Reading(self, self.tables.types[path]).of(self.raw[path])
        return self.done[path]

    def lookup(self, reference: Reference) -> Column | None:
        """Return the column of another parameter of this packet; None for one it does not have."""
        if reference.instance:
            return None
        columns = self._calibrated if reference.calibrated else self.raw.get
        return conditions.find(columns, reference.path)

    def _calibrated(self, path: str) -> Column | None:
        if path not in self.raw or path in self._waiting:
            return None
        self._waiting.add(path)
        column = self.engineering(path)
        self._waiting.discard(path)
        return column


class _Reading:
    """One parameter of one batch, being worked out."""

    def __init__(self, sheet: Sheet, type: ScalarType) -> None:
        self.sheet, self.type = sheet, type
        self.spread: Callable[[NDArray[Any]], NDArray[Any]] = lambda per_row: per_row

    def of(self, raw: Column) -> Column:
        """Return the engineering column of a raw one."""
        if raw.values.dtype == object and any(isinstance(row, np.ndarray) for row in raw.values):
            return self._of_rows(raw)
        type = self.type
        if type.kind is Kind.BOOLEAN:
            raw = numeric(raw, type.zero_label, type.one_label)
            codes = (raw.values != 0).astype(np.int32)
            return Column(codes, raw.valid, (type.zero_label, type.one_label))
        raw = numeric(raw)
        if type.kind is Kind.ENUMERATED:
            return self.sheet.tables.labels(type).read(raw.values, raw.valid)
        calibrated = self._calibrated(raw)
        return calibrated if type.time is None else self._time(calibrated, type.time)

    def _of_rows(self, raw: Column) -> Column:
        """Treat an array whose size varies as one long column, and cut it into rows again."""
        sample = next(row for row in raw.values if isinstance(row, np.ndarray))
        rows = [row if isinstance(row, np.ndarray) else sample[:0] for row in raw.values]
        lengths = np.array([row.size for row in rows])
        self.spread = lambda per_row: np.repeat(per_row, lengths, axis=0)
        flat = self.of(Column(np.concatenate([row.ravel() for row in rows])))
        values = flat.values
        if flat.valid is not None:
            none = np.nan if values.dtype.kind == "f" else NO_LABEL
            values = np.where(flat.valid, values, values.dtype.type(none))
        cut = np.empty(len(rows), object)
        for place, piece in enumerate(np.split(values, np.cumsum(lengths)[:-1])):
            cut[place] = piece
        return Column(cut, raw.valid, flat.labels)

    # ---- calibrators ------------------------------------------------------------------------

    def _calibrated(self, raw: Column) -> Column:
        type = self.type
        if not type.context_calibrators:
            return raw if type.calibrator is None else self._curve(type.calibrator, raw)
        choices: list[tuple[Truth, Calibrator]] = []
        free = np.ones(raw.values.shape, np.bool_)
        for each in type.context_calibrators:
            here = free & self._holds(each.condition, raw.values.shape)
            choices.append((here, each.calibrator))
            free &= ~here
        if type.calibrator is not None:
            choices.append((free, type.calibrator))
        result = raw.values.astype(np.float64)
        for here, calibrator in choices:
            if here.any():
                result[here] = self._curve(calibrator, raw).values[here]
        return finite(result, raw.valid)

    def _holds(self, condition: Condition, shape: tuple[int, ...]) -> Truth:
        truth = self.spread(conditions.evaluate(condition, self.sheet.lookup, self.sheet.rows))
        try:
            return np.broadcast_to(_deeper(truth, len(shape)), shape)
        except ValueError:  # an array of another size says nothing about this parameter
            return np.zeros(shape, np.bool_)

    def _curve(self, calibrator: Calibrator, raw: Column) -> Column:
        """Follow a calibrator; a one-octet value is looked up among the 256 that there are."""
        values = raw.values
        if values.dtype.itemsize > 1 or values.dtype.kind == "b" or _asks(calibrator):
            return finite(self._follow(calibrator, values.astype(np.float64)), raw.valid)
        known, key = self.sheet.tables.octets, (calibrator, values.dtype)
        if key not in known:
            every = np.arange(256).astype(np.uint8).view(values.dtype)
            known[key] = self._follow(calibrator, every.astype(np.float64))
        return finite(known[key][values.view(np.uint8)], raw.valid)

    def _follow(self, calibrator: Calibrator, x: Floats) -> Floats:
        if isinstance(calibrator, Polynomial):
            return curves.polynomial(calibrator, x)
        if isinstance(calibrator, Spline):
            return curves.follow(calibrator, x)
        if rpn.problem(calibrator.tokens) is not None:
            return np.full(x.shape, np.nan)
        y = rpn.evaluate(calibrator.tokens, x, lambda each: self._operand(each, x.shape))
        return np.array(np.broadcast_to(y, x.shape))

    def _operand(self, reference: Reference, shape: tuple[int, ...]) -> Floats | None:
        column = self.sheet.lookup(reference)
        if column is None or column.labels is not None:
            return None
        column = numeric(column)
        values = column.values.astype(np.float64)
        if column.valid is not None:
            values[~column.valid] = np.nan
        values = _deeper(self.spread(values), len(shape))
        fits = values.ndim == len(shape) and all(
            n in (1, m) for n, m in zip(values.shape, shape, strict=True)
        )
        return values if fits else None

    # ---- times ------------------------------------------------------------------------------

    def _time(self, column: Column, reference: TimeReference) -> Column:
        if self.type.kind is Kind.RELATIVE_TIME or not (reference.epoch or reference.offset_from):
            seconds = column.values.astype(np.float64) * reference.scale + reference.offset
            return finite(seconds, column.valid)
        elapsed, valid = instants.elapsed_ns(column.values, reference.scale, reference.offset)
        if column.valid is not None:
            valid &= column.valid
        if reference.offset_from:
            return self._after(reference.offset_from, elapsed, valid)
        epoch = instants.epoch_ns(reference.epoch or "")
        if epoch is None:
            return Column(elapsed, np.zeros(elapsed.shape, np.bool_))
        return Column(instants.since(epoch, elapsed), None if valid.all() else valid)

    def _after(self, path: str, elapsed: NDArray[np.int64], valid: Truth) -> Column:
        """Return the instants that lie so far after another parameter's."""
        base = self.sheet.lookup(Reference(path))
        if base is None or base.values.dtype != np.int64 or base.values.ndim > elapsed.ndim:
            return Column(elapsed, np.zeros(elapsed.shape, np.bool_))
        if base.valid is not None:
            valid = valid & _deeper(self.spread(base.valid), elapsed.ndim)
        start = _deeper(self.spread(base.values), elapsed.ndim)
        return Column(start + elapsed, None if valid.all() else valid)


def _asks(calibrator: Calibrator) -> bool:
    return isinstance(calibrator, MathOperation) and any(
        isinstance(token, Reference) for token in calibrator.tokens
    )


def _deeper(values: NDArray[Any], axes: int) -> NDArray[Any]:
    """Return values with further axes, so that one value a row stands for each element."""
    return values.reshape(values.shape + (1,) * (axes - values.ndim))
