"""Which kind of database a path holds is told by its content; what is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground import databases
from ground.errors import InputError

CSV = b"name,data_type,bit_length\nA,uint,8\n"
XML = b"""<?xml version="1.0"?>
<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"/>
"""
FOLDER = {
    "Overview.csv": b"Packet Short Name,APID,Packet Description,APID_Decimal\nHK,1,,1\n",
    "HK.csv": b"Mnemonic,Type,Start Byte,Start Bit,Data Size\nA,U1,6,0,8\n",
}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"hk.txt": CSV}, "hk"),
        ({"any.name": XML}, "S"),
        ({"any.name": b"\xef\xbb\xbf\r\n" + XML[22:]}, "S"),
        (FOLDER, "CYGNSS"),
        ({"hk.csv": CSV}, "hk"),
    ],
)
def test_the_content_tells_the_kind_and_the_files_build_the_same_again(
    tmp_path: Path, files: dict[str, bytes], name: str
) -> None:
    for each, octets in files.items():
        (tmp_path / each).write_bytes(octets)
    path = tmp_path if next(iter(files)).endswith(".csv") else tmp_path / next(iter(files))
    database = databases.read_database(path)
    assert database.name == name
    assert databases.database_files(path) == files
    assert databases.from_files(files).digest == database.digest
    for parameter in database.parameters.values():
        assert Path(parameter.where.source) in (tmp_path, *tmp_path.iterdir())


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"only prose\n")
    (tmp_path / "empty").write_bytes(b"")
    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(InputError, match="expected XTCE, a ccsdspy CSV file, or a folder"):
            databases.read_database(path)
    with pytest.raises(InputError, match="a, b: 2 files; expected"):
        databases.from_files({"a": CSV, "b": CSV})
    with pytest.raises(InputError, match="0 files; expected"):
        databases.from_files({})
