"""`ground keys`: made, listed, authorised and revoked, and never a secret on any screen."""

from __future__ import annotations

from pathlib import Path

import pytest
import zmq.auth

from ground.bus.keys import Keyring
from tests.commands import Run


def secret_of(home: Path, name: str) -> str:
    return Keyring(home).own(name).secret.decode()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_key_is_made_and_its_secret_not_shown(run: Run, home: Path, form: list[str]) -> None:
    done = run("keys", "make", "olga", "--role", "operate", *form)
    assert done.code == 0 and done.err == ""
    secret = secret_of(home, "olga")
    assert secret not in done.out + run("keys", "list", *form).out
    path = home / "keys" / "olga.key_secret"
    assert str(path) in done.out and path.stat().st_mode & 0o777 == 0o600


def test_keys_are_listed_with_their_roles(run: Run, home: Path) -> None:
    assert run("keys", "list", "--json").json["rows"] == []
    run("keys", "make", "olga", "--role", "operate")
    run("keys", "make", "vera", "--role", "view")
    run("keys", "revoke", "vera")
    found = run("keys", "list", "--json").json
    assert found["schema"] == "ground.keys/1" and found["counts"] == {"authorised": 1}
    public = Keyring(home).public("olga").decode()
    olga, vera = found["rows"]
    assert olga == {
        "name": "olga",
        "role": "operate",
        "authorised": True,
        "public": public,
        "file": str(home / "keys" / "olga.key_secret"),
    }
    assert (vera["name"], vera["role"], vera["authorised"]) == ("vera", None, False)


def test_a_key_made_elsewhere_is_let_in_by_file_or_by_its_letters(
    run: Run, home: Path, tmp_path: Path
) -> None:
    public, _ = zmq.auth.create_certificates(tmp_path, "kashi")
    other = zmq.curve_keypair()[0].decode()
    assert run("keys", "authorise", "kashi", public, "--role", "gateway").code == 0
    assert run("keys", "authorise", "vera", "--role", "view", "--", other).code == 0
    key = zmq.auth.load_certificate(public)[0]
    expected = {key: ("kashi", "gateway"), other.encode(): ("vera", "view")}
    assert Keyring(home).authorised() == expected
    assert run("keys", "revoke", "kashi").code == 0
    assert set(Keyring(home).authorised()) == {other.encode()}


@pytest.mark.parametrize(
    "code, said, arguments",
    [
        (2, "expected at most 64 letters", ["make", "../x", "--role", "view"]),
        (3, "expected another name", ["make", "olga", "--role", "view"]),
        (2, "nonsense: no such file", ["authorise", "vera", "nonsense", "--role", "view"]),
        (2, "expected 40 characters of Z85", ["authorise", "vera", "~" * 40, "--role", "view"]),
        (2, "expected a ZeroMQ certificate", ["authorise", "vera", "note.txt", "--role", "view"]),
        (2, "not authorised here; expected one of olga", ["revoke", "nobody"]),
        (2, "Invalid value for '--role'", ["make", "vera", "--role", "root"]),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, tmp_path: Path, code: int, said: str, arguments: list[str]
) -> None:
    (tmp_path / "note.txt").write_text("nothing here\n")
    run("keys", "make", "olga", "--role", "operate")
    done = run("keys", *arguments)
    assert (done.code, done.out) == (code, "") and said in done.err


def test_a_secret_that_others_can_read_is_named_with_its_mode(run: Run, home: Path) -> None:
    run("keys", "make", "olga", "--role", "operate")
    run("keys", "revoke", "olga")
    (home / "keys" / "olga.key_secret").chmod(0o644)
    done = run("keys", "list")
    assert done.code == 3
    assert f"{home}/keys/olga.key_secret: mode 0644" in done.err


def test_a_folder_that_others_can_enter_is_refused(run: Run, home: Path) -> None:
    (home / "keys").mkdir(parents=True, mode=0o755)
    done = run("keys", "list")
    assert (done.code, done.out) == (3, "") and f"{home}/keys: mode 0755" in done.err


@pytest.mark.parametrize("verb", ["make", "list", "authorise", "revoke"])
def test_each_command_shows_an_example(run: Run, verb: str) -> None:
    assert f"Example:  ground keys {verb}" in run("keys", verb, "--help").out
