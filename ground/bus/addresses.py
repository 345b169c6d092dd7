"""Where the services of a station meet on one machine: sockets in a folder of mode 0700.

`<home>/run/<realm, its / as ->/<service>.pub` and `.req`. The path of such a socket may be 107
octets long; where it would come near, it lies below `/tmp/ground-<user>-<digest of that folder>`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ground.errors import InputError, Refused

MOST_PATH = 100  # octets; the system's own limit is 107
SHORT = Path("/tmp")  # noqa: S108  # the folder in it is ours alone, or it is refused
_REALM = re.compile(r"live|(sim|replay)/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SERVICE = re.compile(r"[^/\\\s\0](?:[^/\\\n\0]{0,94}[^/\\\s\0])?")


@dataclass(frozen=True, slots=True)
class Run:
    """The meeting places of one realm of a station; any process finds the same.

    Raises:
        InputError: the realm is none, when it is made.
    """

    home: Path
    realm: str

    def __post_init__(self) -> None:
        if not _REALM.fullmatch(self.realm):
            raise InputError(f"realm {self.realm!r}; expected live, sim/NAME or replay/ID")

    @property
    def folder(self) -> Path:
        """The folder of the realm, which is there and ours alone once asked for."""
        return private(self.home.absolute() / "run" / self.realm.replace("/", "-"))

    def publisher(self, service: str) -> str:
        """Return where a service publishes."""
        return self._address(service, "pub")

    def requests(self, service: str) -> str:
        """Return where a service takes requests."""
        return self._address(service, "req")

    def publishers(self) -> list[str]:
        """Return where services publish that were started here, whether they run or not."""
        short = self._short_folder()
        folders = [self.folder, *([private(short)] if short.exists() else [])]
        return [f"ipc://{path}" for folder in folders for path in sorted(folder.glob("*.pub"))]

    def _address(self, service: str, kind: str) -> str:
        if not _SERVICE.fullmatch(service):
            raise InputError(f"service {service!r}; expected a name without slashes")
        path = self.folder / f"{service}.{kind}"
        if len(os.fsencode(path)) > MOST_PATH:
            path = self._short() / f"{service}.{kind}"
        if len(os.fsencode(path)) > MOST_PATH:
            path = path.with_name(f"{_digest(service)}.{kind}")
        return f"ipc://{path}"

    def _short(self) -> Path:
        return private(self._short_folder())

    def _short_folder(self) -> Path:
        return SHORT / f"ground-{os.getuid()}-{_digest(str(self.folder))}"


def private(folder: Path) -> Path:
    """Return a folder that is made if missing, and only ours to enter.

    Raises:
        Refused: it is there, and others may enter it or own it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise Refused(
            f"{folder}: mode {mode:04o}, owner {found.st_uid}; expected a folder of mode 0700"
            f" of user {os.geteuid()}"
        )
    return folder


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]
