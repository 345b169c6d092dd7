"""XML octets to an element tree without namespaces, and the notes taken while reading it.

Nothing outside the octets is ever opened: no entity, no document type, no network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, cast, overload

from lxml import etree

from ground.errors import Where
from ground.mdb.model import DatabaseError, Gravity, Problem

Element = etree._Element

XTCE_1_2 = "http://www.omg.org/spec/XTCE/20180204"
XTCE_1_1 = "http://www.omg.org/space/xtce"
NAMESPACES = (XTCE_1_2, XTCE_1_1, "")

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}|0[xX][0-9a-fA-F]{1,16}|0[oO][0-7]{1,22}|0[bB][01]{1,64}")
_BASES = {"0x": 16, "0o": 8, "0b": 2}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

T = TypeVar("T")


def refuse(source: str, line: int, message: str) -> DatabaseError:
    """Return the error for a document that cannot be read at all."""
    return DatabaseError([Problem(Where(source, line), Gravity.ERROR, message)])


def tree(octets: bytes, source: str) -> Element:
    """Return the root element of a document, its namespaces as they are.

    Raises:
        DatabaseError: not XML, or XML with a document type (entities could hide in one).
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in octets:
            raise _doctype(octets, source) from None
        reason = " ".join(str(error.msg or "no element").split())
        line = error.lineno or 1
        raise refuse(
            source, line, f"not readable as XML: {reason}; well-formed XML expected"
        ) from None
    except ValueError as error:
        raise refuse(source, 1, f"not readable as XML: {error}; XML octets expected") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype(octets, source)
    return root


def _doctype(octets: bytes, source: str) -> DatabaseError:
    line = octets[: max(0, octets.find(b"<!DOCTYPE"))].count(b"\n") + 1
    return refuse(source, line, "a document type (DOCTYPE) found; none expected, nor entities")


def parse(octets: bytes, source: str) -> tuple[Element, str]:
    """Return the root `SpaceSystem` with every namespace taken off, and the namespace.

    Raises:
        DatabaseError: not XML, not XTCE, or an element of another namespace within.
    """
    root = tree(octets, source)
    namespace, name = _split(root)
    if namespace not in NAMESPACES:
        expected = " or ".join(NAMESPACES[:2])
        message = f"namespace {namespace!r} found; {expected}, or none, expected"
        raise refuse(source, _line(root), message)
    if name != "SpaceSystem":
        raise refuse(source, _line(root), f"root element {name!r} found; SpaceSystem expected")
    for element in root.iter():
        other, local = _split(element)
        if other != namespace:
            message = f"element {local!r} of namespace {other!r} found; {namespace!r} expected"
            raise refuse(source, _line(element), message)
        element.tag = local
    return root, namespace


def _split(element: Element) -> tuple[str, str]:
    namespace, _, name = str(element.tag).rpartition("}")
    return namespace[1:], name


def _line(element: Element) -> int:
    return cast(int | None, element.sourceline) or 0


class Notes:
    """What was noticed in a document, each with the definition (owner) that it belongs to."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[tuple[object, Problem]] = []

    def where(self, element: Element) -> Where:
        return Where(self.source, _line(element))

    def add(self, owner: object, element: Element, gravity: Gravity, message: str) -> None:
        self.found.append((owner, Problem(self.where(element), gravity, message)))

    def settle(self, used: set[object]) -> tuple[list[Problem], set[object]]:
        """Return the problems by line, and the broken owners that nothing uses.

        An error in a definition that nothing uses refuses nothing: it becomes a warning.
        """
        problems, broken = [], set()
        for owner, problem in self.found:
            if problem.gravity is Gravity.ERROR and owner is not None and owner not in used:
                broken.add(owner)
                message = f"{problem.message} (no packet needs it: left out)"
                problem = replace(problem, gravity=Gravity.WARNING, message=message)
            problems.append(problem)
        return sorted(problems, key=lambda p: p.where.line), broken


class Attributes:
    """Reads attributes and texts of elements as values; what is wrong becomes a note."""

    __slots__ = ("notes", "owner")

    def __init__(self, notes: Notes, owner: object = None) -> None:
        self.notes = notes
        self.owner = owner

    def error(self, element: Element, message: str) -> None:
        self.notes.add(self.owner, element, Gravity.ERROR, message)

    def unsupported(self, element: Element, message: str) -> None:
        self.notes.add(self.owner, element, Gravity.UNSUPPORTED, message)

    def warning(self, element: Element, message: str) -> None:
        self.notes.add(self.owner, element, Gravity.WARNING, message)

    def text(self, element: Element, name: str) -> str:
        """Return a required attribute; "" and an error where it is missing."""
        value = element.get(name)
        if value is None:
            self.error(element, f"{element.tag} has no attribute {name!r}; one is required")
            return ""
        return value

    @overload
    def integer(self, element: Element, name: str, default: int) -> int: ...
    @overload
    def integer(self, element: Element, name: str, default: None = None) -> int | None: ...
    def integer(self, element: Element, name: str, default: int | None = None) -> int | None:
        """Return an integer attribute (decimal, 0x, 0o or 0b), or the default."""
        value = element.get(name)
        if value is None:
            return default
        parsed = integer(value)
        if parsed is None:
            self.error(element, f"{element.tag} {name}={value[:60]!r} found; an integer expected")
            return default
        return parsed

    @overload
    def number(self, element: Element, name: str, default: float) -> float: ...
    @overload
    def number(self, element: Element, name: str, default: None = None) -> float | None: ...
    def number(self, element: Element, name: str, default: float | None = None) -> float | None:
        """Return a finite number, or the default."""
        value = element.get(name)
        if value is None:
            return default
        parsed = number(value)
        if parsed is None:
            self.error(
                element, f"{element.tag} {name}={value[:60]!r} found; a finite number expected"
            )
            return default
        return parsed

    def flag(self, element: Element, name: str, default: bool) -> bool:
        return self.choice(element, name, _FLAGS, default)

    def choice(self, element: Element, name: str, table: Mapping[str, T], default: T) -> T:
        """Return what the table says of an attribute's value, or the default."""
        value = element.get(name)
        if value is None:
            return default
        if value not in table:
            expected = ", ".join(table)
            self.error(
                element, f"{element.tag} {name}={value[:60]!r} found; one of {expected} expected"
            )
            return default
        return table[value]

    def content(self, element: Element) -> int:
        """Return the integer that an element holds as text; 0 and an error where it is none."""
        parsed = integer(element.text or "")
        if parsed is None:
            self.error(
                element, f"{element.tag} holds {(element.text or '')[:60]!r}; an integer expected"
            )
            return 0
        return parsed


def integer(text: str) -> int | None:
    """Return the integer that a text writes, of at most 64 bits or so; None where it is none."""
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        return None
    return int(text, _BASES.get(text[:2].lower(), 10))


def number(text: str) -> float | None:
    """Return the finite number that a text writes; None where it is none."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if abs(value) != float("inf") else None
