"""ST[03], housekeeping: reports of parameters, and the structures that say what is in them.

Diagnostic reports mirror these messages with subtypes of their own and are not read here. Values
stay octets: what is in a report is in its structure, and the mission database decodes it.

Source: ECSS-E-ST-70-41C §6.3, §8.3.2; the layouts of subtypes 29 to 35 are unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.pus.fields import Reader, expect, kind, many, numbers, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 3


class Subtype(IntEnum):
    """The messages on housekeeping, numbered as their clauses."""

    CREATE = 1
    DELETE = 3
    ENABLE = 5
    DISABLE = 6
    REPORT_STRUCTURES = 9
    STRUCTURE = 10
    REPORT = 25
    ONE_SHOT = 27
    APPEND = 29
    CHANGE_INTERVALS = 31
    REPORT_PERIODIC = 33
    PERIODIC = 35


_LISTS = frozenset({3, 5, 6, 9, 27, 33})


@dataclass(frozen=True, slots=True)
class Repeated:
    """Parameters sampled several times each interval."""

    times: int
    parameters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """Create a structure (1), append to one (29), or what one is (10).

    Attributes:
        interval: collection interval in the mission's own unit; not in a request to append.
        parameters: sampled once each interval.
        repeated: sampled several times each.
        enabled: whether it is generated periodically; in a report (10) alone.
    """

    subtype: Subtype
    structure: int
    parameters: tuple[int, ...]
    repeated: tuple[Repeated, ...] = ()
    interval: int = 0
    enabled: bool = False

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.3.2.1, .10, .29."""
        expect(self.subtype, {Subtype.CREATE, Subtype.STRUCTURE, Subtype.APPEND})
        octets = unsigned(self.structure, profile.structure, "structure id")
        if self.subtype is Subtype.STRUCTURE:
            octets += unsigned(self.enabled, profile.status, "status")
        if self.subtype is not Subtype.APPEND:
            octets += unsigned(self.interval, profile.interval, "collection interval")
        octets += numbers(self.parameters, profile.parameter, "parameter id", profile)
        rows = (
            unsigned(each.times, profile.count, "repetitions")
            + numbers(each.parameters, profile.parameter, "parameter id", profile)
            for each in self.repeated
        )
        return octets + many(rows, profile)


@dataclass(frozen=True, slots=True)
class Structures:
    """Delete (3), enable (5), disable (6), describe (9), report once (27), tell the period (33)."""

    subtype: Subtype
    structures: tuple[int, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.3.2.3, .5, .6, .9, .27, .33."""
        expect(self.subtype, _LISTS)
        return numbers(self.structures, profile.structure, "structure id", profile)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Change collection intervals (31); `intervals` has (structure id, interval)."""

    subtype: ClassVar[Subtype] = Subtype.CHANGE_INTERVALS
    intervals: tuple[tuple[int, int], ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.3.2.31."""
        rows = (
            unsigned(structure, profile.structure, "structure id")
            + unsigned(interval, profile.interval, "collection interval")
            for structure, interval in self.intervals
        )
        return many(rows, profile)


@dataclass(frozen=True, slots=True)
class Periodic:
    """How structures are generated (35); rows of (structure id, enabled, interval)."""

    subtype: ClassVar[Subtype] = Subtype.PERIODIC
    structures: tuple[tuple[int, bool, int], ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.3.2.35."""
        rows = (
            unsigned(structure, profile.structure, "structure id")
            + unsigned(enabled, profile.status, "status")
            + unsigned(interval, profile.interval, "collection interval")
            for structure, enabled, interval in self.structures
        )
        return many(rows, profile)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """A report (25): the structure and its values."""

    subtype: ClassVar[Subtype] = Subtype.REPORT
    structure: int
    values: bytes

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.3.2.25."""
        return unsigned(self.structure, profile.structure, "structure id") + self.values


Message = Structure | Structures | Intervals | Periodic | Housekeeping


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, or octets left over.

    Source: ECSS-E-ST-70-41C §8.3.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    message = _message(kind(Subtype, subtype, SERVICE), reader)
    reader.end()
    return message


def _message(which: Subtype, reader: Reader) -> Message:
    profile = reader.profile
    if which in _LISTS:
        return Structures(which, reader.numbers(profile.structure))
    if which is Subtype.REPORT:
        return Housekeeping(reader.unsigned(profile.structure), reader.rest())
    if which is Subtype.CHANGE_INTERVALS:
        return Intervals(reader.many(lambda: (_structure(reader), _interval(reader))))
    if which is Subtype.PERIODIC:
        rows = reader.many(lambda: (_structure(reader), reader.flag(), _interval(reader)))
        return Periodic(rows)
    structure = _structure(reader)
    enabled = reader.flag() if which is Subtype.STRUCTURE else False
    interval = _interval(reader) if which is not Subtype.APPEND else 0
    parameters = reader.numbers(profile.parameter)
    repeated = reader.many(lambda: _repeated(reader))
    return Structure(which, structure, parameters, repeated, interval, enabled)


def _structure(reader: Reader) -> int:
    return reader.unsigned(reader.profile.structure)


def _interval(reader: Reader) -> int:
    return reader.unsigned(reader.profile.interval)


def _repeated(reader: Reader) -> Repeated:
    profile = reader.profile
    return Repeated(reader.unsigned(profile.count), reader.numbers(profile.parameter))
