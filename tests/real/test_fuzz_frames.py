"""100,000 mutated frames and packets: never an exception, never an octet or a frame unaccounted.

Seeds are real frames and packets; a mutation changes, copies or zeroes octets. Batches keep it
fast; the compiled loops are used, as in a station.
"""

from __future__ import annotations

import json
import tracemalloc
from functools import partial

import numpy as np
import pytest

from protocols import aos, encapsulation, kernels, packet, tm, uslp
from protocols.channel import Channels
from protocols.errors import DecodeError
from protocols.frame import ARENA_PADDING
from protocols.segment import Segments, SequenceCounts
from tests.conftest import SHARED

BATCH = 500
FRAMES, PACKETS = 70_000, 30_000
MEMORY = 64 << 20  # octets that all state and results of a batch may take


@pytest.fixture(autouse=True)
def compiled():
    kernels.bind()
    yield
    kernels.unbind()


def seeds(shared):
    """Return real frames by length."""
    files = json.loads((SHARED / "expected" / "frames_expected.json").read_text())["files"]
    by_length = {}
    for each in files:
        octets, length = np.fromfile(shared / each["file"], np.uint8), each["frame_len"]
        rows = octets[: len(octets) // length * length].reshape(-1, length)[:300]
        by_length.setdefault(length, []).append(rows)
    return {length: np.concatenate(rows) for length, rows in by_length.items()}


def mutate(random, frames):
    """Return copies of frames with some octets changed: most in the first twenty."""
    made = frames[random.integers(0, len(frames), BATCH)].copy()
    rows = np.arange(BATCH)
    for _ in range(random.integers(1, 12)):
        reach = 20 if random.random() < 0.7 else made.shape[1]
        place = random.integers(0, min(reach, made.shape[1]), BATCH)
        value = random.integers(0, 256, BATCH)
        made[rows, place] = np.where(random.random(BATCH) < 0.3, 255 * (value & 1), value)
    return made


def layouts(random, length):
    """Return a codec with a layout that may or may not fit the frames."""

    def flip():
        return bool(random.integers(0, 2))

    choice = random.integers(0, 3)
    if choice == 0:
        return tm, tm.Layout(length, fecf=flip())
    if choice == 1:
        service = list(aos.Service)[random.integers(0, 3)]
        return aos, aos.Layout(
            length,
            fecf=flip(),
            ocf=flip(),
            header_error_control=flip(),
            insert_zone=int(random.integers(0, 12)),
            services={0: service},
        )
    return uslp, uslp.Layout(
        length if flip() else None,
        fecf=int(random.choice([0, 2, 4])),
        insert_zone=int(random.integers(0, 12)),
        truncated=length if flip() else 0,
    )


def make_uslp(random, made, length):
    """Let half of the frames look like USLP, as there is no recording of it."""
    made[:, 0] = 0xC0 | made[:, 0] & 0x0F
    made[::2, 4:6] = [length - 1 >> 8, length - 1 & 0xFF]
    made[::2, 3] &= 0xFE
    made[::3, 6] = random.integers(0, 256, len(made[::3]))


def test_mutated_frames_are_used_or_counted(shared):
    random, given, tried = np.random.default_rng(1), seeds(shared), 0
    machine, counts, segments = Channels(), SequenceCounts(), Segments()
    tracemalloc.start()
    try:
        while tried < FRAMES:
            length = list(given)[tried // BATCH % len(given)]
            made, (codec, layout) = mutate(random, given[length]), layouts(random, length)
            if codec is uslp:
                make_uslp(random, made, length)
            frames, rejects = codec.decode_many(made, layout, bool(random.integers(0, 2)), tried)
            assert len(frames) + len(rejects) == BATCH
            assert all(reject.clause for reject in rejects)
            extracted = machine.receive(frames)
            assert extracted.given == len(frames)
            assert extracted.given == extracted.used + sum(extracted.dropped.values())
            counts.receive(extracted.packets)
            segments.receive(extracted.packets)
            tried += BATCH
            assert tracemalloc.get_traced_memory()[0] < MEMORY
            if tried % (20 * BATCH) == 0:  # a new pass, often enough to reach all states
                machine.finish()
                machine = Channels(limit=int(random.integers(1, 5000)))
    finally:
        tracemalloc.stop()


def test_mutated_packets_are_split_or_kept(shared):
    random, tried, before = np.random.default_rng(2), 0, None
    names = (next((shared / "ctim").glob("ccsds*")), next((shared / "jpss1").glob("*.DAT1")))
    octets = np.concatenate([np.fromfile(name, np.uint8)[:500_000] for name in names])
    tracemalloc.start()
    try:
        while tried < PACKETS:
            start = int(random.integers(0, len(octets) - 200_000))
            some = octets[start : start + 200_000].copy()
            places = random.integers(0, len(some), int(random.integers(1, 2000)))
            some[places] = random.integers(0, 256, len(places))
            kind = bool(random.integers(0, 2))
            versions = None if kind else [0]
            scanned = packet.scan(some, encapsulation=kind, versions=versions)
            table = scanned.packets
            kept = sum(len(each.octets) for each in scanned.rejects)
            assert int(table.length.sum()) + kept == len(some)
            SequenceCounts().receive(table)
            Segments().receive(table)
            tried += max(1, len(table) + len(scanned.rejects))
            now = tracemalloc.get_traced_memory()[0]
            before = before or now
            assert now < before + MEMORY
    finally:
        tracemalloc.stop()


def test_mutated_single_frames_and_packets_break_only_with_their_clause(shared):
    """The forms for one: a DecodeError, or a table of one."""
    random, given = np.random.default_rng(3), seeds(shared)
    for length, frames in given.items():
        for octets in mutate(random, frames)[:100]:
            codec, layout = layouts(random, length)
            cut = octets[: int(random.integers(0, length + 1))].tobytes()
            for form in (octets.tobytes(), cut):
                forms = (partial(codec.decode, layout=layout), packet.decode, encapsulation.decode)
                for decode in forms:
                    try:
                        decode(form)
                    except DecodeError as error:
                        assert error.clause


def test_random_spans_of_any_length_are_frames_or_rejects():
    random = np.random.default_rng(4)
    for _ in range(100):
        length = random.integers(0, 40, 50)
        arena = random.integers(0, 256, int(length.sum()) + ARENA_PADDING).astype(np.uint8)
        start = np.cumsum(length) - length
        arena[start] = 0xC0 | arena[start] & 0x0F
        layout = uslp.Layout(fecf=0, insert_zone=int(random.integers(0, 4)), truncated=12)
        frames, rejects = uslp.decode_spans(arena, start, length, layout)
        assert len(frames) + len(rejects) == 50
        machine = Channels()
        extracted = machine.receive(frames)
        assert extracted.given == extracted.used + sum(extracted.dropped.values())
