"""One satellite over two stations: the archive is the union, and says who received what."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ground import settings
from ground.archive.embedded import EmbeddedStore
from ground.services import listing, stations
from ground.services.query import Span
from protocols import packet, tm
from tests.flows.sent import Sent
from tests.flows.two_stations import SECOND, Reception, both, received, receptions, run_with_kills
from tests.flows.virtual import REALM, VirtualStation
from tests.ground.services import hand
from tests.recordings import mission_of
from tools.simulator import START_NS, Stream

LINKS = ("kashi", "sanya")
IDLE_VCID = 63
SECONDS = 600


class Flown:
    """Ten minutes of the simulated satellite, and what two stations got of it."""

    def __init__(self, seed: int, *, delay_s: float = 1.5) -> None:
        stream = Stream(seed=seed)
        flown = stream.frames(START_NS + SECONDS * SECOND)
        self.sent = Sent([octets for _, octets in flown])
        times = [at_ns for at_ns, _ in flown]
        rng = random.Random(seed)
        self.links = {
            "kashi": received(times, rng, 0.2, 0.04, 3, 60),
            "sanya": received(times, rng, delay_s, 0.06, 3, 60),
        }

    @property
    def came(self) -> set[int]:
        return set().union(*(each.came for each in self.links.values()))

    def packets(self) -> Counter[bytes]:
        found: Counter[bytes] = Counter()
        for each in self.links.values():
            found |= self.sent.arriving(each.came)
        return found

    def gaps(self) -> list[tuple[int, int, int, int]]:
        found = self.sent.gaps(self.came)
        return sorted(each for each in found.elements() if each[0] != IDLE_VCID)

    def receptions(self) -> Counter[tuple[int, int, str, int]]:
        return Counter(
            (self.sent.vcid[place], self.sent.count[place], f"journal/{link}", at_ns)
            for link, each in self.links.items()
            for place, at_ns in each.times.items()
            if self.sent.vcid[place] != IDLE_VCID
        )

    def station(self, root: Path, *links: str) -> VirtualStation:
        mission = both(settings.find("chenguang1"), "kashi", *LINKS)
        station = VirtualStation(root, mission)
        for link in links or LINKS:
            self.deliver(station, link)
        return station

    def deliver(self, station: VirtualStation, link: str) -> None:
        station.record(link, self.links[link].records(self.sent.cadus))


def listed_gaps(station: VirtualStation) -> list[tuple[int, int, int, int]]:
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        rows = [row for row in listing.gaps(store, Span(REALM)) if row["kind"] == "frames"]
    return sorted((row["vcid"], row["after"], row["before"], row["missing"]) for row in rows)


def by_station(station: VirtualStation) -> dict[str, tuple[int, int]]:
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        rows = list(stations.summary(store, Span(REALM)))
    return {row["link"]: (row["frames"], row["only"]) for row in rows}


def holds(flown: Flown, station: VirtualStation) -> None:
    """What the archive must say, held against the truth."""
    assert Counter(station.table("packets")["octets"].to_pylist()) == flown.packets()
    rows = receptions(station)
    found = Counter((row["vcid"], row["sequence"], row["source"], row["t_ns"]) for row in rows)
    assert found == flown.receptions()
    once = {(row["vcid"], row["sequence"], row["first"], row["first_ns"]) for row in rows}
    assert len(once) == len({each[:2] for each in found})
    assert listed_gaps(station) == flown.gaps()


@pytest.mark.parametrize("seed", range(3))
def test_the_archive_is_the_union_and_says_who_received_what(seed: int, tmp_path: Path) -> None:
    flown = Flown(seed)
    station = flown.station(tmp_path)
    station.start()
    station.run()
    station.kill()
    holds(flown, station)
    apart = {name: set(each.came) for name, each in flown.links.items()}
    for link, other in (LINKS, LINKS[::-1]):
        mine = [p for p in apart[link] if flown.sent.vcid[p] != IDLE_VCID]
        alone = len([p for p in mine if p not in apart[other]])
        assert by_station(station)[link] == (len(mine), alone) and alone > 5
    assert len(flown.gaps()) > 1
    assert sum(flown.packets().values()) > max(
        sum(flown.sent.arriving(each.came).values()) for each in flown.links.values()
    )


@pytest.mark.parametrize("seed", range(4))
def test_kills_at_any_moment_change_nothing(seed: int, tmp_path: Path) -> None:
    flown = Flown(10 + seed)
    station = flown.station(tmp_path)
    run_with_kills(station, random.Random(seed), 6, 60_000)
    holds(flown, station)


def test_a_station_that_delivers_an_hour_later_closes_what_the_first_one_missed(
    tmp_path: Path,
) -> None:
    """The journal of a remote gateway says when it received, whenever it can be read."""
    flown = Flown(20)
    station = flown.station(tmp_path, "kashi")
    station.start()
    station.run()
    alone = sorted(e for e in flown.sent.gaps(flown.links["kashi"].came) if e[0] != IDLE_VCID)
    assert listed_gaps(station) == alone
    station.kill()
    flown.deliver(station, "sanya")
    run_with_kills(station, random.Random(20), 3, 60_000)
    holds(flown, station)


def test_values_are_judged_once_however_many_stations_received_them(tmp_path: Path) -> None:
    """Minimum violations count packets, not receptions."""
    flown = Flown(30)
    whole = list(range(len(flown.sent.cadus)))
    times = [START_NS + place * SECOND for place in whole]
    flown.links = {link: Reception(whole, times) for link in LINKS}
    two, one = flown.station(tmp_path / "two"), flown.station(tmp_path / "one", "kashi")
    for station in (two, one):
        station.start()
        station.run()
        station.kill()
    one_told, two_told = one.telemetry(), two.telemetry()
    names = [name for name in one_told if name.startswith("/CG1")]
    assert names and all(two_told[name] == one_told[name] for name in names)
    assert [row.id for row in two.alarms()] == [row.id for row in one.alarms()]


# ---- packets that have no time --------------------------------------------------------------

APART_NS = SECOND // 2
AGAIN = 100  # packets until one has the same octets: longer than stations may differ


def untimed_frame(place: int) -> bytes:
    """A TM frame with one packet that says nothing but its sequence count."""
    body = packet.encode(9, place % AGAIN, b"constant")
    layout = tm.Layout(64, fecf=True)
    filler = packet.encode(packet.IDLE_APID, 0, bytes(64 - 8 - len(body) - 6))
    return tm.encode(body + filler, layout, scid=12, vcid=1, count=place % 256)


LINK = 'kind = "udp"\naddress = "127.0.0.1:1"\nframe = "tm"\nlength = 64\nfecf = true\n'
MISSION = hand.MISSION.split("[[link]]")[0] + "".join(
    f'[[link]]\nname = "{name}"\n{LINK}' for name in (*LINKS, "hami")
)


@pytest.mark.parametrize("seed", range(3))
def test_packets_without_a_time_are_stored_once_each(seed: int, tmp_path: Path) -> None:
    """Three stations; octets come again every fifty seconds and are another packet then."""
    rng, number = random.Random(seed), 1500
    frames = [untimed_frame(place) for place in range(number)]
    sent_ns = [START_NS + place * APART_NS for place in range(number)]
    mission = mission_of(tmp_path / "mission", MISSION, {"hand.xml": hand.DATABASE})
    station = VirtualStation(tmp_path, mission)
    links = {
        link.name: received(sent_ns, rng, delay_s, 0.05, 3, 80)
        for link, delay_s in zip(mission.links, (0.1, 4.0, 9.0), strict=True)
    }
    for name, each in links.items():
        station.record(name, each.records(frames))
    run_with_kills(station, rng, 6, 8000)
    came = set().union(*(each.came for each in links.values()))
    rows = station.table("packets").drop_columns(["time", "received"]).to_pylist()
    assert len(rows) == len(came)
    assert Counter(row["sequence"] for row in rows) == Counter(p % AGAIN for p in came)
    assert not any(row["t_ns"] for row in rows)
    told = receptions(station)
    expected: list[Any] = [
        (place % 256, f"journal/{name}", at_ns)
        for name, each in links.items()
        for place, at_ns in each.times.items()
    ]
    found = [(row["sequence"], row["source"], row["t_ns"]) for row in told]
    assert sorted(found) == sorted(expected)
    assert len({(row["sequence"], row["first"], row["first_ns"]) for row in told}) == len(came)
    assert sum(gap[3] for gap in listed_gaps(station)) == number - len(came) - _edges(came, number)


def _edges(came: set[int], number: int) -> int:
    """Frames before the first and behind the last, of which nobody can know."""
    return min(came) + number - 1 - max(came)
