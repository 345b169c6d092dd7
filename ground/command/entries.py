"""The octets of the ledger's facts, and the chain that holds them together.

A fact (`facts`) has canonical octets, so that equal facts have equal octets: msgpack of
`[version, kind, t_ns, fields in alphabetical order]` with the smallest form of every number.
Reading checks each field against its declared type, and that the octets are the canonical ones.

The chain: h_0 = SHA-256(`ground.ledger/1`, a NUL, the realm), h_n = SHA-256(h_(n-1), octets_n).
No fact can be changed, left out, moved, or taken from another realm without changing the last h.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from functools import cache
from hashlib import sha256
from typing import Any

import msgpack

from ground.command.facts import KINDS, Entry
from ground.wire.arrays import unpack
from ground.wire.errors import WireError
from ground.wire.fields import Reader, members
from protocols.errors import DecodeError, EncodeError

VERSION = 1
LARGEST = 1 << 20  # octets of a fact
MOST_ITEMS = 1 << 16  # of a list or map
DEEPEST = 16  # lists and maps within each other
GENESIS = b"ground.ledger/1"


def encode(entry: Entry) -> bytes:
    """Return the canonical octets of a fact, which `decode` takes for certain.

    Raises:
        EncodeError: a field holds what its type does not allow, or it is too large.
    """
    kind = type(entry).__name__
    try:
        values = {name: _plain(getattr(entry, name)) for name in _names(kind)}
        _reader(kind)({"t_ns": entry.t_ns} | values)
        octets = _packed([VERSION, kind, entry.t_ns, values])
    except (TypeError, ValueError, OverflowError, WireError) as error:
        raise EncodeError(f"{kind}: {error}") from None
    if len(octets) > LARGEST:
        raise EncodeError(f"{kind} of {len(octets)} octets; at most {LARGEST}")
    return octets


def decode(octets: bytes) -> Entry:
    """Return the fact that octets hold.

    Raises:
        DecodeError: they are not the canonical octets of a fact of this version.
    """
    try:
        parsed = unpack(octets, most=MOST_ITEMS)
        version, kind, values = _parts(parsed)
        if version != VERSION or kind not in KINDS:
            raise _wrong(f"version {version}, kind {kind[:40]!r}")
        entry = KINDS[kind](**_reader(kind)({"t_ns": parsed[2]} | values))
        canonical = _packed([version, kind, parsed[2], _plain(values)])
    except (WireError, TypeError, ValueError) as error:
        raise _wrong(str(error)) from None
    if canonical != octets:
        raise _wrong(f"{kind} is not in the canonical form")
    return entry


def genesis(realm: str) -> bytes:
    """Return h_0 of the ledger of a realm."""
    return sha256(GENESIS + b"\0" + realm.encode()).digest()


def link(before: bytes, octets: bytes) -> bytes:
    """Return h_n from h_(n-1) and the octets of fact n."""
    return sha256(before + octets).digest()


@cache
def _names(kind: str) -> tuple[str, ...]:
    """Return the names of the fields but the time, in the order in which they are written."""
    return tuple(sorted(each.name for each in fields(KINDS[kind]) if each.name != "t_ns"))


@cache
def _reader(kind: str) -> Reader:
    form: Any = KINDS[kind]
    return members(form)


def _parts(parsed: Any) -> tuple[int, str, dict[str, Any]]:
    if type(parsed) is not list or [type(each) for each in parsed] != [int, str, int, dict]:
        raise _wrong("expected [version, kind, t_ns, fields]")
    return parsed[0], parsed[1], parsed[3]


def _packed(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed


def _plain(value: Any, depth: int = DEEPEST) -> Any:
    """Return maps with their keys in order, tuples as lists, members of enumerations as values."""
    if depth < 0:
        raise ValueError(f"deeper than {DEEPEST}")
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            raise TypeError("a key that is no text")
        return {key: _plain(value[key], depth - 1) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_plain(each, depth - 1) for each in value]
    return value.value if isinstance(value, Enum) else value


def _wrong(found: str) -> DecodeError:
    return DecodeError(f"no fact of the ledger: {found[:300]}", clause="ledger/1")
