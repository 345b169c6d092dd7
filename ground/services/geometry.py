"""A mission's stations, relays and spacecraft become a contact plan.

The control centre reaches each station that has a way up at any time; stations reach spacecraft and
relays that their uplinks point at; relays reach what the mission file lets them. A spacecraft whose
orbit is not known has no contacts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.relay import budget, element_files, nodes, plan, synthetic
from ground.relay import contacts as geometry
from ground.relay.contacts import Contacts
from ground.relay.plan import SECOND_NS, Contact, Node, Plan
from ground.settings import Mission, Orbit, Relay, Site, Spacecraft, Uplink
from protocols import times

CENTRE = "control"
CABLE_BPS = 1e9  # from the centre to its stations
OLD_NS = 7 * 86_400 * SECOND_NS  # elements older than this are doubtful
LARGEST_ELEMENTS = 16 << 20  # octets of a file


@dataclass(frozen=True, slots=True)
class Sky:
    """What moves and what stands, read once from a mission's files.

    Attributes:
        spacecraft: those whose place is known, relays among them.
        epochs: of their elements, ns TAI.
        lost: names of spacecraft that take commands and whose place is not known.
    """

    spacecraft: tuple[nodes.Spacecraft, ...]
    stations: tuple[nodes.Station, ...]
    epochs: Mapping[str, int]
    lost: tuple[str, ...]


def sky(mission: Mission) -> Sky:
    """Return where everything of a mission is.

    Raises:
        InputError: elements that are wrong; names file and line.
    """
    made, epochs, lost = [], {}, []
    relays = {each.name: each for each in mission.relays}
    for relay in mission.relays:
        orbit = orbit_of(relay)
        assert orbit is not None  # a relay says one of the three
        made.append(nodes.Spacecraft(relay.name, orbit, True, _terminal(relay)))
    for craft in mission.spacecraft:
        if craft.name in relays:
            continue
        orbit = orbit_of(craft)
        if orbit is not None:
            made.append(nodes.Spacecraft(craft.name, orbit))
        elif craft.tc is not None:
            lost.append(craft.name)
    for each in made:
        if not isinstance(each.orbit, nodes.Geostationary):
            epochs[each.name] = each.orbit.epoch_ns
    return Sky(tuple(made), tuple(map(_station, mission.sites)), epochs, tuple(lost))


def orbit_of(each: Relay | Spacecraft) -> nodes.Orbit | None:
    """Return the orbit of a relay or spacecraft; None where the mission file tells nothing of it.

    Raises:
        InputError: elements that are wrong (names file and line), or an orbit that cannot be.
    """
    if isinstance(each, Relay) and each.longitude_deg is not None:
        return nodes.Geostationary(each.longitude_deg)
    if each.elements is not None:
        return _chosen(each.name, each.elements)
    return None if each.orbit is None else _of_shape(each.name, each.orbit)


def _of_shape(name: str, orbit: Orbit) -> nodes.Orbit:
    epoch_ns = times.parse(orbit.epoch)
    if orbit.ltan is None:
        assert orbit.inclination_deg is not None  # the table says one of the two
        shape = orbit.altitude_km, orbit.inclination_deg, orbit.node_deg, orbit.phase_deg
        return synthetic.circular(name, epoch_ns, *shape)
    hours, minutes = orbit.ltan.split(":")
    local_h = int(hours) + int(minutes) / 60
    return synthetic.sun_synchronous(name, epoch_ns, orbit.altitude_km, local_h, orbit.phase_deg)


def _chosen(name: str, file: Path) -> nodes.Orbit:
    """Return the elements of this name in a file, or the only ones there are."""
    try:
        with file.open("rb") as opened:
            octets = opened.read(LARGEST_ELEMENTS + 1)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; expected orbital elements") from None
    found = element_files.parse(octets.decode("utf-8", "replace"), str(file))
    named = [each for each in found if each.name.strip() == name]
    if len(named) == 1 or len(found) == 1:
        return (named or found)[0]
    raise InputError(f"{file}: {len(found)} sets, {len(named)} of {name!r}; expected one of them")


def _terminal(relay: Relay) -> nodes.Terminal:
    return nodes.Terminal(
        relay.terminals,
        relay.slew_s,
        relay.acquisition_s,
        relay.grazing_km,
        relay.sun_keepout_deg,
        relay.max_range_km,
    )


def _station(site: Site) -> nodes.Station:
    terminal = nodes.Terminal(site.antennas, acquisition_s=site.acquisition_s)
    where = site.latitude_deg, site.longitude_deg, site.altitude_m / 1000, site.mask_deg
    return nodes.Station(site.name, *where, terminal)


def graph(mission: Mission, known: Sky) -> list[Node]:
    """Return the nodes of the plan."""
    found = [Node(CENTRE, "centre"), *(Node(each.name, "station", 0) for each in mission.sites)]
    relays = {each.name: each for each in mission.relays}
    for each in mission.relays:
        found.append(Node(each.name, each.kind, round(each.retention_s * SECOND_NS) or None))
    crafts = [each.name for each in mission.spacecraft if each.name not in relays]
    return [*found, *(Node(name, "spacecraft") for name in crafts)]


def foresee(
    mission: Mission, known: Sky, start_ns: int, end_ns: int, ups: Iterable[Uplink]
) -> tuple[Plan, Contacts]:
    """Return the contact plan of a time, and the contacts as they were found.

    Args:
        ups: the uplinks that work.
    """
    rates = _rates(mission, list(ups))
    every = graph(mission, known)
    found = geometry.contacts(
        known.spacecraft, known.stations, start_ns, end_ns,
        allowed=lambda one, other: bool(rates(one, other) or rates(other, one)),
    )  # fmt: skip
    sending = [each.name for each in mission.sites if rates(CENTRE, each.name)]
    cables = [Contact(CENTRE, name, start_ns, end_ns, CABLE_BPS) for name in sending]
    radio = plan.from_columns(every, **_radio(found, every, rates, start_ns))
    return plan.joined(plan.of(every, cables), radio), found


Rate = float | budget.Radio
Rates = Callable[[str, str], tuple[Rate, ...]]


def _rates(mission: Mission, ways: Sequence[Uplink]) -> Rates:
    """Return what tells the rate, or the radio, of each link by which one sends to another."""
    relays = {each.name: each for each in mission.relays}
    merits = {each.name: each.tc.g_t_db_k for each in mission.spacecraft if each.tc is not None}
    merits |= {each.name: each.g_t_db_k for each in mission.relays}
    sending = {each.site for each in ways}

    @cache
    def rates(sender: str, receiver: str) -> tuple[Rate, ...]:
        if sender == CENTRE:
            return (CABLE_BPS,) if receiver in sending else ()
        if sender in relays:
            several: Sequence[Relay | Uplink] = [relays[sender]]
        else:
            several = [each for each in ways if each.site == sender]
        there = [each for each in several if each.reaches(receiver)]
        return tuple(_rate(each, merits.get(receiver)) for each in there)

    return rates


def _rate(sender: Relay | Uplink, g_t_db_k: float | None) -> Rate:
    """Return what a sender sends at; to a station, of which no merit is said, as fast as it can."""
    radio = sender.radio
    if radio is None or g_t_db_k is None:
        return sender.fastest_bps
    losses_db = radio.losses_db + radio.margin_db
    return budget.Radio(radio.eirp_dbw, g_t_db_k, radio.frequency_mhz * 1e6, losses_db, radio.rates)


def _bps(rate: Rate, range_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rate of contacts by their largest range; 0 where the link does not close."""
    if isinstance(rate, budget.Radio):
        return budget.rate_bps(rate, range_km * 1000, margin_db=0.0)
    return np.full(len(range_km), rate)


