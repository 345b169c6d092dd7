"""Where a link is on the network: `host:port`, on loopback unless a host is said."""

from __future__ import annotations

import ipaddress
import re
import socket

from ground.errors import InputError

_FORM = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})")
Address = tuple[socket.AddressFamily, tuple[str, int]]


def parse(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`, `[v6]:port` or `:port`.

    Raises:
        InputError: it is none of these.
    """
    found = _FORM.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise InputError(f"address {text!r}; expected host:port, as 127.0.0.1:10015")
    return found["six"] or found["host"] or "127.0.0.1", int(found["port"])


def numeric(text: str) -> Address | None:
    """Return the address where its host is a number or localhost; None where it is a name."""
    host, port = parse(text)
    host = "127.0.0.1" if host == "localhost" else host
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return socket.AF_INET6 if version == 6 else socket.AF_INET, (host, port)


def resolve(text: str) -> Address:
    """Return the address, asking for its name where it has one; this may take seconds.

    Raises:
        OSError: nobody knows the name.
    """
    known = numeric(text)
    if known is not None:
        return known
    host, port = parse(text)
    family, _, _, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    return family, (str(found[0]), port)


def shown(name: tuple[object, ...]) -> str:
    """Return a socket's name as people write it."""
    host, port = str(name[0]), name[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
