"""What is exported is what other tools read back: values, types and names."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ground.archive import reading
from ground.errors import InputError
from ground.services import exporting
from ground.services.library import Library
from ground.services.query import Span
from tests.ground.services import hand
from tests.ground.services.conftest import Hand
from tests.recordings import nothing

KEYS = ["spacecraft", "t_ns", "time", "received", "sequence", "flags", "severity"]


def export(station: Hand, to: Path, *texts: str, form: str | None = None, **span: Any) -> Any:
    with station.reading() as store:
        library, within = Library(store), Span("live", **span)
        return exporting.export(store, library, texts, within, to, form, nothing)


def read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


@pytest.fixture
def two(station: Hand) -> Hand:
    station.take(hand.hk(0, 10, volts=20.5), hand.hk(1, 11.5, volts=36, mode=9, name=b'e,"f'))
    return station


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_every_value_comes_back_in_its_type(two: Hand, tmp_path: Path, form: str) -> None:
    to = tmp_path / f"all.{form}"
    done = export(two, to, "/H/*")
    table = read(to)
    assert done == {
        "path": str(to), "rows": 2, "columns": table.num_columns, "octets": to.stat().st_size,
    }  # fmt: skip
    assert table.column_names[: len(KEYS)] == KEYS
    first, second = table.to_pylist()
    assert (first["spacecraft"], first["t_ns"], first["sequence"]) == ("A", hand.t_ns(10), 0)
    assert str(second["time"]) == "1970-01-01 00:00:01.500000+00:00"
    assert (first["/H/VOLTAGE"], first["/H/VOLTAGE.raw"]) == (20.5, 80)
    assert [row["/H/MODE"] for row in (first, second)] == ["ON", None]
    assert [row["/H/MODE.raw"] for row in (first, second)] == [1, 9]
    assert first["/H/CELL"] == [1, -1, 3]
    assert (first["/H/DATA"], second["/H/NAME"]) == (b"\xde\xad\x07", 'e,"f')
    assert (first["/H/WIDE"], first["/H/BIG"]) == (1 << 63, str(1 << 90))
    assert "/H/CELL.raw" not in table.column_names  # what engineering equals is there once
    assert table.schema.field("/H/WIDE").type == pa.uint64()
    assert table.schema.field("time").type == pa.timestamp("ns", "UTC")


def test_csv_has_a_column_for_each_element_and_octets_as_hex(two: Hand, tmp_path: Path) -> None:
    export(two, tmp_path / "all.csv", "CELL", "DATA", "NAME", "VOLTAGE")
    with (tmp_path / "all.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert [first[f"/H/CELL[{index}]"] for index in range(3)] == ["1", "-1", "3"]
    assert (first["/H/DATA"], second["/H/NAME"]) == ("dead07", 'e,"f')
    assert (first["/H/VOLTAGE"], first["/H/VOLTAGE.raw"]) == ("20.5", "80")
    assert first["t_ns"] == str(hand.t_ns(10))


@pytest.mark.parametrize("form", exporting.FORMS)
def test_elements_that_are_asked_for_are_columns_of_their_own(
    two: Hand, tmp_path: Path, form: str
) -> None:
    to = tmp_path / "some"
    export(two, to, "CELL[0]", "CELL[2]", form=form)
    if form == "csv":
        with to.open(newline="") as file:
            names = next(csv.reader(file))
    else:
        names = (pq.read_table(to) if form == "parquet" else read(to)).column_names
    assert names == [*KEYS, "/H/CELL[0]", "/H/CELL[2]"]


@pytest.mark.parametrize("form", exporting.FORMS)
def test_many_parts_become_one_file_and_two_databases_too(
    two: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Labels of the later edition are others, and a spacecraft appears that was not there."""
    database = two.mission.spacecraft[0].database
    assert database is not None
    database.write_text(database.read_text().replace('label="ON"', 'label="RUNNING"'))
    two.take(*(hand.hk(at, 20 + at) for at in range(5)), spacecraft="B")
    two.take(hand.event(0, 1, 1))
    to = tmp_path / f"parts.{form}"
    done = export(two, to, "MODE", "CELL")
    assert done["rows"] == 7
    if form != "csv":
        assert read(to)["/H/MODE"].to_pylist() == ["ON", None, *["RUNNING"] * 5]


