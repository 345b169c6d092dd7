"""What the archive holds by packet: each packet, a summary by APID, the rejects, and the gaps.

Gaps are found in the archive as it is, from the sequence counts of the packets in order of time,
so that late data closes them. Frames lost on a channel are noted as they are received, since a
frame has no time of its own, and are not missing where another link has them (`frame_gaps`); both
are in the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ground.archive.store import Store
from ground.columns import PacketFlag
from ground.services import frame_gaps, tables
from ground.services.query import Span
from protocols import times

SEQUENCE_MODULUS = 1 << 14  # 133.0-B-2 §4.1.3.4.3.2: the count of an APID wraps
_KEYS = ("spacecraft", "vcid", "apid")


def packets(store: Store, span: Span, apid: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield packets as rows, octets included, in order of spacecraft and time."""
    for row in _rows(store, "packets", span, apid):
        yield row | {"flags": flags(row["flags"])}


def rejects(store: Store, span: Span) -> Iterator[dict[str, Any]]:
    """Yield what was rejected: why, by which clause, from where, and its octets."""
    paths = {each.sha256: each.path for each in store.sources(span.realm)}
    for row in _rows(store, "rejects", span):
        yield row | {"path": paths.get(row["source"])}


def _rows(
    store: Store, table: str, span: Span, apid: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table that has octets, at most as many as were asked for."""
    if not _held(store, table, span):
        return
    left = span.limit
    for part in store.scan(span.realm, table, **span.as_arguments()):
        rows = part if apid is None else part.filter(pc.equal(part["apid"], apid))
        rows = _plain(rows.slice(0, left))
        for row in rows.to_pylist():
            yield _stamped(row) | {"length": len(row["octets"])}
        if left is not None:
            left -= len(rows)
            if not left:
                return


def _plain(rows: pa.Table) -> pa.Table:
    """Return rows with reception as a number: Python's own times know no nanoseconds."""
    place = rows.column_names.index("received")
    received = rows["received"].cast(pa.int64())
    return rows.set_column(place, "received", received).drop_columns(["time"])


def _held(store: Store, table: str, span: Span) -> bool:
    return any(info.name == table for info in store.tables(span.realm))


def summary(store: Store, span: Span, apid: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield one row for each spacecraft, channel and APID: how much there is, and from when."""
    columns = ["spacecraft", "vcid", "apid", "t_ns", "sequence", "packet_type"]
    if not _held(store, "packets", span):
        return
    rows = store.read(span.realm, "packets", columns=columns, **span.as_arguments())
    if apid is not None:
        rows = rows.filter(pc.equal(rows["apid"], apid))
    for key, mine in _channels(rows):
        missing = sum(gap["missing"] for gap in _gaps_of(key, mine))
        stamps = tables.numbers(mine["t_ns"])
        timed = stamps.values if stamps.valid is None else stamps.values[stamps.valid]
        kinds = [each for each in mine["packet_type"].unique().to_pylist() if each]
        yield {
            **key,
            "packet_type": ", ".join(sorted(kinds)) or None,
            "packets": mine.num_rows,
            "missing": missing,
            "complete": round(100 * mine.num_rows / (mine.num_rows + missing), 3),
            "first": times.iso(int(timed.min())) if len(timed) else None,
            "last": times.iso(int(timed.max())) if len(timed) else None,
        }


def gaps(store: Store, span: Span) -> Iterator[dict[str, Any]]:
    """Yield what is missing: packets of each APID, then frames of each channel."""
    if _held(store, "packets", span):
        columns = ["spacecraft", "vcid", "apid", "t_ns", "sequence"]
        rows = store.read(span.realm, "packets", columns=columns, **span.as_arguments())
        for key, mine in _channels(rows):
            yield from _gaps_of(key, mine)
    if _held(store, "gaps", span):
        for row in frame_gaps.closed(store, span):
            yield {"kind": "frames", **row}


def _channels(rows: pa.Table) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    """Yield the rows of each (spacecraft, channel, APID), in order."""
    keys = rows.select(_KEYS).group_by(list(_KEYS)).aggregate([])
    for key in sorted(keys.to_pylist(), key=lambda key: tuple(key.values())):
        mine = pc.equal(rows["spacecraft"], key["spacecraft"])
        for name in ("vcid", "apid"):
            mine = pc.and_(mine, pc.equal(rows[name], key[name]))
        yield key | {"vcid": _known(key["vcid"])}, rows.filter(mine)


def _known(vcid: int) -> int | None:
    """Return a virtual channel; None for packets that came without frames."""
    return vcid if vcid >= 0 else None


def _gaps_of(key: dict[str, Any], rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the gaps in the sequence counts of one APID; the counter wraps."""
    count = tables.numbers(rows["sequence"]).values
    stamps = tables.numbers(rows["t_ns"])
    step = np.diff(count) % SEQUENCE_MODULUS
    for row in np.flatnonzero(step > 1).tolist():
        yield {
            "kind": "packets",
            **key,
            "after": int(count[row]),
            "before": int(count[row + 1]),
            "missing": int(step[row]) - 1,
            "from": _iso(stamps.values, stamps.valid, row),
            "until": _iso(stamps.values, stamps.valid, row + 1),
        }


def _iso(t_ns: NDArray[np.int64], timed: NDArray[np.bool_] | None, row: int) -> str | None:
    return times.iso(int(t_ns[row])) if timed is None or timed[row] else None


def _stamped(row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row with its times as text."""
    t_ns = row["t_ns"]
    received = row["received"]
    return row | {
        "vcid": _known(row["vcid"]),
        "time": None if t_ns is None else times.iso(t_ns),
        "received": None if received is None else times.iso(int(times.utc_to_tai_ns(received))),
    }


def flags(bits: int) -> list[str]:
    """Return the names of what was noticed about a packet."""
    return [flag.name.lower() for flag in PacketFlag if flag & bits and flag.name]
