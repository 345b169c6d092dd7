"""A serial line: a stream of octets without connections; each opening begins it anew."""

from __future__ import annotations

import os
import select

import serial

from ground.link.backoff import Backoff
from ground.link.receiver import CHUNK_OCTETS, TURN_OCTETS, Chunk, Receiver


class SerialLine(Receiver):
    """Receives what a serial device gives."""

    def __init__(self, device: str, baud: int, seed: int = 0) -> None:
        super().__init__(device)
        self._baud = baud
        self._backoff = Backoff(seed=seed)
        self._port: serial.Serial | None = None
        self._opened = 0
        self._begins = True

    def open(self, now: int) -> None:
        """Open the device for this process alone."""
        try:
            self._port = serial.Serial(self.address, self._baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            self._fail(str(error), now)
            return
        self.reconnects += self._opened > 0
        self._opened += 1
        self._begins = True
        self._is("up", f"{self._baud} baud")

    def receive(self, now: int) -> list[Chunk]:
        """Return what came in; open the device again where it was gone."""
        if self._backoff.expire(now):
            self.open(now)
        if self._port is None:
            return []
        chunks: list[Chunk] = []
        try:
            while len(chunks) < TURN_OCTETS // CHUNK_OCTETS:
                octets = os.read(self._port.fileno(), CHUNK_OCTETS)
                if not octets:  # so a line says that nothing waits, and a device that it is gone
                    if _gone(self._port.fileno()):
                        self._fail("the device has gone", now)
                    break
                chunks.append(Chunk(octets, self._begins))
                self._begins = False
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(str(error.strerror or error), now)
        if chunks:
            self._backoff.succeed()
        return chunks

    def _fail(self, reason: str, now: int) -> None:
        self._drop()
        self._backoff.fail(now)
        self._is("down", reason)

    def filenos(self) -> list[int]:
        return [] if self._port is None else [self._port.fileno()]

    def deadline(self) -> int | None:
        return self._backoff.deadline()

    def close(self) -> None:
        self._drop()
        self._backoff.succeed()
        self._is("disabled")

    def _drop(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


def _gone(device: int) -> bool:
    poll = select.poll()
    poll.register(device, 0)
    return bool(poll.poll(0))  # POLLHUP and POLLERR are told unasked
