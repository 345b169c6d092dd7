"""Contacts against skyfield and against the orbits themselves; guard, Sun, range, terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, load, wgs84

from ground.relay import sun, synthetic
from ground.relay.contacts import Contacts, contacts
from ground.relay.elements import Elements
from ground.relay.frames import EARTH_RADIUS_KM, LIGHT_KM_S
from ground.relay.nodes import Geostationary, Spacecraft, Station, Terminal
from ground.relay.orbits import states
from protocols import kernels, times
from protocols.times import DAY_NS, SECOND_NS

T0 = times.parse("2026-03-01T00:00:00")
SITES = [
    Station("Kashi", 39.5, 76.0, 1.3),
    Station("Sanya", 18.3, 109.3, 0.0, mask_deg=10),
    Station("Kiruna", 67.9, 20.96, 0.4, mask_deg=2),
    Station("Neuquen", -38.2, -70.1, 0.5, mask_deg=7),
]
SHAPES = [(420, 51.6), (550, 97.5), (750, 98.4), (1400, 52), (600, 5), (8000, 60), (1000, 120)]
RELAYS = [
    Spacecraft("TL-0", Geostationary(16.8), relay=True),
    Spacecraft("TL-1", Geostationary(77.0), relay=True),
]


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    kernels.bind()
    yield
    kernels.unbind()


def fleet(number: int = 14) -> list[Spacecraft]:
    made = []
    for row in range(number):
        altitude, inclination = SHAPES[row % len(SHAPES)]
        orbit = synthetic.circular(f"S{row}", T0, altitude, inclination, row * 47.0, row * 83.0)
        made.append(Spacecraft(f"S{row}", orbit))
    return made


def theirs(orbit: Elements, scale) -> EarthSatellite:  # type: ignore[no-untyped-def]
    """Return skyfield's spacecraft, with an epoch in UTC as skyfield wants it."""
    record, epoch = Satrec(), times.tai_to_utc_ns(orbit.epoch_ns) / DAY_NS + 7306
    record.sgp4init(
        WGS72, "i", 1, epoch, 0.0, 0.0, 0.0, orbit.eccentricity, 0.0,
        np.radians(orbit.inclination_deg), np.radians(orbit.mean_anomaly_deg),
        orbit.mean_motion_rev_day * np.pi / 720, np.radians(orbit.raan_deg),
    )  # fmt: skip
    return EarthSatellite.from_satrec(record, scale)


def rows_of(found: Contacts, source: str, target: str) -> np.ndarray:
    at = found.nodes.index
    return np.flatnonzero((found.source == at(source)) & (found.target == at(target)))


def test_passes_are_those_of_skyfield_and_none_is_missed() -> None:
    """Within 0.2 s; skyfield turns the whole IAU Earth and knows UT1.

    Its search leaves edges up to 0.3 s from where its own elevation crosses the mask, so they are
    mended by that.
    """
    scale = load.timescale(builtin=True)
    begin, end = scale.utc(2026, 3, 1), scale.utc(2026, 3, 3)
    crafts = fleet()
    found = contacts(crafts, SITES, T0, T0 + 2 * DAY_NS)
    edges, worst_s = 0, 0.0
    for craft in crafts:
        assert isinstance(craft.orbit, Elements)
        body = theirs(craft.orbit, scale)
        for site in SITES:
            place = wgs84.latlon(site.latitude_deg, site.longitude_deg, site.height_km * 1000)
            t, kind = body.find_events(place, begin, end, altitude_degrees=site.mask_deg)

            def over(seconds: np.ndarray, line=body - place, mask=site.mask_deg) -> np.ndarray:  # type: ignore[no-untyped-def]
                t = scale.tt_jd(begin.tt + seconds / 86400)
                return line.at(t).altaz()[0].degrees - mask

            rows = rows_of(found, site.name, craft.name)
            guard_s = found.guard_ns[rows] / 1e9
            starts = (found.start_ns[rows] - T0) / 1e9 - guard_s
            ends = (found.end_ns[rows] - T0) / 1e9 + guard_s
            rises, sets = (
                mended(np.array([(each - begin) * 86400 for each in t[kind == which]]), over)
                for which in (0, 2)
            )
            for edge, ours in [*((e, starts) for e in rises), *((e, ends) for e in sets)]:
                if longer_than_guards(edge, rises, sets):
                    worst_s = max(worst_s, float(np.abs(ours - edge).min()))
                    edges += 1
            assert len(starts) <= max(len(rises), len(sets)) + 1  # one may be under way at T0
    assert edges > 2 * 300
    assert worst_s < 0.2


