"""The radio of a link: its keys, each mistake with its line, and the rates of contacts from it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ground import settings
from ground.errors import InputError
from ground.services import geometry
from ground.services.planner import Planner
from protocols import times

NOON = times.parse("2026-11-22T12:00:00")
HOUR = 3600 * 10**9
TEXT = """\
[mission]
name = "radio"

[[spacecraft]]
name = "A"
scid = 1
orbit = { altitude_km = 750, ltan = "18:00", epoch = "2026-11-22T00:00:00" }
tc = { length = 256, g_t_db_k = -29.0 }

[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0

[[uplink]]
name = "up"
site = "kashi"
kind = "memory"
radio = { eirp_dbw = 40.0, frequency_mhz = 2060.0, rates = [[4000, 9.6], [1000, 9.6]] }

[[relay]]
name = "R"
kind = "bent-pipe"
longitude_deg = 77.0
g_t_db_k = -5.0
to = ["A"]
"""


def load(folder: Path, text: str) -> settings.Mission:
    (folder / "mission.toml").write_text(text)
    return settings.load(folder / "mission.toml")


def contacts(mission: settings.Mission, hours: int = 12):
    return geometry.foresee(
        mission, geometry.sky(mission), NOON, NOON + hours * HOUR, mission.uplinks
    )


def test_a_radio_is_read(tmp_path):
    mission = load(tmp_path, TEXT)
    radio = mission.uplinks[0].radio
    assert radio is not None
    assert (radio.eirp_dbw, radio.frequency_mhz, radio.losses_db) == (40.0, 2060.0, 0.0)
    assert radio.rates == ((4000.0, 9.6), (1000.0, 9.6))
    assert mission.uplinks[0].fastest_bps == 4000.0
    assert (mission.relays[0].radio, mission.relays[0].fastest_bps) == (None, 16_000.0)


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        load(folder, text)
    return str(caught.value)


def test_a_rate_beside_a_radio_names_its_line(tmp_path):
    text = TEXT.replace('kind = "memory"\n', 'kind = "memory"\nrate_bps = 4000.0\n')
    said = wrong(tmp_path, text)
    line = text[: text.index("rate_bps")].count("\n") + 1
    assert f"mission.toml:{line}: rate_bps = 4000 beside radio; expected one of them" in said
    text = TEXT + "rate_bps = 10.0\n\n[relay.radio]\neirp_dbw = 1.0\nfrequency_mhz = 2000.0\n"
    said = wrong(tmp_path, text + "rates = [[1, 2]]\n")
    line = text[: text.index("rate_bps = 10")].count("\n") + 1
    assert f"mission.toml:{line}: rate_bps = 10 beside radio" in said


def test_a_receiver_without_a_figure_of_merit_is_named(tmp_path):
    said = wrong(tmp_path, TEXT.replace(", g_t_db_k = -29.0", "").replace("g_t_db_k = -5.0\n", ""))
    line = TEXT[: TEXT.index("radio =")].count("\n") + 1
    assert f"mission.toml:{line}: radio, and no g_t_db_k of A, R; expected" in said


@pytest.mark.parametrize(
    "radio",
    [
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0 }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, rates = [] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 0.0, rates = [[1, 2]] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, rates = [[0, 2]] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, rates = [[1, 2, 3]] }",
        "{ eirp_dbw = nan, frequency_mhz = 2060.0, rates = [[1, 2]] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, rates = [[inf, 2]] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, losses_db = -1, rates = [[1, 2]] }",
        "{ eirp_dbw = 40.0, frequency_mhz = 2060.0, gain_db = 1, rates = [[1, 2]] }",
        "40.0",
    ],
)
def test_what_is_no_radio_is_refused_with_its_line(tmp_path, radio):
    head, _, tail = TEXT.partition("radio = ")
    said = wrong(tmp_path, f"{head}radio = {radio}\n{tail.partition(chr(10))[2]}")
    assert f"mission.toml:{head.count(chr(10)) + 1}: " in said


def by_hand(range_km: float, eirp_dbw: float) -> float:
    """The rate of the uplink by 32.45 + 20 log f/MHz + 20 log d/km, 3 dB margin."""
    loss = 32.45 + 20 * math.log10(2060.0) + 20 * math.log10(range_km)
    carrier = eirp_dbw - loss - 29.0 + 228.6
    fits = [rate for rate in (1000.0, 4000.0) if carrier - 10 * math.log10(rate) - 9.6 >= 3.0]
    return max(fits, default=0.0)


def from_kashi(mission: settings.Mission, start_ns: int, end_ns: int) -> list[tuple[float, ...]]:
    """Return rate, largest range in km, highest elevation, start and end of the contacts with A."""
    made, found = geometry.foresee(
        mission, geometry.sky(mission), start_ns, end_ns, mission.uplinks
    )
    rates = {e.start_ns: e.rate_bps for e in made.contacts() if e.source == "kashi"}
    columns = found.range_max_km, found.elevation_deg, found.start_ns, found.end_ns
    rows = (found.source == found.nodes.index("kashi")) & (found.target == found.nodes.index("A"))
    listed = [each[rows].tolist() for each in columns]
    return [(rates.get(row[2], 0.0), *row) for row in zip(*listed, strict=True)]


def test_each_contact_has_the_rate_of_its_farthest(tmp_path):
    """A pass is farthest where it begins; a part of it around its height is nearer, and faster."""
    mission = load(tmp_path, TEXT.replace("eirp_dbw = 40.0", "eirp_dbw = 12.0"))
    whole = from_kashi(mission, NOON, NOON + 24 * HOUR)
    assert len(whole) > 2
    for rate, range_km, *_ in whole:
        assert rate == by_hand(range_km, eirp_dbw=12.0) == 1000.0
    *_, start, end = max(whole, key=lambda each: each[2])
    middle = int(start + end) // 2
    [(rate, range_km, *_)] = from_kashi(mission, middle - 60 * 10**9, middle + 60 * 10**9)
    assert rate == by_hand(range_km, eirp_dbw=12.0) == 4000.0


def test_a_link_that_does_not_close_is_no_contact(tmp_path):
    made, found = contacts(load(tmp_path, TEXT.replace("eirp_dbw = 40.0", "eirp_dbw = -40.0")))
    assert len(found) > 0
    assert not [each for each in made.contacts() if each.source == "kashi"]
    made, _ = contacts(load(tmp_path, TEXT))
    rates = {each.rate_bps for each in made.contacts() if each.source == "kashi"}
    assert rates == {4000.0}


def test_without_a_radio_nothing_changes(tmp_path):
    lines = [each for each in TEXT.splitlines() if not each.startswith("radio")]
    made, _ = contacts(load(tmp_path, "\n".join(lines)))
    assert {e.rate_bps for e in made.contacts() if e.source == "kashi"} == {4000.0}
    assert {e.rate_bps for e in made.contacts() if e.source == "R"} == {16_000.0}


def test_the_relay_of_chenguang1_closes_at_its_farthest_with_the_margin_it_says():
    mission = settings.find("chenguang1")
    planner = Planner(mission)
    planner.refresh(NOON)
    rows = planner.contacts(["TL-1"], NOON, NOON + 24 * HOUR)
    down = [each for each in rows if (each.source, each.target) == ("TL-1", "CG-1")]
    assert down and {each.rate_bps for each in down} == {2000.0}
    farthest_m = max(each.owlt_ns for each in down) * 1e-9 * 299_792_458
    assert 44.6e6 < farthest_m < 44.7e6
    loss = 32.45 + 20 * math.log10(2106.0) + 20 * np.log10(farthest_m / 1000)
    left = 43.0 - loss - 3.0 - 29.0 + 228.6 - 10 * math.log10(2000) - 9.6
    assert 5.0 < left < 5.4
