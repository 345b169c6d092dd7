"""An element is called as everywhere else: the index stands behind the array, not the member."""

from __future__ import annotations

import pytest

from ground.console.model import Model
from ground.console.view import parameters
from ground.messages import ParameterRow

CARDS = "/CG1/DC/CARDS.temperature"
ROW = ParameterRow(CARDS, "/CG1/DC/CARDS_HK", "number", "degC", "", 64, [], [])


@pytest.mark.parametrize("text", ["CARDS[23].temperature", "/CG1/DC/CARDS[23].temperature"])
def test_a_name_as_the_commands_take_it_is_found(text: str) -> None:
    model = Model("live")
    model.parameters = {ROW.path: ROW}
    key = parameters.find(model, "CG-1", text)
    assert key == ("CG-1", "/CG1/DC/CARDS.temperature", 23)
    assert parameters.label(key) == "CG-1 /CG1/DC/CARDS[23].temperature"
    assert parameters.find(model, "CG-1", "CARDS[64].temperature") is None
