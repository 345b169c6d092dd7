"""What did not become a packet, as rows of the archive: `rejects` with octets, `gaps` of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.services import tables
from ground.services.crafts import Crafts
from ground.services.received import Received, Rejected
from ground.services.tally import Tally
from protocols.channel import Gap

Clock = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""Reception times (TAI; 0 is unknown) of octets at these offsets of the input."""


def found(
    received: Received, crafts: Crafts, source: str, tally: Tally, clock: Clock | None = None
) -> dict[str, pa.Table]:
    """Return the tables of rejects and of missing frames, and count them.

    Args:
        source: name of the journal; each row names it.
        clock: tells when the octets came, where the source records that.
    """
    made = {}
    for each in received.rejected:
        if each.stage == "packet":
            tally.more(tally.fragments, each.reason, 1)
        tally.units += each.stage == "data unit"
    if received.rejected:
        made["rejects"] = _rejects(received.rejected, crafts, source, clock)
    if received.gaps:
        tally.more(tally.gaps, "frames", sum(gap.missing for gap in received.gaps))
        made["gaps"] = _gaps(received.gaps, crafts, source, clock)
    return made


def _rejects(
    rows: Sequence[Rejected], crafts: Crafts, source: str, clock: Clock | None
) -> pa.Table:
    head = _head(
        [crafts.named(each.scid) for each in rows],
        source,
        [each.offset for each in rows],
        [each.vcid for each in rows],
        clock,
    )
    found = {
        "stage": pa.array([each.stage for each in rows]),
        "reason": pa.array([each.reason for each in rows]),
        "clause": pa.array([each.clause for each in rows]),
        "octets": pa.array([each.octets for each in rows], pa.binary()),
    }
    return pa.table(head | found)


def _gaps(rows: Sequence[Gap], crafts: Crafts, source: str, clock: Clock | None) -> pa.Table:
    head = _head(
        [crafts.named(each.scid) for each in rows],
        source,
        [each.frame for each in rows],
        [each.vcid for each in rows],
        clock,
    )
    found = {
        "after": pa.array([each.after for each in rows], pa.int64()),
        "before": pa.array([each.found for each in rows], pa.int64()),
        "missing": pa.array([each.missing for each in rows], pa.int64()),
        "modulus": pa.array([each.modulus for each in rows], pa.int64()),
    }
    return pa.table(head | found)


def _head(
    spacecraft: list[str],
    source: str,
    offset: list[int],
    vcid: list[int],
    clock: Clock | None,
) -> dict[str, pa.Array]:
    """Return columns of rows that have no generation time, with where they were found."""
    count = len(spacecraft)
    known = list(dict.fromkeys(spacecraft))
    codes = np.array([known.index(name) for name in spacecraft], np.int32)
    none = np.zeros(count, np.int64)
    names = tables.names(known, codes)
    received = None if clock is None else tables.instants(clock(np.array(offset, np.int64)))
    head = tables.head(names, none, none > 0, none, none.astype(np.uint8), received)
    return head | {
        "vcid": pa.array(vcid, pa.int16()),
        "source": tables.names([source], np.zeros(count, np.int32)),
        "offset": pa.array(offset, pa.int64()),
    }
