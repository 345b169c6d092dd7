"""The service that copies an archive to an InfluxDB: a thread that sends, a loop that reports."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import structlog
import zmq

from ground import clock
from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Destination
from ground.archive.influx_state import CursorFile
from ground.bus.addresses import Run
from ground.bus.sockets import Publisher
from ground.errors import InputError, Refused
from ground.messages import ServiceReported, StageRow
from ground.services.influx_worker import Job, Progress, Worker
from ground.services.pump import Pump
from ground.services.vitals import Vitals
from ground.settings import Influx, Mission

STOP_S = 2.0  # that a request is waited for; what is cut off is sent again the next time
log = structlog.get_logger()


def chosen(mission: Mission, name: str | None) -> Influx:
    """Return the destination of this name, or the only one.

    Raises:
        InputError: there is none, or which one is not said.
    """
    found = [each for each in mission.influx if name in (None, each.name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.name for each in mission.influx)
    if not known:
        raise InputError(f"{mission.path}: no [[influx]]; expected one that says where to send")
    raise InputError(f"influx {name or ''!r}: expected the name of one of {known}")


def destination(influx: Influx, folder: Path) -> Destination:
    """Return where to send and with which secrets, read from where the mission file says.

    Args:
        folder: of the mission file; a `token_file` may be relative to it.

    Raises:
        InputError: a secret is not where it should be; the message names the place alone.
    """
    token = _variable(influx.token_env)
    if influx.token_file:
        path = folder / influx.token_file
        try:
            token = path.read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{path}: cannot be read; expected a file with the token") from None
    return Destination(
        influx.url,
        influx.bucket,
        influx.org,
        token,
        influx.user or "",
        _variable(influx.password_env),
        influx.api,
        influx.gzip,
    )


def _variable(name: str | None) -> str:
    if name is None:
        return ""
    if name not in os.environ:
        raise InputError(f"{name}: not in the environment; expected a secret there")
    return os.environ[name]


def job(mission: Mission, influx: Influx, home: Path, realm: str, *, once: bool = False) -> Job:
    """Return what a service for this destination does, and where it keeps its cursor."""
    where = destination(influx, mission.path.parent if mission.path else Path())
    cursor, rejects = _files(influx, home, realm)
    archive = home / "archive"
    return Job(influx.name, archive, realm, where, influx.content, cursor, rejects, once)


def _files(influx: Influx, home: Path, realm: str) -> tuple[CursorFile, Path]:
    """Return the cursor of a destination, and the file of the lines that it refused."""
    folder = home / "influx" / realm.replace("/", "-")
    told = "\n".join((influx.url, influx.org, influx.bucket, influx.content, realm))
    identity = hashlib.sha256(told.encode()).hexdigest()
    rejects = folder / f"{influx.name}.rejects"
    return CursorFile(folder / f"{influx.name}.json", identity), rejects


class InfluxService:
    """Feeds one destination and says how it goes, once a second, as `influx-<name>`.

    Raises:
        InputError: a secret is not where the mission file says.
    """

    def __init__(
        self,
        mission: Mission,
        influx: Influx,
        home: Path,
        realm: str = "live",
        *,
        once: bool = False,
    ) -> None:
        self.name = f"influx-{influx.name}"
        self._once = once
        self._worker = Worker(job(mission, influx, home, realm, once=once))
        self._vitals = Vitals(self.name)
        self._context = zmq.Context()
        address = Run(home, realm).publisher(self.name)
        self._publisher = Publisher(self._context, address, realm)
        log.info("influx.started", name=influx.name, realm=realm, content=influx.content)

    @property
    def progress(self) -> Progress:
        """How it goes."""
        return self._worker.progress

    def run(self, stop: Callable[[], bool] | None = None) -> None:
        """Serve until `stop` says so, a signal to end comes, or all is sent, where once was asked.

        Raises:
            Refused: once was asked, and the server takes nothing until somebody does something.
        """
        pump = Pump()
        pump.every(1.0, self._report)
        self._worker.start()
        pump.run(lambda: self._ended() or (stop is not None and stop()))
        self._worker.stop()
        self._worker.join(STOP_S)
        if self._once and self.progress.state == "failed":
            raise Refused(f"{self.name}: {self.progress.detail}")

    def close(self) -> None:
        """Leave the bus."""
        self._publisher.close()
        self._context.term()
        log.info("influx.stopped", name=self.name)

    def _ended(self) -> bool:
        failed = self._once and self.progress.state == "failed"
        return failed or not self._worker.is_alive()

    def _report(self) -> None:
        self._publisher.send(self.report(), "status", self.name, clock.now_ns())

    def report(self) -> ServiceReported:
        """Return how the service is; the cursor's lag is `behind` in its queues."""
        now = self.progress
        return self._vitals.report(
            now.state,
            now.detail,
            stages=[StageRow("rows", now.given, now.out, dict(now.dropped))],
            queues={"behind": now.behind, "minutes": now.waiting},
            cursors={"archive": now.serial},
            figures=now.figures,
        )


def status(mission: Mission, home: Path, realm: str) -> list[dict[str, object]]:
    """Return how far each destination of a mission is, from the files that its service keeps."""
    rows: list[dict[str, object]] = []
    with EmbeddedStore.open(home / "archive", write=False) as store:
        last = store.appended_last()
        for influx in mission.influx:
            cursor, rejects = _files(influx, home, realm)
            serial, size = cursor.read(), rejects.stat().st_size if rejects.exists() else 0
            rows.append(
                {
                    "name": influx.name,
                    "content": influx.content,
                    "serial": serial,
                    "behind": max(0, last - serial),
                    "rejects": str(rejects) if size else "",
                    "octets": size,
                }
            )
    return rows
