"""Enumerations and booleans: raw values become indices into labels.

Source: XTCE 1.2 `EnumerationListType` (a label may cover a range of values), `BooleanDataType`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.mdb.model import Kind, Label, ScalarType
from protocols.kernels import kernel

INT64 = np.iinfo(np.int64)
NO_LABEL = -1


@kernel("ground.decode.labels_jit")
def look_up(
    octets: NDArray[np.uint8],
    rows: NDArray[np.int64],
    tables: NDArray[np.int32],
    codes: NDArray[np.int32],
    unlabelled: NDArray[np.int64],
) -> None:
    """Look values of one octet up in the tables of many enumerations.

    Args:
        octets: uint8 [H, N], raw values.
        rows: int64 [K], in which row those of each parameter are.
        tables: int32 [K, 256], the index of the label of each value, or NO_LABEL.
        codes: int32 [K, N], written: indices into the labels, or NO_LABEL.
        unlabelled: int64 [K], written: how many values of each parameter have no label.
    """
    codes[:] = np.take_along_axis(tables, octets[rows].astype(np.intp), axis=1)
    unlabelled[:] = np.count_nonzero(codes == NO_LABEL, axis=1)


class Labels:
    """The labels of one enumeration, cut into pieces of the number line that do not overlap.

    Where two enumerations cover one value, the first of the database wins.
    """

    def __init__(self, labels: tuple[Label, ...]) -> None:
        self.texts = tuple(dict.fromkeys(each.label for each in labels))
        ends = {each.last + 1 for each in labels if each.last < INT64.max}
        starts = sorted({INT64.min, *(each.value for each in labels), *ends})
        self._starts = np.array(starts, np.int64)
        self._codes = np.full(len(starts), NO_LABEL, np.int32)
        for each in reversed(labels):
            inside = (self._starts >= each.value) & (self._starts <= each.last)
            self._codes[inside] = self.texts.index(each.label)
        every = np.arange(256).astype(np.uint8)
        self.of_octets = self._search(every)  # int32 [256], the label of each unsigned octet

    @classmethod
    def of(cls, type: ScalarType) -> Labels:
        """Return the labels of an enumerated or boolean type."""
        if type.kind is not Kind.BOOLEAN:
            return cls(type.labels)
        one = type.one_label
        return cls((Label(0, 0, type.zero_label), Label(INT64.min, INT64.max, one)))

    def read(self, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> Column:
        """Return the labels of raw numbers; a value without a label is not valid."""
        if values.dtype == np.uint8:
            codes = self.of_octets[values]
        else:
            codes = self._search(values)
        return self.column(codes, valid)

    def column(self, codes: NDArray[np.int32], valid: NDArray[np.bool_] | None) -> Column:
        """Return a column of these labels; NO_LABEL is not valid."""
        labelled = codes != NO_LABEL
        if not labelled.all():
            codes = np.where(labelled, codes, np.int32(0))
            valid = labelled if valid is None else labelled & valid
        return Column(codes, valid, self.texts)

    def _search(self, values: NDArray[Any]) -> NDArray[np.int32]:
        whole = _integers(values)
        codes = self._codes[np.searchsorted(self._starts, whole, side="right") - 1]
        if whole is not values:
            codes = np.where(whole == values, codes, np.int32(NO_LABEL))
        return codes


def _integers(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as signed integers; those that have no such form come back changed."""
    if values.dtype.kind == "i" or (values.dtype.kind == "u" and values.dtype.itemsize < 8):
        return values
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return np.where(np.abs(values) < 2.0**63, values, 0).astype(np.int64)
    return np.asarray(np.minimum(values, np.uint64(INT64.max)).astype(np.int64))
