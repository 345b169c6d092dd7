"""Packets, summaries, rejects and gaps of an archive that is put together packet by packet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ground.services import listing
from ground.services.query import Span
from protocols import packet, tm
from tests.clauses import clause
from tests.ground.services import hand
from tests.ground.services.conftest import Hand

LIVE = Span("live")
ROOM = 200 - 8  # of a frame's data field: 6 octets of header, 2 of FECF


def gaps(station: Hand, span: Span = LIVE) -> list[dict[str, Any]]:
    with station.reading() as store:
        return list(listing.gaps(store, span))


def summary(station: Hand, apid: int | None = None) -> list[dict[str, Any]]:
    with station.reading() as store:
        return list(listing.summary(store, LIVE, apid))


def lost(*sequences: int) -> list[bytes]:
    """Return housekeeping with these sequence counts, a second apart each."""
    return [hand.hk(count, at) for at, count in enumerate(sequences)]


@clause("133.0-B-2 §4.1.3.4.3")
@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        ([0, 1, 2, 3], []),
        ([0, 1, 4], [(1, 4, 2)]),
        ([16382, 16383, 0, 1], []),
        ([16382, 1], [(16382, 1, 2)]),
        ([16383, 2], [(16383, 2, 2)]),
        ([5, 5, 6], []),
        ([5, 4], [(5, 4, 16382)]),
        ([0, 2, 5, 6, 8], [(0, 2, 1), (2, 5, 2), (6, 8, 1)]),
    ],
)
def test_gaps_are_what_the_sequence_count_skips(station: Hand, sequences, expected) -> None:
    station.take(*lost(*sequences))
    found = gaps(station)
    assert [(gap["after"], gap["before"], gap["missing"]) for gap in found] == expected
    assert {(gap["kind"], gap["apid"], gap["vcid"]) for gap in found} <= {("packets", 1, None)}


def test_a_gap_says_between_which_times_it_lies(station: Hand) -> None:
    station.take(hand.hk(0, 20), hand.hk(3, 26.5))
    (gap,) = gaps(station)
    assert gap["from"] == "1970-01-01T00:00:10.000000000Z"
    assert gap["until"] == "1970-01-01T00:00:16.500000000Z"


def test_late_packets_close_a_gap_and_part_of_one_parts_it(station: Hand) -> None:
    whole = lost(*range(10))
    station.take(*whole[:3], *whole[8:])
    assert [(gap["after"], gap["before"]) for gap in gaps(station)] == [(2, 8)]
    station.take(whole[5])
    assert [(gap["after"], gap["before"]) for gap in gaps(station)] == [(2, 5), (5, 8)]
    station.take(*whole[3:5], *whole[6:8])
    assert gaps(station) == []
    assert summary(station)[0]["complete"] == 100


def test_each_spacecraft_and_apid_counts_for_itself(station: Hand) -> None:
    station.take(hand.hk(0, 0), hand.event(7, 1, 1), hand.hk(1, 2), hand.event(9, 3, 1))
    station.take(hand.hk(1, 0), hand.hk(4, 1), spacecraft="B")
    found = [(gap["spacecraft"], gap["apid"], gap["missing"]) for gap in gaps(station)]
    assert found == [("A", 2, 1), ("B", 1, 2)]
    only = gaps(station, Span("live", ("A",)))
    assert [gap["spacecraft"] for gap in only] == ["A"]
    assert gaps(station, Span("live", start_ns=hand.t_ns(2))) == []


def test_the_summary_counts_packets_of_each_apid_and_what_is_missing(station: Hand) -> None:
    station.take(*lost(0, 1, 2, 6), hand.event(7, 1, 1), packet.encode(9, 0, b"x"))
    rows = summary(station)
    assert [(row["apid"], row["packets"], row["missing"], row["complete"]) for row in rows] == [
        (1, 4, 3, 57.143),
        (2, 1, 0, 100.0),
        (9, 1, 0, 100.0),
    ]
    assert [row["packet_type"] for row in rows] == ["/H/HK", "/H/EVENT", None]
    assert rows[0]["first"] == "1969-12-31T23:59:50.000000000Z"
    assert (rows[2]["first"], rows[2]["last"], rows[2]["vcid"]) == (None, None, None)
    assert summary(station, apid=2) == rows[1:2]


def test_packets_are_listed_with_their_octets_in_order_of_time(station: Hand) -> None:
    given = lost(0, 1, 2)
    station.take(given[2], given[0], given[1])
    with station.reading() as store:
        rows = list(listing.packets(store, LIVE))
        some = list(listing.packets(store, Span("live", limit=2)))
        none = list(listing.packets(store, LIVE, apid=5))
    assert [row["octets"] for row in rows] == given
    assert [row["offset"] for row in rows] == [53, 106, 0]
    assert (rows[:2], none) == (some, [])
    assert rows[0]["length"] == 53
    assert rows[0]["flags"] == []


def test_flags_have_names() -> None:
    assert listing.flags(1 | 4 | 32) == ["short", "segmented", "bad_crc"]
    assert listing.flags(0) == []


def test_an_archive_without_such_tables_lists_nothing(station: Hand) -> None:
    station.take(b"")
    with station.reading() as store:
        for question in (listing.packets, listing.rejects, listing.summary, listing.gaps):
            assert list(question(store, LIVE)) == []


# ---- frames ---------------------------------------------------------------------------------


def frames(*counts: int, vcid: int = 1, scid: int = 10) -> list[bytes]:
    """Return frames with these counts, each filled by one packet."""
    layout = tm.Layout(200, fecf=True)
    body = packet.encode(100, 0, bytes(ROOM - 6))
    return [
        tm.encode(body, layout, scid=scid, vcid=vcid, count=count, first_header_pointer=0)
        for count in counts
    ]


@clause("132.0-B-3 §4.1.2.6")
@pytest.mark.parametrize(
    ("counts", "expected"),
    [([254, 255, 0], []), ([254, 1], [(254, 1, 2)]), ([255, 3], [(255, 3, 3)])],
)
def test_gaps_of_frames_are_kept_as_they_are_received(station: Hand, counts, expected) -> None:
    octets = frames(*counts)
    tally = station.take(*octets, link="frames")
    found = [gap for gap in gaps(station) if gap["kind"] == "frames"]
    assert [(gap["after"], gap["before"], gap["missing"]) for gap in found] == expected
    assert [(gap["vcid"], gap["offset"]) for gap in found] == [(1, 200)] * len(expected)
    assert tally.gaps == ({"frames": expected[0][2]} if expected else {})


@clause("132.0-B-3 §4.1.6")
def test_rejects_are_listed_with_clause_place_and_octets(station: Hand, tmp_path: Path) -> None:
    good, bad = frames(0), bytearray(frames(1)[0])
    bad[20] ^= 1
    tally = station.take(*good, bad, b"rest", link="frames")
    assert tally.stages["frames"].as_json() == {"in": 2, "out": 1, "dropped": {"crc": 1}}
    with station.reading() as store:
        rows = list(listing.rejects(store, LIVE))
        (first,) = listing.rejects(store, Span("live", limit=1))
    frame = next(row for row in rows if row["stage"] == "frame")
    assert (frame["reason"], frame["octets"], frame["offset"]) == ("crc", bytes(bad), 200)
    assert frame["clause"].startswith("132.0-B-3")
    assert frame["path"] == str(tmp_path / "0.bin")
    stream = next(row for row in rows if row["stage"] == "stream")
    assert (stream["octets"], stream["offset"], stream["length"]) == (b"rest", 400, 4)
    assert first in rows
