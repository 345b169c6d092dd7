"""The door of sockets that take CURVE: ZAP, which lets in authorised keys and nobody else.

ZeroMQ asks one ZAP handler for each context whether a key may come in; `Guard` is that handler, a
thread that knows the keyring of each socket by its domain. `Gate` puts one socket under it and
counts the handshakes that failed, by reason.

Source: ZeroMQ RFC 27 (ZAP 1.0), RFC 26 (CurveZMQ).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import zmq
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from ground.bus import options
from ground.bus.keys import Keyring, Role
from ground.errors import GroundError

Context = zmq.Context[zmq.Socket[bytes]]
ZAP = "inproc://zeromq.zap.01"
STOP = b"stop"
FAILURES = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_NUMBERS = itertools.count(1)
NOT_AUTHORISED = "key not authorised"
_PROTOCOL = {
    zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: "mechanism is not CURVE",
    zmq.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: "wrong server key",
    zmq.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE: "wrong server key",
}


class Guard:
    """The ZAP handler of one context, which runs while any socket is under it."""

    _of: ClassVar[WeakKeyDictionary[Context, Guard]] = WeakKeyDictionary()
    _lock: ClassVar = threading.Lock()

    def __init__(self, context: Context) -> None:
        self._context = context
        self._keyrings: dict[bytes, Keyring] = {}
        socket = context.socket(zmq.REP)
        socket.linger = 0
        socket.bind(ZAP)
        self._thread = threading.Thread(target=self._run, args=(socket,), name="zap", daemon=True)
        self._thread.start()

    @classmethod
    def enter(cls, context: Context, keyring: Keyring) -> bytes:
        """Return a new domain in which the keys of a keyring may come in."""
        with cls._lock:
            guard = cls._of.get(context) or cls._of.setdefault(context, cls(context))
            domain = f"ground-{next(_NUMBERS)}".encode()
            guard._keyrings[domain] = keyring
            return domain

    @classmethod
    def leave(cls, context: Context, domain: bytes) -> None:
        """Give up a domain; with the last one of its context the handler ends."""
        with cls._lock:
            guard = cls._of[context]
            del guard._keyrings[domain]
            if not guard._keyrings:
                del cls._of[context]
                guard._stop()

    def _stop(self) -> None:
        with self._context.socket(zmq.REQ) as socket:
            socket.connect(ZAP)
            socket.send(STOP)
            self._thread.join()
            socket.linger = 0

    def _run(self, socket: zmq.Socket[bytes]) -> None:
        with socket, suppress(zmq.ContextTerminated):
            while (asked := socket.recv_multipart()) != [STOP]:
                socket.send_multipart(self._answer(asked))

    def _answer(self, asked: list[bytes]) -> list[bytes]:
        """Return the ZAP reply: version, request, status, text, user, metadata."""
        version, request, domain, _address, _identity, mechanism, *credentials = asked
        if mechanism == b"CURVE" and len(credentials) == 1:
            key = z85.encode(credentials[0])
            keyring = self._keyrings.get(domain)
            if keyring is not None and key in users(keyring):
                return [version, request, b"200", b"OK", key, b""]
        return [version, request, b"400", NOT_AUTHORISED.encode(), b"", b""]


def users(keyring: Keyring) -> Mapping[bytes, tuple[str, Role]]:
    """Return who is authorised now; keys that cannot be read let nobody in."""
    try:
        return keyring.authorised()
    except (GroundError, OSError):
        return {}


class Gate:
    """What stands before one CURVE server socket; make it before the socket binds."""

    def __init__(
        self, context: Context, socket: zmq.Socket[bytes], keyring: Keyring, own: str
    ) -> None:
        pair = keyring.own(own)
        self._context = context
        self._domain = Guard.enter(context, keyring)
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = pair.public, pair.secret
        socket.zap_domain = self._domain
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        self._monitor = monitor(context, socket, FAILURES)

    def failures(self) -> list[str]:
        """Return why handshakes failed since last asked, one reason each."""
        return [reason(each) for each in events(self._monitor)]

    def close(self) -> None:
        """Stop watching; to be called after the socket is closed."""
        if not self._monitor.closed:
            self._monitor.close()
            Guard.leave(self._context, self._domain)


def monitor(context: Context, socket: zmq.Socket[bytes], mask: int) -> zmq.Socket[bytes]:
    """Return a socket on which events of another come in; it never holds up that other."""
    address = f"inproc://monitor-{next(_NUMBERS)}"
    socket.monitor(address, mask)
    watching = context.socket(zmq.PAIR)
    watching.linger = 0
    watching.rcvhwm = 0
    watching.connect(address)
    return watching


def events(watching: zmq.Socket[bytes]) -> list[dict[str, Any]]:
    """Return the events that a monitor holds."""
    found = []
    while options.ready(watching, zmq.POLLIN):
        event: dict[str, Any] = {**parse_monitor_message(watching.recv_multipart())}
        if event["event"] != zmq.EVENT_MONITOR_STOPPED:
            found.append(event)
    return found


def reason(event: dict[str, Any]) -> str:
    """Return why a handshake failed."""
    if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return NOT_AUTHORISED
    if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return _PROTOCOL.get(event["value"], "broken handshake")
    return "handshake not finished"
