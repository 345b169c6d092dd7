"""Columns in blocks: the same columns, calibrated and judged to the same values, as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from ground import blocks
from ground.alarms.judge import Judge
from ground.decode import curves, curves_jit
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from protocols import kernels, packet
from tests.speed import housekeeping


@pytest.fixture(params=["numpy", "compiled"])
def twin(request):
    if request.param == "compiled":
        kernels.bind()
    yield
    kernels.unbind()


@pytest.fixture(scope="module")
def compiled_plan():
    return plan.compile(xtce.load(housekeeping.database().encode(), "housekeeping.xml"))


def same(one, other):
    assert list(one) == list(other)
    for path, column in one.items():
        np.testing.assert_array_equal(column.values, other[path].values)
        np.testing.assert_array_equal(column.valid, other[path].valid)
        assert column.values.dtype == other[path].values.dtype
        assert column.labels == other[path].labels


def test_rows_of_every_kind_are_numbers_to_both_forms_of_a_kernel():
    """A polynomial that gives x back, over rows as numpy reads them."""
    random = np.random.default_rng(3)
    ints = [random.integers(0, 256, (2, 1500 * width), np.uint8) for width in (1, 2, 4, 8)]
    narrow = [np.ascontiguousarray(each).view(f"u{each.shape[1] // 1500}") for each in ints]
    wide, kinds = random.normal(size=(2, 1500)), [*blocks.KINDS[:8], "f4", "f8"]
    narrow[2][0] = random.normal(size=1500).astype(np.float32).view(np.uint32)
    narrow[3][0] = random.normal(size=1500).view(np.uint64)
    table = np.array([(code, 0) for code in range(10)] + [(blocks.WIDE, 1)], np.int64)
    expected = [narrow["1248".index(kind[1])][0].view(kind) for kind in kinds] + [wide[1]]
    same_back = np.tile([0.0, 1.0], (len(table), 1))
    for run in (curves.polynomials.plain, curves_jit.polynomials):
        y, unusable = np.empty((len(table), 1500)), np.empty(len(table), np.int64)
        run(*narrow, wide, table, same_back, y, unusable)
        np.testing.assert_array_equal(y, np.array([each.astype(float) for each in expected]))


@pytest.mark.parametrize("cut", [0, 1, 60], ids=["whole", "an octet short", "60 octets short"])
def test_columns_in_blocks_are_calibrated_and_judged_as_columns_one_by_one_are(
    twin, compiled_plan, cut
):
    """Packets of 174 octets, and some that end before their definition does."""
    octets = np.frombuffer(housekeeping.octets(50), np.uint8).reshape(50, -1).copy()
    shorter = octets[::3, : octets.shape[1] - cut].copy()
    shorter[:, 5] -= cut
    octets[3, 86:90] = 0x7F, 0x80, 0, 0  # infinity
    packets, _ = packet.decode_many([*map(bytes, octets), *map(bytes, shorter)])
    (batch,) = Decoder(compiled_plan).decode(packets).batches
    assert isinstance(batch.raw, blocks.BlockColumns)
    loose, types = dict(batch.raw), compiled_plan.column_types["/BENCH/HK"]
    calibration, none = Calibration(types), np.zeros(len(batch), np.int64)
    for names in (None, ["/BENCH/A3", "/BENCH/S1", "/BENCH/NONE", "/BENCH/F0"], []):
        in_blocks = calibration.engineering(batch.raw, names)
        one_by_one = calibration.engineering(loose, names)
        same(in_blocks, one_by_one)
        found = Judge().judge(types, batch.raw, in_blocks, none, none)
        expected = Judge().judge(types, loose, one_by_one, none, none)
        assert found.keys() == expected.keys()
        for path, levels in found.items():
            np.testing.assert_array_equal(levels, expected[path])


def test_a_column_is_made_once_and_only_where_there_is_one(compiled_plan):
    packets = packet.scan(housekeeping.octets(3)).packets
    (batch,) = Decoder(compiled_plan).decode(packets).batches
    assert batch.raw["/BENCH/A0"] is batch.raw["/BENCH/A0"]
    assert "/BENCH/NONE" not in batch.raw
    assert batch.raw.get("/BENCH/NONE") is None
    assert len(batch.raw) == housekeeping.PARAMETERS == len(list(batch.raw.values()))
