"""ST[12], on-board monitoring: the spacecraft watches its own parameters.

Functional monitoring, subtypes 17 to 28, is not read here.

Source: ECSS-E-ST-70-41C §6.12, §8.12.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.errors import EncodeError
from protocols.pus.checks import (
    Check,
    CheckType,
    Condition,
    Transition,
    check,
    condition,
    transition,
)
from protocols.pus.fields import Reader, expect, kind, many, numbers, unsigned
from protocols.pus.profile import PROFILE, Profile

SERVICE = 12


class Subtype(IntEnum):
    """The messages of parameter monitoring, numbered as their clauses."""

    ENABLE = 1
    DISABLE = 2
    CHANGE_DELAY = 3
    DELETE_ALL = 4
    ADD = 5
    DELETE = 6
    MODIFY = 7
    REPORT_DEFINITIONS = 8
    DEFINITIONS = 9
    REPORT_OUT_OF_LIMITS = 10
    OUT_OF_LIMITS = 11
    TRANSITIONS = 12
    REPORT_STATUS = 13
    STATUS = 14
    ENABLE_FUNCTION = 15
    DISABLE_FUNCTION = 16


_PLAIN = frozenset({4, 10, 13, 15, 16})
_LISTS = frozenset({1, 2, 6, 8})
_DEFINED = frozenset({5, 7, 9})
_TRANSITIONS = frozenset({11, 12})


@dataclass(frozen=True, slots=True)
class Definition:
    """What to watch, and how.

    Attributes:
        repetition: consecutive findings that make a new status.
        interval: between checks, in the mission's sampling intervals; not in a change (7).
        condition: where the profile is conditional; not in a change (7).
        enabled: in a report (9) alone.
    """

    monitor: int
    parameter: int
    check: Check
    repetition: int = 1
    interval: int = 0
    condition: Condition | None = None
    enabled: bool = False

    def encode(self, subtype: Subtype, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figures 8-114, 8-119, 8-124."""
        octets = unsigned(self.monitor, profile.monitor, "monitoring id")
        octets += unsigned(self.parameter, profile.parameter, "parameter id")
        if subtype is not Subtype.MODIFY:
            octets += self._terms(profile)
        if subtype is Subtype.DEFINITIONS:
            octets += unsigned(self.enabled, profile.status, "status")
        octets += unsigned(self.repetition, profile.repetition, "repetition number")
        octets += unsigned(self.check.type, profile.check, "check type")
        return octets + self.check.encode(profile.value_octets(self.parameter), profile)

    def _terms(self, profile: Profile) -> bytes:
        if (self.condition is not None) != profile.conditional:
            raise EncodeError(f"condition {self.condition}, profile: {profile.conditional}")
        octets = b"" if self.condition is None else self.condition.encode(profile)
        return octets + unsigned(self.interval, profile.every, "monitoring interval")


@dataclass(frozen=True, slots=True)
class Order:
    """Delete all definitions (4), report out of limits (10), status (13), function on (15) off."""

    subtype: Subtype

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field, which is empty."""
        expect(self.subtype, _PLAIN)
        return b""


@dataclass(frozen=True, slots=True)
class Monitors:
    """Enable (1), disable (2), delete (6), describe (8; no ids: all) definitions."""

    subtype: Subtype
    monitors: tuple[int, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.12.2.1, .2, .6, .8."""
        expect(self.subtype, _LISTS)
        return numbers(self.monitors, profile.monitor, "monitoring id", profile)


@dataclass(frozen=True, slots=True)
class ChangeDelay:
    """Change the maximum transition reporting delay (3), in the mission's sampling intervals."""

    subtype: ClassVar[Subtype] = Subtype.CHANGE_DELAY
    delay: int

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.12.2.3."""
        return unsigned(self.delay, profile.delay, "delay")


@dataclass(frozen=True, slots=True)
class Definitions:
    """Definitions to add (5), to change (7), or as they are (9), there after the delay."""

    subtype: Subtype
    definitions: tuple[Definition, ...]
    delay: int = 0

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.12.2.5, .7, .9."""
        expect(self.subtype, _DEFINED)
        before = b""
        if self.subtype is Subtype.DEFINITIONS:
            before = unsigned(self.delay, profile.delay, "delay")
        rows = (each.encode(self.subtype, profile) for each in self.definitions)
        return before + many(rows, profile)


@dataclass(frozen=True, slots=True)
class Transitions:
    """What is out of limits (11), or checks that changed their mind (12)."""

    subtype: Subtype
    transitions: tuple[Transition, ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.12.2.11, .12."""
        expect(self.subtype, _TRANSITIONS)
        return many((each.encode(profile) for each in self.transitions), profile)


@dataclass(frozen=True, slots=True)
class Statuses:
    """Which definitions are enabled (14); `enabled` has (monitoring id, whether enabled)."""

    subtype: ClassVar[Subtype] = Subtype.STATUS
    enabled: tuple[tuple[int, bool], ...]

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return the data field. Source: ECSS-E-ST-70-41C §8.12.2.14."""
        rows = (
            unsigned(monitor, profile.monitor, "monitoring id")
            + unsigned(enabled, profile.status, "status")
            for monitor, enabled in self.enabled
        )
        return many(rows, profile)


Message = Order | Monitors | ChangeDelay | Definitions | Transitions | Statuses


def decode(subtype: int, data: bytes, profile: Profile = PROFILE) -> Message:
    """Return the message that a data field holds.

    Raises:
        DecodeError: no such subtype, cut short, octets left over, or a value that cannot be.

    Source: ECSS-E-ST-70-41C §8.12.2.
    """
    reader = Reader(data, SERVICE, subtype, profile)
    message = _message(kind(Subtype, subtype, SERVICE), reader)
    reader.end()
    return message


def _message(which: Subtype, reader: Reader) -> Message:
    profile = reader.profile
    if which in _PLAIN:
        return Order(which)
    if which in _LISTS:
        return Monitors(which, reader.numbers(profile.monitor))
    if which in _TRANSITIONS:
        return Transitions(which, reader.many(lambda: transition(reader)))
    if which is Subtype.CHANGE_DELAY:
        return ChangeDelay(reader.unsigned(profile.delay))
    if which is Subtype.STATUS:
        return Statuses(reader.many(lambda: (reader.unsigned(profile.monitor), reader.flag())))
    delay = reader.unsigned(profile.delay) if which is Subtype.DEFINITIONS else 0
    return Definitions(which, reader.many(lambda: _definition(which, reader)), delay)


def _definition(which: Subtype, reader: Reader) -> Definition:
    profile = reader.profile
    monitor, parameter = reader.unsigned(profile.monitor), reader.unsigned(profile.parameter)
    terms = which is not Subtype.MODIFY
    when = condition(reader) if terms and profile.conditional else None
    interval = reader.unsigned(profile.every) if terms else 0
    enabled = reader.flag() if which is Subtype.DEFINITIONS else False
    repetition = reader.unsigned(profile.repetition)
    type = reader.choice(CheckType, profile.check)
    made = check(reader, type, profile.value_octets(parameter))
    return Definition(monitor, parameter, made, repetition, interval, when, enabled)
