"""Text of any form that orbital elements come in to `Elements`: the form is found by its start."""

from __future__ import annotations

from collections.abc import Callable

from ground.errors import InputError
from ground.relay import omm, tle
from ground.relay.elements import Elements

LONGEST_TEXT = 64 << 20  # characters; the whole public catalogue is a tenth of it


def parse(text: str, source: str) -> list[Elements]:
    """Return every set of elements in a text: TLE, or OMM as CSV, JSON, XML or KVN.

    Args:
        source: what errors call the text: its file name.

    Raises:
        InputError: a set that breaks its format or is not plausible, or no set at all; as
            `file:line: what was found; what was expected`.

    Source: CCSDS 502.0-B-3 §4; CelesTrak, "NORAD Two-Line Element Set Format".
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(f"{source}: {len(text)} characters found; {LONGEST_TEXT} at most expected")
    text = text.removeprefix("\ufeff")
    found = _reader(text)(text, source)
    if not found:
        raise InputError(f"{source}: no elements found; TLE or OMM expected")
    return found


def _reader(text: str) -> Callable[[str, str], list[Elements]]:
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return omm.json_sets
    if start.startswith("<"):
        return omm.xml_sets
    heading = start.partition("\n")[0]
    if "EPOCH" in heading.split(",") and "MEAN_MOTION" in heading:
        return omm.csv_sets
    return omm.kvn_sets if "CCSDS_OMM_VERS" in heading or "=" in heading else tle.parse
