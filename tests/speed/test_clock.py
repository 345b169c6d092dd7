"""The clock itself: medians, ratios and the table, on candidates of known cost."""

from __future__ import annotations

import pytest

from tests.speed.clock import Race, races, scaled, table


@pytest.fixture
def race():
    made = Race("sleepless", work=1e6, unit="B")
    made.seconds = {"ours": 0.001, "theirs": 0.01}
    races.append(made)
    yield made
    races.remove(made)


def test_a_ratio_is_of_medians_and_a_rate_is_ours(race):
    assert race.ratio("theirs") == pytest.approx(10)
    assert race.rate == pytest.approx(1e9)


def test_what_is_wanted_and_missed_is_said(race):
    race.at_least(9, over="theirs")
    race.at_least_rate(0.9e9)
    assert race.wanted == {"theirs": "9x", "": "900 M B/s"}
    race.at_least(11, over="theirs")
    race.at_least_rate(1.1e9)
    assert race.wanted == {"theirs": "11x, missed", "": "1.1 G B/s, missed"}


def test_the_table_is_markdown_with_a_row_for_each_reference(race):
    line = next(line for line in table().splitlines() if "sleepless" in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:5] == ["sleepless", "1 G B/s", "theirs", "100 M B/s", "10.0x"]


def test_rates_are_short():
    assert scaled(12_345_678, "parameters") == "12.3 M parameters/s"
    assert scaled(12.5, "frames") == "12.5 frames/s"
