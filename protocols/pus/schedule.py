"""ST[11], time-based scheduling: telecommands that wait on board for their time.

How it works: requests of one layout are one class with the subtype in it, since the standard prints
the same figure for each. A list of sub-schedules or groups that is empty means all of them. Group
and sub-schedule ids are absent from every message where the profile gives them no octets.

Source: ECSS-E-ST-70-41C §6.11, §8.11.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.pus.activities import (
    Activity,
    ActivityId,
    Filter,
    Summary,
    activity,
    activity_id,
    selection,
    summary,
)
from protocols.pus.fields import Reader, expect, kind, many, numbers, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 11


class Subtype(IntEnum):
    """All messages of the service, numbered as their clauses."""

    ENABLE = 1
    DISABLE = 2
    RESET = 3
    INSERT = 4
    DELETE = 5
    DELETE_BY_FILTER = 6
    SHIFT = 7
    SHIFT_BY_FILTER = 8
    REPORT_DETAIL = 9
    DETAIL = 10
    REPORT_DETAIL_BY_FILTER = 11
    REPORT_SUMMARY = 12
    SUMMARY = 13
    REPORT_SUMMARY_BY_FILTER = 14
    SHIFT_ALL = 15
    REPORT_ALL_DETAIL = 16
    REPORT_ALL_SUMMARY = 17
    REPORT_SUB_SCHEDULES = 18
    SUB_SCHEDULES = 19
    ENABLE_SUB_SCHEDULES = 20
    DISABLE_SUB_SCHEDULES = 21
    CREATE_GROUPS = 22
    DELETE_GROUPS = 23
    ENABLE_GROUPS = 24
    DISABLE_GROUPS = 25
    REPORT_GROUPS = 26
    GROUPS = 27


_PLAIN = frozenset({1, 2, 3, 16, 17, 18, 26})
_BY_ID = frozenset({5, 9, 12})
_BY_FILTER = frozenset({6, 11, 14})
_OF_SUB_SCHEDULES = frozenset({19, 20, 21})


@dataclass(frozen=True, slots=True)
class Order:
    """A request without data: subtypes 1, 2, 3, 16, 17, 18, 26."""

    subtype: Subtype

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field, which is empty."""
        expect(self.subtype, _PLAIN)
        return b""


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert activities, all into one sub-schedule (subtype 4)."""

    subtype: ClassVar[Subtype] = Subtype.INSERT
    activities: tuple[Activity, ...]
    sub_schedule: int = 0

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.4."""
        where = unsigned(self.sub_schedule, profile.sub_schedule, "sub-schedule")
        return where + many((each.encode(profile) for each in self.activities), profile)


