"""Telling systemd how a service is: ready, stopping, alive.

Source: sd_notify(3): a datagram of `KEY=VALUE` lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

SOCKET, PERIOD, WHO = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Notifier:
    """Speaks to the service manager that started this process; without one, to nobody.

    The variables are taken out of the environment, as they are not meant for children.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop(SOCKET, "")
        period, who = environment.pop(PERIOD, ""), environment.pop(WHO, "")
        mine = not who or who == str(os.getpid())
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = int(period) / 1e6 if mine and period.isdigit() else 0.0

    def say(self, *lines: str) -> None:
        """Send lines as READY=1; a manager that is gone is none of our trouble."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
            speaking.setblocking(False)
            speaking.sendto("\n".join(lines).encode(), self._address)
