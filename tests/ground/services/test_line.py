"""Whatever way octets came in and wherever a line was begun again, it gives the same packets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.journal_records import Records
from ground.services import line
from ground.services.tally import Tally
from ground.settings import Link, ReedSolomon
from protocols import packet, tm, uslp
from protocols.reed_solomon import Code
from tests.ground.services.test_downlink import filled

SECOND = 10**9
TM = tm.Layout(200, fecf=True)
USLP = uslp.Layout(None, fecf=2)
UDP = {"name": "x", "kind": "udp", "address": "127.0.0.1:1"}
TCP = {"name": "x", "kind": "tcp-client", "address": "127.0.0.1:1"}
FRAMES = {"frame": "tm", "length": 200, "fecf": True}
VARIABLE = {"frame": "uslp", "fecf": True}
LINKS = {
    "packets, udp": Link(**UDP, frame="packets"),
    "packets, tcp": Link(**TCP, frame="packets"),
    "frames, udp": Link(**UDP, **FRAMES),
    "frames, tcp": Link(**TCP, **FRAMES),
    "frames, udp, marked": Link(**UDP, **FRAMES, asm="1acffc1d"),
    "frames, tcp, marked": Link(**TCP, **FRAMES, asm="1acffc1d"),
    "variable, udp": Link(**UDP, **VARIABLE),
    "variable, tcp": Link(**TCP, **VARIABLE),
}


def one_packet(count: int) -> bytes:
    return packet.encode(1 + count % 3, count, bytes([count % 256]) * (1 + 13 * count % 90))


def unit(link: Link, count: int) -> bytes:
    """What a link carries as one: a packet, or a frame with some."""
    if link.frame == "packets":
        return one_packet(count)
    if link.frame == "uslp":
        data = one_packet(2 * count) + one_packet(2 * count + 1)
        return uslp.encode(data, USLP, scid=10, vcid=1, count=count, count_octets=2)
    data = filled(one_packet(count))
    return bytes.fromhex(link.asm or "") + tm.encode(data, TM, scid=10, vcid=1, count=count)


def datagrams(chunks: Sequence[bytes], begins: Sequence[bool] = ()) -> Records:
    """Records a second after each other."""
    made = Records.of(0, 0, chunks, begins)
    times = SECOND * (1 + np.arange(len(chunks)))
    return Records(made.position, times, made.length, made.begins, made.octets)


@dataclass
class Heard:
    """What a line gave, as plain values."""

    line: line.Line
    packets: list[tuple[bytes, int, int]] = field(default_factory=list)  # octets, place, received
    rejects: list[tuple[str, bytes, int, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def take(self, records: Records) -> None:
        if not len(records):
            return
        for got in self.line.receive(records):
            places = got.packets.source
            times = self.line.clock(places).tolist()
            octets = [got.packets.octets(row) for row in range(len(got.packets))]
            self.packets += zip(octets, places.tolist(), times, strict=True)
            at = [each.offset for each in got.rejected]
            times = self.line.clock(np.array(at, np.int64)).tolist()
            found = zip(got.rejected, at, times, strict=True)
            self.rejects += [(each.reason, each.octets, place, t) for each, place, t in found]
            self.gaps += [(each.frame, each.missing) for each in got.gaps]

    def told(self) -> tuple[Any, ...]:
        return self.packets, self.rejects, self.gaps


def heard(link: Link, *parts: Records) -> Heard:
    made = Heard(line.Line(link, Tally()))
    for records in parts:
        made.take(records)
    return made


def octets_of(found: Heard) -> list[bytes]:
    return [octets for octets, _, _ in found.packets]


# ---- datagrams ------------------------------------------------------------------------------

DATAGRAMS = [name for name in LINKS if "udp" in name and "marked" not in name]
JUNK = {"short": b"junk", "long": bytes(range(90)), "zeros": bytes(333)}


@pytest.mark.parametrize("name", DATAGRAMS)
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_datagrams_of_junk_are_kept_with_their_times_and_spoil_no_other(
    name: str, junk: bytes
) -> None:
    link = LINKS[name]
    good = [unit(link, count) for count in range(6)]
    expected = octets_of(heard(link, datagrams(good)))
    mixed = [junk, good[0], junk, good[1] + good[2], good[3], junk, junk, good[4], good[5], junk]
    if link.frame == "packets" and junk is JUNK["long"]:
        mixed = [bytes([*junk[:4], 1, *junk[5:]]) if each is junk else each for each in mixed]
    records = datagrams(mixed)
    found = heard(link, records)
    kept = [each for each in octets_of(found) if each in expected]
    assert kept == expected
    places = dict(zip(records.position.tolist(), records.received_ns.tolist(), strict=True))
    bad = [row for row, each in enumerate(mixed) if each not in good and row != 3]
    told = {(place, at) for _, _, place, at in found.rejects if place in places}
    if junk is not JUNK["zeros"] or link.frame != "packets":  # zeros are packets of 7 octets
        assert told == {(int(records.position[r]), int(records.received_ns[r])) for r in bad}
    counts = found.line.tally.stage("frames")
    assert counts.balanced


def test_a_datagram_of_a_codeblock_without_a_marker_is_a_frame() -> None:
    rs = ReedSolomon(k=223, interleave=1)
    link = Link(**UDP, frame="tm", length=223, fecf=True, rs=rs)
    frame = tm.encode(
        filled(one_packet(1), size=223 - 8), tm.Layout(223, fecf=True), scid=10, vcid=1, count=0
    )
    code = Code(223, 1, "dual", 0)
    [block] = code.encode(np.frombuffer(frame, np.uint8).reshape(1, -1).copy())
    found = heard(link, datagrams([block.tobytes()] * 1))
    assert octets_of(found) == [one_packet(1)]
    assert not found.rejects


def test_many_packets_in_a_datagram_cost_as_one_call() -> None:
    """What comes in one message is given in one piece, whatever else lies between."""
    link = LINKS["packets, udp"]
    records = datagrams([one_packet(1) + one_packet(2), b"junk", one_packet(3)] * 50)
    assert len(list(line.Line(link, Tally()).receive(records))) == 1


# ---- beginning again ------------------------------------------------------------------------


def cut(link: Link, rng: random.Random, connections: int = 3) -> Records:
    """Some units as they may come in: as datagrams, or as a stream cut anywhere."""
    chunks, begins, count = [], [], 0
    for _ in range(connections):
        units = [unit(link, count + each) for each in range(rng.randrange(4, 30))]
        count += len(units)
        parts = units
        if "tcp" in link.kind:
            whole = b"".join(units)[: -rng.randrange(1, 90)]
            edges = sorted({0, len(whole), *rng.choices(range(1, len(whole)), k=len(units))})
            parts = [whole[a:b] for a, b in itertools.pairwise(edges)]
        chunks += parts
        begins += [True, *[False] * (len(parts) - 1)]
    return datagrams(chunks, begins)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a line remember no more than it must."""
    monkeypatch.setattr(line, "REWIND_OCTETS", 1200)
    monkeypatch.setattr(line, "_STEP", 300)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", LINKS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_a_line_that_begins_again_at_its_anchor_goes_on_as_the_one_before(
    name: str, seed: int
) -> None:
    link, rng = LINKS[name], random.Random(seed)
    records = cut(link, rng)
    at = rng.randrange(1, len(records))
    first = heard(link, records.rows(0, at))
    anchor = first.line.anchor(records.rows(0, at).end)
    again = heard(link, records.rows(0, at).behind(anchor))
    for each in (first, again):
        each.packets, each.rejects, each.gaps = [], [], []
        each.take(records.rows(at, len(records)))
    assert again.told() == first.told()


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", LINKS)
def test_no_more_is_read_again_than_is_needed_however_long_a_connection_is(name: str) -> None:
    link = LINKS[name]
    whole = b"".join(unit(link, count) for count in range(400))
    size = 77
    chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    if "udp" in link.kind:
        chunks = [unit(link, count) for count in range(400)]
    found = heard(link, *(datagrams(chunks).rows(at, at + 3) for at in range(0, len(chunks), 3)))
    assert found.line.anchor(len(whole)) > len(whole) - 1200 - 300 - 1000


@pytest.mark.parametrize("name", LINKS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_any_split_into_messages_gives_the_same(name: str, seed: int) -> None:
    link, rng = LINKS[name], random.Random(seed)
    records = cut(link, rng)
    edges = sorted({0, len(records), *rng.choices(range(len(records)), k=5)})
    parts = [records.rows(a, b) for a, b in itertools.pairwise(edges)]
    assert heard(link, *parts).told() == heard(link, records).told()
