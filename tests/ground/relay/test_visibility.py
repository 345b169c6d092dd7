"""Edges of visibility: against dense scans and bisection of the orbits themselves, twins alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.relay import synthetic, visibility
from ground.relay.frames import EARTH_RADIUS_KM, carried, earth_fixed_km, gmst_rad, to_teme, up
from ground.relay.intervals import Spans, both, intervals
from ground.relay.orbits import Geostationary, Orbit, states
from ground.relay.visibility import ABOVE, BELOW, CLEAR, NEAR, Tracks, extremes, margin, spans
from protocols import kernels, times
from protocols.times import SECOND_NS

T0 = times.parse("2026-03-01T00:00:00")
STEP_S = 40.0
HOURS = 12
NODES = T0 + np.arange(HOURS * 90 + 1, dtype=np.int64) * 40 * SECOND_NS
SITES = ((39.5, 76.0, 1.3), (-3.0, -60.0, 0.0), (78.2, 15.4, 0.5))
ORBITS: list[Orbit] = [
    synthetic.circular(f"S{row}", T0, altitude, inclination, row * 50.0, row * 77.0)
    for row, (altitude, inclination) in enumerate(
        [(300, 51.6), (550, 53), (750, 98.4), (1200, 88), (500, 0.5), (8000, 45), (20_200, 55)]
    )
]
RELAYS: list[Orbit] = [Geostationary(77.0), synthetic.circular("R", T0, 1000, 63, 10, 200)]


@pytest.fixture
def compiled() -> Iterator[None]:
    kernels.bind()
    yield
    kernels.unbind()


def ground(t_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return stations and their up [M, T, 3]."""
    gmst = gmst_rad(t_ns)
    places = np.reshape([earth_fixed_km(*site) for site in SITES], (-1, 1, 3))
    return to_teme(places, gmst), to_teme(np.reshape([up(*s[:2]) for s in SITES], (-1, 1, 3)), gmst)


def to_stations(orbits: list[Orbit] = ORBITS) -> Tracks:
    there, (q, u) = states(orbits, NODES), ground(NODES)
    return there.position_km, there.velocity_km_s, q, carried(q), u, carried(u)


def to_relays(orbits: list[Orbit] = ORBITS) -> Tracks:
    there, far = states(orbits, NODES), states(RELAYS, NODES)
    nothing = np.zeros_like(far.position_km)
    return (there.position_km, there.velocity_km_s, far.position_km, far.velocity_km_s,
            nothing, nothing)  # fmt: skip


def limits(value: float, columns: int, rows: int = len(ORBITS)) -> np.ndarray:
    return np.full((rows, columns), value)


CASES: dict[str, tuple[int, float, Callable[[], Tracks]]] = {
    "over the horizon": (ABOVE, 0.0, to_stations),
    "over ten degrees": (ABOVE, float(np.sin(np.radians(10))), to_stations),
    "clear of the Earth": (CLEAR, EARTH_RADIUS_KM + 100, to_relays),
    "near enough": (NEAR, 5000.0, to_relays),
    "nearer still": (NEAR, 1500.0, to_relays),
    "away from the zenith": (BELOW, float(np.cos(np.radians(20))), to_stations),
}


def true_margin(kind: int, limit: float, row: int, column: int, seconds: np.ndarray) -> np.ndarray:
    """Return the margin from SGP4 at the very times; no grid, no interpolation."""
    t_ns = T0 + np.round(seconds * 1e9).astype(np.int64)
    p = states([ORBITS[row]], t_ns).position_km[0]
    if kind in (ABOVE, BELOW):
        q, u = (each[column] for each in ground(t_ns))
    else:
        q, u = states([RELAYS[column]], t_ns).position_km[0], np.zeros((len(t_ns), 3))
    return margin(kind, p, q, u, np.full(len(t_ns), limit))


