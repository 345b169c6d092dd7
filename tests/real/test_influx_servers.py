"""Lines against real servers: InfluxDB 1.6.7, VictoriaMetrics 1.79.5, and any InfluxDB 2.x or 3.x.

`GROUND_TEST_INFLUX_URL`, `_TOKEN`, `_ORG` and `_BUCKET` name a server of that kind: the tests of
InfluxDB then run against it as well, in measurements of their own. Its bucket must answer
InfluxQL: on 2.x, it needs a mapping to a database (`influx v1 dbrp create`).
"""

from __future__ import annotations

import json
import math
import os
import secrets
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ground.archive.influx import Destination
from ground.archive.influx_lines import lines
from ground.archive.influx_sink import Sink, dropped
from ground.archive.influx_source import QueryError, Source
from protocols import times
from tests import servers

UNIX_S = 1_700_000_000
VISIBLE_S = 20.0
OWN = os.environ.get("GROUND_TEST_INFLUX_URL")


@dataclass(slots=True)
class Bucket:
    """A bucket of a running server, and a prefix for the measurements of one test run."""

    at: Destination
    prefix: str
    sink: Sink
    source: Source

    def name(self, text: str) -> str:
        return f"{self.prefix}/{text}"

    def send(self, table: pa.Table, name: str) -> None:
        tags = [each for each in table.column_names if each == "tag"]
        for part in lines(table, self.name(name), tags):
            answer = self.sink.send(part.body())
            assert answer.verdict == "done", answer


def bucket(at: Destination) -> Bucket:
    return Bucket(at, f"/test-{secrets.token_hex(4)}", Sink(at), Source(at))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[servers.Server]:
    with servers.influxdb(tmp_path_factory.mktemp("influxdb")) as running:
        Source(Destination(running.url, "")).ask('CREATE DATABASE "g d"')
        yield running


@pytest.fixture(params=["1.6.7", *(["own"] if OWN else [])])
def influx(request) -> Iterator[Bucket]:
    if request.param == "own":
        values = [os.environ.get(f"GROUND_TEST_INFLUX_{name}", "") for name in ("BUCKET", "ORG")]
        token = os.environ.get("GROUND_TEST_INFLUX_TOKEN", "")
        made = bucket(Destination(str(OWN), *values, token=token))
    else:
        made = bucket(Destination(request.getfixturevalue("server").url, "g d"))
    yield made
    made.sink.close()
    made.source.close()


def stamps(rows: int, step_ns: int = 1) -> pa.Array:
    unix_ns = np.arange(rows) * step_ns + UNIX_S * 10**9
    return pa.array(unix_ns).cast(pa.timestamp("ns", "UTC"))


def polled(read: Callable[[], Any]) -> Any:
    until = time.monotonic() + VISIBLE_S
    while (found := read()) is None:
        assert time.monotonic() < until, "not visible in time"
        time.sleep(0.1)
    return found


def all_of(influx: Bucket, name: str, fields: list[str], rows: int) -> list[dict[str, Any]]:
    """Return the rows of a measurement, once there are so many."""
    tai = int(times.utc_to_tai_ns(UNIX_S * 10**9))

    def read() -> list[dict[str, Any]] | None:
        found = influx.source.range(influx.name(name), fields, tai, tai + 10**15)
        return found if len(found) == rows else None

    return polled(read)


def test_every_double_comes_back_bit_for_bit(influx):
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, 3000, dtype=np.uint64).view(np.float64)
    special = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1e22, 1e-7, 2.0**53, math.pi]
    values = np.concatenate([bits[np.isfinite(bits)], special, rng.integers(0, 4096, 500) * 0.0123])
    influx.send(pa.table({"time": stamps(len(values)), "x": values}), "double")
    rows = all_of(influx, "double", ["x"], len(values))
    got = np.array([float(row["x"]) for row in rows])
    assert (got.view(np.uint64) == values.view(np.uint64)).all()
    first = int(times.utc_to_tai_ns(UNIX_S * 10**9))
    assert [row["t_ns"] for row in rows] == [first + at for at in range(len(values))]


