"""The journal: what was received is on disk first, and found again whatever happens to it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive import journal
from ground.archive.journal import Journal, JournalError, Records
from ground.archive.journal_segments import Segment
from ground.errors import Refused

SECOND = 1_000_000_000


def records(first: int, chunks: list[bytes], received_ns: int = SECOND) -> Records:
    return Records.of(first, received_ns, chunks, [at == 0 for at in range(len(chunks))])


def text(found: Records) -> list[bytes]:
    starts = found.starts
    return [found.octets[a:b].tobytes() for a, b in pairwise(starts)]


def same(ours: Records, theirs: Records) -> bool:
    return all(
        np.array_equal(each, theirs.columns()[name]) for name, each in ours.columns().items()
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "live" / "kashi"


def filled(folder: Path, batches: int, size: int = 100, **kept: int) -> Records:
    """Write so many batches of three records a second apart, and return them all."""
    writer, made = Journal(folder, **kept), []
    for number in range(batches):
        chunks = [bytes([number % 256, each]) * (size // 2) for each in range(3)]
        made.append(records(writer.end, chunks, (number + 1) * SECOND))
        writer.append(made[-1])
    writer.sync()
    writer.close()
    return Records.joined(made)


def test_what_was_appended_is_read_by_position(folder):
    made = filled(folder, 5)
    assert same(journal.read(folder, 0, 1 << 20), made)
    assert text(journal.read(folder, 700, 200)) == text(made.rows(7, 9))
    assert len(journal.read(folder, 1500, 1 << 20)) == 0


def test_a_position_inside_a_record_gives_its_rest(folder):
    made = filled(folder, 1)
    found = journal.read(folder, 130, 1 << 20)
    assert (found.position[0], text(found)) == (130, [text(made)[1][30:], text(made)[2]])


def test_at_least_one_record_comes_however_small_the_limit(folder):
    made = filled(folder, 2)
    assert same(journal.read(folder, 100, 1), made.rows(1, 2))


@pytest.mark.parametrize("limit", [1, 250, 10_000])
def test_reading_on_gives_everything_once(folder, limit):
    made = filled(folder, 40, segment_octets=4000)
    reader, parts, position = journal.Reader(folder), [], 0
    while len(found := reader.read(position, limit)):
        parts.append(found)
        position = found.end
    reader.close()
    assert same(Records.joined(parts), made)
    assert len(list(folder.glob("*.arrows"))) > 5


def test_any_arrow_reader_reads_a_segment(folder):
    made = filled(folder, 3)
    (path,) = folder.glob("*.arrows")
    table = pa.ipc.open_stream(path).read_all()
    assert path.name == "00000000000000000000.arrows"
    assert table["octets"].to_pylist() == text(made)
    assert table["position"].to_pylist() == made.position.tolist()


def test_the_checksum_is_that_of_zlib_over_the_message_with_zeros_for_it(folder):
    """Worked by hand from the octets on disk."""
    import re
    import zlib

    filled(folder, 1)
    octets = next(folder.glob("*.arrows")).read_bytes()
    start = 8 + int.from_bytes(octets[4:8], "little")
    said = re.search(rb"octets=(\d+) crc32=(\w{8})", octets)
    message = octets[start : start + int(said[1])]
    assert len(octets) == start + len(message) + 8
    assert zlib.crc32(message.replace(said[2], b"00000000")) == int(said[2], 16)


def test_octets_that_shrink_are_compressed_and_others_are_not(folder):
    with_zeros, random = [bytes(1000)] * 100, [os.urandom(1000) for _ in range(100)]
    writer = Journal(folder)
    writer.append(records(0, with_zeros))
    small = writer._size
    writer.append(records(writer.end, random))
    writer.close()
    assert small < 20_000 and 100_000 < writer._size - small < 105_000
    assert text(journal.read(folder, 0, 1 << 20)) == with_zeros + random


def test_a_long_batch_becomes_several_messages(folder):
    chunks = [os.urandom(60_000) for _ in range(60)]
    writer = Journal(folder)
    writer.append(records(0, chunks))
    writer.close()
    assert text(journal.read(folder, 0, 1 << 30)) == chunks
    assert len(text(journal.read(folder, 60_000, 130_000))) == 2


def test_a_record_before_the_end_is_the_callers_mistake(folder):
    writer = Journal(folder)
    writer.append(records(0, [b"abc"]))
    with pytest.raises(ValueError, match="before the end 3"):
        writer.append(records(2, [b"abc"]))
    writer.close()


def test_a_journal_has_one_writer(folder):
    writer = Journal(folder)
    with pytest.raises(Refused, match="the journal is being written by process"):
        Journal(folder)
    writer.close()
    Journal(folder).close()


def test_a_reader_follows_a_growing_journal(folder):
    writer, reader = Journal(folder, segment_octets=2000), journal.Reader(folder)
    for number in range(20):
        assert len(reader.read(writer.end, 1000)) == 0
        made = records(writer.end, [bytes([number]) * 150])
        writer.append(made)
        assert same(reader.read(int(made.position[0]), 1000), made)
    reader.close()
    writer.close()


@pytest.mark.parametrize("cleanly", [True, False])
def test_a_journal_goes_on_where_it_ended(folder, cleanly):
    writer = Journal(folder)
    writer.append(records(0, [b"one"]))
    if cleanly:
        writer.close()
    else:
        os.close(writer._lock)  # as its process had been killed
        os.close(writer._file)
    again = Journal(folder)
    assert (again.end, again.torn) == (3, 0)
    again.append(records(3, [b"two"]))
    again.close()
    assert text(journal.read(folder, 0, 100)) == [b"one", b"two"]
    assert len(list(folder.glob("*.arrows"))) == (2 if cleanly else 1)


def test_after_a_power_cut_no_position_is_given_again(folder, monkeypatch):
    writer = Journal(folder)
    writer.append(records(0, [b"one"]))
    os.close(writer._lock)
    os.close(writer._file)
    monkeypatch.setattr(journal, "_boot", lambda: "another")
    again = Journal(folder)
    assert again.end == 3 + (1 << 30)
    again.append(records(again.end, [b"two"]))
    again.close()
    found = journal.read(folder, 0, 100)
    assert (text(found), found.position.tolist()) == ([b"one", b"two"], [0, 3 + (1 << 30)])


def test_a_tail_cut_at_any_octet_leaves_every_whole_batch(folder, tmp_path):
    made = filled(folder, 14, 300)
    (path,) = folder.glob("*.arrows")
    octets = path.read_bytes()[:-8]  # the mark of the end is written by `close`
    with Segment(path) as segment:
        ends = [(each.behind, each.header.end) for each in segment.messages(segment.start)]
    torn = tmp_path / "torn"
    torn.mkdir()
    for cut in range(len(octets) - 4096, len(octets) + 1):
        (torn / path.name).write_bytes(octets[:cut])
        writer = Journal(torn)
        behind, end = max(each for each in ends if each[0] <= cut)
        assert (writer.end, writer.torn) == (end, cut - behind)
        os.close(writer._file)
        os.close(writer._lock)
        assert (torn / path.name).read_bytes() == octets[:behind]
    assert same(journal.read(torn, 0, 1 << 20), made)


def test_a_torn_tail_is_overwritten_by_what_follows(folder):
    made = filled(folder, 4)
    (path,) = folder.glob("*.arrows")
    path.write_bytes(path.read_bytes()[:-100])
    writer = Journal(folder)
    assert writer.end == 900 and writer.torn > 0
    writer.append(records(900, [b"new"]))
    writer.close()
    assert text(journal.read(folder, 0, 1 << 20)) == [*text(made)[:9], b"new"]


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_and_named_and_all_else_is_read(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("flipped")
    made = filled(folder, 6)
    (path,) = folder.glob("*.arrows")
    octets = bytearray(path.read_bytes())
    octets[int(place * len(octets))] ^= 1 << bit
    path.write_bytes(octets)
    damaged: list = []
    found = journal.read(folder, 0, 1 << 20, damaged)
    missing = sorted(set(made.position.tolist()) - set(found.position.tolist()))
    assert text(found) == [
        each for each, at in zip(text(made), made.position, strict=True) if at not in missing
    ]
    assert len(missing) in (0, 3)
    if missing and missing[-1] != made.position[-1]:
        assert [each.path for each in damaged] == [str(path)]


def test_damage_in_a_closed_segment_is_named_even_at_its_end(folder):
    filled(folder, 40, segment_octets=4000)
    first = min(folder.glob("*.arrows"))
    first.write_bytes(first.read_bytes()[:-50])
    damaged: list = []
    found = journal.read(folder, 0, 1 << 20, damaged)
    assert len(found) == 117 and [each.path for each in damaged] == [str(first)]


def test_what_looks_like_a_message_inside_a_record_is_none(folder):
    """A journal whose records are another journal's octets, with damage in the middle."""
    inner = folder / "inner"
    filled(inner, 4)
    octets = next(inner.glob("*.arrows")).read_bytes()
    outer = folder / "outer"
    writer = Journal(outer)
    for _ in range(3):
        writer.append(records(writer.end, [octets]))
    writer.close()
    assert text(journal.read(outer, 0, 1 << 20)) == [octets] * 3
    assert journal.seek(outer, 0) == 0


