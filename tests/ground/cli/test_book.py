"""`ground book`: what goes to the command service, and what is shown of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ground.messages import (
    Answered,
    BookingRow,
    BookRelay,
    CancelBooking,
    ContactsPlanned,
    PlanContacts,
    RelayBooked,
)
from tests.commands import Run
from tests.ground.api.commanding import NOW, SECOND
from tests.ground.cli.station import *  # noqa: F403  # fixtures
from tests.ground.cli.station import CommandService, Displaying

ROW = BookingRow(
    "b7", "TL-1", "A", NOW + 565 * SECOND, NOW + 600 * SECOND, NOW + 900 * SECOND, 2, "dirk", "pass"
)
TAKEN = BookingRow("b8", "TL-1", "B", NOW, NOW + 35 * SECOND, NOW + 95 * SECOND, 1, "", "")


@pytest.fixture(autouse=True)
def running(
    displaying: Displaying,
    commanding: CommandService,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """A station that has bookings."""
    monkeypatch.setenv("GROUND_HOME", str(home))
    usual = commanding._answer

    def answer(message: Any, user: str) -> Any:
        match message:
            case BookRelay() if commanding.refusal.ok:
                return RelayBooked(ROW, ["b8 of B gives way at 12:09:25"])
            case PlanContacts():
                return ContactsPlanned("1f", NOW, [], 0, [], [ROW, TAKEN])
        return usual(message, user)

    monkeypatch.setattr(commanding, "_answer", answer)
    yield


FROM_UNTIL = ["--from", "2026-11-22T12:10:00", "--until", "2026-11-22T12:15:00"]


def test_a_terminal_is_booked(run: Run, commanding: CommandService):
    done = run("book", "TL-1", "A", *FROM_UNTIL, "--priority", "2", "--reason", "pass")
    assert done.code == 0
    assert done.out.splitlines() == [
        "booked: b7, TL-1 for A, 2026-11-22 12:10:00 to 2026-11-22 12:15:00",
        "b8 of B gives way at 12:09:25",
    ]
    span = NOW + 600 * SECOND, NOW + 900 * SECOND
    assert commanding.of(BookRelay) == [BookRelay("TL-1", "A", *span, 2, "pass")]


def test_a_script_gets_one_object(run: Run):
    done = run("book", "TL-1", "A", *FROM_UNTIL, "--json")
    assert (done.json["schema"], done.json["counts"]) == ("ground.book/1", {"booked": 1})
    assert done.json["notices"] == ["b8 of B gives way at 12:09:25"]
    [row] = done.json["rows"]
    assert (row["booking"], row["by"], row["priority"]) == ("b7", "dirk", 2)
    assert (row["turns_ns"], row["start_ns"], row["end_ns"]) == (
        ROW.start_ns, ROW.ready_ns, ROW.end_ns,
    )  # fmt: skip


def test_what_is_booked_is_shown(run: Run):
    rows = run("book", "--json").json["rows"]
    assert [(each["booking"], each["by"]) for each in rows] == [("b7", "dirk"), ("b8", None)]
    out = run("book").out
    assert "b7" in out and "2026-11-22 12:10:00" in out and "dirk" in out


def test_a_booking_is_cancelled(run: Run, commanding: CommandService):
    assert run("book", "--cancel", "b7", "--reason", "late").out == "cancelled: b7\n"
    assert run("book", "--cancel", "b7", "--json").json["counts"] == {"cancelled": 1}
    assert commanding.of(CancelBooking)[0] == CancelBooking("b7", "late")


def test_a_refusal_is_told(run: Run, commanding: CommandService):
    commanding.refusal = Answered(False, "terminal of TL-1 is taken by B until 12:15:00")
    done = run("book", "TL-1", "A", *FROM_UNTIL)
    assert done.code == 3
    assert "taken by B" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TL-1"], "expected RELAY SPACECRAFT"),
        (["TL-1", "A", "--cancel", "b7"], "expected RELAY SPACECRAFT"),
        (["TL-1", "A"], "expected until when"),
        (["TL-1", "A", "--until", "soon"], "no time"),
    ],
)
def test_what_is_not_said_whole_is_not_asked(run: Run, commanding, arguments, said):
    done = run("book", *arguments)
    assert done.code == 2
    assert said in done.err
    assert commanding.of(BookRelay) == commanding.of(CancelBooking) == []
