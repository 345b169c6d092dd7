"""Arrays to buffers and back.

Numbers and truths travel as they lie in memory, little-endian, without a copy; what numpy holds as
objects (text, octets, None, integers wider than 64 bits, lists and arrays of varying size) as one
msgpack list, whose dtype is named `msgpack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from ground.wire.errors import MAX_OCTETS, Octets, WireError, octets

OBJECTS = "msgpack"
MOST_CELLS = 1 << 20  # of a list that msgpack takes apart
DEEPEST = 4  # lists in lists within one cell, and axes of an array
WIDE, ARRAY = 1, 2  # msgpack extension types: an integer beyond 64 bits; an array in a cell
MOST_WIDE = 4096  # octets of an integer
DTYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in ("?", "i1", "u1", *(f"<{kind}{size}" for kind in "iu" for size in (2, 4, 8)))
} | {name: np.dtype(name) for name in ("<f2", "<f4", "<f8")}
SCALARS = (type(None), bool, int, float, str, bytes)


def write(array: NDArray[Any]) -> tuple[str, list[int], Octets]:
    """Return dtype, shape and buffer of an array; the buffer is the array's own where it can be.

    Raises:
        WireError: it holds something that does not travel.
    """
    if array.ndim > DEEPEST:
        raise WireError("column", f"{array.ndim} axes; at most {DEEPEST}")
    shape = list(array.shape)
    if array.dtype.kind in "OUS":
        return OBJECTS, shape, _write_objects(array)
    plain = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if plain.dtype.str not in DTYPES:
        raise WireError("column", f"dtype {array.dtype} does not travel")
    if not plain.size:
        return plain.dtype.str, shape, b""
    return plain.dtype.str, shape, np.ascontiguousarray(plain).data.cast("B")


def read(dtype: str, shape: Sequence[int], buffer: Octets) -> NDArray[Any]:
    """Return the array that a buffer holds, a read-only view of it where it is of numbers.

    Raises:
        WireError: the dtype is unknown, or shape and size of the buffer disagree.
    """
    if len(shape) > DEEPEST or not all(0 <= each <= MAX_OCTETS for each in shape):
        raise WireError("column", f"shape {list(shape)[:8]}")
    if dtype == OBJECTS:
        return _read_objects(shape, buffer)
    kind = DTYPES.get(dtype)
    if kind is None:
        raise WireError("column", f"dtype {dtype[:20]!r}; expected one of {', '.join(DTYPES)}")
    _check(shape, octets(buffer), kind.itemsize)
    array = np.frombuffer(buffer, kind) if octets(buffer) else np.empty(0, kind)
    if kind == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        raise WireError("column", "a truth that is neither 0 nor 1")
    return array.reshape(shape)


def _check(shape: Sequence[int], size: int, itemsize: int) -> None:
    """Refuse a shape that does not fill a buffer exactly, or that numpy could not hold."""
    if prod(shape) * itemsize != size or prod(each or 1 for each in shape) > MAX_OCTETS:
        raise WireError("column", f"shape {list(shape)} in a buffer of {size} octets")


def _write_objects(array: NDArray[Any]) -> bytes:
    try:
        packed: bytes = msgpack.packb(array.reshape(-1).tolist(), default=_write_cell)
        return packed
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError("column", str(error)[:200]) from None


def _write_cell(cell: Any) -> Any:
    """Return what msgpack can hold in place of what it cannot."""
    if isinstance(cell, int):
        return msgpack.ExtType(WIDE, cell.to_bytes(cell.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(cell, np.generic):
        return cell.item()
    if isinstance(cell, np.ndarray):
        dtype, shape, buffer = write(cell)
        return msgpack.ExtType(ARRAY, msgpack.packb([dtype, shape, bytes(buffer)]))
    raise WireError("column", f"a {type(cell).__name__} does not travel")


def _read_objects(shape: Sequence[int], buffer: Octets) -> NDArray[Any]:
    cells = unpack(buffer, most=MOST_CELLS, extended=_read_cell)
    if type(cells) is not list or len(cells) != prod(shape):
        raise WireError("column", f"cells do not fill the shape {list(shape)}")
    if prod(each or 1 for each in shape) > MAX_OCTETS:
        raise WireError("column", f"shape {list(shape)}")
    _check_cells(cells, DEEPEST)
    return np.fromiter(cells, dtype=object, count=len(cells)).reshape(shape)


def _check_cells(cells: list[Any], depth: int) -> None:
    if depth < 0:
        raise WireError("column", f"lists deeper than {DEEPEST}")
    for cell in cells:
        if type(cell) is list:
            _check_cells(cell, depth - 1)
        elif type(cell) not in SCALARS and not isinstance(cell, np.ndarray):
            raise WireError("column", f"a {type(cell).__name__} in a cell")


def _read_cell(code: int, data: bytes) -> Any:
    """Return what a msgpack extension holds."""
    if code == WIDE and 0 < len(data) <= MOST_WIDE:
        return int.from_bytes(data, "big", signed=True)
    if code == ARRAY:
        parts = unpack(data, most=DEEPEST)
        if type(parts) is list and [type(each) for each in parts] == [str, list, bytes]:
            dtype, shape, buffer = parts
            if dtype != OBJECTS and all(type(each) is int for each in shape):
                return read(dtype, shape, buffer)
    raise WireError("column", f"extension {code} of {len(data)} octets")


def unpack(data: Octets, *, most: int, extended: Any = None) -> Any:
    """Return what msgpack holds, lists and maps of at most `most`; WireError for anything else."""
    try:
        return msgpack.unpackb(
            data,
            ext_hook=extended or _no_extension,
            max_array_len=most,
            max_map_len=most,
            max_ext_len=len(data),
        )
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError, msgpack.UnpackException) as error:
        raise WireError("malformed", f"no msgpack: {str(error)[:200]}") from None


def _no_extension(code: int, data: bytes) -> Any:
    raise WireError("malformed", f"extension {code} of {len(data)} octets")
