"""Packets become rows: decoded, timed, judged, joined from segments, and flagged where wrong."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.columns import PacketFlag
from ground.services import ingest as service
from ground.services import listing, query
from ground.services.library import Library
from protocols import packet
from protocols.packet import CONTINUATION, FIRST, LAST
from tests.clauses import clause
from tests.ground.services import hand
from tests.ground.services.conftest import Hand

SPAN = query.Span("live")


def rows(station: Hand, table: str) -> list[dict[str, Any]]:
    return station.tables()[table].to_pylist()


def segments(apid: int, first: int, *parts: bytes) -> list[bytes]:
    """Return one packet's data in as many segments as there are parts."""
    flags = [FIRST, *[CONTINUATION] * (len(parts) - 2), LAST]
    return [
        packet.encode(apid, (first + at) % 16384, part, sequence_flags=flag)
        for at, (part, flag) in enumerate(zip(parts, flags, strict=True))
    ]


def test_every_field_of_a_packet_is_in_its_row(station: Hand) -> None:
    tally = station.take(hand.hk(5, 100.25))
    (row,) = rows(station, "/H/HK")
    assert row["t_ns"] == 378_691_200 * 10**9 + 100_250_000_000
    assert str(row["time"]) == "1970-01-01 00:01:30.250000+00:00"  # ten leap seconds before 1972
    head = ("spacecraft", "received", "sequence", "flags", "severity")
    assert [row[name] for name in head] == ["A", None, 5, 0, 0]
    fields = {name[3:]: value for name, value in row.items() if name.startswith("/H/")}
    assert fields == {
        "VERSION": 0,
        "TYPE": 0,
        "SECONDARY": 0,
        "APID": 1,
        "FLAGS": 3,
        "COUNT": 5,
        "SIZE": 46,
        "SECONDS": 100,
        "SUBSECONDS": 16384,
        "VOLTAGE": 80,
        "MODE": 1,
        "CELL": [1, -1, 3],
        "NAME": "abcd",
        "DATA": b"\xde\xad\x07",
        "BIG": str(1 << 90),
        "WIDE": 1 << 63,
        "LOAD": 0.1,
    }
    assert (tally.samples, tally.by_type) == (len(fields) + 2, {"/H/HK": 1})


def test_a_packet_without_a_time_rule_has_no_time(station: Hand) -> None:
    mission = station.mission.model_copy(update={"times": ()})
    Hand(station.root, mission).take(hand.hk(0, 100))
    (row,) = rows(station, "/H/HK")
    assert (row["t_ns"], row["time"], row["flags"]) == (None, None, PacketFlag.NO_TIME)


def test_apids_and_spacecraft_that_nothing_describes_are_kept_and_counted(station: Hand) -> None:
    strangers = [packet.encode(77, count, b"x") for count in range(3)]
    tally = station.take(hand.hk(0, 1), *strangers)
    assert tally.unknown == {("A", 77): 3}
    assert tally.findings
    tally = station.take(hand.hk(0, 1), spacecraft="PLAIN")
    assert tally.unknown == {("PLAIN", 1): 1}
    kept = [(row["spacecraft"], row["packet_type"], row["octets"]) for row in station.packets()]
    assert kept == [
        ("A", "/H/HK", hand.hk(0, 1)),
        *(("A", None, each) for each in strangers),
        ("PLAIN", None, hand.hk(0, 1)),
    ]


@pytest.mark.parametrize("cut", [1, 8, 20, 30])
def test_a_packet_that_ends_early_gives_what_it_has(station: Hand, cut: int) -> None:
    whole = hand.hk(0, 1)
    short = whole[:4] + struct.pack(">H", len(whole) - cut - 7) + whole[6:-cut]
    tally = station.take(short, hand.hk(1, 2))
    assert tally.short == {"/H/HK": (1, -8 * cut)}
    assert tally.findings
    first, second = rows(station, "/H/HK")
    assert (first["flags"], second["flags"]) == (PacketFlag.SHORT, 0)
    assert (first["/H/VOLTAGE"], first["/H/LOAD"], second["/H/LOAD"]) == (80, None, 0.1)
    assert (first["/H/WIDE"] is None) == (cut > 8)
    assert (first["/H/DATA"] is None) == (cut > 28)


