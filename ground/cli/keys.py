"""`ground keys`: who may ask what of this station. A secret is never shown, only where it lies."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import Heading, emit
from ground.errors import InputError

if TYPE_CHECKING:
    from ground.bus.keys import Keyring, Role

app = typer.Typer(
    help="Keys: make them, and say which may look, operate or administer.", no_args_is_help=True
)


class Roles(StrEnum):
    """What the holder of a key may do; people view, operate or administer."""

    view = "view"
    operate = "operate"
    admin = "admin"
    gateway = "gateway"
    service = "service"


LETTERS = 40  # of a public key in Z85
Name = Annotated[str, typer.Argument(help="Who it is: letters, digits, - and _.")]
RoleOption = Annotated[Roles, typer.Option("--role", help="What its holder may do.")]

_KEYS = [
    Heading("name", "name"),
    Heading("role", "role"),
    Heading("authorised", "authorised"),
    Heading("public", "public key"),
    Heading("file", "file"),
]


def _example(text: str) -> str:
    return f"[bold]Example:[/bold]  {text}"


@app.command("make", epilog=_example("ground keys make olga --role operate"))
def make(
    name: Name, role: RoleOption, as_json: options.Json = False, home: options.Home = None
) -> None:
    """Make a pair of keys and authorise it; its secret file is for its holder alone."""
    keyring = _keyring(home)
    keyring.make(name, _role(role))
    _show(keyring, as_json, name)


@app.command("list", epilog=_example("ground keys list --json"))
def show(as_json: options.Json = False, home: options.Home = None) -> None:
    """Show every key: its role, its public half, and the file of its secret if that lies here."""
    _show(_keyring(home), as_json)


@app.command(
    "authorise", epilog=_example("ground keys authorise kashi kashi/station.key --role gateway")
)
def authorise(
    name: Name,
    public: Annotated[
        str, typer.Argument(help="File of the public key (NAME.key), or its 40 characters.")
    ],
    role: RoleOption,
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Let the holder of a key in that was made elsewhere; only its public half is needed."""
    keyring = _keyring(home)
    keyring.authorise(name, _public(public), _role(role))
    _show(keyring, as_json, name)


@app.command("revoke", epilog=_example("ground keys revoke olga"))
def revoke(name: Name, as_json: options.Json = False, home: options.Home = None) -> None:
    """Let a key in no more; a running station notices at once."""
    keyring = _keyring(home)
    keyring.revoke(name)
    _show(keyring, as_json)


def _keyring(home: Path | None) -> Keyring:
    from ground.bus.keys import Keyring
    from ground.settings import home as default_home

    return Keyring(home or default_home())


def _role(role: Roles) -> Role:
    return role.value


def _public(text: str) -> bytes:
    """Return a public key that was typed, or that lies in a file that was named."""
    if not Path(text).is_file():
        if len(text) != LETTERS:
            expected = f"a file NAME.key, or the {LETTERS} characters of a public key"
            raise InputError(f"{text}: no such file; expected {expected}")
        return text.encode()
    import zmq.auth

    try:
        return zmq.auth.load_certificate(text)[0]
    except ValueError:
        raise InputError(f"{text}: no public key in it; expected a ZeroMQ certificate") from None


def _show(keyring: Keyring, as_json: bool, only: str | None = None) -> None:
    rows: list[dict[str, Any]] = [
        {
            "name": row.name,
            "role": row.role or None,
            "authorised": row.authorised,
            "public": row.public,
            "file": str(keyring.secret_file(row.name)) if row.secret else None,
        }
        for row in keyring.list()
        if only in (None, row.name)
    ]
    counts = {"authorised": sum(row["authorised"] for row in rows)}
    emit("keys", rows, _KEYS, as_json=as_json, counts=counts, empty="no keys")
