"""Asking and answering: `Caller` on the one side, `Server` on the other, `Request` in between."""

from ground.bus.caller import Caller
from ground.bus.server import Request, Server

__all__ = ["Caller", "Request", "Server"]
