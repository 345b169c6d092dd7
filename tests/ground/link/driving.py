"""Drives a link as a gateway does, until something holds: no sleeping, a deadline."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from ground.link.receiver import Chunk, Receiver

PATIENCE_S = 10


def pieces(link: Receiver) -> list[tuple[bytes, bool]]:
    """Return what one call gives, kept."""
    got = [(bytes(each.octets), each.begins) for each in link.receive(time.monotonic_ns())]
    link.taken()
    return got


def until(link: Receiver, holds: Callable[[list[tuple[bytes, bool]]], bool]) -> list:
    """Receive until it holds for all that came, and return that."""
    got: list[tuple[bytes, bool]] = []
    stop = time.monotonic() + PATIENCE_S
    while not holds(got):
        assert time.monotonic() < stop, (link.state, link.detail, got)
        select.select(link.filenos(), [], [], 0.005)
        got += pieces(link)
    return got


def octets(got: list[tuple[bytes, bool]]) -> bytes:
    return b"".join(each for each, _ in got)


def now() -> int:
    return time.monotonic_ns()


def chunks(got: list[Chunk]) -> list[bytes]:
    return [bytes(each.octets) for each in got]
