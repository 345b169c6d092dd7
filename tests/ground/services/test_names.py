"""What a person types means these columns and these elements of them, and nothing else."""

from __future__ import annotations

import pytest

from ground.errors import InputError
from ground.services import names

PATHS = [
    "/CG1/EPS/BUS_V",
    "/CG1/EPS/BATTERY_V",
    "/CG1/TCS/BUS_V",
    "/CG1/DC/CARDS.temperature",
    "/CG1/DC/CARDS.power",
    "/CG1/DC/cards",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/CG1/EPS/BUS_V", [0]),
        ("EPS/BUS_V", [0]),
        ("BATTERY_V", [1]),
        ("CG1/EPS/BUS_V", [0]),
        ("*_V", [0, 1, 2]),
        ("/CG1/EPS/*", [0, 1]),
        ("/CG1/*", [0, 1, 2, 3, 4, 5]),
        ("EPS/*", [0, 1]),
        ("*", [0, 1, 2, 3, 4, 5]),
        ("BUS_?", [0, 2]),
        ("CARDS.*", [3, 4]),
        ("CARDS[3].power", [4]),
        ("CARDS[*].power", [4]),
        ("/CG1/DC/CARDS[0-7].temperature", [3]),
        ("cards", [5]),  # names have a case
        ("CARDS.power[3]", [4]),
    ],
)
def test_a_glob_means_whole_paths_or_with_no_slash_before_it_their_last_parts(text, expected):
    assert list(names.choose([text], PATHS)) == [PATHS[index] for index in expected]


@pytest.mark.parametrize("text", ["BUS", "US_V", "/EPS/BUS_V", "/CG1/EPS", "CG1", "CARDS", "", "/"])
def test_parts_of_a_name_mean_nothing(text):
    with pytest.raises(InputError, match="no such parameter in the archive; expected one like "):
        names.choose([text], PATHS)


@pytest.mark.parametrize("text", ["BUS_V.", "(CG1)", "[", "BUS_V|*", "BUS_V\n", "^BUS_V$"])
def test_what_is_special_elsewhere_is_a_letter_here(text):
    with pytest.raises(InputError, match="no such parameter"):
        names.choose([text], PATHS)


def test_a_plain_name_that_fits_several_is_refused_with_all_of_them():
    with pytest.raises(InputError) as told:
        names.choose(["BUS_V"], PATHS)
    expected = "BUS_V: 2 parameters have this name; expected one of /CG1/EPS/BUS_V, /CG1/TCS/BUS_V"
    assert str(told.value) == expected


def test_a_name_that_is_nearly_right_is_told_the_right_one():
    with pytest.raises(InputError, match="expected one like /CG1/EPS/BATTERY_V"):
        names.choose(["BATERY_V"], PATHS)
    with pytest.raises(InputError, match="it is empty"):
        names.choose(["BATTERY_V"], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CARDS.power", [0, 1, 2, 3]),
        ("CARDS[*].power", [0, 1, 2, 3]),
        ("CARDS[].power", [0, 1, 2, 3]),
        ("CARDS[0].power", [0]),
        ("CARDS[1-2].power", [1, 2]),
        ("CARDS[3-9].power", [3]),
        ("*[9]", []),
    ],
)
def test_elements_are_those_in_brackets(text, expected):
    (patterns,) = names.choose([text], ["/DC/CARDS.power"]).values()
    assert names.elements(patterns, "/DC/CARDS.power", 4) == expected


def test_elements_of_several_globs_come_once_and_in_order():
    (patterns,) = names.choose(["CARDS[2-3].power", "CARDS[0].*", "*[3]"], PATHS[4:5]).values()
    assert names.elements(patterns, PATHS[4], 4) == [0, 2, 3]


@pytest.mark.parametrize("inside", ["x", "-1", "1-", "3-2", "1,2", "1.5", "1" * 30, " 1"])
def test_elements_that_are_no_numbers_are_refused(inside):
    with pytest.raises(InputError, match=r"expected \[3\], \[2-5\] or \[\*\]"):
        names.pattern(f"CARDS[{inside}].power")


@pytest.mark.parametrize(
    ("size", "expected"), [(4, r"has 4 elements; .* up to \[3\]"), (0, "has no elements; .* none")]
)
def test_an_element_that_a_plain_name_does_not_have_is_refused(size, expected):
    with pytest.raises(InputError, match=expected):
        names.pattern("CARDS[4].power").elements("/DC/CARDS.power", size)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/DC/cards.temperature", "/DC/cards[3].temperature"),
        ("/DC/CELL", "/DC/CELL[3]"),
        ("/DC.x/cards.a.b", "/DC.x/cards[3].a.b"),
    ],
)
def test_the_name_of_an_element_has_its_number_behind_the_array(path, expected):
    assert names.element(path, 3) == expected
    (patterns,) = names.choose([expected], [path]).values()
    assert names.elements(patterns, path, 5) == [3]
