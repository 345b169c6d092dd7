"""The form of a command, and the commands that a name may stand for while it is typed."""

from __future__ import annotations

from dataclasses import dataclass

from ground.console.draft import OPTIONS, Draft, Kinds, name_of, wrong_option
from ground.console.judge import expected, wrong
from ground.console.view.orders import HAZARDS
from ground.console.view.parts import Cell, Column
from ground.console.view.rows import Look
from ground.console.view.text import clean
from ground.messages import CommandKind

FORM = (
    Column("", 2),
    Column("field", 10, grow=1),
    Column("expected", 14, grow=3),
    Column("value", 14, grow=2),
    Column("", 13),
    Column("", 16, grow=4, from_width=118),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the form; `kind` is target, command, argument or option."""

    kind: str
    name: str
    expects: str
    value: str
    wrong: str
    about: str


def fields(draft: Draft, kinds: Kinds) -> list[Field]:
    """Return the form of a draft: target, command, arguments, then the options."""
    kind = kinds.get(draft.command)
    arguments = kind.arguments if kind else []
    named = name_of(draft.command, kinds) if draft.command else ""
    return [
        Field("command", "command", "a name", named, "" if named else "needed", ""),
        Field("target", "target", "a spacecraft", draft.spacecraft, "", ""),
        *(
            Field(
                *("argument", row.name, expected(row)),
                draft.arguments.get(row.name, ""),
                wrong(row, draft.arguments.get(row.name, "")),
                row.description + (f" (else {row.default})" if row.default else ""),
            )
            for row in arguments
        ),
        *(
            Field("option", f"--{each}", OPTIONS[each], text, wrong_option(each, text), "")
            for each in OPTIONS
            for text in [draft.options.get(each, "")]
        ),
    ]


def line(item: Field, look: Look) -> list[Cell]:
    """Return a line of the form."""
    blank = item.kind == "option" and not item.value
    status = "serious" if item.wrong else "off" if blank else "normal"
    verdict = item.wrong or ("" if not item.value else "ok")
    return [
        look.sign(status),
        Cell(clean(item.name), "dim" if item.kind == "option" else "strong"),
        Cell(clean(item.expects), "dim"),
        Cell(clean(item.value), "strong"),
        Cell(verdict, status),
        Cell(clean(item.about), "dim"),
    ]


FOUND = (
    Column("", 2),
    Column("command", 20, grow=1),
    Column("haz", 3),
    Column("arguments", 16, grow=2),
    Column("", 16, grow=3, from_width=90),
)


def found(item: CommandKind, look: Look) -> list[Cell]:
    """Return a command that a name may stand for."""
    return [
        Cell("", "text"),
        Cell(clean(item.name), "strong"),
        Cell(item.hazard, HAZARDS[item.hazard]),
        Cell(clean(" ".join(each.name for each in item.arguments)), "dim"),
        Cell(clean(item.description), "text"),
    ]