def test_integers_flags_and_texts_come_back_as_they_are(influx):
    texts = ['quo"te', "back\\slash", "\\", "two\nlines", "tab\t", "é 航天", "", "a=b,c d"]
    numbers = [0, -1, 2**63 - 1, -(2**63) + 1, 2**53 + 1, 7, 8, 9]
    columns = {
        "time": stamps(8),
        "n": pa.array(numbers, pa.int64()),
        "u": pa.array([2**64 - 1, *range(7)], pa.uint64()),
        "b": [True, False] * 4,
        "s": texts,
        "l": pa.array(texts).dictionary_encode(),
        "a": pa.array([[1, 2]] * 8, pa.list_(pa.int8(), 2)),
        "tag": ["a b", "x=y", "c,d", None, "", "é", "a\\b", "plain"],
    }
    influx.send(pa.table(columns), "kinds")
    rows = all_of(influx, "kinds", ["n", "u", "b", "s", "l", "a_0", "a_1", "tag"], 8)
    assert [row["n"] for row in rows] == numbers
    assert [row["u"] for row in rows] == [None, *range(7)]
    assert [row["b"] for row in rows] == columns["b"]
    assert [row["s"] for row in rows] == texts == [row["l"] for row in rows]
    assert [(row["a_0"], row["a_1"]) for row in rows] == [(1, 2)] * 8
    tags = [row["tag"] or "" for row in rows]
    assert tags == ["a b", "x=y", "c,d", "", "", "é", "a\\b", "plain"]


def test_names_of_any_kind_are_quoted_so_that_they_are_found(influx):
    name = "a b,c=d\"e'f"
    influx.send(
        pa.table({"time": stamps(2), "f g,h=i\"'": [1.5, 2.5], "tag": ["it's", "ok"]}), name
    )
    field = "f g,h=i\"'"
    [row] = polled(
        lambda: influx.source.range(influx.name(name), [field], 0, 2**62, {"tag": "it's"}) or None
    )
    assert row[field] == 1.5
    assert influx.source.last(influx.name(name), [field])[field] == 2.5
    assert influx.name(name) in influx.source.measurements()


