"""Fields of an application data field, one after the other: read them, write them.

A `Reader` knows where it is and which clause it reads by; whatever is missing, left over or out of
range is a `DecodeError`. Counts are believed only as far as octets are left for their rows.

Source: ECSS-E-ST-70-41C §7.3 (field types), §8.n.2.m (message m of service n).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import IntEnum
from typing import TypeVar

from protocols.chain import SPACE_HEADER
from protocols.errors import DecodeError, EncodeError
from protocols.pus.profile import Profile

T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)


def clause(service: int, subtype: int) -> str:
    """Return the clause that lays a message out; they are numbered alike in all services."""
    return f"ECSS-E-ST-70-41C §8.{service}.2.{subtype}"


class Reader:
    """What is left of a data field."""

    def __init__(self, data: bytes, service: int, subtype: int, profile: Profile) -> None:
        self.data = data
        self.at = 0
        self.clause = clause(service, subtype)
        self.profile = profile

    def wrong(self, what: str) -> DecodeError:
        """Return the error to raise, with the place."""
        return DecodeError(f"{what} at octet {self.at} of {len(self.data)}", clause=self.clause)

    @property
    def left(self) -> int:
        """Octets not yet read."""
        return len(self.data) - self.at

    def octets(self, number: int) -> bytes:
        """Return the next octets."""
        if self.left < number:
            raise self.wrong(f"{number} octets missing")
        self.at += number
        return self.data[self.at - number : self.at]

    def unsigned(self, octets: int) -> int:
        """Return the next number, big-endian; of no octets it is 0."""
        return int.from_bytes(self.octets(octets), "big")

    def flag(self) -> bool:
        """Return a status of the profile's width: 0 disabled, 1 enabled."""
        value = self.unsigned(self.profile.status)
        if value > 1:
            raise self.wrong(f"status {value}; expected 0 or 1")
        return bool(value)

    def choice(self, kind: type[E], octets: int) -> E:
        """Return the next number as a member of an enumeration."""
        value = self.unsigned(octets)
        try:
            return kind(value)
        except ValueError:
            raise self.wrong(f"{kind.__name__} {value}") from None

    def many(self, read: Callable[[], T]) -> tuple[T, ...]:
        """Return a counted list, each row read by `read`, which must take an octet at least."""
        count = self.unsigned(self.profile.count)
        if count > self.left:
            raise self.wrong(f"{count} rows in {self.left} octets")
        return tuple(read() for _ in range(count))

    def numbers(self, octets: int) -> tuple[int, ...]:
        """Return a counted list of numbers."""
        return self.many(lambda: self.unsigned(octets))

    def time(self) -> int:
        """Return an absolute time, ns TAI since 1958."""
        return self.profile.decode_time(self.octets(self.profile.time_octets))

    def relative(self) -> int:
        """Return a relative time in ns."""
        return self.profile.decode_relative(self.octets(self.profile.relative_octets))

    def packet(self) -> bytes:
        """Return a whole space packet, as long as its own length field says."""
        if self.left < SPACE_HEADER:
            raise self.wrong("packet without its primary header")
        length = int.from_bytes(self.data[self.at + 4 : self.at + SPACE_HEADER], "big")
        return self.octets(SPACE_HEADER + length + 1)

    def rest(self) -> bytes:
        """Return all octets that are left."""
        return self.octets(self.left)

    def end(self) -> None:
        """Check that nothing is left."""
        if self.left:
            raise self.wrong(f"{self.left} octets left over")


def kind(of: type[E], subtype: int, service: int) -> E:
    """Return a subtype as a member of its service's enumeration; DecodeError where it has none."""
    try:
        return of(subtype)
    except ValueError:
        raise DecodeError(f"no subtype {subtype}", clause=clause(service, subtype)) from None


def expect(subtype: int, allowed: Collection[int]) -> None:
    """Refuse to write a message of a shape that its subtype does not have."""
    if subtype not in allowed:
        raise EncodeError(f"subtype {subtype}; expected one of {sorted(allowed)}")


def unsigned(value: int, octets: int, name: str) -> bytes:
    """Return a big-endian number; EncodeError where it does not fit, as 0 alone fits no octets."""
    if not 0 <= value < 1 << 8 * octets:
        raise EncodeError(f"{name} {value} does not fit {octets} octets")
    return value.to_bytes(octets, "big")


def fixed(value: bytes, octets: int, name: str) -> bytes:
    """Return octets as they are; EncodeError where they are not so many."""
    if len(value) != octets:
        raise EncodeError(f"{name} of {len(value)} octets; expected {octets}")
    return value


def many(rows: Iterable[bytes], profile: Profile) -> bytes:
    """Return rows after their number."""
    given = list(rows)
    return unsigned(len(given), profile.count, "number of rows") + b"".join(given)


def numbers(values: Iterable[int], octets: int, name: str, profile: Profile) -> bytes:
    """Return numbers after how many they are."""
    return many((unsigned(value, octets, name) for value in values), profile)
