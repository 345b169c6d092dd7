"""The newest packet of each type and spacecraft, of which values are read when they are shown.

Only what somebody looks at is made into text, so receiving a batch costs the same whatever its
columns. A row stands for the batch that it came in; one that stays for a while is cut out of it
(`settle`), so that what is held is bounded by types times spacecraft.

Which row is newest, reception tells: a gateway that catches up after a cut sends old packets last,
and they must not cover what another gateway hears now. Once a row has been held for HOLD_NS, any
other takes its place: a receiver's clock that was set back must not freeze the display.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ground.messages import Columns, ParametersDecoded, StaleChanged
from ground.services.display_text import NOTHING, Reading, read

SECOND_NS = 10**9
HOLD_NS = 60 * SECOND_NS
SETTLE_NS = 2 * SECOND_NS
NONE, FRESH, STALE = 0, 1, 2  # `ViewportChanged.state`


@dataclass(slots=True)
class Newest:
    """A row of a batch: the newest packet of one type of one spacecraft.

    `count` is how many such packets came in all; `since` when this one did (monotonic ns).
    """

    message: ParametersDecoded
    row: int
    received_ns: int
    since: int
    count: int
    stale: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What stands behind a watched value now; as long as it is equal, nothing has changed.

    `samples` is how many packets with this parameter came; `kind` is NONE, FRESH or STALE.
    """

    samples: int
    kind: int


NOT_YET = State(0, NONE)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a batch holds of one spacecraft: packets, and when the newest was received.

    `lag_ns` is its reception less its generation time; None where one of them is not known.
    """

    packets: int
    received_ns: int
    lag_ns: int | None


class Values:
    """Newest rows by spacecraft and packet type.

    Args:
        instants: paths of parameters whose engineering value is a time (int64 ns TAI).
    """

    def __init__(self, instants: frozenset[str] = frozenset()) -> None:
        self.moved = 0  # rises whenever a value may have changed
        self._quiet = False
        self._instants = instants
        self._rows: dict[tuple[str, str], Newest] = {}
        self._columns: dict[str, set[str]] = {}  # names of columns by packet type
        self._holders: dict[str, list[str]] = {}  # packet types by parameter path

    def __len__(self) -> int:
        return len(self._rows)

    def receive(self, message: ParametersDecoded, now: int) -> dict[str, Arrived]:
        """Take a batch; return what came of each spacecraft."""
        columns = message.columns
        if not len(columns["craft"]):
            return {}
        self.moved += 1
        self._learn(message)
        order = np.argsort(columns["received_ns"], kind="stable")[::-1]
        crafts, first, counts = np.unique(
            columns["craft"][order], return_index=True, return_counts=True
        )
        found = {}
        rows = zip(crafts.tolist(), order[first].tolist(), counts.tolist(), strict=True)
        for craft, row, count in rows:
            found[message.spacecraft[craft]] = _arrived(columns, row, count)
            self._put(message, message.spacecraft[craft], row, count, now)
        return found

    def recall(self, message: ParametersDecoded, now: int) -> None:
        """Take rows of an earlier day where none has come yet; they are stale until one does."""
        self.moved += 1
        self._learn(message)
        for row, craft in enumerate(message.columns["craft"].tolist()):
            if (message.spacecraft[craft], message.packet_type) not in self._rows:
                self._put(message, message.spacecraft[craft], row, 1, now)
                self._rows[message.spacecraft[craft], message.packet_type].stale = True

    def changed(self, message: StaleChanged) -> None:
        """Note which packet types have gone quiet or speak again."""
        self.moved += 1
        for each in message.rows:
            held = self._rows.get((each.spacecraft, each.packet_type))
            if held is not None:
                held.stale = each.stale

    def quiet(self, quiet: bool) -> None:
        """Note whether nobody publishes values any more: all of them are stale then."""
        self.moved += quiet != self._quiet
        self._quiet = quiet

    def clear(self) -> None:
        """Forget all values: a replay went back in time."""
        self.moved += 1
        self._rows.clear()

    def settle(self, now: int) -> None:
        """Cut rows that have been held for a while out of their batches."""
        for held in self._rows.values():
            if not held.settled and now - held.since >= SETTLE_NS:
                held.message, held.row = _alone(held.message, held.row), 0
                held.settled = True

    def state(self, spacecraft: str, path: str) -> State:
        """Return what stands behind a parameter of a spacecraft now."""
        samples, newest = 0, None
        for held in self._held(spacecraft, path):
            samples += held.count
            if newest is None or held.received_ns >= newest.received_ns:
                newest = held
        if newest is None:
            return NOT_YET
        return State(samples, STALE if self._quiet or newest.stale else FRESH)

    def read(self, spacecraft: str, path: str, element: int) -> Reading:
        """Return the newest value of a parameter, or of one element of it, as text and number."""
        held = list(self._held(spacecraft, path))
        if not held:
            return NOTHING
        newest = max(reversed(held), key=lambda each: each.received_ns)
        return read(newest.message, newest.row, path, element, instant=path in self._instants)

    def _held(self, spacecraft: str, path: str) -> Iterator[Newest]:
        for packet_type in self._holders.get(path, ()):
            held = self._rows.get((spacecraft, packet_type))
            if held is not None and f"raw:{path}" in held.message.columns:
                yield held

    def _put(
        self, message: ParametersDecoded, spacecraft: str, row: int, count: int, now: int
    ) -> None:
        key = spacecraft, message.packet_type
        received_ns = int(message.columns["received_ns"][row])
        held = self._rows.get(key)
        if held is None:
            self._rows[key] = Newest(message, row, received_ns, now, count)
            return
        held.count += count
        if received_ns >= held.received_ns or now - held.since >= HOLD_NS:
            held.message, held.row, held.received_ns, held.since = message, row, received_ns, now
            held.stale = held.settled = False

    def _learn(self, message: ParametersDecoded) -> None:
        """Note which parameters a packet type holds; later batches may hold more."""
        packet_type = message.packet_type
        known = self._columns.setdefault(packet_type, set())
        if message.columns.keys() <= known:
            return
        for name in message.columns.keys() - known:
            known.add(name)
            kind, _, path = name.partition(":")
            if kind == "raw":
                self._holders.setdefault(path, []).append(packet_type)


def _alone(message: ParametersDecoded, row: int) -> ParametersDecoded:
    """Return a batch with this row only, that shares no memory with the one it is from."""
    columns: Columns = {
        name: values[row : row + 1].copy() for name, values in message.columns.items()
    }
    return replace(message, columns=columns)


def _arrived(columns: Columns, row: int, packets: int) -> Arrived:
    received_ns = int(columns["received_ns"][row])
    known = bool(received_ns and columns["timed"][row])
    return Arrived(packets, received_ns, received_ns - int(columns["t_ns"][row]) if known else None)
