"""Where a station keeps its archive, journals, keys and sockets, unless told otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the folder for archive, journal and keys: `GROUND_HOME`, or the user's data folder."""
    chosen = os.environ.get("GROUND_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("ground-station"))
