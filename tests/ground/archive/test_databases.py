"""The exact sources of a mission database stay with the rows that it decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore

DIGEST = "0123abcd" * 8


def test_the_files_of_a_database_are_kept_as_they_were(tmp_path: Path):
    files = {"database.xml": b"<SpaceSystem/>", "tables/a.csv": b"1,2\r\n"}
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.keep_database(DIGEST, files)
        store.keep_database(DIGEST, files)
        assert store.database_files(DIGEST) == files
        assert store.database_files("ff" * 32) == {}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_a_file_name_that_leads_elsewhere_is_refused(tmp_path: Path, name):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        with pytest.raises(ValueError, match="no file name"):
            store.keep_database(DIGEST, {name: b""})
        with pytest.raises(ValueError, match="no hexadecimal"):
            store.keep_database("../" + DIGEST, {"a": b""})
