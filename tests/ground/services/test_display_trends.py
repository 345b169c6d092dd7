"""Trends: the archive in bins, and what is newer in memory behind it."""

from __future__ import annotations

import numpy as np
import pytest

from ground.errors import InputError
from ground.messages import ReadTrend
from ground.services import display_trends
from ground.services.display_trends import KEPT_NS, KEPT_OCTETS, NO_SAMPLES, Tail
from ground.services.library import Library
from tests.ground.services import hand
from tests.ground.services.batches import SECOND, batch
from tests.ground.services.conftest import Hand

V = "/A/V"
T0 = hand.EPOCH_NS


def _ask(parameter: str = V, element: int = -1, start: int = 0, end: int = 10, bins: int = 10):
    return ReadTrend("A", parameter, element, start * SECOND, end * SECOND, bins)


def _read(request: ReadTrend, tail: Tail):
    samples = tail.samples(request.spacecraft, request.parameter, request.element)
    return display_trends.read(None, None, "live", request, samples).columns


def test_without_an_archive_memory_alone_answers():
    tail = Tail()
    tail.receive(batch([("A", 1), ("B", 1), ("A", 1), ("A", 4)], {f"raw:{V}": [1, 9, 3, 5]}), 0)
    found = _read(_ask(), tail)
    assert found["start_ns"].tolist() == [SECOND, 4 * SECOND]
    assert found["minimum"].tolist() == [1.0, 5.0]
    assert found["mean"].tolist() == [2.0, 5.0]
    assert found["maximum"].tolist() == [3.0, 5.0]
    assert found["count"].tolist() == [2, 1]


def test_engineering_values_count_and_those_that_are_not_valid_do_not():
    tail = Tail()
    columns = {
        f"raw:{V}": [1, 2, 3],
        f"eng:{V}": np.array([0.5, np.nan, 1.5]),
        f"valid:{V}": np.array([True, True, False]),
    }
    tail.receive(batch([("A", 1), ("A", 2), ("A", 3)], columns), 0)
    assert _read(_ask(), tail)["mean"].tolist() == [0.5]


def test_a_label_counts_by_its_place_and_none_does_not_count():
    tail = Tail()
    columns = {f"raw:{V}": [7, 9], f"eng:{V}": np.array([1, -1], "i4")}
    tail.receive(batch([("A", 1), ("A", 2)], columns, labels={V: ["OFF", "ON"]}), 0)
    assert _read(_ask(), tail)["mean"].tolist() == [1.0]


def test_an_element_of_an_array():
    tail = Tail()
    tail.receive(batch([("A", 1)], {f"raw:{V}": np.array([[4, 5, 6]])}), 0)
    assert _read(_ask(element=2), tail)["mean"].tolist() == [6.0]
    assert _read(_ask(element=3), tail)["mean"].tolist() == []
    assert _read(_ask(element=-1), tail)["mean"].tolist() == []


def test_memory_is_bounded_in_time_and_octets():
    tail = Tail()
    big = np.zeros((1, (KEPT_OCTETS // 8) - 100))
    tail.receive(batch([("A", 1)], {f"raw:{V}": big}), 0)
    tail.receive(batch([("A", 2)], {f"raw:{V}": np.zeros(1000)[:1]}), 1)
    assert tail.octets < KEPT_OCTETS
    tail.receive(batch([("A", 3)], {f"raw:{V}": big}), 2)
    assert tail.octets < KEPT_OCTETS
    tail.receive(batch([("A", 4)], {f"raw:{V}": [1]}), KEPT_NS + 3)
    assert _read(_ask(), tail)["start_ns"].tolist() == [4 * SECOND]


@pytest.mark.parametrize(
    ("start", "end", "bins"), [(0, 10, 0), (0, 10, 10_001), (10, 10, 1), (-(2**61), 2**61, 1)]
)
def test_a_span_or_number_that_is_none_is_refused(start: int, end: int, bins: int):
    request = ReadTrend("A", V, -1, start * SECOND, end * SECOND, bins)
    assert "expected" in display_trends.refused(request)


def test_the_archive_and_memory_join_without_a_sample_twice(station: Hand):
    station.take(*(hand.hk(count, count, volts=count + 0.5) for count in range(8)))
    tail = Tail()
    rows = [("A", T0 // SECOND + t) for t in (6, 7, 8, 9)]
    with station.reading() as store:
        parameter = "/H/VOLTAGE"
        request = ReadTrend("A", parameter, -1, T0, T0 + 10 * SECOND, 10)
        columns = {f"raw:{parameter}": [0] * 4, f"eng:{parameter}": [100.0] * 4}
        tail.receive(batch(rows, columns), 0)
        samples = tail.samples("A", parameter, -1)
        found = display_trends.read(store, Library(store), station.realm, request, samples).columns
    assert found["mean"].tolist() == [count + 0.5 for count in range(8)] + [100.0, 100.0]
    assert found["count"].tolist() == [1] * 10


def test_pieces_of_a_long_span_give_what_the_whole_does(station: Hand, monkeypatch):
    station.take(*(hand.hk(count, count, volts=count + 0.5) for count in range(20)))
    with station.reading() as store:
        parameter = "/H/VOLTAGE"
        request = ReadTrend("A", parameter, -1, T0, T0 + 20 * SECOND, 7)
        library = Library(store)
        whole = display_trends.read(store, library, station.realm, request, NO_SAMPLES).columns
        monkeypatch.setattr(display_trends, "ROWS_AT_ONCE", 4)
        pieces = display_trends.read(store, library, station.realm, request, NO_SAMPLES).columns
    assert whole["count"].sum() == 20
    for name in whole:
        assert whole[name].tolist() == pieces[name].tolist()


def test_a_whole_array_is_refused(station: Hand):
    station.take(hand.hk(1, 1))
    with station.reading() as store:
        request = ReadTrend("A", "/H/CELL", -1, T0, T0 + 10 * SECOND, 10)
        with pytest.raises(InputError, match="an element"):
            display_trends.read(store, Library(store), station.realm, request, NO_SAMPLES)
