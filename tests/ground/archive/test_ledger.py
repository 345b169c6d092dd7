"""The ledger: what was committed is there, whole and in order, or its damage has a name."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive import ledger_verify
from ground.archive.ledger import (
    Ledger,
    LedgerError,
    LedgerFailed,
    LedgerFull,
    folder_of,
    read,
)
from ground.archive.ledger_records import Segment
from ground.command.facts import Noted, Opened
from ground.errors import InputError, Refused
from protocols.errors import EncodeError

REALM = "sim/demo"
SECOND = 10**9
HEAD, RECORD = 52, 60  # octets of the head of a segment and of a record


def note(number: int, size: int = 40) -> Noted:
    return Noted(number * SECOND, "test", f"{number}", "x" * size)


def written(folder: Path, groups: list[int], *, close: bool = True, **kept: int) -> list[Noted]:
    """Write groups of so many facts, each committed; without `close` as a crash leaves it."""
    ledger = Ledger(folder, REALM, **kept)
    facts, number = [], 0
    for size in groups:
        group = [note(number + each) for each in range(size)]
        number += size
        ledger.append(group)
        ledger.commit()
        facts += group
    if close:
        ledger.close()
    else:
        ledger._release()
    return facts


def facts_in(folder: Path, first: int = 1) -> list[object]:
    return [each.entry for each in read(folder, REALM, first)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for the disk that only asks what the file says."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _: None)


def test_the_first_record_is_what_the_format_says(folder):
    """Octets, CRC and hash, all made here by hand from the layout that is written down."""
    with Ledger(folder, "live") as ledger:
        assert ledger.append([Opened(7, "0.3")]) == range(1, 2)
    fact = b"\x94\x01\xa6Opened\x07\x81\xa8software\xa30.3"
    before = hashlib.sha256(b"ground.ledger/1\x00live").digest()
    head = b"GLEDGER1" + struct.pack(">Q", 1) + before
    begin = b"\x89GLR" + struct.pack(">IQQ", len(fact), 1, 0)
    begin += hashlib.sha256(before + fact).digest()
    expected = head + struct.pack(">I", zlib.crc32(head)) + begin
    expected += struct.pack(">I", zlib.crc32(begin + fact)) + fact
    assert (folder / "000000000001.ledger").read_bytes() == expected


def test_what_was_committed_is_read_in_order_and_from_any_number(folder):
    facts = written(folder, [1, 5, 3], segment_octets=400)
    assert len(list(folder.glob("*.ledger"))) > 1
    assert facts_in(folder) == facts
    for first in range(1, 10):
        assert facts_in(folder, first) == facts[first - 1 :]
    with Ledger(folder, REALM) as again:
        assert (again.number, again.committed, again.torn) == (9, 9, 0)
        assert [number for number, _ in again.read(4)] == [4, 5, 6, 7, 8, 9]
        assert list(again.append([note(9)])) == [10] and again.commit() == 10
    assert facts_in(folder) == [*facts, note(9)]


def test_what_was_not_committed_is_not_there(folder):
    ledger = Ledger(folder, REALM)
    ledger.append([note(0)])
    assert facts_in(folder) == [] and list(ledger.read()) == [] and ledger.committed == 0
    ledger._release()
    with Ledger(folder, REALM) as again:
        assert again.number == 0


def test_a_fact_that_is_not_well_typed_takes_nothing_in(folder):
    with Ledger(folder, REALM) as ledger:
        with pytest.raises(EncodeError):
            ledger.append([note(1), Noted(5, "a", "b", 7)])  # type: ignore[arg-type]
        assert ledger.number == 0 and list(ledger.append([note(1)])) == [1]


def test_a_second_writer_is_refused_and_readers_are_not(folder):
    with Ledger(folder, REALM) as ledger:
        ledger.append([note(1)])
        ledger.commit()
        with pytest.raises(Refused, match="the ledger is being written by process"):
            Ledger(folder, REALM)
        assert facts_in(folder) == [note(1)]
    Ledger(folder, REALM).close()


@pytest.mark.parametrize("realm, name", [("live", "live"), ("sim/a.b", "sim-a.b")])
def test_each_realm_has_its_folder(tmp_path, realm, name):
    assert folder_of(tmp_path, realm) == tmp_path / "ledger" / name


@pytest.mark.parametrize("realm", ["", "../x", "sim/", "sim/../x", "sim/a/b", "dead"])
def test_what_is_no_realm_has_no_folder(tmp_path, realm):
    with pytest.raises(InputError):
        folder_of(tmp_path, realm)


def test_the_ledger_of_one_realm_is_not_that_of_another(folder):
    written(folder, [3])
    with pytest.raises(LedgerError):
        Ledger(folder, "live")
    with pytest.raises(LedgerError):
        list(read(folder, "live"))
    assert ledger_verify.verify(folder, "live").problems


# ---- power cuts and crashes ---------------------------------------------------------------------


def crashed(folder: Path) -> tuple[Path, bytes, list[int], list[Noted]]:
    """Return the segment that a crash left, its octets, and where its records end."""
    facts = written(folder, [3, *[4] * 12], close=False)
    path = folder / "000000000001.ledger"
    ends = [HEAD]
    for each in read(folder, REALM):
        ends.append(each.behind)
    return path, path.read_bytes(), ends, facts


@pytest.mark.parametrize("how", ["truncated", "garbled"])
@pytest.mark.parametrize("part", range(4))
def test_whatever_becomes_of_the_last_octets_the_rest_is_recovered(folder, unsynced, how, part):
    """F22: for every k up to 4096 octets, to the last record that is whole."""
    path, octets, ends, facts = crashed(folder)
    chance = random.Random(part)
    assert len(octets) - ends[3] > 4096  # the first group is anchored, and not touched
    for k in range(1 + part, 4097, 4):
        cut = len(octets) - k
        tail = b"" if how == "truncated" else chance.randbytes(k)
        path.write_bytes(octets[:cut] + tail)
        whole = sum(end <= cut for end in ends) - 1
        ledger = Ledger(folder, REALM)
        assert ledger.number == whole and ledger.torn == cut + len(tail) - ends[whole]
        ledger._release()
        assert path.stat().st_size == ends[whole]
    assert facts_in(folder) == facts[:whole]


def test_what_is_cut_off_is_kept_beside(folder):
    path, octets, ends, _ = crashed(folder)
    path.write_bytes(octets[:-5])
    with Ledger(folder, REALM) as ledger:
        assert ledger.torn == ends[-1] - ends[-2] - 5
    kept = folder / f"torn-{len(ends) - 1}-{ends[-2]}.octets"
    assert kept.read_bytes() == octets[ends[-2] : -5]


def test_a_group_whose_pages_came_to_disk_in_another_order_was_never_committed(folder):
    """After a power cut a record may be missing before ones that are whole."""
    path, octets, ends, facts = crashed(folder)
    hole = ends[-4]  # in the last group of four
    path.write_bytes(octets[:hole] + bytes(ends[-3] - hole) + octets[ends[-3] :])
    with Ledger(folder, REALM) as ledger:
        assert ledger.number == len(facts) - 3
    assert facts_in(folder) == facts[:-3]


def test_damage_to_what_was_on_disk_is_not_mended(folder):
    """The same in a group before the last: those behind it know that it had been synced."""
    path, octets, ends, _ = crashed(folder)
    hole = ends[-7]
    path.write_bytes(octets[: hole + 9] + b"?" + octets[hole + 10 :])
    before = path.read_bytes()
    named = f"octet {hole}: record {len(ends) - 6} is damaged"
    with pytest.raises(LedgerError, match=named):
        Ledger(folder, REALM)
    with pytest.raises(LedgerError, match=named):
        list(read(folder, REALM))
    assert path.read_bytes() == before


def test_any_bit_that_flips_is_named_with_its_record(folder, unsynced):
    """Of a ledger that was closed, whatever the bit: octet and record, and nothing is written."""
    written(folder, [2, 3, 2])
    path = folder / "000000000001.ledger"
    octets = bytearray(path.read_bytes())
    starts = [each.at for each in read(folder, REALM)]
    for place in range(len(octets)):
        record = max(1, sum(start <= place for start in starts))
        octet = 0 if place < HEAD else starts[record - 1]
        octets[place] ^= 1 << place % 8
        path.write_bytes(octets)
        problem = ledger_verify.verify(folder, REALM).problems[0]
        assert (problem.octet, problem.record) == (octet, record), place
        for opened in (lambda: Ledger(folder, REALM), lambda: list(read(folder, REALM))):
            with pytest.raises(LedgerError, match=rf"octet 0: |record {record} "):
                opened()
        octets[place] ^= 1 << place % 8
    path.write_bytes(octets)
    assert not ledger_verify.verify(folder, REALM).problems


def test_a_record_that_was_made_anew_with_a_right_checksum_breaks_the_chain(folder):
    written(folder, [5])
    path = folder / "000000000001.ledger"
    records = list(read(folder, REALM))
    at, behind = records[1].at, records[1].behind
    octets = bytearray(path.read_bytes())
    octets[behind - 1] ^= 1
    begin = bytes(octets[at : at + RECORD - 4])
    crc = zlib.crc32(begin + octets[at + RECORD : behind])
    octets[at + RECORD - 4 : at + RECORD] = crc.to_bytes(4, "big")
    path.write_bytes(octets)
    named = f"octet {at}: record 2 does not follow"
    with pytest.raises(LedgerError, match=named):
        list(read(folder, REALM))
    problems = ledger_verify.verify(folder, REALM).problems
    assert (problems[0].octet, problems[0].record) == (at, 2)


WRITER = """
import sys
from pathlib import Path
from ground.archive.ledger import Ledger
from ground.command.facts import Noted

