"""Receptions of frames as rows: best source kept, counters that wrap, and what links have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.journal_records import Records
from ground.columns import PacketFlag
from ground.services import listing, query, receptions, stations
from ground.services.library import Library
from ground.services.query import Span
from ground.settings import Mission
from protocols import packet, tm
from tests.clauses import clause
from tests.flows.virtual import REALM, VirtualStation
from tests.ground.services import hand
from tests.recordings import mission_of

SECOND = 10**9
START = 2_000_000_000 * SECOND
LAYOUT = tm.Layout(200, fecf=True)
LINK = 'kind = "udp"\naddress = "127.0.0.1:1"\nframe = "tm"\nlength = 200\nfecf = true\n'
KEEP = 'bad_crc = "keep"\n'
SPAN = Span(REALM)


def mission_with(folder: Path, *more: str) -> Mission:
    links = "".join(f'[[link]]\nname = "s{n}"\n{LINK}{each}' for n, each in enumerate(more))
    text = hand.MISSION.split("[[link]]")[0] + links
    return mission_of(folder / "mission", text, {"hand.xml": hand.DATABASE})


def frame(place: int, **more: Any) -> bytes:
    body = hand.hk(place, place, **more)
    filler = packet.encode(packet.IDLE_APID, 0, bytes(200 - 8 - len(body) - 6))
    return tm.encode(body + filler, LAYOUT, scid=10, vcid=1, count=place % 256)


class Heard:
    """A station whose links receive what a test says."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.station = VirtualStation(folder, mission_with(folder, *more))

    def receive(self, link: str, frames: Sequence[bytes], at_s: Sequence[float]) -> None:
        made = Records.of(0, 0, frames, [True, *[False] * (len(frames) - 1)])
        times = START + (np.array(at_s) * SECOND).astype(np.int64)
        records = Records(made.position, times, made.length, made.begins, made.octets)
        self.station.record(link, records)

    def run(self) -> EmbeddedStore:
        self.station.start()
        self.station.run()
        self.station.kill()
        return EmbeddedStore.open(self.station.root / "archive", write=False)


def damaged(octets: bytes, place: int) -> bytes:
    return octets[:place] + bytes([octets[place] ^ 0x01]) + octets[place + 1 :]


def test_one_link_or_links_without_frames_note_nothing(tmp_path: Path) -> None:
    assert not receptions.wanted(mission_with(tmp_path, ""))
    assert receptions.wanted(mission_with(tmp_path, "", ""))
    heard = Heard(tmp_path, "")
    heard.receive("s0", [frame(0), frame(1)], [0, 1])
    with heard.run() as store:
        assert "frames" not in {info.name for info in store.tables(REALM)}
        assert list(stations.summary(store, SPAN)) == []