@dataclass(frozen=True, slots=True)
class Select:
    """Delete (5), report in detail (9) or in summary (12) these activities."""

    subtype: Subtype
    requests: tuple[ActivityId, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.5, .9, .12."""
        expect(self.subtype, _BY_ID)
        return many((each.encode(profile) for each in self.requests), profile)


@dataclass(frozen=True, slots=True)
class SelectByFilter:
    """Delete (6), report in detail (11) or in summary (14) what a filter lets pass."""

    subtype: Subtype
    filter: Filter

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.6, .11, .14."""
        expect(self.subtype, _BY_FILTER)
        return self.filter.encode(profile)


@dataclass(frozen=True, slots=True)
class Shift:
    """Move the release of these activities (7); a negative offset moves it earlier."""

    subtype: ClassVar[Subtype] = Subtype.SHIFT
    offset_ns: int
    requests: tuple[ActivityId, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.7."""
        rows = many((each.encode(profile) for each in self.requests), profile)
        return profile.encode_relative(self.offset_ns) + rows


@dataclass(frozen=True, slots=True)
class ShiftByFilter:
    """Move the release of what a filter lets pass (8)."""

    subtype: ClassVar[Subtype] = Subtype.SHIFT_BY_FILTER
    offset_ns: int
    filter: Filter

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.8."""
        return profile.encode_relative(self.offset_ns) + self.filter.encode(profile)


@dataclass(frozen=True, slots=True)
class ShiftAll:
    """Move the release of every activity (15)."""

    subtype: ClassVar[Subtype] = Subtype.SHIFT_ALL
    offset_ns: int

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.15."""
        return profile.encode_relative(self.offset_ns)


@dataclass(frozen=True, slots=True)
class DetailReport:
    """Activities with their telecommands, each with its sub-schedule (10)."""

    subtype: ClassVar[Subtype] = Subtype.DETAIL
    activities: tuple[Activity, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.10."""
        return many((each.encode(profile, detail=True) for each in self.activities), profile)


@dataclass(frozen=True, slots=True)
class SummaryReport:
    """Activities by their ids (13)."""

    subtype: ClassVar[Subtype] = Subtype.SUMMARY
    activities: tuple[Summary, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.13."""
        return many((each.encode(profile) for each in self.activities), profile)


@dataclass(frozen=True, slots=True)
class Named:
    """Enable (20), disable (21) sub-schedules; delete (23), enable (24), disable (25) groups.

    No ids at all means all of them. Source: ECSS-E-ST-70-41C §8.11.2.20c, .21c, .23c to .25c.
    """

    subtype: Subtype
    ids: tuple[int, ...] = ()

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field."""
        expect(self.subtype, {20, 21, 23, 24, 25})
        return numbers(self.ids, _width(self.subtype, profile), "id", profile)


@dataclass(frozen=True, slots=True)
class Statuses:
    """Which sub-schedules (19) or groups (27) are enabled, or are to be created (22).

    `enabled` has (id, whether enabled) in the order of the message.
    """

    subtype: Subtype
    enabled: tuple[tuple[int, bool], ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.11.2.19, .22, .27, table 8-3."""
        expect(self.subtype, {19, 22, 27})
        width = _width(self.subtype, profile)
        rows = (
            unsigned(name, width, "id") + unsigned(enabled, profile.status, "status")
            for name, enabled in self.enabled
        )
        return many(rows, profile)


Message = (
    Order | Insert | Select | SelectByFilter | Shift | ShiftByFilter | ShiftAll
    | DetailReport | SummaryReport | Named | Statuses
)  # fmt: skip


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, octets left over, or a value that cannot be.

    Source: ECSS-E-ST-70-41C §8.11.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    which = kind(Subtype, subtype, SERVICE)
    message = Order(which) if which in _PLAIN else _READ[which](which, reader)
    reader.end()
    return message


def _insert(_: Subtype, reader: Reader) -> Insert:
    where = reader.unsigned(reader.profile.sub_schedule)
    return Insert(reader.many(lambda: activity(reader)), where)


def _ids(reader: Reader) -> tuple[ActivityId, ...]:
    return reader.many(lambda: activity_id(reader))


def _statuses(which: Subtype, reader: Reader) -> Statuses:
    width = _width(which, reader.profile)
    return Statuses(which, reader.many(lambda: (reader.unsigned(width), reader.flag())))


def _named(which: Subtype, reader: Reader) -> Named:
    return Named(which, reader.numbers(_width(which, reader.profile)))


_READ: dict[Subtype, Callable[[Subtype, Reader], Message]] = {
    Subtype.INSERT: _insert,
    Subtype.SHIFT: lambda _, reader: Shift(reader.relative(), _ids(reader)),
    Subtype.SHIFT_BY_FILTER: lambda _, reader: ShiftByFilter(reader.relative(), selection(reader)),
    Subtype.SHIFT_ALL: lambda _, reader: ShiftAll(reader.relative()),
    Subtype.DETAIL: lambda _, reader: DetailReport(
        reader.many(lambda: activity(reader, detail=True))
    ),
    Subtype.SUMMARY: lambda _, reader: SummaryReport(reader.many(lambda: summary(reader))),
    **{Subtype(each): lambda which, reader: Select(which, _ids(reader)) for each in _BY_ID},
    **{
        Subtype(each): lambda which, reader: SelectByFilter(which, selection(reader))
        for each in _BY_FILTER
    },
    **{Subtype(each): _named for each in (20, 21, 23, 24, 25)},
    **{Subtype(each): _statuses for each in (19, 22, 27)},
}


def _width(subtype: Subtype, profile: Profile) -> int:
    """Return the octets of the ids that a message is about: of sub-schedules or of groups."""
    return profile.sub_schedule if subtype in _OF_SUB_SCHEDULES else profile.group
