"""A world on a virtual clock: stations, relays and spacecraft, and all that goes wrong between.

    radiate -> air -> relay -> air -> spacecraft: CLTU, FARM-1, packets, schedule, applications
    came    <- air <- relay <- air <- control words, reports; custody reports of relays

The same seed and the same calls give the same world. It sends nothing by itself but what it was
asked for, and knows the truth: `executed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tools.simulator.world.agenda import Agenda
from tools.simulator.world.air import Air
from tools.simulator.world.applications import OnBoard
from tools.simulator.world.board import Applications, Execution
from tools.simulator.world.contacts import Contact, Contacts
from tools.simulator.world.craft import CraftSpec, Spacecraft, Tell
from tools.simulator.world.faults import NONE, Faults
from tools.simulator.world.network import Down, Network
from tools.simulator.world.relay import BentPipe, RelaySpec, Switch

SECOND_NS = 10**9


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who is in a world and who sees whom.

    Attributes:
        stations: names; whatever they radiate goes by the contacts that start from them.
    """

    start_ns: int
    stations: tuple[str, ...]
    relays: tuple[RelaySpec, ...]
    spacecraft: tuple[CraftSpec, ...]
    contacts: tuple[Contact, ...]
    faults: Faults = NONE


class World:
    """One world.

    Args:
        applications: makes what a spacecraft's computer can do, from its specification; any
            function of any application process unless told.
        tell: makes what takes the reports of a spacecraft, which else come down as packets.

    Attributes:
        network, air, contacts: for what a test wants to know of the ways.
        spacecraft, relays: by name.
    """

    def __init__(
        self,
        seed: int,
        scenario: Scenario,
        *,
        applications: Callable[[CraftSpec], Applications] = lambda spec: OnBoard(spec.profile),
        tell: Callable[[CraftSpec], Tell | None] = lambda _: None,
    ) -> None:
        self._rng = np.random.default_rng([seed, 1])
        self.agenda = Agenda(scenario.start_ns)
        self.contacts = Contacts(scenario.contacts)
        self.air = Air(
            self.agenda, self.contacts, scenario.faults, np.random.default_rng([seed, 2])
        )
        self.network = network = Network(self.agenda, self.contacts, self.air)
        network.stations |= set(scenario.stations)
        codings = {each.scid: each.coding for each in scenario.spacecraft}
        self.relays: dict[str, BentPipe | Switch] = {
            spec.name: BentPipe(spec, network)
            if spec.kind == "bent-pipe"
            else Switch(spec, network, codings)
            for spec in scenario.relays
        }
        self.spacecraft = {
            spec.name: Spacecraft(spec, network, applications(spec), tell(spec))
            for spec in scenario.spacecraft
        }
        network.nodes |= self.relays
        network.nodes |= self.spacecraft
        for each in self.spacecraft.values():
            each.start()
        self._begin_failures(scenario.faults)

    @property
    def now_ns(self) -> int:
        """The time, ns TAI."""
        return self.agenda.now_ns

    @property
    def executed(self) -> list[Execution]:
        """All telecommands that were started on board, in order of time."""
        every = [each for craft in self.spacecraft.values() for each in craft.board.executed]
        return sorted(every, key=lambda each: each.t_ns)

    def radiate(self, station: str, target: str, octets: bytes, now_ns: int | None = None) -> int:
        """Send octets from a station to the first node of a route; return when all have left.

        They are a CLTU: of the spacecraft's frames towards it or a bent pipe, of frames with an
        envelope towards a relay that takes those. Nothing arrives outside of a contact.

        Args:
            now_ns: when, if later than the world's time; it is not run up to then.
        """
        if now_ns is not None and now_ns > self.now_ns:
            self.agenda.at(now_ns, lambda: self._radiate(station, target, octets))
            return now_ns
        return self.network.up(station, target, octets)

    def _radiate(self, station: str, target: str, octets: bytes) -> None:
        self.network.up(station, target, octets)

    def run_until(self, t_ns: int) -> list[Down]:
        """Run up to and with a time; return what came down since the last call."""
        self.agenda.run(t_ns)
        return self.came()

    def step(self, t_ns: int) -> list[Down]:
        """Run until something comes down, at most up to a time; return what came.

        `now_ns` is then when the first of it came, so that a machine may answer at once.
        """
        self.agenda.run(t_ns, stop=lambda: bool(self.network.came))
        return self.came()

    def came(self) -> list[Down]:
        """Return what came down and was not returned yet."""
        came, self.network.came = self.network.came, []
        return came

    def next_ns(self) -> int | None:
        """Return when the next thing happens; None where nothing ever will."""
        return self.agenda.next_ns()

    def quieten(self, *names: str) -> None:
        """End faults, by name, or all; what has failed recovers."""
        self.air.faults = self.air.faults.without(*names)
        for relay in self.relays.values():
            if not relay.alive and not self.air.faults.relay_every_s:
                relay.recover()

    def fail(self, relay: str) -> None:
        """Let a relay die: it loses what it holds."""
        self.relays[relay].die()

    def recover(self, relay: str) -> None:
        """Let a relay work again."""
        self.relays[relay].recover()

    def reboot(self, spacecraft: str) -> None:
        """Restart the computer of a spacecraft."""
        self.spacecraft[spacecraft].boot()

    def _begin_failures(self, faults: Faults) -> None:
        if faults.relay_every_s:
            for name in self.relays:
                self._later(faults.relay_every_s, partial(self._relay_fails, name))
        if faults.reboot_every_s:
            for name in self.spacecraft:
                self._later(faults.reboot_every_s, partial(self._reboots, name))

    def _later(self, mean_s: float, act: Callable[[], None]) -> None:
        wait_ns = int(self._rng.exponential(mean_s) * SECOND_NS)
        self.agenda.at(self.now_ns + 1 + wait_ns, act)

    def _relay_fails(self, name: str) -> None:
        if self.air.faults.relay_every_s:
            self.fail(name)
            self._later(self.air.faults.relay_down_s, partial(self._relay_recovers, name))

    def _relay_recovers(self, name: str) -> None:
        self.recover(name)
        if self.air.faults.relay_every_s:
            self._later(self.air.faults.relay_every_s, partial(self._relay_fails, name))

    def _reboots(self, name: str) -> None:
        if self.air.faults.reboot_every_s:
            self.reboot(name)
            self._later(self.air.faults.reboot_every_s, partial(self._reboots, name))


def both_ways(rows: Sequence[Contact]) -> tuple[Contact, ...]:
    """Return contacts and their return links, at the same rate."""
    back = [
        Contact(each.target, each.source, each.start_ns, each.end_ns, each.owlt_ns, each.rate_bps)
        for each in rows
    ]
    return (*rows, *back)
