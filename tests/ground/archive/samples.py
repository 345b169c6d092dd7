"""Tables to append: housekeeping of one spacecraft at 1 Hz, whose every value tells its row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

SECOND = 1_000_000_000
T0 = 2_114_380_837 * SECOND  # 2025-01-01T00:00:00Z in TAI since 1958
UTC_OFFSET = 378_691_237 * SECOND  # TAI since 1958 less Unix time, with 37 leap seconds


def keys(
    spacecraft: Sequence[str], t_ns: Sequence[int | None], sequence: Sequence[int]
) -> dict[str, pa.Array]:
    """Return the six columns that every table begins with."""
    times = pa.array(t_ns, pa.int64())
    utc = pa.array([None if t is None else t - UTC_OFFSET for t in t_ns], pa.int64())
    return {
        "spacecraft": pa.array(spacecraft, pa.string()).dictionary_encode(),
        "t_ns": times,
        "time": utc.cast(pa.timestamp("ns", "UTC")),
        "received": pa.nulls(len(times), pa.timestamp("ns", "UTC")),
        "sequence": pa.array(sequence, pa.int32()),
        "flags": pa.array(np.zeros(len(times)), pa.uint8()),
    }


def housekeeping(
    spacecraft: str = "CG-1", rows: int = 10, start: int = 0, **more: pa.Array
) -> pa.Table:
    """Return rows at `start` seconds after T0 and on, one a second."""
    count = np.arange(start, start + rows)
    made = keys([spacecraft] * rows, [T0 + int(at) * SECOND for at in count], list(count % 16384))
    made["/CG1/count"] = pa.array(count, pa.int64())
    made["/CG1/volts"] = pa.array(np.round(28 + np.sin(count / 900), 2))
    made["/CG1/mode"] = pa.array(["SAFE" if at % 7 else "IDLE" for at in count]).dictionary_encode()
    cards = pa.array(np.repeat(count, 64) % 100, pa.int16())
    made["/CG1/cards.temperature"] = pa.FixedSizeListArray.from_arrays(cards, 64)
    return pa.table(made | more)


def packets(
    spacecraft: str, sequence: Sequence[int], t_ns: Sequence[int | None], octets: Sequence[bytes]
) -> pa.Table:
    """Return rows of the table `packets`, on virtual channel 1 and APID 100."""
    made = keys([spacecraft] * len(octets), t_ns, sequence)
    made["vcid"] = pa.array([1] * len(octets), pa.uint8())
    made["apid"] = pa.array([100] * len(octets), pa.uint16())
    made["octets"] = pa.array(octets, pa.binary())
    return pa.table(made)
