"""What every test may use: the `clause` mark and the folder of real inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real telemetry and published vectors, beside the checkout."""
    if SHARED.is_dir():
        return SHARED
    reason = f"no real telemetry at {SHARED.parent.name}/{SHARED.name} beside the checkout"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
