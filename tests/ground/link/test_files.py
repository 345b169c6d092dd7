"""Links that read files: a recording, and a folder into which recordings are dropped."""

from __future__ import annotations

import errno
import os

import pytest

from ground.link import reading
from ground.link.directory import Directory
from ground.link.file import File
from ground.link.memory import Memory
from ground.link.receiver import CHUNK_OCTETS
from tests.ground.link.driving import chunks, octets, pieces, until

SECOND = 1_000_000_000


def took(link, now: int) -> bytes:
    """Return what a link gives at a time, kept, until it gives nothing."""
    whole = b""
    while got := chunks(link.receive(now)):
        link.taken()
        whole += b"".join(got)
    return whole


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "pass.cadu"
    path.write_bytes(bytes(range(256)) * 8000)
    return path


def test_a_recording_is_read_in_chunks_and_followed_as_it_grows(recording):
    link = File(str(recording))
    link.open(0)
    assert took(link, 0) == recording.read_bytes()
    assert "at the end" in link.detail
    with recording.open("ab") as out:
        out.write(b"more")
    assert took(link, 100_000_000) == b""
    assert link.deadline() <= SECOND
    assert took(link, SECOND) == b"more"
    link.close()


def test_what_the_journal_refused_is_given_again(recording):
    link = File(str(recording))
    link.open(0)
    first = chunks(link.receive(0))
    assert link.refused()
    assert chunks(link.receive(0)) == first
    link.close()


def test_a_recording_goes_on_after_a_restart_where_it_was_settled(recording, tmp_path):
    notes = tmp_path / "notes.json"
    link = File(str(recording), notes)
    link.open(0)
    first = b"".join(chunks(link.receive(0)))
    link.taken()
    link.settle()
    again = File(str(recording), notes)
    again.open(0)
    assert first + took(again, 0) == recording.read_bytes()
    link.close()
    again.close()


@pytest.fixture
def bad_sector(monkeypatch):
    """The octets behind a place of every file cannot be read while the returned list is filled."""
    behind, read = [], os.pread

    def pread(file, size, at):
        if behind and at >= behind[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(file, size, at)

    monkeypatch.setattr(reading.os, "pread", pread)
    return behind


def test_what_lies_before_a_bad_sector_is_read_and_the_rest_when_it_can_be(recording, bad_sector):
    bad_sector.append(CHUNK_OCTETS)
    link = File(str(recording))
    link.open(0)
    assert took(link, 0) == recording.read_bytes()[:CHUNK_OCTETS]
    assert link.state == "down" and "Input/output error" in link.detail
    bad_sector.clear()
    assert took(link, 2 * SECOND) == recording.read_bytes()[CHUNK_OCTETS:]
    link.close()


def test_a_dropped_file_is_given_up_to_its_bad_sector(drop, bad_sector):
    whole = bytes(range(256)) * 2000
    (drop / "a.cadu").write_bytes(whole)
    bad_sector.append(CHUNK_OCTETS)
    link = Directory(str(drop))
    link.open(0)
    got = b"".join(took(link, at * SECOND) for at in range(6))
    assert got == whole[:CHUNK_OCTETS]
    assert link.dropped == {"unreadable": 1}
    link.close()


def test_another_recording_of_the_same_name_is_read_from_its_start(recording, tmp_path):
    link = File(str(recording), tmp_path / "notes.json")
    link.open(0)
    took(link, 0)
    link.settle()
    (tmp_path / "new").write_bytes(b"another")
    (tmp_path / "new").rename(recording)
    assert took(link, SECOND) + took(link, 2 * SECOND) == b"another"
    link.close()


def test_a_recording_that_is_not_there_yet_is_waited_for(tmp_path):
    path = tmp_path / "later"
    link = File(str(path))
    link.open(0)
    assert link.state == "down" and "later" in link.detail
    path.write_bytes(b"here")
    assert took(link, SECOND) == b"here"
    link.close()


def test_notes_that_no_disk_takes_do_no_harm(recording, tmp_path):
    link = File(str(recording), tmp_path / "no such folder" / "notes.json")
    link.open(0)
    assert took(link, 0)
    link.settle()
    link.close()


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def test_complete_files_come_in_order_of_their_names_each_beginning_anew(drop):
    link = Directory(str(drop))
    (drop / "b").write_bytes(b"second" * 200_000)
    (drop / "a").write_bytes(b"first")
    link.open(0)
    assert took(link, 0) == b""
    got = []
    for now in range(2 * SECOND, 12 * SECOND, SECOND):
        got += [(bytes(each.octets), each.begins) for each in link.receive(now)]
        link.taken()
    assert octets(got) == b"first" + b"second" * 200_000
    assert [begins for _, begins in got[:3]] == [True, True, False]
    link.close()


@pytest.mark.parametrize("name", [".hidden", "pass.part", "pass.tmp", "pass~"])
def test_a_copy_under_way_is_not_taken(drop, name):
    link = Directory(str(drop))
    (drop / name).write_bytes(b"half")
    (drop / "folder").mkdir()
    link.open(0)
    assert [took(link, at * SECOND) for at in range(5)] == [b""] * 5
    link.close()


def test_a_file_that_is_still_written_is_not_taken_and_holds_up_no_other(drop):
    link = Directory(str(drop))
    link.open(0)
    (drop / "b").write_bytes(b"whole")
    taken = []
    for second in range(6):
        (drop / "a").write_bytes(b"growing" * (second + 1))
        os.utime(drop / "a", ns=(second, second))
        taken.append(took(link, second * SECOND))
    assert b"".join(taken) == b"whole"
    assert b"".join(took(link, at * SECOND) for at in range(7, 12)) == b"growing" * 6
    link.close()


def test_a_file_is_done_once_and_over_restarts_unless_it_changes(drop, tmp_path):
    notes = tmp_path / "done.json"
    (drop / "a").write_bytes(b"first")

    def run() -> bytes:
        link = Directory(str(drop), notes)
        link.open(0)
        whole = b"".join(took(link, at * SECOND) for at in range(6))
        link.settle()
        link.close()
        return whole

    assert (run(), run()) == (b"first", b"")
    (drop / "a").write_bytes(b"changed")
    assert (run(), run()) == (b"changed", b"")


def test_a_folder_that_is_not_there_says_so_until_it_is(tmp_path):
    link = Directory(str(tmp_path / "drop"))
    link.open(0)
    took(link, 0)
    assert link.state == "down"
    (tmp_path / "drop").mkdir()
    took(link, SECOND)
    assert link.state == "up"
    link.close()


def test_memory_gives_what_was_put_in_until_it_is_kept():
    link = Memory()
    link.open(0)
    assert link.deadline() is None
    assert link.put(b"one", begins=True) and link.put(b"two") and link.put(b"")
    assert link.deadline() == 0
    assert chunks(link.receive(0)) == [b"one", b"two"]
    assert link.refused()
    assert until(link, bool) == [(b"one", True), (b"two", False)]
    assert pieces(link) == []
    link.close()


def test_memory_holds_so_much_and_counts_the_rest():
    link = Memory()
    assert link.put(bytes(64 << 20))
    assert not link.put(b"x")
    assert link.dropped == {"full": 1}
