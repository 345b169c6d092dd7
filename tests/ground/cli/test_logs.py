"""What services say: JSON where nobody watches, and never raw text from outside."""

from __future__ import annotations

import io
import json
import sys

import pytest
import structlog

from ground.cli import logs


@pytest.fixture(autouse=True)
def calm():
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["json", "people"])
def test_control_characters_of_a_value_never_reach_the_terminal(monkeypatch, form):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    logs.start(form)
    structlog.get_logger().warning("link.down", detail="\x1b]0;owned\x07", link="kashi")
    assert "\x1b]" not in out.getvalue() and "\x07" not in out.getvalue()
    assert "owned" in out.getvalue()


def test_where_nobody_watches_each_event_is_a_line_of_json(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    logs.start()
    structlog.get_logger().info("link.up", link="kashi")
    event = json.loads(out.getvalue())
    assert (event["event"], event["link"], event["level"]) == ("link.up", "kashi", "info")
