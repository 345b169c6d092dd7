"""The simulator against geometry, energy and another reader of its packets."""

from __future__ import annotations

import binascii
import os
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from skyfield.api import EarthSatellite, load, wgs84
from space_packet_parser import XtcePacketDefinition
from space_packet_parser.common import BoolParameter

from ground import settings
from protocols import times
from tests.clauses import clause
from tests.tools.flattened import flattened
from tools.simulator import START_NS, Faults, Truth, orbit, record, spacecraft
from tools.simulator.cards import BAD_CARD, FAULT, HOT_CARD
from tools.simulator.record import NO_FAULTS

DATABASE = resources.files("configs") / "chenguang1" / "database.xml"
SHADOW_NS = START_NS + 375 * 10**9  # eclipse begins within the next minute
FRAME = 1115
TRUE = ("YES", "ON", "LOCKED")


@pytest.fixture(scope="module")
def flight() -> spacecraft.History:
    """A whole revolution."""
    return spacecraft.fly(START_NS, 6000, np.random.default_rng(1))


def _record(folder: Path, **options) -> tuple[bytes, Truth]:
    truth = record(folder / "pass", **({"seconds": 60, "coded": False} | options))
    return (folder / "pass").read_bytes(), truth


def _packets(octets: bytes) -> list[bytes]:
    """Packets of bare AOS frames, cut out by hand; what lies beside a gap is lost."""
    runs: dict[int, bytearray] = {}
    counts: dict[int, int] = {}
    found = []
    for at in range(0, len(octets), FRAME):
        frame = octets[at : at + FRAME]
        vcid = frame[1] & 0x3F
        if binascii.crc_hqx(frame, 0xFFFF) or vcid == 63:
            continue
        count, pointer = int.from_bytes(frame[2:5], "big"), int.from_bytes(frame[6:8], "big")
        run = runs.setdefault(vcid, bytearray())
        if count != counts.get(vcid, -1) + 1:
            run.clear()
        counts[vcid] = count
        zone = frame[8:-6]
        if not run:
            zone = b"" if pointer == 0x7FF else zone[pointer:]
        run += zone
        while len(run) >= 7 and len(run) >= (size := int.from_bytes(run[4:6], "big") + 7):
            found.append(bytes(run[:size]))
            del run[:size]
    return [each for each in found if int.from_bytes(each[:2], "big") & 0x7FF != 2047]


@pytest.mark.parametrize("coded", [False, True])
def test_the_same_seed_gives_the_same_octets(tmp_path, coded):
    first, _ = _record(tmp_path, coded=coded)
    again, _ = _record(tmp_path, coded=coded)
    other, _ = _record(tmp_path, coded=coded, seed=2)
    assert first == again
    assert first != other


def test_the_orbit_is_that_of_750_km_and_turns_with_the_sun():
    """a = 7128 km; SGP4's short-period terms and e = 0.001 move the radius by some 15 km."""
    t_ns = START_NS + np.arange(0, 6000, 10) * 10**9
    here = orbit.propagate(t_ns)
    radius = np.linalg.norm(here.position_m, axis=1)
    assert np.abs(radius - 7_128_000).max() < 20_000
    normal = np.cross(here.position_m, here.velocity_mps)[0]
    later = orbit.propagate(t_ns[:1] + 73 * 86400 * 10**9)  # a fifth of a year
    other = np.cross(later.position_m, later.velocity_mps)[0]
    node, next_node = (np.arctan2(each[0], -each[1]) for each in (normal, other))
    assert np.degrees((next_node - node) % (2 * np.pi)) == pytest.approx(72, abs=1)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2027-03-20T20:25:00Z", (1, 0, 0)),  # equinox
        ("2027-12-22T02:42:00Z", (0, -np.cos(np.radians(23.436)), -np.sin(np.radians(23.436)))),
    ],
)
def test_the_sun_stands_where_the_almanac_says(instant, expected):
    """Instants of the equinox and the solstice as almanacs print them."""
    unix_ns = times.tai_to_utc_ns(times.parse(instant))
    sun, distance = orbit.sun_direction(np.array([unix_ns / 86400e9 + orbit.UNIX_DAY]))
    assert np.degrees(np.arccos(sun[0] @ np.array(expected))) < 0.02
    assert 0.983 < distance[0] / 1.495978707e11 < 1.017


