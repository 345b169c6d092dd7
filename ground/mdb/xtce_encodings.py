"""How values stand in octets: the four data encodings.

Source: XTCE 1.2, IntegerDataEncodingType, FloatDataEncodingType, StringDataEncodingType,
BinaryDataEncodingType and ByteOrderType; XTCE 1.1, ByteOrderList.
"""

from __future__ import annotations

from ground.mdb.model import (
    Amount,
    BinaryEncoding,
    Encoding,
    Fixed,
    FloatCoding,
    FloatEncoding,
    IntegerCoding,
    IntegerEncoding,
    StringEncoding,
)
from ground.mdb.xtce_conditions import amount, required_amount
from ground.mdb.xtce_document import Element
from ground.mdb.xtce_names import Scope

MAX_INTEGER_BITS = 1024
ENCODINGS = (
    "IntegerDataEncoding",
    "FloatDataEncoding",
    "StringDataEncoding",
    "BinaryDataEncoding",
)

_INTEGER_CODINGS = {coding.value: coding for coding in IntegerCoding} | {
    "signed": IntegerCoding.TWOS_COMPLEMENT,  # not in the standard, but in real files
    "twosCompliment": IntegerCoding.TWOS_COMPLEMENT,  # as XTCE 1.1 spells it
}
_FLOAT_CODINGS = {
    "IEEE754_1985": FloatCoding.IEEE754,
    "IEEE754": FloatCoding.IEEE754,
    "MILSTD_1750A": FloatCoding.MIL_1750A,
    "DEC": None,
    "IBM": None,
    "TI": None,
}
_FLOAT_BITS = {FloatCoding.IEEE754: (16, 32, 64), FloatCoding.MIL_1750A: (32, 48)}
_BIT_ORDERS = {"mostSignificantBitFirst": False, "leastSignificantBitFirst": True}
_CHARSETS = {
    "US-ASCII": "ascii",
    "ISO-8859-1": "latin-1",
    "Windows-1252": "cp1252",
    "UTF-8": "utf-8",
    "UTF-16": "utf-16-be",
    "UTF-16LE": "utf-16-le",
    "UTF-16BE": "utf-16-be",
    "UTF-32": "utf-32-be",
    "UTF-32LE": "utf-32-le",
    "UTF-32BE": "utf-32-be",
}


def encoding(scope: Scope, element: Element) -> Encoding | None:
    """Read one data encoding element."""
    match element.tag:
        case "IntegerDataEncoding":
            return _integer(scope, element)
        case "FloatDataEncoding":
            return _float(scope, element)
        case "StringDataEncoding":
            return _string(scope, element)
        case "BinaryDataEncoding":
            return binary(scope, element)
    return None


def _integer(scope: Scope, element: Element) -> IntegerEncoding:
    bits = scope.integer(element, "sizeInBits", 8)
    coding = scope.choice(element, "encoding", _INTEGER_CODINGS, IntegerCoding.UNSIGNED)
    if not 1 <= bits <= MAX_INTEGER_BITS:
        scope.error(element, f"integer of {bits} bits found; 1 to {MAX_INTEGER_BITS} expected")
        bits = 8
    unit = {IntegerCoding.BCD: 8, IntegerCoding.PACKED_BCD: 4}.get(coding, 1)
    if bits % unit:
        scope.error(element, f"{coding.value} of {bits} bits found; a multiple of {unit} expected")
    return IntegerEncoding(
        bits, coding, byte_order(scope, element, bits), _reversed(scope, element)
    )


def _float(scope: Scope, element: Element) -> FloatEncoding | BinaryEncoding:
    """Read a float; one of a coding or width that is not supported is left as octets."""
    bits = scope.integer(element, "sizeInBits", 32)
    coding = scope.choice(element, "encoding", _FLOAT_CODINGS, FloatCoding.IEEE754)
    if not 1 <= bits <= MAX_INTEGER_BITS:
        scope.error(element, f"float of {bits} bits found; 16, 32 or 64 expected")
        bits = 32
    if coding is None or bits not in _FLOAT_BITS[coding]:
        name = element.get("encoding", "IEEE754")
        scope.unsupported(element, f"{name} float of {bits} bits is not supported: left as octets")
        return BinaryEncoding(Fixed(bits))
    return FloatEncoding(bits, coding, byte_order(scope, element, bits), _reversed(scope, element))