@pytest.mark.parametrize("case", CASES)
def test_edges_are_those_of_brute_force_to_a_millisecond_and_none_is_missed(
    compiled: None, case: str
) -> None:
    kind, limit, tracks = CASES[case]
    made = tracks()
    found = Spans(*spans(kind, *made, limits(limit, len(made[2])), STEP_S))
    every = np.arange(0, HOURS * 3600 + 1, 5.0)
    last, edges = every[-1], 0
    for row in range(len(ORBITS)):
        for column in range(len(made[2])):
            mine = (found.row == row) & (found.column == column)
            seen = true_margin(kind, limit, row, column, every) >= 0
            changes = np.flatnonzero(seen[1:] != seen[:-1])
            ours = np.sort(np.concatenate([found.start_s[mine], found.end_s[mine]]))
            ours = ours[(ours > 0) & (ours < last)]
            theirs = bisected(kind, limit, row, column, every[changes], every[changes + 1])
            for edge in theirs:
                assert np.abs(ours - edge).min() < 1e-3
            for edge in ours:  # what a scan of 5 s steps over is a pass or gap of less than that
                apart = np.sort(np.abs(ours - edge))
                assert np.abs(theirs - edge).min(initial=np.inf) < 1e-3 or apart[1] < 5
            edges += len(ours)
    assert edges >= 10


def bisected(kind: int, limit: float, row: int, column: int, low: np.ndarray, high: np.ndarray):  # type: ignore[no-untyped-def]
    """Return the edges between times by bisection of the true margin, to 30 µs."""
    rising = true_margin(kind, limit, row, column, high) >= 0
    for _ in range(18):
        middle = (low + high) / 2
        late = (true_margin(kind, limit, row, column, middle) >= 0) == rising
        low, high = np.where(late, low, middle), np.where(late, middle, high)
    return (low + high) / 2


