"""A table's columns may change from one version of a mission database to the next."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ground.archive import schemas
from ground.archive.store import SPACECRAFT


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        (pa.int8(), pa.int32(), pa.int32()),
        (pa.uint8(), pa.uint16(), pa.uint16()),
        (pa.uint8(), pa.int8(), pa.int16()),
        (pa.uint32(), pa.int8(), pa.int64()),
        (pa.uint64(), pa.int64(), pa.string()),
        (pa.float32(), pa.int16(), pa.float64()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.null(), pa.int8(), pa.int8()),
        (pa.string(), SPACECRAFT, SPACECRAFT),
        (pa.int8(), SPACECRAFT, pa.string()),
        (pa.binary(), pa.int8(), pa.string()),
        (pa.bool_(), pa.uint8(), pa.string()),
        (pa.list_(pa.int8(), 4), pa.list_(pa.int16(), 8), pa.list_(pa.int16())),
        (pa.list_(pa.int8(), 4), pa.int16(), pa.string()),
    ],
)
def test_two_types_have_one_that_holds_both(left, right, both):
    assert schemas.merged(left, right) == both
    assert schemas.merged(right, left) == both


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        ([2**64 - 1, None], pa.uint64(), ["18446744073709551615", None]),
        ([b"\xca\xfe", None], pa.binary(), ["cafe", None]),
        ([[1, 2], None], pa.list_(pa.int8(), 2), ["[1, 2]", None]),
        (["ON", None], SPACECRAFT, ["ON", None]),
        ([1.5, None], pa.float32(), ["1.5", None]),
    ],
)
def test_what_no_number_holds_becomes_text(values, kind, text):
    made = schemas.conform(
        pa.table({"a": pa.array(values, kind)}), pa.schema([("a", pa.string()), ("b", pa.int8())])
    )
    assert made["a"].to_pylist() == text
    assert made["b"].to_pylist() == [None, None]


def test_a_fixed_list_becomes_one_that_varies():
    kind = pa.list_(pa.int16())
    made = schemas.conform(
        pa.table({"a": pa.array([[1, 2]], pa.list_(pa.int8(), 2))}), pa.schema([("a", kind)])
    )
    assert made["a"].to_pylist() == [[1, 2]]
    assert made.schema.field("a").type == kind
