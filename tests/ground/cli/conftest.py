"""Fixtures that run commands in a home of the test's own, and put packets into its archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Done, Run, runner, settle
from tests.ground.services import hand
from tests.recordings import mission_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for the archive, and a current folder, of the test's own."""
    return settle(tmp_path, monkeypatch)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ground` in this process."""
    return runner(monkeypatch, capsys)


@pytest.fixture
def mission(tmp_path: Path) -> Path:
    """The mission file of the hand-made mission."""
    return mission_of(tmp_path / "hand", hand.MISSION, {"hand.xml": hand.DATABASE}).path


@pytest.fixture
def ingest(run: Run, mission: Path, tmp_path: Path) -> Run:
    """Ingest packets, given as octets, of spacecraft A."""

    def take(*packets: bytes, spacecraft: str = "A", **more: str) -> Done:
        path = tmp_path / f"{len(list(tmp_path.glob('*.bin')))}.bin"
        path.write_bytes(b"".join(packets))
        options = [part for key, value in more.items() for part in (f"--{key}", value)]
        whose = ["--mission", str(mission), "--link", "bare", "--spacecraft", spacecraft]
        return run("ingest", path, *whose, *options)

    return take
