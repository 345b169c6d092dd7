"""Commands as rows to print, and how people read one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ground.cli.output import TO_MILLISECOND, TO_SECOND, Heading, emit, literal, say

if TYPE_CHECKING:
    from ground.messages import CommandRow, ConstraintRow, StepRow

COMMANDS = [
    Heading("accepted", "accepted (UTC)", time=TO_SECOND),
    Heading("id", "id", whole=True),
    Heading("spacecraft", "spacecraft", whole=True),
    Heading("text", "command"),
    Heading("state", "state", whole=True),
    Heading("needs", "waits for"),
    Heading("hazard", "hazard", aside=True),
    Heading("priority", "priority", True, aside=True),
    Heading("expires", "expires (UTC)", time=TO_SECOND, aside=True),
    Heading("eta", "arrives (UTC)", time=TO_SECOND, aside=True),
    Heading("author", "author", aside=True),
    Heading("approver", "approver", aside=True),
]
STEPS = [
    Heading("time", "time (UTC)", time=TO_MILLISECOND),
    Heading("stage", "stage", whole=True),
    Heading("detail", "detail"),
]
_HOLDS = {True: "holds", False: "does not hold", None: "not known"}
_PLAIN = (
    *("id", "spacecraft", "path", "text", "octets", "sha256", "hazard", "author", "approver"),
    *("state", "held", "needs", "priority", "via"),
)
_TIMES = ("accepted", "not_before", "expires", "eta")


def as_row(command: CommandRow) -> dict[str, Any]:
    """Return a command as a row to print."""
    row = {name: getattr(command, name) for name in _PLAIN}
    for name in _TIMES:
        row |= instant(name, getattr(command, f"{name}_ns"))
    return row | {"steps": [step(each) for each in command.steps]}


def step(each: StepRow) -> dict[str, Any]:
    """Return a step of a command as a row to print."""
    from protocols import times

    return {
        "stage": each.stage,
        "t_ns": each.t_ns,
        "time": times.iso(each.t_ns),
        "detail": each.detail,
    }


def instant(name: str, t_ns: int) -> dict[str, Any]:
    """Return the keys of a time; 0 is for none."""
    from protocols import times

    return {f"{name}_ns": t_ns or None, name: times.iso(t_ns) if t_ns else None}


def constraint(row: ConstraintRow) -> dict[str, Any]:
    """Return a constraint as a row to print."""
    return {"text": row.text, "holds": row.holds}


def show(command: CommandRow) -> None:
    """Print what a command is: what would be approved, and what was understood."""
    row = as_row(command)
    say(f"[bold]{literal(command.spacecraft)}  {literal(command.text)}[/bold]  {command.hazard}")
    say(literal(f"octets     {command.octets.hex()} ({len(command.octets)})"))
    say(literal(f"sha256     {command.sha256}"))
    by = f", approved by {command.approver}" if command.approver else ""
    say(literal(f"author     {command.author}{by}"))
    for name in _TIMES[1:]:
        if row[name] is not None:
            say(f"{name.replace('_', ' '):<11}{row[name][:TO_SECOND].replace('T', ' ')}")


def show_constraints(rows: Iterable[ConstraintRow]) -> None:
    """Print the conditions of a command."""
    for row in rows:
        text = literal(f"{_HOLDS[row.holds]}: {row.text}")
        say(text if row.holds else f"[yellow]{text}[/yellow]")


def show_state(command: CommandRow) -> None:
    """Print where a command stands."""
    waits = f", waits for {command.needs}" if command.needs else ""
    say(f"[bold]{literal(command.id)}[/bold]  {literal(command.state + waits)}")


def show_step(each: StepRow) -> None:
    """Print a stage as it comes."""
    row = step(each)
    time = row["time"][:TO_MILLISECOND].replace("T", " ")
    say(literal(f"{time}  {each.stage:<15}  {each.detail}".rstrip()))


def show_steps(command: CommandRow) -> None:
    """Print all stages of a command."""
    emit("history", map(step, command.steps), STEPS)