def test_a_time_is_found_in_any_segment(folder):
    made = filled(folder, 300, 400, segment_octets=150_000)
    assert len(list(folder.glob("*.arrows"))) > 1
    for second in (1, 2, 150, 299, 300):
        assert journal.seek(folder, second * SECOND) == made.position[(second - 1) * 3]
        assert journal.seek(folder, second * SECOND - 1) == made.position[(second - 1) * 3]
    assert journal.seek(folder, 301 * SECOND) == made.end
    assert journal.span(folder) == journal.Span(0, made.end, SECOND, 300 * SECOND)


def test_nothing_is_found_in_an_empty_journal(folder):
    assert journal.span(folder) is None
    assert journal.seek(folder, 0) == 0
    assert len(journal.read(folder, 0, 100)) == 0
    Journal(folder).close()
    assert journal.span(folder) is None


def test_a_jump_leaves_a_hole(folder):
    writer = Journal(folder)
    writer.append(records(0, [b"one"]))
    writer.jump(1000)
    writer.jump(500)
    writer.append(records(writer.end, [b"two"]))
    writer.close()
    found = journal.read(folder, 3, 100)
    assert (found.position.tolist(), text(found)) == ([1000], [b"two"])


def test_trimming_keeps_what_is_not_acknowledged(folder):
    made = filled(folder, 60, segment_octets=4000)
    firsts = sorted(int(path.stem) for path in folder.glob("*.arrows"))
    writer = Journal(folder)
    assert writer.trim(firsts[2] + 1, 1 << 30) == 0  # there is room
    assert writer.trim(firsts[2] + 1, 0) > 0
    assert sorted(int(path.stem) for path in folder.glob("*.arrows")) == firsts[2:]
    assert same(journal.read(folder, 0, 1 << 20), made.behind(firsts[2]))
    writer.trim(made.end, 0)
    assert writer.end == made.end and len(list(folder.glob("*.arrows"))) == 1
    writer.close()


