"""`ground simulate` as a process of its own: what it sends, how it ends, what it says."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tools.simulator.truthfile import read

CADU = 1279


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.bind(("127.0.0.1", 0))
        made.settimeout(20)
        yield made


def start(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "ground", "simulate", "chenguang1", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "dumb"},
    )


def to(receiver):
    return f"udp:127.0.0.1:{receiver.getsockname()[1]}"


def test_a_minute_is_sent_and_counted_and_its_truth_kept(receiver, tmp_path):
    options = ("--seconds", "60", "--rate", "200", "--faults", "loss=0.1", "--json")
    with start("--to", to(receiver), *options, "--truth", str(tmp_path / "truth")) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    found = json.loads(out)
    assert found["schema"] == "ground.simulate/1"
    link, sender = found["counts"]["link"], found["counts"]["sender"]
    assert link["frames"] == 93 == link["sent"] + link["lost"]
    assert sender["sent"] == link["sent"] and sender["octets"] == CADU * link["sent"]
    got = [receiver.recv(65536) for _ in range(sender["sent"])]
    assert {(len(each), each[:4].hex()) for each in got} == {(CADU, "1acffc1d")}
    tables = read(tmp_path / "truth")
    assert len(tables["frames"]) == 93
    assert json.loads((tmp_path / "truth" / "summary.json").read_text())["counts"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exact_counts(receiver, number):
    with start("--to", to(receiver), "--rate", "20", "--json") as process:
        first = receiver.recv(65536)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    sent = json.loads(out)["counts"]["sender"]["sent"]
    assert len([first, *(receiver.recv(65536) for _ in range(sent - 1))]) == sent
    receiver.settimeout(0.2)
    with pytest.raises(TimeoutError):
        receiver.recv(65536)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--to", "nowhere"), "expected udp:HOST:PORT"),
        (("--to", "udp:127.0.0.1:9", "--faults", "wind=1"), "expected NAME=NUMBER"),
        (("--to", "udp:127.0.0.1:9", "--link", "none"), "expected one of AOS frames"),
        (("--to", "udp:127.0.0.1:9", "--start", "soon"), "expected a UTC time"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(options, expected):
    with start(*options, "--seconds", "1") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert expected in err
