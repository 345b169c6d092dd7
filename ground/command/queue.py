"""What waits to be sent: for each spacecraft in order, with reasons to wait, until it expires.

Order. Priority 3 is urgent and goes before all others. Among 0, 1 and 2 each level is worth ten
minutes of waiting: a command is passed by those of a higher level that came at most so much later,
and by no others. So it waits at most twenty minutes longer than if there were no priorities, and
nothing but urgent commands can keep it back further. Of one level, first come is first served. An
operator may move a command to just before another one; it takes over that one's rank.

Holds. A command is ready when nothing holds it: each hold has a name (`operator`, `approval`,
`contact`, `not before`) and may end at a time by itself. A held command does not keep back those
behind it.

Nothing here looks at all commands: what is due next is known by heaps, places by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ground.command.deadlines import Deadlines

LEVEL_NS = 10 * 60 * 10**9  # of waiting, that one level of priority is worth
URGENT = 3
MOST = 200_000  # commands in all
MOST_OF_ONE = 20_000  # commands of one spacecraft
NOT_BEFORE = "not before"

_Rank = tuple[int, int, int | Fraction]  # urgent first; time that priority made earlier; place


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that waits; times are ns TAI, and at `not_after_ns` it may still be released."""

    command: str
    spacecraft: str
    priority: int
    queued_ns: int
    not_before_ns: int
    not_after_ns: int
    octets: int = 0


