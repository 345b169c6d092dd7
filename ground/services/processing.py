"""Packets in, archive tables out: decode, find the time, drop duplicates, judge, lay out in Arrow.

A recording and a live link share this: what it gives depends on the packets alone, not on how
they were batched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.alarms import limits
from ground.alarms.judge import Judge
from ground.columns import Batch, PacketFlag, Severity
from ground.mdb.model import ScalarType
from ground.services import tables
from ground.services.crafts import Crafts, Definition
from ground.services.tally import Tally
from protocols.packet import ALONE, Packets
from protocols.segment import Segments

Known = Callable[[pa.Table], NDArray[np.bool_]]
"""Says which rows of a `packets` table are in the archive, or came before in this run."""

_FRESH = np.uint8(128)  # a bit of `Packets.flags` that PacketFlag leaves free: a new segment


@dataclass(slots=True)
class _Meant:
    """What is found out about each packet, in columns beside the packets."""

    spacecraft: NDArray[np.int32]
    t_ns: NDArray[np.int64]
    timed: NDArray[np.bool_]
    flags: NDArray[np.uint8]
    packet_type: NDArray[np.int32]
    types: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, packets: Packets, spacecraft: NDArray[np.int32]) -> _Meant:
        rows = len(packets)
        untyped = np.full(rows, -1, np.int32)
        none, untimed = np.zeros(rows, np.int64), np.zeros(rows, bool)
        return cls(spacecraft, none, untimed, packets.flags.copy(), untyped)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A batch, the definition that decoded it, and the rows of the packets that it holds."""

    definition: Definition
    batch: Batch
    rows: NDArray[np.intp]

    def take(self, keep: NDArray[np.bool_]) -> _Decoded:
        """Return the rows to keep only; the batch itself where that is all of them."""
        if keep.all():
            return self
        chosen = np.flatnonzero(keep)
        batch = Batch(
            self.batch.packet_type,
            self.batch.rows[chosen],
            {path: column.take(chosen) for path, column in self.batch.raw.items()},
            self.batch.flags[chosen],
            self.batch.bits_left[chosen],
        )
        return _Decoded(self.definition, batch, self.rows[chosen])

    @property
    def types(self) -> Mapping[str, ScalarType]:
        """The types of the batch's columns."""
        return self.definition.plan.column_types[self.batch.packet_type]


