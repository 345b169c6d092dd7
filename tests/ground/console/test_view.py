"""The pure parts: texts in cells, colours, lists, plots, commands."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import Color, ColorSystem

from ground.console import commands, keys
from ground.console.palette import ASCII, ASTRO, BANDS, GLYPHS, Palette, kind
from ground.console.view import parameters, plotting, text
from ground.console.view.alarms import matches
from ground.console.view.parts import Column, Run, across, layout
from ground.errors import InputError
from ground.messages import TrendRead
from protocols import times
from tests.ground.console.fake import NOW, SECOND

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=200, deadline=None)
@given(_TEXTS)
def test_no_control_character_survives_cleaning(raw):
    """C0, C1, DEL, line and paragraph separators, direction overrides: all become escapes."""
    assert text.clean(raw).isprintable()
    assert text.clean("\x1b[2J\x9b\u202e\u2028\x7f") == "\\x1b[2J\\x9b\\u202e\\u2028\\x7f"


@settings(max_examples=200, deadline=None)
@given(_TEXTS.map(text.clean), st.integers(1, 20), st.booleans(), st.booleans())
def test_fitted_text_takes_exactly_its_cells(raw, cells, right, tail):
    """Of any script; a CJK character takes two cells and is never cut in half."""
    assert cell_len(text.fit(raw, cells, right=right, tail=tail)) == cells


@pytest.mark.parametrize(
    ("raw", "cells", "fitted"),
    [
        *[("冷却", 5, "冷却 "), ("冷却回路", 5, "冷却…"), ("冷却回路", 4, "冷 …")],
        *[("abcdef", 4, "abc…"), ("abc", 3, "abc"), ("", 2, "  ")],
    ],
)
def test_wide_characters_fit_as_worked_out_by_hand(raw, cells, fitted):
    """Where half a character would be left, a blank stands."""
    assert text.fit(raw, cells) == fitted


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        *[(0.4, "<1s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (3600, "1h00m")],
        *[(86_399, "23h59m"), (86_400, "1d00h"), (400 * 86_400, "400d00h"), (-5, "<1s")],
    ],
)
def test_ages_read_in_few_characters(seconds, read):
    """The edges of each unit."""
    assert text.age(int(seconds * SECOND)) == read


def test_bands_stay_apart_in_256_colours_and_keep_white_text_readable():
    """The four bands map to four indices; contrast to white is at least 4.5 (WCAG 2.1 1.4.3)."""
    indices = {
        Color.parse(band.full).downgrade(ColorSystem.EIGHT_BIT).number for band in BANDS.values()
    }
    assert len(indices) == len(BANDS)
    assert len({band.sixteen for band in BANDS.values()}) == len(BANDS)
    for band in BANDS.values():
        assert 1.05 / (_luminance(band.full) + 0.05) >= 4.5


@pytest.mark.parametrize("name", ["critical", "serious", "caution", "normal", "text", "dim"])
@pytest.mark.parametrize("realm", ["live", "sim/x", "replay/x", "egse"])
def test_statuses_are_readable_on_every_page(name, realm):
    """Contrast to the page at least 4.5 (critical: 5, as it has to be seen)."""
    palette = Palette(realm, "full", ASTRO)
    ink = _luminance(palette.style(name).color.name)
    page = _luminance(palette.band.page)
    assert (ink + 0.05) / (page + 0.05) >= (5.0 if name == "critical" else 4.5)


@pytest.mark.parametrize("glyphs", [ASTRO, ASCII])
def test_every_severity_has_a_sign_of_its_own(glyphs):
    """So that no colour is needed to tell them apart."""
    told = [glyphs.status[name] for name in ("critical", "serious", "caution", "normal", "stale")]
    assert len(set(told)) == 5
    assert glyphs.name != "ascii" or "".join(glyphs.status.values()).isascii()


def test_realms_have_kinds_and_unknown_ones_are_tests():
    """Only live is live."""
    assert [kind(realm) for realm in ("live", "sim/a", "replay/b", "livelike")] == [
        *("live", "sim", "replay", "test")
    ]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 250))
def test_columns_never_take_more_than_the_grid_has_beyond_the_ones_that_must_be(cells):
    """What grows fills the rest exactly; columns that need a wider grid are left away."""
    columns = (
        *(Column("a", 2), Column("b", 10, grow=1), Column("c", 8, from_width=80)),
        Column("d", 12, grow=2, from_width=120),
    )
    placed = layout(columns, cells)
    used = sum(wide + 1 for _, wide in placed)
    assert used <= max(cells, 14)
    assert cells < 14 or cells - used <= 3
    assert [index for index, _ in placed][:2] == [0, 1]


def test_the_right_end_of_a_line_is_kept_only_where_there_is_room():
    """The clock stays, facts before it are cut; without `keep` it goes first."""
    left, right = [Run("a" * 30)], [Run("12:00")]
    assert "".join(run.text for run in across(left, right, 20, "text")) == "a" * 19 + "…"
    kept = "".join(run.text for run in across(left, right, 20, "text", keep=True))
    assert kept == "a" * 14 + "…" + "12:00"


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        *[("", True), ("eps", True), ("EPS bus", True), ("eps soc", False)],
        *[("!soc", True), ("eps !bus", False), ("!", True)],
    ],
)
def test_a_filter_wants_every_word_and_none_behind_a_bang(words, fits):
    """In any case of letters."""
    assert matches("/CG1/EPS/BUS_V", words) is fits


def test_a_plot_puts_least_and_greatest_where_they_belong():
    """Two columns of dots worked out by hand: 0..10 over 3 lines of 4 dots each."""
    trend = _trend([0, 1, 3], [0.0, 10.0, 5.0], [0.0, 10.0, 5.0])
    picture = plotting.Picture("p", "", trend, NOW, NOW + 8 * SECOND, [])
    lines = plotting.draw(picture, plotting.LABEL + 1 + 4, 5, ASTRO)
    assert len(lines) == 5
    body = ["".join(run.text for run in line)[plotting.LABEL + 1 :] for line in lines[1:-1]]
    assert all(row[2:] == "  " for row in body)  # nothing came in the second half
    assert body[2][0] in "⡀⣀⣇⡇⢸⣸⣿⡄⡆"  # the 0 at the bottom left
    assert body[0][0] not in " ⠀"  # joined up to the 10 in the next column
    assert body[1][1] != " "  # the 5 stands alone in the middle


def test_a_constant_an_empty_and_a_far_limit_draw():
    """No division by nothing, no axis stretched to a limit far away."""
    far = [("critical", 1e9)]
    flat = plotting.Picture(
        "p", "V", _trend([0, 1], [5.0, 5.0], [5.0, 5.0]), NOW, NOW + SECOND, far
    )
    assert any("⠒" in run.text or "⣀" in run.text or run.text.strip() for run in _runs(flat))
    assert not any("╌" in run.text for run in _runs(flat))
    none = plotting.Picture("p", "V", None, NOW, NOW + SECOND, [])
    assert "waiting for the station" in "".join(run.text for run in _runs(none))
    small = plotting.draw(none, 8, 2, ASTRO)
    assert len(small) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=40),
    st.integers(10, 90),
    st.integers(2, 30),
    st.sampled_from(["astro", "ascii"]),
)
def test_any_trend_draws_in_exactly_its_room(values, cells, height, glyphs):
    """Lines and cells, whatever the numbers."""
    trend = _trend(range(len(values)), values, values)
    picture = plotting.Picture("p", "", trend, NOW, NOW + 8 * SECOND, [("caution", 0.0)])
    lines = plotting.draw(picture, cells, height, GLYPHS[glyphs])
    assert len(lines) == height
    assert {sum(cell_len(run.text) for run in line) for line in lines} == {cells}


def test_ranges_read_as_what_is_allowed():
    """Both ends, one end, none."""
    from tests.ground.console.fake import parameters as rows

    told = {row.path.rsplit("/", 1)[-1]: parameters.ranges(row) for row in rows()}
    assert told["BUS_V"] == "24..30"
    assert told["BATT_SOC"] == "> 20"
    assert told["LOOP1_T"] == "< 60"
    assert told["BUS_A"] == ""


@pytest.mark.parametrize(
    ("typed", "act"),
    [
        *[("pause", ("pause", 0.0)), ("play", ("resume", 0.0)), ("rate x10", ("rate", 10.0))],
        *[("rate max", ("rate", 0.0)), ("loop off", ("loop", 0.0)), ("loop", ("loop", 1.0))],
    ],
)
def test_replay_commands_read(typed, act):
    """Each of the acts of ControlReplay."""
    made = commands.replay(typed.split(), NOW)
    assert (made.act, made.value) == act


@pytest.mark.parametrize("typed", ["10:00", "10:00:00", "2026-11-22T10:00:00", "2026-11-22 10:00Z"])
def test_a_time_may_leave_out_its_day_and_its_seconds(typed):
    """The day is that of the replay."""
    made = commands.replay(["seek", *typed.split()], NOW)
    assert made.t_ns == times.parse("2026-11-22T10:00:00", "utc")


@pytest.mark.parametrize(
    "typed", ["", "seek", "seek soon", "rate 0", "rate -1", "rate nan", "jump"]
)
def test_a_replay_command_that_is_none_says_what_was_expected(typed):
    """InputError, with the forms there are."""
    with pytest.raises(InputError, match="expected"):
        commands.replay(typed.split(), NOW)


def test_every_alias_is_a_verb_and_every_key_acts_once_on_a_page():
    """No two actions share a key on the same page and realm."""
    assert set(commands.ALIASES.values()) <= set(commands.VERBS)
    for realm in ("live", "replay"):
        for page in ("fleet", "sat", "params", "alarms", "links", "plot", "log", "services"):
            acting = [key for each in keys.here(page, realm) for key in each.keys]
            assert len(acting) == len(set(acting)), (page, realm)


def _trend(at, least, greatest):
    columns = {
        "start_ns": NOW + np.array(list(at), np.int64) * SECOND,
        "minimum": np.array(least, float),
        "mean": np.array(least, float),
        "maximum": np.array(greatest, float),
        "count": np.ones(len(least), np.int64),
    }
    return TrendRead("CG-1", "/P", -1, columns)


def _runs(picture):
    return [run for line in plotting.draw(picture, 60, 12, ASTRO) for run in line]


def _luminance(colour):
    """Relative luminance. Source: WCAG 2.1, definition of relative luminance."""
    parts = [each / 255 for each in Color.parse(colour).get_truecolor()]
    red, green, blue = (
        each / 12.92 if each <= 0.03928 else math.pow((each + 0.055) / 1.055, 2.4) for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
