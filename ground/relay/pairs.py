"""Pairs that may have contacts, on a grid of times: spacecraft as rows, those that see as columns.

How it works: stations and relays (the columns) are held for the whole span; spacecraft (the rows)
go by a chunk at a time, so that memory stays bounded. What must hold for a pair is a table of
limits [rows, columns] for each kind of margin, NaN where a kind is not asked of a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ground.relay import sun
from ground.relay.frames import (
    EARTH_RADIUS_KM,
    Float,
    Int64,
    carried,
    earth_fixed_km,
    gmst_rad,
    to_teme,
    up,
)
from ground.relay.intervals import Spans, both
from ground.relay.nodes import Spacecraft, Station, Terminal
from ground.relay.orbits import states
from ground.relay.visibility import ABOVE, BELOW, CLEAR, NEAR, Tracks, spans

CELLS = 1 << 18  # states held at a time: 12 MB of places and velocities
FARTHEST_KM = 1e9  # stands for no limit, as margins must stay finite
NO_ANGLE = 2.0  # a cosine that every angle keeps

Allowed = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Pairs:
    """What all chunks share.

    Attributes:
        t_ns: int64 [T], TAI, `step_s` apart.
        q, dq, up, sun: float64 [M, T, 3], stations, then relays: places (km) and velocities, up at
            stations and 0 at relays, and the direction of the Sun; all TEME.
        asked: bool [N, M].
    """

    spacecraft: Sequence[Spacecraft]
    stations: Sequence[Station]
    relays: Sequence[Spacecraft]
    t_ns: Int64
    step_s: float
    q: Float
    dq: Float
    up: Float
    sun: Float
    asked: NDArray[np.bool_]

    @classmethod
    def on(
        cls,
        t_ns: Int64,
        step_s: float,
        spacecraft: Sequence[Spacecraft],
        stations: Sequence[Station],
        allowed: Allowed | None,
    ) -> Pairs:
        """Return the pairs of spacecraft with stations, and with those of them that are relays."""
        relays = [each for each in spacecraft if each.relay]
        gmst = gmst_rad(t_ns)
        places = [earth_fixed_km(s.latitude_deg, s.longitude_deg, s.height_km) for s in stations]
        zeniths = [up(s.latitude_deg, s.longitude_deg) for s in stations]
        ground = to_teme(np.reshape(places, (-1, 1, 3)), gmst)
        space = states([each.orbit for each in relays], t_ns)
        above = np.concatenate(
            [to_teme(np.reshape(zeniths, (-1, 1, 3)), gmst), np.zeros_like(space.position_km)]
        )
        return cls(
            spacecraft=spacecraft,
            stations=stations,
            relays=relays,
            t_ns=t_ns,
            step_s=step_s,
            q=np.concatenate([ground, space.position_km]),
            dq=np.concatenate([carried(ground), space.velocity_km_s]),
            up=above,
            sun=np.repeat(_towards_sun(t_ns)[None], len(above), axis=0),
            asked=_asked(spacecraft, stations, relays, allowed),
        )

    @property
    def terminals(self) -> list[Terminal]:
        """The terminals of the columns."""
        at_stations = [each.terminal for each in self.stations]
        return at_stations + [each.terminal for each in self.relays]

    def chunks(self) -> Iterator[slice]:
        """Yield rows that are worked on together; one chunk at least, though it be empty."""
        step, number = max(CELLS // len(self.t_ns), 1), len(self.spacecraft)
        for start in range(0, max(number, 1), step):
            yield slice(start, min(start + step, number))

    def tracks(self, rows: slice) -> Tracks:
        """Return places, velocities and up of rows and columns, as `visibility` takes them."""
        here = states([each.orbit for each in self.spacecraft[rows]], self.t_ns)
        return here.position_km, here.velocity_km_s, self.q, self.dq, self.up, carried(self.up)

    def visible(self, rows: slice, tracks: Tracks) -> Spans:
        """Return when all that must hold does; rows count from the first of the chunk."""
        asked = self.asked[rows]
        mask = np.sin(np.radians([each.mask_deg for each in self.stations]))
        ground, space = asked.copy(), asked.copy()
        ground[:, len(mask) :] = False
        space[:, : len(mask)] = False
        elevation = np.concatenate([mask, np.zeros(len(self.relays))])
        grazing = EARTH_RADIUS_KM + self._either(rows, lambda each: each.grazing_km, np.maximum)
        found = _all(
            self._spans(ABOVE, tracks, np.where(ground, elevation, np.nan)),
            self._spans(CLEAR, tracks, np.where(space, grazing, np.nan)),
        )
        reach = self._either(rows, lambda each: each.max_range_km, np.minimum)
        if (reach < FARTHEST_KM).any():
            reach = np.minimum(reach, FARTHEST_KM)
            found = both(found, self._spans(NEAR, tracks, np.where(asked, reach, np.nan)))
        return self._away_from_sun(rows, tracks, found)

    def _away_from_sun(self, rows: slice, tracks: Tracks, found: Spans) -> Spans:
        lit = (*tracks[:4], self.sun, np.zeros_like(self.sun))
        asked = self.asked[rows]
        here = _cosines([each.terminal for each in self.spacecraft[rows]])[:, None]
        there = _cosines(self.terminals)[None, :]
        if (there < NO_ANGLE).any():
            limit = np.where(asked, there, np.nan)
            found = both(found, self._spans(BELOW, lit, limit))
        if (here < NO_ANGLE).any():  # seen from the row, the column is the other way
            limit = np.where(asked, -here, np.nan)
            found = both(found, self._spans(ABOVE, lit, limit))
        return found

    def _spans(self, kind: int, tracks: Tracks, limit: Float) -> Spans:
        if np.isnan(limit).all():
            return Spans.none()
        return Spans(*spans(kind, *tracks, np.ascontiguousarray(limit, np.float64), self.step_s))

    def _either(self, rows: slice, of: Callable[[Terminal], float], which: np.ufunc) -> Float:
        """Return the stricter of a limit at both ends, [rows, columns]."""
        here = np.array([of(each.terminal) for each in self.spacecraft[rows]])
        there = np.array([of(each) for each in self.terminals])
        return np.asarray(which(here[:, None], there[None, :]))


def _asked(
    spacecraft: Sequence[Spacecraft],
    stations: Sequence[Station],
    relays: Sequence[Spacecraft],
    allowed: Allowed | None,
) -> NDArray[np.bool_]:
    """Return which pairs count: nobody with itself, two relays once, and only who is allowed to."""
    sources = [each.name for each in stations] + [each.name for each in relays]
    order = {each.name: place for place, each in enumerate(relays)}
    made = np.ones((len(spacecraft), len(sources)), np.bool_)
    for row, each in enumerate(spacecraft):
        if each.relay:  # reached by the relays before it
            made[row, len(stations) + order[each.name] :] = False
        if allowed is not None:
            made[row] &= [allowed(source, each.name) for source in sources]
    return made


def _towards_sun(t_ns: Int64) -> Float:
    places = sun.position_km(t_ns)
    return np.asarray(places / np.linalg.norm(places, axis=1, keepdims=True))


def _cosines(terminals: Sequence[Terminal]) -> Float:
    angles = np.array([each.sun_keepout_deg for each in terminals])
    return np.where(angles > 0, np.cos(np.radians(angles)), NO_ANGLE)


def _all(a: Spans, b: Spans) -> Spans:
    return Spans(
        np.concatenate([a.row, b.row]),
        np.concatenate([a.column, b.column]),
        np.concatenate([a.start_s, b.start_s]),
        np.concatenate([a.end_s, b.end_s]),
    )