def test_a_reader_whose_segment_was_trimmed_goes_on_with_the_next(folder):
    made = filled(folder, 60, segment_octets=4000)
    reader = journal.Reader(folder)
    first = reader.read(0, 300)
    writer = Journal(folder)
    writer.trim(made.end, 0)
    left = reader.read(first.end, 1 << 20)
    assert int(left.position[-1]) == made.position[-1]
    reader.close()
    writer.close()


def test_a_full_disk_is_said_and_what_was_there_stays(folder):
    code = f"""
import os, resource, sys
from pathlib import Path
from ground.archive.journal import Journal, JournalError, Records
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
writer = Journal(Path({str(folder)!r}))
taken = 0
try:
    while True:
        writer.append(Records.of(writer.end, 5, [os.urandom(3000)]))
        taken += 1
except JournalError as error:
    assert "no space left on the disk" in str(error), error
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.append(Records.of(writer.end, 5, [b"after"]))
writer.close()
print(taken)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    damaged: list = []
    found = journal.read(folder, 0, 1 << 20, damaged)
    assert text(found)[-1] == b"after" and len(found) == int(done.stdout) + 1 and not damaged


def refuse_syncs(monkeypatch, times: int):
    """Let fdatasync fail so many times with the error of a bad disk."""
    left, real = [times], os.fdatasync

    def fdatasync(descriptor: int) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)


def test_records_of_several_messages_are_taken_together_or_not_at_all(folder, monkeypatch):
    writer = Journal(folder)
    writer.append(records(0, [b"safe"]))
    real, calls = os.pwrite, []

    def pwrite(descriptor: int, octets: bytes, at: int) -> int:
        calls.append(at)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, octets[:2_000_000], at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(JournalError, match="no space left"):
        writer.append(records(4, [os.urandom(700_000) for _ in range(4)]))
    monkeypatch.setattr(os, "pwrite", real)
    assert (writer.end, len(journal.read(folder, 0, 1 << 30))) == (4, 1)
    writer.append(records(4, [b"more"]))
    writer.close()
    assert text(journal.read(folder, 0, 1 << 30)) == [b"safe", b"more"]


@pytest.mark.parametrize("synced_before", [True, False])
def test_after_a_sync_that_failed_nothing_is_taken_until_all_of_it_is_on_disk(
    folder, monkeypatch, synced_before
):
    writer, reader = Journal(folder), journal.Reader(folder)
    if synced_before:
        writer.append(records(0, [b"safe"]))
        writer.sync()
    start = writer.end
    writer.append(records(start, [b"one"]))
    assert len(reader.read(start, 100)) == 1
    refuse_syncs(monkeypatch, 2)
    with pytest.raises(JournalError, match="did not take what was written"):
        writer.sync()
    assert writer.synced == start
    with pytest.raises(JournalError, match="did not take what was written"):
        writer.append(records(writer.end, [b"lost"]))
    writer.append(records(writer.end, [b"two"]))
    assert writer.synced == start + 3
    assert text(reader.read(start + 3, 100)) == [b"two"]
    writer.close()
    assert text(journal.read(folder, start, 100)) == [b"one", b"two"]
    reader.close()


def test_kill_9_loses_nothing_of_which_append_returned(folder):
    code = f"""
