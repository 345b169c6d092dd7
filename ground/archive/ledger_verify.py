"""Is a ledger as it was written? Every record, the chain, and the anchors; offline, and no lock.

Damage is reported once, and what follows it is followed from there on by its own hashes: so all
that is wrong is told, and how much of the rest is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ground.archive import ledger_anchors
from ground.archive.ledger_anchors import Anchor
from ground.archive.ledger_records import (
    HEAD,
    LedgerError,
    Record,
    Segment,
    damaged,
    segments,
)
from ground.command import entries
from protocols.errors import DecodeError

MOST_PROBLEMS = 1000  # that are told


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: in which file, at which octet, about which record (0: none in particular)."""

    path: str
    octet: int
    record: int
    what: str


@dataclass(slots=True)
class Verdict:
    """What was found.

    Attributes:
        records: those that are whole; `last` is the number of the last one, `head` its h.
        first_ns, last_ns: times of the first and the last fact, ns TAI; None where there is none.
        anchors: those that agree with the records that they name.
        unfinished: octets of a last group that is not whole: a writer at work, or one that died.
    """

    records: int = 0
    last: int = 0
    head: bytes = b""
    first_ns: int | None = None
    last_ns: int | None = None
    segments: int = 0
    octets: int = 0
    anchors: int = 0
    unfinished: int = 0
    problems: list[Problem] = field(default_factory=list)


def verify(folder: Path, realm: str, anchors: Path | None = None) -> Verdict:
    """Read all of a ledger and return what was found.

    Args:
        anchors: a file of anchors kept elsewhere; the one beside the ledger where None is given.

    Raises:
        InputError: the file of anchors cannot be read as such.
    """
    found = Verdict(head=entries.genesis(realm))
    path = anchors or folder / ledger_anchors.NAME
    named = _Named(str(path), list(ledger_anchors.read(path)))
    for each in (files := segments(folder)):
        _segment(found, each, each == files[-1], named)
    for anchor in named.left():
        what = f"an anchor names it, and the ledger ends with record {found.last}"
        _add(found, Problem(named.path, 0, anchor.number, what))
    return found


class _Named:
    """The anchors that were not met yet, by the records that they name."""

    def __init__(self, path: str, anchors: list[Anchor]) -> None:
        self.path = path
        self._anchors = {each.number: each for each in anchors}

    def meet(self, number: int) -> Anchor | None:
        return self._anchors.pop(number, None)

    def left(self) -> list[Anchor]:
        return sorted(self._anchors.values(), key=lambda each: each.number)


def _segment(found: Verdict, path: Path, last: bool, named: _Named) -> None:
    found.segments += 1
    with Segment(path) as segment:
        found.octets += segment.size
        try:
            head = segment.head()
        except LedgerError as error:
            _add(found, Problem(str(path), 0, found.last + 1, str(error).partition(": octet ")[2]))
            return
        if (head.first, head.before) != (found.last + 1, found.head):
            what = f"it begins with record {head.first}, of another chain or after a gap"
            _add(found, Problem(str(path), 0, found.last + 1, what))
        found.last, found.head = head.first - 1, head.before
        for record in _records(found, segment, last, named):
            _record(found, record, path, named)


def _records(found: Verdict, segment: Segment, last: bool, named: _Named) -> Iterator[Record]:
    """Yield the whole records of a segment, also those behind damage."""
    at, size = HEAD.size, segment.size
    while at < size:
        for record in segment.records(at):
            yield record
            at = record.behind
        if at >= size:
            return
        number = found.last + 1
        following = segment.find(at)
        if last and damaged(segment, at, number) is None and not _was_there(named, number):
            found.unfinished = size - at
            return
        _add(found, Problem(str(segment.path), at, number, "the record is damaged"))
        if following is None:
            return
        at = following.at
        found.last, found.head = following.number - 1, b""


def _was_there(named: _Named, number: int) -> bool:
    """Return whether an anchor says that this record was on disk."""
    return any(each.number >= number for each in named.left())


def _record(found: Verdict, record: Record, path: Path, named: _Named) -> None:
    """Check one record's place, hash and fact."""
    digest = entries.link(found.head, record.octets) if found.head else record.digest
    if record.number != found.last + 1 or record.digest != digest:
        what = f"record {record.number} does not follow the one before it in the chain"
        _add(found, Problem(str(path), record.at, found.last + 1, what))
    found.records += 1
    found.last, found.head = record.number, record.digest
    try:
        t_ns = record.entry.t_ns
        found.first_ns = t_ns if found.first_ns is None else found.first_ns
        found.last_ns = t_ns
    except DecodeError as error:
        _add(found, Problem(str(path), record.at, record.number, str(error)))
    anchor = named.meet(record.number)
    if anchor is not None and anchor.digest != record.digest:
        what = "an anchor names another one in its place"
        _add(found, Problem(str(path), record.at, record.number, what))
    elif anchor is not None:
        found.anchors += 1


def _add(found: Verdict, problem: Problem) -> None:
    if len(found.problems) < MOST_PROBLEMS:
        found.problems.append(problem)
