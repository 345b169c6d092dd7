"""What keys and `:replay` do to a replay; in any other realm they say that there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ground.console import acts, commands
from ground.errors import InputError
from ground.messages import ControlReplay

if TYPE_CHECKING:
    from ground.console.app import Console

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0)  # times real time
_NONE = "no replay here: the realm is fixed when the console starts"


class Replaying:
    """Moves a replay: pause, step, speed, a time, loop; its end is asked first."""

    def __init__(self, app: Console) -> None:
        self.app = app

    def key(self, action: str) -> None:
        """Do what a key stands for."""
        moved = self.app.desk.model.replay
        if moved is None:
            self.app.notice("no replay heard yet")
            return
        if action == "replay_goto":
            self.app.foot.type(":replay seek ")
            return
        rate = {"replay_slower": -1, "replay_faster": 1}.get(action)
        if rate is not None:
            self._control(ControlReplay("rate", _speed(moved.rate, rate)))
        elif action == "replay_step":
            self._control(ControlReplay("step"))
        else:
            self._control(ControlReplay("resume" if moved.paused else "pause"))

    def command(self, words: Sequence[str]) -> None:
        """Do what was typed behind `:replay`; InputError where that is nothing."""
        why = self.refused()
        if why:
            raise InputError(why)
        moved = self.app.desk.model.replay
        request = commands.replay(words, moved.t_ns if moved else self.app.clock())
        if request.act == "stop":
            self.app.ask(acts.stop_replay())
        else:
            self._control(request)

    def refused(self) -> str:
        """Return why no replay can be moved; "" where one can."""
        if self.app.palette.kind != "replay":
            return _NONE
        return "" if self.app.desk.model.lost_ns is None else "the station is not heard"

    def _control(self, request: ControlReplay) -> None:
        why = self.refused()
        if why:
            self.app.notice(why)
        else:
            self.app.desk.session.act(request, f"replay {request.act}")


def _speed(rate: float, step: int) -> float:
    """Return the next speed up or down; the one behind the fastest is as fast as possible."""
    now = rate or math.inf
    if step > 0:
        return next((each for each in SPEEDS if each > now), 0.0)
    return next((each for each in reversed(SPEEDS) if each < now), SPEEDS[0])