import os, sys
from pathlib import Path
from ground.archive.journal import Journal, Records
writer = Journal(Path({str(folder)!r}), segment_octets=300_000)
for number in range(10**9):
    end = writer.append(Records.of(writer.end, number, [number.to_bytes(4, "big") * 300]))
    os.write(1, end.to_bytes(8, "big"))
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    said = child.stdout.read(8 * 700)  # beyond two rotations
    child.send_signal(signal.SIGKILL)
    said += child.stdout.read()
    child.wait()
    child.stdout.close()
    end = int.from_bytes(said[len(said) // 8 * 8 - 8 : len(said) // 8 * 8], "big")
    writer = Journal(folder)
    assert writer.end >= end
    writer.close()
    found = journal.read(folder, 0, 1 << 30)
    expected = [number.to_bytes(4, "big") * 300 for number in range(len(found))]
    assert text(found) == expected and found.end >= end


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5), max_size=12
    ),
    start=st.integers(0, 4000),
    limit=st.integers(1, 3000),
)
def test_any_batching_gives_the_same_octets(tmp_path_factory, batches, start, limit):
    folder = tmp_path_factory.mktemp("any")
    writer = Journal(folder, segment_octets=2000)
    for each in batches:
        writer.append(records(writer.end, each))
    whole = b"".join(b"".join(each) for each in batches)
    reader, read = journal.Reader(folder), b""
    while len(found := reader.read(start + len(read), limit)):
        assert found.position[0] == start + len(read)
        read += found.octets.tobytes()
    assert read == whole[start:]
    reader.close()
    writer.close()
