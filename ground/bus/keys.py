"""Keys: who may ask what of a station, as ZeroMQ certificates in `<home>/keys`.

`NAME.key` is a public key that is authorised, with its role; `NAME.key_secret` a pair of our own,
in a file that only its owner may read. Whoever holds the secret of an authorised key is that user.
Removing `NAME.key` revokes it; a running station notices.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import zmq
from zmq.utils import z85

from ground.bus.addresses import private
from ground.bus.certificates import Certificate, read, write
from ground.errors import InputError, Refused

Role = Literal["view", "operate", "admin", "gateway", "service"]
ROLES: tuple[Role, ...] = ("view", "operate", "admin", "gateway", "service")
PUBLIC, SECRET = ".key", ".key_secret"
MADE_BY_ITSELF = "station"  # who made a key that nobody asked for
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A pair of keys of our own, in Z85; the secret is never shown."""

    name: str
    public: bytes
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is listed: whether it is authorised here, and whether its secret lies here."""

    name: str
    role: str
    public: str
    authorised: bool
    secret: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read from disk when the folder looked like `stamp`."""

    stamp: tuple[object, ...]
    users: Mapping[bytes, tuple[str, Role]]
    chosen: bool


class Keyring:
    """The folder of keys of a station; made, with mode 0700, when it is first used.

    Raises:
        Refused: others may enter the folder, or read a file of a secret.
    """

    def __init__(self, home: Path) -> None:
        self._folder = private(home.absolute() / "keys")
        self._known = _Known((), {}, chosen=False)

    def make(self, name: str, role: Role) -> KeyPair:
        """Make a pair of keys and authorise it; Refused where the name is taken."""
        return self._make(name, role, {})

    def ensure(self, name: str, role: Role) -> KeyPair:
        """Return our pair of this name, made if there is none; a revoked one stays revoked."""
        if not self._path(name, SECRET).exists():
            try:
                return self._make(name, role, {"made-by": MADE_BY_ITSELF})
            except Refused:
                if not self._path(name, SECRET).exists():
                    raise
        return self.own(name)

    def own(self, name: str) -> KeyPair:
        """Return our pair of this name; InputError where there is none."""
        found = read(self._path(name, SECRET), secret=True)
        return KeyPair(name, found.public, found.secret)

    def public(self, name: str) -> bytes:
        """Return the public key of this name in Z85; InputError where there is none."""
        path = self._path(name, PUBLIC)
        return read(path).public if path.exists() else self.own(name).public

    def secret_file(self, name: str) -> Path:
        """Return where our pair of this name lies, or would."""
        return self._path(name, SECRET)

    def authorise(self, name: str, public: bytes | str, role: Role) -> None:
        """Let the holder of a key in under this name; Refused where name or key is taken."""
        key = _key(public)
        known = self.authorised().get(key)
        if known is not None:
            raise Refused(f"this key is authorised already, as {known[0]} with role {known[1]}")
        write(self._path(name, PUBLIC), Certificate(key, {"role": _role(role)}))

    def revoke(self, name: str) -> None:
        """Let a key in no more; InputError where it was not authorised."""
        try:
            self._path(name, PUBLIC).unlink()
        except FileNotFoundError:
            names = ", ".join(sorted(each for each, _ in self.authorised().values())) or "none yet"
            known = f"expected one of {names}"
            raise InputError(f"key {name!r}: not authorised here; {known}") from None

    def authorised(self) -> Mapping[bytes, tuple[str, Role]]:
        """Return name and role by public key, as they are on disk now.

        What cannot be read or has no role we know is not authorised.
        """
        return self._now().users

    def anyone_chosen(self) -> bool:
        """Whether a person authorised any key; those that `ensure` made do not count."""
        return self._now().chosen

    def list(self) -> Sequence[KeyRow]:
        """Return every key by name; InputError where a file is damaged."""
        names = {path.stem for kind in (PUBLIC, SECRET) for path in self._files(kind)}
        return [self._row(name) for name in sorted(names)]

    def _row(self, name: str) -> KeyRow:
        path, mine = self._path(name, PUBLIC), self._path(name, SECRET).exists()
        if not path.exists():
            return KeyRow(name, "", self.own(name).public.decode(), authorised=False, secret=mine)
        found = read(path)
        role = _role(found.notes.get("role", ""), where=f"{path}: ")
        return KeyRow(name, role, found.public.decode(), authorised=True, secret=mine)

    def _make(self, name: str, role: Role, notes: dict[str, str]) -> KeyPair:
        notes = {"role": _role(role)} | notes
        if self._path(name, PUBLIC).exists():
            raise Refused(f"key {name!r} is authorised already; expected another name")
        public, secret = zmq.curve_keypair()
        write(self._path(name, SECRET), Certificate(public, notes, secret))
        write(self._path(name, PUBLIC), Certificate(public, notes))
        return KeyPair(name, public, secret)

    def _path(self, name: str, kind: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InputError(f"key {name!r}; expected at most 64 letters, digits, - or _")
        return self._folder / f"{name}{kind}"

    def _files(self, kind: str) -> Sequence[Path]:
        paths = sorted(private(self._folder).glob(f"*{kind}"))
        return [path for path in paths if _NAME.fullmatch(path.stem)]

    def _now(self) -> _Known:
        """Return what is on disk; it is read again only once something changed there."""
        known, stamp = self._known, self._stamp()
        if stamp != known.stamp:
            found = [(path.stem, each) for path in self._files(PUBLIC) if (each := _valid(path))]
            users = {each.public: (name, _role(each.notes["role"])) for name, each in found[::-1]}
            chosen = any(each.notes.get("made-by") != MADE_BY_ITSELF for _, each in found)
            known = self._known = _Known(stamp, users, chosen)
        return known

    def _stamp(self) -> tuple[object, ...]:
        """Return what differs once a public key came, went or changed."""
        private(self._folder)
        with os.scandir(self._folder) as entries:
            files = [(each.name, each.stat()) for each in entries if each.name.endswith(PUBLIC)]
        return (True, *sorted((name, it.st_ino, it.st_mtime_ns, it.st_size) for name, it in files))


def _valid(path: Path) -> Certificate | None:
    """Return a certificate that authorises; None for any other."""
    try:
        found = read(path)
    except (InputError, Refused):
        return None
    return found if found.notes.get("role") in ROLES else None


def _role(text: str, *, where: str = "") -> Role:
    for role in ROLES:
        if text == role:
            return role
    raise InputError(f"{where}role {text!r}; expected one of {', '.join(ROLES)}")


def _key(public: bytes | str) -> bytes:
    """Return a public key in Z85 that was given as such; InputError where it is none."""
    try:
        key = public.encode("ascii") if isinstance(public, str) else public
        if len(key) == 40 and len(z85.decode(key)) == 32:
            return key
    except (ValueError, KeyError, OverflowError):
        pass
    raise InputError("no public key; expected 40 characters of Z85")
