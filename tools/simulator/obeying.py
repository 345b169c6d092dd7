"""The satellite without end that takes commands: frame by frame, with its control word in each.

    ears -> forward -> orders -> flight (a second at a time) -> packets that are ready
                  '-> answers, control word ------------------> frame by frame, as they are sent

Otherwise as `live.Stream`; what it sends depends on when commands come. Nothing is made ahead but
the second that is flown, so that an answer goes with the next frame that has room.
"""

from __future__ import annotations

from collections.abc import Sequence

from tools.simulator.coding import MISSION
from tools.simulator.ears import Ear
from tools.simulator.faults import FaultRates
from tools.simulator.forward import Forward
from tools.simulator.live import NO_FAULTS, Stream
from tools.simulator.packets import Draft
from tools.simulator.record import START_NS
from tools.simulator.spacecraft import RUN, SECOND_NS

NOTHING = dict.fromkeys(RUN, 0)


class ObeyingStream(Stream):
    """What a satellite sends that hears what `ears` hear.

    Raises:
        InputError: a mission that is not simulated.
    """

    wait_ns = 600_000_000

    def __init__(
        self,
        ears: Sequence[Ear],
        *,
        seed: int = 1,
        start_ns: int = START_NS,
        faults: FaultRates = NO_FAULTS,
        mission: str = MISSION,
        link: str | None = None,
        keep_truth: bool = True,
    ) -> None:
        super().__init__(
            seed=seed, start_ns=start_ns, faults=faults, mission=mission, link=link,
            keep_truth=keep_truth,
        )  # fmt: skip
        self.orders = self._flight.orders
        self.forward = Forward(
            self.craft.mission, self.craft.name, self.start_ns, self.orders, ears
        )
        self._ready: list[Draft] = []
        self._before = RUN

    def counts(self) -> dict[str, dict[str, int]]:
        """Return what was counted, commands too."""
        return super().counts() | {"commands": self.forward.counts()}

    def next_ns(self) -> int:
        """Return when the next frame goes, which is not made before its time."""
        return super().next_ns() if self._waiting else self._multiplexer.next_ns

    def _advance(self) -> None:
        """Go on by one frame."""
        end_ns = self._multiplexer.next_ns
        answers, others = self.forward.advance(end_ns)
        for t_ns, scid, octets in others:
            self._multiplexer.add_other(t_ns, scid, octets)
        while self._flown_ns < end_ns:
            self._fly_second()
        due = [each.take(each.ready_ns <= end_ns) for each in self._ready]
        later = [each.take(each.ready_ns > end_ns) for each in self._ready]
        self._ready = [each for each in later if len(each.ready_ns)]
        self._multiplexer.ocf = self.forward.word
        self._multiplexer.others_ocf = self.forward.others
        self._made_ns = end_ns
        self._send(self._computer.encode([each for each in due if len(each.ready_ns)], answers))
        self._boot_when_due()

    @property
    def _flown_ns(self) -> int:
        """Up to when the satellite was flown."""
        return self.start_ns + self._flown_s * SECOND_NS

    def _fly_second(self) -> None:
        self.orders.expire(self._flown_ns)
        before = self._before
        self.forward.tell(
            before["accepted"], before["rejected"], before["executed"], before["failed"]
        )
        self._flown_s += 1
        self._ready += self._computer.drafts(self._flight.fly(1), self._rng)

    def _boot_when_due(self) -> None:
        """Restart by command, or by fault."""
        if self.orders.boot_ns is not None and self.orders.boot_ns <= self._made_ns:
            self._begin_anew("COMMAND")
        elif self._boot is not None and self._boot.begin_ns <= self._made_ns:
            self._begin_anew("WATCHDOG")
            self._boot = next(self._boots, None)

    def _begin_anew(self, reason: str) -> None:
        self.orders.boot_ns, self._ready, self._before = None, [], NOTHING
        self._made_ns = self._flown_ns
        self.forward.boot()
        self._restart(reason)
