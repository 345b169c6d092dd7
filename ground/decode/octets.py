"""Strings, octets and wide integers: what is cut out packet by packet.

Octets that do not decode become U+FFFD; control characters stay, as raw values are what was sent.

Source: XTCE 1.2 `StringDataEncodingType`, `BinaryDataEncodingType`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.decode import codings
from ground.mdb.model import BinaryEncoding, Encoding, IntegerEncoding, StringEncoding

Places = NDArray[np.int64]
EMPTY: dict[type, Any] = {StringEncoding: "", BinaryEncoding: b"", IntegerEncoding: 0}


def fields(
    arena: NDArray[np.uint8],
    at: Places,
    bits: Places,
    encoding: Encoding,
    inside: NDArray[np.bool_],
) -> NDArray[Any]:
    """Return the values of fields at given places, object [N]; those not inside are empty."""
    values = np.empty(len(at), object)
    empty, octets = EMPTY[type(encoding)], arena.data
    rows = zip(at.tolist(), bits.tolist(), inside.tolist(), strict=True)
    for row, (start, width, there) in enumerate(rows):
        values[row] = value(cut(octets, start, width), encoding, width) if there else empty
    return values


def cut(octets: memoryview, at: int, bits: int) -> bytes:
    """Return bits as octets, right-aligned."""
    end = at + bits
    if not (at | bits) & 7:
        return octets[at >> 3 : end >> 3].tobytes()
    number = int.from_bytes(octets[at >> 3 : (end + 7) >> 3], "big") >> (-end & 7)
    return (number & (1 << bits) - 1).to_bytes((bits + 7) >> 3, "big")


def value(field: bytes, encoding: Encoding, bits: int) -> Any:
    """Return the value of a field that is `bits` long."""
    if isinstance(encoding, IntegerEncoding):
        return codings.wide(int.from_bytes(field, "big"), encoding)
    if isinstance(encoding, StringEncoding):
        return text(field, encoding, bits)
    return field


def text(field: bytes, encoding: StringEncoding, bits: int) -> str:
    """Return the text in a field: after its size tag, up to its terminator."""
    if encoding.prefix_bits:
        octets, at, end = memoryview(field), -bits & 7, 8 * len(field)
        size = 8 * int.from_bytes(cut(octets, at, encoding.prefix_bits), "big")
        at += encoding.prefix_bits
        field = cut(octets, at, min(size, max(end - at, 0)))
    if encoding.terminator:
        here = find(field, encoding.terminator, unit(encoding.charset))
        field = field if here < 0 else field[:here]
    return field.decode(encoding.charset, "replace")


def find(octets: bytes, terminator: bytes, unit: int) -> int:
    """Return where the terminator starts, on a whole character; -1 where there is none."""
    at = octets.find(terminator)
    while at >= 0 and at % unit:
        at = octets.find(terminator, at + 1)
    return at


def unit(charset: str) -> int:
    """Return the octets of the smallest character."""
    name = charset.lower().replace("_", "-")
    return 4 if name.startswith("utf-32") else 2 if name.startswith("utf-16") else 1


def lengths(arena: NDArray[np.uint8], at: Places, last: Places, encoding: StringEncoding) -> Places:
    """Return how many bits strings take whose size is told only by themselves.

    Without a terminator in reach a string takes what is there, up to its `max_bits`.
    """
    octets, found = arena.data, np.zeros(len(at), np.int64)
    for row, (start, end) in enumerate(zip(at.tolist(), last.tolist(), strict=True)):
        if start >= 0:
            found[row] = _length(octets, start, end, encoding)
    return found


def _length(octets: memoryview, start: int, end: int, encoding: StringEncoding) -> int:
    if encoding.prefix_bits:
        if end - start < encoding.prefix_bits:
            return encoding.prefix_bits
        tag = cut(octets, start, encoding.prefix_bits)
        return encoding.prefix_bits + 8 * int.from_bytes(tag, "big")
    most = max(end - start, 0)
    if encoding.max_bits is not None:
        most = min(most, encoding.max_bits)
    most -= most % 8
    if encoding.terminator:
        here = find(cut(octets, start, most), encoding.terminator, unit(encoding.charset))
        if here >= 0:
            return 8 * (here + len(encoding.terminator))
    return most
