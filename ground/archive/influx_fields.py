"""The parts of a line of InfluxDB's line protocol: names, tags and the text of values.

Numbers are exact: floats in the shortest text that reads back to the same bits (those of 32 bits
are widened first, as a server keeps 64), integers as 64-bit ones with an `i`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BREAKS = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}  # in names and tags only: two characters each
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ ", **_BREAKS})
_KEY = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", **_BREAKS})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})
_LARGEST = 2**63 - 1


def measurement(name: str) -> str:
    """Return a measurement's name as it stands in a line."""
    return name.translate(_MEASUREMENT)


def key(name: str) -> str:
    """Return the name of a tag or field as it stands in a line."""
    return name.translate(_KEY)


def _tag(name: str, value: str | None) -> str:
    """Return a tag with the comma before it; nothing where it has no value."""
    if not value:
        return ""
    escaped = key(value)
    return f",{key(name)}={escaped}{' ' if escaped.endswith(chr(92)) else ''}"


def tags(labels: Mapping[str, str]) -> str:
    """Return tags as they stand in a line."""
    return "".join(_tag(name, labels[name]) for name in sorted(labels))


def tag(name: str, column: pa.ChunkedArray) -> pa.StringArray:
    """Return a tag of each row; each value is escaped once, however often it occurs."""
    array = whole(column)
    if not pa.types.is_dictionary(array.type):
        array = array.cast(pa.string()).dictionary_encode()
    values = pa.array([_tag(name, each) for each in array.dictionary.to_pylist()], pa.string())
    return values.take(array.indices).fill_null("")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of each row: `name=`, `before`, text (null: no such field in this row), `after`."""

    name: str
    text: pa.StringArray
    before: str = ""
    after: str = ""

    def pieces(self, separator: str) -> list[pa.Array | pa.Scalar]:
        """Return what is to be joined for this field, after a separator."""
        if self.text.null_count:
            return [self.joined(separator)]
        first = pa.scalar(f"{separator}{key(self.name)}={self.before}")
        return [first, self.text, pa.scalar(self.after)] if self.after else [first, self.text]

    def joined(self, separator: str) -> pa.StringArray:
        """Return the whole field of each row, null where there is none."""
        first = pa.scalar(f"{separator}{key(self.name)}={self.before}")
        return pc.binary_join_element_wise(first, self.text, pa.scalar(self.after), "")


def whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def width(kind: pa.DataType) -> int:
    """Return how many fields a value of a type can give."""
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size) * width(kind.value_type)
    return 1


def fields(name: str, array: pa.Array, left_out: Counter[str]) -> Iterator[Field]:
    """Yield the fields of a column; what no line can carry is counted by kind.

    The kinds are `octets`, `list` (whose size varies), `not finite`, `beyond 63 bits`, `other`.
    """
    kind = array.type
    if pa.types.is_fixed_size_list(kind):
        for index in range(kind.list_size):
            yield from fields(f"{name}_{index}", _element(array, index), left_out)
    elif pa.types.is_floating(kind):
        yield Field(name, _finite(array, left_out).cast(pa.string()))
    elif pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
        yield Field(name, _integers(array, left_out).cast(pa.string()), after="i")
    elif pa.types.is_boolean(kind):
        yield Field(name, array.cast(pa.string()))
    elif _is_text(kind) or (pa.types.is_dictionary(kind) and _is_text(kind.value_type)):
        yield Field(name, _escaped(array), '"', '"')
    else:
        left_out[_reason(kind)] += len(array) - array.null_count


def _reason(kind: pa.DataType) -> str:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "list"
    octets = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return "octets" if any(check(kind) for check in octets) else "other"


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _element(array: pa.FixedSizeListArray, index: int) -> pa.Array:
    """Return one element of each row's array; null where the row has none."""
    size = array.type.list_size
    places = (np.arange(len(array)) + array.offset) * size + index
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    return array.values.take(pa.array(places, mask=missing))


def _finite(array: pa.Array, left_out: Counter[str]) -> pa.DoubleArray:
    wide = array.cast(pa.float64())
    usable = pc.is_finite(wide)
    wrong = len(wide) - wide.null_count - int(pc.sum(usable).as_py() or 0)
    if not wrong:
        return wide
    left_out["not finite"] += wrong
    return pc.if_else(usable, wide, pa.scalar(None, pa.float64()))


def _integers(array: pa.Array, left_out: Counter[str]) -> pa.Array:
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.int64())
    if array.type != pa.uint64():
        return array
    usable = pc.less_equal(array, pa.scalar(_LARGEST, pa.uint64()))
    wrong = len(array) - array.null_count - int(pc.sum(usable).as_py() or 0)
    if not wrong:
        return array
    left_out["beyond 63 bits"] += wrong
    return pc.if_else(usable, array, pa.scalar(None, pa.uint64()))


def _escaped(array: pa.Array) -> pa.StringArray:
    """Return text with quotes and backslashes escaped; of a dictionary, each entry once."""
    if pa.types.is_dictionary(array.type):
        entries = [each and each.translate(_STRING) for each in array.dictionary.to_pylist()]
        return pa.array(entries, pa.string()).take(array.indices)
    text = array.cast(pa.string())
    for plain in ("\\", '"'):
        text = pc.replace_substring(text, plain, f"\\{plain}")
    return text
