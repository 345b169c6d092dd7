"""What a schedule of ST[11] holds: activities, how they are named, how a filter selects them.

Source: ECSS-E-ST-70-41C §6.11, figures 8-91 to 8-100.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocols.errors import EncodeError
from protocols.pus.fields import Reader, numbers, unsigned
from protocols.pus.header import Telecommand, decode_telecommand
from protocols.pus.profile import PROFILE, Profile


@dataclass(frozen=True, slots=True)
class ActivityId:
    """Which activity: the source, APID and sequence count of its telecommand.

    Not the request id of ST[01]: here are whole octets, and the source is said.

    Source: ECSS-E-ST-70-41C §8.11.2.5, figure 8-92.
    """

    source: int
    apid: int
    sequence: int

    @classmethod
    def of(cls, telecommand: Telecommand | bytes, profile: Profile = PROFILE) -> ActivityId:
        """Return the id of a telecommand, given as it is or as a packet's octets.

        Raises:
            DecodeError: the octets are no telecommand.
        """
        if isinstance(telecommand, bytes):
            telecommand = decode_telecommand(telecommand, profile)
        return cls(telecommand.source, telecommand.apid, telecommand.sequence)

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return its octets; EncodeError where a number does not fit."""
        return (
            unsigned(self.source, profile.schedule_source, "source")
            + unsigned(self.apid, profile.schedule_apid, "apid")
            + unsigned(self.sequence, profile.schedule_sequence, "sequence count")
        )


def activity_id(reader: Reader) -> ActivityId:
    """Return the next activity id of a data field."""
    profile = reader.profile
    return ActivityId(
        reader.unsigned(profile.schedule_source),
        reader.unsigned(profile.schedule_apid),
        reader.unsigned(profile.schedule_sequence),
    )


@dataclass(frozen=True, slots=True)
class Activity:
    """A telecommand and when it is released.

    Attributes:
        release_ns: ns TAI since 1958.
        telecommand: the whole packet, with its own packet error control.
        group: its scheduling group, where the mission has groups.
        sub_schedule: in a detail report; a request to insert says it once for all.
    """

    release_ns: int
    telecommand: bytes
    group: int = 0
    sub_schedule: int = 0

    def encode(self, profile: Profile = PROFILE, *, detail: bool = False) -> bytes:
        """Return its octets, as in a detail report or as in a request to insert.

        Source: ECSS-E-ST-70-41C §8.11.2.4, §8.11.2.10.
        """
        place = unsigned(self.group, profile.group, "group")
        if detail:
            place = unsigned(self.sub_schedule, profile.sub_schedule, "sub-schedule") + place
        elif self.sub_schedule:
            raise EncodeError("a sub-schedule of one activity; say it in the request to insert")
        return place + profile.encode_time(self.release_ns) + _whole(self.telecommand)


def activity(reader: Reader, *, detail: bool = False) -> Activity:
    """Return the next activity of a data field."""
    profile = reader.profile
    sub_schedule = reader.unsigned(profile.sub_schedule) if detail else 0
    group = reader.unsigned(profile.group)
    return Activity(reader.time(), reader.packet(), group, sub_schedule)


@dataclass(frozen=True, slots=True)
class Summary:
    """One activity of a summary report, by its id alone."""

    release_ns: int
    request: ActivityId
    sub_schedule: int = 0
    group: int = 0

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return its octets. Source: ECSS-E-ST-70-41C §8.11.2.13."""
        return (
            unsigned(self.sub_schedule, profile.sub_schedule, "sub-schedule")
            + unsigned(self.group, profile.group, "group")
            + profile.encode_time(self.release_ns)
            + self.request.encode(profile)
        )


def summary(reader: Reader) -> Summary:
    """Return the next activity of a summary report."""
    sub_schedule = reader.unsigned(reader.profile.sub_schedule)
    group = reader.unsigned(reader.profile.group)
    return Summary(reader.time(), activity_id(reader), sub_schedule, group)


class Window(IntEnum):
    """Which ends a filter's time window has; both are within it.

    Source: ECSS-E-ST-70-41C §6.11.10.2.2, table 8-5.
    """

    ALL = 0
    BETWEEN = 1
    FROM = 2
    TO = 3


@dataclass(frozen=True, slots=True)
class Filter:
    """Activities released from and to these times (None: no end), in these places (empty: any)."""

    from_ns: int | None = None
    to_ns: int | None = None
    sub_schedules: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

    @property
    def window(self) -> Window:
        """The window type that its ends make."""
        if self.from_ns is None:
            return Window.ALL if self.to_ns is None else Window.TO
        return Window.FROM if self.to_ns is None else Window.BETWEEN

    def encode(self, profile: Profile = PROFILE) -> bytes:
        """Return its octets.

        Raises:
            EncodeError: from is after to, or a place that the mission does not have.

        Source: ECSS-E-ST-70-41C §8.11.2.6, §6.11.10.3.
        """
        if _backwards(self):
            raise EncodeError(f"window from {self.from_ns} to {self.to_ns}")
        ends = (each for each in (self.from_ns, self.to_ns) if each is not None)
        octets = unsigned(self.window, profile.window, "window type")
        octets += b"".join(profile.encode_time(each) for each in ends)
        return (
            octets
            + _places(self.sub_schedules, profile.sub_schedule, profile)
            + _places(self.groups, profile.group, profile)
        )


def selection(reader: Reader) -> Filter:
    """Return the next filter of a data field."""
    profile = reader.profile
    window = reader.choice(Window, profile.window)
    from_ns = reader.time() if window in (Window.FROM, Window.BETWEEN) else None
    to_ns = reader.time() if window in (Window.TO, Window.BETWEEN) else None
    sub_schedules = reader.numbers(profile.sub_schedule) if profile.sub_schedule else ()
    groups = reader.numbers(profile.group) if profile.group else ()
    made = Filter(from_ns, to_ns, sub_schedules, groups)
    if _backwards(made):
        raise reader.wrong(f"window from {from_ns} to {to_ns}")
    return made


def _backwards(given: Filter) -> bool:
    """Source: ECSS-E-ST-70-41C §6.11.10.3d."""
    return given.from_ns is not None and given.to_ns is not None and given.from_ns > given.to_ns


def _places(ids: tuple[int, ...], width: int, profile: Profile) -> bytes:
    if width:
        return numbers(ids, width, "id", profile)
    if ids:
        raise EncodeError("ids of a kind that the mission does not have")
    return b""


def _whole(telecommand: bytes) -> bytes:
    """Return a packet as it is, if its length field tells its length: else none could read on."""
    if len(telecommand) < 7 or int.from_bytes(telecommand[4:6], "big") != len(telecommand) - 7:
        raise EncodeError(f"telecommand of {len(telecommand)} octets is no whole packet")
    return telecommand
