"""`ground ledger`: the record of commanding, proved, shown and written out; no station needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import TO_MILLISECOND, TO_SECOND, Heading, emit, plain
from ground.errors import InputError, Refused

if TYPE_CHECKING:
    from ground.archive.ledger_records import Record
    from ground.archive.ledger_verify import Verdict
    from ground.command.facts import Entry

app = typer.Typer(
    help="The record of commanding: prove that it is whole, look at it, write it out.",
    no_args_is_help=True,
)

SHOWN_TEXT = 100  # characters of a fact in a table
_TOLD = ("text", "detail", "reasons", "reason", "state", "nodes", "stage", "how", "directive")
_ABOUT = ("command", "subject", "unit")
_WHO = ("by", "author", "approver", "operator", "gateway", "relay", "source")
_FACTS = [
    Heading("record", "record", True),
    Heading("time", "time (UTC)", time=TO_MILLISECOND),
    Heading("kind", "fact", whole=True),
    Heading("spacecraft", "spacecraft"),
    Heading("about", "about"),
    Heading("who", "who"),
    Heading("told", "what"),
]
_VERDICT = [
    Heading("realm", "realm"),
    Heading("records", "records", True),
    Heading("first", "from (UTC)", time=TO_SECOND),
    Heading("last", "until (UTC)", time=TO_SECOND),
    Heading("anchors", "anchors", True),
    Heading("head", "hash of the last record", whole=True),
]
_PROBLEMS = [
    Heading("path", "file"),
    Heading("octet", "octet", True),
    Heading("record", "record", True),
    Heading("what", "what is wrong"),
]


def _example(text: str) -> str:
    return f"[bold]Example:[/bold]  {text}"


@app.command("verify", epilog=_example("ground ledger verify --anchors /safe/ledger.anchor"))
def verify(
    realm: options.Realm = "live",
    anchors: Annotated[
        Path | None,
        typer.Option("--anchors", help="A copy of ledger.anchor that is kept elsewhere."),
    ] = None,
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Prove every record, the chain and the anchors; exit 1 where anything is wrong."""
    from ground.archive.ledger_verify import verify as verified

    if anchors is not None and not anchors.is_file():
        raise InputError(f"{anchors}: no such file; expected a copy of ledger.anchor")
    found = verified(_folder(home, realm), realm, anchors)
    summary = _summary(realm, found)
    problems = [{name: getattr(each, name) for name in each.__slots__} for each in found.problems]
    if as_json:
        emit("ledger-verify", problems, _PROBLEMS, as_json=True, counts=summary)
    else:
        emit("ledger-verify", [summary], _VERDICT)
        if problems:
            emit("ledger-verify", problems, _PROBLEMS)
    if problems:
        raise typer.Exit(1)


@app.command("show", epilog=_example("ground ledger show --command c17 --kind Verified"))
def show(
    command: Annotated[
        str | None, typer.Option("--command", help="Only what is about this command.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only facts of this kind; may be repeated.")
    ] = None,
    spacecraft: options.Spacecraft = None,
    start: options.Start = None,
    end: options.End = None,
    limit: options.Limit = 100,
    realm: options.Realm = "live",
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the last facts on record, oldest first."""
    from collections import deque

    chosen = _Chosen(command, kind, spacecraft, options.instant(start), options.instant(end))
    rows = (_row(each) for each in _records(home, realm) if chosen.has(each.entry))
    kept = deque(rows, maxlen=limit) if limit else rows
    emit("ledger", kept, _FACTS, as_json=as_json, as_lines=as_lines, empty="no facts on record")


@app.command("export", epilog=_example("ground ledger export --to record.jsonl"))
def export(
    to: Annotated[Path, typer.Option("--to", help="File to write, one JSON object a line.")],
    realm: options.Realm = "live",
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Write every fact with its number and hash to a file that is not there yet."""
    records, written = _records(home, realm), 0
    try:
        with to.open("x") as lines:
            for each in records:
                lines.write(json.dumps(plain(_row(each))) + "\n")
                written += 1
    except FileExistsError:
        raise Refused(f"{to}: it is there already; expected a new file") from None
    except OSError as error:
        raise InputError(f"{to}: {error.strerror}; expected a file to write") from None
    headings = [Heading("path", "file"), Heading("records", "records", True)]
    emit("ledger-export", [{"path": str(to), "records": written}], headings, as_json=as_json)


class _Chosen:
    """Which facts were asked for."""

    def __init__(
        self, command: str | None, kinds: list[str] | None, spacecraft: list[str] | None,
        start: int | None, end: int | None,
    ) -> None:  # fmt: skip
        from ground.command.facts import KINDS

        for kind in kinds or ():
            if kind not in KINDS:
                raise InputError(f"--kind {kind!r}; expected one of {', '.join(sorted(KINDS))}")
        self._command, self._kinds, self._spacecraft = command, kinds, spacecraft
        self._start, self._end = start, end

    def has(self, entry: Entry) -> bool:
        """Return whether a fact is among them."""
        if self._kinds and type(entry).__name__ not in self._kinds:
            return False
        if self._spacecraft and getattr(entry, "spacecraft", None) not in self._spacecraft:
            return False
        if self._command and self._command not in _commands(entry):
            return False
        after = self._start is None or entry.t_ns >= self._start
        return after and (self._end is None or entry.t_ns < self._end)


def _commands(entry: Entry) -> list[str]:
    """Return the commands that a fact is about."""
    several: list[str] = getattr(entry, "commands", [])
    return [*several, getattr(entry, "command", ""), getattr(entry, "subject", "")]


def _row(record: Record) -> dict[str, Any]:
    """Return a fact with all its fields, and what a table shows of it."""
    from dataclasses import asdict

    from protocols import times

    entry = record.entry
    fields = asdict(entry)
    several = ", ".join(fields.get("commands", []))
    told = next((fields[name] for name in _TOLD if fields.get(name)), "")
    text = ", ".join(told) if isinstance(told, list) else str(told)
    return {
        "record": record.number,
        "t_ns": entry.t_ns,
        "time": times.iso(entry.t_ns),
        "kind": type(entry).__name__,
        "spacecraft": fields.get("spacecraft"),
        "about": next((fields[name] for name in _ABOUT if fields.get(name)), several) or None,
        "who": next((fields[name] for name in _WHO if fields.get(name)), None),
        "told": text[:SHOWN_TEXT] or None,
        "hash": record.digest,
        "fields": fields,
    }


def _summary(realm: str, found: Verdict) -> dict[str, Any]:
    from protocols import times

    first, last = found.first_ns, found.last_ns
    return {
        "realm": realm,
        "records": found.records,
        "segments": found.segments,
        "octets": found.octets,
        "first_ns": first,
        "last_ns": last,
        "first": None if first is None else times.iso(first),
        "last": None if last is None else times.iso(last),
        "head": found.head.hex(),
        "anchors": found.anchors,
        "unfinished": found.unfinished,
        "problems": len(found.problems),
    }


def _records(home: Path | None, realm: str) -> Iterator[Record]:
    from ground.archive.ledger_chain import read

    return read(_folder(home, realm), realm)


def _folder(home: Path | None, realm: str) -> Path:
    """Return the folder of the ledger; InputError where there is none."""
    from ground.archive.ledger import folder_of
    from ground.settings import home as default_home

    folder = folder_of(home or default_home(), realm)
    if not folder.is_dir():
        expected = "expected the home and realm of a station that takes commands"
        raise InputError(f"{folder}: no ledger here; {expected}")
    return folder
