"""What is asked of an operator before a command is armed, fired, approved or controlled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ground import messages
from ground.console.acts import Question
from ground.console.arming import Loaded
from ground.console.orders import Judged
from ground.console.view.judgement import route
from ground.console.view.orders import short
from ground.console.view.text import clean, utc
from ground.messages import CommandRow, ControlAuthority

REPEAT = "repeat"  # the word by which the station says that a command was sent shortly before
LISTED = 4  # reasons named on a sheet


@dataclass(frozen=True, slots=True)
class Arm:
    """Be armed for a target; this goes to nobody but the console itself."""

    target: str


@dataclass(frozen=True, slots=True)
class Fire:
    """Send what is loaded, with what was typed on the sheet."""

    loaded: Loaded


def arm(target: str) -> Question:
    """Return the question before a console is armed."""
    return Question(
        f"ARM for {clean(target)}",
        ("For two minutes after the last key, while nothing changes; ctrl+g is safe again.",),
        f"arm {clean(target)}",
        lambda _, text, now: Arm(target),
        ask="type the target's name",
        required=True,
        expect=target,
    )


def fire(loaded: Loaded, judged: Judged | None, why: str, now_ns: int) -> Question | None:
    """Return the question before what is loaded is fired; None where no sheet is needed.

    A hazardous command wants its target's name; one that was sent shortly before may be repeated.
    `why` is for what the station refused it a moment ago.
    """
    row, taken = loaded.command, judged.taken if judged else None
    doubts = [*(taken.wrong if taken else []), *([why] if why else [])]
    again = any(REPEAT in each.casefold() for each in doubts)
    hazardous = row.hazard != "H0"
    if not hazardous and not again:
        return None

    def make(choice: int, text: str, _: int) -> Any:
        asked = replace(loaded.request, typed=text if hazardous else "", repeat=choice == 1)
        return Fire(replace(loaded, request=asked))

    ways = [route(each, now_ns) for each in (taken.routes[:1] if taken else [])]
    lines = (
        f"{clean(row.spacecraft)}  {clean(row.text)}   sha {short(row.sha256)}",
        *(f"Route {each}" for each in ways),
        *(
            f"{_sign(each.holds)} {clean(each.text)}"
            for each in (taken.constraints if taken else [])
        ),
        *(f"the station says: {clean(each)}" for each in doubts[:LISTED]),
        *(
            ("Then it waits until a second person approves this very sha.",)
            if row.hazard == "H2"
            else ()
        ),
    )
    return Question(
        f"FIRE {row.hazard}{' HAZARDOUS' if hazardous else ''}",
        lines,
        f"{clean(row.text)}",
        make,
        choices=("send once", "REPEAT it") if again else (),
        ask="type the target's name to fire" if hazardous else "",
        required=hazardous,
        expect=row.spacecraft if hazardous else "",
    )


def approve(row: CommandRow) -> Question:
    """Return the question before a second person approves a command."""
    request = messages.ApproveCommand(row.id, row.sha256)
    return Question(
        f"APPROVE {row.hazard} of {clean(row.author)}",
        (
            f"{clean(row.spacecraft)}  {clean(row.text)}   sha {short(row.sha256)}",
            f"sha256 {clean(row.sha256)}",
            f"{len(row.octets)} octets {row.octets[:24].hex(' ')}",
            f"expires {utc(row.expires_ns)}; by {clean(' > '.join(row.via)) or 'no route yet'}",
        ),
        f"approve {short(row.sha256)}",
        lambda _, text, now: request,
        ask="type the target's name to approve",
        required=True,
        expect=row.spacecraft,
    )


def control(row: CommandRow, act: Any) -> Question:
    """Return the question before a command of the queue is held, released, moved or cancelled."""
    levels = ("0", "1", "2", "3") if act == "priority" else ()
    cancel = act == "cancel"

    def make(choice: int, text: str, _: int) -> Any:
        return messages.ControlCommand(row.id, act, value=choice if levels else 0, reason=text)

    return Question(
        f"{act.upper()} {clean(row.spacecraft)} {clean(row.text)}?",
        (f"{clean(row.state)}, priority {row.priority}, sha {short(row.sha256)}",),
        f"{act} {short(row.sha256)}",
        make,
        choices=levels,
        ask="reason" if cancel else "",
        required=cancel,
    )


def authority(request: ControlAuthority, holder: str) -> Question:
    """Return the question before the authority over a spacecraft changes hands."""
    to = f" to {clean(request.to)}" if request.to else ""
    return Question(
        f"{request.act.upper()} the authority over {clean(request.spacecraft)}{to}?",
        (f"Now it is with {clean(holder) or 'nobody'}.",),
        f"authority {request.act} {clean(request.spacecraft)}",
        lambda _, text, now: request,
    )


def _sign(holds: bool | None) -> str:
    return {True: "holds:", False: "FAILS:", None: "unknown:"}[holds]
