"""Contact plans as JSON of our own, with everything that a plan holds.

    {"schema": "ground.contact-plan/1",
     "nodes": [{"name": "kashi", "kind": "station", "retention_ns": null}],
     "contacts": [{"source": "kashi", "destination": "CG-1", "link": 0, "start_ns": 0,
                   "end_ns": 600000000000, "rate_bps": 64000, "owlt_ns": 8000000,
                   "acquisition_ns": 0, "free_octets": [null, null, null, null],
                   "origin": "visible"}]}

Times are ns TAI since 1958; an absent or null volume is unlimited. Only source, destination, start,
end and rate must be there. The words are those of IETF TVR drafts (unverified), the units ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ground.errors import InputError
from ground.relay.plan import FOREVER_NS, KINDS, PRIORITIES, Contact, Node, Origin, Plan, of

SCHEMA = "ground.contact-plan/1"
INTEGERS = ("link", "start_ns", "end_ns", "owlt_ns", "acquisition_ns")
NEEDED = {"source", "destination", "start_ns", "end_ns", "rate_bps"}
FIELDS = NEEDED | {"link", "owlt_ns", "acquisition_ns", "free_octets", "origin"}
ORIGINS = {origin.name.lower(): origin for origin in Origin}


def write(plan: Plan) -> str:
    """Return a plan as JSON, one line a contact."""
    nodes = [
        {"name": node.name, "kind": node.kind, "retention_ns": node.retention_ns}
        for node in plan.nodes
    ]
    rows = ",\n  ".join(json.dumps(_row(contact), allow_nan=False) for contact in plan.contacts())
    head = f'{{"schema": {json.dumps(SCHEMA)},\n "nodes": {json.dumps(nodes)},\n'
    return f'{head} "contacts": [\n  {rows}\n]}}\n'


def read(text: str | bytes, *, source: str = "plan") -> Plan:
    """Return the plan that JSON holds.

    Raises:
        InputError: what is wrong, and where in it.
    """
    given = parsed(text, source)
    if given.get("schema") != SCHEMA:
        raise InputError(f"{source}: schema {given.get('schema')!r:.60}; expected {SCHEMA!r}")
    _only(given, {"schema", "nodes", "contacts"}, source)
    nodes = [_node(each, f"{source}: {at}") for at, each in listed(given, "nodes", source)]
    contacts = [_contact(each, f"{source}: {at}") for at, each in listed(given, "contacts", source)]
    try:
        return of(nodes, contacts)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def parsed(text: str | bytes, source: str) -> dict[str, Any]:
    """Return a JSON object; a name that is twice in an object is an error, as is NaN."""
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        where = f"{source}:{line}" if line else source
        raise InputError(f"{where}: {error}; expected JSON") from error
    if not isinstance(given, dict):
        raise InputError(f"{source}: {type(given).__name__}; expected an object")
    return given


def listed(given: Mapping[str, Any], name: str, source: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of a list, each with where it is."""
    rows = given.get(name)
    if not isinstance(rows, list):
        raise InputError(f"{source}: {name}; expected a list")
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InputError(f"{source}: {name}[{place}]; expected an object")
    return [(f"{name}[{place}]", row) for place, row in enumerate(rows)]


def integer(given: Mapping[str, Any], name: str, where: str, default: int = 0) -> int:
    """Return a field that is a whole number, within the times that a plan can hold."""
    value = given.get(name, default)
    if type(value) is not int or not -FOREVER_NS < value < FOREVER_NS:
        raise InputError(f"{where}.{name}: {value!r:.40}; expected a whole number")
    return value


def number(given: Mapping[str, Any], name: str, where: str) -> float:
    """Return a field that is a finite number."""
    value = given.get(name)
    if type(value) not in (int, float) or not abs(value) < 1e30:  # type: ignore[arg-type]
        raise InputError(f"{where}.{name}: {value!r:.40}; expected a number")
    return float(value)  # type: ignore[arg-type]


def _row(contact: Contact) -> dict[str, Any]:
    free = [None if math.isinf(octets) else octets for octets in contact.free_octets]
    return {
        "source": contact.source,
        "destination": contact.target,
        **{name: getattr(contact, name) for name in INTEGERS},
        "rate_bps": contact.rate_bps,
        "free_octets": free,
        "origin": contact.origin.name.lower(),
    }


def _node(given: dict[str, Any], where: str) -> Node:
    _only(given, {"name", "kind", "retention_ns"}, where)
    if given.get("kind") not in KINDS:
        raise InputError(f"{where}.kind: {given.get('kind')!r:.40}; expected {', '.join(KINDS)}")
    held = None
    if given.get("retention_ns") is not None:
        held = integer(given, "retention_ns", where)
        if held < 0:
            raise InputError(f"{where}.retention_ns: {held}; expected at least 0")
    return Node(_text(given, "name", where), given["kind"], held)


def _contact(given: dict[str, Any], where: str) -> Contact:
    _only(given, FIELDS, where)
    for name in sorted(NEEDED - given.keys()):
        raise InputError(f"{where}; expected {name}")
    if given.get("origin", "visible") not in ORIGINS:
        raise InputError(f"{where}.origin; expected {', '.join(ORIGINS)}")
    return Contact(
        source=_text(given, "source", where),
        target=_text(given, "destination", where),
        rate_bps=number(given, "rate_bps", where),
        free_octets=_free(given.get("free_octets"), where),
        origin=ORIGINS[given.get("origin", "visible")],
        **{name: integer(given, name, where) for name in INTEGERS},
    )


def _free(given: object, where: str) -> Any:
    rows = [None] * PRIORITIES if given is None else given
    if not isinstance(rows, list) or len(rows) != PRIORITIES:
        raise InputError(f"{where}.free_octets; expected a list of {PRIORITIES}")
    return tuple(
        math.inf if each is None else number({"free_octets": each}, "free_octets", where)
        for each in rows
    )


def _text(given: Mapping[str, Any], name: str, where: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        raise InputError(f"{where}.{name}: {value!r:.40}; expected a name")
    return value


def _only(given: Mapping[str, Any], fields: set[str], where: str) -> None:
    for name in sorted(given.keys() - fields):
        raise InputError(f"{where}.{name[:40]}; expected {', '.join(sorted(fields))}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is twice in an object")
    return found


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
