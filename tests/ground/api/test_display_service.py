"""The display service among real sockets and processes: those that freeze, leave, restart."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from ground.api import Station
from ground.api.client import Client
from ground.bus.addresses import Run
from ground.bus.keys import Keyring
from ground.bus.requests import Caller
from ground.errors import Refused
from ground.messages import ReplayMoved, ViewportChanged, WatchViewport
from ground.services import display, display_viewports
from ground.settings import Mission
from tests.conftest import ROOT
from tests.ground.api.conftest import Displaying, Processor, until
from tests.ground.api.test_station import VOLTAGE, _packet
from tests.ground.services.batches import SECOND, batch

ROW = ("A", VOLTAGE, -1)
PATIENCE_MS = 10_000

# A client in a process of its own: what it was shown and what it missed, once told the end.
CLIENT = """
import json, sys
from pathlib import Path
from ground.api.client import Client
from ground.messages import ParametersDecoded, ViewportChanged
client = Client(Path(sys.argv[1]), kinds=["parameters"])
rows = [("A", "/H/VOLTAGE", -1)] + [("A", "/H/VOLTAGE", n) for n in range(1, 1500)]
client.watch(1, rows, 10)
shown = skipped = heard = 0
last = ""
while last != "65535":
    for each in client.receive():
        message = each.message
        if isinstance(message, ParametersDecoded):
            heard += len(message.columns["t_ns"])
        elif isinstance(message, ViewportChanged) and message.raw[0]:
            shown, last = shown + 1, message.raw[0]
            skipped += message.skipped // len(message.raw)
            if shown == 1:
                print("ready", flush=True)
