"""Whatever a service has to say travels, in as many parts as it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ground import wire
from ground.messages import (
    AlarmRow,
    AlarmsChanged,
    EventRow,
    EventsRaised,
    ParametersDecoded,
    RejectsFound,
    StaleChanged,
    StaleRow,
)
from ground.services import parcels


def alarm(number: int, severity: int = 1, text: str = "") -> AlarmRow:
    return AlarmRow(
        *(f"A/P[{number}]", 1, "A", "/P", number, "unacknowledged", severity, severity, number),
        *(number, "1", "1", "V", 1, False, "", None, "", "", text, "call somebody"),
    )


def decoded(rows: int, **columns: Any) -> ParametersDecoded:
    return ParametersDecoded("/P", "", ["A"], {}, {"t_ns": np.arange(rows), **columns})


MANY = {
    "alarms": AlarmsChanged([alarm(each) for each in range(20_000)]),
    "comments": AlarmsChanged([alarm(each, text="x" * 10_000) for each in range(700)]),
    "events": EventsRaised([EventRow(1, "s", "A", "info", "k", "t" * 200)] * 30_000),
    "stale": StaleChanged([StaleRow("A", f"/P{each}", 1, True) for each in range(100_000)]),
    "numbers": decoded(3000, wide=np.ones((3000, 1000))),
    "text": decoded(3000, text=np.array(["ü" * 1000] * 3000, object)),
    "lists": decoded(300, lists=np.array([None, *[np.ones(9000)] * 299], object)[:, None]),
}


def on_the_wire(message: Any) -> Any:
    frames = wire.encode(message, topic="live/x", realm="live", seq=1, t_ns=0)
    return wire.decode([bytes(each) for each in frames]).message


@pytest.mark.parametrize("name", MANY)
def test_what_is_too_long_for_a_message_goes_in_parts_that_are_all_of_it(name: str) -> None:
    message = MANY[name]
    with pytest.raises(wire.WireError):
        on_the_wire(message)
    parts = [on_the_wire(each) for each in parcels.parts(message)]
    assert len(parts) > 1
    if isinstance(message, ParametersDecoded):
        for column, whole in message.columns.items():
            joined = np.concatenate([part.columns[column] for part in parts])
            assert repr(joined.tolist()) == repr(whole.tolist())
    else:
        [field] = message.__dataclass_fields__
        rows = [row for part in parts for row in getattr(part, field)]
        assert rows == getattr(message, field)


def test_what_is_short_stays_one() -> None:
    for message in (AlarmsChanged([alarm(1)]), decoded(3), RejectsFound("x", {"a: b": 1})):
        assert list(parcels.parts(message)) == [message]


def test_too_many_alarms_to_list_are_the_worst_and_a_number() -> None:
    alarms = [alarm(each, severity=1 + each % 3) for each in range(20_000)]
    answer = on_the_wire(parcels.listed(alarms))
    assert len(answer.alarms) + answer.left_out == 20_000
    assert {row.severity for row in answer.alarms} == {3}
    few = on_the_wire(parcels.listed(alarms[:50]))
    assert (few.alarms, few.left_out) == (alarms[:50], 0)
    assert on_the_wire(parcels.listed([])).alarms == []
