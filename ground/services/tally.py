"""What an ingest saw, stage by stage, for the report to the operator."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ground.columns import Counts

EXPECTED = {"idle", "duplicate"}  # reasons to drop what nobody misses
STRANGERS = 10_000  # spacecraft and APIDs that no definition describes, told apart
OTHERS = "others", -1


@dataclass(slots=True)
class Tally:
    """Counts of a run; every stage says in == out + dropped.

    Attributes:
        stages: by name, in the order in which octets pass them: `cadus`, `frames`, `packets`.
        by_type: rows stored, by packet type.
        samples: values stored.
        unknown: packets that no definition describes, by (spacecraft, APID).
        fragments: pieces of octets in good frames that belong to no whole packet, by reason.
        units: data units of frames that carry no packets.
        short, long: packets that ended before, or after, their definition does, by packet type;
            with the bits left of the last one.
        violations: samples at caution, serious and critical.
        gaps: units missing, by what is missing.
        lost: what belonged to no frame of a stream, in bits.
        corrected: symbols that the Reed-Solomon code mended.
        repeated: whether the file had been ingested before, so that nothing was done.
    """

    stages: dict[str, Counts] = field(default_factory=dict)
    by_type: dict[str, int] = field(default_factory=dict)
    samples: int = 0
    unknown: dict[tuple[str, int], int] = field(default_factory=dict)
    short: dict[str, tuple[int, int]] = field(default_factory=dict)
    long: dict[str, tuple[int, int]] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    fragments: dict[str, int] = field(default_factory=dict)
    units: int = 0
    corrected: int = 0
    repeated: bool = False

    def stage(self, name: str) -> Counts:
        """Return the counts of a stage, made when first asked for."""
        return self.stages.setdefault(name, Counts())

    def more(self, kept: dict[Any, int], key: Any, number: int) -> None:
        """Add to one of the counts by key."""
        if number:
            kept[key] = kept.get(key, 0) + number

    def stranger(self, spacecraft: str, apid: int) -> None:
        """Count a packet that no definition describes; those of too many kinds under `OTHERS`."""
        key = spacecraft, apid
        known = key in self.unknown or len(self.unknown) < STRANGERS
        self.more(self.unknown, key if known else OTHERS, 1)

    def clear(self) -> None:
        """Begin all counts anew, those that stages hold too."""
        for counts in self.stages.values():
            counts.given = counts.out = 0
            counts.dropped.clear()
        fresh = Tally(self.stages)
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    @property
    def findings(self) -> bool:
        """Whether anything was rejected, unknown, missing or out of limits."""
        dropped = {reason for each in self.stages.values() for reason in each.dropped}
        seen = (self.fragments, self.gaps, self.lost, self.unknown, self.short, self.violations)
        return bool(dropped - EXPECTED) or any(seen)

    def as_json(self) -> dict[str, Any]:
        """Return the counts in the shape that `--json` prints."""
        sides = {"short": self.short, "long": self.long}
        return {
            **{name: counts.as_json() for name, counts in self.stages.items()},
            "rows": self.by_type,
            "samples": self.samples,
            "corrected_symbols": self.corrected,
            "lost": self.lost,
            "fragments": self.fragments,
            "data_units": self.units,
            "gaps": self.gaps,
            "violations": self.violations,
            "unknown": [
                {"spacecraft": name, "apid": apid, "packets": number}
                for (name, apid), number in self.unknown.items()
            ],
            **{
                side: [
                    {"packet_type": name, "packets": number, "bits_left": bits}
                    for name, (number, bits) in kept.items()
                ]
                for side, kept in sides.items()
            },
        }
