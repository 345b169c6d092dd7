"""What comes back of commands: journals in; control words, reports, custody and values out.

The command service reads the journals as the processor does, by the same chain, so that nothing it
waits for hangs on a display's luck. It keeps no archive: packets that came before are left out by
their identity as far as this process remembers, and whoever is told twice must not mind.

A control word counts only if its frame is newer than all of its channel that were heard, over
whichever link: an old one would take back what FARM-1 has acknowledged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ground.archive.journal_records import Records
from ground.messages import ReadJournal, RecordsJournalled
from ground.services.chain import Chain
from ground.services.crafts import Crafts
from ground.services.duplicates import Duplicates, Nothing
from ground.services.feed import Feed
from ground.services.meant import Clock, Judged
from ground.services.received import Controls
from ground.services.recent import Recent
from ground.settings import Mission
from protocols import clcw, envelope
from protocols.clcw import Clcw
from protocols.envelope import Custody
from protocols.errors import DecodeError
from protocols.packet import Packets

Int64 = NDArray[np.int64]
PIECE_OCTETS = 1 << 20
VERIFICATION = 1  # service type, in the second octet of a PUS secondary header
ANEW_NS = 10 * 10**9  # more than the ways down differ in delay
PRIMARY = 6  # octets of a packet's primary header
COUNTS = {"aos": 1 << 24, "tm": 1 << 8, "uslp": 1 << 32}


@dataclass(frozen=True, slots=True)
class ClcwHeard:
    """A control word of a spacecraft; `t_ns` is when it was received."""

    t_ns: int
    spacecraft: str
    word: Clcw


@dataclass(frozen=True, slots=True)
class ReportHeard:
    """A telemetry packet of the verification service, as received."""

    t_ns: int
    spacecraft: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class CustodyHeard:
    """What a relay says of an envelope."""

    t_ns: int
    custody: Custody


@dataclass(frozen=True, slots=True)
class ValuesHeard:
    """Packets of one type, decoded; see `Judged`."""

    judged: Judged


Heard = ClcwHeard | ReportHeard | CustodyHeard | ValuesHeard


@dataclass(slots=True)
class _Newest:
    """The newest frame count of each channel, and when it came; when any frame of one came."""

    known: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    latest: dict[int, int] = field(default_factory=dict)

    def passes(self, scid: int, vcid: int, count: int, modulus: int, t_ns: int) -> bool:
        """Return whether a frame is not older than the newest of its channel; take it if so.

        One that is behind, but came long after the newest, is of a counter that began anew. One
        that was received before a frame of another channel is older than that.
        """
        latest_ns = self.latest.get(scid, t_ns)
        if 0 < latest_ns - t_ns < ANEW_NS:
            return False
        before, heard_ns = self.known.get((scid, vcid), (count, t_ns))
        if (count - before) % modulus >= modulus // 2 and t_ns - heard_ns < ANEW_NS:
            return False
        self.known[scid, vcid] = count, t_ns
        self.latest[scid] = max(latest_ns, t_ns)
        return True


class Returns:
    """The return links of a mission; `monotonic` is a clock that is never set.

    Args:
        positions: from where each link's journal is read; those not named are not read yet.

    Attributes:
        malformed: custody reports and control words that were none.
    """

    def __init__(
        self, mission: Mission, crafts: Crafts, realm: str, positions: Mapping[str, int]
    ) -> None:
        self._mission = mission
        self._names = {each.scid: each.name for each in mission.spacecraft}
        self._relays = {
            (each.scid, each.apid): each.name for each in mission.relays if each.scid is not None
        }
        self._moduli = {each.name: COUNTS.get(each.frame, 1) for each in mission.links}
        self._feeds = {link: Feed(link, at) for link, at in positions.items()}
        known = Duplicates(Nothing(), realm, recent=Recent(links=len(mission.links))).known
        self._chain = Chain(
            mission, crafts, known, self._observe, controls=self._control, packets=self._packets
        )
        self._newest = _Newest()
        self._heard: list[Heard] = []
        self._link = ""
        self.malformed = 0

    @property
    def positions(self) -> dict[str, int]:
        """Up to where each journal was taken."""
        return {link: each.position for link, each in self._feeds.items()}

    def follow(self, link: str, position: int) -> None:
        """Read a link's journal from a position on, if it is not read yet."""
        self._feeds.setdefault(link, Feed(link, position))

    def questions(self, monotonic: int) -> list[ReadJournal]:
        """Return what to ask gateways for."""
        asked = (feed.expire(monotonic) for feed in self._feeds.values())
        return [each for each in asked if each is not None]

    def receive(self, messages: Sequence[RecordsJournalled], monotonic: int) -> list[Heard]:
        """Take what gateways sent; return what was heard in it, in order.

        Raises:
            DecodeError: one is no journal of ours; those before it were taken.
        """
        for message in messages:
            feed = self._feeds.get(message.link)
            if feed is not None:
                self.take(message.link, feed.receive(message, monotonic))
        heard, self._heard = self._heard, []
        return heard

    def take(self, link: str, records: Records) -> None:
        """Take the next records of a link."""
        self._link = link
        while len(records):
            piece = records.at_most(PIECE_OCTETS)
            records = records.rows(len(piece), len(records))
            self._chain.receive(link, piece)

    def heard(self) -> list[Heard]:
        """Return what was heard since this was asked last."""
        heard, self._heard = self._heard, []
        return heard

    # ---- what the chain tells ---------------------------------------------------------------

    def _observe(self, judged: list[Judged]) -> None:
        self._heard += [ValuesHeard(each) for each in judged]

    def _control(self, controls: Controls, clock: Clock) -> None:
        """Note the newest control word of each telecommand channel."""
        received = clock(controls.offset)
        modulus = self._moduli[self._link]
        newest: dict[tuple[str, int], ClcwHeard] = {}
        columns = (controls.scid, controls.vcid, controls.count, controls.word, received)
        for scid, vcid, count, word, t_ns in zip(*(each.tolist() for each in columns), strict=True):
            name = self._names.get(scid)
            if (
                name is None
                or word >> 31
                or not self._newest.passes(scid, vcid, count, modulus, t_ns)
            ):
                continue
            found = clcw.decode(word)
            newest[name, found.vcid] = ClcwHeard(t_ns, name, found)
        self._heard += newest.values()

    def _packets(self, packets: Packets, clock: Clock) -> None:
        """Note reports of verification and of custody."""
        service = packets.arena[packets.offset + PRIMARY + 1]
        wanted = packets.secondary_header & (packets.type == 0) & (service == VERIFICATION)
        for scid, apid in self._relays:
            wanted |= (packets.scid == scid) & (packets.apid == apid)
        rows = np.flatnonzero(wanted)
        received = clock(packets.source[rows])
        for row, t_ns in zip(rows.tolist(), received.tolist(), strict=True):
            self._packet(int(packets.scid[row]), int(packets.apid[row]), packets.octets(row), t_ns)

    def _packet(self, scid: int, apid: int, octets: bytes, t_ns: int) -> None:
        if (scid, apid) in self._relays:
            try:
                found = envelope.decode_custody(octets[PRIMARY:])
            except DecodeError:
                self.malformed += 1
            else:
                self._heard.append(CustodyHeard(t_ns, found))
        elif scid in self._names:
            self._heard.append(ReportHeard(t_ns, self._names[scid], octets))
