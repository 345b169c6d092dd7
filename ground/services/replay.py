"""A replay: what a station received, played again through the same code into a realm of its own.

How it works: a player says what is due; a chain and a watch, the very ones of the live processor,
turn it into messages. Nothing is archived, nothing is asked of the live realm, and its alarms can
neither be raised nor acted on here: what operators did at the time is not played. Where the player
jumps, chain and watch begin anew.
"""

from __future__ import annotations

from ground.alarms.overrides import Overrides
from ground.messages import Answered, ControlReplay, StageRow
from ground.services.chain import Chain, Chosen
from ground.services.crafts import Crafts
from ground.services.duplicates import Duplicates, Nothing
from ground.services.outbox import Outbox
from ground.services.player import Player
from ground.services.recent import Recent
from ground.services.tracks import Piece
from ground.services.watch import Watch
from ground.settings import Mission

PIECES = 64  # that are played before others have their turn


class Replay:
    """One replay without its sockets; `now` is monotonic ns.

    Args:
        chosen: says which packets are played; all are unless told.
        wanted: says whether anybody listens to a packet type.

    Attributes:
        data_ns: when what was played last was received.
    """

    def __init__(
        self,
        mission: Mission,
        crafts: Crafts,
        player: Player,
        realm: str,
        chosen: Chosen | None = None,
    ) -> None:
        self.outbox = Outbox()
        self.player = player
        self.data_ns = 0
        self.packets = 0
        self._mission, self._crafts, self._realm, self._chosen = mission, crafts, realm, chosen
        self._round = player.rounds
        self._begin()

    def _begin(self) -> None:
        """Begin with a state in which nothing was ever received."""
        self.watch = Watch(self._mission, Overrides(lambda *_: None), self.outbox)
        duplicates = Duplicates(Nothing(), self._realm, recent=Recent())
        self._chain = Chain(
            self._mission,
            self._crafts,
            duplicates.known,
            self.watch.observe,
            chosen=self._chosen,
        )

    def turn(self, now: int) -> bool:
        """Play what is due; return whether there may be more."""
        for _ in range(PIECES):
            piece = self.player.due(now)
            self._follow()
            if piece is None:
                self.watch.expire(self.player.moved(now).t_ns)
                return False
            self._play(piece)
        return True

    def act(self, request: ControlReplay, now: int) -> Answered:
        """Do as told."""
        answer, piece = self.player.act(request, now)
        self._follow()
        if piece is not None:
            self._play(piece)
        return answer

    def stages(self) -> list[StageRow]:
        """Return the counts of every stage of every link since the player last jumped."""
        return [
            StageRow(f"{link}: {stage}", counts.given, counts.out, dict(counts.dropped))
            for link, tally in self._chain.tallies.items()
            for stage, counts in tally.stages.items()
        ]

    def _follow(self) -> None:
        if self._round != self.player.rounds:
            self._round = self.player.rounds
            wanted = self.watch.wanted
            self._begin()
            self.watch.wanted = wanted

    def _play(self, piece: Piece) -> None:
        self.watch.expire(piece.first_ns)
        if piece.records is not None:
            made = self._chain.receive(piece.link, piece.records)
        else:
            assert piece.packets is not None
            made = self._chain.play(piece.link, piece.packets, lambda received_ns: received_ns)
        self.data_ns = piece.last_ns
        self.watch.expire(piece.last_ns)
        self.watch.kept()  # the messages tell it all; nothing is archived
        packets = made["packets"].num_rows if "packets" in made else 0
        self.packets += packets
        self.player.count(packets)
