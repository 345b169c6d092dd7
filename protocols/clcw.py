"""The communications link control word: what a spacecraft reports of the telecommands it got.

Thirty-two bits in the operational control field of a return frame. `decode` and `encode` treat
one word, `decode_many` a column of them, as `Frames.ocf` is.

Source: CCSDS 232.0-B-4 §4.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError, EncodeError

# name, first bit counted from the most significant, width
FIELDS = (
    ("control_word_type", 0, 1),
    ("version", 1, 2),
    ("status", 3, 3),
    ("cop_in_effect", 6, 2),
    ("vcid", 8, 6),
    ("spare", 14, 2),
    ("no_rf_available", 16, 1),
    ("no_bit_lock", 17, 1),
    ("lockout", 18, 1),
    ("wait", 19, 1),
    ("retransmit", 20, 1),
    ("farm_b_counter", 21, 2),
    ("spare_report", 23, 1),
    ("report_value", 24, 8),
)


@dataclass(frozen=True, slots=True)
class Clcw:
    """One control word, its fields in the order of the standard.

    Attributes:
        status: three bits that are the mission's own.
        vcid: the virtual channel of telecommand frames that is reported on.
        farm_b_counter: accepted type B frames, modulo 4.
        report_value: N(R), the frame sequence number that is expected next.
    """

    vcid: int = 0
    report_value: int = 0
    lockout: bool = False
    wait: bool = False
    retransmit: bool = False
    no_rf_available: bool = False
    no_bit_lock: bool = False
    farm_b_counter: int = 0
    cop_in_effect: int = 1
    status: int = 0
    version: int = 0
    spare: int = 0
    spare_report: int = 0


_FLAGS = frozenset({"no_rf_available", "no_bit_lock", "lockout", "wait", "retransmit"})


def is_clcw(words: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words of `Frames.ocf` are a CLCW: there is one, and its first bit is zero.

    Source: 132.0-B-3 §4.1.5 (type 1 report); 232.0-B-4 §4.2.1.2.
    """
    return np.asarray((words >= 0) & (words >> 31 == 0))


def decode(word: int | bytes) -> Clcw:
    """Return the fields of one word.

    Raises:
        DecodeError: it is not four octets, or is another kind of report (first bit one).

    Source: 232.0-B-4 §4.2.1.
    """
    if isinstance(word, bytes):
        if len(word) != 4:
            raise DecodeError(f"control word of {len(word)} octets", clause="232.0-B-4 §4.2.1.1")
        word = int.from_bytes(word, "big")
    fields = {name: word >> 32 - bit - width & (1 << width) - 1 for name, bit, width in FIELDS}
    if fields.pop("control_word_type"):
        raise DecodeError("a type 2 report, not a CLCW", clause="232.0-B-4 §4.2.1.2")
    values: dict[str, Any] = {
        name: bool(value) if name in _FLAGS else value for name, value in fields.items()
    }
    return Clcw(**values)


def decode_many(words: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return a column for each field of FIELDS; take the words that `is_clcw` lets pass.

    Args:
        words: int64 [N], as in `Frames.ocf`.

    Source: 232.0-B-4 §4.2.1.
    """
    return {name: words >> 32 - bit - width & (1 << width) - 1 for name, bit, width in FIELDS}


def encode(clcw: Clcw) -> bytes:
    """Return the four octets of one control word.

    Raises:
        EncodeError: a field does not fit.

    Source: 232.0-B-4 §4.2.1.
    """
    word = 0
    for name, bit, width in FIELDS[1:]:
        value = int(getattr(clcw, name))
        if not 0 <= value < 1 << width:
            raise EncodeError(f"{name} {value} does not fit {width} bits")
        word |= value << 32 - bit - width
    return word.to_bytes(4, "big")
