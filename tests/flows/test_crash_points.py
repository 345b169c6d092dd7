"""`kill -9` of the command service and of the gateway at every write, sync and send of a scenario.

No command is forgotten, none is executed twice, and what comes back is what was on the ledger.
"""

from __future__ import annotations

import pytest

from ground.archive.ledger import Ledger, folder_of
from ground.errors import Refused
from ground.messages import ApproveCommand, ControlCommand
from tests.flows import invariants
from tests.flows.commanded import REALM, Station
from tests.flows.crashes import Crashes
from tests.flows.skies import SECOND, chenguang, sky, world_of

RELAYED = [("kashi", "TL-3", 0, 400), ("TL-3", "CG-1", 0, 400)]
STORED = [("kashi", "SF-1", 0, 400), ("SF-1", "CG-1", 0, 400)]
KINDS = {"relayed": RELAYED, "stored": STORED}
END_S = 420
PIECES = 4
MODE = {"arguments": {"mode": "SAFE"}, "typed": "CG-1"}


def run(root, rows, crashes, monkeypatch) -> Station:
    """Four commands: one needs a second person, one is cancelled; contact lasts for 400 s.

    The operators are patient: what is not answered they ask again, with the same number. The
    spacecraft remembers no request, so that it would do one twice.
    """
    mission = chenguang()
    plan = sky(mission, *rows)
    crashes.watch(monkeypatch)
    world = world_of(mission, plan)
    world.spacecraft["CG-1"].board._remember = lambda _: None
    with Station(root, mission, plan, world, crashes) as station:
        station.run(2)
        end = station.now + 150 * SECOND
        digests = {}
        for act in (
            lambda: station.send("PING", expires_ns=end, request="1" * 32),
            lambda: station.send(
                "CARD_OFF", arguments={"card": "3"}, typed="CG-1", expires_ns=end, request="2" * 32
            ),
            lambda: station.send("MODE", **MODE, expires_ns=end, request="3" * 32),
            lambda: station.ask(ApproveCommand("c3", digests["c3"]), "second"),
            lambda: station.send("PING", expires_ns=end, hold=True, request="4" * 32),
            lambda: station.ask(ControlCommand("c4", "cancel", reason="not needed")),
        ):
            while (answer := act()) is None:
                station.run(1)
            if hasattr(answer, "command"):
                digests[answer.command.id] = answer.command.sha256
            station.run(4)
            invariants.check(station)
        station.run(END_S)
        invariants.check(station)
        invariants.at_rest(station)
        return station


def places(root, rows, process) -> list[str]:
    """Return the places there are, where nobody is killed."""
    with pytest.MonkeyPatch.context() as patch:
        crashes = Crashes(process)
        found = run(root, rows, crashes, patch)
    assert found.ended("c1") == "COMPLETED" and found.ended("c4") == "CANCELLED"
    return crashes.places


@pytest.mark.parametrize("piece", range(PIECES))
@pytest.mark.parametrize("process", ["service", "gateway"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_may_be_killed_anywhere(tmp_path, kind, process, piece):
    """F6, F7: each place of the scenario in a run of its own; all four commands come to an end."""
    rows = KINDS[kind]
    known = places(tmp_path / "count", rows, process)
    assert len(known) > 20
    for at in range(1 + piece, len(known) + 1, PIECES):
        with pytest.MonkeyPatch.context() as patch:
            crashes = Crashes(process, at)
            try:
                found = run(tmp_path / str(at), rows, crashes, patch)
            except AssertionError as error:
                raise AssertionError(f"killed {crashes.where}: {error}") from error
        assert found.killed == {process: 1}, crashes.where
        assert {"c1", "c2", "c3", "c4"} == set(found.state.commands), crashes.where
        assert found.ended("c4") == "CANCELLED", crashes.where


def test_a_group_of_facts_may_be_torn_at_any_octet(tmp_path):
    """F22: the service comes back, the ledger is one chain, the torn octets are kept beside it."""
    known = places(tmp_path / "count", RELAYED, "service")
    writes = [at for at, what in enumerate(known, 1) if what == "in a write"]
    torn = 0
    for number, at in enumerate(writes):
        for cut in (1 + number, 44 + 7 * number, -1 - number):
            with pytest.MonkeyPatch.context() as patch:
                found = run(tmp_path / f"{at}{cut}", RELAYED, Crashes("service", at, cut), patch)
            torn += len(list(folder_of(found.root, REALM).glob("torn-*")))
    assert torn > 2 * len(writes)


def test_a_second_command_service_is_refused(tmp_path):
    """F18: there is one writer, also after the first one was killed."""
    plan = sky(chenguang())
    with (
        Station(tmp_path, chenguang(), plan, world_of(chenguang(), plan)),
        pytest.raises(Refused, match="one writer at a time"),
    ):
        Ledger(folder_of(tmp_path, REALM), REALM)
    Ledger(folder_of(tmp_path, REALM), REALM).close()