def test_a_packet_that_goes_on_is_flagged_and_says_by_how_many_bits(station: Hand) -> None:
    whole = hand.hk(0, 1)
    tally = station.take(whole[:4] + struct.pack(">H", len(whole) + 3 - 7) + whole[6:] + b"abc")
    assert tally.long == {"/H/HK": (1, 24)}
    assert rows(station, "/H/HK")[0]["flags"] == PacketFlag.LONG


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_arrays_of_varying_size_lie_in_one_column_whatever_came_first(
    station: Hand, order: tuple[int, ...]
) -> None:
    """Also where every array of a file is empty, or missing as its packet ends before it."""
    short = hand.event(0, 1, 3, 7)
    short = short[:4] + struct.pack(">H", len(short) - 2 - 7) + short[6:-2]
    files = [short], [hand.event(1, 2, 3)], [hand.event(2, 3, 3, 5, 6), hand.event(3, 4, 3, 65535)]
    for number in order:
        station.take(*files[number])
    found = [row["/H/VALUES"] for row in rows(station, "/H/EVENT")]
    assert found[1:] == [[], [5, 6], [65535]]
    assert found[0] in (None, [], [None])
    with station.reading() as store:
        (samples,) = query.samples(store, Library(store), ["VALUES"], SPAN)
        listed = [row["raw"] for row in samples.rows()]
    assert [each.tolist() for each in listed[1:]] == [[], [5, 6], [65535]]


# ---- limits ---------------------------------------------------------------------------------


