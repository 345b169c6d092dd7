"""Segments joined, sequence counts followed, across any batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import packet, segment
from protocols.packet import ALONE, CONTINUATION, FIRST, LAST, SEGMENTED
from tests.clauses import clause


def table(*rows):
    """Packets of (apid, sequence, sequence flags, data)."""
    made = [packet.encode(apid, n, data, sequence_flags=flags) for apid, n, flags, data in rows]
    return packet.scan(b"".join(made)).packets


def octets(packets):
    return [packets.octets(row) for row in range(len(packets))]


@clause("133.0-B-2 §4.1.3.4.2")
def test_segments_become_one_packet_where_the_last_one_came():
    given_ = table(
        (5, 0, FIRST, b"abc"),
        (6, 9, ALONE, b"other"),
        (5, 1, CONTINUATION, b"de"),
        (5, 2, LAST, b"f"),
        (6, 10, ALONE, b"after"),
    )
    joined = segment.Segments().receive(given_)
    assert joined.packets.apid.tolist() == [6, 5, 6]
    whole = joined.packets.octets(1)
    assert whole == given_.octets(0)[:6] + b"abcdef"  # the first segment's header as received
    assert joined.packets.length.tolist() == [11, 12, 11]
    assert joined.packets.flags.tolist() == [0, SEGMENTED, 0]
    assert joined.packets.source.tolist() == [given_.source[1], 0, given_.source[4]]
    assert not joined.fragments


def test_segments_of_two_apids_may_be_mixed_and_counts_may_wrap():
    joined = segment.Segments().receive(
        table(
            (1, 16383, FIRST, b"a"),
            (2, 7, FIRST, b"x"),
            (1, 0, LAST, b"b"),
            (2, 8, LAST, b"y"),
        )
    )
    assert [each[6:] for each in octets(joined.packets)] == [b"ab", b"xy"]


def test_a_missing_segment_costs_its_packet_alone_and_every_octet_is_kept():
    joined = segment.Segments().receive(
        table(
            (1, 0, FIRST, b"a"),
            (1, 2, LAST, b"c"),
            (1, 3, FIRST, b"d"),
            (1, 4, LAST, b"e"),
            (1, 5, CONTINUATION, b"f"),
        )
    )
    assert [each[6:] for each in octets(joined.packets)] == [b"de"]
    assert [(each.reason, each.octets[6:]) for each in joined.fragments] == [
        ("segment_missing", b"a"),
        ("segment_missing", b"c"),
        ("segment_missing", b"f"),
    ]


def test_a_new_first_segment_ends_the_packet_before():
    machine = segment.Segments()
    joined = machine.receive(table((1, 0, FIRST, b"a"), (1, 1, FIRST, b"b")))
    assert [each.reason for each in joined.fragments] == ["segment_unfinished"]
    assert [each.octets[6:] for each in machine.finish()] == [b"b"]
    assert machine.finish() == []


def test_memory_is_bounded_in_octets_and_in_open_packets():
    machine = segment.Segments(longest=20, limit=2)
    rows = [(1, 0, FIRST, b"a" * 10), (1, 1, CONTINUATION, b"b" * 10)]
    joined = machine.receive(table(*rows))
    assert [each.reason for each in joined.fragments] == ["segment_limit"] * 2
    joined = machine.receive(table(*((apid, 0, FIRST, b"x") for apid in (7, 8, 9))))
    assert [(each.reason, each.octets[:2]) for each in joined.fragments] == [
        ("segment_limit", b"\x00\x07")
    ]


def test_idle_packets_are_no_segments():
    given_ = table((2047, 0, CONTINUATION, b"idle"))
    joined = segment.Segments().receive(given_)
    assert octets(joined.packets) == octets(given_) and not joined.fragments


ROWS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.integers(0, 3),
        st.sampled_from([FIRST, CONTINUATION, LAST, ALONE]),
        st.binary(min_size=1, max_size=4),
    ),
    max_size=25,
)


@given(ROWS, st.integers(1, 6))
@settings(max_examples=80, deadline=None)
def test_any_batching_gives_the_same_packets_fragments_and_gaps(rows, size):
    whole, parts = segment.Segments(), segment.Segments()
    counts, counted = segment.SequenceCounts(), segment.SequenceCounts()
    everything = table(*rows)
    one = whole.receive(everything)
    followed = counts.receive(everything)
    packets, fragments, gaps, duplicates = [], [], [], []
    for at in range(0, len(everything), size):
        some = everything.take(slice(at, at + size))
        joined = parts.receive(some)
        packets += octets(joined.packets)
        fragments += joined.fragments
        more = counted.receive(some)
        gaps += [(gap.row + at, gap.expected, gap.missing) for gap in more.gaps]
        duplicates += (more.duplicates + at).tolist()
    assert (packets, fragments) == (octets(one.packets), one.fragments)
    assert gaps == [(gap.row, gap.expected, gap.missing) for gap in followed.gaps]
    assert duplicates == followed.duplicates.tolist()
    assert whole.finish() == parts.finish()


@given(ROWS)
@settings(max_examples=80, deadline=None)
def test_every_data_octet_comes_out_once(rows):
    machine = segment.Segments()
    joined = machine.receive(table(*rows))
    came = sum(len(each) for each in octets(joined.packets))
    came += sum(len(each.octets) for each in joined.fragments + machine.finish())
    sent = sum(6 + len(data) for *_, data in rows)
    assert (sent - came) % 6 == 0  # the headers of segments that follow a first one
    assert 0 <= sent - came <= 6 * len(rows)


@clause("133.0-B-2 §4.1.3.4.3")
def test_counts_skip_and_repeat_and_wrap_for_each_apid():
    followed = segment.SequenceCounts().receive(
        table(
            (1, 16382, ALONE, b"x"),
            (2, 5, ALONE, b"x"),
            (1, 16383, ALONE, b"x"),
            (2047, 77, ALONE, b"idle"),
            (1, 2, ALONE, b"x"),
            (2, 5, ALONE, b"x"),
            (2, 6, ALONE, b"x"),
        )
    )
    assert followed.gaps == [segment.SequenceGap(-1, -1, 1, 4, 0, 2, 2)]
    assert followed.duplicates.tolist() == [5]


def test_counts_of_one_apid_on_two_channels_are_apart():
    packets = table((1, 0, ALONE, b"x"), (1, 0, ALONE, b"x"))
    packets.vcid[:] = [1, 2]
    followed = segment.SequenceCounts().receive(packets)
    assert (followed.gaps, followed.duplicates.tolist()) == ([], [])


def test_no_packets_give_nothing():
    assert segment.SequenceCounts().receive(packet.empty()).gaps == []
    assert len(segment.Segments().receive(packet.empty()).packets) == 0
    assert np.array_equal(segment.SequenceCounts().receive(packet.empty()).duplicates, np.empty(0))
