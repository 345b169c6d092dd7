"""`ground query`: samples as a table, as JSON, as a plot, or down-sampled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ground.cli import options
from ground.cli.output import TO_MILLISECOND, Heading, emit, literal, say

if TYPE_CHECKING:
    from ground.services.query import Samples

_SAMPLES = [
    Heading("time", "time (UTC)", time=TO_MILLISECOND),
    Heading("spacecraft", "spacecraft"),
    Heading("parameter", "parameter"),
    Heading("raw", "raw", True),
    Heading("value", "value", True),
    Heading("units", "units"),
    Heading("severity", "severity"),
]
_BINS = [
    Heading("time", "from (UTC)", time=TO_MILLISECOND),
    Heading("spacecraft", "spacecraft"),
    Heading("parameter", "parameter"),
    Heading("minimum", "min", True),
    Heading("mean", "mean", True),
    Heading("maximum", "max", True),
    Heading("samples", "samples", True),
    Heading("units", "units"),
]


def query(
    parameters: Annotated[
        list[str],
        typer.Argument(help="Names or globs: BUS_V, '/CG1/EPS/*', 'CARDS[0-3].temperature'."),
    ],
    spacecraft: options.Spacecraft = None,
    start: options.Start = None,
    end: options.End = None,
    realm: options.Realm = "live",
    limit: options.Limit = 20,
    bins: Annotated[
        int, typer.Option("--bins", min=0, max=100_000, help="Down-sample to so many spans.")
    ] = 0,
    plot: Annotated[bool, typer.Option("--plot", help="Draw each parameter.")] = False,
    as_json: options.Json = False,
    as_lines: options.Lines = False,
    home: options.Home = None,
) -> None:
    """Show samples of parameters: raw, calibrated and judged."""
    from ground.services import query as ask
    from ground.services.library import Library

    whole = bool(plot or bins)
    span = options.span(realm, spacecraft, start, end, 0 if whole else limit)
    with options.open_archive(home, realm, spacecraft) as store:
        found = ask.samples(store, Library(store), parameters, span)
        if plot:
            for each in found:
                _draw(each)
        elif bins:
            rows = (row for each in found for row in ask.binned(each, bins))
            emit("query", rows, _BINS, as_json=as_json, as_lines=as_lines)
        else:
            emit("query", _rows(found), _SAMPLES, as_json=as_json, as_lines=as_lines)


def _rows(found: Iterable[Samples]) -> Iterator[dict[str, Any]]:
    for each in found:
        yield from each.rows()


def _draw(samples: Samples, *, width: int = 72, height: int = 10) -> None:
    """Draw the samples of each spacecraft over time."""
    import numpy as np

    from ground.cli.plot import labelled
    from ground.services.query import per_spacecraft
    from protocols import times

    drawn = False
    for name, made in per_spacecraft(samples, 2 * width):
        drawn = True
        first, last = int(made.t_ns[0]), int(made.t_ns[-1])
        step = max(1, (last - first) // (2 * width - 1))
        place = np.minimum((made.t_ns - first) // step, 2 * width - 1)
        low, high = np.full(2 * width, np.nan), np.full(2 * width, np.nan)
        low[place], high[place] = made.minimum, made.maximum
        units = literal(f" [{samples.units}]") if samples.units else ""
        number = int(made.count.sum())
        say(f"[bold]{literal(name)}  {literal(samples.path)}[/bold]{units}  {number} samples")
        for line in labelled(low, high, width=width, height=height):
            say(line)
        say(f"[dim]{times.iso(first)[:19]}Z to {times.iso(last)[:19]}Z[/dim]\n")
    if not drawn:
        say(f"{literal(samples.path)}: no samples with both a time and a number")
