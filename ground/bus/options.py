"""What every socket of the bus is told, so that none waits, grows or hangs without a bound."""

from __future__ import annotations

import zmq

from ground.bus.keys import KeyPair
from ground.errors import InputError, NotReachable, Refused
from ground.wire import MAX_OCTETS

HIGH_WATER = 1000  # messages that may wait for one peer; what comes on top is lost, and counted
MOST_FRAME = 2 * MAX_OCTETS  # a larger frame ends its connection before it is stored
LINGER_MS = 200  # what is still to be sent when a service ends
HANDSHAKE_MS, HEARTBEAT_MS, SILENCE_MS = 5_000, 2_000, 10_000
RECONNECT_MS, RECONNECT_MOST_MS = 50, 1_000


def configure(socket: zmq.Socket[bytes], high_water: int = HIGH_WATER) -> None:
    """Bound a new socket's queues, messages, handshakes and silences."""
    socket.linger = LINGER_MS
    socket.sndhwm = socket.rcvhwm = high_water
    socket.setsockopt(zmq.MAXMSGSIZE, MOST_FRAME)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, SILENCE_MS)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MOST_MS)


def present(socket: zmq.Socket[bytes], pair: KeyPair, server: bytes) -> None:
    """Let a socket come in with a key, to a server of this public key only."""
    socket.curve_publickey, socket.curve_secretkey = pair.public, pair.secret
    socket.curve_serverkey = server


def bind(socket: zmq.Socket[bytes], address: str) -> str:
    """Bind a socket; return the address with the port that a port of 0 or * became.

    Raises:
        InputError: it is no address.
        NotReachable: it is not free, or not of this machine.
    """
    _speak(socket, address)
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        raise _failure(address, error) from None
    return socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")


def connect(socket: zmq.Socket[bytes], address: str) -> None:
    """Connect a socket, now or once someone listens; InputError where it is no address."""
    _speak(socket, address)
    try:
        socket.connect(address)
    except zmq.ZMQError as error:
        raise _failure(address, error) from None


def ready(socket: zmq.Socket[bytes], event: int) -> bool:
    """Return whether a socket can be read (POLLIN) or written to (POLLOUT) now."""
    return bool(int(socket.getsockopt(zmq.EVENTS)) & event)


def over_network(address: str) -> bool:
    """Return whether an address leaves this machine's files and memory."""
    return not address.startswith(("ipc://", "inproc://"))


def must_have_clients(address: str, chosen: bool) -> None:
    """Refuse to listen on a network where no one was given a key."""
    if over_network(address) and not chosen:
        raise Refused(
            f"{address}: no client key is authorised; expected one by"
            " `ground keys make` or `ground keys authorise`"
        )


def _speak(socket: zmq.Socket[bytes], address: str) -> None:
    """Speak IPv6 where an address is written in it; else ports would be named in it as well."""
    socket.setsockopt(zmq.IPV6, int("[" in address))


def _failure(address: str, error: zmq.ZMQError) -> InputError | NotReachable:
    if error.errno in (zmq.EINVAL, zmq.EPROTONOSUPPORT, zmq.ENOCOMPATPROTO):
        return InputError(f"{address}: no address; expected tcp://HOST:PORT or ipc://PATH")
    return NotReachable(f"{address}: {error.strerror}; expected an address that is free here")
