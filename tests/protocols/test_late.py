"""Frames that come behind others: late within a little way, else a counter that begins anew."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import aos, chain, chain_jit, packet, tm
from protocols.channel import Channels, Gap
from protocols.frame import ONLY_IDLE
from tests.protocols.test_channel import LAYOUT, LENGTH, ROOM, balanced, octets, table

AOS = aos.Layout(LENGTH)
AOS_ROOM = LENGTH - aos.HEADER - aos.PDU_HEADER


def aos_frames(counts):
    """AOS frames of one packet each, which holds the frame's count."""
    return table(
        [
            aos.encode(
                packet.encode(7, 0, count.to_bytes(AOS_ROOM - 6, "big")),
                AOS,
                scid=1,
                vcid=2,
                count=count,
            )
            for count in counts
        ],
        AOS,
        aos,
    )


def counts_of(extracted):
    return [int.from_bytes(each[6:], "big") for each in octets(extracted)]


def run(frames, size):
    machine = Channels()
    return [
        machine.receive(frames.take(slice(at, at + size))) for at in range(0, len(frames), size)
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_a_frame_overtaken_by_the_next_is_late_and_its_gap_stays(size):
    batches = run(aos_frames([5, 7, 6, 8, 9]), size)
    assert [each for batch in batches for each in counts_of(batch)] == [5, 7, 8, 9]
    assert [gap for batch in batches for gap in batch.gaps] == [Gap(1, 2, 1, 6, 7, 1, 1 << 24)]
    rejects = [reject for batch in batches for reject in batch.rejects]
    assert [(each.index, each.reason) for each in rejects] == [(2, "late")]
    assert sum(batch.dropped.get("late", 0) for batch in batches) == 1
    assert all(balanced(each) for each in batches)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_the_duplicate_of_a_frame_that_overtook_another_is_late_too(size):
    batches = run(aos_frames([5, 7, 6, 7, 8]), size)
    assert [each for batch in batches for each in counts_of(batch)] == [5, 7, 8]
    assert sum(batch.dropped.get("late", 0) for batch in batches) == 2
    assert [gap.missing for batch in batches for gap in batch.gaps] == [1]


@pytest.mark.parametrize(("back", "late"), [(1, True), (64, True), (65, False), (1 << 20, False)])
def test_a_frame_is_late_up_to_64_behind_and_beyond_a_counter_begins_anew(back, late):
    extracted = Channels().receive(aos_frames([5_000_000, 5_000_000 - back]))
    assert extracted.dropped == ({"late": 1} if late else {})
    assert [gap.missing for gap in extracted.gaps] == ([] if late else [0])


def test_a_restart_within_the_late_ones_costs_two_frames():
    batches = run(aos_frames([9, 10, 0, 1, 2, 3]), 2)
    assert [each for batch in batches for each in counts_of(batch)] == [9, 10, 2, 3]
    assert sum(batch.dropped.get("late", 0) for batch in batches) == 2
    assert [gap for batch in batches for gap in batch.gaps] == [Gap(1, 2, 4, 11, 2, 0, 1 << 24)]


def test_late_frames_that_do_not_follow_each_other_are_no_restart():
    extracted = Channels().receive(aos_frames([9, 10, 3, 5, 7, 4, 6, 11]))
    assert counts_of(extracted) == [9, 10, 11]
    assert extracted.dropped == {"late": 5}


def test_a_late_frame_across_the_wrap_is_late():
    last = (1 << 24) - 1
    extracted = Channels().receive(aos_frames([last - 1, 0, last, 1]))
    assert counts_of(extracted) == [last - 1, 0, 1]
    assert extracted.dropped == {"late": 1}


@pytest.mark.parametrize(("missing", "late"), [(238, 0), (239, 1)])
def test_a_counter_of_one_octet_steps_back_by_16_at_most(missing, late):
    """Else every sixth gap of a recording would look like frames that come late."""
    frames = [
        tm.encode(packet.encode(1, 0, bytes(ROOM - 6)), LAYOUT, scid=5, vcid=1, count=count)
        for count in (0, missing + 1)
    ]
    extracted = Channels().receive(table(frames))
    assert extracted.dropped.get("late", 0) == late
    assert [gap.missing for gap in extracted.gaps] == [missing] * (1 - late)


def test_a_late_idle_frame_is_counted_once():
    frames = [
        tm.encode(bytes(ROOM), LAYOUT, scid=5, vcid=1, count=count, first_header_pointer=ONLY_IDLE)
        for count in (0, 2, 1)
    ]
    extracted = Channels().receive(table(frames))
    assert extracted.dropped == {"late": 1, "idle": 2} and balanced(extracted)


@given(st.lists(st.integers(0, 90), min_size=1, max_size=40), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_any_batching_and_either_loop_drop_the_same_frames(counts, size):
    frames = aos_frames(counts)
    results = []
    for loop in (chain.extract.plain, chain_jit.extract):
        chain.extract.run = loop
        try:
            for batches in (run(frames, size), run(frames, len(frames))):
                assert all(balanced(each) for each in batches)
                results.append(
                    (
                        [each for batch in batches for each in octets(batch)],
                        [each for batch in batches for each in batch.gaps],
                        [each for batch in batches for each in batch.rejects],
                    )
                )
        finally:
            chain.extract.run = chain.extract.plain
    assert all(each == results[0] for each in results)
