"""`ground demo` from an empty home: a satellite sends, a station receives, values are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil

from ground.cli.plot import braille
from tests.commands import Run


def test_the_demo_shows_a_live_station_from_start_to_end(run: Run, home: Path) -> None:
    done = run("demo", "--seconds", "8", "--rate", "40")
    assert (done.code, done.err) == (0, "")
    steps = [line for line in done.out.splitlines() if line.startswith("$ ground")]
    verbs = [step.removeprefix("$ ground").split()[0] for step in steps]
    assert verbs == [
        *("up", "simulate", "watch", "alarms", "status"),
        *("packets", "query", "gaps"),
    ]
    for shown in ("/CG1/EPS/EPS_HK", "BATTERY_SOC", "processor", "┤", "kashi", "CG-1"):
        assert shown in done.out
    rows = run("packets", "--realm", "sim/demo", "--json").json["rows"]
    assert sum(row["packets"] for row in rows) > 200
    mine = [
        each
        for each in psutil.process_iter(["cmdline"])
        if str(home) in " ".join(each.info["cmdline"] or ())
    ]
    assert not mine, "the demo left processes behind"


def test_a_recording_of_the_simulated_pass_is_ingested(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pass.cadu"
    sent = run("simulate", "chenguang1", "--to", f"file:{path}", "--rate", "0", "--seconds", "60",
               "--json")  # fmt: skip
    assert sent.code == 0
    done = run("ingest", str(path), "--mission", "chenguang1", "--link", "recording", "--json")
    assert done.code in (0, 1)
    rows = run("packets", "--json").json["rows"]
    assert sum(row["packets"] for row in rows) == sent.json["counts"]["packets"]["arriving"] > 100


def test_a_plot_is_a_band_of_dots() -> None:
    """Two columns of dots a character; the dots are numbered as Unicode has them (U+2800)."""
    low = np.array([0.0, 3.0, np.nan, 1.0])
    high = np.array([0.0, 3.0, np.nan, 2.0])
    assert braille(low, high, width=2, height=1) == ["⡈⠰"]
    assert braille(low * np.nan, high, width=2, height=1) == ["⠀⠀"]
    flat = np.full(2, 5.0)
    (line,) = braille(flat, flat, width=1, height=1)
    assert line in ("⠒", "⠤")
