"""One certificate file in ZeroMQ's format, which `zmq.auth.load_certificate` reads as well.

A file is private from its first octet: it is made under another name with mode 0600, written, and
only then takes its own name, which it never takes from another file.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ground.errors import InputError, Refused

MOST_OCTETS = 4096
KEY_LETTERS = 40  # of 32 octets in Z85
_LINE = re.compile(rb'[ \t]*([a-z-]+)[ \t]*=[ \t]*(?:"([^"]*)"|(\S+))[ \t]*', re.ASCII)
_Z85 = re.compile(rb"[0-9a-zA-Z.:+=^!/*?&<>()\[\]{}@%$#-]{40}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key, what is noted of it, and the secret where this is a file of our own."""

    public: bytes
    notes: Mapping[str, str]
    secret: bytes = field(default=b"", repr=False)


def write(path: Path, certificate: Certificate) -> None:
    """Write a certificate to a new file of mode 0600; Refused where the name is taken."""
    lines = ["metadata", *(f"    {name} = {text}" for name, text in certificate.notes.items())]
    lines += ["curve", f'    public-key = "{certificate.public.decode("ascii")}"']
    if certificate.secret:
        lines.append(f'    secret-key = "{certificate.secret.decode("ascii")}"')
    draft = path.with_name(f".{secrets.token_hex(8)}")
    made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(made, "wb") as file:
            file.write("\n".join(lines).encode("ascii") + b"\n")
            file.flush()
            os.fsync(made)
        os.link(draft, path)
    except FileExistsError:
        raise Refused(f"{path}: there is one already; expected another name") from None
    finally:
        draft.unlink()


def read(path: Path, *, secret: bool = False) -> Certificate:
    """Return the certificate in a file, which for a secret must be readable by its owner alone.

    Raises:
        InputError: there is no such file, or it is no certificate.
        Refused: others may read the secret or write the file, or it is a link or cannot be read.
    """
    found = dict(_pairs(_octets(path, 0o077 if secret else 0o022)))
    public, hidden = found.pop("public-key", b""), found.pop("secret-key", b"")
    if not _Z85.fullmatch(public) or (secret and not _Z85.fullmatch(hidden)):
        raise InputError(f"{path}: no key in it; expected a ZeroMQ certificate")
    notes = {name: text.decode("ascii", "replace") for name, text in found.items()}
    return Certificate(public, notes, hidden if secret else b"")


def _octets(path: Path, forbidden: int) -> bytes:
    """Return what a file holds that has none of the forbidden permissions."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise InputError(f"{path}: no such key; `ground keys make` makes one") from None
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}; expected a plain file of ours") from None
    with os.fdopen(opened, "rb") as file:
        _check_private(path, os.fstat(opened), forbidden)
        return file.read(MOST_OCTETS)


def _check_private(path: Path, found: os.stat_result, forbidden: int) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode) or mode & forbidden or found.st_uid != os.geteuid():
        raise Refused(
            f"{path}: mode {mode:04o}, owner {found.st_uid}; expected a file of mode 0600"
            f" of user {os.geteuid()}"
        )


def _pairs(octets: bytes) -> list[tuple[str, bytes]]:
    """Return names and values of the lines of a certificate."""
    matches = [_LINE.fullmatch(line.rstrip(b"\r")) for line in octets.split(b"\n")]
    return [(each[1].decode("ascii"), each[2] or each[3] or b"") for each in matches if each]
