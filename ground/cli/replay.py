"""`ground replay`: play what a station received again, into a realm of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ground.cli import options
from ground.cli.output import Heading, emit, say

if TYPE_CHECKING:
    from ground.messages import StageRow
    from ground.services.pump import Pump
    from ground.services.replay import Replay
    from ground.settings import Mission

HEADINGS = [
    Heading("stage", "stage"),
    Heading("in", "in", number=True),
    Heading("out", "out", number=True),
    Heading("dropped", "dropped"),
]


def replay(
    mission: Annotated[str, typer.Argument(help="A mission file, or the name of one.")],
    of: Annotated[str, typer.Option("--of", help="Realm whose reception is played.")] = "live",
    name: Annotated[str, typer.Option("--id", help="The replay's realm is replay/ID.")] = "1",
    start: options.Start = None,
    end: options.End = None,
    rate: Annotated[
        str, typer.Option("--rate", help="Times real time, 0.01 to 1000000; or max.")
    ] = "1",
    link: Annotated[
        list[str] | None, typer.Option("--link", help="Only this link; may be repeated.")
    ] = None,
    spacecraft: options.Spacecraft = None,
    channel: Annotated[
        list[int] | None, typer.Option("--channel", help="Only this virtual channel; repeatable.")
    ] = None,
    archive: Annotated[
        bool, typer.Option("--archive", help="Play the archive's packets, not the journal.")
    ] = False,
    paused: Annotated[bool, typer.Option("--paused", help="Wait to be told to go.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin anew at the end.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Do not end when all was played.")] = False,
    display: Annotated[
        bool, typer.Option("--display/--no-display", help="Serve consoles as well.")
    ] = True,
    as_json: options.Json = False,
    home: options.Home = None,
) -> None:
    """Play what was received again through the same code as live, into realm replay/ID.

    Consoles and scripts see it with --realm replay/ID and can pause, step, seek and change its
    pace. Nothing of it reaches the live realm or the archive.
    """
    from ground import settings
    from ground.bus.guard import Context
    from ground.errors import InputError
    from ground.services.pump import Pump
    from ground.services.replay_wish import Wish, open_replay
    from ground.services.replaying import Replaying

    found, root, realm = settings.find(mission), home or settings.home(), f"replay/{name}"
    pace = _pace(rate)
    wish = Wish(
        of,
        options.instant(start),
        options.instant(end),
        tuple(link or ()),
        tuple(spacecraft or ()),
        tuple(channel or ()),
        archive,
    )
    with ExitStack() as stack:
        store = stack.enter_context(options.open_archive(home, of)) if archive else None
        played = open_replay(found, root, wish, realm, store, rate=pace, paused=paused, loop=loop)
        pump, context = Pump(), Context()
        stack.callback(context.destroy, 500)
        service = Replaying(played, root, realm, context, pump, stay=stay)
        stack.callback(service.close)
        if display:
            stack.enter_context(_display(found, root, realm))
        began = time.monotonic()
        _run(pump, played, quiet=as_json, realm=realm)
        _report(played, time.monotonic() - began, realm, as_json=as_json)
    if any(not row.balanced for row in played.stages()):
        raise InputError("a sum of this replay is wrong: in is not out + dropped")


@contextmanager
def _display(mission: Mission, root: Path, realm: str) -> Iterator[None]:
    """Run a display service beside the replay, for as long as that lasts."""
    command = [sys.executable, "-m", "ground", "service", "display", str(mission.path)]
    with subprocess.Popen(  # noqa: S603  our own interpreter and command
        [*command, "--child", "--realm", realm, "--home", str(root)], stdin=subprocess.PIPE
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _pace(rate: str) -> float:
    from ground.errors import InputError
    from ground.services.player import FASTEST, SLOWEST

    expected = f"expected {SLOWEST} to {FASTEST:.0f}, or max"
    try:
        pace = 0.0 if rate == "max" else float(rate)
    except ValueError:
        raise InputError(f"--rate {rate!r}; {expected}") from None
    if pace and not SLOWEST <= pace <= FASTEST:
        raise InputError(f"--rate {rate}; {expected}")
    return pace


def _run(pump: Pump, played: Replay, *, quiet: bool, realm: str) -> None:
    """Play until the end, with a bar of data time for people."""
    from ground.cli.progress import bar

    if quiet:
        pump.run()
        return
    say(f"playing into realm {realm}; Ctrl-C ends it")
    with bar("replay") as progress:

        def tell() -> None:
            moved = played.player.moved(time.monotonic_ns())
            span = max(1, moved.end_ns - moved.start_ns)
            progress((moved.t_ns - moved.start_ns) * 1000 // span, 1000)

        pump.every(0.2, tell)
        pump.run()
        tell()


def _report(played: Replay, seconds: float, realm: str, *, as_json: bool) -> None:
    rows = [
        {"stage": row.name, "in": row.given, "out": row.out, "dropped": _shown(row, as_json)}
        for row in played.stages()
        if row.given
    ]
    moved = played.player.moved(0)
    span_s = (max(played.data_ns, moved.start_ns) - moved.start_ns) / 1e9
    counts = {
        "realm": realm,
        "packets": played.packets,
        "data_seconds": round(span_s, 3),
        "seconds": round(seconds, 3),
        "factor": round(span_s / seconds, 1) if seconds else 0.0,
    }
    emit("replay", rows, HEADINGS, as_json=as_json, counts=counts, empty="nothing was played")
    if not as_json:
        say(
            f"  {played.packets} packets, {span_s:.0f} s of reception in {seconds:.1f} s:"
            f" {counts['factor']} times real time"
        )


def _shown(row: StageRow, as_json: bool) -> object:
    """Return what a stage dropped, as a script or a person reads it."""
    return row.dropped if as_json else ", ".join(f"{n} {why}" for why, n in row.dropped.items())
