"""What a sink makes of the answers that a server can give, and of none."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ground.archive.influx import Destination, retry_after_s, said_by, verdict
from ground.archive.influx_sink import Sink
from ground.archive.influx_source import QueryError, Source, identifier, literal
from tests import servers
from tests.ground.archive.http_server import Influx, Reply, running

LINE = b"m x=1 1\n"
TOKEN = "very-secret-token"
PAGE = Reply(404, b"404 page not found\n")


@pytest.fixture
def influx() -> Iterator[Influx]:
    with running() as made:
        yield made


def sink(influx: Influx, **more: Any) -> Sink:
    return Sink(Destination(influx.url, "b 1", **({"api": "v2", "token": TOKEN} | more)))


def error(text: str, **more: str) -> bytes:
    return json.dumps({"code": "x", "message": text} | more).encode()


def test_a_v2_write_names_bucket_organisation_precision_and_token(influx):
    assert sink(influx, org="o&o").send(LINE).verdict == "done"
    [asked] = influx.asked
    assert asked.path == "/api/v2/write"
    assert asked.query == {"org": "o&o", "bucket": "b 1", "precision": "ns"}
    assert asked.headers["Authorization"] == f"Token {TOKEN}"
    assert asked.body == LINE


def test_a_v1_write_names_database_policy_and_precision(influx):
    at = Destination(influx.url + "/prefix/", "d/year", api="v1", user="u", password="p:w")
    assert Sink(at).send(LINE).verdict == "done"
    [asked] = influx.asked
    assert asked.path == "/prefix/write"
    assert asked.query == {"db": "d", "rp": "year", "precision": "ns"}
    assert asked.headers["Authorization"] == "Basic dTpwOnc="


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_lines_are_compressed_where_that_is_asked(influx, api):
    body = LINE * 1000
    assert sink(influx, api=api, gzip=True).send(body).verdict == "done"
    [asked] = influx.asked
    assert asked.body == body
    assert asked.headers["Content-Encoding"] == "gzip"
    assert int(asked.headers["Content-Length"]) < len(body) / 10


@pytest.mark.parametrize(
    "reply, api",
    [
        (PAGE, "v1"),
        (Reply(405, b"method not allowed"), "v1"),
        (Reply(204), "v2"),
        (Reply(400, error("no points")), "v2"),
        (Reply(401, error("unauthorized")), "v2"),
        (Reply(404, error('bucket "b" not found')), "v2"),
    ],
)
def test_the_interface_is_found_out_by_what_an_empty_write_is_answered(influx, reply, api):
    influx.replies = [reply]
    made = sink(influx, api="auto")
    assert made.send(LINE).verdict == "done"
    assert made.api == api
    made.send(LINE)
    paths = {"v1": "/write", "v2": "/api/v2/write"}
    assert [each.path for each in influx.asked] == ["/api/v2/write", paths[api], paths[api]]


def test_a_server_that_is_away_leaves_the_interface_open(influx):
    influx.replies = [Reply(503, b"starting")]
    made = sink(influx, api="auto")
    assert made.send(LINE).verdict == "again"
    assert made.api is None
    influx.replies = [PAGE]
    assert made.send(LINE).verdict == "done"
    assert made.api == "v1"


@pytest.mark.parametrize(
    "reply, wanted, reason, after",
    [
        (Reply(429, error("slow down"), (("Retry-After", "7"),)), "again", "slow down", 7.0),
        (Reply(503, b"<html>away</html>"), "again", "away", None),
        (Reply(500, b""), "again", "500", None),
        (Reply(400, error("partial write: dropped=1")), "bad", "dropped=1", None),
        (Reply(400, b'{"error":"unable to parse"}'), "bad", "unable to parse", None),
        (Reply(413, b"too large"), "bad", "too large", None),
        (Reply(422, error("beyond retention")), "bad", "beyond retention", None),
        (Reply(401, error("unauthorized access")), "halt", "401", None),
        (Reply(403, error("no right to write")), "halt", "no right", None),
        (Reply(404, error('bucket "b 1" not found')), "halt", "b 1", None),
        (Reply(302, b"", (("Location", "http://127.0.0.1:9/x"),)), "halt", "302", None),
        (Reply(400, b"\xff\xfe not \x1b[31m utf-8"), "bad", "not", None),
    ],
)
def test_what_an_answer_means(influx, reply, wanted, reason, after):
    influx.replies = [reply]
    answer = sink(influx).send(LINE)
    assert (answer.verdict, answer.status, answer.after_s) == (wanted, reply.status, after)
    assert reason in answer.reason
    assert answer.reason.isprintable()
    assert len(influx.asked) == 1


def test_a_server_that_hangs_is_given_up_in_time(influx):
    influx.replies = [Reply(hang=True)]
    answer = sink(influx, read_s=0.1).send(LINE)
    assert (answer.verdict, answer.status) == ("again", 0)
    assert "imed out" in answer.reason


def test_an_answer_that_is_lost_is_none(influx):
    influx.replies = [Reply(lost=True)]
    made = sink(influx)
    assert made.send(LINE).verdict == "again"
    assert made.send(LINE).verdict == "done"
    assert [each.body for each in influx.asked] == [LINE, LINE]


def test_no_one_there_is_said_without_addresses_of_objects():
    answer = Sink(Destination(f"http://127.0.0.1:{servers.free_port()}", "b")).send(LINE)
    assert answer.verdict == "again"
    assert "refused" in answer.reason
    assert "0x" not in answer.reason


def test_secrets_are_in_no_text_and_no_log(influx, caplog):
    """Not even where the server says them, and everything is logged."""
    caplog.set_level(logging.DEBUG)
    basic = "dXNlcjpwYXNz"  # user:pass
    for at in (
        Destination(influx.url, "b", token=TOKEN, api="v2"),
        Destination(influx.url, "b", user="user", password="pass", api="v1"),
    ):
        influx.replies = [Reply(401, error(f"bad {TOKEN} or pass or {basic}"))]
        texts = [Sink(at).send(LINE).reason, repr(at)]
        influx.replies = [Reply(401, error(f"bad {TOKEN} or pass or {basic}"))]
        with pytest.raises(QueryError) as found:
            Source(at).ask("SHOW DATABASES")
        texts += [str(found.value), *(record.getMessage() for record in caplog.records)]
        told = [text for text in texts if at.token and at.token in text]
        told += [text for text in texts if at.password and basic in text]
        assert told == []
        caplog.clear()


def test_a_long_answer_is_cut(influx):
    influx.replies = [Reply(400, b"x" * 1_000_000)]
    assert len(sink(influx).send(LINE).reason) <= 520


@pytest.mark.parametrize(
    "text, seconds",
    [("5", 5.0), (" 5 ", 5.0), ("0", 0.0), ("99999", 3600.0), ("-1", None), (None, None),
     ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("²", None), ("5.5", None)],
)  # fmt: skip
def test_how_long_a_server_asks_to_wait(text, seconds):
    assert retry_after_s(text) == seconds


def test_each_status_has_a_verdict():
    assert [verdict(each) for each in (0, 204, 200, 301, 400, 401, 403, 404, 408, 429, 502)] == [
        *("again", "done", "done", "halt", "bad", "halt", "halt", "halt", "again", "again"),
        "again",
    ]
    assert said_by(b'["x"]') == '["x"]'


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b'{"results": 5}', b'{"results":[{"series":[{}]}]}', b"\xff"]
)
def test_an_answer_to_a_query_that_is_none_is_told(influx, body):
    influx.replies = [Reply(200, body)]
    with pytest.raises(QueryError, match="expected JSON"):
        Source(Destination(influx.url, "b")).ask("SHOW DATABASES")


def test_an_error_within_an_answer_is_told(influx):
    influx.replies = [Reply(200, b'{"results":[{"error":"database not found: b"}]}')]
    with pytest.raises(QueryError, match="database not found"):
        Source(Destination(influx.url, "b")).ask("SHOW DATABASES")


def test_names_and_texts_cannot_leave_their_quotes():
    """InfluxQL escapes with a backslash: docs.influxdata.com/influxdb/v1/query_language/spec."""
    assert identifier('a"; DROP DATABASE x--\\') == '"a\\"; DROP DATABASE x--\\\\"'
    assert literal("a'; DROP\n\\") == "'a\\'; DROP\\n\\\\'"
