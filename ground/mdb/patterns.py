"""Raw values become bit patterns: each coding of XTCE, as unsigned numbers or as octets.

Source: XTCE 1.2 `IntegerDataEncodingType`, `FloatDataEncodingType`, `StringDataEncodingType`,
`BinaryDataEncodingType`, `ByteOrderType`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.model import (
    BinaryEncoding,
    Encoding,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    StringEncoding,
)
from protocols.errors import EncodeError

Values = NDArray[Any]
Patterns = NDArray[np.uint64]
WORD = 64
DIGIT_BITS = {IntegerCoding.BCD: 8, IntegerCoding.PACKED_BCD: 4}


def numbers(name: str, encoding: Encoding, bits: int, values: Values) -> Patterns:
    """Return the bit patterns of numbers, right-aligned: uint64, same shape.

    Args:
        name: what the parameter is called in an error.
        bits: width of the field, at most 64.

    Raises:
        EncodeError: a value that the encoding cannot express.
    """
    if bits > WORD:
        raise EncodeError(f"{name}: a number of {bits} bits; at most {WORD} can be encoded")
    if isinstance(encoding, FloatEncoding):
        patterns = floats(name, encoding, values).view(f"u{bits // 8}").astype(np.uint64)
    else:
        coding = (
            encoding.coding if isinstance(encoding, IntegerEncoding) else IntegerCoding.UNSIGNED
        )
        patterns = _integers(name, coding, bits, values)
    if isinstance(encoding, IntegerEncoding | FloatEncoding):
        patterns = _ordered(encoding, bits, patterns)
    return patterns


def octets(name: str, encoding: StringEncoding | BinaryEncoding, bits: int, value: Any) -> bytes:
    """Return the octets of one string or binary value, filled to the width of its field.

    A width that is no multiple of 8 leaves its value right-aligned.
    """
    size = (bits + 7) // 8
    if isinstance(encoding, BinaryEncoding):
        made = bytes(value)
        if len(made) != size or int.from_bytes(made, "big") >> bits:
            raise EncodeError(f"{name}: {len(made)} octets found; {bits} bits expected")
        return made
    try:
        text = str(value).encode(encoding.charset, "strict")
    except UnicodeEncodeError as error:
        reason = f"{error.object[error.start]!r} found; characters of {encoding.charset} expected"
        raise EncodeError(f"{name}: {reason}") from None
    if encoding.terminator and encoding.terminator in text:
        raise EncodeError(f"{name}: the text holds its terminator {encoding.terminator.hex()}")
    if encoding.prefix_bits:
        if len(text) >> encoding.prefix_bits:
            raise EncodeError(f"{name}: {len(text)} octets do not fit {encoding.prefix_bits} bits")
        text = len(text).to_bytes(encoding.prefix_bits // 8, "big") + text
    elif len(text) < size:
        text += encoding.terminator or b""
    if len(text) > size:
        raise EncodeError(f"{name}: a string of {len(text)} octets found; {size} fit")
    return text.ljust(size, b"\0")


def limits(coding: IntegerCoding, bits: int) -> tuple[int, int]:
    """Return the least and the greatest integer that a coding expresses."""
    half = 1 << (bits - 1)
    if coding in DIGIT_BITS:
        return 0, 10 ** (bits // DIGIT_BITS[coding]) - 1
    if coding is IntegerCoding.UNSIGNED:
        return 0, 2 * half - 1
    return (-half if coding is IntegerCoding.TWOS_COMPLEMENT else 1 - half), half - 1


def _integers(name: str, coding: IntegerCoding, bits: int, values: Values) -> Patterns:
    least, most = limits(coding, bits)
    bad = (values < least) | (values > most)
    if bad.any():
        raise EncodeError(f"{name}: {values[bad].flat[0]} found; {least} to {most} expected")
    if coding in DIGIT_BITS:
        return _digits(values, bits // DIGIT_BITS[coding], DIGIT_BITS[coding])
    negative = values < 0
    whole = values.astype(np.uint64)  # of a negative number: two's complement in 64 bits
    mask = np.uint64((1 << bits) - 1)
    if coding is IntegerCoding.ONES_COMPLEMENT:
        whole = np.where(negative, whole - np.uint64(1), whole)
    elif coding is IntegerCoding.SIGN_MAGNITUDE:
        sign = np.uint64(1 << (bits - 1))
        whole = np.where(negative, (~whole + np.uint64(1)) | sign, whole)
    return whole & mask


def _digits(values: Values, digits: int, width: int) -> Patterns:
    left = values.astype(np.uint64)
    patterns = np.zeros(values.shape, np.uint64)
    for place in range(digits):
        left, digit = np.divmod(left, np.uint64(10))
        patterns |= digit << np.uint64(width * place)
    return patterns


def floats(name: str, encoding: FloatEncoding, values: Values) -> Values:
    """Return numbers as the packet holds them, rounded to the width of the encoding.

    Raises:
        EncodeError: a number that is too large, or a coding that is decoded only.
    """
    if encoding.coding is not FloatCoding.IEEE754:
        raise EncodeError(f"{name}: {encoding.coding.value} floats are decoded only")
    with np.errstate(over="ignore"):
        made = values.astype(f"f{encoding.bits // 8}")
    if (np.isinf(made) & np.isfinite(values)).any():
        raise EncodeError(f"{name}: a value too large for {encoding.bits} bits")
    return made


def _ordered(encoding: IntegerEncoding | FloatEncoding, bits: int, patterns: Patterns) -> Patterns:
    """Put the octets where they are transmitted, then turn the bits round."""
    if encoding.byte_order is not None:
        last, moved = len(encoding.byte_order) - 1, np.zeros_like(patterns)
        for octet, place in enumerate(encoding.byte_order):
            one = patterns >> np.uint64(8 * (last - octet)) & np.uint64(0xFF)
            moved |= one << np.uint64(8 * (last - place))
        patterns = moved
    if encoding.bits_reversed:
        turned = np.zeros_like(patterns)
        for bit in range(bits):
            one = patterns >> np.uint64(bit) & np.uint64(1)
            turned |= one << np.uint64(bits - 1 - bit)
        patterns = turned
    return patterns
