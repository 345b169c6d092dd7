"""The forward side of a mission that is flown live: uplinks, relays, and the satellites that obey.

ears -> station -> air -> relays -> spacecraft -> orders, answers, control words
"""

from __future__ import annotations

from collections.abc import Sequence

from ground.errors import InputError
from ground.settings import Mission, Uplink
from protocols.clcw import decode
from tools.simulator.ears import Ear
from tools.simulator.orders import Orders
from tools.simulator.outlets import Target
from tools.simulator.packets import Answer
from tools.simulator.scenario import scenario
from tools.simulator.software import FlightSoftware
from tools.simulator.world import CLCW, Applications, CraftSpec, OnBoard, Said, World
from tools.simulator.world.craft import Tell
from tools.simulator.world.receiver import addressee
from tools.simulator.world.relay import Switch

SCID_BITS = 8
LISTENING = {"udp": "udp", "tcp-client": "tcp-server"}  # what hears a transmitter of a kind


class Forward:
    """A world in which one spacecraft is the simulated satellite.

    Attributes:
        orders: what its telecommands have set.
        others: control words of the relays and other spacecraft, by their ids.
        heard, astray: CLTUs that came, and those of them that were for nobody.
    """

    def __init__(
        self, mission: Mission, craft: str, start_ns: int, orders: Orders, ears: Sequence[Ear]
    ) -> None:
        self.orders = orders
        self.others: dict[int, int] = {}
        self.heard = self.astray = 0
        self._mission, self._name, self._ears = mission, craft, ears
        self._said: list[Answer] = []
        self.world = World(
            1,
            scenario(mission, start_ns),
            applications=self._applications,
            tell=self._tell,
        )
        self._scids = {each.name: each.scid for each in self.world.network.nodes.values()}
        for name, scid in self._scids.items():
            if scid is not None and scid >> SCID_BITS:
                expected = (
                    f"expected less than {1 << SCID_BITS}, as its telemetry goes in AOS frames"
                )
                raise InputError(f"{mission.path}: {name}: scid = {scid}; {expected}")
        self._craft = self.world.spacecraft[craft]

    @property
    def word(self) -> int:
        """The control word of the satellite now."""
        return int.from_bytes(self._craft.receiver.clcw(), "big")

    def advance(self, now_ns: int) -> tuple[list[Answer], list[tuple[int, int, bytes]]]:
        """Go on to a time; return answers of the satellite, and packets of others.

        The packets have when they came and whose they are, by id.
        """
        for ear in self._ears:
            for octets in ear.heard():
                self._radiate(ear.name, octets)
        others = []
        for each in self.world.run_until(now_ns):
            scid = self._scids.get(each.spacecraft)
            if each.spacecraft == self._name or scid is None:
                continue
            if each.kind == CLCW:
                self.others[scid] = int.from_bytes(each.octets, "big")
            else:
                others.append((each.t_ns, scid, each.octets))
        for relay in self.world.relays.values():
            if isinstance(relay, Switch) and relay.scid is not None:
                self.others[relay.scid] = int.from_bytes(relay.clcw(), "big")
        said, self._said = self._said, []
        return said, others

    def boot(self) -> None:
        """Restart the satellite's computer."""
        self._craft.boot()

    def counts(self) -> dict[str, int]:
        """Return what was heard and what became of it."""
        receiver, board = self._craft.receiver, self._craft.board
        return {
            "heard": self.heard, "astray": self.astray, "frames": receiver.accepted,
            "refused frames": receiver.rejected, "executed": len(board.executed),
            "failed": board.failed, "refused": board.rejected, "doubles": board.doubles,
        }  # fmt: skip

    def tell(self, accepted: int, rejected: int, executed: int, failed: int) -> None:
        """Have telemetry say what FARM-1 and the computer have counted beyond what was."""
        word, receiver, board = decode(self.word), self._craft.receiver, self._craft.board
        told = {
            "FARM_VC": word.vcid, "FARM_LOCKOUT": word.lockout, "FARM_WAIT": word.wait,
            "FARM_RETRANSMIT": word.retransmit, "FARM_B": word.farm_b_counter,
            "FARM_REPORT": word.report_value,
            "TC_FRAMES_ACCEPTED": (accepted + receiver.accepted) % 65536,
            "TC_FRAMES_REJECTED": (rejected + receiver.rejected) % 65536,
            "COMMANDS_EXECUTED": executed + board.completed,
            "COMMANDS_FAILED": failed + board.failed + board.rejected,
        }  # fmt: skip
        for name, value in told.items():
            self.orders.tell(name, float(value))

    def _applications(self, spec: CraftSpec) -> Applications:
        if spec.name == self._name:
            return FlightSoftware(spec.profile, self.orders)
        return OnBoard(spec.profile)

    def _tell(self, spec: CraftSpec) -> Tell | None:
        return self._answer if spec.name == self._name else None

    def _answer(self, said: Sequence[Said]) -> None:
        self._said += [
            Answer(each.apid, each.service, each.subtype, each.data, each.t_ns) for each in said
        ]

    def _radiate(self, name: str, octets: bytes) -> None:
        """Send a CLTU from the site of an uplink, to where its antenna points for it."""
        self.heard += 1
        network = self.world.network
        scid = addressee(octets, network.scids())
        goal = None if scid is None else network.named(scid)
        uplink = next(each for each in self._mission.uplinks if each.name == name)
        target = self._pointed(uplink, goal) if goal else None
        if target is None:
            self.astray += 1
        else:
            self.world.radiate(uplink.site, target, octets)

    def _pointed(self, uplink: Uplink, goal: str) -> str | None:
        """Return whom an antenna points at for a goal: itself, or a bent pipe that sees it."""
        if uplink.reaches(goal):
            return goal
        for relay in self._mission.relays:
            bent = relay.kind == "bent-pipe" and uplink.reaches(relay.name)
            if bent and self.world.network.towards(relay.name, goal):
                return relay.name
        return None


def places(
    mission: Mission, given: Sequence[tuple[str, Target]], *, every: bool = False
) -> dict[str, Target]:
    """Return where uplinks of a mission are heard, by name.

    Args:
        given: as `ears.parse` returns it; the name may be empty where there is one uplink only.
        every: all others are heard too, at the addresses of the mission file.

    Raises:
        InputError: no such uplink, or none at all.
    """
    names = [each.name for each in mission.uplinks]
    found: dict[str, Target] = {}
    if every:
        found |= {
            each.name: Target.parse(f"{LISTENING[each.kind]}:{each.address}")
            for each in mission.uplinks
            if each.kind in LISTENING
        }
    for name, target in given:
        chosen = name or (names[0] if len(names) == 1 else "")
        if chosen not in names:
            expected = ", ".join(names) or "a mission with [[uplink]]"
            raise InputError(f"no uplink {name!r}; expected {expected}")
        found[chosen] = target
    if not found:
        raise InputError(f"{mission.path}: no uplink; expected a mission with [[uplink]]")
    return found
