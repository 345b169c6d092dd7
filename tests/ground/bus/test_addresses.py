"""Where services meet: the same place for all, short enough, and nobody else's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import zmq

from ground.bus.addresses import MOST_PATH, Run, private
from ground.errors import InputError, Refused


def path_of(address: str) -> Path:
    return Path(address.removeprefix("ipc://"))


def test_services_of_a_realm_meet_below_their_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a short name for a long folder
    run = Run(Path("/tmp") / f"g-{os.getpid()}", "sim/demo")
    try:
        assert run.publisher("gateway") == f"ipc:///tmp/g-{os.getpid()}/run/sim-demo/gateway.pub"
        assert run.requests("gateway") == f"ipc:///tmp/g-{os.getpid()}/run/sim-demo/gateway.req"
        assert run.folder.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(run.home)


@pytest.mark.parametrize("service", ["gateway", "influx-" + "x" * 80])
def test_a_long_path_goes_where_it_is_short_enough_and_ours(tmp_path, service):
    home = tmp_path / ("a" * 60) / ("b" * 60)
    address = Run(home, "replay/7").publisher(service)
    path = path_of(address)
    try:
        assert len(os.fsencode(path)) <= MOST_PATH
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert address == Run(home, "replay/7").publisher(service)
        assert address != Run(home, "replay/8").publisher(service)
        with zmq.Context() as context, context.socket(zmq.PUB) as socket:
            socket.bind(address)
    finally:
        for each in {path.parent, path_of(Run(home, "replay/8").publisher(service)).parent}:
            shutil.rmtree(each)


@pytest.mark.parametrize(
    "realm", ["", "lives", "sim", "sim/", "sim/a/b", "../x", "sim/\n", "a-b", "sim/.."]
)
def test_what_is_no_realm_has_no_place(tmp_path, realm):
    with pytest.raises(InputError, match="expected live, sim/NAME or replay/ID"):
        Run(tmp_path, realm)


@pytest.mark.parametrize("service", ["", "../gateway", "a/b", "a\0b", " a"])
def test_what_is_no_service_has_no_place(tmp_path, service):
    with pytest.raises(InputError, match="service"):
        Run(tmp_path, "live").publisher(service)


def test_a_folder_that_others_may_enter_is_refused(tmp_path):
    (tmp_path / "run" / "live").mkdir(parents=True, mode=0o755)
    with pytest.raises(Refused, match=r"run/live: mode 0755, owner .*; expected .* 0700"):
        Run(tmp_path, "live").publisher("gateway")


def test_a_link_in_place_of_a_folder_is_refused(tmp_path):
    private(tmp_path / "theirs")
    (tmp_path / "ours").symlink_to(tmp_path / "theirs")
    with pytest.raises(Refused):
        private(tmp_path / "ours")
