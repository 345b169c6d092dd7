"""Integer and floating point codings that are more than shifting bits into place.

Octets are put in order first, then bits are reversed over the whole field, then the number is read.

Source: XTCE 1.2 `IntegerEncodingType`, `FloatEncodingType`, `ByteOrderType`, `BitOrderType`;
MIL-STD-1750A §4.1.6 and §4.1.7 (floating point of 32 and 48 bits; unverified).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ground.mdb.model import FloatCoding, FloatEncoding, IntegerCoding, IntegerEncoding

Words = NDArray[np.uint64]
DIGIT_BITS = {IntegerCoding.BCD: 8, IntegerCoding.PACKED_BCD: 4}


def read(
    words: NDArray[Any], encoding: IntegerEncoding | FloatEncoding
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return the values of fields of at most 64 bits, and which are valid (None: all).

    Args:
        words: unsigned integers of any shape, the fields as transmitted. The values have a dtype of
            the same width, signed where the coding is; floating point of 16 bits becomes float32,
            MIL-STD-1750A float64.
    """
    bits, values = encoding.bits, words.astype(np.uint64)
    if encoding.byte_order is not None and len(encoding.byte_order) > 1:
        values = _in_order(values, bits, encoding.byte_order)
    if encoding.bits_reversed:
        values = _reversed(values, bits)
    if isinstance(encoding, FloatEncoding):
        return _float(values, encoding), None
    coding = encoding.coding
    if coding in DIGIT_BITS:
        return _decimal(values, bits, DIGIT_BITS[coding], words.dtype)
    if coding is IntegerCoding.UNSIGNED:
        return values.astype(words.dtype), None
    signed = _signed(values, bits, coding)
    return signed.astype(np.dtype(f"i{words.dtype.itemsize}")), None


def wide(value: int, encoding: IntegerEncoding) -> int:
    """Return the value of a field wider than 64 bits."""
    if encoding.coding is IntegerCoding.UNSIGNED or not value >> encoding.bits - 1:
        return value
    if encoding.coding is IntegerCoding.TWOS_COMPLEMENT:
        return value - (1 << encoding.bits)
    if encoding.coding is IntegerCoding.ONES_COMPLEMENT:
        return value - (1 << encoding.bits) + 1
    return -(value & (1 << encoding.bits - 1) - 1)


def _in_order(values: Words, bits: int, order: tuple[int, ...]) -> Words:
    """Put octets in order: `order[j]` is where the j-th most significant one is transmitted."""
    octets = -(-bits // 8)
    if len(order) != octets:
        return values
    widths = [8] * (octets - 1) + [bits - 8 * (octets - 1)]
    result = np.zeros_like(values)
    for place in order:
        width, below = widths[place], bits - sum(widths[: place + 1])
        piece = values >> np.uint64(below) & np.uint64((1 << width) - 1)
        result = result << np.uint64(width) | piece
    return result


def _reversed(values: Words, bits: int) -> Words:
    result = np.zeros_like(values)
    for bit in range(bits):
        result = result << np.uint64(1) | (values >> np.uint64(bit) & np.uint64(1))
    return result


def _signed(values: Words, bits: int, coding: IntegerCoding) -> NDArray[np.int64]:
    negative = (values >> np.uint64(bits - 1)).astype(np.bool_)
    if coding is IntegerCoding.SIGN_MAGNITUDE:
        magnitude = (values & np.uint64((1 << bits - 1) - 1)).astype(np.int64)
        return np.where(negative, -magnitude, magnitude)
    sign = np.uint64(1 << bits - 1)
    extended = ((values ^ sign) - sign).astype(np.int64)
    if coding is IntegerCoding.ONES_COMPLEMENT:
        extended += negative
    return extended


def _decimal(
    values: Words, bits: int, width: int, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read digits of `width` bits each; a value with a digit above nine is not valid."""
    result, valid = np.zeros_like(values), np.ones(values.shape, np.bool_)
    for place in range(bits // width - 1, -1, -1):
        digit = values >> np.uint64(place * width) & np.uint64((1 << width) - 1)
        valid &= digit <= 9
        result = result * np.uint64(10) + np.minimum(digit, np.uint64(9))
    return result.astype(dtype), valid


def _float(values: Words, encoding: FloatEncoding) -> NDArray[Any]:
    bits = encoding.bits
    if encoding.coding is FloatCoding.IEEE754:
        floats = values.astype(f"u{bits // 8}").view(f"f{bits // 8}")
        return floats.astype(np.float32) if bits == 16 else floats
    high = _signed(values >> np.uint64(bits - 24), 24, IntegerCoding.TWOS_COMPLEMENT)
    octet = values >> np.uint64(bits - 32) & np.uint64(255)
    exponent = _signed(octet, 8, IntegerCoding.TWOS_COMPLEMENT)
    mantissa, below = high.astype(np.float64), bits - 32
    low = (values & np.uint64((1 << below) - 1)).astype(np.float64)
    return np.ldexp(mantissa + np.ldexp(low, -below), exponent - 23)