def test_severity_waits_for_enough_violations_also_over_the_end_of_a_chunk(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in a row raise and clear it: 20.5 is good, 33 a warning, 36 distress, 50 critical."""
    volts = [33, 20.5, 33, 33, 50, 20.5, 36, 20.5, 20.5, 36]
    given = [hand.hk(at, at, volts=each) for at, each in enumerate(volts)]
    monkeypatch.setattr(service, "CHUNK_OCTETS", len(given[0]))
    tally = station.take(*given)
    assert [row["severity"] for row in rows(station, "/H/HK")] == [0, 0, 0, 1, 3, 3, 2, 2, 0, 0]
    assert tally.violations == {"caution": 1, "serious": 2, "critical": 2}


def test_a_packet_that_was_stored_before_still_counts_for_the_next_ones_severity(
    station: Hand,
) -> None:
    given = [hand.hk(at, at, volts=50) for at in range(3)]
    station.take(given[0])
    tally = station.take(*given)
    assert [row["severity"] for row in rows(station, "/H/HK")] == [0, 3, 3]
    assert tally.violations == {"critical": 2}
    assert tally.stages["packets"].as_json() == {"in": 3, "out": 2, "dropped": {"duplicate": 1}}


# ---- segments -------------------------------------------------------------------------------


@clause("133.0-B-2 §4.1.3.4.2")
def test_segments_are_joined_before_they_are_decoded_and_each_is_listed(station: Hand) -> None:
    body = hand.hk(0, 9, name=b"long")[6:]
    parts = segments(hand.HK, 16383, body[:10], body[10:11], body[11:])
    tally = station.take(hand.hk(16382, 8), *parts, hand.hk(2, 10))
    assert tally.stages["segments"].as_json() == {"in": 3, "out": 3, "dropped": {}}
    assert tally.stages["packets"].out == 5
    assert tally.by_type == {"/H/HK": 3}
    found = rows(station, "/H/HK")
    assert [row["/H/NAME"] for row in found] == ["abcd", "long", "abcd"]
    assert [row["flags"] for row in found] == [0, PacketFlag.SEGMENTED, 0]
    assert found[1]["t_ns"] == hand.t_ns(9)
    listed = {row["octets"]: row["packet_type"] for row in station.packets()}
    assert [listed[part] for part in parts] == [None] * 3


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_segment_loses_its_packet_only_and_every_segment_is_accounted_for(
    station: Hand, lost: int
) -> None:
    body = hand.hk(0, 9)[6:]
    parts = segments(hand.HK, 1, body[:10], body[10:20], body[20:])
    del parts[lost]
    tally = station.take(hand.hk(0, 8), *parts, hand.hk(4, 10))
    assert tally.by_type == {"/H/HK": 2}
    counts = tally.stages["segments"]
    assert (counts.given, counts.out, counts.balanced) == (2, 0, True)
    assert len(station.packets()) == 4
    assert tally.findings


def test_segments_are_joined_over_the_end_of_a_chunk(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK_OCTETS", 7)
    body = hand.hk(0, 9)[6:]
    tally = station.take(*segments(hand.HK, 0, *(body[at : at + 9] for at in range(0, 46, 9))))
    assert tally.stages["segments"].as_json() == {"in": 6, "out": 6, "dropped": {}}
    assert rows(station, "/H/HK")[0]["/H/BIG"] == str(1 << 90)


@pytest.mark.parametrize("stored", [1, 2])
def test_segments_stored_by_a_run_that_was_cut_off_are_joined_with_the_rest(
    station: Hand, stored: int
) -> None:
    body = hand.hk(0, 9)[6:]
    parts = segments(hand.HK, 0, body[:10], body[10:20], body[20:])
    station.take(*parts[:stored])
    assert "/H/HK" not in station.tables()
    tally = station.take(*parts)
    assert tally.stages["packets"].dropped == {"duplicate": stored}
    assert [row["/H/NAME"] for row in rows(station, "/H/HK")] == ["abcd"]
    station.take(b"", *parts, hand.hk(3, 10))
    assert len(rows(station, "/H/HK")) == 2


def cut_off(station: Hand, monkeypatch: pytest.MonkeyPatch, *packets: bytes) -> None:
    """Ingest packets as `0.bin`, and be interrupted at the second append."""
    append, calls = EmbeddedStore.append, []

    def counted(*arguments: Any, **more: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        append(*arguments, **more)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(EmbeddedStore, "append", counted)
        station.take(*packets)


def test_an_interrupted_run_gives_the_packet_whose_segments_lie_on_both_sides(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = hand.hk(0, 9)[6:]
    parts = segments(hand.HK, 0, body[:10], body[10:20], body[20:])
    monkeypatch.setattr(service, "CHUNK_OCTETS", 17)
    cut_off(station, monkeypatch, *parts)
    assert "/H/HK" not in station.tables()
    station.ingest(station.root.parent / "0.bin", "bare", "A")
    assert len(rows(station, "/H/HK")) == 1
    assert len(station.packets()) == 3


def test_packets_that_are_alike_and_have_no_time_are_all_there_after_an_interruption(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A beacon whose count stands still: nothing tells one from the next, and all are meant."""
    beacon = packet.encode(9, 0, b"alive")
    station.take(beacon, b"\0")
    other = Hand(station.root.parent / "other", station.mission)
    monkeypatch.setattr(service, "CHUNK_OCTETS", 2 * len(beacon))
    cut_off(other, monkeypatch, *[beacon] * 7)
    assert len(other.packets()) == 2
    other.ingest(other.root.parent / "1.bin", "bare", "A")
    assert len(other.packets()) == 7
    assert other.take(*[beacon] * 3).stages["packets"].out == 0
    assert station.take(*[beacon] * 4).stages["packets"].out == 0


def test_one_packet_and_a_thousand_give_the_same_rows(
    station: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = np.random.default_rng(1)
    given = [
        hand.hk(at, at, volts=float(chance.integers(0, 200)) / 4 + 0.5)
        if chance.random() < 0.7
        else hand.event(at, at + 0.5, 1, *chance.integers(0, 9, at % 4).tolist())
        for at in range(200)
    ]
    station.take(*given)
    one = Hand(station.root.parent / "one", station.mission)
    monkeypatch.setattr(service, "CHUNK_OCTETS", 53)
    one.take(*given)
    assert one.telemetry() == station.telemetry()
    with one.reading() as store:
        assert sum(1 for _ in listing.packets(store, SPAN)) == len(given)