def test_umbra_lies_within_the_shadow_cylinder_and_nowhere_else():
    """A cylinder of the Earth's radius, worked by hand; cone and cylinder differ by some 15 km."""
    here = orbit.propagate(START_NS + np.arange(0, 12000, 5) * 10**9)
    along = np.sum(here.position_m * here.sun, axis=1)
    beside = np.linalg.norm(here.position_m - along[:, None] * here.sun, axis=1)
    behind = along < 0
    assert (behind & (beside < 6_378_137))[here.light == 0].all()
    assert (here.light[behind & (beside < 6_348_000)] == 0).all()
    assert (here.light[~behind | (beside > 6_408_000)] == 1).all()


def test_umbra_lasts_as_long_as_a_circular_orbit_says():
    """cos(half angle) = sqrt(1 - (R / r)^2) / cos(beta), of a cylinder."""
    here = orbit.propagate(START_NS + np.arange(0, 5990, 1) * 10**9)
    normal = np.cross(here.position_m[0], here.velocity_mps[0])
    beta = np.arcsin(here.sun[0] @ normal / np.linalg.norm(normal))
    half = np.arccos(np.sqrt(1 - (6378.137 / 7128.14) ** 2) / np.cos(beta))
    assert (here.light < 0.5).mean() == pytest.approx(half / np.pi, rel=0.03)
    assert 15 * 60 < (here.light == 0).sum() < 21 * 60


def test_the_station_sees_the_satellite_where_skyfield_does():
    t_ns = START_NS + np.arange(0, 700, 20) * 10**9
    here = orbit.propagate(t_ns)
    scale = load.timescale(builtin=True)
    seconds = times.tai_to_utc_ns(t_ns) / 1e9 - times.tai_to_utc_ns(times.parse("2027-12-21")) / 1e9
    when = scale.utc(2027, 12, 21, 0, 0, seconds)
    craft = EarthSatellite.from_satrec(orbit._satellite(), scale)
    altitude, _, distance = (craft - wgs84.latlon(39.5, 76.0)).at(when).altaz()
    assert np.abs(altitude.degrees - here.elevation_deg).max() < 0.05
    assert np.abs(distance.m - here.range_m).max() < 3000
    assert here.elevation_deg[0] > 5


def test_power_in_is_power_out_in_every_second(flight):
    loads = spacecraft.PLATFORM_W + sum(
        flight[name] for name in ("compute_w", "comm_w", "thermal_w")
    )
    assert np.abs(flight["array_w"] - loads - flight["battery_w"]).max() < 1e-6
    dark = flight.orbit.light == 0
    assert (flight["array_w"][dark] == 0).all()
    assert (np.diff(flight["charge"])[dark[1:]] < 0).all()
    lit = flight.orbit.light == 1
    assert (np.diff(flight["charge"])[lit[1:]] >= 0).all()
    assert flight["charge"].min() > 0.8


def test_heat_goes_where_power_comes_from(flight):
    """Over the last quarter of an hour in sunlight the loop is near to its balance."""
    quiet = slice(5000, 6000)
    assert flight["rejected_w"][quiet].mean() == pytest.approx(
        flight["compute_w"][quiet].mean(), rel=0.06
    )
    assert (flight["return_degc"] > flight["supply_degc"]).all()
    dark = np.flatnonzero(flight.orbit.light == 0)
    assert flight["panels"][dark[-1]].mean() < flight["panels"][dark[0]].mean() - 5


