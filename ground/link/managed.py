"""A link as operators see it: enabled or not, counted, and measured."""

from __future__ import annotations

from collections import Counter, deque

from ground.link.receiver import Chunk, Receiver, State

_SECOND = 1_000_000_000
_SECONDS = 5  # over which a rate is taken


class Rate:
    """Octets of the last seconds as bits a second."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque()  # (second, octets)

    def add(self, octets: int, now: int) -> None:
        second = now // _SECOND
        if self._seconds and self._seconds[-1][0] == second:
            octets += self._seconds.pop()[1]
        self._seconds.append((second, octets))

    def bps(self, now: int) -> float:
        """Return the rate over the last whole seconds."""
        second = now // _SECOND
        while self._seconds and self._seconds[0][0] < second - _SECONDS:
            self._seconds.popleft()
        whole = sum(octets for at, octets in self._seconds if at < second)
        return 8 * whole / _SECONDS


class ManagedLink:
    """One link under the hands of an operator.

    Attributes:
        given: records received since the start, kept or not.
        records, octets: those kept.
        dropped: records that were received and not kept, by reason.
        last_ns: when the last octet came, TAI; None where none did.
    """

    def __init__(self, name: str, kind: str, receiver: Receiver, *, enabled: bool = True) -> None:
        self.name, self.kind, self.receiver = name, kind, receiver
        self.enabled = enabled
        self.given = self.records = self.octets = 0
        self.dropped: Counter[str] = Counter()
        self.last_ns: int | None = None
        self._rate = Rate()
        self._trouble = ""

    def start(self, now: int) -> None:
        """Open the link, if it is enabled."""
        if self.enabled:
            self.receiver.open(now)

    def control(self, act: str, now: int) -> None:
        """Enable, disable or reset: connect anew, the back-off forgotten."""
        was, self.enabled = self.enabled, act != "disable" and (self.enabled or act == "enable")
        if was and (act != "enable"):
            self.receiver.close()
        if self.enabled and (not was or act == "reset"):
            self.receiver.open(now)

    def receive(self, now: int) -> list[Chunk]:
        """Return what came in."""
        return self.receiver.receive(now) if self.enabled else []

    def kept(self, chunks: list[Chunk], now: int, received_ns: int) -> None:
        """Count what is in the journal."""
        octets = sum(len(each.octets) for each in chunks)
        self.given += len(chunks)
        self.records += len(chunks)
        self.octets += octets
        self._rate.add(octets, now)
        self.last_ns, self._trouble = received_ns, ""
        self.receiver.taken()

    def lost(self, chunks: list[Chunk], reason: str, detail: str) -> bool:
        """Say that octets could not be kept; count and return True if the link cannot repeat them.

        The link has failed until something is kept again.
        """
        self._trouble = detail
        if self.receiver.refused():
            return False
        self.given += len(chunks)
        self.dropped[reason] += len(chunks)
        return True

    def trouble(self, detail: str) -> None:
        """Say why what is received may not last; "" when it does again."""
        self._trouble = detail

    def due(self, now: int) -> bool:
        """Return whether `receive` is to be called though no descriptor asks for it."""
        deadline = self.receiver.deadline() if self.enabled else None
        return deadline is not None and deadline <= now

    @property
    def state(self) -> State:
        if not self.enabled:
            return "disabled"
        return "failed" if self._trouble else self.receiver.state

    @property
    def detail(self) -> str:
        return self._trouble or self.receiver.detail

    def rate_bps(self, now: int) -> float:
        return self._rate.bps(now)

    def all_dropped(self) -> dict[str, int]:
        """Return what was lost, here and before it came here, by reason."""
        return dict(self.dropped + self.receiver.dropped)

    @property
    def all_given(self) -> int:
        """Records that came, those too which were lost before they could be given."""
        return self.given + self.receiver.dropped.total()

    def close(self) -> None:
        self.receiver.close()
