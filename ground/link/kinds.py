"""From the kind that a mission file names to the receiver of it."""

from __future__ import annotations

from pathlib import Path

from ground.errors import InputError
from ground.link.directory import Directory
from ground.link.file import File
from ground.link.memory import Memory
from ground.link.receiver import Receiver
from ground.link.tcp_client import TcpClient
from ground.link.tcp_server import TcpServer
from ground.link.udp import Udp


def receiver(
    kind: str, address: str | None, *, baud: int = 115_200, notes: Path | None = None, seed: int = 0
) -> Receiver:
    """Return the receiver of a link, closed.

    Args:
        notes: file in which a link that reads files remembers what is done.
        seed: of the back-off's chance.

    Raises:
        InputError: there is no such kind, or the address is none for it.
    """
    if kind == "memory":
        return Memory(address or "memory")
    if not address:
        raise InputError(f"link of kind {kind} without address; expected where it is")
    match kind:
        case "udp":
            return Udp(address, seed)
        case "tcp-client":
            return TcpClient(address, seed)
        case "tcp-server":
            return TcpServer(address, seed)
        case "serial":
            from ground.link.serial import SerialLine

            return SerialLine(address, baud, seed)
        case "file":
            return File(address, notes)
        case "directory":
            return Directory(address, notes)
    raise InputError(f"{kind!r} is no kind of link")
