"""Packets in, archive tables out: decode, find the time, drop duplicates, judge, lay out in Arrow.

A recording and a live link share this: what it gives depends on the packets alone, not on how
they were batched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ground.alarms import limits
from ground.alarms.judge import Judge
from ground.alarms.overrides import Overrides
from ground.archive import schemas
from ground.columns import Batch, PacketFlag, Severity
from ground.services import tables
from ground.services.crafts import Crafts
from ground.services.meant import Clock, Decoded, Judged, Meant
from ground.services.tally import Tally
from protocols.packet import ALONE, Fragment, Packets
from protocols.segment import Segments

Known = Callable[[pa.Table], NDArray[np.bool_]]
"""Says which rows of a `packets` table are in the archive, or came before in this run."""

Observer = Callable[[list[Judged]], None]
"""Is told of all new packets of a call, a batch for each packet type."""

_FRESH = np.uint8(128)  # a bit of `Packets.flags` that PacketFlag leaves free: a new segment


class Processor:
    """Turn packets into tables; remembers what judging needs from one call to the next.

    Args:
        judge: shared by the processors of links that carry the same spacecraft.
        observer: is told of each batch that is new.
        overrides: limits that operators changed.
        again: judge packets that are known too, as the next ones' levels may hang on them: an
            ingest that was cut off goes through its file again.
        joined: says which packets were joined of segments before, over another link.
    """

    def __init__(
        self,
        crafts: Crafts,
        known: Known,
        tally: Tally,
        judge: Judge | None = None,
        observer: Observer | None = None,
        overrides: Overrides | None = None,
        *,
        again: bool = True,
        joined: Known | None = None,
    ) -> None:
        self._again, self._joined = again, joined
        self._crafts = crafts
        self._known = known
        self._tally = tally
        self._judge = judge or Judge()
        self._observer = observer
        self._overrides = overrides
        self._segments = Segments()

    def process(
        self, packets: Packets, source: str, clock: Clock | None = None
    ) -> dict[str, pa.Table]:
        """Return the tables to append, by name: `packets` and one for each packet type.

        Args:
            packets: of any spacecraft of the link.
            source: name of the journal that holds them; each row of `packets` names it.
            clock: tells when they were received, where the source records that.
        """
        meant = Meant.of(packets, self._crafts.codes(packets.scid), clock)
        alone = packets.sequence_flags == ALONE
        decoded = self._decode(packets, meant, np.flatnonzero(alone))
        listed = self._listed(packets, meant, source)
        fresh = ~self._known(listed)
        self._count(packets, meant, fresh)
        made = {"packets": [listed.filter(pa.array(fresh))]}
        self._add(made, decoded, fresh, meant, packets)
        if not alone.all():
            whole, fresh = self._join(packets.take(~alone), fresh[~alone])
            meant = Meant.of(whole, self._crafts.codes(whole.scid), clock)
            decoded = self._decode(whole, meant, np.arange(len(whole)))
            if self._joined is not None and len(whole):
                fresh &= ~self._joined(self._listed(whole, meant, source))
            self._note_unknown(whole, meant, fresh)
            self._add(made, decoded, fresh, meant, whole)
        return {
            name: schemas.together(parts)
            for name, parts in made.items()
            if sum(part.num_rows for part in parts)
        }

    def finish(self) -> None:
        """Count the segments whose packet has not become whole."""
        self._count_segments(0, self._segments.finish())

    def _decode(self, packets: Packets, meant: Meant, rows: NDArray[np.intp]) -> list[Decoded]:
        """Decode these rows, and write what was found beside their packets."""
        decoded = [
            Decoded(definition, batch, rows[group][batch.rows])
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
        marked = replace(segments, flags=segments.flags | np.where(fresh, _FRESH, 0).astype("u1"))
        joined = self._segments.receive(marked)
        self._count_segments(joined.used, joined.fragments)
        flags = joined.packets.flags
        return replace(joined.packets, flags=flags & ~_FRESH), (flags & _FRESH) > 0

    def _count_segments(self, used: int, fragments: Sequence[Fragment]) -> None:
        """Count segments once it is known what becomes of them: some wait for others."""
        counts = self._tally.stage("segments")
        counts.given += used + sum(fragment.pieces for fragment in fragments)
        counts.out += used
        for fragment in fragments:
            counts.drop(fragment.reason, fragment.pieces)

    def _add(
        self,
        made: dict[str, list[pa.Table]],
        decoded: list[Decoded],
        fresh: NDArray[np.bool_],
        meant: Meant,
        packets: Packets,
    ) -> None:
        """Add the rows that are new; the others are judged too, unless over another link."""
        seen = []
        for each in decoded:
            if not self._again:
                each = each.take(fresh[each.rows])
            if not len(each.rows):
                continue
            keep = fresh[each.rows]
            levels = self._levels(each, meant)
            severity, kept = limits.worst(levels, len(each.rows))[keep], each.take(keep)
            if not len(kept.rows):
                continue
            mine = levels if keep.all() else {path: one[keep] for path, one in levels.items()}
            self._count_severe(mine)
            judged = self._judged(kept, severity, mine, meant, packets)
            self._note(kept.batch, sum(each.values.size for each in kept.batch.raw.values()))
            made.setdefault(judged.batch.packet_type, []).append(tables.telemetry(judged))
            seen.append(judged)
        if self._observer is not None and seen:
            self._observer(seen)

    def _judged(
        self,
        kept: Decoded,
        severity: NDArray[np.uint8],
        levels: dict[str, NDArray[np.uint8]],
        meant: Meant,
        packets: Packets,
    ) -> Judged:
        rows, received_ns = kept.rows, meant.received_ns
        definition = kept.definition
        return Judged(
            kept.batch,
            kept.types,
            definition.key,
            definition.judging(kept.batch.packet_type)[0].engineering,
            rows,
            self._crafts.names,
            meant.spacecraft[rows],
            meant.t_ns[rows],
            meant.timed[rows],
            np.zeros(len(rows), np.int64) if received_ns is None else received_ns[rows],
            packets.sequence[rows].astype(np.int64),
            meant.flags[rows],
            levels,
            severity,
        )

    def _place(self, decoded: Decoded, meant: Meant) -> None:
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

    def _listed(self, packets: Packets, meant: Meant, source: str) -> pa.Table:
        """Return the table `packets`: each with its identity, its octets and where it came from."""
        everything = np.arange(len(packets))
        head = self._head(packets, meant, everything)
        listed = {
            "vcid": pa.array(packets.vcid),
            "apid": pa.array(packets.apid),
            "packet_type": tables.names(meant.types, meant.packet_type),
            "source": tables.names([source], np.zeros(len(packets), np.int32)),
            "offset": pa.array(packets.source),
            "octets": tables.octets(packets.arena, packets.offset, packets.length),
        }
        return pa.table(head | listed)

    def _head(self, packets: Packets, meant: Meant, rows: NDArray[np.intp]) -> dict[str, pa.Array]:
        received_ns = meant.received_ns
        return tables.head(
            tables.names(self._crafts.names, meant.spacecraft[rows]),
            meant.t_ns[rows],
            meant.timed[rows],
            packets.sequence[rows],
            meant.flags[rows],
            None if received_ns is None else tables.instants(received_ns[rows]),
        )

    def _levels(self, decoded: Decoded, meant: Meant) -> dict[str, NDArray[np.uint8]]:
        """Return the alarm levels of the columns that have limits; all rows are judged."""
        batch, types = decoded.batch, decoded.types
        calibration, judged = decoded.definition.judging(batch.packet_type)
        changed = self._overrides is not None and self._overrides.held()
        if not judged and not changed:
            return {}
        engineering = calibration.engineering(batch.raw, None if changed else judged)
        t_ns, craft = meant.t_ns[decoded.rows], meant.spacecraft[decoded.rows]
        levels = self._judge.judge(types, batch.raw, engineering, t_ns, craft)
        if self._overrides is None or not changed:
            return levels
        names = self._crafts.names
        return self._overrides.judge(types, batch.raw, engineering, t_ns, names, craft, levels)

    def _count_severe(self, levels: Mapping[str, NDArray[np.uint8]]) -> None:
        for level in levels.values():
            found = np.bincount(limits.severity(level).reshape(-1), minlength=4)
            for severity in (Severity.CAUTION, Severity.SERIOUS, Severity.CRITICAL):
                self._tally.more(
                    self._tally.violations, severity.name.lower(), int(found[severity])
                )

    def _note(self, batch: Batch, samples: int) -> None:
        tally, name = self._tally, batch.packet_type
        tally.more(tally.by_type, name, len(batch))
        tally.samples += samples
        for kept, wrong in ((tally.short, batch.bits_left < 0), (tally.long, batch.bits_left > 0)):
            if wrong.any():
                before, _ = kept.get(name, (0, 0))
                kept[name] = before + int(wrong.sum()), int(batch.bits_left[wrong][-1])

    def _count(self, packets: Packets, meant: Meant, fresh: NDArray[np.bool_]) -> None:
        counts = self._tally.stage("packets")
        counts.given += len(packets)
        counts.drop("duplicate", int((~fresh).sum()))
        counts.out += int(fresh.sum())
        self._note_unknown(packets, meant, fresh & (packets.sequence_flags == ALONE))

    def _note_unknown(self, packets: Packets, meant: Meant, fresh: NDArray[np.bool_]) -> None:
        for row in np.flatnonzero(fresh & (meant.packet_type < 0)).tolist():
            name = self._crafts.names[meant.spacecraft[row]]
            self._tally.stranger(name, int(packets.apid[row]))
