"""What each link received of the frames: how many, how many it alone, and how well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ground.archive.store import Store
from ground.services.query import Span
from ground.services.receptions import TABLE
from protocols import times

_FRAME = ["spacecraft", "vcid", "sequence", "first", "first_ns"]


def summary(store: Store, span: Span) -> Iterator[dict[str, Any]]:
    """Yield one row for each link: its good frames, those that it alone had, and the bad ones."""
    if not any(info.name == TABLE for info in store.tables(span.realm)):
        return
    columns = [*_FRAME, "t_ns", "source", "flags", "corrected"]
    rows = store.read(span.realm, TABLE, columns=columns, **span.as_arguments())
    good = pc.equal(rows["flags"], 0)
    alone = _alone(rows.filter(good))
    for source in sorted(rows["source"].unique().to_pylist()):
        mine = rows.filter(pc.equal(rows["source"], source))
        well = int(pc.sum(pc.equal(mine["flags"], 0)).as_py())
        edges = pc.min_max(mine["t_ns"]).as_py()
        yield {
            "link": source.removeprefix("journal/"),
            "frames": well,
            "only": alone.get(source, 0),
            "bad": mine.num_rows - well,
            "corrected": pc.sum(mine["corrected"]).as_py() or 0,
            "first": times.iso(edges["min"]),
            "last": times.iso(edges["max"]),
        }


def _alone(rows: pa.Table) -> dict[str, int]:
    """Return by link how many frames no other one received."""
    frames = rows.group_by(_FRAME).aggregate([("source", "count")])
    single = frames.filter(pc.equal(frames["source_count"], 1))["first"]
    return {each["values"]: each["counts"] for each in single.value_counts().to_pylist()}
