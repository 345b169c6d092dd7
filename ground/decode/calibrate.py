"""Raw columns become engineering columns.

How it works: a `Calibration` is made once for the types of a packet and used for each batch of it.
Every polynomial over plain numbers goes through one kernel call, [parameter, packet] at a time;
all else goes column by column (`sheet`).

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

from ground.columns import Column
from ground.decode import curves
from ground.decode.numbers import NUMBERS, finite
from ground.decode.sheet import Sheet, Tables, identical
from ground.mdb import conditions
from ground.mdb.model import Kind, MathOperation, Polynomial, Reference, ScalarType

__all__ = ["Calibration", "dependencies", "engineering", "identical"]


def engineering(
    types: Mapping[str, ScalarType],
    raw: Mapping[str, Column],
    names: Iterable[str] | None = None,
) -> dict[str, Column]:
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
        self._coefficients: dict[tuple[str, ...], curves.Floats] = {}
        self._polynomials = {
            path: each.calibrator
            for path, each in types.items()
            if isinstance(each.calibrator, Polynomial)
            and not each.context_calibrators
            and each.kind in (Kind.INTEGER, Kind.FLOAT)
        }

    def engineering(
        self, raw: Mapping[str, Column], names: Iterable[str] | None = None
    ) -> dict[str, Column]:
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
        wanted = [name for name in (raw if names is None else names) if name in raw]
        sheet = Sheet(self._tables, raw)
        self._all_polynomials(raw, wanted, sheet.done)
        return {name: sheet.engineering(name) for name in wanted}

    def _all_polynomials(
        self, raw: Mapping[str, Column], wanted: list[str], done: dict[str, Column]
    ) -> None:
        """Work out at once every polynomial over a plain column of numbers."""
        names = tuple(
            name
            for name in wanted
            if name in self._polynomials
            and raw[name].values.ndim == 1
            and raw[name].values.dtype.kind in NUMBERS
        )
        if not names:
            return
        x = np.empty((len(names), len(raw[names[0]].values)))
        for row, name in enumerate(names):
            x[row] = raw[name].values
        y, unusable = np.empty_like(x), np.empty(len(names), np.int64)
        curves.polynomials(x, self._table(names), y, unusable)
        for name, values, bad in zip(names, y, unusable.tolist(), strict=True):
            valid = raw[name].valid
            done[name] = finite(values, valid) if bad else Column(values, valid)

    def _table(self, names: tuple[str, ...]) -> curves.Floats:
        if names not in self._coefficients:
            chosen = [self._polynomials[name] for name in names]
            self._coefficients[names] = curves.coefficients(chosen)
        return self._coefficients[names]
