"""What `ground simulate` runs: a stream, where it goes, and the truth in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ground import settings
from tools.simulator.ears import Ear, listen, parse
from tools.simulator.faults import FaultRates
from tools.simulator.forward import places
from tools.simulator.live import Stream
from tools.simulator.obeying import ObeyingStream
from tools.simulator.outlets import Stopped, Target, outlet
from tools.simulator.sender import SECOND_NS, Pace, Sent, Sleep, send
from tools.simulator.truthfile import TruthFolder

WRITE_EVERY_NS = 60 * SECOND_NS  # of the stream's time


def simulate(
    mission: str,
    to: str,
    *,
    start_ns: int,
    rate: float = 1.0,
    seed: int = 1,
    seconds: float | None = None,
    faults: str = "",
    link: str | None = None,
    truth: Path | None = None,
    uplinks: Sequence[str] = (),
    obey: bool = False,
    stopped: Stopped,
    sleep: Sleep,
    told: Callable[[int, int], None] = lambda done, whole: None,
) -> dict[str, Any]:
    """Send a mission's telemetry and return what was sent, and what became of it on the way.

    Args:
        to: `udp:HOST:PORT`, `tcp:HOST:PORT` or `tcp-server:HOST:PORT`.
        start_ns: the stream's time at its beginning, ns TAI.
        rate: how many times faster than real time; 0 for as fast as it goes.
        seconds: of the stream; None for no end.
        faults: as `FaultRates.parse` takes them.
        truth: a folder for `truthfile`.
        uplinks: where commands are heard, as `forward.places` takes them; `obey` has all that
            the mission file names heard where it says.
        told: called with the seconds that are sent and that there are, 0 without end.

    Raises:
        InputError: a mission, target or fault that is none.
    """
    rates, target = FaultRates.parse(faults), Target.parse(to)
    ears = _listen(mission, uplinks, obey)
    stream = _stream(
        ears, seed=seed, start_ns=start_ns, faults=rates, mission=mission, link=link,
        keep_truth=truth is not None,
    )  # fmt: skip
    way = outlet(target)
    folder = TruthFolder(truth) if truth else None
    written_ns = stream.start_ns

    def tell(now_ns: int) -> None:
        nonlocal written_ns
        told((now_ns - stream.start_ns) // SECOND_NS, int(seconds or 0))
        if folder and now_ns - written_ns >= WRITE_EVERY_NS:
            written_ns = now_ns
            folder.write(stream.truth())

    try:
        end_ns = None if seconds is None else stream.start_ns + int(seconds * SECOND_NS)
        sent = send(stream, way, Pace(rate, sleep=sleep), end_ns=end_ns, stopped=stopped, told=tell)
    finally:
        way.close()
        for each in ears:
            each.close()
    return _summary(stream, sent, folder)


def _listen(mission: str, uplinks: Sequence[str], obey: bool) -> list[Ear]:
    """Return where commands are heard; nowhere where none are asked for."""
    if not uplinks and not obey:
        return []
    found = places(settings.find(mission), [parse(each) for each in uplinks], every=obey)
    return [listen(name, place) for name, place in found.items()]


def _stream(ears: Sequence[Ear], **given: Any) -> Stream:
    return ObeyingStream(ears, **given) if ears else Stream(**given)


def _summary(stream: Stream, sent: Sent, folder: TruthFolder | None) -> dict[str, Any]:
    last = stream.truth(final=True)
    counts = stream.counts() | {
        "sender": {
            "sent": sent.frames,
            "unsent": sent.unsent,
            "octets": sent.octets,
            "behind_ns": sent.behind_ns,
        }
    }
    if folder:
        folder.close(last, counts)
    spells = [("outage", *each) for each in last.outages]
    spells += [("boot", each.begin_ns, each.end_ns) for each in last.boots]
    rows = [{"kind": kind, "begin_ns": begin, "end_ns": end} for kind, begin, end in spells]
    return {"rows": sorted(rows, key=lambda row: row["begin_ns"]), "counts": counts}
