"""Rows of packets from frames with a bad CRC, where a good reception of the same packet is stored.

A link may be told to keep such frames. What they gave stays in the archive, flagged; whoever asks
for values gets the good ones alone, where there are any.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ground.columns import PacketFlag

COLUMNS = ("spacecraft", "t_ns", "sequence")


def best(rows: pa.Table) -> pa.Table:
    """Return rows of one packet type without the flagged ones that a good one stands for.

    Args:
        rows: with `COLUMNS` and `flags`; those without a time are all returned.
    """
    bad = pc.not_equal(pc.bit_wise_and(rows["flags"], int(PacketFlag.BAD_CRC)), 0)
    if not pc.any(bad).as_py():
        return rows
    good = rows.filter(pc.invert(bad)).select(COLUMNS).group_by(list(COLUMNS)).aggregate([])
    suspects = rows.select(COLUMNS).append_column("row", pa.array(np.arange(len(rows))))
    doubled = suspects.filter(bad).join(good, list(COLUMNS), join_type="left semi")
    keep = np.ones(len(rows), np.bool_)
    keep[doubled["row"].to_numpy()] = False
    return rows.filter(pa.array(keep))
