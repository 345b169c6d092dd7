"""The two forms of the extraction kernels against each other and against Python's integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.decode import kernels, kernels_jit
from protocols.frame import ARENA_PADDING

PLAIN, TWIN = kernels.extract.plain, kernels_jit.extract


def arena_of(octets: bytes) -> np.ndarray:
    return np.frombuffer(octets + bytes(ARENA_PADDING), np.uint8).copy()


def outputs(heights: list[int], rows: int) -> list[np.ndarray]:
    dtypes = (np.uint8, np.uint16, np.uint32, np.uint64)
    return [np.empty((h, rows), d) for h, d in zip(heights, dtypes, strict=True)]


def expected(octets: bytes, at: int, width: int, sign: int) -> int:
    """Read the field with Python's integers, as the standard draws it."""
    value = int.from_bytes(octets, "big") >> (8 * len(octets) - at - width) & (1 << width) - 1
    return value - (1 << width) if sign and value >= sign else value


@st.composite
def fields(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    made = []
    for group, (low, high) in enumerate([(1, 8), (9, 16), (17, 32), (33, 64)]):
        for _ in range(draw(st.integers(0, 3))):
            width = draw(st.integers(low, high))
            sign = draw(st.sampled_from([0, 1 << min(width, 63) - 1]))
            made.append((draw(st.integers(0, 200)), width, sign if width < 64 else 0, group))
    return made


@pytest.mark.parametrize("run", [PLAIN, TWIN], ids=["numpy", "compiled"])
@settings(max_examples=60, deadline=None)
@given(
    table=fields(),
    seed=st.integers(0, 2**32 - 1),
    phases=st.sampled_from([(0,) * 5, (3,) * 5, (0, 1, 2, 3, 7), (0,) * 30, (5,) * 30]),
)
def test_fields_of_any_width_at_any_bit_are_what_integers_say(run, table, seed, phases):
    """Few packets and many, which the compiled kernel cuts in another way."""
    length, rows = 40, len(phases)
    octets = np.random.default_rng(seed).bytes(length * rows)
    arena = arena_of(octets)
    first = np.arange(rows) * length * 8
    anchor = first + phases
    heights = [sum(group == each[3] for each in table) for group in range(4)]
    outs = outputs(heights, rows)
    rows_of = np.array([each[:3] for each in table], np.int64).reshape(-1, 3)
    run(
        arena,
        anchor,
        first,
        first + length * 8,
        rows_of,
        True,
        *outs,
        np.empty((1, rows), np.bool_),
    )
    found = [column for out in outs for column in out]
    for (at, width, sign, group), column in zip(table, found, strict=True):
        values = column.view(f"i{1 << group}") if sign else column
        for row, value in enumerate(values.tolist()):
            packet = octets[row * length : (row + 1) * length]
            assert value == expected(packet, at + phases[row], width, sign)


@settings(max_examples=60, deadline=None)
@given(table=fields(), seed=st.integers(0, 2**32 - 1))
def test_the_twins_agree_where_packets_end_early(table, seed):
    random = np.random.default_rng(seed)
    arena = arena_of(random.bytes(300))
    rows = 6
    first = random.integers(0, 1200, rows)
    last = np.minimum(first + random.integers(0, 500, rows), 2400)
    anchor = first + random.integers(-40, 100, rows)
    heights = [sum(group == each[3] for each in table) for group in range(4)]
    rows_of = np.array([each[:3] for each in table], np.int64).reshape(-1, 3)
    results = []
    for run in (PLAIN, TWIN):
        outs, inside = outputs(heights, rows), np.empty((max(len(table), 1), rows), np.bool_)
        inside[:] = False
        run(arena, anchor, first, last, rows_of, False, *outs, inside)
        results.append([*outs, inside])
    for plain, compiled in zip(*results, strict=True):
        assert np.array_equal(plain, compiled)
    starts = anchor + rows_of[:, :1]
    fits = (starts >= first) & (starts + rows_of[:, 1:2] <= last)
    assert np.array_equal(results[0][4][: len(table)], fits)


@settings(max_examples=60, deadline=None)
@given(
    table=st.lists(
        st.tuples(st.integers(-3, 90), st.integers(1, 21), st.integers(0, 2**21)), max_size=3
    ),
    seed=st.integers(0, 2**32 - 1),
)
def test_keys_of_both_twins_are_the_fields_side_by_side(table, seed):
    random = np.random.default_rng(seed)
    octets = random.bytes(100)
    arena, first = arena_of(octets), random.integers(0, 80, 7) * 8
    last = np.minimum(first + random.integers(0, 20, 7) * 8, 800)
    rows_of = np.array(table, np.int64).reshape(-1, 3)
    results = []
    for run in (kernels.keys.plain, kernels_jit.keys):
        out, inside = np.empty(7, np.uint64), np.empty(7, np.bool_)
        whole, same = run(arena, first, last, rows_of, out, inside)
        assert (whole, same) == (all(inside), len({*out.tolist()}) == 1)
        results.append((out, inside))
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], results[1][1])
    for row in np.flatnonzero(results[0][1]):
        key = 0
        for at, width, mask in table:
            key = key << width | expected(octets[first[row] // 8 :], at, width, 0) & mask
        assert int(results[0][0][row]) == key


def test_a_key_of_64_bits_fills_the_word():
    arena = arena_of(bytes(range(1, 20)))
    first, last, table = np.array([8]), np.array([152]), np.array([[4, 64, -1]])
    for run in (kernels.keys.plain, kernels_jit.keys):
        out, inside = np.empty(1, np.uint64), np.empty(1, np.bool_)
        run(arena, first, last, table, out, inside)
        assert int(out[0]) == 0x2030405060708090A >> 4 & (1 << 64) - 1
