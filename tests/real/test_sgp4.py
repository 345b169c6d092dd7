"""SGP4 against the published verification set, and real messages against each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ground.errors import InputError
from ground.relay.element_files import parse
from ground.relay.elements import Elements
from ground.relay.orbits import states
from tests.clauses import clause
from tests.ground.relay.test_elements import signed

WRONGLY_SIGNED = ("33333", "33334", "33335")  # made up for the set; their checksums are stale


@pytest.fixture(scope="module")
def lines(shared: Path) -> list[str]:
    """The element lines; what follows column 69 says when to propagate to."""
    text = (shared / "sgp4" / "SGP4-VER.TLE").read_text()
    return [line[:69] for line in text.splitlines() if line.startswith(("1 ", "2 "))]


@pytest.fixture(scope="module")
def sets(lines: list[str]) -> list[Elements]:
    mended = [signed(line) if line[2:7] in WRONGLY_SIGNED else line for line in lines]
    return parse("\n".join(mended), "SGP4-VER.TLE")


def expected(shared: Path) -> list[list[list[float]]]:
    """Return for each set its rows: minutes since the epoch, place, velocity."""
    blocks: list[list[list[float]]] = []
    for line in (shared / "sgp4" / "tcppver.out").read_text().splitlines():
        if "xx" in line:
            blocks.append([])
        else:
            blocks[-1].append([float(each) for each in line.split()[:7]])
    return blocks


@clause("AIAA 2006-6753, verification set")
def test_the_666_rows_of_the_verification_set_are_met(shared: Path, sets: list[Elements]) -> None:
    met = failed = 0
    for elements, rows in zip(sets, expected(shared), strict=True):
        table = np.array(rows)
        t_ns = elements.epoch_ns + np.round(table[:, 0] * 60e9).astype(np.int64)
        found = states([elements], t_ns)
        good = found.error[0] == 0
        assert np.abs(found.position_km[0] - table[:, 1:4])[good].max(initial=0) < 2e-7
        assert np.abs(found.velocity_km_s[0] - table[:, 4:7])[good].max(initial=0) < 2e-9
        met, failed = met + int(good.sum()), failed + int((~good).sum())
        if failed and not good.all():
            assert elements.norad_id == "33334"
            assert found.error[0].tolist() == [3]
    assert (met, failed) == (666, 1)  # and the one of which no row but error 3 is right


def test_stale_checksums_of_the_set_are_found(lines: list[str]) -> None:
    stale = set()
    for one, two in zip(lines[::2], lines[1::2], strict=True):
        try:
            parse(f"{one}\n{two}", "SGP4-VER.TLE")
        except InputError as error:
            assert "checksum" in str(error)
            stale.add(one[2:7])
    assert stale == set(WRONGLY_SIGNED)


@clause("502.0-B-3 §4")
def test_messages_of_all_forms_agree(shared: Path) -> None:
    """CSV and XML hold one and the same set, the JSON another of the same spacecraft."""
    folder = shared / "sgp4"
    (table,), (document,), (listed,) = (
        parse((folder / f"sample_omm.{form}").read_text(), form) for form in ("csv", "xml", "json")
    )
    assert replace(table, where=document.where) == document
    assert (listed.norad_id, listed.object_id, listed.name) == ("5", "1958-002B", "VANGUARD 1")
    assert listed.inclination_deg == pytest.approx(table.inclination_deg, abs=0.01)
    assert listed.mean_motion_rev_day == pytest.approx(table.mean_motion_rev_day, abs=0.02)
