"""A gateway elsewhere feeds a processor over TCP: no cut and no crash loses or repeats anything."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.remote import Home, Remote, Wire, ground, introduce, let_in
from tests.flows.sent import Sent
from tools.simulator import START_NS, Stream

SECOND = 10**9
HOUR_S, MINUTE_S = 3600, 60


class Both:
    """The two sides, the wire between them, and what the satellite sent so far."""

    def __init__(self, root: Path) -> None:
        self.remote = Remote(root / "kashi")
        self.wire = Wire(self.remote.port)
        self.home = Home(root / "home", self.remote, self.wire.address)
        self._stream, self._until_ns = Stream(seed=7, keep_truth=False), START_NS
        self.cadus: list[bytes] = []

    def fly(self, seconds: int) -> None:
        """Let the antenna receive what is sent in so many seconds, as fast as may be."""
        self._until_ns += seconds * SECOND
        fresh = [octets for _, octets in self._stream.frames(self._until_ns)]
        self.remote.receive(fresh)
        self.cadus += fresh

    def settle(self) -> None:
        """Wait until the gateway knows that all it has is in the archive."""
        self.home.until(lambda: self.home.position == self.remote.end, "the processor to follow")
        self.home.until(lambda: self.acknowledged() == self.remote.end, "the acknowledgement")

    def acknowledged(self) -> int:
        report = self.remote.report()
        return 0 if report is None else report.links[0].acknowledged

    def complete(self) -> bool:
        """Whether the archive has every packet that was sent once, and nothing was missed."""
        sent = Sent(self.cadus)
        return self.home.packets() == sent.arriving(range(len(self.cadus))) and not self.home.gaps()

    def close(self) -> None:
        self.home.close()
        self.wire.close()
        self.remote.close()


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    made = Both(tmp_path)
    yield made
    made.close()


def test_an_hour_of_cut_and_a_killed_gateway_lose_nothing(both: Both) -> None:
    introduce(both.remote, both.home)
    both.remote.start()
    both.home.start()
    both.fly(MINUTE_S)
    both.settle()
    (link,) = both.home.told("gateway-kashi-2").links
    assert (link.name, link.gateway, link.records) == ("kashi", "kashi-2", len(both.cadus))
    for seconds in (HOUR_S, 10 * MINUTE_S):  # the line is cut, and again
        both.wire.cut()
        before = both.home.position
        both.fly(seconds)
        both.home.turn(0.3)
        assert both.home.position == before < both.remote.end
        both.wire.mend()
        both.settle()
    assert both.home.figures["gateway not reachable"] > 0
    both.remote.signal(signal.SIGSTOP)  # frozen, with questions on the way
    both.home.turn(2.5)
    both.remote.signal(signal.SIGCONT)
    both.fly(MINUTE_S)
    both.settle()
    both.wire.cut()
    both.fly(5 * MINUTE_S)
    both.wire.mend()
    before = both.wire.octets
    both.home.until(lambda: both.wire.octets > before + 50_000, "octets to flow")
    both.remote.kill()  # in the middle of sending
    both.home.turn(0.1)
    both.remote.start()
    both.fly(MINUTE_S)
    both.settle()
    both.home.stop()
    both.fly(5 * MINUTE_S)  # while nobody is at home
    both.home.start()
    both.settle()
    both.home.stop()
    assert both.complete()


def test_a_wrong_key_on_either_side_is_refused_counted_and_without_effect(
    both: Both, tmp_path: Path
) -> None:
    """Neither a processor that the gateway does not know, nor a gateway that is another one."""
    introduce(both.remote, both.home)
    both.remote.start()
    both.fly(MINUTE_S)
    stranger = Home(tmp_path / "stranger", both.remote, both.wire.address)
    key = both.remote.home / "keys" / "station.key"
    wrong = stranger.home / "keys" / "station.key"
    try:
        ground("keys", "authorise", "kashi-2", key, "--role", "gateway", "--home", stranger.home)
        stranger.start()
        stranger.until(lambda: both.remote.report().figures["requests_refused"] > 0, "the refusal")
        assert stranger.position == 0 and stranger.figures["gateway not reachable"] > 0
        assert both.wire.address in stranger.processor.report().detail
        assert both.acknowledged() == 0
        let_in(both.remote, stranger, "stranger")  # it knocks again, and now is let in
        stranger.until(lambda: stranger.position == both.remote.end, "it to be let in")
        ground("keys", "revoke", "kashi-2", "--home", both.home.home)
        ground("keys", "authorise", "kashi-2", wrong, "--role", "gateway", "--home", both.home.home)
        both.home.start()
        both.home.turn(2)
        assert both.home.position == 0 and both.home.figures["gateway not reachable"] > 0
    finally:
        stranger.close()
