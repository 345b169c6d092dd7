"""Requests: those that a key may make come in; everything else is counted and does nothing."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgpack
import psutil
import pytest
import zmq

from ground import messages, wire
from ground.bus.keys import KeyPair, Keyring
from ground.bus.requests import Caller, Server
from ground.bus.roles import LEAST
from ground.errors import InputError, NotReachable, Refused
from ground.messages import Answered, ControlLink, ListAlarms, ReadJournal

from .conftest import until

ENABLE = ControlLink("kashi", "enable")


class Station:
    """A server that does what it is asked, and whoever calls it."""

    def __init__(self, context: Any, address: str, keyring: Keyring) -> None:
        self.stack = ExitStack()
        self.context, self.keyring = context, keyring
        self.server = Server(context, address, keyring, "live")
        self.stack.callback(self.server.close)
        self.address = self.server.address
        self.done: list[tuple[str, str, Any]] = []

    def call(self, pair: KeyPair | None = None, server: bytes | None = None) -> Caller:
        pair = pair or self.keyring.own("olga")
        server = server or self.keyring.public("station")
        caller = Caller(self.context, self.address, pair, server, "live")
        self.stack.callback(caller.close)
        return caller

    def raw(self, kind: int = zmq.DEALER, pair: KeyPair | None = None) -> zmq.Socket[bytes]:
        """A socket that knows nothing of our messages."""
        socket = self.context.socket(kind)
        self.stack.callback(socket.close)
        socket.linger = 0
        if pair is not None:
            socket.curve_publickey, socket.curve_secretkey = pair.public, pair.secret
            socket.curve_serverkey = self.keyring.public("station")
        socket.connect(self.address)
        return socket

    def serve(self) -> None:
        for request in self.server.receive():
            self.done.append((request.user, request.role, request.envelope.message))
            self.server.send(request.identity, Answered(ok=True), request.envelope.request)

    def ask(self, caller: Caller, message: Any) -> Any:
        """Ask and serve in one thread."""
        until(lambda: caller.connected)
        number = caller.send(message)
        found: list[Any] = []

        def answered() -> bool:
            self.serve()
            found.extend(each for each in caller.receive() if each.request == number)
            return bool(found)

        until(answered)
        return found[0].message

    def works(self) -> bool:
        """Whether a steady client is still served."""
        with ExitStack() as stack:
            caller = self.call()
            stack.callback(caller.close)
            return bool(self.ask(caller, ListAlarms()) == Answered(ok=True))


@pytest.fixture(params=["ipc", "tcp"])
def station(request, context, run, keyring) -> Iterator[Station]:
    address = run.requests("processor") if request.param == "ipc" else "tcp://127.0.0.1:0"
    station = Station(context, address, keyring)
    with station.stack:
        yield station


def test_the_key_says_who_asks(station):
    assert station.ask(station.call(), ENABLE) == Answered(ok=True)
    assert station.done == [("olga", "operate", ENABLE)]
    assert not station.server.refused and not station.server.dropped


def test_a_server_sends_what_nobody_asked_for_to_whom_it_knows(station):
    caller = station.call()
    station.ask(caller, ListAlarms())
    [identity] = station.server._keys
    assert station.server.send(identity, messages.AlarmsListed([]))
    until(lambda: caller.socket.poll(0))
    assert [(each.request, each.message) for each in caller.receive()] == [
        (0, messages.AlarmsListed([]))
    ]
    assert not station.server.send(b"stranger", Answered(ok=True))
    assert station.server.dropped == {"key not authorised": 1}


def test_a_client_that_left_is_gone_and_counted(station):
    caller = station.call()
    station.ask(caller, ListAlarms())
    [identity] = station.server._keys
    caller.close()
    until(lambda: not station.server.send(identity, Answered(ok=True)))
    assert station.server.dropped == {"gone": 1}


def test_a_client_that_does_not_read_fills_its_own_queue_only(station):
    slow = station.call()
    station.ask(slow, ListAlarms())
    [identity] = station.server._keys
    much = messages.EventsListed([messages.EventRow(0, "x" * 10_000, "", "info", "", "")])
    sent = [station.server.send(identity, much) for _ in range(5_000)]
    assert 0 < station.server.dropped["full"] == sent.count(False) < 5_000
    assert station.works()


@pytest.mark.parametrize("role", ["view", "operate", "admin", "gateway", "service"])
@pytest.mark.parametrize(
    "message, allowed",
    [
        (ListAlarms(), {"view", "operate", "admin", "service"}),
        (ENABLE, {"operate", "admin"}),
        (messages.SetLimits("CG-1", "/P", None, "why"), {"operate", "admin"}),
        (ReadJournal("kashi", 0, 1), {"service"}),
        (messages.AcknowledgeJournal("kashi", 0), {"service"}),
    ],
)
def test_a_role_may_do_what_the_table_says(context, run, keyring, role, message, allowed):
    station = Station(context, run.requests("processor"), keyring)
    with station.stack:
        answer = station.ask(station.call(keyring.make("other", role)), message)
        assert answer.ok == (role in allowed)
        assert bool(station.done) == answer.ok
        if not answer.ok:
            assert f"yours is {role}" in answer.reason
            assert station.server.refused == {"not allowed": 1}


def test_each_request_has_a_role_and_no_fact_does():
    facts = {each.__name__ for each in messages.MESSAGES} - set(LEAST)
    assert all(name.endswith(("ed", "Found", "Listed", "Read", "Taken")) for name in facts)


# --- Refused at the door ------------------------------------------------------------------------


def refused(station: Station, reason: str) -> None:
    """Wait until something was refused for a reason; nothing was done, and others are served."""

    def counted() -> bool:
        station.serve()
        return bool(station.server.refused[reason])

    until(counted)
    assert station.done == []
    assert station.works()


def stranger() -> KeyPair:
    return KeyPair("mallory", *zmq.curve_keypair())


def test_a_key_that_is_not_authorised_stays_outside(station):
    caller = station.call(stranger())
    until(lambda: caller.trouble == "key not authorised")
    assert not caller.connected
    with pytest.raises(NotReachable, match="key not authorised"):
        caller.send(ENABLE)
    refused(station, "key not authorised")


def test_a_client_that_does_not_know_the_server_key_stays_outside(station):
    caller = station.call(server=stranger().public)
    refused(station, "wrong server key")
    assert not caller.connected


def test_a_client_without_a_key_stays_outside(station):
    station.raw().send_multipart([b"live/requests/ListAlarms/1", b"x"])
    refused(station, "mechanism is not CURVE")


def test_a_client_with_a_password_stays_outside(station):
    socket = station.context.socket(zmq.DEALER)
    station.stack.callback(socket.close)
    socket.linger = 0
    socket.plain_username, socket.plain_password = b"olga", b"secret"
    socket.connect(station.address)
    refused(station, "mechanism is not CURVE")


GREETING = b"\xff" + bytes(8) + b"\x7f\3\0CURVE" + bytes(15 + 32)
HELLO = b"\4\xc8\5HELLO"


@pytest.mark.parametrize(
    "reason, octets",
    [
        ("broken handshake", GREETING + HELLO + bytes(194)),
        ("broken handshake", GREETING + b"\4\5\5JUNK" + bytes(100)),
        ("handshake not finished", GREETING),
    ],
)
def test_a_handshake_that_is_none_stays_outside(context, keyring, reason, octets):
    station = Station(context, "tcp://127.0.0.1:0", keyring)
    with station.stack:
        send(station, octets)
        refused(station, reason)


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.0\r\n\r\n" + bytes(200), bytes(range(256)) * 20, b""]
)
def test_octets_that_are_no_zeromq_do_nothing(context, keyring, octets):
    station = Station(context, "tcp://127.0.0.1:0", keyring)
    with station.stack:
        send(station, octets)
        assert station.works()


def send(station: Station, octets: bytes) -> None:
    host, port = station.address.removeprefix("tcp://").split(":")
    with sockets.create_connection((host, int(port))) as connection:
        connection.sendall(octets)


# --- Refused at the desk ------------------------------------------------------------------------


def asked(message: Any = ENABLE, number: int = 1, **stands: Any) -> list[bytes]:
    topic = f"live/requests/{type(message).__name__}/{number}"
    stands = {"topic": topic, "realm": "live", "seq": 0, "t_ns": 0, "request": number} | stands
    return [bytes(each) for each in wire.encode(message, **stands)]


def with_header(change: Callable[[dict[str, Any]], Any]) -> list[bytes]:
    topic, header = asked()
    parsed = msgpack.unpackb(header)
    change(parsed)
    return [topic, msgpack.packb(parsed)]


@pytest.mark.parametrize(
    "reason, frames",
    [
        ("malformed", [b""]),
        ("malformed", [b"live/requests/ControlLink/1"]),
        ("malformed", [b"live/requests/ControlLink/1", b"\xc1"]),
        ("malformed", [b"live/requests/ControlLink/1", bytes(range(256)) * 2]),
        ("malformed", [b"live/requests/ControlLink", *asked()[1:]]),
        ("malformed", [b"live/requests/ControlLink/-1", *asked()[1:]]),
        ("malformed", [b"live/requests/ControlLink/2", *asked()[1:]]),
        ("malformed", [b"live/requests/ListAlarms/1", *asked()[1:]]),
        ("malformed", [b"live/" + b"requests/" * 1000 + b"ListAlarms/1", *asked()[1:]]),
        ("other realm", [b"replay/1/requests/ControlLink/1", *asked()[1:]]),
        ("field", [*with_header(lambda header: header.update(realm="replay/1"))]),
        ("type", [b"live/requests/Explode/1", *asked()[1:]]),
        ("type", asked(messages.AlarmsListed([]))),
        ("version", with_header(lambda header: header.update(v=2))),
        ("field", with_header(lambda header: header.update(more=1))),
        ("field", with_header(lambda header: header["fields"].update(act="explode"))),
        ("oversized", [*asked(), bytes(wire.MAX_OCTETS)]),
        ("oversized", [*asked(), *[bytes(wire.MAX_OCTETS // 8)] * 8]),
        ("oversized", [asked()[0], bytes(5 << 20)]),
    ],
)
def test_a_message_that_is_no_request_does_nothing(context, run, keyring, reason, frames):
    station = Station(context, run.requests("processor"), keyring)
    with station.stack:
        socket = station.raw(pair=keyring.own("olga"))
        socket.send_multipart(frames)
        refused(station, reason)
        assert sum(station.server.refused.values()) == 1
        until(lambda: socket.poll(0))
        answer = wire.decode(socket.recv_multipart()).message
        assert not answer.ok and answer.reason


def test_a_frame_beyond_all_measure_ends_its_connection_alone(context, run, keyring):
    station = Station(context, run.requests("processor"), keyring)
    with station.stack:
        station.raw(pair=keyring.own("olga")).send_multipart([*asked(), bytes(40 << 20)])
        assert station.works()
        assert [message for _, _, message in station.done] == [ListAlarms()]


# --- Keys that come and go while a server runs --------------------------------------------------


def test_a_key_that_is_authorised_later_comes_in(station):
    pair = stranger()
    caller = station.call(pair)
    refused(station, "key not authorised")
    station.done.clear()
    station.keyring.authorise("mallory", pair.public, "operate")
    assert station.ask(caller, ENABLE) == Answered(ok=True)
    assert station.done == [("mallory", "operate", ENABLE)]
    assert caller.trouble == "" and caller.connections == 1


def test_a_key_that_is_revoked_does_and_gets_nothing_more(station):
    caller = station.call()
    station.ask(caller, ListAlarms())
    [identity] = station.server._keys
    station.keyring.revoke("olga")
    station.done.clear()
    assert station.ask(caller, ENABLE) == Answered(ok=False, reason="this key is not authorised")
    assert not station.server.send(identity, messages.AlarmsListed([]))
    assert station.server.refused["key not authorised"] == 1
    assert station.done == [] and station.server.dropped == {"key not authorised": 1}
    again = station.call()
    until(lambda: again.trouble == "key not authorised")


def test_keys_that_cannot_be_read_let_nobody_in(station, home):
    caller = station.call()
    station.ask(caller, ListAlarms())
    station.done.clear()
    (home / "keys").chmod(0o755)
    assert not station.ask(caller, ENABLE).ok
    assert station.done == []
    (home / "keys").chmod(0o700)
    assert station.ask(caller, ENABLE).ok


# --- Many clients -------------------------------------------------------------------------------


def test_five_hundred_clients_come_and_go_and_nothing_is_lost_or_left(context, keyring):
    station = Station(context, "tcp://127.0.0.1:0", keyring)
    with station.stack:
        steady = station.call()
        assert station.ask(steady, ListAlarms()).ok
        asked, answered, visits = [], [], 0
        files = psutil.Process().num_fds()
        while visits < 500:
            guests = [station.call() for _ in range(25)]
            visits += len(guests)
            until(lambda guests=guests: all(each.connected for each in guests))
            for each in guests:
                each.send(ENABLE)
                asked.append(steady.send(ListAlarms()))
                station.serve()
                answered += got(steady)
                each.close()
        until(lambda: station.serve() or answered.extend(got(steady)) or answered == asked)
        until(lambda: station.serve() or psutil.Process().num_fds() <= files)
        assert station.ask(steady, ListAlarms()).ok and steady.connections == 1
        assert not station.server.refused
        assert set(station.server.dropped) <= {"gone"}


def got(caller: Caller) -> list[int]:
    return [each.request for each in caller.receive()]


# --- Addresses, and a station that is not there -------------------------------------------------


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:0", "tcp://*:0", "tcp://[::1]:0"])
def test_nothing_listens_on_a_network_before_someone_was_given_a_key(context, home, address):
    keyring = Keyring(home)
    keyring.ensure("station", "service")
    keyring.ensure("operator", "admin")
    with pytest.raises(Refused, match="no client key is authorised; expected one by `ground keys"):
        Server(context, address, keyring, "live")
    assert Refused.exit_code == 3


def test_an_address_that_is_taken_or_none_says_so(context, keyring):
    station = Station(context, "tcp://127.0.0.1:0", keyring)
    with station.stack:
        with pytest.raises(NotReachable, match="Address already in use"):
            Server(context, station.address, keyring, "live")
        for address in ("nonsense", "tcp://nowhere", "foo://bar:1"):
            with pytest.raises(InputError, match="no address"):
                Server(context, address, keyring, "live")


def test_who_does_not_answer_is_not_reachable(context, run, keyring):
    pair, server = keyring.own("olga"), keyring.public("station")
    caller = Caller(context, run.requests("nobody"), pair, server, "live")
    with pytest.raises(NotReachable, match=r"nobody\.req: no answer"):
        caller.ask(ListAlarms(), 0.05)
    caller.close()
    assert NotReachable.exit_code == 4


def test_a_request_of_an_earlier_time_is_not_kept_for_a_server_that_comes_back(
    context, run, keyring
):
    station = Station(context, run.requests("processor"), keyring)
    caller = station.call()
    station.ask(caller, ListAlarms())
    station.server.close()
    until(lambda: not caller.connected)
    with pytest.raises(NotReachable):
        caller.send(ENABLE)
    station.server = Server(context, run.requests("processor"), keyring, "live")
    station.done.clear()
    assert station.ask(caller, ListAlarms()) == Answered(ok=True)
    assert [message for _, _, message in station.done] == [ListAlarms()]
    assert caller.connections == 2
    station.server.close()
    station.stack.close()


def test_asking_waits_for_its_own_answer(context, run, keyring):
    station = Station(context, run.requests("processor"), keyring)
    with station.stack:
        caller = station.call()
        station.ask(caller, ListAlarms())
        [identity] = station.server._keys
        station.server.send(identity, messages.EventsListed([]))
        station.server.send(identity, Answered(ok=False, reason="late"), 1)
        station.server.send(identity, Answered(ok=True), 2)
        assert caller.ask(ENABLE, 5) == Answered(ok=True)
        assert [each.request for each in caller.receive()] == [0, 1]
