"""Serial links, through a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import tty

import pytest

from ground.link.serial import SerialLine
from tests.ground.link.driving import now, octets, pieces, until


@pytest.fixture
def pair():
    master, slave = pty.openpty()
    tty.setraw(master)
    yield master, os.ttyname(slave)
    os.close(slave)


def test_every_octet_of_a_line_comes_through(pair):
    master, device = pair
    link = SerialLine(device, 115_200)
    link.open(now())
    assert (link.state, link.detail) == ("up", "115200 baud")
    assert pieces(link) == []
    sent = bytes(range(256)) * 8
    os.write(master, sent)
    got = until(link, lambda got: len(octets(got)) == len(sent))
    assert octets(got) == sent and got[0][1]
    link.close()
    os.close(master)


def test_a_device_that_goes_away_is_down_and_tried_again(pair):
    master, device = pair
    link = SerialLine(device, 9600)
    link.open(now())
    os.close(master)
    until(link, lambda _: link.state == "down")
    assert link.filenos() == [] and link.deadline() > now()
    link.close()


def test_a_device_that_is_not_there_says_so(tmp_path):
    link = SerialLine(str(tmp_path / "ttyNone"), 9600)
    link.open(now())
    assert link.state == "down" and "ttyNone" in link.detail
    link.close()
