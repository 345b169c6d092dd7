"""A gateway over real sockets, and readers of it, turned by hand in one thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import zmq

from ground.archive.journal import Records
from ground.bus.addresses import Run
from ground.bus.keys import KeyPair, Keyring
from ground.bus.requests import Caller
from ground.errors import NotReachable
from ground.messages import RecordsJournalled
from ground.services.feed import Feed
from ground.services.gateway import Gateway
from ground.settings import Mission, load

PATIENCE_S = 20


def mission(folder: Path, *links: str, more: str = "") -> Mission:
    """Return a mission with these lines for each link: name, kind and whatever else."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = "\n".join(f'[[link]]\nframe = "packets"\n{each}\n' for each in links)
    path = folder / "mission.toml"
    path.write_text(
        f'[mission]\nname = "m"\n[[spacecraft]]\nname = "S"\nscid = 1\n{more}\n{tables}'
    )
    return load(path)


def udp(name: str = "kashi") -> str:
    return f'name = "{name}"\nkind = "udp"\naddress = "127.0.0.1:0"'


class Reading:
    """One reader of a link: a connection and its feed."""

    def __init__(
        self,
        context: zmq.Context,
        address: str,
        pair: KeyPair,
        server: bytes,
        link: str = "kashi",
        position: int = 0,
    ) -> None:
        self.caller = Caller(context, address, pair, server, "live")
        self.feed = Feed(link, position)
        self.got: list[Records] = []

    def turn(self) -> None:
        asked = self.feed.expire(time.monotonic_ns())
        if asked is not None:
            try:
                self.caller.send(asked)
            except NotReachable:
                self.feed._heard = 0
                self.feed.pause()
        for envelope in self.caller.receive():
            if isinstance(envelope.message, RecordsJournalled):
                records = self.feed.receive(envelope.message, time.monotonic_ns())
                if len(records):
                    self.got.append(records)

    @property
    def octets(self) -> bytes:
        self.got = [Records.joined(self.got)]
        return self.got[0].octets.tobytes()

    def close(self) -> None:
        self.caller.close()


class Ground:
    """A gateway, the keys of its station, and who talks to it."""

    def __init__(self, home: Path, mission: Mission, **more: object) -> None:
        self.home, self.mission, self.more = home, mission, more
        self.keyring = Keyring(home)
        self.pair = self.keyring.ensure("station", "service")
        self.gateway = Gateway(mission, home, "live", **more)
        self.context = zmq.Context()
        self.callers: list[Caller | Reading] = []

    @property
    def address(self) -> str:
        return Run(self.home, "live").requests(self.gateway.service)

    def reading(self, position: int = 0, link: str = "kashi") -> Reading:
        made = Reading(self.context, self.address, self.pair, self.pair.public, link, position)
        self.callers.append(made)
        return made

    def caller(self, pair: KeyPair) -> Caller:
        made = Caller(self.context, self.address, pair, self.pair.public, "live")
        self.callers.append(made)
        return made

    def ask(self, caller: Caller, message: object) -> object:
        """Ask, turning the gateway until it has answered."""
        self.until(lambda: caller.connected)
        number = caller.send(message)
        found: list = []
        self.until(lambda: bool(found.extend(caller.receive()) or found))
        (answer,) = found
        assert answer.request == number
        return answer.message

    def until(self, holds: Callable[[], bool], *readings: Reading) -> None:
        """Turn the gateway and these readers until something holds."""
        stop = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < stop, "it never held"
            self.turn(*readings)

    def turn(self, *readings: Reading) -> None:
        self.gateway.pump.turn(wait=False)
        for each in readings:
            each.turn()

    def restart(self) -> None:
        self.gateway.close()
        self.gateway = Gateway(self.mission, self.home, "live", **self.more)

    def close(self) -> None:
        self.gateway.close()
        for each in self.callers:
            each.close()
        self.context.term()

    def row(self, link: str = "kashi"):
        return self.gateway.intakes[link].row("local", time.monotonic_ns())


class Sender:
    """Sends datagrams to a link."""

    def __init__(self, ground: Ground, link: str = "kashi") -> None:
        host, port = ground.row(link).address.rsplit(":", 1)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, int(port)))

    def send(self, octets: bytes) -> None:
        self._socket.send(octets)

    def close(self) -> None:
        self._socket.close()
