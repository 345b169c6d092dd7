"""The contact plan: who can send to whom, when, how fast and how much, as columns.

A plan is an immutable snapshot, known by the digest of its content; who changes a plan makes
another. Only the volume that is left of each contact changes from one command to the next, and for
that alone a plan of hundreds of thousands of contacts is not made anew: see `Volumes`.

Source: 734.3-B-1 §2.3 (contact plan; clause unverified).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ground.errors import InputError
from ground.relay.groups import Groups

Kind = Literal["centre", "station", "bent-pipe", "regenerative", "store-and-forward", "spacecraft"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRIORITIES = 4  # 0 the least urgent, 3 the most urgent
SECOND_NS = 1_000_000_000
FOREVER_NS = (1 << 62) - 1  # the year 2104, later than any time of a plan; two of it fit int64
USUAL_RETENTION_NS: dict[Kind, int] = {
    "centre": FOREVER_NS,
    "station": FOREVER_NS,
    "bent-pipe": 0,
    "regenerative": 2 * SECOND_NS,
    "store-and-forward": 6 * 3600 * SECOND_NS,
    "spacecraft": -1,  # forwards nothing
}


class Origin(IntEnum):
    """Where a contact comes from: geometry, a booking, or an operator's word."""

    VISIBLE = 0
    BOOKED = 1
    OPERATOR = 2


@dataclass(frozen=True, slots=True)
class Node:
    """A place that sends, receives or relays.

    Attributes:
        retention_ns: how long a unit may wait here, from its last octet in to its first octet
            out; None where it is what is usual for its kind.
    """

    name: str
    kind: Kind = "store-and-forward"
    retention_ns: int | None = None

    @property
    def holds_ns(self) -> int:
        """How long a unit may wait here; negative for a node that forwards nothing."""
        usual = USUAL_RETENTION_NS[self.kind]
        if self.retention_ns is None or self.kind in ("bent-pipe", "spacecraft"):
            return usual
        return min(self.retention_ns, FOREVER_NS)


