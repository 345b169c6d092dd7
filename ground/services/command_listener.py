"""What is heard of commands, judged: gateways, relays, the spacecraft's reports and telemetry.

Whatever is learnt becomes a fact. A command that certainly was not received waits again; one that
may have been is never sent again by anyone here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ground.command import constraints, facts
from ground.command.checks import Check, Report, of_database, of_reports
from ground.command.deadlines import Deadlines
from ground.command.life import Phase, Stage, phase
from ground.command.verify import Verdict, Verifications
from ground.messages import ReadUnits, UnitRow
from ground.services.command_catalogues import Catalogues
from ground.services.command_latest import Latest
from ground.services.command_record import Record
from ground.services.command_state import Command, Unit
from ground.services.returns import CustodyHeard, ReportHeard, ValuesHeard
from ground.settings import Mission
from protocols.errors import DecodeError
from protocols.pus import header, verification

SECOND_NS = 10**9
ASK_UNITS_NS = 2 * SECOND_NS  # after which a gateway that said nothing is asked
LONGEST = 400  # characters of a gateway's reason
NOTED_NS = 60 * SECOND_NS  # between two malformed reports that are on record
MOST_ASKED = 1000  # units in one question
_FINAL = ("radiated", "refused", "uncertain")
_ORDER = {"": 0, "unknown": 0, "taken": 1, "uncertain": 2, "refused": 3, "radiated": 4}


class Listener:
    """What is expected of each command that left, and what comes of it; `now` is ns TAI.

    Attributes:
        malformed: reports that were none.
    """

    def __init__(self, mission: Mission, catalogues: Catalogues, record: Record) -> None:
        self._record, self._catalogues = record, catalogues
        self._after_ns = round(mission.commanding.after_s * SECOND_NS)
        self._relays = {each.scid: each.name for each in mission.relays if each.scid is not None}
        self.latest = Latest(mission.stale)
        self.verifier = Verifications()
        self.malformed = 0
        self._noted: dict[str, int] = {}  # until when malformed reports of a spacecraft only count
        self._asked: dict[str, int] = {}  # when a gateway was asked about a unit
        self._silent: Deadlines[str] = Deadlines()  # commands that report nothing

    # ---- what is expected -------------------------------------------------------------------

    def expect(self, known: Command, released_ns: int) -> None:
        """Listen for what the spacecraft will say of a command."""
        taken = known.taken
        since = max(released_ns, taken.on_board_ns)
        who = known.id, taken.spacecraft, taken.apid, taken.sequence
        if not self.verifier.expect(*who, self._checks(known), since):
            self._silent.set(known.id, max(since, known.latest_ns) + self._after_ns)

    def recall(self, known: Command, now: int) -> None:
        """Listen again for a command that had left before a restart."""
        life = known.life
        self.expect(known, life.reached(Stage.RELEASED) or now)
        passed = {step.stage: step.t_ns for step in life.steps if phase(step.stage) is Phase.BOARD}
        uncertain = phase(life.state) is Phase.UNCERTAIN
        self.verifier.recall(known.id, passed, now if uncertain else None)

    def sent(self, unit: str, now: int) -> None:
        """Expect a gateway to say what became of a transmission."""
        self._asked[unit] = now

    def _checks(self, known: Command) -> list[Check]:
        """Return what proves a command's stages, the way there and back in the windows."""
        acknowledge, verifiers = self._catalogues.expected(known.taken)
        routed = known.routed
        flight = 0 if routed is None else max(0, routed.arrives_ns - routed.departs_ns)
        return [
            *of_reports(acknowledge, self._after_ns + 2 * flight),
            *of_database(verifiers, 2 * flight, self._after_ns),
        ]

    def expire(self, now: int) -> None:
        """Judge what is late, and ask gateways that are silent."""
        self._judge(self.verifier.expire(now), now)
        for name in self._silent.due(now):
            self.uncertain(name, "nothing was heard of it", now)
        self._ask_units(now)

    def unmet(self, known: Command, now: int) -> str:
        """Return what telemetry must say before a command may go, and does not; "" where it may.

        Raises:
            InputError: the database is another one than when it was taken.
        """
        taken = known.taken
        entry = self._catalogues.of(taken.spacecraft).find(taken.path)
        if taken.override or not entry.constraints:
            return ""
        lookup = self.latest.lookup(taken.spacecraft, now)
        values = entry.parse(taken.arguments, taken.t_ns)
        return "; ".join(constraints.unmet(constraints.judge(entry.constraints, lookup, values)))

    # ---- what is known of a command ---------------------------------------------------------

    def arrived(self, commands: Sequence[str], now: int) -> None:
        """End those of FARM-1's commands of which nothing more will be heard.

        One that was UNCERTAIN is on its way again: its reports have their windows from now on.
        """
        for name in commands:
            known = self._record.state.commands.get(name)
            if known is None or known.life.ended:
                continue
            if self._checks(known):
                if not self.verifier.awaits(name):
                    self.expect(known, now)
                continue
            if known.taken.hazard == "H0":
                detail = "accepted by FARM-1; it reports nothing"
                self._record.write(facts.Ended(now, name, "COMPLETED", detail))
            else:
                detail = "a control word alone confirms no hazardous command"
                self._record.write(facts.Ended(now, name, "UNCERTAIN", detail))

    def again(self, name: str, proof: str, now: int) -> None:
        """Let a command wait again that certainly was not received, or end it."""
        known = self._record.state.commands.get(name)
        if known is None or phase(known.life.state) not in (Phase.FLIGHT, Phase.UNCERTAIN):
            return
        self.verifier.forget(name)
        if now >= known.latest_ns:
            self._record.write(facts.Ended(now, name, "EXPIRED", proof))
        else:
            self._record.write(facts.Queued(now, name, proof))

    def uncertain(self, name: str, why: str, now: int) -> None:
        """End a command of which nobody can tell whether it was received."""
        known = self._record.state.commands.get(name)
        if known is not None and phase(known.life.state) is Phase.FLIGHT:
            self._record.write(facts.Ended(now, name, "UNCERTAIN", why))

    # ---- gateways ---------------------------------------------------------------------------

    def units(self, rows: Sequence[UnitRow], gateway: str, now: int) -> None:
        """Take what a gateway says of transmissions."""
        for row in rows:
            known = self._record.state.units.get(row.unit)
            if known is None or (_ORDER[row.state] <= _ORDER[known.state] and known.state):
                continue
            if row.state == "unknown" and now <= known.fact.not_after_ns:
                continue  # it may be on its way to the gateway still
            self._record.write(
                facts.UnitReported(
                    now, row.unit, known.fact.commands, gateway, row.state, row.t_ns or now,
                    row.reason[:LONGEST],
                )
            )  # fmt: skip
            if known.fact.kind == "BD" and row.state in ("refused", "unknown"):
                proof = row.reason[:LONGEST] or "it never took it"
                self._unsent(known.fact.commands, f"{gateway}: {proof}", now)

    def ask_all(self) -> None:
        """Ask about every transmission that is not settled, as after a restart."""
        for unit, known in self._record.state.units.items():
            if known.state not in _FINAL:
                self._asked[unit] = 0

    def _ask_units(self, now: int) -> None:
        """Ask gateways about transmissions of which they said nothing final."""
        units, by_uplink = self._record.state.units, dict[str, list[str]]()
        for unit, asked in list(self._asked.items()):
            known = units.get(unit)
            if known is None or known.state in (*_FINAL, "unknown"):
                del self._asked[unit]
            elif now - asked >= ASK_UNITS_NS:
                self._asked[unit] = now
                by_uplink.setdefault(known.fact.uplink, []).append(unit)
        for uplink, several in by_uplink.items():
            for at in range(0, len(several), MOST_ASKED):
                self._record.send(uplink, ReadUnits(several[at : at + MOST_ASKED]))

    def _unsent(self, commands: Sequence[str], proof: str, now: int) -> None:
        """Let BD commands wait again whose every transmission certainly went nowhere."""
        state = self._record.state
        for name in commands:
            known = state.commands.get(name)
            units = (
                [state.units[each] for each in known.units if each in state.units] if known else []
            )
            if all(each.state in ("refused", "unknown") or _gone(each) for each in units):
                self.again(name, proof, now)

    # ---- relays and spacecraft --------------------------------------------------------------

    def custody(self, item: CustodyHeard, now: int) -> None:
        """Take what a relay says of an envelope."""
        unit, custody = item.custody.id.hex(), item.custody
        known = self._record.state.units.get(unit)
        relay = self._relays.get(custody.relay, str(custody.relay))
        if known is None or relay not in known.fact.nodes:
            return
        if (relay, custody.state.name) in known.told:
            return
        self._record.write(
            facts.Custody(
                now, unit, known.fact.commands, relay, custody.state.name, custody.t_ns,
                int(custody.reason),
            )
        )  # fmt: skip
        if known.fact.kind == "BD" and _gone(known):
            self._unsent(known.fact.commands, f"{relay}: {custody.state.name}", now)

    def report(self, item: ReportHeard, now: int) -> None:
        """Take a report of ST[01]."""
        name, profile = item.spacecraft, self._catalogues.reports
        try:
            report = header.decode_report(item.octets, profile)
            found = verification.decode(report.subtype, report.data, profile)
        except DecodeError as error:
            self.malformed += 1
            if now >= self._noted.get(name, now):  # what comes down must not fill the ledger
                self._noted[name] = now + NOTED_NS
                self._record.write(facts.Noted(now, "report", name, f"malformed: {error}"[:400]))
            return
        detail = "" if found.failure is None else f"code {found.failure.code}"
        if found.step is not None:
            detail = f"step {found.step} {detail}".strip()
        request, t_ns = found.request, item.t_ns or now
        made = Report(name, request.apid, request.sequence, int(found.subtype), t_ns, detail)
        self._judge(self.verifier.report(made), now)

    def values(self, item: ValuesHeard, now: int) -> None:
        """Take telemetry that commands may wait for."""
        for name, t_ns in self.latest.take(item.judged):
            if self.verifier.looks_at(name):
                look = self.latest.lookup(name, now)
                self._judge(self.verifier.look(name, look, t_ns or now), now)
                kind = item.judged.batch.packet_type
                self._judge(self.verifier.packet(name, kind, t_ns or now), now)

    def _judge(self, verdicts: Sequence[Verdict], now: int) -> None:
        """Write verdicts."""
        for each in verdicts:
            stage = each.stage
            if each.verdict == "failed":
                stage = Stage.REJECTED if stage is Stage.ACCEPTED else Stage.FAILED
            self._record.write(
                facts.Verified(
                    now, each.command, stage.value, each.verdict, each.source, each.at_ns,
                    each.detail, each.late,
                )
            )  # fmt: skip


def _gone(unit: Unit) -> bool:
    """Whether a relay gave an envelope up, and none behind it ever had it."""
    states = [unit.custody.get(each, "") for each in unit.fact.nodes]
    had = [state for state in states if state]
    return bool(had) and had[-1] in ("EXPIRED", "DROPPED")
