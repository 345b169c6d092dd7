"""A refusal becomes a problem at the place that its message names."""

from __future__ import annotations

import re

from ground.errors import Where
from ground.mdb.model import Gravity, Problem

_PLACE = re.compile(r"(?P<source>.+?):(?P<line>\d+): (?P<message>.*)", re.DOTALL)


def placed(refusal: object, otherwise: Where, gravity: Gravity = Gravity.ERROR) -> Problem:
    """Return the problem that an error tells, at the file and line that its message begins with.

    Args:
        otherwise: the place where the message names none.
    """
    match = _PLACE.fullmatch(str(refusal))
    if match is None:
        return Problem(otherwise, gravity, str(refusal))
    return Problem(Where(match["source"], int(match["line"])), gravity, match["message"])
