"""The latest value of every parameter of every spacecraft, for constraints and verifiers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ground.columns import Column
from ground.mdb import conditions
from ground.mdb.model import Reference
from ground.services.meant import Judged
from ground.settings import StaleRule

FRESH_S = 60.0  # where the mission file says nothing
SECOND_NS = 10**9
Lookup = Callable[[Reference], Column | None]


class Latest:
    """The newest packet of each type of each spacecraft; values are worked out when asked for."""

    def __init__(self, stale: tuple[StaleRule, ...] = ()) -> None:
        self._stale = stale
        self._rows: dict[tuple[str, str], tuple[Judged, int]] = {}
        self._types: dict[tuple[str, str], list[str]] = {}  # packet types by spacecraft and path
        self._fresh: dict[tuple[str, str], float] = {}

    def take(self, judged: Judged) -> list[tuple[str, int]]:
        """Take packets of one type; return the spacecraft they are of, and when they came."""
        found = []
        for code in np.unique(judged.spacecraft).tolist():
            row = int(np.flatnonzero(judged.spacecraft == code)[-1])
            name, kind = judged.names[code], judged.batch.packet_type
            if (name, kind) not in self._rows:
                for path in judged.types:
                    self._types.setdefault((name, path), []).append(kind)
            self._rows[name, kind] = judged, row
            found.append((name, int(judged.received_ns[row])))
        return found

    def lookup(self, spacecraft: str, now: int) -> Lookup:
        """Return what gives the latest value of a parameter as a column of one row.

        None where there is none, or it is stale.
        """

        def look(reference: Reference) -> Column | None:
            kinds = self._types.get((spacecraft, conditions.column_path(reference.path)), [])
            rows = [(self._rows[spacecraft, kind], kind) for kind in kinds]
            fresh = [each for each, kind in rows if self._is_fresh(spacecraft, kind, each, now)]
            if not fresh:
                return None
            judged, row = max(fresh, key=lambda each: int(each[0].received_ns[each[1]]))
            raw, values = judged.batch.raw, judged.values if reference.calibrated else {}

            def column(path: str) -> Column | None:
                return values.get(path) or raw.get(path)

            found = conditions.find(column, reference.path)
            return None if found is None else found.take(np.array([row]))

        return look

    def _is_fresh(self, spacecraft: str, kind: str, row: tuple[Judged, int], now: int) -> bool:
        after_s = self._fresh.get((spacecraft, kind))
        if after_s is None:
            rules = (e.after_s for e in self._stale if e.is_about(spacecraft, kind))
            after_s = self._fresh[spacecraft, kind] = next(rules, FRESH_S)
        return now - int(row[0].received_ns[row[1]]) <= after_s * SECOND_NS
