"""Decoded columns to Arrow columns and back: the shape in which the archive keeps them.

Every table begins with the same six columns (`archive.store.KEYS`). Raw values follow in their
own width; card arrays as fixed-size lists, arrays whose size varies as lists, integers beyond 64
bits as decimal text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.columns import Column
from ground.mdb.model import (
    BinaryEncoding,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    ScalarType,
)
from ground.services.meant import Judged
from protocols import times

_COUNTS = (IntegerCoding.UNSIGNED, IntegerCoding.BCD, IntegerCoding.PACKED_BCD)
_UNSIGNED = (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
_SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())

_FEW = 256  # labels
NAME = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("ns", tz="UTC")


def names(labels: list[str], codes: NDArray[Any]) -> pa.Array:
    """Return text that repeats as a dictionary column; `codes` index into `labels`, -1 is null."""
    if len(labels) > _FEW:  # strangers may have many names: take those that are used
        used, codes = np.unique(np.append(codes, -1), return_inverse=True)
        labels, codes = [labels[code] for code in used[1:].tolist()], codes[:-1] - 1
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string()))


def octets(
    arena: NDArray[np.uint8], offset: NDArray[np.int64], length: NDArray[np.int64]
) -> pa.Array:
    """Return the octets at these places of an arena as one binary column."""
    edges = np.zeros(len(offset) + 1, np.int32)
    np.cumsum(length, out=edges[1:])
    adjacent = len(offset) > 0 and bool((offset[1:] == offset[:-1] + length[:-1]).all())
    if adjacent:
        whole = arena[offset[0] : offset[0] + int(edges[-1])]
    else:
        spread = np.arange(int(edges[-1])) + np.repeat(offset - edges[:-1], length)
        whole = arena[spread]
    data = pa.py_buffer(np.ascontiguousarray(whole))
    return pa.Array.from_buffers(pa.binary(), len(offset), [None, pa.py_buffer(edges), data])


def telemetry(judged: Judged) -> pa.Table:
    """Return a packet type's rows: raw values, the worst severity, the database's digest."""
    rows = len(judged.batch)
    known = judged.received_ns.any()
    columns = head(
        names(judged.names, judged.spacecraft),
        judged.t_ns,
        judged.timed,
        judged.sequence,
        judged.flags,
        instants(judged.received_ns) if known else None,
    )
    columns["severity"] = pa.array(judged.severity)
    columns["database"] = names([judged.database], np.zeros(rows, np.int32))
    for path, column in judged.batch.raw.items():
        columns[path] = to_arrow(column, judged.types[path])
    return pa.table(columns)


def instants(t_ns: NDArray[np.int64]) -> pa.Array:
    """Return times (TAI) as UTC for people; null where one is 0, which is unknown."""
    unknown = t_ns == 0
    return pa.array(times.tai_to_utc_ns(t_ns), mask=unknown).cast(INSTANT)


def received_ns(rows: pa.Table) -> NDArray[np.int64]:
    """Return when rows were received, TAI; 0 where that is unknown."""
    unix = numbers(rows["received"].cast(pa.int64()))
    t_ns = times.utc_to_tai_ns(unix.values)
    return t_ns if unix.valid is None else np.where(unix.valid, t_ns, 0)


def head(
    spacecraft: pa.Array,
    t_ns: NDArray[np.int64],
    timed: NDArray[np.bool_],
    sequence: NDArray[Any],
    flags: NDArray[np.uint8],
    received: pa.Array | None = None,
) -> dict[str, pa.Array]:
    """Return the columns that every table begins with.

    Args:
        spacecraft: name of each row's spacecraft.
        t_ns: int64 [N], generation time, TAI; where `timed` is False the row has none.
        received: reception time; None where the source records none.
    """
    unix_ns = times.tai_to_utc_ns(np.where(timed, t_ns, 0))
    return {
        "spacecraft": spacecraft,
        "t_ns": pa.array(t_ns, mask=~timed),
        "time": pa.array(unix_ns, mask=~timed).cast(INSTANT),
        "received": pa.nulls(len(t_ns), INSTANT) if received is None else received,
        "sequence": pa.array(sequence.astype(np.int64)),
        "flags": pa.array(flags),
    }


def to_arrow(column: Column, kind: ScalarType) -> pa.Array:
    """Return a raw column as the archive stores it; values that are not valid become null."""
    values, valid = column.values, column.valid
    if values.dtype == object:
        return _objects(values, valid, kind)
    if values.ndim == 1:
        return pa.array(np.ascontiguousarray(values), mask=None if valid is None else ~valid)
    mask = None if valid is None else ~np.ascontiguousarray(valid).reshape(-1)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), mask=mask)
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def shown(column: Column, kind: ScalarType) -> pa.Array:
    """Return an engineering column as other tools read it: labels as text, numbers as they are."""
    if column.values.dtype == object and _number_type(kind) is not None:
        return _shown_lists(column)
    if column.labels is None:
        return to_arrow(column, kind)
    codes = column.values if column.valid is None else np.where(column.valid, column.values, -1)
    if codes.ndim == 1:
        return names(list(column.labels), codes)
    flat = names(list(column.labels), codes.reshape(-1)).cast(pa.string())
    return pa.FixedSizeListArray.from_arrays(flat, codes.shape[1])


def from_arrow(array: pa.Array | pa.ChunkedArray, kind: ScalarType) -> Column:
    """Return a stored raw column as the decoder gave it."""
    whole = _whole(array)
    if pa.types.is_fixed_size_list(whole.type):
        return _elements(whole, kind)
    if pa.types.is_list(whole.type) or _is_text(whole.type):
        return _from_objects(whole, kind)
    return numbers(whole)


def numbers(array: pa.Array | pa.ChunkedArray) -> Column:
    """Return a stored numeric column; nulls are zero and not valid."""
    whole, valid = _whole(array), None
    if whole.null_count:
        valid = whole.is_valid().to_numpy(zero_copy_only=False)
        whole = whole.fill_null(False if pa.types.is_boolean(whole.type) else 0)
    return Column(whole.to_numpy(zero_copy_only=False), valid)


def _elements(whole: pa.FixedSizeListArray, kind: ScalarType) -> Column:
    size = whole.type.list_size
    if whole.null_count:  # a row from a segment that had no such column: every element is null
        empty = pa.nulls(size, whole.type.value_type)
        rows = [each.values if each.is_valid else empty for each in whole]
        flat = pa.concat_arrays(rows)
    else:
        flat = whole.flatten()
    inner = from_arrow(flat, kind)
    valid = None if inner.valid is None else inner.valid.reshape(-1, size)
    return Column(inner.values.reshape(-1, size), valid)


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(array, pa.ChunkedArray):
        return array
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)


def _is_text(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(text or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _objects(values: NDArray[Any], valid: NDArray[np.bool_] | None, kind: ScalarType) -> pa.Array:
    """Return text, octets, wide integers or arrays of varying size, nested as `values` are."""
    if values.ndim == 2:
        flat = _objects(values.reshape(-1), None if valid is None else valid.reshape(-1), kind)
        return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    shown = values
    if valid is not None:
        shown = values.copy()
        shown[~valid] = None
    number = _number_type(kind)  # numbers lie in objects only as arrays of varying size
    if number is not None or any(isinstance(each, np.ndarray) for each in shown):
        lists = [None if each is None else _plain(each, kind) for each in shown]
        return pa.array(lists, pa.list_(number or _text_type(kind)))
    return pa.array(_plain(shown, kind), _text_type(kind))


def _shown_lists(column: Column) -> pa.Array:
    """Return the engineering values of arrays of varying size; a label's code is -1 without one."""
    valid = np.ones(len(column.values), bool) if column.valid is None else column.valid
    rows = [each if known else None for each, known in zip(column.values, valid, strict=True)]
    if column.labels is None:
        return pa.array(rows, pa.list_(pa.float64()))
    text = (*column.labels, None)
    return pa.array(
        [None if each is None else [text[int(code)] for code in each] for each in rows],
        pa.list_(pa.string()),
    )


