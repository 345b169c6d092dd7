"""The truth on disk: a folder that grows while a stream runs, an Arrow stream for each type.

    <packet type>.arrows   t_ns, sequence, delivered, `raw:<path>`, `engineering:<path>`
    frames.arrows          every transmission and its fate
    summary.json           counts, outages and boots, when all is over

`/CG1/EPS/EPS_HK` is in `CG1.EPS.EPS_HK.arrows`. What was written before a crash can be read.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tools.simulator.truth import Frames, Packets, Part

FRAMES, SUMMARY = "frames", "summary.json"


class TruthFolder:
    """A folder that takes part after part of the truth."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._open = ExitStack()

    def write(self, part: Part) -> None:
        """Add what has become known."""
        for container, each in part.packets.items():
            self._add(container.strip("/").replace("/", "."), _table(each))
        self._add(FRAMES, pa.table({f.name: getattr(part.frames, f.name) for f in fields(Frames)}))

    def close(self, part: Part, counts: dict[str, Any]) -> None:
        """Add the last part and the summary."""
        self.write(part)
        self._open.close()
        summary = {
            "counts": counts,
            "outages": [each._asdict() for each in part.outages],
            "boots": [asdict(each) for each in part.boots],
        }
        (self._folder / SUMMARY).write_text(json.dumps(summary, indent=1))

    def _add(self, name: str, table: pa.Table) -> None:
        if name not in self._writers:
            file = self._open.enter_context(pa.OSFile(str(self._folder / f"{name}.arrows"), "wb"))
            writer = self._open.enter_context(pa.ipc.new_stream(file, table.schema))
            self._writers[name] = writer
        self._writers[name].write_table(table)


def read(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a folder by name, `frames` among them, as far as they are whole."""
    return {path.stem: _whole(path) for path in sorted(folder.glob("*.arrows"))}


def _whole(path: Path) -> pa.Table:
    batches = []
    with pa.ipc.open_stream(path.read_bytes()) as reader:
        with suppress(pa.ArrowInvalid, OSError):  # torn off where the writer was killed
            batches.extend(reader)
        return pa.Table.from_batches(batches, reader.schema)


def _table(packets: Packets) -> pa.Table:
    columns: dict[str, Any] = {
        "t_ns": packets.t_ns,
        "sequence": packets.sequence,
        "delivered": packets.delivered,
    }
    for kind in ("raw", "engineering"):
        for path, column in getattr(packets, kind).items():
            columns[f"{kind}:{path}"] = _array(column)
    return pa.table(columns)


def _array(column: NDArray[Any]) -> pa.Array:
    """Return a column as Arrow holds it, arrays as lists of one size."""
    flat = pa.array(np.ascontiguousarray(column).reshape(-1))
    if column.ndim == 1:
        return flat
    return pa.FixedSizeListArray.from_arrays(flat, column.shape[1])
