"""Which way each command goes: by the plan, and by the terminals of relays that are free."""

from __future__ import annotations

from ground.command import facts
from ground.command.life import Stage
from ground.services.command_record import Record
from ground.services.command_state import Channel, Command
from ground.services.command_terminals import Access
from ground.services.forward import Forward
from ground.services.planner import Planner, Wish
from ground.services.ways import Way
from ground.settings import Telecommand

HOUR_NS = 3600 * 10**9
RESTS_NS = 60 * 10**9  # between two looks at what waits for a contact that is not open
NO_ROUTE = "no route: "


class Routes:
    """The ways of commands; `now` is ns TAI.

    Args:
        crafts: the forward frames of each spacecraft that takes commands.

    Attributes:
        needs: what commands wait for, in words.
    """

    def __init__(
        self, planner: Planner, record: Record, access: Access, crafts: dict[str, Telecommand]
    ) -> None:
        self._planner, self._record, self._access = planner, record, access
        self._crafts = crafts
        self.needs: dict[str, str] = {}

    def route(self, known: Command, now: int) -> Way | None:
        """Return the way of a command as the plan has it now; note one that is new."""
        wish = self._wish(known)
        way = self._planner.way(wish, now)
        if isinstance(way, str):
            self._no_route(known, way, now)
            return None
        way = self._access.usual(wish, way, now)
        self._note(known, way, now)
        return way

    def usable(self, known: Command, now: int) -> Way | int:
        """Return a way by which a command can leave now; else note what it waits for.

        Then the answer is when to ask again, if the plan stays as it is.
        """
        way = self.route(known, now)
        if way is None:
            return now + RESTS_NS
        if not way.open(now) or now + way.flight_ns >= known.latest_ns:
            self.needs[known.id] = f"contact: {way.text}"
            return min(way.opens_ns, now + RESTS_NS)
        found = self._access.way(self._wish(known), way, now)
        if isinstance(found, str):
            self.needs[known.id] = found
            return now
        if found is not way:
            self._note(known, found, now)
        return found

    def keep(self, forward: Forward, now: int) -> Way | None:
        """Keep the terminal of a way with frames under way; return another way where it is lost."""
        way = forward.way
        assert way is not None  # as frames are under way
        length, priority = forward.settings.length, self._priority(forward)
        wish = Wish(forward.spacecraft, length, now + HOUR_NS, priority)
        forward.lost |= way.open(now) and not self._access.holds(wish, way, now)
        if way.open(now) and not forward.lost:
            return None
        found = self._access.way(wish, self._planner.way(wish, now), now)
        return found if isinstance(found, Way) and found.open(now) else None

    def _priority(self, forward: Forward) -> int:
        """Return the priority of the most urgent command that is under way to a spacecraft."""
        state = self._record.state
        channel = state.channels.get((forward.spacecraft, forward.settings.vcid), Channel())
        names = {name for _, fact in channel.frames.values() for name in fact.commands}
        return max((state.commands[e].priority for e in names if e in state.commands), default=1)

    def _wish(self, known: Command) -> Wish:
        taken = known.taken
        length = self._crafts[taken.spacecraft].length
        return Wish(taken.spacecraft, length, known.latest_ns, known.priority, tuple(taken.via))

    def _note(self, known: Command, way: Way, now: int) -> None:
        taken, before = known.taken, known.routed
        if before is None or known.life.state is Stage.QUEUED or before.nodes != list(way.nodes):
            departs = max(now, way.opens_ns, taken.not_before_ns)
            arrives = way.route.arrives_ns + departs - way.opens_ns
            self._record.write(
                facts.Routed(
                    now, known.id, way.route.plan_id, list(way.nodes), way.uplink, departs,
                    arrives, way.until_ns,
                )
            )  # fmt: skip

    def _no_route(self, known: Command, why: str, now: int) -> None:
        """End a command that no contact serves before its expiry.

        It waits where contacts are not foreseen so far, or what is out of order may come back.
        """
        self.needs[known.id] = NO_ROUTE + why
        if self._planner.until_ns >= known.latest_ns and not self._planner.down:
            del self.needs[known.id]
            self._record.write(facts.Ended(now, known.id, "NO_ROUTE", why))
