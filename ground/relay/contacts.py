"""Contacts: when a station or relay can reach a spacecraft, over which range, and how sure it is.

How it works: `pairs` and `visibility` find when elevation, line of sight, range and Sun keep-out
hold; what is left is shortened by what the elements may be wrong, and measured.

The guard: elements of a TLE are about 1 km wrong at their epoch and 1 to 3 km a day more along the
orbit, at 7.5 km/s up to 0.4 s a day. A contact begins later and ends earlier by
max(2 s, 0.5 s × age in days) of the older of its two sets of elements. An orbit that was laid down
and not measured (`synthetic`) has no age.

A contact says what geometry allows. Whether a terminal is free is for booking to decide: `crowded`
tells where it has to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.relay.elements import Elements
from ground.relay.frames import LIGHT_KM_S, Float, Int64
from ground.relay.intervals import Int32
from ground.relay.nodes import Orbit, Spacecraft, Station
from ground.relay.pairs import Allowed, Pairs
from ground.relay.visibility import extremes
from protocols.times import DAY_NS, SECOND_NS

STEP_S = 40.0  # 60 s leaves grazing edges 1.1 ms wrong, and is faster by a third
LEAST_GUARD_S, GUARD_S_A_DAY = 2.0, 0.5


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts as columns of K rows, sorted by source, target and start.

    Attributes:
        nodes: names of the stations, then of the spacecraft.
        source, target: int32, places in `nodes`: a station or relay, and whom it reaches. Light
            goes both ways: who plans returns reads them the other way round.
        start_ns, end_ns: int64, TAI; shortened by the guard.
        owlt_ns, owlt_best_ns: int64, the longest and shortest one-way light time.
        range_min_km, range_max_km: float64.
        elevation_deg: float64, the highest over the station's horizon; NaN between spacecraft.
        acquisition_ns: int64, slew and acquisition of the slower end.
        guard_ns: int64, by which both edges were moved inwards.
        crowded: bool, whether at some time of it the source has more contacts than terminals.
    """

    nodes: tuple[str, ...]
    source: Int32
    target: Int32
    start_ns: Int64
    end_ns: Int64
    owlt_ns: Int64
    owlt_best_ns: Int64
    range_min_km: Float
    range_max_km: Float
    elevation_deg: Float
    acquisition_ns: Int64
    guard_ns: Int64
    crowded: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.source)


def contacts(
    spacecraft: Sequence[Spacecraft],
    stations: Sequence[Station],
    start_ns: int,
    end_ns: int,
    *,
    allowed: Allowed | None = None,
    step_s: float = STEP_S,
) -> Contacts:
    """Return every contact of stations and relays with spacecraft between two times.

    Two relays meet once, with the one that is named first as the source.

    Args:
        start_ns, end_ns: TAI; contacts are cut off there.
        allowed: whether a source may reach a target, by name; all may where it is left out.
        step_s: of the grid. A pass shorter than a step is found all the same.
    """
    guards_ns = _guards_ns([each.orbit for each in spacecraft], start_ns, end_ns)
    t_ns = _nodes_ns(start_ns, end_ns, int(guards_ns.max(initial=0)), step_s)
    pairs = Pairs.on(t_ns, step_s, spacecraft, stations, allowed)
    guards_ns = _pair_guards(pairs, guards_ns)
    parts = [_found(pairs, rows, guards_ns, start_ns, end_ns) for rows in pairs.chunks()]
    return _table(pairs, guards_ns, parts)


def _guards_ns(orbits: Sequence[Orbit], start_ns: int, end_ns: int) -> Int64:
    """Return the guard of each orbit, by its age at the farther end of the span."""
    ages = [
        max(abs(start_ns - each.epoch_ns), abs(end_ns - each.epoch_ns)) / DAY_NS
        if isinstance(each, Elements) and each.fitted
        else 0.0
        for each in orbits
    ]
    seconds = np.maximum(GUARD_S_A_DAY * np.array(ages, np.float64), LEAST_GUARD_S)
    return np.asarray(np.round(seconds * SECOND_NS), np.int64)