@pytest.mark.parametrize("order", [("s0", "s1"), ("s1", "s0")])
def test_values_of_a_frame_with_a_bad_crc_give_way_to_good_ones(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    """Whichever came first; the flagged packet stays listed, and its reception is noted."""
    heard = Heard(tmp_path, KEEP, KEEP)
    good = [frame(place, volts=20.5) for place in range(4)]
    voltage = 6 + 6 + 6  # behind the headers of frame and packet and the time
    heard.receive(order[0], [good[0], damaged(good[1], voltage), good[3]], [0, 1, 3])
    heard.receive(order[1], [good[0], good[1], damaged(good[2], voltage)], [0.1, 1.1, 2.1])
    with heard.run() as store:
        (found,) = query.samples(store, Library(store), ["VOLTAGE"], SPAN)
        packets = list(listing.packets(store, SPAN))
        rows = {row["link"]: row for row in stations.summary(store, SPAN)}
        frames = store.read(REALM, "frames", columns=["sequence", "flags", "first", "source"])
    assert [float(each) for each in found.engineering.values] == [20.5, 20.5, 84.5, 20.5]
    assert len(packets) == 5 and sum("bad_crc" in row["flags"] for row in packets) == 2
    assert [rows[name]["frames"] for name in order] == [2, 2]
    assert [rows[name]["bad"] for name in order] == [1, 1]
    assert [rows[name]["only"] for name in order] == [1, 1]  # 3 here, the good 1 there
    bad = [row for row in frames.to_pylist() if row["flags"]]
    assert {row["flags"] for row in bad} == {int(PacketFlag.BAD_CRC)} and len(bad) == 2
    assert all(row["first"] == row["source"] for row in bad)


@clause("132.0-B-3 §4.1.2.6")
def test_a_counter_of_one_octet_that_wraps_closes_only_what_was_delivered(tmp_path: Path) -> None:
    """At four frames a second a turn is a minute: count 10 of the next turn is another frame."""
    heard = Heard(tmp_path, "", "")
    places, at_s = range(800), [place / 4 for place in range(800)]
    frames = [frame(place) for place in places]
    lost = {"s0": {10, 11, 300, 522, 700}, "s1": {266, 300, 301, 523, *range(690, 710)}}
    for link, missing in lost.items():
        came = [place for place in places if place not in missing]
        heard.receive(link, [frames[p] for p in came], [at_s[p] + 0.3 for p in came])
    with heard.run() as store:
        gaps = [row for row in listing.gaps(store, SPAN) if row["kind"] == "frames"]
    found = [(row["after"], row["before"], row["missing"]) for row in gaps]
    assert found == [(299 % 256, 301 % 256, 1), (699 % 256, 701 % 256, 1)]


def test_gaps_of_an_archive_without_receptions_are_those_of_the_link(tmp_path: Path) -> None:
    heard = Heard(tmp_path, "")
    heard.receive("s0", [frame(place) for place in (0, 1, 5, 9)], [0, 1, 5, 9])
    with heard.run() as store:
        gaps = [row for row in listing.gaps(store, SPAN) if row["kind"] == "frames"]
    assert [(row["after"], row["before"], row["missing"]) for row in gaps] == [(1, 5, 3), (5, 9, 3)]


def test_a_gap_of_hours_is_closed_by_who_received_meanwhile(tmp_path: Path) -> None:
    """Its last frame lies far back, further than is looked at first."""
    heard = Heard(tmp_path, "", "")
    frames = [frame(place) for place in range(40)]
    hours = [place * 900.0 for place in range(40)]
    heard.receive("s0", frames[:5] + frames[35:], hours[:5] + hours[35:])
    mine = [place for place in range(40) if place not in (20, 21)]
    heard.receive("s1", [frames[p] for p in mine], [hours[p] + 1 for p in mine])
    with heard.run() as store:
        gaps = [row for row in listing.gaps(store, SPAN) if row["kind"] == "frames"]
        rows = {row["link"]: (row["frames"], row["only"]) for row in stations.summary(store, SPAN)}
    assert [(row["after"], row["before"], row["missing"]) for row in gaps] == [(19, 22, 2)]
    assert rows == {"s0": (10, 0), "s1": (38, 28)}


def segments(place: int) -> list[bytes]:
    """One HK packet in three segments, with counts of their own; only the first has its header."""
    body = hand.hk(0, place)[6:]
    parts = (1, body[:10]), (0, body[10:20]), (2, body[20:])
    return [
        packet.encode(hand.HK, 3 * place + n, octets, sequence_flags=flags)
        for n, (flags, octets) in enumerate(parts)
    ]


def test_segments_that_are_first_over_different_links_make_one_packet(tmp_path: Path) -> None:
    """Each link joins the whole packet, and each had some of its segments first."""
    heard = Heard(tmp_path, "", "")
    pieces = [each for place in range(4) for each in segments(place)]
    frames = [
        tm.encode(
            each + packet.encode(packet.IDLE_APID, 0, bytes(200 - 8 - len(each) - 6)),
            LAYOUT,
            scid=10,
            vcid=1,
            count=place,
        )
        for place, each in enumerate(pieces)
    ]
    made = Records.of(0, START, frames, [True, *[False] * 11])
    station = heard.station
    station.start()
    for first, last, link in [
        (0, 2, "s0"),
        (0, 5, "s1"),
        (2, 7, "s0"),
        (5, 12, "s1"),
        (7, 12, "s0"),
    ]:
        station.record(link, made.rows(first, last))
        station.run()
    station.kill()
    with EmbeddedStore.open(station.root / "archive", write=False) as store:
        assert store.read(REALM, "/H/HK").num_rows == 4
        assert store.read(REALM, "packets").num_rows == 12
