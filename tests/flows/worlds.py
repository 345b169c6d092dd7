"""Worlds drawn from a seed: who sees whom, what fails when, what operators ask for, who is killed.

    Play(seed, hours, root).run()

Three spacecraft, two stations, and relays of all three kinds. Faults of links and machines are
those of `Faults.drawn`; beside them processes are killed at places that are drawn too, relays are
found out to be out of order late, and counters begin near their wraps. At the end nothing fails
any more, everyone is in sight, and all must come to rest.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ground.archive.ledger import Ledger, folder_of
from ground.command import facts
from ground.messages import ApproveCommand, ControlAuthority, ControlCommand, DirectChannel
from ground.settings import Mission
from tests.flows import invariants
from tests.flows.commanded import REALM, Station
from tests.flows.crashes import Crashes
from tests.flows.skies import SECOND, START, chenguang, sky, world_of
from tools.simulator.world import Faults

CRAFTS = ("CG-1", "CG-2", "CG-3")
STATIONS = ("kashi", "sanya")
REST_S = 4 * 3600
APIDS = (130, 150)
MODE = {"arguments": {"mode": "SAFE"}, "typed": ""}

DIRECTIVES = (
    "init", "init-clcw", "init-unlock", "init-set-vr", "terminate", "resume", "set-vs",
    "set-window", "set-t1", "set-limit", "set-timeout-type",
)  # fmt: skip

Row = tuple[str, str, float, float]


@cache
def constellation() -> Mission:
    """Three satellites as Chenguang-1 is, with its stations and relays."""
    mission = chenguang()
    first = mission.spacecraft[0]
    crafts = [
        first.model_copy(update={"name": name, "scid": 171 + place})
        for place, name in enumerate(CRAFTS)
    ]
    return mission.model_copy(
        update={
            "spacecraft": tuple(crafts),
            "relays": tuple(_to_all(each) for each in mission.relays),
            "uplinks": tuple(each.model_copy(update={"to": ("*",)}) for each in mission.uplinks),
        }
    )


def _to_all(relay):
    return relay.model_copy(update={"to": ("CG-*", *relay.to)})


class Play:
    """One world, played from beginning to end.

    Args:
        forgetful: the spacecraft remember no requests, so that nothing but COP-1 and the ledger
            keep them from doing one twice; then the air makes no doubles, of which BD frames would
            be executed, and no computer restarts, as then FARM-1 forgets too.

    Attributes:
        said: how many acts of each kind there were.
    """

    def __init__(self, seed: int, hours: float, root: Path, *, forgetful: bool = False) -> None:
        self.rng = random.Random(seed)
        self.seed, self.hours, self.end_s = seed, hours, hours * 3600
        self.said: Counter[str] = Counter()
        self.meddling = not forgetful and self.rng.random() < 0.3
        self.crashes = Crashes()
        mission = constellation()
        plan = sky(mission, *self._contacts())
        self.faults = self._faults(seed, forgetful)
        world = world_of(mission, plan, seed, self.faults)
        if forgetful:
            for each in world.spacecraft.values():
                each.board._remember = lambda _: None
        if self.rng.random() < 0.5:
            self._near_the_wraps(root, world)
        until = START + round((self.end_s + REST_S) * SECOND)
        self.station = Station(root, mission, plan, world, self.crashes, until)

    # ---- what there is ----------------------------------------------------------------------

    def _faults(self, seed: int, forgetful: bool) -> Faults:
        found = Faults.drawn(seed)
        if self.rng.random() < 0.5:
            found = replace(found, reordering=self.rng.uniform(0.1, 0.4))
        return found.without("duplicates", "reboot_every_s") if forgetful else found

    def _contacts(self) -> list[Row]:
        rng, end = self.rng, self.end_s
        rows: list[Row] = []
        for craft in CRAFTS:
            for station in STATIONS:
                rows += self._passes(station, craft, 5400, (200, 700))
            for relay in ("TL-1", "TL-2", "TL-3"):
                if rng.random() < 0.7:
                    rows += self._passes(relay, craft, 5700, (600, 2600))
            if rng.random() < 0.7:
                rows += self._passes("SF-1", craft, 6000, (300, 900))
        rows += self._passes("kashi", "SF-1", 6100, (300, 800))
        gap = self._gap()
        rows = [each for each in rows if each[3] <= gap[0] or each[2] >= gap[1]]
        always: list[Row] = [
            ("kashi", "TL-1", 0, end), ("sanya", "TL-2", 0, end), ("kashi", "TL-3", 0, end),
            ("TL-2", "TL-3", 0, end), ("TL-3", "TL-2", 0, end),
        ]  # fmt: skip
        rest: list[Row] = [("kashi", craft, end, end + REST_S) for craft in CRAFTS]
        return [*rows, *always, *rest, ("kashi", "SF-1", end, end + REST_S)]

    def _passes(self, one: str, other: str, period_s: float, lasts_s) -> Iterator[Row]:
        at = self.rng.uniform(0, period_s)
        while at < self.end_s:
            lasts = self.rng.uniform(*lasts_s)
            if self.rng.random() < 0.8:
                yield one, other, at, min(at + lasts, self.end_s)
            at += period_s

    def _gap(self) -> tuple[float, float]:
        """In long plays nobody is in sight for eight hours (F23)."""
        if self.hours < 16:
            return 0.0, 0.0
        at = self.rng.uniform(0, self.end_s - 8 * 3600)
        return at, at + 8 * 3600

    def _near_the_wraps(self, root: Path, world) -> None:
        """F20: N(S) and sequence counts wrap after the first commands."""
        for each in world.spacecraft.values():
            each.receiver._farm.vr = self.rng.randrange(245, 256)
        with Ledger(folder_of(root, REALM), REALM) as ledger:
            ledger.append(
                [
                    facts.SequenceTaken(START, craft, apid, self.rng.randrange(16_375, 16_384))
                    for craft in CRAFTS
                    for apid in APIDS
                ]
            )
            ledger.commit()

    # ---- what happens -----------------------------------------------------------------------

    def run(self) -> Station:
        """Play it; AssertionError where something does not hold."""
        with pytest.MonkeyPatch.context() as patch:
            self.crashes.watch(patch)
            try:
                self._play()
            finally:
                self.station.__exit__()
        return self.station

    def _play(self) -> None:
        station, rng = self.station, self.rng
        acts: list[tuple[float, Callable[[], None]]] = [
            (rng.uniform(0, self.end_s), self._ask) for _ in range(round(10 * self.hours))
        ]
        parts = max(1, round(self.hours / 3))
        kills = rng.choice([0, 1, 2, 6]) * parts
        acts += [(rng.uniform(0, self.end_s), self._kill) for _ in range(kills)]
        acts += [
            (rng.uniform(0, self.end_s), self._lose) for _ in range(rng.choice([0, 1, 3]) * parts)
        ]
        checks = max(4, round(self.hours))
        acts += [(self.end_s * part / checks, self._check) for part in range(1, checks)]
        for at_s, act in sorted(acts, key=lambda each: each[0]):
            station.run(max(0.0, (START - station.now) / SECOND + at_s))
            act()
        station.run(max(0.0, (START - station.now) / SECOND + self.end_s))
        self._rest()

    def _rest(self) -> None:
        """I10: nothing fails any more."""
        self.crashes.at = 0
        self.station.world.quieten()
        for each in self.station.world.relays:
            self.station.world.recover(each)
        self.station.out_of_order()
        until = self.station.now + REST_S * SECOND
        while self.station.now < until and not self._rests():
            self.station.run(600)
        self._check()
        invariants.at_rest(self.station)

    def _rests(self) -> bool:
        service = self.station.service
        return service is not None and not (
            any(self.station.state.live())
            or any(each.unacknowledged for each in service.commander.forwards.values())
        )

    def _check(self) -> None:
        invariants.check(self.station)

    def _kill(self) -> None:
        """One of the next places kills."""
        self.crashes.whose = self.rng.choice(["service", "gateway"])
        self.crashes.at = len(self.crashes.places) + self.rng.randrange(1, 60)
        self.crashes.cut = self.rng.choice([0, 1, 30, 100, -1])
        self.said["kill"] += 1

    def _lose(self) -> None:
        """F13: a relay dies; the station learns of it later, or never, or when it is back."""
        station, rng = self.station, self.rng
        relay = rng.choice(list(station.world.relays))
        station.world.fail(relay)
        self.said["relay lost"] += 1
        if rng.random() < 0.6:
            station.run(rng.uniform(0, 200))
            station.out_of_order(relay)
        station.run(rng.uniform(0, 1200))
        station.world.recover(relay)
        if rng.random() < 0.8:
            station.out_of_order()

    def _ask(self) -> None:
        """An operator wants something, and asks again until there is an answer."""
        rng = self.rng
        more = {"request": f"{rng.getrandbits(128):032x}", "priority": rng.choice([0, 1, 1, 2])}
        more["expires_ns"] = self.station.clock + round(rng.choice([60, 600, 5000]) * SECOND)
        craft = rng.choice(CRAFTS)
        if rng.random() < 0.05:
            self._burst(craft, more)
            return
        if self.meddling and rng.random() < 0.1:
            self._direct(craft)
            return
        act = rng.choice(
            [self._plain, self._plain, self._plain, self._timed, self._two, self._held]
        )
        act(craft, more)

    def _plain(self, craft: str, more) -> None:
        rng = self.rng
        if rng.random() < 0.15:
            more["service"] = rng.choice(["AD", "BD"])
        if rng.random() < 0.15:
            more["via"] = [rng.choice(["TL-1", "TL-2", "TL-3", "SF-1", "direct"])]
        if rng.random() < 0.2:
            more["not_before_ns"] = self.station.clock + round(rng.uniform(1, 50) * SECOND)
        name, arguments = rng.choice(
            [
                ("PING", {}),
                ("CARD_POWER", {"card": "3", "power": "OFF"}),
                ("CARD_OFF", {"card": "5"}),
            ]
        )
        self._send(name, craft, arguments=arguments, **more)

    def _burst(self, craft: str, more) -> None:
        """More than a window holds."""
        for _ in range(self.rng.randrange(10, 100)):
            self._send("PING", craft, **more | {"request": f"{self.rng.getrandbits(128):032x}"})

    def _direct(self, craft: str) -> None:
        """A director gives FOP-1 whatever directive."""
        rng, station = self.rng, self.station
        station.ask(ControlAuthority(craft, "force", reason="trial"), "director")
        value = rng.choice([0, 1, 1, 2, 100, 255])
        station.ask(DirectChannel(craft, rng.choice(DIRECTIVES), value), "director")
        station.ask(ControlAuthority(craft, "drop"), "director")
        self.said["directive"] += 1

    def _timed(self, craft: str, more) -> None:
        later = round(self.rng.uniform(30, 3000) * SECOND)
        more["on_board_ns"] = self.station.clock + later
        more["expires_ns"] = more["on_board_ns"] + 60 * SECOND
        self._send("PING", craft, **more)

    def _two(self, craft: str, more) -> None:
        answer = self._send("MODE", craft, **MODE, **more)
        if answer is not None and self.rng.random() < 0.8:
            self.station.run(self.rng.uniform(0, 30))
            self.station.ask(ApproveCommand(answer.command.id, answer.command.sha256), "second")

    def _held(self, craft: str, more) -> None:
        answer = self._send("PING", craft, hold=True, **more)
        if answer is not None:
            self.station.run(self.rng.uniform(0, 60))
            act = self.rng.choice(["cancel", "release", "first", "priority"])
            self.station.ask(ControlCommand(answer.command.id, act, 2))

    def _send(self, name: str, craft: str, **more):
        if "typed" in more or name != "PING":
            more["typed"] = craft
        for _ in range(10):
            answer = self.station.send(name, craft, **more)
            if answer is not None:
                break
            self.station.run(1)
        self.said[name] += 1
        if answer is None or not hasattr(answer, "command"):
            self.said["refused"] += 1
            return None
        return answer
