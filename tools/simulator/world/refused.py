"""Why a spacecraft does not do what a telecommand asks: the failure codes of its reports."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """Failure codes of ST[01], the mission's own."""

    CORRUPT = 1  # length, version or packet error control
    APID = 2  # no such application process
    TYPE = 3  # no such service or subtype
    DATA = 4  # the data field is not what the message demands
    ARGUMENT = 5  # out of range
    STATE = 6  # not possible as things are
    FULL = 7  # no room
    LATE = 8  # its time is past
    UNKNOWN = 9  # it names something that is not there


class Refused(Exception):
    """A telecommand cannot be done; the report of failure carries the code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code