def test_the_hot_card_stands_out_and_the_bad_card_fails(flight):
    mean = flight["card_degc"].mean(axis=0)
    assert mean.argmax() == HOT_CARD
    assert (flight["card_state"] == FAULT).any(axis=0).nonzero()[0].tolist() == [BAD_CARD]


@lru_cache
def _oracle() -> XtcePacketDefinition:
    return XtcePacketDefinition.from_xtce(flattened(DATABASE.read_bytes()))


def _expected(truth, row: int, kind: str) -> dict[str, object]:
    """The truth about one packet by the names of the flattened database."""
    found = {}
    for path, column in getattr(truth, kind).items():
        parameter, _, members = path.rpartition("/")[2].partition(".")
        value = column[row]
        if column.ndim == 1:
            found[path.rpartition("/")[2]] = value
        for i, element in enumerate(value if column.ndim == 2 else ()):
            found[".".join(filter(None, (parameter, str(i), members)))] = element
    return found


def test_another_reader_finds_the_truth_in_every_packet(tmp_path):
    """space_packet_parser 6.2 by our XTCE, arrays and aggregates taken apart in the XML."""
    octets, truth = _record(tmp_path, faults=NO_FAULTS, start_ns=SHADOW_NS)
    rows = dict.fromkeys(truth.packets, 0)
    containers = {path.rpartition("/")[2]: path for path in truth.packets}
    compared = 0
    for packet in _packets(octets):
        parsed = _oracle().parse_bytes(packet)
        names = set(parsed)
        (path,) = (p for c, p in containers.items() if _marks(c) in names)
        expected, row = truth.packets[path], rows[path]
        assert parsed["SEQUENCE_COUNT"] == expected.sequence[row]
        assert parsed["DATA_LENGTH"] == len(packet) - 7
        for name, value in _expected(expected, row, "raw").items():
            if not isinstance(value, str):  # the raw value of a string is its buffer there
                assert parsed[name].raw_value == value, name
            compared += 1
        for name, value in _expected(expected, row, "engineering").items():
            if name == "BOOT_TIME":  # seconds there, raw here
                continue
            if isinstance(parsed[name], BoolParameter):  # without labels there
                assert bool(parsed[name]) == (value in TRUE)
            elif isinstance(value, str):
                assert parsed[name] == value
            else:
                assert parsed[name] == pytest.approx(value)
        rows[path] += 1
    assert rows == {path: len(each.t_ns) for path, each in truth.packets.items()}
    assert len(truth.packets["/CG1/OBSW/EVENT"].t_ns) >= 2
    assert compared > 15_000


def _marks(container: str) -> str:
    """A parameter that only this container holds."""
    return {
        "AOCS_HK": "AOCS_MODE",
        "EPS_HK": "EPS_MODE",
        "TCS_HK": "LOOP_FLOW",
        "NODES_HK": "DC_MODE",
        "CARDS_HK": "CARDS.0.state",
        "COMM_HK": "LASER_STATE",
        "OBSW_HK": "BOOT_COUNT",
        "EVENT": "EVENT_ID",
    }[container]


