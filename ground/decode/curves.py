"""Calibration curves over columns: polynomials of many parameters at once, and splines.

The kernels take tables; `coefficients`, `polynomial` and `follow` make them from the database's
values.

Source: XTCE 1.2 `PolynomialCalibratorType`, `SplineCalibratorType`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ground.blocks import floats, widened
from ground.mdb.model import Polynomial, Spline
from protocols.kernels import kernel

Floats = NDArray[np.float64]


@kernel("ground.decode.curves_jit")
def polynomials(
    block8: NDArray[np.uint8],
    block16: NDArray[np.uint16],
    block32: NDArray[np.uint32],
    block64: NDArray[np.uint64],
    wide: Floats,
    table: NDArray[np.int64],
    coefficients: Floats,
    y: Floats,
    unusable: NDArray[np.int64],
) -> None:
    """Work out one polynomial for each of K rows.

    Args:
        block8 to table: where the raw values are, as in `ground.blocks.widened`.
        coefficients: float64 [K, D], by rising exponent, filled up with zeros.
        y: float64 [K, N], written: the engineering values.
        unusable: int64 [K], written: how many values of each row are not finite.
    """
    x = widened((block8, block16, block32, block64, wide), table)
    with np.errstate(all="ignore"):
        y[:] = coefficients[:, -1:]
        for term in range(coefficients.shape[1] - 2, -1, -1):
            y *= x
            y += coefficients[:, term : term + 1]
    unusable[:] = np.count_nonzero(~np.isfinite(y), axis=1)


@kernel("ground.decode.curves_jit")
def spline(x: Floats, at: Floats, values: Floats, slopes: Floats, extrapolate: bool) -> Floats:
    """Follow a spline of order 0 or 1 through its points.

    Args:
        x: float64 [N], raw values.
        at: float64 [P], raw values of the points, rising.
        values: float64 [P], engineering values of the points.
        slopes: float64 [P], from each point to the next; the last one continues its neighbour's.
            All zero for order 0.
        extrapolate: follow the outermost piece beyond the points.

    Returns:
        float64 [N]; NaN outside the points where `extrapolate` is False.
    """
    piece = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(at) - 1)
    with np.errstate(all="ignore"):
        y = values[piece] + (x - at[piece]) * slopes[piece]
    if not extrapolate:
        y[~((x >= at[0]) & (x <= at[-1]))] = np.nan
    return np.asarray(y, np.float64)


def coefficients(calibrators: Sequence[Polynomial]) -> Floats:
    """Return the table of several polynomials: float64 [K, D], filled up with zeros."""
    width = max([1, *(len(each.coefficients) for each in calibrators)])
    table = np.zeros((len(calibrators), width))
    for row, each in enumerate(calibrators):
        table[row, : len(each.coefficients)] = each.coefficients
    return table


def polynomial(calibrator: Polynomial, x: Floats) -> Floats:
    """Return one polynomial of values of any shape."""
    flat = np.ascontiguousarray(x.reshape(1, -1))
    y = np.empty_like(flat)
    numbers, table = floats(flat)
    polynomials(*numbers, table, coefficients([calibrator]), y, np.empty(1, np.int64))
    return y.reshape(x.shape)


def follow(calibrator: Spline, x: Floats) -> Floats:
    """Return a spline of values of any shape; NaN where it has none.

    A piece without width, between two points of one raw value, is a step.
    """
    at, values = np.array(calibrator.points, np.float64).reshape(-1, 2).T.copy()
    if not len(at):
        return np.full(x.shape, np.nan)
    width, height = np.diff(at), np.diff(values)
    sloped = (width > 0) & (calibrator.order > 0)
    pieces = np.divide(height, width, out=np.zeros_like(width), where=sloped)
    slopes = np.append(pieces, pieces[-1:] if len(pieces) else 0.0)
    flat = np.ascontiguousarray(x.reshape(-1))
    return spline(flat, at, values, slopes, calibrator.extrapolate).reshape(x.shape)