ledger = Ledger(Path(sys.argv[1]), "sim/demo", segment_octets=20_000, anchor_records=50)
while True:
    first = ledger.number
    ledger.append([Noted(n, "test", str(n), "y" * (n % 90)) for n in range(first, first + 7)])
    print(ledger.commit(), flush=True)
"""


def test_a_writer_that_is_killed_has_lost_nothing_that_it_committed(folder):
    chance, last = random.Random(4), 0
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 120)):
                last = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            last = max([last, *map(int, process.stdout.read().split()[:-1])])
        found = [each.entry for each in read(folder, REALM)]
        assert len(found) >= last
        assert found == [Noted(n, "test", str(n), "y" * (n % 90)) for n in range(len(found))]
    assert not ledger_verify.verify(folder, REALM).problems


def test_a_reader_that_meets_a_writer_at_work_sees_no_damage(folder, monkeypatch):
    """A record half written when it was read, and whole with others behind it a moment later."""
    path, octets, ends, facts = crashed(folder)
    path.write_bytes(octets[: ends[-6] + 30])
    find = Segment.look_again

    def meanwhile(segment: Segment) -> None:
        path.write_bytes(octets)
        find(segment)

    monkeypatch.setattr(Segment, "look_again", meanwhile)
    assert facts_in(folder) == facts[:-5]
    assert facts_in(folder) == facts


# ---- disks that refuse --------------------------------------------------------------------------


class Refusing:
    """Makes the n-th call of the operating system fail, and those after it, until mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int, *names: str) -> None:
        self.left = 1 << 60
        self.calls: list[str] = []
        for name in names:
            monkeypatch.setattr(os, name, self._counting(name, getattr(os, name), code))

    def _counting(self, name, call, code):
        def counted(*args, **more):
            self.calls.append(name)
            self.left -= 1
            if self.left >= 0:
                return call(*args, **more)
            if name == "write" and code == errno.ENOSPC and self.left == -1:
                call(args[0], args[1][: len(args[1]) // 2])  # half of it had room
            raise OSError(code, os.strerror(code))

        return counted


@pytest.mark.parametrize("calls", range(9))
def test_on_a_full_disk_nothing_is_lost_and_on_it_goes_when_there_is_room(
    folder, monkeypatch, calls
):
    """F9: each write in turn finds no room; no group is ever half there."""
    disk = Refusing(monkeypatch, errno.ENOSPC, "write")
    ledger = Ledger(folder, REALM, segment_octets=300, anchor_records=2)
    disk.left = calls
    told, number = 0, 0
    while not told:
        ledger.append([note(number), note(number + 1)])
        number += 2
        try:
            ledger.commit()
        except LedgerFull as error:
            assert "no space left on the disk" in str(error)
            told += 1
            assert ledger.committed == number - 2
        if number > 40:
            break
    assert told
    disk.left = 1 << 60
    assert facts_in(folder) == [note(each) for each in range(ledger.committed)]
    ledger.append([note(number)])
    assert ledger.commit() == number + 1
    ledger.close()
    assert facts_in(folder) == [note(each) for each in range(number + 1)]
    assert not ledger_verify.verify(folder, REALM).problems


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_sync_that_fails_is_never_tried_again(folder, monkeypatch, code):
    ledger = Ledger(folder, REALM)
    ledger.append([note(0)])
    ledger.commit()
    disk = Refusing(monkeypatch, code, "fdatasync", "fsync")
    disk.left = 0
    ledger.append([note(1)])
    with pytest.raises(LedgerFailed, match="the disk failed"):
        ledger.commit()
    disk.left = 1 << 60
    asked = len(disk.calls)
    for act in (ledger.commit, lambda: ledger.append([note(2)])):
        with pytest.raises(LedgerFailed, match="nothing more is taken"):
            act()
    assert ledger.committed == 1 and len(disk.calls) == asked
    ledger.close()
    with Ledger(folder, REALM) as again:
        assert again.number in (1, 2)  # the octets may have reached the disk; nobody acted on them


# ---- anchors ------------------------------------------------------------------------------------


def test_an_end_that_was_cut_off_is_told_by_the_anchor(folder):
    written(folder, [4, 4])
    path = folder / "000000000001.ledger"
    ends = [each.behind for each in read(folder, REALM)]
    os.truncate(path, ends[4])
    with pytest.raises(LedgerError, match="an anchor names record 8"):
        Ledger(folder, REALM)
    with pytest.raises(LedgerError, match="an anchor names record 8"):
        list(read(folder, REALM))
    found = ledger_verify.verify(folder, REALM)
    assert [each.record for each in found.problems] == [8] and found.records == 5


def test_a_copy_of_the_anchors_tells_of_a_history_that_was_written_anew(folder, tmp_path):
    written(folder, [4, 4])
    copy = tmp_path / "kept.anchor"
    shutil.copy(folder / "ledger.anchor", copy)
    shutil.rmtree(folder)
    with Ledger(folder, REALM) as ledger:
        ledger.append([note(each, size=41) for each in range(8)])
    assert not ledger_verify.verify(folder, REALM).problems
    problems = ledger_verify.verify(folder, REALM, copy).problems
    assert [each.record for each in problems] == [4, 8]


def test_anchors_come_with_records_and_with_time(folder):
    ledger = Ledger(folder, REALM, anchor_records=10, anchor_ns=60 * SECOND)
    numbers = []
    for t_s in [0, 1, 2, 70, 71, 200]:
        ledger.append([Noted(t_s * SECOND, "test", "", "")])
        ledger.commit()
        numbers.append(ledger._anchors.last.number)
    assert numbers == [1, 1, 1, 4, 4, 6]
    ledger.append([Noted(200 * SECOND, "test", "", "")] * 10)
    ledger.commit()
    assert ledger._anchors.last.number == 16
    ledger.close()
    assert ledger_verify.verify(folder, REALM).anchors == 4


def test_a_torn_line_of_the_anchors_is_left_out_and_a_wrong_one_is_named(folder):
    written(folder, [4])
    with (folder / "ledger.anchor").open("ab") as file:
        file.write(b'{"record": 9')
    assert len(facts_in(folder)) == 4
    written_on = Ledger(folder, REALM)
    written_on.append([note(4)])
    written_on.close()
    assert ledger_verify.verify(folder, REALM).anchors == 2
    (folder / "ledger.anchor").write_bytes(b'{"record": "9"}\n')
    with pytest.raises(InputError, match=r"ledger.anchor:1: no anchor"):
        Ledger(folder, REALM)


def test_a_segment_that_is_gone_is_missed(folder):
    written(folder, [2] * 6, segment_octets=300)
    files = sorted(folder.glob("*.ledger"))
    files[1].unlink()
    with pytest.raises(LedgerError, match="it begins with record"):
        list(read(folder, REALM))
    assert ledger_verify.verify(folder, REALM).problems


def test_verifying_tells_times_counts_and_the_last_hash(folder):
    written(folder, [2] * 6, segment_octets=300)
    found = ledger_verify.verify(folder, REALM)
    digest = hashlib.sha256(b"ground.ledger/1\0" + REALM.encode()).digest()
    for each in read(folder, REALM):
        digest = hashlib.sha256(digest + each.octets).digest()
    assert (found.records, found.first_ns, found.last_ns) == (12, 0, 11 * SECOND)
    assert found.head == digest and not found.problems and found.unfinished == 0


@given(
    groups=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 400), max_size=3),
    segment=st.integers(100, 600),
)
@settings(max_examples=25, deadline=None)
def test_after_any_crashes_the_ledger_is_a_prefix_and_goes_on(
    tmp_path_factory, groups, cuts, segment
):
    """I6: what is read is always a prefix of what was written, at least the anchored part of it."""
    folder = tmp_path_factory.mktemp("ledger")
    facts: list[Noted] = []
    for cut in [*cuts, 0]:
        ledger = Ledger(folder, REALM, segment_octets=segment, anchor_records=10**6)
        facts = facts[: ledger.number]
        for size in groups:
            group = [note(len(facts) + each) for each in range(size)]
            ledger.append(group)
            facts += group
            ledger.commit()
        ledger._release()
        anchored = ledger._anchors.last.number if ledger._anchors.last else 0
        assert facts_in(folder) == facts
        last = sorted(folder.glob("*.ledger"))[-1]
        keep = [
            HEAD,
            *(e.behind for e in read(folder, REALM, int(last.stem)) if e.number <= anchored),
        ]
        os.truncate(last, max(keep[-1], last.stat().st_size - cut))
        assert facts_in(folder) == facts[: len(facts_in(folder))]
