"""Columns in blocks: the same columns, calibrated and judged to the same values, as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from ground import blocks, blocks_jit
from ground.alarms.judge import Judge
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.mdb import plan, xtce
from protocols import kernels, packet
from tests.speed import housekeeping

EMPTY = np.empty((0, 0))


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


def test_widened_rows_equal_the_compiled_twin():
    random = np.random.default_rng(3)
    bits = [random.integers(0, 256, (3, 40 * 8), np.uint8).view(f"u{w}")[:, :40] for w in (1, 2, 4)]
    narrow = [np.ascontiguousarray(each) for each in bits]
    wide = random.normal(size=(2, 40))
    double = np.ascontiguousarray(random.normal(size=(3, 40)).view(np.uint64))
    narrow[2][:] = random.normal(size=(3, 40)).astype(np.float32).view(np.uint32)
    rows = [(code, row) for code in range(blocks.WIDE + 1) for row in (1, 0)]
    table, results = np.array(rows, np.int64), []
    for run in (blocks.widen.plain, blocks_jit.widen):
        x = np.empty((len(table), 40))
        run(*narrow, double, wide, table, x)
        results.append(x)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][0], bits[0][1])
    np.testing.assert_array_equal(results[0][-2], wide[1])


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


@pytest.mark.parametrize("rows, width", [(0, 5), (7, 1), (7, 1 << 15), (3, 0)])
def test_tiles_are_every_row_once_and_small(rows, width):
    tiles = list(blocks.tiles(rows, width))
    assert [row for tile in tiles for row in range(tile.start, tile.stop)] == list(range(rows))
    assert all((tile.stop - tile.start) * width * 8 <= 1 << 18 for tile in tiles)
