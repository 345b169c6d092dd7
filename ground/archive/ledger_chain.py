"""The chain of a ledger, followed from disk: every record in its place, or where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ground.archive import ledger_anchors
from ground.archive.ledger_anchors import Anchor
from ground.archive.ledger_records import (
    HEAD,
    Head,
    LedgerError,
    Record,
    Segment,
    damaged,
    segments,
)
from ground.command import entries


def read(folder: Path, realm: str, first: int = 1) -> Iterator[Record]:
    """Yield the records of a ledger from a number on, each proved by the chain; from any process.

    A last group that is not whole is left out, as nothing was done about it.

    Raises:
        LedgerError: damage: which octet of which file, and which record; or its end was cut off.
    """
    anchor = ledger_anchors.last(folder)  # before the records: a writer may be at work
    known = segments(folder)
    begin = max((at for at, each in enumerate(known) if int(each.stem) <= first), default=0)
    number, digest = 0, entries.genesis(realm)
    for path in known[begin:]:
        with Segment(path) as segment:
            head = segment.head()
            if begin and path == known[begin]:
                number, digest = head.first - 1, head.before  # what is before it is not read
            follows(path, head, number, digest)
            end = HEAD.size
            for record in linked(segment, number, digest):
                number, digest, end = record.number, record.digest, record.behind
                compare(path, record, anchor)
                if number >= first:
                    yield record
            anchored = anchor is not None and anchor.number > number
            last = path == known[-1] and not anchored
            if end < segment.size and not (last and damaged(segment, end, number + 1) is None):
                raise damage(path, end, number + 1)
    reaches(folder, number, anchor)


def follows(path: Path, head: Head, number: int, digest: bytes) -> None:
    """Refuse a segment that does not go on from a record."""
    if (head.first, head.before) != (number + 1, digest):
        raise LedgerError(
            f"{path}: octet 0: it begins with record {head.first} of another chain, or of another "
            f"realm; expected record {number + 1} and hash {digest.hex()} before it"
        )


def compare(path: Path, record: Record, anchor: Anchor | None) -> None:
    """Refuse a record that is not the one which an anchor names."""
    if anchor is not None and anchor.number == record.number and anchor.digest != record.digest:
        raise LedgerError(
            f"{path}: octet {record.at}: record {record.number} is not the one that an anchor "
            f"names; expected hash {anchor.digest.hex()}"
        )


def reaches(folder: Path, number: int, anchor: Anchor | None) -> None:
    """Refuse a ledger that ends before an anchor."""
    if anchor is not None and anchor.number > number:
        raise LedgerError(
            f"{folder}: record {number + 1} is damaged or cut off; an anchor names record "
            f"{anchor.number}"
        )


def linked(segment: Segment, number: int, digest: bytes) -> Iterator[Record]:
    """Yield the records of a segment as long as they are whole.

    Raises:
        LedgerError: one is whole by itself and has no place in the chain.
    """
    for record in segment.records(HEAD.size):
        number, digest = number + 1, entries.link(digest, record.octets)
        if record.number != number or record.digest != digest:
            raise LedgerError(
                f"{segment.path}: octet {record.at}: record {record.number} does not follow the "
                f"one before; expected record {number} with hash {digest.hex()}"
            )
        yield record


def damage(path: Path, at: int, number: int) -> LedgerError:
    """Return what to say of a record that was on disk and is not whole any more."""
    return LedgerError(f"{path}: octet {at}: record {number} is damaged; it was whole once")