def _radio(
    found: Contacts, every: Sequence[Node], rates: Rates, start_ns: int
) -> dict[str, NDArray[Any]]:
    """Return the contacts of each link, either way, as columns of a plan."""
    places = {node.name: place for place, node in enumerate(every)}
    rows = [np.zeros(0, np.int64)]
    links, speeds = [(0, 0, 0)], [np.zeros(0)]
    new = np.diff(found.source, prepend=-1) | np.diff(found.target, prepend=-1)
    for first, last in pairwise([*np.flatnonzero(new).tolist(), len(found)]):
        one, other = found.nodes[found.source[first]], found.nodes[found.target[first]]
        for sender, receiver in ((one, other), (other, one)):
            for link, rate in enumerate(rates(sender, receiver)):
                rows.append(np.arange(first, last))
                links.append((places[sender], places[receiver], link))
                speeds.append(_bps(rate, found.range_max_km[first:last]))
    row = np.concatenate(rows)
    acquired = np.where(found.start_ns > start_ns, found.acquisition_ns, 0)[row]
    speed = np.concatenate(speeds)
    source, target, link = np.repeat(links, [len(each) for each in rows], axis=0).T
    columns = {
        "source": source, "target": target, "link": link, "rate_bps": speed,
        "start_ns": found.start_ns[row], "end_ns": found.end_ns[row],
        "owlt_ns": found.owlt_ns[row], "acquisition_ns": acquired,
    }  # fmt: skip
    usable = (acquired < columns["end_ns"] - columns["start_ns"]) & (speed > 0)
    return {name: column[usable] for name, column in columns.items()}


def doubts(known: Sky, now: int) -> list[str]:
    """Return what is doubtful about a plan that is made now, for people."""
    found = [f"{name}: no orbit or elements, so no contacts" for name in known.lost]
    old: dict[int, list[str]] = {}
    for name, epoch_ns in known.epochs.items():
        if abs(now - epoch_ns) > OLD_NS:
            old.setdefault(round(abs(now - epoch_ns) / 86_400 / SECOND_NS), []).append(name)
    for days, names in old.items():
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        found.append(f"{names[0]}{others}: elements are {days} days old")
    return found


def highest(found: Contacts) -> dict[tuple[str, str, int], float]:
    """Return the highest elevation of each contact of a station, by source, target and start."""
    rows = np.flatnonzero(~np.isnan(found.elevation_deg)).tolist()
    return {
        (
            found.nodes[found.source[row]], found.nodes[found.target[row]],
            int(found.start_ns[row]),
        ): float(found.elevation_deg[row])
        for row in rows
    }  # fmt: skip


NO_ELEVATION = math.nan
