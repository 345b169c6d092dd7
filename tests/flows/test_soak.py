"""A day of the satellite as one recording; `make soak` runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from ground.archive.embedded import EmbeddedStore
from tests.recordings import Station, balanced
from tools.simulator import Faults, record

pytestmark = pytest.mark.soak


def test_a_day_of_the_satellite_is_archived_sample_for_sample(tmp_path: Path) -> None:
    path = tmp_path / "day.cadu"
    truth = record(path, seconds=86_400, seed=5, faults=Faults(200, 500, 50))
    station = Station.of_chenguang1(tmp_path / "archive")
    assert balanced(station.ingest(path))
    with EmbeddedStore.open(station.root, write=True) as store:
        store.compact()
        assert store.verify() == []
    with station.reading() as store:
        for name, sent in truth.packets.items():
            rows = store.read(station.realm, name)
            assert rows["t_ns"].to_pylist() == sent.t_ns[sent.delivered].tolist(), name
            for column, values in sent.raw.items():
                flat = pc.list_flatten(rows[column]) if values.ndim == 2 else rows[column]
                np.testing.assert_array_equal(
                    flat.to_numpy(), values[sent.delivered].reshape(-1), err_msg=column
                )
