"""A plug-in that cannot be used stops nobody."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ground.decode.derive import GROUP
from ground.services import plugins

GOOD = """
from ground.decode.derive import Output
class Good:
    name, packets, inputs, outputs = "GOOD", "/H/HK", ("LOAD",), (Output("TWICE"),)
    def update(self, t_ns, columns): return {"TWICE": 2 * columns["LOAD"]}
class NoOutputs:
    name, packets, inputs = "X", "/H/HK", ()
class NoPackets:
    name, inputs, outputs = "X", (), ()
class WrongLimits(Good):
    outputs = (Output("T", limits={"purple": (0, 1)}),)
"""


def test_plugins_that_raise_are_left_out_and_the_others_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "good_plugin.py").write_text(GOOD)
    (tmp_path / "bad_plugin.py").write_text("1 / 0")
    named = [
        *("bad_plugin:X", "no_such_module:X", "good_plugin:Missing"),
        *("good_plugin:NoOutputs", "good_plugin:NoPackets", "good_plugin:WrongLimits"),
        "good_plugin:Good",
    ]
    found = list(plugins.loaded(EntryPoint(each, each, GROUP) for each in named))
    assert [each.__name__ for each in found] == ["Good"]
    sys.modules.pop("good_plugin", None)
