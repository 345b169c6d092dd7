"""Packets out of frames: any batching, any loss, and nothing made up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import aos, chain, chain_jit, channel, encapsulation, packet, tm, uslp
from protocols.channel import Channels, Gap
from protocols.encapsulation import Encapsulation
from protocols.frame import NO_PACKETS, NO_START, ONLY_IDLE
from tests.clauses import clause

LENGTH = 40  # of the frames made here
LAYOUT = tm.Layout(LENGTH)
ROOM = LENGTH - tm.HEADER


def frames_around(packets, *, scid=5, vcid=1, first=0):
    """Return TM frames that carry these packets end to end, an idle packet filling the last."""
    octets = b"".join(packets)
    fill = -len(octets) % ROOM
    if fill:
        packets = [
            *packets,
            packet.encode(2047, 0, bytes(fill - 6 if fill > 6 else fill + ROOM - 6)),
        ]
        octets = b"".join(packets)
    starts = np.cumsum([0, *map(len, packets)])
    made = []
    for number, at in enumerate(range(0, len(octets), ROOM)):
        inside = starts[(starts >= at) & (starts < min(at + ROOM, len(octets)))]
        pointer = int(inside[0]) - at if len(inside) else NO_START
        made.append(
            tm.encode(
                octets[at : at + ROOM],
                LAYOUT,
                scid=scid,
                vcid=vcid,
                count=first + number,
                first_header_pointer=pointer,
            )
        )
    return made


def table(frames, layout=LAYOUT, codec=tm, first=0):
    decoded, rejects = codec.decode_many(
        np.frombuffer(b"".join(frames), np.uint8).reshape(-1, len(frames[0]) if frames else LENGTH),
        layout,
        first=first,
    )
    assert not rejects
    return decoded


def octets(extracted):
    return [extracted.packets.octets(row) for row in range(len(extracted.packets))]


def balanced(extracted):
    return extracted.given == extracted.used + sum(extracted.dropped.values())


PACKETS = st.lists(
    st.binary(min_size=1, max_size=120).map(lambda data: packet.encode(len(data), 0, data))
    | st.binary(max_size=60).map(lambda data: encapsulation.encode(Encapsulation(2, data, 1)))
    | st.just(b"\xe0"),
    min_size=1,
    max_size=20,
)


@given(PACKETS, PACKETS, st.integers(1, 9), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_packets_of_two_channels_come_out_whole_however_frames_are_batched(one, two, size, random):
    sent = {1: frames_around(one, vcid=1, first=250), 2: frames_around(two, vcid=2)}
    turns = [1] * len(sent[1]) + [2] * len(sent[2])
    random.shuffle(turns)
    queues = {vcid: iter(frames) for vcid, frames in sent.items()}
    frames = table([next(queues[turn]) for turn in turns])
    together, machine = Channels().receive(frames), Channels()
    batches = [
        machine.receive(frames.take(slice(at, at + size))) for at in range(0, len(frames), size)
    ]
    assert [each for batch in batches for each in octets(batch)] == octets(together)
    assert machine.finish() == []
    for vcid, packets in ((1, one), (2, two)):
        rows = np.flatnonzero(together.packets.vcid == vcid)
        wanted = [each for each in packets if each != b"\xe0"]
        assert [together.packets.octets(row) for row in rows] == wanted
    assert not together.gaps and not together.fragments and balanced(together)


@given(PACKETS, st.sets(st.integers(0, 60)), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_lost_frames_cost_only_the_packets_that_lay_in_them(packets, lost, size):
    frames = frames_around(packets)
    kept = [number for number in range(len(frames)) if number not in lost]
    decoded = table([frames[number] for number in kept])
    machine = Channels(keep_idle=True)
    batches = [
        machine.receive(decoded.take(slice(at, at + size))) for at in range(0, len(kept), size)
    ]
    left = machine.finish()
    came = [each for batch in batches for each in octets(batch)]
    ends = np.cumsum([len(each) for each in packets])
    whole = [
        each
        for each, end in zip(packets, ends.tolist(), strict=True)
        if not any(n in lost for n in range((end - len(each)) // ROOM, (end - 1) // ROOM + 1))
    ]
    assert [each for each in came if each[:1] != b"\x07" or each in packets] == whole
    gaps = [gap for batch in batches for gap in batch.gaps]
    skips = [b - a - 1 for a, b in pairwise(kept) if b - a > 1]
    assert [gap.missing for gap in gaps] == skips
    kinds = [fragment for batch in batches for fragment in batch.fragments] + left
    data = sum(map(len, came)) + sum(len(each.octets) for each in kinds)
    assert data == ROOM * len(kept)  # every octet is in a packet or in a fragment


@clause("132.0-B-3 §4.1.2.6")
def test_counts_wrap_and_gaps_say_how_many_are_missing():
    frames = frames_around([packet.encode(1, n, b"x" * 27) for n in range(8)], first=253)
    del frames[4:6]
    extracted = Channels().receive(table(frames))
    assert extracted.gaps == [Gap(5, 1, frame=4, expected=1, found=3, missing=2, modulus=256)]


@clause("732.0-B-4 §4.1.2.4")
@pytest.mark.parametrize("cycled, wrap", [(False, 1 << 24), (True, 1 << 28)])
def test_aos_counts_wrap_where_their_modulus_says(cycled, wrap):
    made = [
        aos.encode(
            packet.encode(1, 0, b"x" * 25),
            aos.Layout(LENGTH - 1),
            scid=1,
            vcid=1,
            count=count,
            cycled=cycled,
        )
        for count in (wrap - 2, wrap - 1, 0, 1)
    ]
    extracted = Channels().receive(table(made, aos.Layout(LENGTH - 1), aos))
    assert (len(extracted.packets), extracted.gaps) == (4, [])


def test_a_frame_that_comes_twice_is_dropped_within_and_across_batches():
    frames = frames_around([packet.encode(1, n, b"x" * 60) for n in range(3)])
    twice = table([frame for frame in frames for _ in range(2)])
    for size in (1, 2, 3, len(twice)):
        machine = Channels()
        batches = [
            machine.receive(twice.take(slice(at, at + size))) for at in range(0, len(twice), size)
        ]
        assert sum(len(each.packets) for each in batches) == 3
        assert sum(each.dropped.get("duplicate", 0) for each in batches) == len(frames)
        assert not any(each.gaps or each.fragments for each in batches)
        assert all(balanced(each) for each in batches)


def test_another_frame_with_the_same_count_is_no_duplicate():
    one = frames_around([packet.encode(1, 0, b"x" * 28)])
    two = frames_around([packet.encode(1, 1, b"y" * 28)])
    extracted = Channels().receive(table(one + two))
    assert len(extracted.packets) == 2
    assert [gap.missing for gap in extracted.gaps] == [255]


def made_frame(data, count, pointer, vcid=1):
    return tm.encode(data, LAYOUT, scid=5, vcid=vcid, count=count, first_header_pointer=pointer)


WHOLE = packet.encode(9, 0, b"x" * (ROOM - 6))


@clause("132.0-B-3 §4.1.2.7.6")
@pytest.mark.parametrize(
    "data, pointer",
    [
        (b"\x20" + WHOLE[1:], 0),  # a version that no packet has
        (WHOLE, ROOM),  # a pointer past the data
        (WHOLE, 0x7FD),
        (packet.encode(1, 0, b"a") + b"\x40" + bytes(ROOM - 8), 0),  # the second is none
        (b"\xe9\x01" + bytes(ROOM - 2), 0),  # a length shorter than the header
        (b"\xe8" + WHOLE[:-1], 0),  # no length, though it is not idle
    ],
)
def test_a_frame_whose_payload_is_no_packet_is_shown_and_the_rest_goes_on(data, pointer):
    frames = table([made_frame(WHOLE, 0, 0), made_frame(data, 1, pointer), made_frame(WHOLE, 2, 0)])
    extracted = Channels().receive(frames)
    assert octets(extracted) == [WHOLE, WHOLE]
    assert [(each.index, each.reason) for each in extracted.rejects] == [(1, "malformed")]
    assert extracted.dropped == {"malformed": 1} and balanced(extracted)


@pytest.mark.parametrize("pointer, kept", [(5, b"y" * 5), (NO_START, b"y" * ROOM)])
def test_a_chain_that_misses_the_next_pointer_is_cut_out_and_goes_on_there(pointer, kept):
    """The packet wants 10 octets of the next frame, and the pointer says otherwise."""
    begun = packet.encode(9, 0, b"z" * (ROOM + 4))[:ROOM]
    middle = b"y" * 5 + packet.encode(8, 0, b"m" * (ROOM - 11)) if pointer == 5 else b"y" * ROOM
    last = made_frame(WHOLE, 2, 0)
    extracted = Channels().receive(
        table([made_frame(begun, 0, 0), made_frame(middle, 1, pointer), last])
    )
    assert octets(extracted)[-1] == WHOLE
    assert [each.reason for each in extracted.fragments] == ["inconsistent"]
    assert extracted.fragments[0].octets == begun + kept
    assert extracted.fragments[0].frame == 0
    assert not extracted.rejects


def test_idle_frames_within_a_channel_do_not_break_its_packets():
    begun = packet.encode(9, 0, b"z" * (2 * ROOM - 6))
    frames = table(
        [
            made_frame(begun[:ROOM], 0, 0),
            made_frame(bytes(ROOM), 1, ONLY_IDLE),
            made_frame(begun[ROOM:], 2, NO_START),
        ]
    )
    extracted = Channels().receive(frames)
    assert octets(extracted) == [begun]
    assert extracted.dropped == {"idle": 1} and balanced(extracted)


def test_frames_that_carry_no_packets_come_out_as_units():
    frames = table([made_frame(b"u" * ROOM, 0, NO_PACKETS), made_frame(WHOLE, 1, 0)])
    extracted = Channels().receive(frames)
    assert [extracted.units.data(row) for row in range(len(extracted.units))] == [b"u" * ROOM]
    assert (len(extracted.packets), extracted.used) == (1, 2)


def test_idle_packets_are_left_out_and_counted():
    idle = packet.encode(2047, 0, bytes(ROOM - 6))
    extracted = Channels().receive(table([made_frame(idle, 0, 0), made_frame(WHOLE, 1, 0)]))
    assert (octets(extracted), extracted.idle_packets) == ([WHOLE], 1)
    assert len(Channels(keep_idle=True).receive(table([made_frame(idle, 0, 0)])).packets) == 1


def test_what_is_begun_at_the_end_is_handed_back():
    begun = packet.encode(9, 0, b"z" * 100)
    machine = Channels()
    machine.receive(table([made_frame(begun[:ROOM], 0, 0)], first=70))
    left = machine.finish()
    assert [(each.reason, each.octets, each.frame) for each in left] == [
        ("unfinished", begun[:ROOM], 70)
    ]
    assert machine.finish() == []


def test_channels_past_the_limit_are_dropped_and_the_others_go_on():
    frames = table([made_frame(WHOLE, 0, 0, vcid) for vcid in (1, 2, 3)])
    machine = Channels(limit=2)
    extracted = machine.receive(frames)
    assert len(extracted.packets) == 2
    assert [(each.index, each.reason) for each in extracted.rejects] == [(2, "channels")]
    assert extracted.dropped == {"channels": 1} and balanced(extracted)


def test_a_packet_longer_than_is_believed_is_malformed():
    begun = packet.encode(9, 0, b"z" * 100)
    extracted = Channels(longest=105).receive(table([made_frame(begun[:ROOM], 0, 0)]))
    assert [each.reason for each in extracted.rejects] == ["malformed"]
    # an encapsulation packet of 4 GiB is not waited for
    huge = b"\xeb\0\0\0\xff\xff\xff\xff" + bytes(ROOM - 8)
    extracted = Channels().receive(table([made_frame(huge, 0, 0)]))
    assert [each.reason for each in extracted.rejects] == ["malformed"]


def uslp_frame(data, *, map_id=0, count=0, pointer=0, bypass=True):
    return uslp.encode(
        data,
        uslp.Layout(),
        scid=900,
        vcid=3,
        map_id=map_id,
        count=count,
        count_octets=1,
        first_header_pointer=pointer,
        bypass=bypass,
    )


@clause("732.1-B-2 §4.1.2.5")
def test_packets_of_two_maps_span_frames_of_one_counter():
    one, two = packet.encode(1, 0, b"a" * 34), packet.encode(2, 0, b"b" * 34)
    frames = table(
        [
            uslp_frame(one[:20], map_id=1, count=255),
            uslp_frame(two[:20], map_id=2, count=0),
            uslp_frame(one[20:], map_id=1, count=1, pointer=NO_START),
            uslp_frame(two[20:], map_id=2, count=2, pointer=NO_START),
        ],
        uslp.Layout(),
        uslp,
    )
    extracted = Channels().receive(frames)
    assert (octets(extracted), extracted.gaps) == ([one, two], [])
    lost = Channels().receive(frames.take(np.array([0, 1, 3])))
    assert [gap.missing for gap in lost.gaps] == [1]
    assert octets(lost) == []  # whichever MAP the lost frame was of, neither can be trusted


@clause("732.1-B-2 §4.1.2.8")
def test_expedited_frames_are_counted_apart():
    whole = packet.encode(1, 0, b"a" * 14)
    frames = table(
        [
            uslp_frame(whole, count=1, bypass=True),
            uslp_frame(whole, count=77, bypass=False),
            uslp_frame(whole, count=2, bypass=True),
            uslp_frame(whole, count=78, bypass=False),
        ],
        uslp.Layout(),
        uslp,
    )
    extracted = Channels().receive(frames)
    assert (len(extracted.packets), extracted.gaps) == (4, [])


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.binary(min_size=ROOM, max_size=ROOM),
                  st.integers(-3, ROOM + 1)),
        max_size=30,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_compiled_loop_agrees_with_the_plain_one_on_any_payload(rows):
    frames = table(
        [made_frame(data, count, pointer, vcid) for vcid, count, data, pointer in rows]
        or [made_frame(WHOLE, 0, 0)]
    )
    results = []
    for loop in (chain.extract.plain, chain_jit.extract):
        chain.extract.run = loop
        try:
            machine = Channels(keep_idle=True)
            halves = [
                machine.receive(frames.take(slice(0, 9))),
                machine.receive(frames.take(slice(9, None))),
            ]
            left = machine.finish()
        finally:
            chain.extract.run = chain.extract.plain
        assert all(balanced(each) for each in halves)
        results.append(
            [(octets(h), h.gaps, h.rejects, h.fragments, h.dropped) for h in halves] + [left]
        )
    assert results[0] == results[1]


def test_no_frames_give_nothing():
    extracted = Channels().receive(table([made_frame(WHOLE, 0, 0)]).take(slice(0, 0)))
    assert (len(extracted.packets), extracted.given, extracted.used) == (0, 0, 0)
    assert isinstance(channel.Channels().finish(), list)