def binary(scope: Scope, element: Element) -> BinaryEncoding:
    """Read a binary encoding."""
    _orders_as_they_come(scope, element)
    return BinaryEncoding(required_amount(scope, element, "SizeInBits"))


def _string(scope: Scope, element: Element) -> StringEncoding:
    _orders_as_they_come(scope, element)
    charset = scope.choice(element, "encoding", _CHARSETS, "utf-8")
    holder = element.find("SizeInBits")
    if holder is None:
        holder = element.find("Variable")
    if holder is None:
        scope.error(element, "string without a size; SizeInBits or Variable expected")
        return StringEncoding(Fixed(0), charset)
    size = amount(scope, holder)
    terminator = _terminator(scope, holder.find("TerminationChar"))
    prefix_bits = _prefix_bits(scope, holder.find("LeadingSize"))
    if size is None and terminator is None and not prefix_bits:
        scope.error(
            holder, "string without an end; a size, TerminationChar or LeadingSize expected"
        )
    if isinstance(size, Fixed) and size.value < 0:
        scope.error(holder, f"string of {size.value} bits found; none of less than 0 expected")
    if prefix_bits:
        terminator = None  # LeadingSize wins (SizeInBitsType)
    return StringEncoding(
        size, charset, terminator, prefix_bits, scope.integer(holder, "maxSizeInBits")
    )


def _terminator(scope: Scope, element: Element | None) -> bytes | None:
    if element is None:
        return None
    try:
        return bytes.fromhex(element.text or "00")
    except ValueError:
        scope.error(element, f"TerminationChar {element.text!r} found; hexadecimal octets expected")
        return b"\0"


def _prefix_bits(scope: Scope, element: Element | None) -> int:
    if element is None:
        return 0
    bits = scope.integer(element, "sizeInBitsOfSizeTag", 16)
    if not 1 <= bits <= 64:
        scope.error(element, f"size tag of {bits} bits found; 1 to 64 expected")
        return 16
    return bits


def byte_order(scope: Scope, element: Element, bits: int) -> tuple[int, ...] | None:
    """Return for each octet, most significant first, its place; None for the usual order.

    A list in XTCE gives the significance (0 the least) of the octets in transmitted order.
    """
    octets = -(-bits // 8)
    listed = element.findall("ByteOrderList/Byte")
    text = element.get("byteOrder", "mostSignificantByteFirst")
    if listed:
        significance = [scope.integer(one, "byteSignificance", 0) for one in listed]
    elif text == "mostSignificantByteFirst":
        return None
    elif text == "leastSignificantByteFirst":
        significance = list(range(octets))
    else:
        significance = [int(p) for p in text.split(",") if p.isascii() and p.isdigit()]
    if sorted(significance) != list(range(octets)):
        expected = f"each of 0 to {octets - 1} once, or a named order, expected"
        scope.error(element, f"byte order {text if not listed else significance} found; {expected}")
        return None
    order = tuple(significance.index(octets - 1 - place) for place in range(octets))
    return None if order == tuple(range(octets)) else order


def _reversed(scope: Scope, element: Element) -> bool:
    return scope.choice(element, "bitOrder", _BIT_ORDERS, False)


def _orders_as_they_come(scope: Scope, element: Element) -> None:
    """Name a bit or byte order on octets that are kept as they come."""
    if _reversed(scope, element):
        scope.unsupported(element, f"bitOrder of {element.tag} is not supported: octets as sent")
    order = element.get("byteOrder", "mostSignificantByteFirst")
    if order != "mostSignificantByteFirst":
        scope.unsupported(element, f"byteOrder of {element.tag} is not supported: octets as sent")


def size_bits(scope: Scope, element: Element | None) -> Amount | None:
    """Return a container's size from its `BinaryEncoding`."""
    return None if element is None else required_amount(scope, element, "SizeInBits")
