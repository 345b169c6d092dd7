"""Raw columns become engineering columns.

How it works: a `Calibration` is made once for the types of a packet and used for each batch of it.
All polynomials over plain numbers, and all labels of plain octets, go through one kernel call each,
[parameter, packet] at a time; all else goes column by column (`sheet`).

Engineering values are float64 for every calibrated number. Deviation: XTCE calls the engineering
value of an `IntegerParameterType` an integer; databases in use give such types polynomials with
fractions (the voltages of IMAP CoDICE), and rounding them would destroy the values.

Whatever gives no finite number (division by zero, overflow, a point outside of a spline), and a
number without a label, is not valid; nothing is raised and nothing warned.

Source: XTCE 1.2 `DefaultCalibrator`, `ContextCalibratorList`, `EnumerationListType`,
`BooleanDataType`, `BaseTimeDataType`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ground.blocks import BlockColumns, Layout, floats
from ground.columns import Column, stacks
from ground.decode import curves
from ground.decode.blockwise import Recipe
from ground.decode.labels import Labels, look_up
from ground.decode.numbers import NUMBERS, finite
from ground.decode.sheet import Sheet, Tables, identical
from ground.mdb import conditions
from ground.mdb.model import Kind, MathOperation, Polynomial, Reference, ScalarType

__all__ = ["Calibration", "dependencies", "engineering", "identical"]


def engineering(
    types: Mapping[str, ScalarType],
    raw: Mapping[str, Column],
    names: Iterable[str] | None = None,
) -> Mapping[str, Column]:
    """Return the engineering columns of one batch, as `Calibration(types).engineering` does.

    Args:
        types: type of each column, by the path of the column.
        raw: raw columns by path, of equally many rows.
        names: which ones to return; every one of `raw` where it is left out.
    """
    return Calibration(types).engineering(raw, names)


def dependencies(type: ScalarType) -> set[str]:
    """Return the paths of the columns that calibrating a type looks at, beside its own."""
    asked: set[Reference] = set()
    calibrators = [type.calibrator]
    for each in type.context_calibrators:
        asked |= conditions.references(each.condition)
        calibrators.append(each.calibrator)
    for calibrator in calibrators:
        if isinstance(calibrator, MathOperation):
            asked |= {token for token in calibrator.tokens if isinstance(token, Reference)}
    if type.time is not None and type.time.offset_from:
        asked.add(Reference(type.time.offset_from))
    return {conditions.column_path(each.path) for each in asked}


class Calibration:
    """How the columns of one packet type become engineering values; made once, used often.

    Args:
        types: type of each column, by the path of the column.
    """

    def __init__(self, types: Mapping[str, ScalarType]) -> None:
        self._tables = Tables(types)
        self._polynomials = {
            path: type.calibrator
            for path, type in types.items()
            if isinstance(type.calibrator, Polynomial)
            and not type.context_calibrators
            and type.kind in (Kind.INTEGER, Kind.FLOAT)
        }
        self._labelled = {
            path
            for path in self._tables.calibrated
            if types[path].kind in (Kind.ENUMERATED, Kind.BOOLEAN)
        }
        self._coefficients: dict[tuple[str, ...], curves.Floats] = {}
        self._labels: dict[tuple[str, ...], tuple[list[Labels], NDArray[np.int32]]] = {}
        self._recipes: dict[tuple[Layout, tuple[str, ...] | None], Recipe] = {}

    def engineering(
        self, raw: Mapping[str, Column], names: Iterable[str] | None = None
    ) -> Mapping[str, Column]:
        """Return the engineering columns of one batch.

        Args:
            raw: raw columns by path, of equally many rows.
            names: which ones to return; every one of `raw` where it is left out.

        Returns:
            A column for each name that `raw` has: float64 for calibrated numbers, int32 indices
            with labels for enumerations and booleans, int64 ns TAI since 1958 for absolute times,
            float64 seconds for relative ones; the raw column itself where the two are `identical`.
            In an array whose size varies, an element without a value is NaN, or -1 for a label.
        """
        if isinstance(raw, BlockColumns):
            return self._of_blocks(raw, None if names is None else tuple(names))
        wanted = [name for name in (raw if names is None else names) if name in raw]
        sheet = Sheet(self._tables, raw)
        self._all_polynomials(raw, wanted, sheet.done)
        self._all_labels(raw, wanted, sheet.done)
        found = {name: sheet.done.get(name, raw[name]) for name in wanted}
        for name in self._tables.calibrated.intersection(wanted).difference(sheet.done):
            found[name] = sheet.engineering(name)
        return found

    def _of_blocks(self, raw: BlockColumns, names: tuple[str, ...] | None) -> BlockColumns:
        """Return what `engineering` does, of columns that lie in blocks."""
        key = raw.layout, names
        if key not in self._recipes:
            self._recipes[key] = self._recipe(raw.layout, names)
        recipe = self._recipes[key]
        columns = recipe.at_once(raw)
        if not recipe.rest:
            return columns
        sheet = Sheet(self._tables, raw, columns)
        return recipe.whole(columns, {name: sheet.engineering(name) for name in recipe.rest})

    def _recipe(self, layout: Layout, names: tuple[str, ...] | None) -> Recipe:
        asked = layout.seats if names is None else names
        wanted = [name for name in asked if name in layout.seats]
        labels = {name: self._tables.labels(self._tables.types[name]) for name in self._labelled}
        return Recipe(layout, wanted, self._polynomials, labels, self._tables.calibrated)

    def _all_polynomials(
        self, raw: Mapping[str, Column], wanted: list[str], done: dict[str, Column]
    ) -> None:
        """Work out at once every polynomial over a plain column of numbers."""
        plain = {
            name: raw[name]
            for name in wanted
            if name in self._polynomials
            and raw[name].values.ndim == 1
            and raw[name].values.dtype.kind in NUMBERS
        }
        if not plain:
            return
        names, columns = tuple(plain), list(plain.values())
        if names not in self._coefficients:
            calibrators = [self._polynomials[name] for name in names]
            self._coefficients[names] = curves.coefficients(calibrators)
        table, unusable = self._coefficients[names], np.empty(len(names), np.int64)
        y = np.empty((len(names), len(columns[0].values)))
        for part, x in stacks(columns, np.float64):
            numbers, rows = floats(x)
            curves.polynomials(*numbers, rows, table[part], y[part], unusable[part])
        for name, values, bad in zip(names, y, unusable.tolist(), strict=True):
            valid = plain[name].valid
            done[name] = finite(values, valid) if bad else Column(values, valid)

    def _all_labels(
        self, raw: Mapping[str, Column], wanted: list[str], done: dict[str, Column]
    ) -> None:
        """Look up at once every label over a plain column of octets."""
        plain = {
            name: raw[name]
            for name in wanted
            if name in self._labelled
            and raw[name].values.ndim == 1
            and raw[name].values.dtype == np.uint8
        }
        if not plain:
            return
        names, columns = tuple(plain), list(plain.values())
        if names not in self._labels:
            labels = [self._tables.labels(self._tables.types[name]) for name in names]
            self._labels[names] = labels, np.stack([each.of_octets for each in labels])
        labels, table = self._labels[names]
        missing = np.empty(len(names), np.int64)
        codes = np.empty((len(names), len(columns[0].values)), np.int32)
        for part, octets in stacks(columns, np.uint8):
            look_up(octets, np.arange(len(octets)), table[part], codes[part], missing[part])
        for name, each, row, bad in zip(names, labels, codes, missing.tolist(), strict=True):
            valid = plain[name].valid
            done[name] = each.column(row, valid) if bad else Column(row, valid, each.texts)
