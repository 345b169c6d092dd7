"""Frames that no link received: each link's gaps, less what others delivered meanwhile.

How it works: a link's gap lies between two frames that it did receive. What other links received
of its channel between these two, or shortly before or after (their clocks and delays differ, though
never by half a turn of the counter), is not missing. What then is left of the gaps of two links is
the same, and is told once.

Frames of the idle channel are not noted and carry nothing, so a gap of it is none here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive.store import Store
from ground.services import tables
from ground.services.query import Span
from ground.services.receptions import TABLE
from ground.services.sightings import WITHIN_NS
from protocols.aos import IDLE_VCID

Int64 = NDArray[np.int64]
Row = dict[str, Any]
Key = tuple[Any, ...]
COLUMNS = ("spacecraft", "vcid", "after", "before", "missing", "source", "offset")
_CLUSTER_NS = 3600 * 10**9  # gaps that are looked at together
_BACK_NS = 600 * 10**9  # how far before a gap its last frame is looked for at first
_WIDER = 8
_AROUND = 64  # frames that tell how fast a channel counts


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of one link's gap, and from when to when its frames may have been received."""

    rows: list[Row]
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class _Channel:
    """The frames of a channel, in order of reception; `good` where their CRC is."""

    t_ns: Int64
    count: Int64
    source: NDArray[np.object_]
    offset: Int64
    good: NDArray[np.bool_]


def closed(store: Store, span: Span) -> Iterator[Row]:
    """Yield the rows of `gaps` as far as no other link closes them, with `COLUMNS`."""
    held = {info.name: info for info in store.tables(span.realm)}
    more = ["received", "modulus"] if TABLE in held else []
    gaps = store.read(span.realm, "gaps", columns=[*COLUMNS, *more], spacecraft=span.spacecraft)
    if not more:
        yield from gaps.to_pylist()
        return
    begins_ns = held[TABLE].t0_ns or 0
    at_ns = tables.received_ns(gaps)
    rows = gaps.drop_columns(["received"]).to_pylist()
    found: dict[int, _Left] = {}
    told: dict[Key, list[tuple[_Left, str]]] = {}
    for mine in _clusters(gaps, at_ns):
        found |= _looked_at(store, span, rows, at_ns, mine, begins_ns)
    for place, row in enumerate(rows):
        if row["vcid"] != IDLE_VCID:
            whole = _Left([row], int(at_ns[place]), int(at_ns[place]))
            yield from _once(found.get(place, whole), told)


def _clusters(gaps: pa.Table, at_ns: Int64) -> Iterator[list[int]]:
    """Yield rows of one spacecraft within an hour; not those of which nothing is noted."""
    usable = (at_ns > 0) & gaps["modulus"].is_valid().to_numpy() & (gaps["missing"].to_numpy() > 0)
    for name in gaps["spacecraft"].unique().to_pylist():
        mine = np.flatnonzero(usable & pc.equal(gaps["spacecraft"], name).to_numpy())
        mine = mine[np.argsort(at_ns[mine], kind="stable")]
        hour = at_ns[mine] // _CLUSTER_NS
        for each in np.split(mine, np.flatnonzero(np.diff(hour)) + 1):
            if len(each):
                yield each.tolist()


def _looked_at(
    store: Store, span: Span, rows: list[Row], at_ns: Int64, mine: list[int], begins_ns: int
) -> dict[int, _Left]:
    """Return what is left of these gaps, looking back as far as their beginnings are."""
    found: dict[int, _Left] = {}
    back_ns = _BACK_NS
    while mine:
        start_ns = int(at_ns[mine].min()) - back_ns
        end_ns = int(at_ns[mine].max()) + WITHIN_NS
        channels = _channels(store, span.realm, rows[mine[0]]["spacecraft"], start_ns, end_ns)
        for place in mine:
            left = _left(rows[place], channels.get(rows[place]["vcid"]))
            if left is not None:
                found[place] = left
        mine = [place for place in mine if place not in found]
        if start_ns <= begins_ns:
            break
        back_ns *= _WIDER
    return found


