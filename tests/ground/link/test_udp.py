"""UDP links: each datagram a record, and what the kernel dropped is known."""

from __future__ import annotations

import socket
import sys

import pytest

from ground.link.udp import Udp
from tests.ground.link.driving import now, pieces, until


@pytest.fixture
def link():
    made = Udp("127.0.0.1:0")
    made.open(now())
    yield made
    made.close()


@pytest.fixture
def sender(link):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    host, port = link.address.rsplit(":", 1)
    made.connect((host, int(port)))
    yield made
    made.close()


def test_each_datagram_is_a_record_and_the_first_begins(link, sender):
    assert link.state == "up" and "receive buffer" in link.detail
    for each in (b"one", b"two", bytes(65507)):
        sender.send(each)
    got = until(link, lambda got: len(got) == 3)
    assert got == [(b"one", True), (b"two", False), (bytes(65507), False)]


def test_an_empty_datagram_is_counted_and_is_no_record(link, sender):
    sender.send(b"")
    sender.send(b"x")
    assert until(link, bool) == [(b"x", True)]
    assert link.dropped == {"empty": 1}


def test_nothing_waits_is_no_record(link):
    assert pieces(link) == []
    assert link.deadline() is None


@pytest.mark.skipif(sys.platform != "linux", reason="the count is Linux's")
def test_what_the_kernel_dropped_is_counted(link, sender):
    link._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(200):
        sender.send(bytes(1000))
    got = until(link, lambda got: len(got) + link.dropped["kernel"] == 200)
    assert 0 < len(got) < 200


def test_an_address_in_use_is_failed_and_tried_again(link):
    other = Udp(link.address, seed=1)
    other.open(now())
    assert (other.state, link.address in other.detail) == ("failed", True)
    again = other.deadline()
    link.close()
    assert pieces(other) == [] and other.state == "failed"
    other.receive(again)
    assert other.state == "up" and other.deadline() is None
    other.close()
    assert other.filenos() == [] and other.state == "disabled"


def test_it_receives_over_ipv6():
    link = Udp("[::1]:0")
    link.open(now())
    if link.state != "up":
        pytest.skip("no IPv6 on this machine")
    sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sender.sendto(b"six", ("::1", link._socket.getsockname()[1]))
    assert until(link, bool) == [(b"six", True)]
    assert link.address.startswith("[::1]:")
    sender.close()
    link.close()
