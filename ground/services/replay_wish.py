"""What to replay: found in the journals or the archive, ready to be played."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ground.archive import journal
from ground.archive.view import View
from ground.errors import InputError
from ground.services import missions
from ground.services.gateway import journal_folder
from ground.services.library import Unkept
from ground.services.player import Player
from ground.services.replay import Replay
from ground.services.tracks import ArchiveTrack, JournalTrack, Track
from ground.settings import Mission
from protocols.packet import Packets


@dataclass(frozen=True, slots=True)
class Wish:
    """What to replay: of which realm, when, over which links, of whom.

    Attributes:
        start_ns, end_ns: times of reception, TAI; None is as far as there is any.
        links: by name; none named is all of them.
        spacecraft, channels: names and virtual channels; none named is all.
        archive: play the packets of the archive instead of the journals.
    """

    realm: str
    start_ns: int | None = None
    end_ns: int | None = None
    links: tuple[str, ...] = ()
    spacecraft: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()
    archive: bool = False


def open_replay(
    mission: Mission,
    home: Path,
    wish: Wish,
    realm: str,
    store: View | None,
    *,
    rate: float,
    paused: bool,
    loop: bool,
) -> Replay:
    """Return a replay of what a wish names, ready to be played.

    Args:
        store: the archive, where that is played.

    Raises:
        InputError: nothing that was received answers the wish.
    """
    tracks, first, last = (
        _archived(mission, wish, store) if store else _journals(mission, home, wish)
    )
    start_ns = first if wish.start_ns is None else max(first, wish.start_ns)
    end_ns = last + 1 if wish.end_ns is None else min(last + 1, wish.end_ns)
    if start_ns >= end_ns:
        raise InputError("nothing was received in that time; expected another --from or --until")
    now = time.monotonic_ns()
    player = Player(tracks, start_ns, end_ns, rate=rate, paused=paused, loop=loop, now=now)
    crafts = missions.crafts(mission, Unkept())
    return Replay(mission, crafts, player, realm, _chosen(mission, wish))


def _journals(mission: Mission, home: Path, wish: Wish) -> tuple[list[Track], int, int]:
    """Return the journals that were asked for, and the times between which they were received."""
    for name in wish.links:
        missions.link(mission, name)
    folders = {
        link.name: journal_folder(home, wish.realm, link.name)
        for link in mission.links
        if link.name in (wish.links or (link.name,))
    }
    spans = {name: journal.span(each) for name, each in folders.items() if each.is_dir()}
    known = {name: each for name, each in spans.items() if each is not None and each.end}
    if not known:
        expected = "expected one that `ground up` or `ground gateway` has written"
        raise InputError(
            f"{home / 'journal'}: no journal of realm {wish.realm} and these links; {expected}"
        )
    tracks: list[Track] = [JournalTrack(name, folders[name]) for name in known]
    first = min(each.first_ns for each in known.values())
    return tracks, first, max(each.last_ns for each in known.values())


def _archived(mission: Mission, wish: Wish, store: View) -> tuple[list[Track], int, int]:
    """Return the packets of the archive as a track, and the times between which they lie."""
    frames = [each.name for each in mission.links if each.frame != "packets"]
    links = frames or [each.name for each in mission.links]
    if not links:
        raise InputError(f"{mission.path}: no link; expected one over which packets come again")
    scids = {craft.name: craft.scid for craft in mission.spacecraft}
    track = ArchiveTrack(store, wish.realm, links[0], scids, wish.spacecraft or None)
    held = any(table.name == "packets" for table in store.tables(wish.realm))
    span = track.span() if held else None
    if span is None:
        raise InputError(f"realm {wish.realm!r}: no such packets in the archive")
    return [track], *span


def _chosen(mission: Mission, wish: Wish) -> Callable[[Packets], NDArray[np.bool_]] | None:
    """Return what picks the packets of the spacecraft and channels that were asked for."""
    known = {craft.name: craft.scid for craft in mission.spacecraft}
    for name in wish.spacecraft:
        if name not in known:
            raise InputError(f"spacecraft {name!r}; expected one of {', '.join(known)}")
    if not (wish.spacecraft or wish.channels):
        return None
    scids = [-1, *(known[name] for name in wish.spacecraft)]  # without frames all are of one

    def chosen(packets: Packets) -> NDArray[np.bool_]:
        mine = np.ones(len(packets), np.bool_)
        if wish.spacecraft:
            mine &= np.isin(packets.scid, scids)
        return mine & np.isin(packets.vcid, wish.channels) if wish.channels else mine

    return chosen
