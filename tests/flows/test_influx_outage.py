"""Archive to InfluxDB 1.6.7 through kills of the server and of the sender: nothing is missing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Destination
from ground.archive.influx_source import Source
from ground.bus.addresses import Run
from ground.bus.sockets import Subscriber
from ground.errors import InputError
from ground.messages import ServiceReported
from ground.services import influx
from ground.settings import Mission, load
from tests import servers
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"
PATIENCE_S = 60.0

MISSION = """
[mission]
name = "small"

[[spacecraft]]
name = "CG-1"
scid = 1

[[influx]]
name = "main"
url = "{url}"
bucket = "g"
content = "samples"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[servers.Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    with servers.influxdb(folder) as running:
        Source(Destination(running.url, "g")).ask("CREATE DATABASE g")
        yield running


def mission(folder: Path, url: str, more: str = "") -> Mission:
    path = folder / "mission.toml"
    path.write_text(MISSION.format(url=url) + more)
    return load(path)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "not so in time"
        time.sleep(0.02)


def counts(server: servers.Server) -> list[int]:
    source = Source(Destination(server.url, "g"))
    try:
        rows = source.range(HK, ["/CG1/count"], 0, 2**62)
    finally:
        source.close()
    return [row["/CG1/count"] for row in rows]


def fill(store: EmbeddedStore, rows: int, step: int = 250) -> None:
    for start in range(0, rows, step):
        store.append("live", {HK: housekeeping(rows=step, start=start)})


def sender(path: Path, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ground", "influx", "send", str(path), "--once"]
    command += ["--home", str(home)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _more(server: servers.Server, process: subprocess.Popen[bytes]) -> Callable[[], bool]:
    """Return what says whether the server has more rows than now, or the sender has ended."""
    held = len(counts(server))
    return lambda: len(counts(server)) > held or process.poll() is not None


def test_kill_9_of_server_and_sender_in_mid_send_loses_no_row(server, tmp_path):
    chance = random.Random(7)
    partly = []
    made = mission(tmp_path, server.url)
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        fill(store, 20_000)
    for victim in ("server", "sender", "server"):
        process = sender(made.path, tmp_path)
        until(_more(server, process))
        time.sleep(chance.uniform(0, 0.1))
        if victim == "server":
            server.kill()
            server.start()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        partly.append(0 < len(counts(server)) < 20_000)
    assert any(partly)
    process = sender(made.path, tmp_path)
    assert process.wait(PATIENCE_S) == 0
    assert counts(server) == list(range(20_000))
    command = [sys.executable, "-m", "ground", "influx", "status", str(made.path), "--json"]
    told = subprocess.run([*command, "--home", str(tmp_path)], capture_output=True, check=True)
    [row] = json.loads(told.stdout)["rows"]
    assert (row["name"], row["serial"], row["behind"], row["rejects"]) == ("main", 80, 0, "")
    source = Source(Destination(server.url, "g"))
    assert source.count(f"{HK}@1m", "rows") == 20_000 // 60 + 1
    assert sum(row["rows"] for row in source.range(f"{HK}@1m", ["rows"], 0, 2**62)) == 20_000


def test_the_service_reports_its_lag_and_ends_when_told(server, tmp_path):
    made = mission(tmp_path, server.url)
    with EmbeddedStore.open(tmp_path / "archive", write=True) as store:
        fill(store, 500)
        service = influx.InfluxService(made, made.influx[0], tmp_path)
        ending = threading.Event()
        thread = threading.Thread(target=service.run, args=[ending.is_set])
        context = zmq.Context()
        address = Run(tmp_path, "live").publisher("influx-main")
        listener = Subscriber(context, [address])
        thread.start()
        reports: list[ServiceReported] = []

        def reported() -> bool:
            reports.extend(each.message for each in listener.receive())
            return bool(reports) and reports[-1].stages[0].out >= 500

        until(reported)
        assert reports[-1].service == "influx-main"
        assert reports[-1].state == "running"
        assert reports[-1].stages[0].balanced
        assert reports[-1].queues["behind"] == 0
        server.kill()
        store.append("live", {HK: housekeeping(rows=10, start=500)})
        until(lambda: service.progress.state == "waiting")
        assert "refused" in service.progress.detail
        server.start()
        until(lambda: service.progress.out >= 510)
        assert counts(server) == list(range(510))
    ending.set()
    thread.join()
    service.close()
    listener.close()
    context.term()


def test_a_secret_that_is_not_there_is_named_by_its_place_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUND_TEST_SECRET", "s3cret")
    made = mission(tmp_path, "http://127.0.0.1:1", 'token_file = "no-token"\n')
    with pytest.raises(InputError, match="no-token"):
        influx.InfluxService(made, made.influx[0], tmp_path)
    (tmp_path / "no-token").write_text(" from-file\n")
    assert influx.destination(made.influx[0], tmp_path).token == "from-file"
    more = 'user = "u"\npassword_env = "GROUND_TEST_SECRET"\ntoken_env = "GROUND_TEST_NONE"\n'
    made = mission(tmp_path, "http://127.0.0.1:1", more)
    with pytest.raises(InputError, match="GROUND_TEST_NONE: not in the environment"):
        influx.destination(made.influx[0], tmp_path)
    monkeypatch.setenv("GROUND_TEST_NONE", "t0ken")
    found = influx.destination(made.influx[0], tmp_path)
    assert (found.password, found.token) == ("s3cret", "t0ken")
    assert "s3cret" not in repr(found) + repr(influx.job(made, made.influx[0], tmp_path, "live"))


def test_which_destination_is_meant(tmp_path):
    two = mission(tmp_path, "http://x", '[[influx]]\nname="b"\nurl="http://y"\nbucket="c"\n')
    assert influx.chosen(two, "b").bucket == "c"
    with pytest.raises(InputError, match="main, b"):
        influx.chosen(two, None)
    with pytest.raises(InputError, match="main, b"):
        influx.chosen(two, "c")
    alone = mission(tmp_path, "http://x")
    assert influx.chosen(alone, None).name == "main"
