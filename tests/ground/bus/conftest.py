"""A station's home with keys, a ZeroMQ context, and waiting for what comes through a socket."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from ground.bus.addresses import Run
from ground.bus.keys import Keyring

PATIENCE_S = 10.0


def until(done: Callable[[], object]) -> None:
    """Poll a condition until it holds; fail where it does not in time."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="g-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run(home: Path) -> Run:
    return Run(home, "live")


@pytest.fixture
def keyring(home: Path) -> Keyring:
    """The keys of the station, and of olga who operates."""
    keyring = Keyring(home)
    keyring.ensure("station", "service")
    keyring.make("olga", "operate")
    return keyring


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as context:
        yield context