class Processor:
    """Turn packets into tables; remembers what judging needs from one call to the next."""

    def __init__(self, crafts: Crafts, known: Known, tally: Tally) -> None:
        self._crafts = crafts
        self._known = known
        self._tally = tally
        self._judge = Judge()
        self._segments = Segments()

    def process(self, packets: Packets, source: str) -> dict[str, pa.Table]:
        """Return the tables to append, by name: `packets` and one for each packet type.

        Args:
            packets: of any spacecraft of the link.
            source: name of the journal that holds them; each row of `packets` names it.
        """
        meant = _Meant.of(packets, self._crafts.codes(packets.scid))
        alone = packets.sequence_flags == ALONE
        decoded = self._decode(packets, meant, np.flatnonzero(alone))
        listed = self._listed(packets, meant, source)
        fresh = ~self._known(listed)
        self._count(packets, meant, fresh)
        made = {"packets": [listed.filter(pa.array(fresh))]}
        self._add(made, decoded, fresh, meant, packets)
        if not alone.all():
            whole, fresh = self._join(packets.take(~alone), fresh[~alone])
            meant = _Meant.of(whole, self._crafts.codes(whole.scid))
            decoded = self._decode(whole, meant, np.arange(len(whole)))
            self._note_unknown(whole, meant, fresh)
            self._add(made, decoded, fresh, meant, whole)
        return {
            name: pa.concat_tables(parts, promote_options="permissive")
            for name, parts in made.items()
            if sum(part.num_rows for part in parts)
        }

    def finish(self) -> None:
        """Count the segments whose packet has not become whole."""
        for fragment in self._segments.finish():
            self._tally.stage("segments").drop(fragment.reason, fragment.pieces)

    def _decode(self, packets: Packets, meant: _Meant, rows: NDArray[np.intp]) -> list[_Decoded]:
        """Decode these rows, and write what was found beside their packets."""
        decoded = [
            _Decoded(definition, batch, rows[group][batch.rows])
            for definition, group in self._crafts.groups(meant.spacecraft[rows])
            for batch in definition.decoder.decode(packets.take(rows[group])).batches
        ]
        for each in decoded:
            self._place(each, meant)
        return decoded

    def _join(
        self, segments: Packets, fresh: NDArray[np.bool_]
    ) -> tuple[Packets, NDArray[np.bool_]]:
        """Return the packets that these segments complete, and which of them are new.

        Each segment is listed by itself. Those that were listed by an earlier run are joined too,
        as it may have ended between two segments: a packet is new if one of its segments is.
        """
        counts = self._tally.stage("segments")
        marked = replace(segments, flags=segments.flags | np.where(fresh, _FRESH, 0).astype("u1"))
        joined = self._segments.receive(marked)
        counts.given += len(segments)
        counts.out += joined.used
        for fragment in joined.fragments:
            counts.drop(fragment.reason, fragment.pieces)
        flags = joined.packets.flags
        return replace(joined.packets, flags=flags & ~_FRESH), (flags & _FRESH) > 0

    def _add(
        self,
        made: dict[str, list[pa.Table]],
        decoded: list[_Decoded],
        fresh: NDArray[np.bool_],
        meant: _Meant,
        packets: Packets,
    ) -> None:
        """Add the rows that are new; all are judged, as the next ones' levels may hang on them."""
        for each in decoded:
            keep = fresh[each.rows]
            severity, kept = self._severity(each, keep, meant), each.take(keep)
            if len(kept.rows):
                table = self._telemetry(kept, severity[keep], meant, packets)
                made.setdefault(each.batch.packet_type, []).append(table)

    def _place(self, decoded: _Decoded, meant: _Meant) -> None:
        """Write what the decoder found of these packets beside them."""
        batch, rows = decoded.batch, decoded.rows
        if batch.packet_type not in meant.types:
            meant.types.append(batch.packet_type)
        meant.packet_type[rows] = meant.types.index(batch.packet_type)
        meant.flags[rows] |= batch.flags
        codes = meant.spacecraft[rows]
        for code in np.unique(codes).tolist():
            clock = decoded.definition.clock(self._crafts.names[code], batch.packet_type)
            if clock is not None:
                mine = codes == code
                t_ns, timed = clock.read(batch.raw)
                meant.t_ns[rows[mine]], meant.timed[rows[mine]] = t_ns[mine], timed[mine]
        meant.flags[rows[~meant.timed[rows]]] |= np.uint8(PacketFlag.NO_TIME)

    def _listed(self, packets: Packets, meant: _Meant, source: str) -> pa.Table:
        """Return the table `packets`: each with its identity, its octets and where it came from."""
        everything = np.arange(len(packets))
        head = self._head(packets, meant, everything)
        listed = {
            "vcid": pa.array(packets.vcid),
            "apid": pa.array(packets.apid),
            "packet_type": tables.names(meant.types, meant.packet_type),
            "source": tables.names([source], np.zeros(len(packets), np.int32)),
            "offset": pa.array(np.where(packets.source < 0, packets.frame, packets.source)),
            "octets": tables.octets(packets.arena, packets.offset, packets.length),
        }
        return pa.table(head | listed)

    def _head(self, packets: Packets, meant: _Meant, rows: NDArray[np.intp]) -> dict[str, pa.Array]:
        return tables.head(
            tables.names(self._crafts.names, meant.spacecraft[rows]),
            meant.t_ns[rows],
            meant.timed[rows],
            packets.sequence[rows],
            meant.flags[rows],
        )

    def _telemetry(
        self, kept: _Decoded, severity: NDArray[np.uint8], meant: _Meant, packets: Packets
    ) -> pa.Table:
        """Return a packet type's rows: raw values, the worst severity, the database's digest."""
        batch, types = kept.batch, kept.types
        values = {path: tables.to_arrow(batch.raw[path], types[path]) for path in batch.raw}
        self._note(batch, sum(each.values.size for each in batch.raw.values()))
        database = tables.names([kept.definition.key], np.zeros(len(kept.rows), np.int32))
        fixed = {"severity": pa.array(severity), "database": database}
        return pa.table(self._head(packets, meant, kept.rows) | fixed | values)

    def _severity(
        self, decoded: _Decoded, keep: NDArray[np.bool_], meant: _Meant
    ) -> NDArray[np.uint8]:
        """Return the worst severity of each row; the samples of the rows to keep are counted."""
        batch = decoded.batch
        calibration, judged = decoded.definition.judging(batch.packet_type)
        if not judged:
            return np.zeros(len(decoded.rows), np.uint8)
        engineering = calibration.engineering(batch.raw, judged)
        t_ns, spacecraft = meant.t_ns[decoded.rows], meant.spacecraft[decoded.rows]
        levels = self._judge.judge(decoded.types, batch.raw, engineering, t_ns, spacecraft)
        for level in levels.values():
            found = np.bincount(limits.severity(level[keep]).reshape(-1), minlength=4)
            for severity in (Severity.CAUTION, Severity.SERIOUS, Severity.CRITICAL):
                self._tally.more(
                    self._tally.violations, severity.name.lower(), int(found[severity])
                )
        return limits.worst(levels, len(decoded.rows))

    def _note(self, batch: Batch, samples: int) -> None:
        tally, name = self._tally, batch.packet_type
        tally.more(tally.by_type, name, len(batch))
        tally.samples += samples
        for kept, wrong in ((tally.short, batch.bits_left < 0), (tally.long, batch.bits_left > 0)):
            if wrong.any():
                before, _ = kept.get(name, (0, 0))
                kept[name] = before + int(wrong.sum()), int(batch.bits_left[wrong][-1])

    def _count(self, packets: Packets, meant: _Meant, fresh: NDArray[np.bool_]) -> None:
        counts = self._tally.stage("packets")
        counts.given += len(packets)
        counts.drop("duplicate", int((~fresh).sum()))
        counts.out += int(fresh.sum())
        self._note_unknown(packets, meant, fresh & (packets.sequence_flags == ALONE))

    def _note_unknown(self, packets: Packets, meant: _Meant, fresh: NDArray[np.bool_]) -> None:
        for row in np.flatnonzero(fresh & (meant.packet_type < 0)).tolist():
            name = self._crafts.names[meant.spacecraft[row]]
            self._tally.more(self._tally.unknown, (name, int(packets.apid[row])), 1)
