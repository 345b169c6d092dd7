"""What no request about commands may hold, whoever sends it: it goes on record and onto screens.

Texts are short and on one line, numbers are such that sums of them fit into 64 bits, lists are no
longer than anything that has names. What an argument means is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from ground.errors import InputError

LONGEST = 400  # characters of a text
LONGEST_ARGUMENTS = (
    400_000  # octets of all arguments together: a fact holds them, as understood too
)
MOST = 1 << 62  # of a number: ns TAI until 2104
MOST_LISTED = 10_000


def check(message: Any) -> None:
    """Let a request pass, or say which field is out of bounds.

    Raises:
        InputError: the field, what was found and what was expected.
    """
    for each in fields(message):
        for wrong in _wrong(getattr(message, each.name)):
            raise InputError(f"{each.name}: {wrong}")


def _wrong(value: Any) -> Iterator[str]:
    match value:
        case str():
            if len(value) > LONGEST:
                yield f"{len(value)} characters found; at most {LONGEST} expected"
            elif not value.isprintable():
                yield f"{value[:80]!r} found; printable characters expected"
        case int():
            if abs(value) > MOST:
                yield f"{value} found; at most {MOST} expected"
        case list():
            if len(value) > MOST_LISTED:
                yield f"{len(value)} found; at most {MOST_LISTED} expected"
            for each in value:
                yield from _wrong(each)
        case Mapping():
            size = sum(
                len(f"{name}{text}".encode("utf-8", "replace")) for name, text in value.items()
            )
            if size > LONGEST_ARGUMENTS:
                yield f"{size} octets found; at most {LONGEST_ARGUMENTS} expected"