def mended(seconds: np.ndarray, over: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return where a curve near its zeros crosses zero, by Newton's method."""
    for _ in range(2 if len(seconds) else 0):
        seconds = seconds - over(seconds) / (over(seconds + 0.5) - over(seconds - 0.5))
    return seconds


def longer_than_guards(edge: float, rises: np.ndarray, sets: np.ndarray) -> bool:
    """Return whether the guards of 2 s leave something of the pass that an edge belongs to."""
    lasts = np.abs(np.concatenate([rises if edge in sets else sets, [np.inf]]) - edge)
    return bool(lasts.min() > 4.5)


def test_relays_see_spacecraft_exactly_when_the_earth_is_not_between() -> None:
    """Against places from SGP4 every 20 s, by the least distance of 400 points of the line."""
    crafts, terminal = fleet(7), Terminal(grazing_km=100.0)
    relays = [replace(each, terminal=terminal) for each in RELAYS]
    found = contacts([*crafts, *relays], [], T0, T0 + DAY_NS // 4)
    t_ns = T0 + np.arange(0, 6 * 3600, 20, dtype=np.int64) * SECOND_NS
    here = states([each.orbit for each in crafts], t_ns).position_km
    there = states([each.orbit for each in relays], t_ns).position_km
    part = np.linspace(0, 1, 400)[:, None, None]
    for row, craft in enumerate(crafts):
        for column, relay in enumerate(relays):
            line = here[row] * (1 - part) + there[column] * part
            clear = np.linalg.norm(line, axis=2).min(axis=0) > EARTH_RADIUS_KM + 100
            near_edge = inside(found, rows_of(found, relay.name, craft.name), t_ns, -5.0)
            well_inside = inside(found, rows_of(found, relay.name, craft.name), t_ns, 5.0)
            assert (near_edge | ~clear).all()
            assert (clear | ~well_inside).all()


def inside(found: Contacts, rows: np.ndarray, t_ns: np.ndarray, margin_s: float) -> np.ndarray:
    """Return which times are inside contacts without their guards, by at least a margin."""
    left = t_ns[:, None] - (found.start_ns[rows] - found.guard_ns[rows])
    right = (found.end_ns[rows] + found.guard_ns[rows]) - t_ns[:, None]
    return ((left >= margin_s * 1e9) & (right >= margin_s * 1e9)).any(axis=1)


def test_the_guard_grows_with_the_age_of_the_older_elements() -> None:
    """max(2 s, half a second a day): fresh, 3 days and 20 days old at the end of the span."""
    crafts = fleet(3)
    new = contacts(crafts, SITES, T0, T0 + DAY_NS)
    assert set(new.guard_ns.tolist()) == {2 * SECOND_NS}
    aged = [
        Spacecraft(each.name, replace(each.orbit, epoch_ns=T0 - days * DAY_NS, fitted=True))  # type: ignore[type-var]
        for each, days in zip(crafts, (0, 3, 19), strict=True)
    ]
    old = contacts(aged, SITES, T0, T0 + DAY_NS)
    for craft, guard_s in zip(crafts, (2.0, 2.0, 10.0), strict=True):
        rows = np.concatenate([rows_of(old, site.name, craft.name) for site in SITES])
        assert set(old.guard_ns[rows].tolist()) == {guard_s * SECOND_NS}
    laid_down = [replace(each, orbit=replace(each.orbit, fitted=False)) for each in aged]  # type: ignore[type-var]
    planned = contacts(laid_down, SITES, T0, T0 + DAY_NS)
    assert set(planned.guard_ns.tolist()) == {2 * SECOND_NS}


def test_a_contact_that_never_ends_is_cut_at_the_span_and_not_by_the_guard() -> None:
    """A relay over 77°E is always above the horizon of Kashi; so is one with old elements."""
    found = contacts(RELAYS, SITES[:1], T0, T0 + DAY_NS)
    row = rows_of(found, "Kashi", "TL-1")
    assert found.start_ns[row].tolist() == [T0]
    assert found.end_ns[row].tolist() == [T0 + DAY_NS]
    laid_down = synthetic.circular("IGSO", T0 - 400 * DAY_NS, 35_786 + 2, 1.0, 0, 0)
    high = replace(laid_down, fitted=True)
    aged = contacts([Spacecraft("IGSO", high, relay=True), *RELAYS], [], T0, T0 + 3600 * SECOND_NS)
    assert len(aged) >= 2
    assert set(aged.start_ns.tolist()) == {T0}
    assert set(aged.end_ns.tolist()) == {T0 + 3600 * SECOND_NS}
    assert sorted(set(aged.guard_ns.tolist())) == [2 * SECOND_NS, pytest.approx(200e9, abs=1e9)]


def test_a_span_gives_the_same_contacts_as_its_parts() -> None:
    crafts = [*fleet(7), *RELAYS]
    whole = contacts(crafts, SITES, T0, T0 + DAY_NS)
    middle = T0 + DAY_NS // 2 + 12_345_678_901
    parts = [contacts(crafts, SITES, T0, middle), contacts(crafts, SITES, middle, T0 + DAY_NS)]
    total_ns = sum(int((each.end_ns - each.start_ns).sum()) for each in parts)
    assert total_ns == pytest.approx(int((whole.end_ns - whole.start_ns).sum()), abs=4e9)
    starts = np.concatenate([each.start_ns for each in parts])
    assert all(np.abs(starts - start).min() < 1_000_000 for start in whole.start_ns)


def test_one_spacecraft_and_many_in_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    crafts = [*fleet(7), *RELAYS]
    many = contacts(crafts, SITES, T0, T0 + DAY_NS // 4)
    monkeypatch.setattr("ground.relay.pairs.CELLS", 1)  # one spacecraft a chunk
    one = contacts(crafts, SITES, T0, T0 + DAY_NS // 4)
    for name in ("source", "target", "start_ns", "end_ns", "owlt_ns", "crowded"):
        assert (getattr(one, name) == getattr(many, name)).all()


def test_the_numpy_form_gives_the_same() -> None:
    fast = contacts([*fleet(5), *RELAYS], SITES, T0, T0 + DAY_NS // 4)
    kernels.unbind()
    plain = contacts([*fleet(5), *RELAYS], SITES, T0, T0 + DAY_NS // 4)
    assert (fast.source == plain.source).all()
    for name in ("start_ns", "end_ns", "owlt_ns", "owlt_best_ns"):
        assert np.abs(getattr(fast, name) - getattr(plain, name)).max() <= 10_000


def test_light_time_is_that_of_the_range_and_elevation_is_over_the_mask() -> None:
    found = contacts([*fleet(7), *RELAYS], SITES, T0, T0 + DAY_NS // 2)
    assert found.owlt_ns == pytest.approx(found.range_max_km / LIGHT_KM_S * 1e9, abs=1)
    assert found.owlt_best_ns == pytest.approx(found.range_min_km / LIGHT_KM_S * 1e9, abs=1)
    assert (found.owlt_best_ns <= found.owlt_ns).all()
    ground = found.source < len(SITES)
    masks = np.array([site.mask_deg for site in SITES])[found.source[ground]]
    assert (found.elevation_deg[ground] > masks).all()
    assert np.isnan(found.elevation_deg[~ground]).all()
    geo = rows_of(found, "Kashi", "TL-1")
    assert found.range_max_km[geo] == pytest.approx(37_650, abs=200)  # 44.4° up


def test_a_reach_ends_contacts() -> None:
    crafts = [replace(each, terminal=Terminal(max_range_km=2000.0)) for each in fleet(7)]
    found = contacts(crafts, SITES, T0, T0 + DAY_NS)
    free = contacts(fleet(7), SITES, T0, T0 + DAY_NS)
    assert len(found)
    assert found.range_max_km.max() <= 2000.0
    assert free.range_max_km.max() > 2000.0


@pytest.mark.parametrize("end", ["spacecraft", "relay"])
def test_no_beam_points_near_the_sun(end: str) -> None:
    """Every 10 s of every contact, the angle between beam and Sun as the end sees it."""
    shy, terminal = Terminal(sun_keepout_deg=25.0), Terminal()
    crafts = [replace(e, terminal=shy if end == "spacecraft" else terminal) for e in fleet(7)]
    relays = [replace(e, terminal=shy if end == "relay" else terminal) for e in RELAYS]
    found = contacts([*crafts, *relays], [], T0, T0 + DAY_NS // 2)
    free = contacts([*fleet(7), *RELAYS], [], T0, T0 + DAY_NS // 2)
    lost = 0.0
    t_ns = T0 + np.arange(0, 12 * 3600, 10, dtype=np.int64) * SECOND_NS
    there = states([each.orbit for each in relays], t_ns).position_km
    to_sun = sun.position_km(t_ns)
    to_sun /= np.linalg.norm(to_sun, axis=1, keepdims=True)
    for craft in crafts:
        here = states([craft.orbit], t_ns).position_km[0]
        for column, relay in enumerate(relays):
            beam = there[column] - here if end == "spacecraft" else here - there[column]
            cosine = (beam * to_sun).sum(axis=1) / np.linalg.norm(beam, axis=1)
            hot = cosine > np.cos(np.radians(25.0))
            allowed = inside(free, rows_of(free, relay.name, craft.name), t_ns, 0.0)
            used = inside(found, rows_of(found, relay.name, craft.name), t_ns, 0.001)
            assert not (used & hot).any()
            assert (used | hot | ~allowed | near_an_edge(used)).all()
            lost += float((allowed & hot).sum())
    assert lost > 50


def near_an_edge(used: np.ndarray) -> np.ndarray:
    """Return which samples are beside a change."""
    beside = np.zeros_like(used)
    changes = np.flatnonzero(used[1:] != used[:-1])
    for shift in (0, 1):
        beside[changes + shift] = True
    beside[[0, -1]] = True
    return beside


def test_who_may_not_reach_whom_has_no_contacts() -> None:
    crafts = [*fleet(4), *RELAYS]
    found = contacts(
        crafts, SITES, T0, T0 + DAY_NS // 2,
        allowed=lambda source, target: source == "TL-0" or target.startswith("TL"),
    )  # fmt: skip
    names = np.array(found.nodes)
    pairs = set(zip(names[found.source].tolist(), names[found.target].tolist(), strict=True))
    assert ("TL-0", "S1") in pairs
    assert ("Kashi", "TL-1") in pairs
    assert not any(a != "TL-0" and b.startswith("S") for a, b in pairs)
    assert ("TL-0", "TL-1") in pairs
    assert ("TL-1", "TL-0") not in pairs  # two relays meet once
    assert not any(a == b for a, b in pairs)


def test_the_slower_end_says_how_long_acquisition_takes() -> None:
    quick, slow = Terminal(slew_s=5, acquisition_s=2.5), Terminal(slew_s=1, acquisition_s=30)
    crafts = [replace(fleet(1)[0], terminal=quick)]
    relays = [replace(RELAYS[0], terminal=slow), replace(RELAYS[1], terminal=quick)]
    found = contacts([*crafts, *relays], [], T0, T0 + DAY_NS // 4)
    assert set(found.acquisition_ns[rows_of(found, "TL-0", "S0")].tolist()) == {31 * SECOND_NS}
    assert set(found.acquisition_ns[rows_of(found, "TL-1", "S0")].tolist()) == {7_500_000_000}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_crowded_are_contacts_while_a_source_has_more_of_them_than_terminals(count: int) -> None:
    sites = [replace(each, terminal=Terminal(count=count)) for each in SITES]
    found = contacts(fleet(), sites, T0, T0 + DAY_NS)
    for row in range(len(found)):
        mates = found.source == found.source[row]
        starts = found.start_ns[mates & (found.start_ns < found.end_ns[row])]
        instants = np.maximum(starts, found.start_ns[row])
        together = (
            (found.start_ns[mates][:, None] <= instants) & (found.end_ns[mates][:, None] > instants)
        ).sum(axis=0)
        assert found.crowded[row] == bool(together.max() > count)
    assert not found.crowded.all()


def test_nobody_has_no_contacts() -> None:
    for crafts, sites in (([], SITES), (fleet(2), []), ([], [])):
        assert len(contacts(crafts, sites, T0, T0 + DAY_NS)) == 0


def test_an_orbit_that_has_decayed_has_no_contacts_and_harms_no_other() -> None:
    first = fleet(2)
    assert isinstance(first[1].orbit, Elements)
    lost = Spacecraft("lost", replace(first[1].orbit, bstar=5.0, eccentricity=0.04))
    found = contacts([*first, lost], SITES, T0 + DAY_NS, T0 + 2 * DAY_NS)
    assert set(found.target.tolist()) == {4, 5}


@pytest.mark.parametrize("fast", [True, False])
def test_docked_modules_reach_each_other_and_the_same_as_one(fast: bool) -> None:
    """Spacecraft at one and the same place: no range to divide by."""
    if not fast:
        kernels.unbind()
    one = fleet(1)[0]
    docked = [Spacecraft(name, one.orbit, relay=True) for name in ("A", "B")]
    found = contacts([*docked, *RELAYS], SITES, T0, T0 + DAY_NS // 8)
    row = rows_of(found, "A", "B")
    assert found.start_ns[row].tolist() == [T0]
    assert found.end_ns[row].tolist() == [T0 + DAY_NS // 8]
    assert found.owlt_ns[row].tolist() == [0]
    for site in SITES:
        a, b = rows_of(found, site.name, "A"), rows_of(found, site.name, "B")
        assert found.start_ns[a].tolist() == found.start_ns[b].tolist()


def test_a_span_that_ends_before_it_begins_has_no_contacts() -> None:
    assert len(contacts([*fleet(2), *RELAYS], SITES, T0, T0)) == 0
    assert len(contacts([*fleet(2), *RELAYS], SITES, T0, T0 - DAY_NS)) == 0
