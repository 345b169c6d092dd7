"""From safe to fired: arm a target by its name, load what is to be sent, fire exactly that.

A machine without a clock. Armed it stays for two minutes after the last key, and it lets go at
once when anything under it changes: the target, its authority, the way there, the station's voice,
the eyes on the terminal. Any edit unloads. Nothing here is safety by itself: the command service
judges every request again, whatever a console says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ground.console.draft import Draft
from ground.messages import CommandRow, RouteRow, SendCommand

SECOND_NS = 1_000_000_000
ARMED_NS = 120 * SECOND_NS
UNSEEN_NS = 60 * SECOND_NS
ANSWER_NS = 5 * SECOND_NS  # after which the same request may be sent once more
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What will be sent, frozen: the request, and what the station made of it in a dry run."""

    request: SendCommand
    command: CommandRow
    draft: Draft
    item: int = 0  # of the stack it came from; 0 for none

    @property
    def number(self) -> str:
        """The number of the request."""
        return self.request.request


@dataclass(frozen=True, slots=True)
class Around:
    """What an armed console rests on.

    Attributes:
        target: of the draft.
        draft: as it is now.
        holder: who has the authority over the target; "" for nobody.
        way: the route that a command would take now; None where it is not known yet.
        heard: whether the station is heard.
    """

    target: str
    draft: Draft
    user: str
    holder: str
    way: Way | None
    heard: bool


@dataclass(slots=True)
class Arming:
    """Safe where `target` is "", else armed for it until `until_ns`."""

    target: str = ""
    until_ns: int = 0
    loaded: Loaded | None = None
    way: Way | None = None
    fired_ns: int = 0  # when what is loaded was sent; 0 for not yet
    unseen_ns: int | None = None  # since when nobody looks

    @property
    def armed(self) -> bool:
        """Whether it is armed."""
        return bool(self.target)

    def arm(self, target: str, now_ns: int, way: Way | None) -> None:
        """Be armed for a target whose name was typed."""
        self.disarm()
        self.target, self.until_ns, self.way = target, now_ns + ARMED_NS, way

    def touch(self, now_ns: int) -> None:
        """Take a key as a sign of life."""
        if self.armed and now_ns < self.until_ns:
            self.until_ns = now_ns + ARMED_NS

    def load(self, loaded: Loaded) -> None:
        """Freeze what will be sent."""
        self.loaded, self.fired_ns = loaded, 0

    def unload(self) -> None:
        """Let go of what was loaded; it stays armed."""
        self.loaded, self.fired_ns = None, 0

    def disarm(self) -> None:
        """Be safe."""
        self.target, self.until_ns, self.way = "", 0, None
        self.unload()

    def waits(self, now_ns: int) -> bool:
        """Whether what was fired may still be answered."""
        return bool(self.fired_ns) and now_ns - self.fired_ns < ANSWER_NS

    def check(self, around: Around, now_ns: int) -> str:
        """Return why it let go just now; "" while nothing has changed."""
        if not self.armed:
            return ""
        why = self._changed(around, now_ns)
        if why:
            self.disarm()
        elif self.loaded is not None and around.draft != self.loaded.draft:
            self.unload()
            return "unloaded: the command was edited"
        if self.way is None:
            self.way = around.way
        return f"DISARMED: {why}" if why else ""

    def _changed(self, around: Around, now_ns: int) -> str:
        unseen = self.unseen_ns is not None and now_ns - self.unseen_ns > UNSEEN_NS
        reasons = (
            (now_ns >= self.until_ns, "two minutes without a key"),
            (unseen, "the terminal was out of sight for a minute"),
            (not around.heard, "the station is not heard"),
            (around.target != self.target, "another target"),
            (around.holder != around.user, "the authority is not ours"),
            (None not in (self.way, around.way) and self.way != around.way, "the route changed"),
        )
        return next((why for held, why in reasons if held), "")


def way(routes: list[RouteRow]) -> Way:
    """Return the nodes of the best route; none where there is none."""
    if not routes or not routes[0].hops:
        return ()
    hops = routes[0].hops
    return (hops[0].source, *(each.target for each in hops))