def test_a_span_and_spacecraft_bound_what_is_written(two: Hand, tmp_path: Path) -> None:
    to = tmp_path / "late.parquet"
    assert export(two, to, "MODE", start_ns=hand.t_ns(11))["rows"] == 1
    assert read(to)["sequence"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("texts", "name", "expected"),
    [
        (["MODE"], "x.txt", "x.txt: format txt; expected one of csv, parquet, arrow"),
        (["MODE"], "x", "x: format unknown; expected one of csv, parquet, arrow"),
        (["NO"], "x.csv", "NO: no such parameter in the archive; expected one like "),
        (["CELL[3]"], "x.csv", "CELL[3]: /H/CELL has 3 elements; expected an element up to [2]"),
        (["MODE", "CODE"], "x.csv", "MODE CODE: parameters of 2 packet types (/H/EVENT, /H/HK); "),
        (["MODE"], "no/x.csv", "no/x.csv: no folder "),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_no_file(
    two: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], name: str,
    expected: str,
) -> None:  # fmt: skip
    two.take(hand.event(0, 1, 1))
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(InputError) as told:
        export(two, Path(name), *texts)
    assert str(told.value).startswith(expected)
    assert list(folder.iterdir()) == []


def test_nothing_to_export_is_refused(two: Hand, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rows in this span; expected some to export"):
        export(two, tmp_path / "x.csv", "MODE", spacecraft=("Z",))
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("form", exporting.FORMS)
def test_databases_that_do_not_fit_into_one_file_are_told_apart(
    two: Hand, tmp_path: Path, form: str
) -> None:
    """CODE is a number in the first edition and a label in the next."""
    two.take(hand.event(0, 5, 1))
    database = two.mission.spacecraft[0].database
    assert database is not None
    code = '<Parameter name="CODE" parameterTypeRef="{}"/>'
    text = database.read_text()
    assert code.format("U8") in text
    database.write_text(text.replace(code.format("U8"), code.format("MODE")))
    two.take(hand.event(1, 6, 1))
    to = tmp_path / f"both.{form}"
    with pytest.raises(InputError, match="/H/EVENT: decoded by databases that give"):
        export(two, to, "CODE")
    assert not to.exists()
    assert export(two, to, "CODE", start_ns=hand.t_ns(6))["rows"] == 1


def test_arrays_of_varying_size_are_exported_whole(two: Hand, tmp_path: Path) -> None:
    two.take(hand.event(0, 5, 1), hand.event(1, 6, 1, 7, 8))
    export(two, tmp_path / "x.parquet", "VALUES")
    assert read(tmp_path / "x.parquet")["/H/VALUES"].to_pylist() == [[], [7, 8]]
    export(two, tmp_path / "x.csv", "VALUES")
    assert (tmp_path / "x.csv").read_text().splitlines()[2].endswith('"[7, 8]"')


@pytest.mark.parametrize("form", exporting.FORMS)
def test_rows_are_written_a_bounded_number_at_a_time(
    station: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    for part in range(4):
        station.take(*(hand.hk(at, at, mode=part % 2) for at in range(50 * part, 50 * part + 50)))
    monkeypatch.setattr(reading, "WINDOW_OCTETS", 1_000)
    told: list[tuple[int, int]] = []
    with station.reading() as store:
        exporting.export(
            store, Library(store), ["MODE", "CELL"], Span("live"), tmp_path / f"x.{form}", None,
            lambda done, total: told.append((done, total)),
        )  # fmt: skip
    assert len(told) > 1
    assert told[-1] == (200, 200)
    if form != "csv":
        table = read(tmp_path / f"x.{form}")
        assert table["sequence"].to_pylist() == list(range(200))
        assert table["/H/MODE"].to_pylist() == (["OFF"] * 50 + ["ON"] * 50) * 2