def _channels(
    store: Store, realm: str, spacecraft: str, start_ns: int, end_ns: int
) -> dict[int, _Channel]:
    columns = ["vcid", "t_ns", "sequence", "source", "offset", "flags"]
    whole = store.read(
        realm, TABLE, columns=columns, spacecraft=[spacecraft], start_ns=start_ns, end_ns=end_ns
    )
    made = {}
    for vcid in whole["vcid"].unique().to_pylist():
        part = whole.filter(pc.equal(whole["vcid"], vcid))
        t_ns, count, offset, flags = (
            tables.numbers(part[name]).values for name in ("t_ns", "sequence", "offset", "flags")
        )
        source = np.array(part["source"].to_pylist(), object)
        made[vcid] = _Channel(t_ns, count, source, offset, flags == 0)
    return made


def _left(gap: Row, channel: _Channel | None) -> _Left | None:
    """Return what no other link received of a gap; None where its edges are not at hand."""
    if channel is None:
        return None
    own = np.flatnonzero(channel.source == gap["source"])
    own = own[np.argsort(channel.offset[own], kind="stable")]
    last = int(np.searchsorted(channel.offset[own], gap["offset"]))
    if not 0 < last < len(own) or channel.offset[own[last]] != gap["offset"]:
        return None
    before = own[max(0, last - _AROUND) : last]
    same = before[channel.count[before] == gap["after"]]
    first_ns, last_ns = channel.t_ns[[same[-1] if len(same) else before[-1], own[last]]].tolist()
    near_ns = channel.t_ns[own[max(0, last - _AROUND) : last + _AROUND]]
    slack_ns = _slack(near_ns, last_ns - first_ns, gap["modulus"])
    first_ns, last_ns = first_ns - slack_ns, last_ns + slack_ns
    start, stop = np.searchsorted(channel.t_ns, [first_ns, last_ns + 1])
    others = (channel.source[start:stop] != gap["source"]) & channel.good[start:stop]
    place = (channel.count[start:stop][others] - gap["after"] - 1) % gap["modulus"]
    delivered = np.unique(place[place < gap["missing"]]).tolist()
    return _Left(list(_runs(gap, delivered)), first_ns, last_ns)


def _slack(near_ns: Int64, lasting_ns: int, modulus: int) -> int:
    """Return how far beside a gap another link's frames may lie and still be of the same turn."""
    elapsed_ns = int(near_ns.max() - near_ns.min()) - lasting_ns  # while frames came
    if elapsed_ns <= 0:
        return WITHIN_NS
    turn_ns = modulus * elapsed_ns // len(near_ns)
    return min(WITHIN_NS, max(0, turn_ns - lasting_ns) // 2)


def _runs(gap: Row, delivered: Sequence[int]) -> Iterator[Row]:
    """Yield the runs of frames between those that were delivered, counted from the gap's first."""
    for one, two in pairwise([-1, *delivered, gap["missing"]]):
        if two - one > 1:
            after, before = ((gap["after"] + 1 + each) % gap["modulus"] for each in (one, two))
            yield gap | {"after": after, "before": before, "missing": two - one - 1}


def _once(left: _Left, told: dict[Key, list[tuple[_Left, str]]]) -> Iterator[Row]:
    """Yield gaps with `COLUMNS`, unless another link has the same one at about that time."""
    for row in left.rows:
        key = tuple(row[name] for name in ("spacecraft", "vcid", "after", "before", "missing"))
        known = told.setdefault(key, [])
        if not left.last_ns or not any(
            whose != row["source"]
            and each.first_ns <= left.last_ns
            and left.first_ns <= each.last_ns
            for each, whose in known
        ):
            known.append((left, row["source"]))
            yield {name: row[name] for name in COLUMNS}