@clause("301.0-B-4 §3.2")
def test_packet_time_counts_from_1958_in_seconds_and_parts_of_65536(tmp_path):
    """2027-12-21T00:05:00 UTC is 25556 days, 300 s and 37 leap seconds after 1958-01-01."""
    octets, truth = _record(tmp_path, faults=NO_FAULTS)
    packets = _packets(octets)
    aocs = [each for each in packets if each[:2] == (0x0800 | 100).to_bytes(2, "big")]
    eps = [each for each in packets if each[:2] == (0x0800 | 110).to_bytes(2, "big")]
    assert aocs[0][13:19] == (25556 * 86400 + 300 + 37).to_bytes(4, "big") + b"\0\0"
    assert eps[0][17:19] == (65536 * 16 // 512).to_bytes(2, "big")
    assert truth.packets["/CG1/EPS/EPS_HK"].t_ns[0] == START_NS + 31_250_000


def test_what_the_truth_calls_delivered_is_what_a_receiver_finds(tmp_path):
    faults = Faults(lost=4, corrected=0, ruined=2)
    octets, truth = _record(tmp_path, seconds=300, faults=faults)
    assert (~truth.frame_readable).sum() == 6
    assert len(octets) == (len(truth.frame_readable) - 4) * FRAME
    found: dict[tuple[int, int], int] = {}
    for packet in _packets(octets):
        key = int.from_bytes(packet[:2], "big") & 0x7FF, int.from_bytes(packet[2:4], "big") & 0x3FFF
        found[key] = found.get(key, 0) + 1
    apids = {"AOCS": 100, "EPS": 110, "TCS": 120, "NODES": 130, "CARDS": 131, "COMM": 140}
    expected = {
        (apids.get(path.rpartition("/")[2].partition("_")[0], 150), int(sequence)): 1
        for path, each in truth.packets.items()
        for sequence in each.sequence[each.delivered]
    }
    assert found == expected
    assert any((~each.delivered).any() for each in truth.packets.values())


@clause("131.0-B-5 §9")
def test_a_coded_recording_holds_the_plain_frames_behind_markers(tmp_path):
    """The code is systematic: the frame, randomised, stands before its parity."""
    plain, _ = _record(tmp_path, faults=NO_FAULTS)
    coded, truth = _record(tmp_path, faults=NO_FAULTS, coded=True)
    cadus = np.frombuffer(coded, np.uint8).reshape(-1, 4 + 1275)
    frames = np.frombuffer(plain, np.uint8).reshape(-1, FRAME)
    assert truth.octets == len(coded)
    assert (cadus[:, :4] == np.frombuffer(bytes.fromhex("1acffc1d"), np.uint8)).all()
    randomiser = np.frombuffer(bytes.fromhex("ff480ec09a0d70bc8e2c93ada7b746ce"), np.uint8)
    assert (cadus[:, 4:20] ^ randomiser == frames[:, :16]).all()


def test_coded_faults_are_as_many_as_asked_for(tmp_path):
    clean, _ = _record(tmp_path, faults=NO_FAULTS, coded=True, seconds=120)
    struck, truth = _record(
        tmp_path, faults=Faults(lost=0, corrected=7, ruined=1), coded=True, seconds=120
    )
    wrong = np.frombuffer(clean, np.uint8) != np.frombuffer(struck, np.uint8)
    errors = wrong.reshape(-1, 1279).sum(axis=1)
    assert sorted(errors[errors > 0]) == [3] * 7 + [425]
    assert errors[~truth.frame_readable].tolist() == [425]


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        record(tmp_path / "pass", seconds=10)
    assert not list(tmp_path.iterdir())


def test_progress_rises_to_one(tmp_path):
    told: list[float] = []
    record(tmp_path / "pass", seconds=200, progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1


def test_the_truth_can_be_kept_in_a_file(tmp_path):
    _, truth = _record(tmp_path)
    truth.save(tmp_path / "truth.npz")
    kept = np.load(tmp_path / "truth.npz")
    eps = truth.packets["/CG1/EPS/EPS_HK"]
    assert (kept["/CG1/EPS/EPS_HK:t_ns"] == eps.t_ns).all()
    name = "/CG1/EPS/ECLIPSE"
    assert (kept[f"/CG1/EPS/EPS_HK:engineering:{name}"] == eps.engineering[name]).all()


def test_the_link_of_the_recording_is_that_of_the_station():
    mission = settings.find("chenguang1")
    recording, station = (mission.link(name) for name in ("recording", "kashi"))
    kept = {"name", "kind", "address", "enabled"}
    assert recording.model_dump(exclude=kept) == station.model_dump(exclude=kept)
