"""What is told to the person who asked, and the exit code that goes with it.

Source: contracts of the shell: 1 findings, 2 wrong usage or input, 3 refused, 4 not reachable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an input: a file (or other name) and a line, counted from 1; 0 where unknown."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


class GroundError(Exception):
    """A failure with a message for people: `file:line: what was found; what was expected`."""

    exit_code = 2


class InputError(GroundError):
    """Input or usage that is wrong; the message names what, where and what was expected."""

    exit_code = 2


class Refused(GroundError):
    """A request that was understood and is not allowed now (the archive is in use, say)."""

    exit_code = 3


class NotReachable(GroundError):
    """Whom we asked does not answer, or the way there is closed."""

    exit_code = 4
