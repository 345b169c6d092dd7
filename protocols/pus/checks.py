"""What ST[12] watches: checks of a parameter, definitions that hold them, transitions they tell.

Limits, thresholds, expected values and masks are octets, as wide as `Profile.value_octets` says.
An event definition id of 0 means that no event is raised.

Source: ECSS-E-ST-70-41C §6.12.3, figures 8-114 to 8-129, tables 8-6 to 8-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from protocols.pus.fields import Reader, fixed, unsigned
from protocols.pus.profile import Profile


class CheckType(IntEnum):
    """Source: ECSS-E-ST-70-41C table 8-6."""

    EXPECTED = 0
    LIMIT = 1
    DELTA = 2


class Status(IntEnum):
    """What a check found; LOW is below a limit or threshold, or an unexpected value.

    Source: ECSS-E-ST-70-41C tables 8-7 to 8-9.
    """

    NOMINAL = 0
    UNCHECKED = 1
    INVALID = 2
    LOW = 3
    HIGH = 4


@dataclass(frozen=True, slots=True)
class Expected:
    """The value under a mask must be this."""

    type: ClassVar[CheckType] = CheckType.EXPECTED
    mask: bytes
    value: bytes
    event: int = 0

    def encode(self, width: int, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figure 8-115, without the spare."""
        return fixed(self.mask, width, "mask") + _bound(self.value, self.event, width, profile)


@dataclass(frozen=True, slots=True)
class Limits:
    """The value must not be below or above these."""

    type: ClassVar[CheckType] = CheckType.LIMIT
    low: bytes
    high: bytes
    low_event: int = 0
    high_event: int = 0

    def encode(self, width: int, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figure 8-116."""
        return _bound(self.low, self.low_event, width, profile) + _bound(
            self.high, self.high_event, width, profile
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """The mean change over so many consecutive values must not be below or above these."""

    type: ClassVar[CheckType] = CheckType.DELTA
    low: bytes
    high: bytes
    low_event: int = 0
    high_event: int = 0
    values: int = 1

    def encode(self, width: int, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figure 8-117."""
        return (
            _bound(self.low, self.low_event, width, profile)
            + _bound(self.high, self.high_event, width, profile)
            + unsigned(self.values, profile.deltas, "delta values")
        )


Check = Expected | Limits | Delta


def check(reader: Reader, type: CheckType, width: int) -> Check:
    """Return the next check of a data field, over a value of this width."""
    profile = reader.profile
    if type is CheckType.EXPECTED:
        mask, value = reader.octets(width), reader.octets(width)
        return Expected(mask, value, reader.unsigned(profile.event))
    low, low_event = reader.octets(width), reader.unsigned(profile.event)
    high, high_event = reader.octets(width), reader.unsigned(profile.event)
    if type is CheckType.LIMIT:
        return Limits(low, high, low_event, high_event)
    return Delta(low, high, low_event, high_event, reader.unsigned(profile.deltas))


@dataclass(frozen=True, slots=True)
class Condition:
    """Check only while a parameter under a mask has this value."""

    parameter: int
    mask: bytes
    value: bytes

    def encode(self, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figure 8-114."""
        width = profile.value_octets(self.parameter)
        return (
            unsigned(self.parameter, profile.parameter, "parameter id")
            + fixed(self.mask, width, "mask")
            + fixed(self.value, width, "value")
        )


def condition(reader: Reader) -> Condition:
    """Return the next condition of a data field."""
    parameter = reader.unsigned(reader.profile.parameter)
    width = reader.profile.value_octets(parameter)
    return Condition(parameter, reader.octets(width), reader.octets(width))


@dataclass(frozen=True, slots=True)
class Transition:
    """A check that changed its mind.

    Attributes:
        mask: of a check of an expected value alone.
        value: that made it change; `limit`: what it crossed.
        t_ns: when, ns TAI since 1958.
    """

    monitor: int
    parameter: int
    type: CheckType
    value: bytes
    limit: bytes
    before: Status
    after: Status
    t_ns: int
    mask: bytes = b""

    def encode(self, profile: Profile) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C figures 8-128, 8-129."""
        width = profile.value_octets(self.parameter)
        masked = width if self.type is CheckType.EXPECTED else 0
        return (
            unsigned(self.monitor, profile.monitor, "monitoring id")
            + unsigned(self.parameter, profile.parameter, "parameter id")
            + unsigned(self.type, profile.check, "check type")
            + fixed(self.mask, masked, "mask")
            + fixed(self.value, width, "value")
            + fixed(self.limit, width, "limit")
            + unsigned(self.before, profile.check, "status before")
            + unsigned(self.after, profile.check, "status after")
            + profile.encode_time(self.t_ns)
        )


def transition(reader: Reader) -> Transition:
    """Return the next transition of a data field."""
    profile = reader.profile
    monitor, parameter = reader.unsigned(profile.monitor), reader.unsigned(profile.parameter)
    width = profile.value_octets(parameter)
    type = reader.choice(CheckType, profile.check)
    mask = reader.octets(width if type is CheckType.EXPECTED else 0)
    value, limit = reader.octets(width), reader.octets(width)
    before, after = (reader.choice(Status, profile.check) for _ in range(2))
    return Transition(monitor, parameter, type, value, limit, before, after, reader.time(), mask)


def _bound(value: bytes, event: int, width: int, profile: Profile) -> bytes:
    return fixed(value, width, "value") + unsigned(event, profile.event, "event definition id")
