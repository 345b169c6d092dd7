"""`ground watch`: live values in the terminal, or as JSON lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import TO_SECOND, Heading, clean, emit

if TYPE_CHECKING:
    from ground.api import Sample, Station
    from ground.api.samples import Row
    from ground.messages import ParameterRow

MOST_ROWS = 2000  # of a viewport


def watch(
    parameters: Annotated[
        list[str],
        typer.Argument(help="Names or globs: BUS_V, '/CG1/EPS/*', 'CARDS[0-3].temperature'."),
    ],
    spacecraft: options.Spacecraft = None,
    rate_hz: Annotated[
        float, typer.Option("--rate", min=0.05, max=10.0, help="Updates a second at most.")
    ] = 2.0,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.0, help="End after so long; else by ^C.")
    ] = None,
    realm: options.Realm = "live",
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show the newest values of parameters, again as they change."""
    from ground.api import Station

    with Station.connect(home, realm) as station:
        described = station.describe()
        options.among(spacecraft, described.spacecraft)
        rows = choose(parameters, spacecraft or described.spacecraft, described.parameters)
        units = {each.path: each.units for each in described.parameters}
        if as_lines or not sys.stdout.isatty():
            _stream(station, rows, units, rate_hz, seconds, as_lines=as_lines)
        else:
            _draw(station, rows, units, rate_hz, seconds)


def choose(texts: list[str], spacecraft: list[str], known: list[ParameterRow]) -> list[Row]:
    """Return the rows that names and globs mean.

    Raises:
        InputError: a name fits nothing or several parameters, or all are too many.
    """
    from ground.errors import InputError
    from ground.services import names

    sizes = {each.path: each.elements for each in known}
    chosen = names.choose(texts, sizes)
    rows = [
        (name, path, element)
        for path, patterns in chosen.items()
        for element in (names.elements(patterns, path, sizes[path]) if sizes[path] else [-1])
        for name in spacecraft
    ]
    if len(rows) > MOST_ROWS:
        raise InputError(f"{len(rows)} values; expected at most {MOST_ROWS}")
    return rows


def _stream(
    station: Station,
    rows: list[Row],
    units: dict[str, str],
    rate_hz: float,
    seconds: float | None,
    *,
    as_lines: bool,
) -> None:
    """Write a line for each value that changed."""
    for sample in station.watch(rows, rate_hz, timeout_s=seconds):
        if sample.state == "none":
            continue
        row = as_row(sample, units[sample.parameter])
        if as_lines:
            emit("watch", [row], (), as_lines=True)
        else:
            value = sample.value or f"({sample.raw})"
            unit, mark = row["units"], "" if sample.state == "fresh" else "  stale"
            text = f"{row['time'] or '-'}  {sample.spacecraft}  {sample.name}  {value} {unit}"
            sys.stdout.write(clean(f"{text}  {row['severity']}{mark}") + "\n")
        sys.stdout.flush()


def _draw(
    station: Station,
    rows: list[Row],
    units: dict[str, str],
    rate_hz: float,
    seconds: float | None,
) -> None:
    """Keep a table on the screen."""
    from rich.live import Live

    from ground.cli.output import console, drawn

    newest: dict[Row, Sample] = {}
    with Live(console=console(), auto_refresh=False, vertical_overflow="crop") as live:
        for sample in station.watch(rows, rate_hz, timeout_s=seconds):
            newest[sample.spacecraft, sample.parameter, sample.element] = sample
            shown = (newest[row] for row in rows if row in newest)
            table = drawn([as_row(each, units[each.parameter]) for each in shown], _SAMPLES)
            live.update(table, refresh=True)


def as_row(sample: Sample, units: str) -> dict[str, Any]:
    """Return a sample as a row to print."""
    from protocols import times

    return {
        "spacecraft": sample.spacecraft,
        "parameter": sample.name,
        "t_ns": sample.t_ns,
        "time": None if sample.t_ns is None else times.iso(sample.t_ns),
        "received": None if sample.received_ns is None else times.iso(sample.received_ns),
        "raw": sample.raw,
        "value": sample.value,
        "number": sample.number,
        "units": units,
        "severity": sample.severity.name.lower(),
        "state": sample.state,
    }


_SAMPLES = [
    Heading("time", "time (UTC)", time=TO_SECOND),
    Heading("spacecraft", "spacecraft"),
    Heading("parameter", "parameter"),
    Heading("raw", "raw", True),
    Heading("value", "value", True),
    Heading("units", "units"),
    Heading("severity", "severity"),
    Heading("state", "state"),
]
