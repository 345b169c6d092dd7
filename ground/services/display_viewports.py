"""What clients look at: viewports, conflated to the rate that each asked for.

How it works: a client names rows (spacecraft, parameter, element) and a rate. Each time it is due
it gets those rows behind which something has changed since it last got them, with their newest
values; how many samples came in between is counted in `skipped`. An update that a client does not
take is dropped, for it alone: its rows stay changed, and the next one says what it missed.

A client renews what it watches about every ten seconds; one that does not is forgotten after
GONE_NS. One that was only frozen for less goes on, and learns what it missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ground.messages import ViewportChanged, WatchViewport
from ground.services.display_rows import Row, Watched, columns
from ground.services.display_values import SECOND_NS, State, Values

FASTEST_HZ, SLOWEST_HZ = 10.0, 0.05
GONE_NS = 30 * SECOND_NS
MOST_ROWS = 2000  # of a viewport: no screen shows more
MOST_VIEWPORTS = 16  # of a client
MOST_CLIENTS = 4096


@dataclass(slots=True)
class _Viewport:
    """What one client watches under one number; `seen` is what it was sent of each row."""

    rows: list[Row]
    period_ns: int
    next: int
    renewed: int
    seen: list[State | None]


@dataclass(frozen=True, slots=True)
class Update:
    """A message for a client; tell `Viewports.sent` whether it took it."""

    client: bytes
    message: ViewportChanged
    shown: list[State] = field(repr=False)


class Viewports:
    """The machine: `watch` as clients ask, `expire` gives what is due, `sent` what became of it."""

    def __init__(self, values: Values) -> None:
        self._watched = Watched(values)
        self._clients: dict[bytes, dict[int, _Viewport]] = {}

    def __len__(self) -> int:
        return sum(len(viewports) for viewports in self._clients.values())

    @property
    def clients(self) -> int:
        """How many clients watch something."""
        return len(self._clients)

    @property
    def rows(self) -> int:
        """How many different values are watched."""
        return len(self._watched)

    def watch(self, client: bytes, request: WatchViewport, now: int) -> str:
        """Take what a client wants to see; return why not, or "".

        The same rows again renew the viewport; it goes on from what was sent last.
        """
        number = request.viewport
        held = self._clients.get(client, {}).get(number)
        refused = self._refused(client, request, held is not None)
        if refused:
            return refused
        if not request.rows:
            self._end(client, number, now)
            return ""
        period_ns = round(SECOND_NS / min(FASTEST_HZ, max(SLOWEST_HZ, request.rate_hz)))
        if held is not None and held.rows == request.rows:
            held.renewed, held.period_ns = now, period_ns
            held.next = min(held.next, now + period_ns)
            return ""
        self._watched.hold(request.rows)
        self._end(client, number, now)
        made = _Viewport(request.rows, period_ns, now, now, [None] * len(request.rows))
        self._clients.setdefault(client, {})[number] = made
        return ""

    def expire(self, now: int) -> list[Update]:
        """Return what is due; forget clients that are gone."""
        due = []
        for client, viewports in list(self._clients.items()):
            for number, viewport in list(viewports.items()):
                if now - viewport.renewed >= GONE_NS:
                    self._end(client, number, now)
                elif now >= viewport.next:
                    following = viewport.next + viewport.period_ns
                    viewport.next = following if following > now else now + viewport.period_ns
                    update = self._update(client, number, viewport)
                    due += [update] if update else []
        self._watched.sweep(now)
        return due

    def deadline(self) -> int | None:
        """Return when something is due next; None without viewports."""
        every = (each for viewports in self._clients.values() for each in viewports.values())
        return min((each.next for each in every), default=None)

    def leave(self, client: bytes, now: int) -> None:
        """Forget a client."""
        for number in list(self._clients.get(client, ())):
            self._end(client, number, now)

    def sent(self, update: Update, taken: bool) -> None:
        """Note whether a client took an update; if not, its rows count as not seen."""
        viewport = self._clients.get(update.client, {}).get(update.message.viewport)
        if viewport is None or not taken:
            return
        places = update.message.columns["row"].tolist()
        for place, state in zip(places, update.shown, strict=True):
            viewport.seen[place] = state

    def _update(self, client: bytes, number: int, viewport: _Viewport) -> Update | None:
        """Return the rows that changed since they were sent; None where none did."""
        every = [self._watched.look(row) for row in viewport.rows]
        places = [at for at, each in enumerate(every) if each.state != viewport.seen[at]]
        if not places:
            return None
        shown = [every[at] for at in places]
        message = ViewportChanged(
            viewport=number,
            skipped=sum(_between(viewport.seen[at], every[at].state) for at in places),
            raw=[each.reading.raw for each in shown],
            value=[each.reading.value for each in shown],
            columns=columns(places, shown),
        )
        return Update(client, message, [each.state for each in shown])

    def _refused(self, client: bytes, request: WatchViewport, held: bool) -> str:
        mine = self._clients.get(client)
        if len(request.rows) > MOST_ROWS:
            return f"{len(request.rows)} rows; expected at most {MOST_ROWS}"
        if mine is None and len(self._clients) >= MOST_CLIENTS:
            return f"{MOST_CLIENTS} clients already; expected fewer"
        if not held and mine is not None and len(mine) >= MOST_VIEWPORTS:
            return f"{MOST_VIEWPORTS} viewports already; expected fewer"
        return ""

    def _end(self, client: bytes, number: int, now: int) -> None:
        viewports = self._clients.get(client, {})
        viewport = viewports.pop(number, None)
        if viewport is not None:
            self._watched.release(viewport.rows, now)
        if not viewports:
            self._clients.pop(client, None)


def _between(seen: State | None, state: State) -> int:
    """Return how many samples came between what was sent and what is sent now."""
    return 0 if seen is None else max(0, state.samples - seen.samples - 1)
