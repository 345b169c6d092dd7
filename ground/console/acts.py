"""What an operator may do here and now: why not, or what must be confirmed, and then sent.

An act names the alarms in the versions in which they were seen when the sheet was opened; the
station refuses it for those that have changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ground import messages
from ground.console.model import Model
from ground.console.palette import kind
from ground.console.view.alarms import grade, name, ref, waits
from ground.console.view.text import clean
from ground.messages import AlarmRow

SHELVING = (("15 min", 900), ("1 h", 3_600), ("8 h", 28_800))  # at most a shift
LISTED = 5  # alarms named on a sheet
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """What a sheet asks before anything is sent.

    Attributes:
        lines: what is going to be done, for people.
        choices: of which one is taken; `ask` is the prompt for a text, needed where `required`.
        expect: what the text must be, as a target's name; "" for any text.
        make: the request, of the choice's index, the text and the time of the confirmation.
        what: names the act when its answer comes.
    """

    title: str
    lines: tuple[str, ...]
    what: str
    make: Callable[[int, str, int], Any]
    choices: tuple[str, ...] = ()
    ask: str = ""
    required: bool = False
    expect: str = ""


def refused(model: Model, role: str) -> str:
    """Return why no alarm can be acted on; nothing where it can."""
    if kind(model.realm) == "replay":
        return "realm REPLAY: these alarms are a record, acts are disabled"
    if model.lost_ns is not None:
        return "the station is not heard: acts are disabled"
    if role == "view":
        return "role view: acts need a key of role operate"
    return ""


def acknowledge(rows: Sequence[AlarmRow], visible: bool) -> Question | str:
    """Return the question for acknowledging those that wait, or why there is none."""
    waiting = [row for row in rows if waits(row)]
    if not waiting:
        return "no alarm that waits to be acknowledged here"
    refs, total = [ref(row) for row in waiting], len(waiting)
    of = "visible " if visible else ""
    return Question(
        f"ACKNOWLEDGE {_alarms(total, of)}?",
        _named(waiting),
        f"acknowledge {_alarms(total)}",
        lambda _, text, now: messages.AcknowledgeAlarms(refs, text),
        ask="comment (may stay empty)",
    )


def shelve(rows: Sequence[AlarmRow]) -> Question | str:
    """Return the question for keeping alarms quiet: for how long, and why."""
    quiet = [row for row in rows if row.shelved_until_ns is None]
    if not quiet:
        return "already shelved" if rows else "no alarm here"
    refs = [ref(row) for row in quiet]

    def make(choice: int, text: str, now_ns: int) -> Any:
        until = now_ns + SHELVING[choice][1] * SECOND_NS
        return messages.ShelveAlarms(refs, until, text)

    return Question(
        f"SHELVE {_alarms(len(quiet))}",
        _named(quiet),
        f"shelve {_alarms(len(quiet))}",
        make,
        tuple(label for label, _ in SHELVING),
        "reason",
        True,
    )


def unshelve(rows: Sequence[AlarmRow]) -> Question | str:
    """Return the question for having shelved alarms speak again."""
    shelved = [row for row in rows if row.shelved_until_ns is not None]
    if not shelved:
        return "not shelved"
    refs = [ref(row) for row in shelved]
    return Question(
        f"UNSHELVE {_alarms(len(shelved))}?",
        _named(shelved),
        f"unshelve {_alarms(len(shelved))}",
        lambda _, text, now: messages.UnshelveAlarms(refs),
    )


def clear(rows: Sequence[AlarmRow]) -> Question | str:
    """Return the question for letting go of latched alarms that are back within limits."""
    latched = [row for row in rows if row.latched]
    back = [row for row in latched if row.severity == 0]
    if not back:
        return "its value is still out of limits" if latched else "not latched"
    refs = [ref(row) for row in back]
    return Question(
        f"CLEAR {_alarms(len(back), 'latched ')}?",
        _named(back),
        f"clear {_alarms(len(back))}",
        lambda _, text, now: messages.ClearAlarms(refs),
    )


def stop_replay() -> Question:
    """Return the question before a replay is ended for everyone who watches it."""
    return Question(
        "STOP this replay?",
        ("It ends for everyone who watches it.",),
        "replay stop",
        lambda _, text, now: messages.ControlReplay("stop"),
    )


def _named(rows: Sequence[AlarmRow]) -> tuple[str, ...]:
    lines = [
        f"{grade(row):8} {clean(row.spacecraft)} {name(row)} {clean(row.value)} {clean(row.units)}"
        for row in rows[:LISTED]
    ]
    return (*lines, f"and {len(rows) - LISTED} more") if len(rows) > LISTED else tuple(lines)


def _alarms(total: int, of: str = "") -> str:
    return f"{total} {of}alarm{'s' if total != 1 else ''}"