missed = sum(client.missed.values())
print(json.dumps({"shown": shown, "skipped": skipped, "heard": heard, "missed": missed}))
"""


def _say(processor: Processor, t: int, raw: int) -> None:
    processor.publish(_packet(t, raw), "parameters", "H/HK")


def test_a_frozen_client_knows_what_it_missed_and_holds_up_nobody(
    mission: Mission, home: Path, processor: Processor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(display, "WAITING_UPDATES", 2)
    shown = Displaying(mission, home)
    other = Client(home)
    other.watch(1, [ROW], 10)
    until(lambda: other.receive() and other.connected)
    frozen = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        sent = _until_ready(processor, frozen)
        os.kill(frozen.pid, signal.SIGSTOP)
        for number in range(25):  # 25 updates of 200 kB: more than queues and sockets hold
            sent += 1
            _say(processor, 100 + sent, 1000 + number)
            until(lambda n=str(1000 + number): _sees(other, n))
        assert shown.service.report().stages[0].dropped.get("client full", 0) > 0
        os.kill(frozen.pid, signal.SIGCONT)
        until(lambda: _settled(shown))
        sent += 1
        _say(processor, 100 + sent, 65535)
        out, _ = frozen.communicate(timeout=20)
    finally:
        frozen.kill()
        other.close()
        shown.stop()
    told = json.loads(out.splitlines()[-1])
    assert told["shown"] + told["skipped"] == sent
    assert told["skipped"] > 0
    assert sent - 2 <= told["heard"] + told["missed"] <= sent  # the first came before it listened


def _until_ready(processor: Processor, client: subprocess.Popen[str]) -> int:
    """Publish until a client has seen a value; return how many packets that took."""
    _say(processor, 100, 1)
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    return 1


def _sees(client: Client, raw: str) -> bool:
    found = [each.message for each in client.receive()]
    return any(isinstance(each, ViewportChanged) and each.raw == [raw] for each in found)


def _settled(shown: Displaying) -> bool:
    """Whether the last update went to whom it was for."""
    stage = shown.service.report().stages[0]
    return stage.balanced and not shown.service.viewports.expire(shown.service._now())


def test_a_display_that_was_started_anew_is_watched_again(
    displaying: Displaying, processor: Processor, home: Path
):
    client = Client(home)
    client.watch(1, [ROW], 10)
    until(lambda: client.receive() and client.connected)
    displaying.stop()
    until(lambda: (client.receive() or True) and not client.connected)
    assert client.lost_since is not None
    displaying.start()
    until(lambda: (client.receive() or True) and client.connected)
    assert client.lost_since is None
    until(lambda: processor.publisher.wanted("parameters", "H/HK"))
    _say(processor, 7, 42)
    until(lambda: _sees(client, "42"))
    client.close()


def test_clients_that_come_and_leave_leave_nothing_behind(
    displaying: Displaying, processor: Processor, home: Path, monkeypatch: pytest.MonkeyPatch
):
    keyring, run = Keyring(home), Run(home, "live")
    pair, server = keyring.own("operator"), keyring.public("station")
    me = psutil.Process()
    _say(processor, 7, 1)
    sizes = []
    with zmq.Context() as context:
        for turn in range(500):
            caller = Caller(context, run.requests("display"), pair, server, "live")
            assert caller.socket.poll(PATIENCE_MS, zmq.POLLOUT)
            caller.send(WatchViewport(1, [ROW, ("A", "/H/CELL", turn)], 10))
            assert caller.socket.poll(PATIENCE_MS)
            caller.close()  # without a word
            if turn % 100 == 99:
                sizes.append((me.memory_info().rss, me.num_fds()))
        _say(processor, 8, 2)  # who is gone is noticed when something is sent
        until(lambda: displaying.service.viewports.clients == 0)
    monkeypatch.setattr("ground.services.display_rows.KEEP_NS", 0)
    monkeypatch.setattr("ground.services.display_rows.SWEEP_NS", 0)
    until(lambda: displaying.service.viewports.rows == 0)
    until(lambda: me.num_fds() <= sizes[0][1] + 5)
    assert sizes[-1][0] - sizes[0][0] < 16 << 20
    assert displaying.service.report().stages[0].balanced


def test_a_client_that_is_killed_is_forgotten(
    displaying: Displaying, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(display_viewports, "GONE_NS", SECOND // 2)
    client = Client(home)
    client.watch(1, [ROW], 10)
    until(lambda: (client.receive() or True) and displaying.service.viewports.clients == 1)
    until(lambda: displaying.service.viewports.clients == 0)  # it does not renew any more
    client.close()


def test_a_replay_that_goes_back_forgets_what_is_to_come(
    displaying: Displaying, processor: Processor, home: Path
):
    moved = ReplayMoved(50, 0, 100, 1.0, False, False, False, 1)
    values = displaying.service.facts.values
    processor.publish(moved, "replay", "moved")
    _say(processor, 50, 1)
    until(lambda: values.state("A", VOLTAGE).samples)
    processor.publish(replace(moved, t_ns=60), "replay", "moved")
    _say(processor, 60, 2)
    until(lambda: values.state("A", VOLTAGE).samples == 2)
    processor.publish(replace(moved, t_ns=10), "replay", "moved")
    until(lambda: values.state("A", VOLTAGE).samples == 0)


def test_a_fact_that_lacks_columns_is_counted_and_has_no_effect(
    displaying: Displaying, processor: Processor
):
    made = batch([("A", 1)], {f"raw:{VOLTAGE}": [1]})
    for lacking in ("craft", "received_ns", "t_ns"):
        columns = {name: each for name, each in made.columns.items() if name != lacking}
        processor.publish(replace(made, columns=columns), "parameters", "A/HK")
    processor.publish(replace(made, spacecraft=[]), "parameters", "A/HK")
    until(lambda: displaying.service.facts.malformed == 4)
    _say(processor, 7, 3)
    until(lambda: displaying.service.facts.values.state("A", VOLTAGE).samples)


@pytest.fixture
def remote(home: Path, tmp_path: Path, mission: Mission, processor: Processor) -> Iterator[Any]:
    """A display that listens on TCP, and the home of somebody elsewhere who may view."""
    keyring = Keyring(home)
    pair, there = keyring.make("wendy", "view"), tmp_path / "there"
    theirs = Keyring(there)
    theirs.authorise("station", keyring.public("station"), "service")
    shutil.copy(home / "keys" / f"{pair.name}.key_secret", there / "keys")
    station = mission.station.model_copy(update={"listen": "tcp://127.0.0.1:*"})
    made = Displaying(mission.model_copy(update={"station": station}), home)
    yield there, made.service._servers[1].address
    made.stop()


def test_a_face_elsewhere_sees_values_over_tcp_and_may_not_act(
    remote: tuple[Path, str], processor: Processor
):
    there, address = remote
    with Station.connect(there, address=address, key="wendy") as station:
        until(lambda: processor.publisher.wanted("parameters", "H/HK"))
        _say(processor, 7, 8)
        samples = station.watch([ROW], 10, timeout_s=10)
        assert next(each for each in samples if each.raw).value == "2.5"
        with pytest.raises(Refused, match="own machine"):
            station.acknowledge([])


def test_a_replay_does_not_listen_where_the_station_does(mission: Mission, home: Path):
    station = mission.station.model_copy(update={"listen": "tcp://127.0.0.1:*", "prometheus": ":0"})
    with zmq.Context() as context:
        made = display.Display(
            mission.model_copy(update={"station": station}),
            home,
            "replay/1",
            context,
            display.Pump(),
        )
        assert (len(made._servers), made._metrics) == (1, None)
        made.close()
