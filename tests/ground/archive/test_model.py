"""Whatever is appended, flushed, compacted and re-opened, in any order: a plain list agrees."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ground.archive.embedded import EmbeddedStore
from tests.ground.archive.samples import SECOND, T0, keys

DAY = 86_400 * SECOND
times = (
    st.none() | st.integers(T0 - 2 * DAY, T0 + 2 * DAY) | st.sampled_from([T0, T0 + 1, T0 + DAY])
)
row = st.tuples(
    st.sampled_from(["A", "B", "CG-1", "é"]),
    times,
    st.integers(0, 5),
    st.integers(-(2**63), 2**63 - 1) | st.none(),
    st.sampled_from(["ON", "OFF", None]),
)
step = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(["t", "/u"]), st.lists(row, max_size=12)),
    st.tuples(st.sampled_from(["flush", "compact", "reopen"])),
)
question = st.tuples(
    st.none() | st.lists(st.sampled_from(["A", "B", "C"]), max_size=2),
    st.none() | st.integers(T0 - DAY, T0 + DAY),
    st.none() | st.integers(T0 - DAY, T0 + DAY),
    st.none() | st.integers(0, 20),
)


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    names, t_ns, sequence, numbers, modes = zip(*rows, strict=True) if rows else [()] * 5
    made = keys(names, t_ns, sequence)
    made["number"] = pa.array(numbers, pa.int64())
    made["mode"] = pa.array(modes, pa.string()).dictionary_encode()
    return pa.table(made)


def expected(
    rows: list[tuple[Any, ...]],
    spacecraft: list[str] | None = None,
    start: int | None = None,
    end: int | None = None,
    limit: int | None = None,
) -> list[tuple[Any, ...]]:
    """Sort by spacecraft; with a time by time and sequence, without one as they came."""
    kept = [
        row
        for row in rows
        if (spacecraft is None or row[0] in spacecraft)
        and (start is None or (row[1] is not None and row[1] >= start))
        and (end is None or (row[1] is not None and row[1] < end))
    ]
    kept.sort(key=lambda row: (row[0], row[1] is None, row[1] or 0, row[2] if row[1] else 0))
    return kept[:limit]


def rows_of(read: pa.Table) -> list[tuple[Any, ...]]:
    columns = ["spacecraft", "t_ns", "sequence", "number", "mode"]
    return list(zip(*(read[column].to_pylist() for column in columns), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(step, max_size=12), question)
def test_the_store_agrees_with_a_sorted_list(steps, asked):
    model: dict[str, list[tuple[Any, ...]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore.open(Path(folder), write=True)
        for verb, *more in steps:
            if verb == "append":
                store.append("live", {more[0]: table(more[1])})
                if more[1]:
                    model.setdefault(more[0], []).extend(more[1])
            elif verb == "reopen":
                store.close()
                store = EmbeddedStore.open(Path(folder), write=True)
            else:
                getattr(store, verb)()
        assert {info.name: info.rows for info in store.tables("live")} == {
            name: len(rows) for name, rows in model.items()
        }
        for name, rows in model.items():
            agree(store, name, rows, asked)
        store.close()


def agree(store: EmbeddedStore, name: str, rows: list[tuple[Any, ...]], asked: tuple) -> None:
    spacecraft, start, end, limit = asked
    assert rows_of(store.read("live", name)) == expected(rows)
    read = store.read("live", name, spacecraft=spacecraft, start_ns=start, end_ns=end, limit=limit)
    assert rows_of(read) == expected(rows, spacecraft, start, end, limit)
    scanned = store.scan("live", name, spacecraft=spacecraft, start_ns=start, end_ns=end)
    assert [row for part in scanned for row in rows_of(part)] == expected(
        rows, spacecraft, start, end
    )
    newest: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        if row[0] not in newest or (row[1] or -1) >= (newest[row[0]][1] or -1):
            newest[row[0]] = row
    assert rows_of(store.latest("live", name)[name]) == [newest[each] for each in sorted(newest)]
