"""A flipped bit is found, its file is named, and every other file still reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.store import ArchiveError
from tests.ground.archive.samples import housekeeping

HK = "/CG1/HK"


def flip(path: Path, place: int, bit: int = 0) -> None:
    octets = bytearray(path.read_bytes())
    octets[place] ^= 1 << bit
    path.write_bytes(octets)


def archive(root: Path, kind: str) -> Path:
    """Write two tables and return the file of the first."""
    with EmbeddedStore.open(root, write=True) as store:
        store.append("live", {HK: housekeeping(rows=400), "other": housekeeping(rows=3)})
        if kind == "segment":
            store.flush()
        if kind == "day":
            store.compact()
    suffix = "arrows" if kind == "hot" else "parquet"
    [path] = root.rglob(f"CG1.HK-*/*.{suffix}")
    return path


@pytest.mark.parametrize("kind", ["hot", "segment", "day"])
def test_a_flipped_bit_is_an_error_that_names_the_file_or_harms_nothing(tmp_path: Path, kind):
    path = archive(tmp_path, kind)
    whole = path.read_bytes()
    with EmbeddedStore.open(tmp_path, write=False) as store:
        good = store.read("live", HK)
    chance = random.Random(kind)
    places = [chance.randrange(4, len(whole)) for _ in range(60)]
    for place in [0, len(whole) // 3, len(whole) - 1, *places]:
        flip(path, place, chance.randrange(8))
        with EmbeddedStore.open(tmp_path, write=False) as store:
            try:
                assert store.read("live", HK).equals(good), f"octet {place} changed a value unseen"
            except ArchiveError as error:
                assert str(path) in str(error)
            assert len(store.read("live", "other")) == 3
            [damage] = store.verify()
            assert damage.path == str(path)
        path.write_bytes(whole)


@pytest.mark.parametrize("kind", ["hot", "segment"])
def test_a_file_cut_short_or_gone_is_named(tmp_path: Path, kind):
    path = archive(tmp_path, kind)
    path.write_bytes(path.read_bytes()[:-100])
    with EmbeddedStore.open(tmp_path, write=False) as store:
        with pytest.raises(ArchiveError, match=r"octets; expected"):
            store.read("live", HK)
        assert "expected" in store.verify()[0].what
        path.unlink()
        with pytest.raises(ArchiveError, match="is missing"):
            store.read("live", HK)
        with pytest.raises(ArchiveError, match="is missing"):
            store.identities("live", table=HK)
        assert [damage.what for damage in store.verify()] == ["missing"]
        assert len(store.read("live", "other")) == 3


def test_verify_tells_the_column_that_is_damaged(tmp_path: Path):
    path = archive(tmp_path, "day")
    flip(path, 60)
    with EmbeddedStore.open(tmp_path, write=False) as store:
        [damage] = store.verify()
    assert "row group 0 column spacecraft" in damage.what


def test_a_damaged_hot_file_stays_and_stops_nothing_else(tmp_path: Path):
    path = archive(tmp_path, "hot")
    flip(path, 2000)
    with EmbeddedStore.open(tmp_path, write=True) as store:
        assert path.exists()
        store.append("live", {"other": housekeeping(rows=1, start=9)})
        with pytest.raises(ArchiveError, match=r"arrows: the checksum"):
            store.flush()
        assert store.read("live", "other")["/CG1/count"].to_pylist() == [0, 1, 2, 9]
        flip(path, 2000)
        store.flush()
        assert len(store.read("live", HK)) == 400


def test_a_catalogue_of_another_version_is_refused(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store._catalogue._connection.execute("PRAGMA user_version = 9")
    with pytest.raises(ArchiveError, match="version 9"):
        EmbeddedStore.open(tmp_path, write=True)
    (tmp_path / "catalogue.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(ArchiveError, match="not a database"):
        EmbeddedStore.open(tmp_path, write=False)