def _nodes_ns(start_ns: int, end_ns: int, guard_ns: int, step_s: float) -> Int64:
    """Return the grid: beyond both ends by the guard, so that it cuts no contact there."""
    step_ns = round(step_s * SECOND_NS)
    beyond = guard_ns // step_ns + 2
    steps = max(-((start_ns - end_ns) // step_ns), 0) + 2 * beyond
    return start_ns - beyond * step_ns + step_ns * np.arange(steps + 1, dtype=np.int64)


def _pair_guards(pairs: Pairs, guards_ns: Int64) -> Int64:
    relays = [place for place, each in enumerate(pairs.spacecraft) if each.relay]
    there = np.concatenate([np.zeros(len(pairs.stations), np.int64), guards_ns[relays]])
    return np.asarray(np.maximum(guards_ns[:, None], there[None, :]))


Columns = tuple[Int32, Int32, Int64, Int64, Float, Float, Float]


def _found(pairs: Pairs, rows: slice, guards_ns: Int64, start_ns: int, end_ns: int) -> Columns:
    """Return row, column, start, end, least and largest range, and sine of elevation."""
    tracks = pairs.tracks(rows)
    seen = pairs.visible(rows, tracks)
    first_ns = int(pairs.t_ns[0])
    guard_s = guards_ns[rows][seen.row, seen.column] / SECOND_NS
    seen = seen.between(
        np.maximum(seen.start_s + guard_s, (start_ns - first_ns) / SECOND_NS),
        np.minimum(seen.end_s - guard_s, (end_ns - first_ns) / SECOND_NS),
    )
    near, far, sine = extremes(
        *tracks, seen.row, seen.column, seen.start_s, seen.end_s, pairs.step_s
    )
    row = seen.row + np.int32(rows.start)
    begin_ns = first_ns + np.ceil(seen.start_s * SECOND_NS).astype(np.int64)
    stop_ns = first_ns + np.floor(seen.end_s * SECOND_NS).astype(np.int64)
    return row, seen.column, begin_ns, stop_ns, near, far, sine


def _table(pairs: Pairs, guards_ns: Int64, parts: Sequence[Columns]) -> Contacts:
    row, column, start_ns, end_ns, near, far, sine = _joined(pairs, parts)
    moving = [place for place, each in enumerate(pairs.spacecraft) if each.relay]
    stations = len(pairs.stations)
    sources = np.array([*range(stations), *(stations + place for place in moving)], np.int32)
    source = sources[column]
    return Contacts(
        nodes=(*(s.name for s in pairs.stations), *(s.name for s in pairs.spacecraft)),
        source=source,
        target=row + np.int32(stations),
        start_ns=start_ns,
        end_ns=end_ns,
        owlt_ns=np.ceil(far / LIGHT_KM_S * SECOND_NS).astype(np.int64),
        owlt_best_ns=np.floor(near / LIGHT_KM_S * SECOND_NS).astype(np.int64),
        range_min_km=near,
        range_max_km=far,
        elevation_deg=np.where(
            column < stations, np.degrees(np.arcsin(np.clip(sine, -1, 1))), np.nan
        ),
        acquisition_ns=_acquisition_ns(pairs)[row, column],
        guard_ns=guards_ns[row, column],
        crowded=_crowded(column, start_ns, end_ns, [each.count for each in pairs.terminals]),
    )


def _joined(pairs: Pairs, parts: Sequence[Columns]) -> Columns:
    """Return all columns, sorted by source, target and start."""
    columns = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.lexsort((columns[2], columns[0], columns[1]))
    row, column, start_ns, end_ns, near, far, sine = (each[order] for each in columns)
    return row, column, start_ns, end_ns, near, far, sine


def _acquisition_ns(pairs: Pairs) -> Int64:
    """Return slew and acquisition [rows, columns]: both ends turn at once, the slower counts."""
    here, there = (
        np.array([round((each.slew_s + each.acquisition_s) * SECOND_NS) for each in terminals])
        for terminals in ([each.terminal for each in pairs.spacecraft], pairs.terminals)
    )
    return np.asarray(np.maximum(here[:, None], there[None, :]), np.int64)


def _crowded(
    column: Int32, start_ns: Int64, end_ns: Int64, counts: Sequence[int]
) -> NDArray[np.bool_]:
    """Return which contacts overlap a time in which their source has more than terminals."""
    made = np.zeros(len(column), np.bool_)
    for source, count in enumerate(counts):
        rows = np.flatnonzero(column == source)
        times = np.concatenate([start_ns[rows], end_ns[rows]])
        change = np.repeat([1, -1], len(rows))
        order = np.lexsort((change, times))
        many = np.cumsum(change[order]) > count
        begins = times[order][many & ~np.roll(many, 1)]
        ends = times[order][~many & np.roll(many, 1)]
        before = np.searchsorted(begins, end_ns[rows], side="left")  # that begin before its end
        over = np.searchsorted(ends, start_ns[rows], side="right")  # that are over at its start
        made[rows] = before > over
    return made
