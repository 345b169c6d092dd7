"""Databases are found again by the digest that rows carry, also when their files are gone."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.errors import GroundError
from ground.services import query
from ground.services.library import Library, digest
from tests.ground.services import hand
from tests.ground.services.conftest import Hand


def test_a_digest_is_of_names_and_octets_in_any_order() -> None:
    """SHA-256 over `name NUL length NUL octets` of each file, by name."""
    expected = hashlib.sha256(b"a.csv\x001\x00xb.csv\x002\x00yz").hexdigest()
    assert digest({"b.csv": b"yz", "a.csv": b"x"}) == expected
    assert digest({"a.csv": b"xb.csv", "b.csv": b""}) != digest({"a.csv": b"x", "b.csv": b"b.csv"})


def test_what_was_kept_is_compiled_again_as_it_was(tmp_path) -> None:
    octets = hand.DATABASE.encode()
    with EmbeddedStore.open(tmp_path, write=True) as store:
        key = Library(store).keep({"hand.xml": octets}, None)
        rooted = Library(store).keep({"hand.xml": octets}, "EVENT")
        assert Library(store).keep({"hand.xml": octets}, "") == key != rooted
    with EmbeddedStore.open(tmp_path, write=False) as store:
        library = Library(store)
        assert library.plan(key) is library.plan(key)
        assert library.types(key, "/H/HK")["/H/VOLTAGE"].units == "V"
        assert set(library.plan(key).column_types) == {"/H/HK", "/H/EVENT"}
        assert set(library.plan(rooted).column_types) == {"/H/EVENT"}
        with pytest.raises(GroundError, match="no packet type /H/NO"):
            library.types(key, "/H/NO")


def test_values_stay_readable_when_mission_and_database_are_gone(station: Hand) -> None:
    station.take(hand.hk(0, 1, volts=20.5))
    shutil.rmtree(station.mission.path.parent)
    with station.reading() as store:
        (samples,) = query.samples(store, Library(store), ["VOLTAGE"], query.Span("live"))
    assert samples.engineering.values.tolist() == [20.5]


def test_a_database_that_is_missing_from_the_archive_is_told(station: Hand) -> None:
    station.take(hand.hk(0, 1))
    shutil.rmtree(station.root / "databases")
    with (
        station.reading() as store,
        pytest.raises(GroundError, match=r"^database [0-9a-f]{12}: not in"),
    ):
        list(query.samples(store, Library(store), ["VOLTAGE"], query.Span("live")))