def test_bins_last_and_count_agree_with_numpy(influx):
    rng = np.random.default_rng(2)
    values = rng.normal(size=600)
    influx.send(pa.table({"time": stamps(600, 10**9), "x": values}), "bins")
    all_of(influx, "bins", ["x"], 600)
    start = int(times.utc_to_tai_ns(UNIX_S * 10**9))
    bins = influx.source.bins(influx.name("bins"), "x", start, start + 600 * 10**9, 60 * 10**9)
    groups = [values[(np.arange(600) + UNIX_S) // 60 == each]
              for each in np.unique((np.arange(600) + UNIX_S) // 60)]  # fmt: skip
    assert [row["count"] for row in bins] == [len(each) for each in groups]
    assert [row["min"] for row in bins] == [each.min() for each in groups]
    assert [row["max"] for row in bins] == [each.max() for each in groups]
    assert [row["mean"] for row in bins] == pytest.approx([each.mean() for each in groups])
    assert influx.source.count(influx.name("bins"), "x") == 600
    assert influx.source.last(influx.name("bins"), ["x"])["x"] == values[-1]
    few = influx.source.range(influx.name("bins"), ["x"], start, start + 10**12, limit=3)
    assert [row["x"] for row in few] == values[:3].tolist()


@pytest.mark.parametrize("packed", [False, True])
def test_lines_sent_again_are_no_more_rows(influx, packed):
    sink = Sink(replace(influx.at, gzip=packed))
    table = pa.table({"time": stamps(50), "x": np.arange(50.0)})
    [made] = lines(table, influx.name(f"again{packed}"))
    assert [sink.send(made.body()).verdict for _ in range(3)] == ["done"] * 3
    assert len(all_of(influx, f"again{packed}", ["x"], 50)) == 50
    sink.close()


def test_of_a_body_with_bad_lines_the_good_ones_are_kept(influx):
    name = influx.name("partial")
    one = f"{name} x=1 1\n".encode()
    assert influx.sink.send(one).verdict == "done"
    answer = influx.sink.send(
        f"{name} x=2 2\n{name} x=oops 3\n{name} x=4i 4\n{name} x=5 5\n".encode()
    )
    assert answer.verdict == "bad"
    conflict = influx.sink.send(f'{name} x=4i 4\n{name} x="t" 5\n'.encode())
    assert conflict.verdict == "bad"
    assert dropped(conflict) in (2, None)
    assert influx.sink.send(one).verdict == "done"


def test_a_query_that_is_none_and_one_of_nothing(influx):
    with pytest.raises(QueryError, match="InfluxDB"):
        influx.source.ask("SELEKT")
    assert influx.source.last(influx.name("nowhere"), ["x"]) is None
    assert influx.source.count(influx.name("nowhere"), "x") == 0


def test_the_old_server_is_spoken_to_in_v1_and_an_unknown_database_halts(server):
    sink = Sink(Destination(server.url, "g d"))
    assert sink.send(b"probe x=1 1\n").verdict == "done"
    assert sink.api == "v1"
    unknown = Sink(Destination(server.url, "nowhere")).send(b"m x=1 1\n")
    assert (unknown.verdict, unknown.status) == ("halt", 404)
    assert "nowhere" in unknown.reason
    assert Sink(Destination(server.url, "g d/autogen")).send(b"probe x=1 1\n").verdict == "done"


def test_users_and_passwords_of_the_old_server(tmp_path: Path):
    with servers.influxdb(tmp_path, auth=True) as running:
        right = Destination(running.url, "g", user="ground", password="se cret:1")
        admin = "CREATE USER ground WITH PASSWORD 'se cret:1' WITH ALL PRIVILEGES"
        Source(Destination(running.url, "g")).ask(admin)
        Source(right).ask("CREATE DATABASE g")
        assert Sink(right).send(b"m x=1 1\n").verdict == "done"
        assert Source(right).last("m", ["x"])["x"] == 1
        for wrong in (
            replace(right, password="wrong-one"),
            replace(right, user="", token="to-ken"),
        ):
            answer = Sink(wrong).send(b"m x=1 1\n")
            assert (answer.verdict, answer.status) == ("halt", 401)
            assert "wrong-one" not in answer.reason + repr(wrong)
            assert "to-ken" not in answer.reason + repr(wrong)
            with pytest.raises(QueryError, match="401"):
                Source(wrong).ask("SHOW DATABASES")


def test_victoria_metrics_takes_v2_writes(tmp_path: Path):
    """It keeps milliseconds and doubles of some 12 digits, and shows them a second or two later."""
    rng = np.random.default_rng(3)
    now_ms = int(time.time() * 1000) - 600_000
    unix_ns = (now_ms + np.arange(200) * 1000) * 10**6 + 123_456
    values = rng.integers(0, 4096, 200) * 0.0123 - 20
    table = pa.table(
        {
            "time": pa.array(unix_ns).cast(pa.timestamp("ns", "UTC")),
            "x": values,
            "n": pa.array(np.arange(200), pa.int32()),
            "tag": ["CG 1"] * 200,
        }
    )
    with servers.victoria_metrics(tmp_path) as running:
        sink = Sink(Destination(running.url, "g", gzip=True))
        for part in lines(table, "hk", ["tag"], {"realm": "live"}):
            assert sink.send(part.body()).verdict == "done"
        assert sink.api == "v2"

        def exported() -> dict[str, Any] | None:
            urllib.request.urlopen(f"{running.url}/internal/force_flush").close()
            query = urllib.parse.urlencode({"match[]": '{realm="live"}'})
            with urllib.request.urlopen(f"{running.url}/api/v1/export?{query}") as answer:
                series = [json.loads(line) for line in answer]
            named = {each["metric"]["__name__"]: each for each in series}
            whole = len(named) == 2 and all(len(each["values"]) == 200 for each in series)
            return named if whole else None

        named = polled(exported)
        assert named["hk_x"]["metric"]["tag"] == "CG 1"
        assert np.abs(np.array(named["hk_x"]["timestamps"]) - unix_ns / 1e6).max() <= 1
        assert named["hk_x"]["values"] == pytest.approx(values.tolist(), rel=1e-12)
        assert named["hk_n"]["values"] == list(range(200))
