"""Enumerations and booleans: raw values become indices into labels.

Source: XTCE 1.2 `EnumerationListType` (a label may cover a range of values), `BooleanDataType`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.mdb.model import Label

INT64 = np.iinfo(np.int64)
NO_LABEL = -1


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
        self._octets = {
            dtype: self._search(np.arange(256).astype(np.uint8).view(dtype))
            for dtype in (np.dtype(np.uint8), np.dtype(np.int8))
        }

    def read(self, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> Column:
        """Return the labels of raw numbers; a value without a label is not valid."""
        table = self._octets.get(values.dtype)
        codes = self._search(values) if table is None else table[values.view(np.uint8)]
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
