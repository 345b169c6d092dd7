"""Keys: made private, read only where they are, and known by their role."""

from __future__ import annotations

import os
import threading

import pytest
import zmq.auth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.bus import certificates
from ground.bus.keys import Keyring
from ground.errors import InputError, Refused


@pytest.fixture
def keyring(tmp_path) -> Keyring:
    return Keyring(tmp_path)


def test_a_pair_is_read_by_zeromq_itself(tmp_path, keyring):
    pair = keyring.make("alice", "operate")
    secret = tmp_path / "keys" / "alice.key_secret"
    assert zmq.auth.load_certificate(secret) == (pair.public, pair.secret)
    assert zmq.auth.load_certificate(tmp_path / "keys" / "alice.key") == (pair.public, None)
    assert zmq.curve_public(pair.secret) == pair.public


def test_a_certificate_of_zeromq_is_read(tmp_path, keyring):
    _, path = zmq.auth.create_certificates(tmp_path / "keys", "bob", {"role": "view"})
    os.chmod(path, 0o600)
    assert (keyring.own("bob").public, keyring.own("bob").secret) == zmq.auth.load_certificate(path)


def test_folder_and_files_are_private_from_the_first_octet(tmp_path, monkeypatch):
    modes = []
    real = os.open

    def watched(path, flags, mode=0o777, **more):
        opened = real(path, flags, mode, **more)
        modes.append(os.fstat(opened).st_mode & 0o777)
        return opened

    monkeypatch.setattr(os, "open", watched)
    earlier = os.umask(0)  # so that only the mode that is asked for protects
    try:
        Keyring(tmp_path).make("alice", "view")
    finally:
        os.umask(earlier)
    assert modes == [0o600, 0o600]
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    files = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "keys").iterdir()}
    assert files == {"alice.key": 0o600, "alice.key_secret": 0o600}


def test_the_secret_is_in_no_text(keyring):
    pair = keyring.make("alice", "view")
    found = certificates.read(keyring._path("alice", ".key_secret"), secret=True)
    for text in (repr(pair), str(pair), repr(found), repr(keyring.list())):
        assert pair.secret.decode() not in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_secret_that_others_can_read_is_refused_by_name_and_mode(tmp_path, keyring, mode):
    keyring.make("alice", "view")
    path = tmp_path / "keys" / "alice.key_secret"
    path.chmod(mode)
    with pytest.raises(Refused, match=rf"alice\.key_secret: mode {mode:04o}.*expected.*0600"):
        keyring.own("alice")


def test_a_folder_that_others_can_enter_is_refused(tmp_path, keyring):
    (tmp_path / "keys").chmod(0o750)
    with pytest.raises(Refused, match="keys: mode 0750"):
        keyring.authorised()
    with pytest.raises(Refused, match="keys: mode 0750"):
        Keyring(tmp_path)


def test_a_public_key_that_others_can_write_authorises_nobody(tmp_path, keyring):
    keyring.make("alice", "admin")
    (tmp_path / "keys" / "alice.key").chmod(0o622)
    assert Keyring(tmp_path).authorised() == {}


def test_authorised_keys_follow_the_disk(tmp_path, keyring):
    alice = keyring.make("alice", "operate")
    other = Keyring(tmp_path)
    assert other.authorised() == {alice.public: ("alice", "operate")}
    bob, _ = zmq.curve_keypair()
    keyring.authorise("bob", bob.decode(), "view")
    assert other.authorised()[bob] == ("bob", "view")
    keyring.revoke("alice")
    assert other.authorised() == {bob: ("bob", "view")}
    keyring.authorise("alice", alice.public, "view")
    assert other.authorised()[alice.public] == ("alice", "view")


