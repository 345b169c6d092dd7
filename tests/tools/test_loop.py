"""A stretch that is sent again and again: each turn is new to a station, and nothing is lost."""

from __future__ import annotations

import numpy as np

from protocols import aos
from protocols.cadu import Cadu
from protocols.channel import Channels
from protocols.reed_solomon import Code
from tools.simulator import START_NS
from tools.simulator.loop import Loop

TURNS = 3


def received(sent):
    octets = np.frombuffer(b"".join(octets for _, octets in sent), np.uint8)
    chain = Cadu(1115, bytes.fromhex("1acffc1d"), "tm8", Code(223, 5, "dual"))
    frames = np.concatenate([chain.receive(octets).frames, chain.finish().frames])
    decoded, rejects = aos.decode_many(frames, aos.Layout(1115, fecf=True, ocf=True))
    assert not rejects and len(decoded) == len(sent)
    return Channels().receive(decoded)


def number(packet, at, octets):
    return int.from_bytes(packet[at : at + octets], "big")


def test_turns_follow_each_other_without_a_gap_and_only_counts_and_times_change():
    loop = Loop(seconds=300)
    sent = loop.frames(START_NS + TURNS * loop.turn_ns)
    times = [t_ns for t_ns, _ in sent]
    assert times == sorted(times) and len(sent) % TURNS == 0
    extracted = received(sent)
    assert not extracted.gaps and not extracted.fragments and not extracted.dropped
    packets = [extracted.packets.octets(row) for row in range(len(extracted.packets))]
    assert len(packets) == loop.packets == TURNS * loop.a_turn
    counts: dict[int, int] = {}
    for packet in packets:
        apid, count = number(packet, 0, 2) & 0x7FF, number(packet, 2, 2) & 0x3FFF
        assert count == (counts.get(apid, count - 1) + 1) % 16384
        counts[apid] = count
    turns = np.array_split(np.arange(len(packets)), TURNS)
    for one, two in zip(turns[0], turns[1], strict=True):
        first, second = packets[one], packets[two]
        assert number(second, 13, 4) - number(first, 13, 4) == loop.turn_ns // 10**9
        assert (first[17:], first[4:9]) == (second[17:], second[4:9])
    assert len({each[:19] for each in packets}) == len(packets)


def test_the_same_seed_gives_the_same_octets_however_time_is_cut():
    whole, loop = Loop(seconds=60).frames(START_NS + 200 * 10**9), Loop(seconds=60)
    pieces = [
        piece for at in range(7, 201, 7) for piece in loop.frames(START_NS + at * 10**9)
    ] + loop.frames(START_NS + 200 * 10**9)
    assert pieces == whole
    assert loop.next_ns() >= START_NS + 200 * 10**9


def test_the_rate_gives_the_packets_that_were_asked_for():
    loop = Loop(seconds=300)
    elapsed_s = loop.turn_ns / 1e9 / loop.rate(50_000)
    assert round(loop.a_turn / elapsed_s) == 50_000