@dataclass(slots=True)
class _Item:
    waiting: Waiting
    rank: _Rank
    holds: dict[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Line:
    """The ranks of one spacecraft, in order: all of them, and those that are ready."""

    ranks: list[tuple[_Rank, str]] = field(default_factory=list)
    ready: list[tuple[_Rank, str]] = field(default_factory=list)


class Queue:
    """The queues of all spacecraft."""

    def __init__(self, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._items: dict[str, _Item] = {}
        self._lines: dict[str, _Line] = {}
        self._places = 0
        self._expiry: Deadlines[str] = Deadlines()
        self._wakes: Deadlines[tuple[str, str]] = Deadlines()
        self._stirred: dict[str, None] = {}  # spacecraft with something newly ready, in order

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, command: object) -> bool:
        return command in self._items

    def room(self, spacecraft: str) -> bool:
        """Return whether one more command of a spacecraft may be added."""
        line = self._lines.get(spacecraft)
        mine = len(line.ranks) if line else 0
        return len(self._items) < self._most and mine < self._most_of_one

    def add(
        self, waiting: Waiting, now: int, holds: Iterable[str] = (), *, again: bool = False
    ) -> None:
        """Add a command; ValueError where it waits already or there is no room.

        Args:
            again: it waited before, left and comes back; there are few of these, and there is
                always room for them.
        """
        room = again or self.room(waiting.spacecraft)
        if waiting.command in self._items or not room:
            raise ValueError(f"{waiting.command} waits already, or there is no room")
        self._places += 1
        item = _Item(waiting, _rank(waiting, self._places), dict.fromkeys(holds))
        self._items[waiting.command] = item
        insort(self._line(item).ranks, (item.rank, waiting.command))
        self._expiry.set(waiting.command, waiting.not_after_ns + 1)
        if now < waiting.not_before_ns:
            self.hold(waiting.command, NOT_BEFORE, waiting.not_before_ns)
        self._stir(item)

    def remove(self, command: str) -> Waiting | None:
        """Take a command out, as it is released or has ended; None where it does not wait."""
        item = self._items.pop(command, None)
        if item is None:
            return None
        line = self._line(item)
        _discard(line.ranks, item.rank, command)
        _discard(line.ready, item.rank, command)
        if not line.ranks:
            del self._lines[item.waiting.spacecraft]
        self._expiry.drop(command)
        for why in item.holds:
            self._wakes.drop((command, why))
        return item.waiting

    def get(self, command: str) -> Waiting | None:
        """Return a command that waits."""
        item = self._items.get(command)
        return item.waiting if item else None

    def holds(self, command: str) -> dict[str, int | None]:
        """Return what holds a command, and until when; None for until somebody lets go."""
        item = self._items.get(command)
        return dict(item.holds) if item else {}

    def hold(self, command: str, why: str, until_ns: int | None = None) -> bool:
        """Hold a command for a reason, until a time or until it is released from that."""
        item = self._items.get(command)
        if item is None:
            return False
        if not item.holds:
            _discard(self._line(item).ready, item.rank, command)
        item.holds[why] = until_ns
        if until_ns is None:
            self._wakes.drop((command, why))
        else:
            self._wakes.set((command, why), until_ns)
        return True

    def release(self, command: str, why: str) -> bool:
        """Let go of one reason to hold; return whether there was such a one."""
        item = self._items.get(command)
        if item is None or why not in item.holds:
            return False
        del item.holds[why]
        self._wakes.drop((command, why))
        self._stir(item)
        return True

    def move(self, command: str, before: str = "") -> bool:
        """Put a command just before another one of its spacecraft; "" for before all others.

        Returns False where one of them does not wait, or they are of two spacecraft.
        """
        item = self._items.get(command)
        if item is None:
            return False
        ranks = self._line(item).ranks
        other = self._items.get(before or ranks[0][1])
        if other is None or other.waiting.spacecraft != item.waiting.spacecraft:
            return False
        if other is not item:
            self._rerank(item, self._ahead(ranks, other, command))
        return True

    def prioritise(self, command: str, priority: int) -> bool:
        """Give a command another priority, and the place that goes with it."""
        item = self._items.get(command)
        if item is None:
            return False
        item.waiting = replace(item.waiting, priority=priority)
        self._places += 1
        self._rerank(item, _rank(item.waiting, self._places))
        return True

    def order(self, spacecraft: str) -> list[Waiting]:
        """Return all that waits for a spacecraft, in order."""
        line = self._lines.get(spacecraft)
        return [self._items[command].waiting for _, command in line.ranks] if line else []

    def ready(self, spacecraft: str) -> Iterator[Waiting]:
        """Yield what nothing holds, in order, as of the last `due`; change nothing meanwhile."""
        line = self._lines.get(spacecraft)
        return (self._items[command].waiting for _, command in (line.ready if line else ()))

    def due(self, now: int) -> list[str]:
        """Let go of holds that end by now; return the spacecraft with something newly ready."""
        for command, why in self._wakes.due(now):
            self.release(command, why)
        stirred, self._stirred = self._stirred, {}
        return list(stirred)

    def expire(self, now: int) -> list[Waiting]:
        """Take out what may not be released any more, and return it."""
        gone = (self.remove(command) for command in self._expiry.due(now))
        return [each for each in gone if each is not None]

    def deadline(self) -> int | None:
        """Return when `due` or `expire` next has something to say."""
        times = [self._wakes.first(), self._expiry.first()]
        return min((each for each in times if each is not None), default=None)

    def _line(self, item: _Item) -> _Line:
        return self._lines.setdefault(item.waiting.spacecraft, _Line())

    def _stir(self, item: _Item) -> None:
        """Make an item ready where nothing holds it."""
        if not item.holds:
            insort(self._line(item).ready, (item.rank, item.waiting.command))
            self._stirred[item.waiting.spacecraft] = None

    def _ahead(self, ranks: list[tuple[_Rank, str]], other: _Item, moved: str) -> _Rank:
        """Return a rank just before that of another item, behind whatever is before it."""
        urgent, time, place = other.rank
        at = bisect_left(ranks, (other.rank, other.waiting.command)) - 1
        if at >= 0 and ranks[at][1] == moved:
            at -= 1
        if at >= 0 and ranks[at][0][:2] == (urgent, time):
            return urgent, time, Fraction(ranks[at][0][2] + place) / 2
        return urgent, time, place - 1

    def _rerank(self, item: _Item, rank: _Rank) -> None:
        line, command = self._line(item), item.waiting.command
        for ranks in (line.ranks, line.ready):
            if _discard(ranks, item.rank, command):
                insort(ranks, (rank, command))
        item.rank = rank


def _rank(waiting: Waiting, place: int) -> _Rank:
    if waiting.priority >= URGENT:
        return 0, 0, place
    return 1, waiting.queued_ns - waiting.priority * LEVEL_NS, place


def _discard(ranks: list[tuple[_Rank, str]], rank: _Rank, command: str) -> bool:
    """Take an entry out of a list in order; return whether it was there."""
    at = bisect_left(ranks, (rank, command))
    if at == len(ranks) or ranks[at] != (rank, command):
        return False
    del ranks[at]
    return True
