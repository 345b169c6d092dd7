"""The sender of the archive's rows: nothing lost, nothing twice, nothing in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.influx import Answer
from ground.archive.influx_state import CursorFile, RejectFile
from ground.archive.store import ArchiveError
from ground.services import influx_feed
from tests.ground.archive.samples import T0, UTC_OFFSET, housekeeping, keys
from tests.ground.services.influx import BUSY, HK, SECOND, FakeServer, append, drain, sender

MINUTES = f"{HK}@1m"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.open(tmp_path / "archive", write=True) as opened:
        yield opened


def counts(server: FakeServer, measurement: str = HK) -> list[int]:
    return [int(found) for each in server.of(measurement) for found in number(each, "/CG1/count")]


def number(fields: bytes, name: str) -> list[str]:
    return re.findall(rf"{re.escape(name)}=([^,]+?)i?(?:,|$)", fields.decode())


def test_every_row_is_sent_once_with_its_values_tags_and_time(store, tmp_path):
    append(store, 0, 3)
    server = FakeServer()
    drain(sender(store, server, tmp_path))
    [(head, stamp), *_] = sorted(key for key in server.rows if key[0].startswith(b"/CG1/HK,"))
    assert head == b"/CG1/HK,realm=live,spacecraft=CG-1"
    assert int(stamp) == T0 - UTC_OFFSET
    cards = ",".join(f"/CG1/cards.temperature_{index}=0i" for index in range(64))
    expected = f'sequence=0i,flags=0i,/CG1/count=0i,/CG1/volts=28,/CG1/mode="IDLE",{cards}'
    assert server.of(HK)[0].decode() == expected
    assert counts(server) == [0, 1, 2]


def test_only_the_new_rows_are_sent_next_and_after_a_restart(store, tmp_path):
    server = FakeServer()
    one = sender(store, server, tmp_path)
    append(store, 0, 5)
    drain(one)
    server.rows.clear()
    append(store, 5, 5)
    drain(one)
    assert counts(server) == [5, 6, 7, 8, 9]
    server.rows.clear()
    drain(sender(store, server, tmp_path))
    assert server.rows == {}
    append(store, 10, 1)
    drain(sender(store, server, tmp_path))
    assert counts(server) == [10]


def test_late_rows_are_sent_and_their_minute_is_made_again(store, tmp_path):
    server = FakeServer()
    one = sender(store, server, tmp_path)
    append(store, 30, 60)
    drain(one)
    assert [number(each, "rows") for each in server.of(MINUTES)] == [["30"], ["30"]]
    append(store, 0, 30)
    drain(one)
    assert counts(server) == list(range(90))
    first, second = server.of(MINUTES)
    assert number(first, "rows") == ["60"]
    assert number(first, "/CG1/count_min") + number(first, "/CG1/count_max") == ["0", "59"]
    assert number(first, "/CG1/count_mean") == ["29.5"]
    assert number(second, "/CG1/count_count") == ["30"]


def test_a_minute_is_sent_when_it_is_closed_and_quiet(store, tmp_path):
    server = FakeServer()
    one = sender(store, server, tmp_path, "summary")
    utc = T0 - UTC_OFFSET
    for second in range(75):
        append(store, second, 1)
        drain(one, second * SECOND, utc + second * SECOND, finish=False)
        assert len(server.of(MINUTES)) == (second >= 69)
    assert number(server.of(MINUTES)[0], "rows") == ["60"]
    assert len(server.bodies) == 1


def test_a_cursor_waits_for_the_minutes_that_are_open(store, tmp_path):
    server = FakeServer()
    utc = T0 - UTC_OFFSET
    for second in range(50):
        append(store, second, 1)
    drain(sender(store, server, tmp_path, "summary"), 0, utc + 50 * SECOND, finish=False)
    append(store, 50, 40)
    drain(sender(store, server, tmp_path, "summary"))
    assert [number(each, "rows") for each in server.of(MINUTES)] == [["60"], ["30"]]


def test_minutes_in_the_future_of_a_wrong_clock_are_sent_too(store, tmp_path):
    server = FakeServer()
    one = sender(store, server, tmp_path, "summary")
    append(store, 0, 2)
    long_ago = T0 - UTC_OFFSET - 10**18
    drain(one, 0, long_ago, finish=False)
    drain(one, 89 * SECOND, long_ago, finish=False)
    assert server.of(MINUTES) == []
    drain(one, 90 * SECOND, long_ago, finish=False)
    assert len(server.of(MINUTES)) == 1


def test_rollups_agree_with_numpy_over_gaps_nulls_and_infinities(store, tmp_path):
    rng = np.random.default_rng(5)
    at = np.sort(rng.choice(1200, 400, replace=False))
    values = rng.normal(size=400)
    values[rng.random(400) < 0.2] = np.inf
    mask = rng.random(400) < 0.3
    made = keys(["A"] * 400, [T0 + int(each) * SECOND for each in at], list(range(400)))
    made["/CG1/x"] = pa.array(values, mask=mask)
    store.append("live", {HK: pa.table(made)})
    server = FakeServer()
    drain(sender(store, server, tmp_path, "summary"))
    rows = server.of(MINUTES)
    assert len(rows) == len(np.unique(at // 60))
    for minute, row in zip(np.unique(at // 60), rows, strict=True):
        mine = values[(at // 60 == minute) & ~mask & np.isfinite(values)]
        assert number(row, "/CG1/x_count") == [str(len(mine))]
        if len(mine):
            assert float(number(row, "/CG1/x_min")[0]) == mine.min()
            assert float(number(row, "/CG1/x_max")[0]) == mine.max()
            assert float(number(row, "/CG1/x_mean")[0]) == pytest.approx(mine.mean())


def test_rows_that_share_a_time_are_rows_of_their_own(store, tmp_path):
    server = FakeServer()
    store.append("live", {"events": pa.table(keys(["A"] * 3 + ["B"], [T0] * 4, [1, 2, 3, 1]))})
    drain(sender(store, server, tmp_path))
    store.append("live", {"events": pa.table(keys(["A"], [T0], [2]))})
    drain(sender(store, server, tmp_path))
    times = sorted(int(stamp) - T0 + UTC_OFFSET for head, stamp in server.rows if b"=A" in head)
    assert times == [0, 1, 2, 3]


def test_rows_without_a_generation_time_stand_at_their_reception(store, tmp_path):
    made = keys(["A"] * 4, [None, T0, None, None], [7, 8, 9, 10])
    received = [T0 - UTC_OFFSET + 5 * SECOND, None, None, T0 - UTC_OFFSET]
    made["received"] = pa.array(received, pa.int64()).cast(pa.timestamp("ns", "UTC"))
    made["/CG1/x"] = pa.array([1, 2, 3, 4], pa.int8())
    store.append("live", {HK: pa.table(made)})
    server = FakeServer()
    one = sender(store, server, tmp_path)
    drain(one)
    stamps = {
        (head.decode(), int(stamp) - T0 + UTC_OFFSET): row
        for (head, stamp), row in server.rows.items()
    }
    samples = {key: row for key, row in stamps.items() if "@1m" not in key[0]}
    late = "/CG1/HK,realm=live,stamp=received,spacecraft=A"
    assert {key: number(row, "/CG1/x") for key, row in samples.items()} == {
        ("/CG1/HK,realm=live,spacecraft=A", 0): ["2"],
        (late, 0): ["4"],
        (late, 5 * SECOND): ["1"],
    }
    assert number(stamps["/CG1/HK@1m,realm=live,stamp=received,spacecraft=A", 0], "rows") == ["2"]
    assert one.feed.dropped == {"no time": 1}


def test_other_realms_and_the_stations_own_tables_are_not_sent(store, tmp_path):
    store.append("sim/x", {HK: housekeeping(rows=5)})
    store.append("live", {"packets": housekeeping(rows=5), "gaps": housekeeping(rows=2)})
    server = FakeServer()
    one = sender(store, server, tmp_path)
    drain(one)
    assert server.rows == {}
    assert (one.serial, one.feed.behind()) == (3, 0)


def test_an_answer_that_is_lost_changes_nothing(store, tmp_path):
    """The server took the lines, and the sender, not told so, sends them again."""
    append(store, 0, 100)
    server = FakeServer(answers=[Answer("again", "ReadTimeoutError")], keeps_unanswered=True)
    one = sender(store, server, tmp_path)
    drain(one)
    assert one.retry.state == "waiting"
    assert one.serial == 0
    drain(one, 10**18)
    assert server.bodies[0] == server.bodies[1]
    assert counts(server) == list(range(100))
    assert one.tally.rows.balanced


def test_ten_minutes_without_a_server_lose_nothing_and_keep_nothing_in_memory(store, tmp_path):
    """A virtual clock; rows come in every five seconds."""
    server = FakeServer()
    one = sender(store, server, tmp_path)
    sizes = []
    for second in range(0, 720, 5):
        server.answers = [BUSY] if 60 <= second < 660 else []
        append(store, second, 5)
        drain(one, second * SECOND, finish=False)
        sizes.append(sum(len(line) for line in one._lines.text.to_pylist()) if one._lines else 0)
    assert len(server.bodies) < 24 + 12 + 20  # rows, minutes, and what was tried in between
    drain(one, 10**18)
    assert counts(server) == list(range(720))
    assert [number(each, "rows") for each in server.of(MINUTES)] == [["60"]] * 12
    assert max(sizes[12:132]) == sizes[12]
    assert one.serial == 144


def test_bad_lines_are_found_kept_with_the_reason_and_the_others_sent(store, tmp_path):
    append(store, 0, 200)
    bad = {17, 18, 199}
    server = FakeServer(
        refuses=lambda line: b"@1m" not in line and int(number(line, "/CG1/count")[0]) in bad
    )
    one = sender(store, server, tmp_path)
    drain(one)
    assert counts(server) == [each for each in range(200) if each not in bad]
    kept = (tmp_path / "main.rejects").read_bytes().splitlines()
    assert kept[0::2] == [b"# HTTP 400: unable to parse"] * 3
    assert [int(number(line, "/CG1/count")[0]) for line in kept[1::2]] == [17, 18, 199]
    rows = one.tally.rows
    assert (rows.dropped, rows.balanced, rows.given) == ({"rejected": 3}, True, 204)
    assert len(server.bodies) < 40
    assert one.serial == 1


def test_lines_that_the_server_says_it_dropped_all_are_not_sent_one_by_one(store, tmp_path):
    append(store, 0, 200)
    reason = "HTTP 400: partial write: points beyond retention policy dropped=200"
    server = FakeServer(answers=[Answer("bad", reason, 400)])
    one = sender(store, server, tmp_path)
    drain(one)
    assert one.tally.rows.dropped == {"rejected": 200}
    assert len(server.bodies) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_of_everything_halts_and_says_why(store, tmp_path, status):
    append(store, 0, 5)
    server = FakeServer(answers=[Answer("halt", f"HTTP {status}: no", status)])
    one = sender(store, server, tmp_path)
    drain(one)
    assert (one.retry.state, one.retry.reason) == ("halted", f"HTTP {status}: no")
    assert len(server.bodies) == 1
    drain(one, 299 * SECOND)
    assert len(server.bodies) == 1
    drain(one, 300 * SECOND)
    assert counts(server) == list(range(5))


def test_a_damaged_file_is_named_and_the_rest_is_sent(store, tmp_path):
    append(store, 0, 5)
    store.append("live", {"/CG1/B": housekeeping(rows=5)})
    [hot] = (tmp_path / "archive").rglob("hot/CG1.HK*/*.arrows")
    octets = bytearray(hot.read_bytes())
    octets[-200] ^= 1
    hot.write_bytes(octets)
    server = FakeServer()
    one = sender(store, server, tmp_path)
    drain(one)
    assert len(server.of("/CG1/B")) == 5
    assert counts(server) == []
    assert "/CG1/HK" in one.feed.damage
    assert "checksum" in one.feed.damage
    assert one.serial == 2


def test_a_backlog_is_sent_in_rounds_whose_cursor_is_kept(store, tmp_path, monkeypatch):
    monkeypatch.setattr(influx_feed, "ROUND_ROWS", 10)
    for start in range(0, 40, 5):
        append(store, start, 5)
    server = FakeServer()
    one = sender(store, server, tmp_path)
    while one.serial < 4:
        assert one.step(0, 1 << 62, finish=True)
    assert counts(server) == list(range(20))
    drain(sender(store, server, tmp_path))
    assert counts(server) == list(range(40))


def test_a_cursor_of_another_place_counts_for_nothing(tmp_path):
    CursorFile(tmp_path / "a.json", "here").write(7)
    assert CursorFile(tmp_path / "a.json", "here").read() == 7
    assert CursorFile(tmp_path / "a.json", "there").read() == 0
    assert CursorFile(tmp_path / "b.json", "here").read() == 0
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"destination": "x", "serial": -1})])
def test_a_cursor_file_that_is_none_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ArchiveError, match=r"a\.json"):
        CursorFile(tmp_path / "a.json", "x").read()


def test_a_full_reject_file_makes_way_for_another(tmp_path):
    rejects = RejectFile(tmp_path / "m.rejects", 50)
    for number_ in range(9):
        rejects.add(b"m x=%d\n" % number_, "two\nlines of\treason")
    assert rejects.path.read_bytes().endswith(b"# two lines of reason\nm x=8\n")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.old", "m.rejects"]
