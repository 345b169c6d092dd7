"""Seeded worlds in which much goes wrong: what must hold of commands holds, and at last all rests.

One seed again: python -m tests.flows.test_worlds SEED [HOURS [forgetful]]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.flows.worlds import Play

SHORT_H, DAY_H = 2.5, 24
SEEDS, FORGETFUL_SEEDS, SOAK_SEEDS = 10, 5, 500


def played(seed: int, hours: float, root: Path, *, forgetful: bool = False) -> Play:
    """Play a seed; what fails says how it is had again."""
    try:
        play = Play(seed, hours, root, forgetful=forgetful)
        play.run()
    except Exception as error:
        again = f"python -m tests.flows.test_worlds {seed} {hours:g}{' forgetful' * forgetful}"
        raise AssertionError(f"{again}\n{type(error).__name__}: {error}") from error
    return play


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_fails_for_some_hours_no_command_is_lost_or_done_twice(tmp_path, seed):
    """F1 to F7, F13, F14, F19, F20, F22: invariants I1 to I4, I6, I8 all along, I10 at the end."""
    play = played(seed, SHORT_H, tmp_path)
    assert play.said["PING"]


@pytest.mark.parametrize("seed", range(100, 100 + FORGETFUL_SEEDS))
def test_nothing_is_done_twice_by_a_spacecraft_that_remembers_no_request(tmp_path, seed):
    """I2 by COP-1 and the ledger alone: what is sent again is the same frame, or is proved gone."""
    played(seed, SHORT_H, tmp_path, forgetful=True)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1000 + SOAK_SEEDS))
def test_whatever_fails_in_a_day_no_command_is_lost_or_done_twice(tmp_path, seed):
    """The same for a day, in which for eight hours nobody is in sight (F23)."""
    played(seed, DAY_H, tmp_path, forgetful=seed % 2 == 1)


def main(arguments: list[str]) -> None:
    """Play one seed and say what became of its commands."""
    seed, hours = int(arguments[0]), float(arguments[1]) if arguments[1:] else SHORT_H
    with tempfile.TemporaryDirectory() as folder:
        play = played(seed, hours, Path(folder), forgetful=arguments[2:] == ["forgetful"])
        for each in play.station.state.commands.values():
            print(each.id, each.taken.spacecraft, each.taken.text, each.life.state)
        print(dict(play.said), play.station.killed)


if __name__ == "__main__":
    main(sys.argv[1:])
