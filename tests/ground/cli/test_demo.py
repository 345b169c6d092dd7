"""`ground demo` from an empty home: a pass is recorded, ingested and shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ground.cli.plot import braille
from tests.commands import Run


def test_the_demo_shows_the_main_job_from_start_to_end(run: Run, home: Path) -> None:
    done = run("demo", "--seconds", "300")
    assert (done.code, done.err) == (0, "")
    steps = [line for line in done.out.splitlines() if line.startswith("$ ground")]
    verbs = [step.removeprefix("$ ground").strip(": ").split()[0] for step in steps]
    assert verbs == ["record", "ingest", "packets", "query", "query", "gaps"]
    for shown in ("/CG1/EPS/EPS_HK", "samples stored", "/CG1/DC/CARDS[0].temperature", "┤", "VC"):
        assert shown in done.out
    assert (home / "demo" / "pass-1-300s.cadu").stat().st_size > 100_000
    rows = run("packets", "--realm", "sim/demo", "--json").json["rows"]
    assert sum(row["packets"] for row in rows) > 1_000
    again = run("demo", "--seconds", "300")
    assert again.code == 0
    assert "is there already" in again.out
    assert "already in the archive; nothing changed" in again.out
    assert run("packets", "--realm", "sim/demo", "--json").json["rows"] == rows


def test_another_seed_is_another_pass(run: Run, home: Path) -> None:
    assert run("demo", "--seconds", "60", "--seed", "2").code == 0
    assert run("demo", "--seconds", "60", "--seed", "3").code == 0
    first, second = sorted((home / "demo").iterdir())
    assert first.read_bytes() != second.read_bytes()


def test_a_plot_is_a_band_of_dots() -> None:
    """Two columns of dots a character; the dots are numbered as Unicode has them (U+2800)."""
    low = np.array([0.0, 3.0, np.nan, 1.0])
    high = np.array([0.0, 3.0, np.nan, 2.0])
    assert braille(low, high, width=2, height=1) == ["⡈⠰"]
    assert braille(low * np.nan, high, width=2, height=1) == ["⠀⠀"]
    flat = np.full(2, 5.0)
    (line,) = braille(flat, flat, width=1, height=1)
    assert line in ("⠒", "⠤")