def _plain(values: NDArray[Any], kind: ScalarType) -> Any:
    if _is_wide(kind):
        return [None if each is None else str(each) for each in values]
    return values if values.dtype != object else list(values)


def _from_objects(whole: pa.Array, kind: ScalarType) -> Column:
    values = np.empty(len(whole), object)
    wide = _is_wide(kind)
    for row, each in enumerate(whole):
        value = each.as_py()
        if isinstance(value, list):
            value = (
                np.array([int(x) for x in value], object) if wide else each.values.to_numpy(False)
            )
        values[row] = int(value) if wide and isinstance(value, str) else value
    valid = whole.is_valid().to_numpy(zero_copy_only=False) if whole.null_count else None
    return Column(values, valid)


def _is_wide(kind: ScalarType) -> bool:
    return isinstance(kind.encoding, IntegerEncoding) and kind.encoding.bits > 64


def _text_type(kind: ScalarType) -> pa.DataType:
    return pa.binary() if isinstance(kind.encoding, BinaryEncoding) else pa.string()


def _number_type(kind: ScalarType) -> pa.DataType | None:
    """Return the type of a raw number, as wide as the decoder gives it; None for all else."""
    encoding = kind.encoding
    if isinstance(encoding, FloatEncoding):
        short = encoding.coding is FloatCoding.IEEE754 and encoding.bits <= 32
        return pa.float32() if short else pa.float64()
    if not isinstance(encoding, IntegerEncoding) or encoding.bits > 64:
        return None
    place = next(place for place, bits in enumerate((8, 16, 32, 64)) if encoding.bits <= bits)
    return (_UNSIGNED if encoding.coding in _COUNTS else _SIGNED)[place]
