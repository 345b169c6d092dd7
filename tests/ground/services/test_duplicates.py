"""What is there already is told from what is new, whatever order it came in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.embedded import EmbeddedStore
from ground.services.duplicates import Duplicates
from protocols import packet
from tests.ground.services import hand
from tests.ground.services.conftest import Hand

Row = tuple[str, int, int, int | None, int, bytes]  # spacecraft, VC, APID, time, count, octets


def table(*rows: Row) -> pa.Table:
    spacecraft, vcid, apid, t_ns, sequence, octets = zip(*rows, strict=True)
    unix = [None if each is None else each - hand.EPOCH_NS for each in t_ns]
    return pa.table(
        {
            "spacecraft": pa.array(spacecraft).dictionary_encode(),
            "t_ns": pa.array(t_ns, pa.int64()),
            "time": pa.array(unix, pa.int64()).cast(pa.timestamp("ns", "UTC")),
            "received": pa.nulls(len(rows), pa.timestamp("ns", "UTC")),
            "sequence": pa.array(sequence, pa.int64()),
            "flags": pa.array(np.zeros(len(rows), np.uint8)),
            "vcid": pa.array(vcid, pa.int16()),
            "apid": pa.array(apid, pa.uint16()),
            "octets": pa.array(octets, pa.binary()),
        }
    )


class Run:
    """One run after another into one archive, as an ingest makes them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def take(self, *batches: list[Row]) -> list[bool]:
        """Return for each row of one run whether it was a duplicate."""
        told: list[bool] = []
        with EmbeddedStore.open(self.root, write=True) as store:
            duplicates = Duplicates(store, "live")
            for rows in batches:
                known = duplicates.known(table(*rows))
                store.append("live", {"packets": table(*rows).filter(pa.array(~known))})
                told += known.tolist()
            store.flush()
        return told


def row(t: int | None = 0, count: int = 0, **more: object) -> Row:
    parts = {"spacecraft": "A", "vcid": 1, "apid": 5} | more
    octets = more.get("octets", b"x")
    at = None if t is None else hand.EPOCH_NS + t
    return (parts["spacecraft"], parts["vcid"], parts["apid"], at, count, octets)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "other",
    [
        row(1),
        row(None),
        row(0, 1),
        row(spacecraft="B"),
        row(vcid=2),
        row(vcid=-1),
        row(apid=6),
        row(octets=b"y"),
        row(octets=b""),
    ],
)
def test_what_differs_in_any_part_of_the_identity_is_new(tmp_path: Path, other: Row) -> None:
    run = Run(tmp_path)
    assert run.take([row(), other]) == [False, False]
    assert run.take([other], [row()]) == [True, True]


def test_a_row_is_known_within_a_call_within_a_run_and_in_the_next_run(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.take([row(0), row(1), row(0)], [row(1), row(2)]) == [False, False, True, True, False]
    assert run.take([row(2), row(0), row(3), row(3)]) == [True, True, False, True]


def test_old_rows_that_are_new_and_new_rows_between_old_ones_pass(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.take([row(at) for at in (0, 10, 20)])
    assert run.take([row(5), row(10), row(15)], [row(-5), row(5)]) == [
        *(False, True, False),
        *(False, True),
    ]


def test_rows_without_a_time_repeat_within_a_run_but_not_after_it(tmp_path: Path) -> None:
    """Two that are alike may both be meant; a file that is ingested again is not."""
    run = Run(tmp_path)
    assert run.take([row(None), row(None)], [row(None)]) == [False, False, False]
    assert run.take([row(None), row(None, 1)], [row(None, 1)]) == [True, False, False]


def test_another_realm_knows_nothing_of_it(tmp_path: Path) -> None:
    Run(tmp_path).take([row()])
    with EmbeddedStore.open(tmp_path, write=False) as store:
        assert Duplicates(store, "sim/x").known(table(row())).tolist() == [False]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(
            st.lists(
                st.builds(
                    row,
                    st.integers(0, 6),
                    st.integers(0, 1),
                    apid=st.sampled_from([5, 6]),
                    octets=st.sampled_from([b"x", b"y"]),
                ),
                min_size=1,
                max_size=8,
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_it_is_a_set_of_identities_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[list[Row]]]
) -> None:
    run, seen = Run(tmp_path_factory.mktemp("runs")), set()
    for batches in runs:
        expected = []
        for each in (each for rows in batches for each in rows):
            expected.append(each in seen)
            seen.add(each)
        assert run.take(*batches) == expected


def test_ingesting_again_in_any_order_stores_nothing(station: Hand) -> None:
    given = [hand.hk(at, at) for at in range(6)] + [packet.encode(9, 0, b"no time")]
    station.take(*given)
    before = station.telemetry()
    tally = station.take(*reversed(given))
    assert tally.stages["packets"].as_json() == {"in": 7, "out": 0, "dropped": {"duplicate": 7}}
    assert not tally.findings
    assert station.telemetry() == before