def test_keys_are_listed_without_secrets(keyring):
    alice = keyring.make("alice", "operate")
    keyring.make("carol", "admin")
    bob, _ = zmq.curve_keypair()
    keyring.authorise("bob", bob, "view")
    keyring.revoke("carol")
    rows = {row.name: (row.role, row.authorised, row.secret) for row in keyring.list()}
    expected = {"alice": ("operate", True, True), "bob": ("view", True, False)}
    assert rows == expected | {"carol": ("", False, True)}
    assert keyring.list()[0].public == alice.public.decode()
    assert keyring.public("bob") == bob


def test_ensure_makes_once_and_never_what_was_revoked(keyring):
    station = keyring.ensure("station", "service")
    assert keyring.ensure("station", "service") == station
    assert not keyring.anyone_chosen()
    keyring.revoke("station")
    assert keyring.ensure("station", "service") == station
    assert keyring.authorised() == {}
    keyring.make("alice", "view")
    assert keyring.anyone_chosen()


def test_many_that_start_at_once_have_one_key(tmp_path):
    found = []
    start = threading.Barrier(8)

    def begin() -> None:
        start.wait()
        found.append(Keyring(tmp_path).ensure("station", "service"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8 and len(set(found)) == 1
    assert Keyring(tmp_path).authorised() == {found[0].public: ("station", "service")}
    assert len(list((tmp_path / "keys").iterdir())) == 2


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", "a.b", "a b", "x" * 65, "é", "a\n"])
def test_names_that_could_be_another_file_are_refused(keyring, name):
    for act in (lambda: keyring.make(name, "view"), lambda: keyring.own(name)):
        with pytest.raises(InputError, match="expected at most 64 letters"):
            act()


def test_a_name_or_a_key_is_given_once(keyring):
    alice = keyring.make("alice", "view")
    with pytest.raises(Refused):
        keyring.make("alice", "admin")
    with pytest.raises(Refused, match="authorised already, as alice"):
        keyring.authorise("bob", alice.public, "admin")
    with pytest.raises(Refused, match="there is one already"):
        keyring.authorise("alice", zmq.curve_keypair()[0], "admin")
    keyring.revoke("alice")
    with pytest.raises(Refused, match="there is one already"):
        keyring.make("alice", "admin")


@pytest.mark.parametrize("public", ["", "x" * 39, "x" * 41, "é" * 40, "~" * 40, '"' * 40])
def test_what_is_no_public_key_is_refused(keyring, public):
    with pytest.raises(InputError, match="40 characters of Z85"):
        keyring.authorise("bob", public, "view")


def test_a_role_is_one_of_five(tmp_path, keyring):
    with pytest.raises(InputError, match="expected one of view, operate, admin"):
        keyring.make("bob", "root")  # type: ignore[arg-type]
    assert list((tmp_path / "keys").iterdir()) == []


def test_what_is_missing_says_how_to_make_it(keyring):
    with pytest.raises(InputError, match="ground keys make"):
        keyring.own("alice")
    with pytest.raises(InputError, match="not authorised here"):
        keyring.revoke("alice")


def test_a_key_file_that_is_a_link_is_not_followed(tmp_path, keyring):
    keyring.make("alice", "admin")
    (tmp_path / "keys" / "bob.key_secret").symlink_to("alice.key_secret")
    with pytest.raises(Refused, match=r"bob\.key_secret.*expected a plain file"):
        keyring.own("bob")
    (tmp_path / "keys" / "bob.key").symlink_to("alice.key")
    assert [name for name, _ in Keyring(tmp_path).authorised().values()] == ["alice"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_a_damaged_file_authorises_nobody_and_harms_no_other(keyring, tmp_path, octets):
    alice = keyring.authorised() or keyring.make("alice", "view")
    (tmp_path / "keys" / "mallory.key").write_bytes(octets)
    (tmp_path / "keys" / "mallory.key").chmod(0o600)
    assert [name for name, _ in Keyring(tmp_path).authorised().values()] == ["alice"]
    assert alice
    with pytest.raises(InputError, match=r"mallory\.key"):
        keyring.list()
