"""The satellite without end: CADUs at their times, piece by piece, and the truth about them.

    with steps of a minute: flight -> computer -> multiplexer -> coding -> medium -> frames
                                          '-> fates <- station <-------------'

The same seed, start and rates give the same octets, however the time is cut into steps; faults
have lots of their own, so that they do not change what the satellite does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.simulator.clock import Clock
from tools.simulator.coding import MISSION, Craft
from tools.simulator.fates import Decided, Fates
from tools.simulator.faults import BOOT_S, CLOCK_LOSS_S, FaultRates, Spell, spells
from tools.simulator.frames import MAX_WAIT_NS, Multiplexer
from tools.simulator.medium import Medium, Transmissions
from tools.simulator.packets import VCIDS, Computer, Order, Sent
from tools.simulator.record import START_NS
from tools.simulator.spacecraft import SECOND_NS, Flight
from tools.simulator.station import Station
from tools.simulator.tallies import Tallies
from tools.simulator.truth import Boot, Frames, Packets, Part, merged
from tools.simulator.truth import of as values_of

STRETCH_S = 60
NO_FAULTS = FaultRates()


class Stream:
    """What the satellite sends from `start_ns` (TAI, whole second) on, and what is true of it.

    Args:
        mission, link: whose satellite, and how its frames are coded; the first link if not given.
        keep_truth: keep the packets' values until `truth` is asked for; without, only counts.

    Raises:
        InputError: a mission that is not simulated.
    """

    wait_ns = MAX_WAIT_NS

    def __init__(
        self,
        *,
        seed: int = 1,
        start_ns: int = START_NS,
        faults: FaultRates = NO_FAULTS,
        mission: str = MISSION,
        link: str | None = None,
        keep_truth: bool = True,
    ) -> None:
        self.craft = craft = Craft.find(mission, link)
        self.start_ns = start_ns - start_ns % SECOND_NS
        self._faults, self._keep = faults, keep_truth
        self._rng = np.random.default_rng(seed)
        lots = [np.random.default_rng([seed, each]) for each in range(1, 4)]
        self._flight, self._flown_s = Flight(self.start_ns, self._rng), 0
        self._computer = Computer(craft.database, Clock(self.start_ns, 0, int(faults.drift_ppb)))
        self._multiplexer = Multiplexer(
            craft.layout, craft.scid, VCIDS, self.start_ns, craft.frame_ns, self.wait_ns
        )
        outages = spells(self.start_ns, faults.outage_every_s, faults.outage_s, lots[0])
        rs = craft.link.rs
        codewords, correctable = (rs.interleave, (255 - rs.k) // 2) if rs else (1, 0)
        self._medium = Medium(faults, outages, lots[1], codewords, correctable)
        self._boot_lots = lots[2]
        self._boots = spells(self.start_ns, faults.reboot_every_s, 0, lots[2])
        self._boot: Spell | None = next(self._boots, None)
        self._booted: list[Boot] = []
        self._station = Station()
        self._fates = Fates(self._station.holds)
        self._waiting: list[Transmissions] = []
        self._made_ns = self.start_ns
        self._released_ns = self.start_ns
        self._tallies = Tallies()
        self._decided: list[Decided] = []
        self._seen: list[Frames] = []

    def frames(self, until_ns: int) -> list[tuple[int, bytes]]:
        """Return what is sent before `until_ns` and was not returned yet: when, and the CADU."""
        while self._horizon() < until_ns:
            self._advance()
        made = []
        marker = self.craft.marker
        for each in self._release(until_ns):
            arrives = each.arrives
            times, blocks = each.send_ns[arrives].tolist(), each.block[arrives]
            made += [(t, marker + row.tobytes()) for t, row in zip(times, blocks, strict=True)]
        return made

    def truth(self, *, final: bool = False) -> Part:
        """Return what has become known of the packets and frames since the last call.

        Args:
            final: nothing more will be sent, so that all other packets do not arrive.
        """
        if final:
            self._take(self._fates.finish(self._released_ns))
        decided, self._decided = self._decided, []
        seen, self._seen = self._seen, []
        outages = [each for each in self._medium.spells if each.begin_ns < self._released_ns]
        boots = [each for each in self._booted if each.begin_ns < self._released_ns]
        return Part(
            merged([self._told(each) for each in decided]),
            Frames.join(seen),
            tuple(outages),
            tuple(boots),
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Return what was counted up to the last frame that was returned."""
        boots = sum(each.begin_ns < self._released_ns for each in self._booted)
        return self._tallies.rows(self._station, boots, self.craft.cadu_octets)

    def next_ns(self) -> int:
        """Return a time up to which, and with which, nothing more is sent but what comes then."""
        if not self._waiting:
            self._advance()
        coming = (each.send_ns[each.arrives] for each in self._waiting)
        times = next((each for each in coming if len(each)), None)
        return self._horizon() if times is None else int(times[0])

    def _horizon(self) -> int:
        """Return up to when all that is sent is known."""
        held = self._medium.held
        return int(held.send_ns[0]) if held else self._made_ns + 1

    def _advance(self) -> None:
        """Go on to the end of the minute, or to the next boot."""
        begin = self._flown_s
        stop = begin - begin % STRETCH_S + STRETCH_S
        boot_s = (self._boot.begin_ns - self.start_ns) // SECOND_NS if self._boot else stop + 1
        stop = min(stop, max(boot_s, begin + 1))
        self._fly(stop - begin)
        if boot_s <= stop:
            self._restart("WATCHDOG")
            self._boot = next(self._boots, None)

    def _fly(self, seconds: int) -> None:
        self._flown_s += seconds
        self._made_ns = self.start_ns + self._flown_s * SECOND_NS
        self._send(self._computer.send(self._flight.fly(seconds), self._rng))

    def _send(self, sent: Sequence[Sent]) -> None:
        """Put packets into frames, and send those that go up to `_made_ns`."""
        if sent:
            order = Order.of(sent)
            self._multiplexer.add(order.ready_ns, order.vcid, order.octets)
            self._fates.add(sent, order)
        framed = self._multiplexer.run(self._made_ns)
        self._fates.place(framed.spans)
        blocks = self.craft.blocks(framed.frames)
        self._waiting.append(self._medium.carry(framed, blocks))

    def _restart(self, reason: str) -> None:
        """Boot the computer: what waits is lost, counts begin at 0, the clock is behind."""
        begin_ns, end_ns = self._made_ns, self._made_ns + BOOT_S * SECOND_NS
        loss_ns = int(self._boot_lots.integers(1, CLOCK_LOSS_S + 1)) * SECOND_NS
        self._booted.append(Boot(begin_ns, end_ns, -loss_ns))
        self._fates.boot({vcid: self._multiplexer.frames(vcid) for vcid in VCIDS})
        self._multiplexer.boot(end_ns)
        self._computer.boot(Clock(end_ns, -loss_ns, int(self._faults.drift_ppb)))
        self._flight.running.boot(end_ns // SECOND_NS, reason)
        self._flight.fly(BOOT_S)
        self._flown_s += BOOT_S
        self._made_ns = end_ns

    def _release(self, until_ns: int) -> list[Transmissions]:
        """Return what is sent before `until_ns`, and let the station's model receive it."""
        found, left = [], []
        for each in self._waiting:
            at = int(np.searchsorted(each.send_ns, until_ns))
            if at:
                found.append(each.take(slice(0, at)))
                self._receive(found[-1])
            if at < len(each):
                left.append(each.take(slice(at, None)) if at else each)
        done, self._waiting = len(left) < len(self._waiting), left
        self._released_ns = max(self._released_ns, until_ns)
        if done:
            self._settle()
        return found

    def _receive(self, given: Transmissions) -> None:
        fates = self._station.receive(given)
        self._tallies.add(given, fates)
        if self._keep:
            self._seen.append(Frames.of(given, fates))

    def _settle(self) -> None:
        """Take the packets whose frames have all arrived or never will."""
        open_ = [*self._waiting, *([self._medium.held] if self._medium.held else [])]
        decided = {}
        for vcid in VCIDS:
            rest = np.concatenate(
                [np.empty(0, np.int64), *(each.ordinal[each.vcid == vcid] for each in open_)]
            )
            decided[vcid] = int(rest.min()) if len(rest) else self._multiplexer.frames(vcid)
        self._take(self._fates.settle(decided))
        for vcid in VCIDS:
            oldest = self._fates.oldest(vcid)
            self._station.forget(vcid, decided[vcid] if oldest is None else oldest)

    def _take(self, decided: list[Decided]) -> None:
        for each in decided:
            self._tallies.decide(each)
            if self._keep:
                self._decided.append(each)

    def _told(self, decided: Decided) -> dict[str, Packets]:
        return values_of(self.craft.database, decided.sent, decided.arrived)
