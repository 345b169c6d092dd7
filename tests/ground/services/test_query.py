"""Questions to the archive, answered with values worked out by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from ground.columns import Column
from ground.errors import InputError
from ground.services import query
from ground.services.library import Library
from ground.services.query import Samples, Span
from tests.ground.services import hand
from tests.ground.services.conftest import Hand


def ask(station: Hand, *texts: str, **bounds: object) -> list[Samples]:
    with station.reading() as store:
        return list(query.samples(store, Library(store), texts, Span("live", **bounds)))


def rows(station: Hand, *texts: str, **bounds: object) -> list[dict[str, object]]:
    return [row for each in ask(station, *texts, **bounds) for row in each.rows()]


def test_a_sample_has_raw_and_calibrated_value_units_severity_and_time(station: Hand) -> None:
    station.take(hand.hk(0, 10, volts=36), hand.hk(1, 11.5, volts=36))
    first, second = rows(station, "VOLTAGE")
    assert second == {
        "spacecraft": "A",
        "parameter": "/H/VOLTAGE",
        "t_ns": hand.t_ns(11.5),
        "time": "1970-01-01T00:00:01.500000000Z",
        "raw": 142,
        "value": 36.0,
        "units": "V",
        "severity": "serious",
    }
    assert first["time"] == "1970-01-01T00:00:00.000000000Z"


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("MODE", 1, "ON"),
        ("NAME", "abcd", "abcd"),
        ("DATA", b"\xde\xad\x07", b"\xde\xad\x07"),
        ("BIG", 1 << 90, 1 << 90),
        ("WIDE", 1 << 63, 1 << 63),
        ("LOAD", 0.1, 0.1),
        ("CELL[1]", -1, -1),
        ("COUNT", 0, 0),
    ],
)
def test_values_of_every_kind_are_plain_and_exact(station: Hand, name, raw, value) -> None:
    station.take(hand.hk(0, 10))
    (row,) = rows(station, name)
    assert (row["raw"], row["value"]) == (raw, value)
    assert (type(row["raw"]), type(row["value"])) == (type(raw), type(value))


def test_a_value_without_a_label_and_one_that_is_missing_are_none(station: Hand) -> None:
    short = hand.hk(1, 11)[:-8]
    station.take(hand.hk(0, 10, mode=9), short[:5] + bytes([short[5] - 8]) + short[6:])
    assert [(row["raw"], row["value"]) for row in rows(station, "MODE")] == [(9, None), (1, "ON")]
    assert [row["value"] for row in rows(station, "LOAD")] == [0.1, None]


def test_spans_of_time_spacecraft_and_limit_choose_rows(station: Hand) -> None:
    station.take(*(hand.hk(at, at, wide=at) for at in range(10)))
    station.take(*(hand.hk(at, at, wide=100 + at) for at in range(5)), spacecraft="B")
    assert [row["raw"] for row in rows(station, "WIDE")] == [*range(10), *range(100, 105)]
    span = {"start_ns": hand.t_ns(3), "end_ns": hand.t_ns(5)}  # the end is not included
    assert [row["raw"] for row in rows(station, "WIDE", **span)] == [3, 4, 103, 104]
    only = {"spacecraft": ("B",), "limit": 2}
    assert [row["raw"] for row in rows(station, "WIDE", **only)] == [100, 101]
    assert rows(station, "WIDE", spacecraft=("C",)) == []


def test_globs_mean_parameters_of_several_packet_types(station: Hand) -> None:
    station.take(hand.hk(0, 1), hand.event(0, 2, 3, 4))
    assert [each.path for each in ask(station, "/H/S*ONDS")] == [
        "/H/SECONDS",
        "/H/SUBSECONDS",
        "/H/SECONDS",
        "/H/SUBSECONDS",
    ]
    assert [each.path for each in ask(station, "CELL", "CELL[0]", "NAME")] == [
        "/H/CELL[0]",
        "/H/CELL[1]",
        "/H/CELL[2]",
        "/H/NAME",
    ]


def test_an_array_of_varying_size_is_one_value(station: Hand) -> None:
    station.take(hand.event(0, 2, 3, 4, 5), hand.event(1, 3, 3))
    assert [row["raw"].tolist() for row in rows(station, "VALUES")] == [[4, 5], []]


def test_what_is_not_there_is_refused(station: Hand) -> None:
    station.take(hand.hk(0, 1))
    for text, expected in {
        "VOLTS": "VOLTS: no such parameter in the archive; expected one like /H/VOLTAGE",
        "CELL[3]": "CELL[3]: /H/CELL has 3 elements; expected an element up to [2]",
        "VOLTAGE[0]": "VOLTAGE[0]: /H/VOLTAGE has no elements; expected none, as it is no array",
    }.items():
        with pytest.raises(InputError) as told:
            ask(station, text)
        assert str(told.value) == expected


def test_each_row_is_calibrated_by_the_database_that_decoded_it(station: Hand) -> None:
    """A later edition of the database has another slope; old samples keep the old one."""
    station.take(hand.hk(0, 1, volts=20.5))
    database = station.mission.spacecraft[0].database
    text = database.read_text()
    assert text.count('coefficient="0.25"') == 1
    database.write_text(text.replace('coefficient="0.25"', 'coefficient="0.125"'))
    station.take(hand.hk(1, 2, volts=20.5))
    found = [(row["raw"], row["value"]) for row in rows(station, "VOLTAGE")]
    assert found == [(80, 20.5), (80, 10.5)]


# ---- down-sampling --------------------------------------------------------------------------


def test_bins_have_the_least_the_mean_and_the_greatest_of_each_spacecraft(station: Hand) -> None:
    """Ten samples at 0 to 9 s in two bins: (9 s + 1 ns) / 2, rounded up to whole nanoseconds."""
    volts = [0.5, 1.5, 2.5, 3.5, 100.5, 0.5, 0.5, 0.5, 0.5, 50.5]
    station.take(*(hand.hk(at, at, volts=each) for at, each in enumerate(volts)))
    station.take(hand.hk(0, 4, volts=7.5), spacecraft="B")
    (samples,) = ask(station, "VOLTAGE")
    made = list(query.binned(samples, 2))
    assert [row["spacecraft"] for row in made] == ["A", "A", "B"]
    columns = ("minimum", "mean", "maximum", "samples")
    assert [[row[name] for name in columns] for row in made] == [
        [0.5, 21.7, 100.5, 5],
        [0.5, 10.5, 50.5, 5],
        [7.5, 7.5, 7.5, 1],
    ]
    assert [row["t_ns"] for row in made[:2]] == [hand.t_ns(0), hand.t_ns(0) + 4_500_000_001]


def test_only_numbers_with_a_time_are_binned_and_labels_count_by_their_code(station: Hand) -> None:
    station.take(
        hand.hk(0, 0, mode=1, load=math.nan),
        hand.hk(1, 1, mode=0, load=math.inf),
        hand.hk(2, 2, mode=9, load=2.0),
    )
    (load,), (mode,), (name,) = (ask(station, text) for text in ("LOAD", "MODE", "NAME"))
    assert [(row["mean"], row["samples"]) for row in query.binned(load, 1)] == [(2.0, 1)]
    assert [(row["mean"], row["samples"]) for row in query.binned(mode, 1)] == [(0.5, 2)]
    assert list(query.binned(name, 4)) == []


def test_samples_without_a_time_are_shown_and_not_binned() -> None:
    values = Column(np.array([1.0, 2.0]))
    samples = Samples(
        "/X", "V", np.array(["A", "A"], object), np.array([0, 0]), np.array([False, False]),
        values, values, np.zeros(2, np.uint8),
    )  # fmt: skip
    assert [(row["t_ns"], row["time"]) for row in samples.rows()] == [(None, None)] * 2
    assert list(query.binned(samples, 3)) == []


def test_what_a_live_station_notes_of_itself_is_no_parameter() -> None:
    class Store:
        def tables(self, realm: str) -> list[SimpleNamespace]:
            noted = ("packets", "frames", "alarms", "events", "clocks", "status", "/H/HK")
            return [SimpleNamespace(name=name, columns=["t_ns", "V"]) for name in noted]

    assert query.parameters(Store(), "live") == {"/H/HK": ["V"]}
