"""What services log: one line each, clean, without secrets, and never in the way."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from ground.cli import logs
from ground.errors import InputError


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def _logged(form: str, monkeypatch: pytest.MonkeyPatch, **fields: object) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.start(form)
    structlog.get_logger().warning("link.down", **fields)
    return stream.getvalue()


def test_json_is_one_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _logged("json", monkeypatch, link="kashi", octets=3, of={1})
    assert text.count("\n") == 1
    found = json.loads(text)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "event": "link.down",
        "level": "warning",
        "link": "kashi",
        "octets": 3,
        "of": "{1}",
    }


@pytest.mark.parametrize("form", ["json", "people"])
def test_text_from_outside_cannot_steer_a_terminal(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _logged(form, monkeypatch, detail="\x1b[2Jgone\x07\n", more=["\x1b[1m"])
    assert not set(text.rstrip("\n")) & {"\x1b", "\x07", "\n"}
    assert "gone" in text


@pytest.mark.parametrize("key", ["token", "secret_key", "Password", "authorization"])
def test_what_is_named_like_a_secret_is_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "hunter2" not in _logged("json", monkeypatch, **{key: "hunter2"})


def test_a_log_that_nobody_takes_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    logs.start("json")
    structlog.get_logger().info("still.here")


def test_without_a_terminal_it_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.start()
    structlog.get_logger().info("here")
    assert json.loads(stream.getvalue())["event"] == "here"


def test_another_form_is_refused() -> None:
    with pytest.raises(InputError, match="people or json"):
        logs.start("xml")