@pytest.mark.parametrize("case", CASES)
def test_the_twins_agree(case: str) -> None:
    kind, limit, tracks = CASES[case]
    made = tracks()
    table = limits(limit, len(made[2]))
    table[1, 0] = np.nan  # not asked about
    plain = spans(kind, *made, table, STEP_S)
    measured = extremes(*made, *plain, STEP_S)
    kernels.bind()
    try:
        fast = spans(kind, *made, table, STEP_S)
        again = extremes(*made, *plain, STEP_S)
    finally:
        kernels.unbind()
    assert len(plain[0]) > 5
    for ours, theirs in zip(plain, fast, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours == pytest.approx(theirs, abs=1e-4)
    for ours, theirs in zip(measured, again, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)
    assert not ((plain[0] == 1) & (plain[1] == 0)).any()


def test_one_spacecraft_and_many_give_the_same(compiled: None) -> None:
    made, table = to_stations(), limits(0.1, len(SITES))
    many = Spans(*spans(ABOVE, *made, table, STEP_S))
    for row in range(len(ORBITS)):
        alone = (np.ascontiguousarray(made[0][row : row + 1]),
                 np.ascontiguousarray(made[1][row : row + 1]), *made[2:])  # fmt: skip
        one = Spans(*spans(ABOVE, *alone, table[:1], STEP_S))
        assert one.start_s.tolist() == many.start_s[many.row == row].tolist()
        assert one.end_s.tolist() == many.end_s[many.row == row].tolist()


@pytest.mark.parametrize("fast", [False, True])
def test_a_pass_between_two_nodes_is_found(fast: bool) -> None:
    """A mask just below the highest elevation of a pass leaves seconds of it, in one step."""
    if fast:
        kernels.bind()
    try:
        made = to_stations()
        row, column, start_s, end_s = spans(ABOVE, *made, limits(0.0, len(SITES)), STEP_S)
        _, _, sine = extremes(*made, row, column, start_s, end_s, STEP_S)
        short = 0
        for span in np.flatnonzero(end_s - start_s > 200)[:40]:
            table = limits(np.nan, len(SITES))
            table[row[span], column[span]] = sine[span] - 1e-5
            _, _, begin_s, stop_s = spans(ABOVE, *made, table, STEP_S)
            inside = (begin_s >= start_s[span]) & (stop_s <= end_s[span])
            assert inside.sum() == 1
            short += int((stop_s - begin_s)[inside][0] < STEP_S)
        assert short > 15
    finally:
        kernels.unbind()


def test_places_that_are_not_numbers_are_seen_by_nobody() -> None:
    made = to_stations()
    lost = made[0].copy()
    lost[2, 300:] = np.nan
    tracks = (lost, *made[1:])
    plain = spans(ABOVE, *tracks, limits(0.0, len(SITES)), STEP_S)
    kernels.bind()
    try:
        fast = spans(ABOVE, *tracks, limits(0.0, len(SITES)), STEP_S)
    finally:
        kernels.unbind()
    for ours, theirs in zip(plain, fast, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)
    assert (plain[3][plain[0] == 2] <= 300 * STEP_S).all()
    assert (plain[0] == 2).any()


def test_ranges_and_elevations_are_the_extremes_of_a_dense_scan(compiled: None) -> None:
    made = to_stations()
    row, column, start_s, end_s = spans(ABOVE, *made, limits(0.0, len(SITES)), STEP_S)
    near, far, sine = extremes(*made, row, column, start_s, end_s, STEP_S)
    for span in range(0, len(row), 7):
        seconds = np.linspace(start_s[span], end_s[span], 2000)
        t_ns = T0 + np.round(seconds * 1e9).astype(np.int64)
        q, u = (each[column[span]] for each in ground(t_ns))
        d = states([ORBITS[row[span]]], t_ns).position_km[0] - q
        ranges = np.linalg.norm(d, axis=1)
        assert near[span] == pytest.approx(ranges.min(), abs=0.05)
        assert far[span] == pytest.approx(ranges.max(), abs=0.05)
        assert sine[span] == pytest.approx(((d * u).sum(axis=1) / ranges).max(), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 1), st.floats(0.2, 1.2), st.floats(0, 6.3)), min_size=1,
             max_size=3),
    st.floats(-1, 1),
)  # fmt: skip
def test_intervals_are_where_any_smooth_margin_is_not_negative(
    waves: list[tuple[float, float, float]], offset: float
) -> None:
    """Sums of waves of at least five steps each, against a scan fifty times as dense."""

    def value(seconds: np.ndarray) -> np.ndarray:
        return offset + sum(a * np.sin(w * seconds + phase) for a, w, phase in waves)

    nodes = np.arange(61.0)
    rows, starts, ends = intervals(value(nodes)[None], lambda _, s: value(s), 1.0, 0.2)
    assert (rows == 0).all()
    assert (starts <= ends).all()
    assert (ends[:-1] <= starts[1:]).all()
    dense = np.arange(0, 60, 0.02)
    inside = ((dense[:, None] >= starts) & (dense[:, None] <= ends)).any(axis=1)
    wrong = inside != (value(dense) >= 0)
    assert (np.abs(value(dense[wrong])) < 1e-3).all()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_in_both_is_in_each(data: st.DataObject) -> None:
    def drawn() -> tuple[Spans, np.ndarray]:
        """Return spans of two pairs over 40 s, and the seconds that they hold [2, 40]."""
        held = np.array(data.draw(st.lists(st.booleans(), min_size=80, max_size=80))).reshape(2, 40)
        edges = np.diff(np.pad(held.astype(int), ((0, 0), (1, 1))), axis=1)
        row, start = np.nonzero(edges == 1)
        _, end = np.nonzero(edges == -1)
        return Spans(row.astype("i4"), np.zeros(len(row), "i4"), start * 1.0, end * 1.0), held

    (a, in_a), (b, in_b) = drawn(), drawn()
    found, held = both(a, b), np.zeros((2, 40), bool)
    for row, start, end in zip(found.row, found.start_s, found.end_s, strict=True):
        held[row, int(start) : int(end)] = True
    assert (held == (in_a & in_b)).all()


def test_every_kernel_of_the_room_has_its_twin() -> None:
    assert "ground.relay.visibility_jit" in kernels.modules()
    assert visibility.spans.module == visibility.extremes.module
