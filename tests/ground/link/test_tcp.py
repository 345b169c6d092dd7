"""TCP links: a stream that is connected again whenever it was lost."""

from __future__ import annotations

import socket

import pytest

from ground.errors import InputError
from ground.link.tcp_client import TcpClient
from ground.link.tcp_server import TcpServer
from tests.ground.link.driving import now, octets, until


@pytest.fixture
def listening():
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(10)
    yield made
    made.close()


def client_of(listening) -> TcpClient:
    return TcpClient(f"127.0.0.1:{listening.getsockname()[1]}")


def connected(link: TcpClient, listening) -> socket.socket:
    peer, _ = listening.accept()
    until(link, lambda _: link.state == "up")
    return peer


def test_a_client_receives_what_the_server_sends(listening):
    link = client_of(listening)
    link.open(now())
    assert link.state == "connecting" and link.deadline() is not None
    with connected(link, listening) as peer:
        peer.sendall(b"a" * 700_000)
        got = until(link, lambda got: len(octets(got)) == 700_000)
    assert [begins for _, begins in got] == [True] + [False] * (len(got) - 1)
    link.close()


def test_a_client_connects_again_and_the_stream_begins_anew(listening):
    link = client_of(listening)
    link.open(now())
    with connected(link, listening) as peer:
        peer.sendall(b"one")
        until(link, bool)
    until(link, lambda _: link.state == "down")
    assert "closed by the peer" in link.detail
    assert 250_000_000 <= link.deadline() - now() + 100_000_000 <= 600_000_000
    link.receive(link.deadline())
    with connected(link, listening) as peer:
        peer.sendall(b"two")
        assert until(link, bool) == [(b"two", True)]
    assert link.reconnects == 1
    link.close()


def test_a_client_that_nobody_answers_waits_longer_each_time(listening):
    link = client_of(listening)
    listening.close()
    link.open(now())
    waits = []
    for _ in range(4):
        until(link, lambda _: link.state == "down")
        at = link.deadline()
        waits.append((at - now()) / 1e9)
        link.receive(at)
    assert "refused" in link.detail and link.reconnects == 0
    assert all(later > 1.2 * earlier for earlier, later in zip(waits, waits[2:], strict=False))
    link.close()


def test_a_name_is_looked_up_aside():
    link = TcpClient("no-such-host.invalid:1")
    link.open(now())
    assert link.state == "connecting"
    until(link, lambda _: link.state == "down")
    assert "no-such-host.invalid" in link.detail
    link.close()


@pytest.mark.parametrize("address", ["", "host", "host:99999", "1:2:3", "[::1:5", "host:-1"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InputError, match="expected host:port"):
        TcpClient(address)


@pytest.fixture
def server():
    link = TcpServer("127.0.0.1:0")
    link.open(now())
    yield link
    link.close()


def peer_of(link: TcpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(link.address.rsplit(":", 1)[1])), timeout=10)


def test_a_server_waits_for_a_peer_and_receives_its_stream(server):
    assert (server.state, server.detail) == ("connecting", "no peer yet")
    with peer_of(server) as peer:
        peer.sendall(b"hello")
        assert until(server, bool) == [(b"hello", True)]
        assert server.state == "up" and "peer 127.0.0.1:" in server.detail
    until(server, lambda _: server.state == "down")
    assert server.detail == "closed by the peer; waiting for a peer"


def test_a_new_peer_replaces_the_one_before_whose_octets_come_first(server):
    with peer_of(server) as first:
        first.sendall(b"one")
        until(server, bool)
        first.sendall(b"the last of it" * 1000)
        with peer_of(server) as second:
            second.sendall(b"two")
            got = until(server, lambda got: (b"two", True) in got)
    assert octets(got) == b"the last of it" * 1000 + b"two"
    assert [begins for _, begins in got].count(True) == 1
    assert server.reconnects == 1


def test_a_peer_that_goes_at_once_leaves_the_next_one_room(server):
    peer_of(server).close()
    with peer_of(server) as second:
        second.sendall(b"two")
        assert until(server, bool) == [(b"two", True)]


def test_a_server_whose_address_is_taken_is_failed_and_tries_again(server):
    other = TcpServer(server.address)
    other.open(now())
    assert other.state == "failed"
    server.close()
    other.receive(other.deadline())
    assert other.state == "connecting"
    other.close()