@dataclass(frozen=True, slots=True)
class Contact:
    """One opportunity to send from a node to another; one row of a plan.

    Attributes:
        link: tells parallel links of a pair apart.
        owlt_ns: one-way light time, the worst of the contact.
        acquisition_ns: from the start until the first octet may leave.
        free_octets: what is left for each priority.
    """

    source: str
    target: str
    start_ns: int
    end_ns: int
    rate_bps: float
    owlt_ns: int = 0
    acquisition_ns: int = 0
    link: int = 0
    free_octets: tuple[float, float, float, float] = (math.inf,) * PRIORITIES  # type: ignore[assignment]
    origin: Origin = Origin.VISIBLE


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Contacts as columns of N rows, sorted by source, target, link, start and end.

    Attributes:
        source, target: int32, places in `nodes`.
        link: int32.
        start_ns, end_ns, owlt_ns, acquisition_ns: int64.
        rate_bps: float64.
        free_octets: float64 [N, 4], what is left for each priority; inf where unlimited.
        origin: uint8, see `Origin`.
        id: digest of everything above.
    """

    nodes: tuple[Node, ...]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    link: NDArray[np.int32]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    rate_bps: NDArray[np.float64]
    owlt_ns: NDArray[np.int64]
    acquisition_ns: NDArray[np.int64]
    free_octets: NDArray[np.float64]
    origin: NDArray[np.uint8]
    id: str
    groups: Groups = field(repr=False)
    places: dict[str, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.source)

    def contact(self, row: int) -> Contact:
        """Return one row, its nodes by name."""
        names = (self.nodes[self.source[row]].name, self.nodes[self.target[row]].name)
        times = int(self.start_ns[row]), int(self.end_ns[row])
        delays = int(self.owlt_ns[row]), int(self.acquisition_ns[row])
        free: Any = tuple(self.free_octets[row].tolist())
        rate, link = float(self.rate_bps[row]), int(self.link[row])
        return Contact(*names, *times, rate, *delays, link, free, Origin(int(self.origin[row])))

    def contacts(self) -> list[Contact]:
        """Return every row."""
        return [self.contact(row) for row in range(len(self))]


COLUMNS: dict[str, Any] = {
    "source": np.int32,
    "target": np.int32,
    "link": np.int32,
    "start_ns": np.int64,
    "end_ns": np.int64,
    "rate_bps": np.float64,
    "owlt_ns": np.int64,
    "acquisition_ns": np.int64,
    "free_octets": np.float64,
    "origin": np.uint8,
}


def of(nodes: Iterable[Node], contacts: Iterable[Contact]) -> Plan:
    """Return the plan of some nodes and the contacts between them.

    Raises:
        InputError: a name is unknown or twice there, or a contact cannot be.
    """
    nodes, rows = tuple(nodes), list(contacts)
    places = _places(nodes)
    for row in rows:
        for name in (row.source, row.target):
            if name not in places:
                raise InputError(f"a contact with {name!r}; expected a node of the plan")
    columns = {name: [getattr(row, name) for row in rows] for name in list(COLUMNS)[2:]}
    columns |= {
        "source": [places[row.source] for row in rows],
        "target": [places[row.target] for row in rows],
    }
    return from_columns(nodes, **{name: np.array(each) for name, each in columns.items()})


def from_columns(nodes: Iterable[Node], **columns: NDArray[Any]) -> Plan:
    """Return the plan of contacts that are columns already, in any order.

    Args:
        columns: those of `Plan`, each [N]; `link`, `owlt_ns`, `acquisition_ns` and `origin` are 0
            where not given, and `free_octets` [N, 4] is unlimited.

    Raises:
        InputError: a node is twice there, or a contact cannot be.
    """
    nodes = tuple(nodes)
    count = len(columns["source"])
    columns.setdefault("free_octets", np.full((count, PRIORITIES), np.inf))
    zero = np.zeros(count, np.uint8)
    given = {
        name: np.asarray(columns.get(name, zero)).astype(kind) for name, kind in COLUMNS.items()
    }
    given["free_octets"] = given["free_octets"].reshape(count, PRIORITIES)
    _check(nodes, given)
    keys = [given[name] for name in ("end_ns", "start_ns", "link", "target", "source")]
    order = np.lexsort(keys)
    return _made(nodes, {name: np.ascontiguousarray(each[order]) for name, each in given.items()})


def keep(plan: Plan, rows: NDArray[np.bool_]) -> Plan:
    """Return the plan of some rows of a plan; `rows` is bool [N]."""
    return _made(plan.nodes, {name: getattr(plan, name)[rows] for name in COLUMNS})


def without(plan: Plan, *, nodes: Collection[str] = (), contacts: Collection[int] = ()) -> Plan:
    """Return a plan in which some nodes have no contact and some rows are not there."""
    barred = np.array([node.name in nodes for node in plan.nodes], bool)
    rows = ~(barred[plan.source] | barred[plan.target])
    rows[np.array(list(contacts), np.int64)] = False
    return keep(plan, rows)


def with_booked(plan: Plan, booked: Sequence[Contact], relays: Collection[str] = ()) -> Plan:
    """Return a plan with contacts that were booked.

    Args:
        booked: the contacts, taken in as `Origin.BOOKED`.
        relays: nodes whose terminals must be booked: what is merely visible between one of these
            and a spacecraft falls away.
    """
    relay = np.array([node.name in relays for node in plan.nodes], bool)
    craft = np.array([node.kind == "spacecraft" for node in plan.nodes], bool)
    between = relay[plan.source] & craft[plan.target] | craft[plan.source] & relay[plan.target]
    more = of(plan.nodes, [replace(each, origin=Origin.BOOKED) for each in booked])
    return joined(keep(plan, ~(between & (plan.origin == Origin.VISIBLE))), more)


def joined(plan: Plan, more: Plan) -> Plan:
    """Return one plan of the contacts of two; both have the same nodes."""
    columns = {name: np.concatenate([getattr(plan, name), getattr(more, name)]) for name in COLUMNS}
    return from_columns(plan.nodes, **columns)


def _made(nodes: tuple[Node, ...], columns: dict[str, NDArray[Any]]) -> Plan:
    digest = hashlib.sha256(repr([(n.name, n.kind, n.holds_ns) for n in nodes]).encode())
    for column in columns.values():
        digest.update(np.ascontiguousarray(column).data)
        column.setflags(write=False)
    groups = Groups.of(
        len(nodes), *(columns[name] for name in ("source", "target", "link", "end_ns"))
    )
    return Plan(nodes, **columns, id=digest.hexdigest()[:32], groups=groups, places=_places(nodes))


def _places(nodes: Sequence[Node]) -> dict[str, int]:
    places = {node.name: place for place, node in enumerate(nodes)}
    if len(places) < len(nodes):
        raise InputError("a node is twice in the plan; expected each name once")
    return places


def _check(nodes: Sequence[Node], columns: dict[str, NDArray[Any]]) -> None:
    source, target = columns["source"], columns["target"]
    start, end, rate = columns["start_ns"], columns["end_ns"], columns["rate_bps"]
    known = (source >= 0) & (source < len(nodes)) & (target >= 0) & (target < len(nodes))
    delays = (columns["owlt_ns"], columns["acquisition_ns"])
    short = np.logical_and.reduce([(delay >= 0) & (delay < FOREVER_NS // 2) for delay in delays])
    rules = {
        "nodes of the plan": known,
        "two different nodes": source != target,
        "an end after its start": start < end,
        f"times within {FOREVER_NS} ns of the epoch": (start > -FOREVER_NS) & (end < FOREVER_NS),
        "a rate above 0 bit/s": (rate > 0) & np.isfinite(rate),
        "delays of at least 0": short,
        "a link number of at least 0": columns["link"] >= 0,
        "a volume that is a number": ~np.isnan(columns["free_octets"]).any(axis=1),
    }
    for expected, holds in rules.items():
        if not holds.all():
            row = int(np.argmin(holds))
            raise InputError(f"contact {row}; expected {expected}")
