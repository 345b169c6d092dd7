"""The connections of a client: watched, and asked for again where a server refused them.

ZeroMQ reconnects by itself when a line breaks, but gives up on a server that refuses a key. A key
may be authorised a minute later, or its file be only half there yet: so we knock again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import zmq

from ground.bus import options
from ground.bus.guard import FAILURES, Context, events, monitor, reason

KNOCK_S = 0.5  # between two attempts that a server refused
GIVEN_UP = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


class Visits:
    """The connections of one socket.

    Attributes:
        count: how many were made, those after a break included.
        trouble: why the last attempt failed, where the other side said so; empty once one works.
    """

    def __init__(self, context: Context, socket: zmq.Socket[bytes]) -> None:
        self.count = 0
        self.trouble = ""
        self._socket = socket
        self._monitor = monitor(context, socket, FAILURES | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._addresses: list[str] = []
        self._refused: set[str] = set()
        self._knock = 0.0

    def connect(self, address: str) -> None:
        """Connect to an address, and again whenever that is needed."""
        options.connect(self._socket, address)
        self._addresses.append(address)

    def look(self) -> None:
        """Take note of what happened, and knock again where it is time; never waits."""
        for event in events(self._monitor):
            self._note(event)
        if self._refused and time.monotonic() >= self._knock:
            for address in self._refused:
                with suppress(zmq.ZMQError):  # ZeroMQ may have forgotten it already
                    self._socket.disconnect(address)
                options.connect(self._socket, address)
            self._refused.clear()

    def close(self) -> None:
        """Watch no more; to be called after the socket is closed."""
        self._monitor.close()

    def _note(self, event: dict[str, Any]) -> None:
        if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.count += 1
            self.trouble = ""
            return
        self.trouble = reason(event)
        if event["event"] & GIVEN_UP:
            if not self._refused:
                self._knock = time.monotonic() + KNOCK_S
            address = event["endpoint"].decode()  # with a number where a name was given
            known = address in self._addresses
            self._refused.update([address] if known else self._addresses)
