"""Mission databases on disk: the only reader of their files.

In: the path of an XTCE document, a ccsdspy CSV file, or a folder of CYGNSS CSV files; which of them
it is, the content tells. Out: a `Database`, and the files themselves, so that the archive can keep
what its values were decoded with and the database can be built from them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ground.errors import InputError
from ground.mdb import dictionary, xtce
from ground.mdb.model import Database

LARGEST = 256 << 20  # octets of all files of a database
EXPECTED = "expected XTCE, a ccsdspy CSV file, or a folder of CYGNSS CSV files"


def read_database(path: str | Path) -> Database:
    """Read a mission database.

    Raises:
        DatabaseError: the database is refused; every problem with file and line.
        InputError: there is none, or it cannot be read.
    """
    path, files = Path(path), database_files(path)
    alone = path / next(iter(files)) if path.is_dir() and len(files) == 1 else path
    return from_files(files, str(alone))


def database_files(path: str | Path) -> dict[str, bytes]:
    """Return the files of a database, octets by name; a file alone goes by its own name.

    Raises:
        InputError: there are none, or they cannot be read.
    """
    path = Path(path)
    try:
        places = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if sum(place.stat().st_size for place in places) > LARGEST:
            raise InputError(f"{path}: over {LARGEST} octets; {EXPECTED}")
        files = {place.name: place.read_bytes() for place in places}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"{path}: {reason}; {EXPECTED}") from None
    if not files:
        raise InputError(f"{path}: a folder without CSV files; {EXPECTED}")
    return files


def from_files(files: Mapping[str, bytes], source: str | None = None) -> Database:
    """Build a database from its files.

    Args:
        files: as `database_files` returns them.
        source: file or folder as messages name it; without it, the file's own name.

    Raises:
        DatabaseError: the database is refused.
        InputError: the files are no database.
    """
    if dictionary.describes_cygnss(files):
        return dictionary.load_cygnss(files, source or "database")
    if len(files) != 1:
        listed = ", ".join(sorted(files)[:5])
        raise InputError(f"{source or listed}: {len(files)} files; {EXPECTED}")
    ((name, octets),) = files.items()
    source = source or name
    if octets.lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n").startswith(b"<"):
        return xtce.load(octets, source)
    if dictionary.describes_ccsdspy(octets):
        return dictionary.load_ccsdspy(octets, source)
    raise InputError(f"{source}: neither XML nor a CSV header of fields; {EXPECTED}")
