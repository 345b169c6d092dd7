"""Sixty-four accelerator cards: jobs, power, die temperature, memory errors, faults.

Each card warms towards coolant + resistance x power. Above HOT_DEGC it throttles itself until it is
below COOL_DEGC; where the payload's power is limited, all cards throttle alike. One card sits badly
on its cold plate and runs hot; one fails during a long enough recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Truth = NDArray[np.bool_]

CARDS, NODES = 64, 8
OFF, IDLE, COMPUTE, THROTTLED, FAULT = range(5)  # CardState of the database
IDLE_W, BUSY_W = 15.0, 70.0  # a card without work, and what full work adds
NODE_W = 55.0  # a host without its cards
RESISTANCE, HOT_RESISTANCE = 0.48, 0.93  # K/W, die to coolant
LAG_S = 25.0
HOT_DEGC, COOL_DEGC = 88.0, 78.0
THROTTLE = 0.5
JOB_S, PAUSE_S = 240.0, 12.0  # mean length of a job, and between two
ERRORS_A_SECOND, BAD_ERRORS_A_SECOND = 0.004, 0.5
HOT_CARD, BAD_CARD = 23, 41


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked of the cards: utilisation wanted [N, 64], job number [N, 64], 0 for none."""

    wanted: Floats
    job: Ints


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a card: seconds of the stretch in which it begins and ends."""

    begin: int
    end: int
    wanted: float
    number: int


class Planner:
    """Draws the jobs of every card, stretch after stretch."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._number = 4000
        self._last: list[Job | None] = [None] * CARDS
        self._next = [0] * CARDS  # second of the stretch in which a card's next job begins

    def plan(self, seconds: int) -> Work:
        """Return the work of the next stretch."""
        wanted, job = np.zeros((seconds, CARDS)), np.zeros((seconds, CARDS), np.int64)
        for card in range(CARDS):
            for each in self._jobs(card, seconds):
                span = slice(max(each.begin, 0), max(each.end, 0))
                wanted[span, card], job[span, card] = each.wanted, each.number
        wanted += np.where(job > 0, self._rng.normal(0, 0.015, wanted.shape), 0)
        return Work(np.clip(wanted, 0, 1), job)

    def _jobs(self, card: int, seconds: int) -> Iterator[Job]:
        """Yield the job that goes on, and each that begins within the stretch."""
        last, at = self._last[card], self._next[card]
        if last is None:
            at = -int(self._rng.integers(0, int(JOB_S)))
        else:
            yield last
        while at < seconds:
            end = at + 1 + int(self._rng.exponential(JOB_S))
            last = Job(at, end, self._rng.uniform(0.72, 1.0), self._number % 60000 + 1)
            yield last
            self._number += 1
            at = end + int(self._rng.exponential(PAUSE_S))
        assert last is not None
        self._next[card] = at - seconds
        self._last[card] = replace(last, begin=last.begin - seconds, end=last.end - seconds)


@dataclass(slots=True)
class Cards:
    """The cards at one time; `step` goes on by one second.

    `fault_at` is the second in which BAD_CARD fails, negative for never; `off` are cards that were
    switched off.
    """

    fault_at: int
    temperature: Floats
    power: Floats = field(default_factory=lambda: np.full(CARDS, IDLE_W))
    utilisation: Floats = field(default_factory=lambda: np.zeros(CARDS))
    errors: Ints = field(default_factory=lambda: np.arange(CARDS) * 7 % 31)
    hot: Truth = field(default_factory=lambda: np.zeros(CARDS, np.bool_))
    state: Ints = field(default_factory=lambda: np.full(CARDS, IDLE))
    resistance: Floats = field(default_factory=lambda: np.full(CARDS, RESISTANCE))
    off: Truth = field(default_factory=lambda: np.zeros(CARDS, np.bool_))

    @classmethod
    def settled(cls, first: Floats, coolant_degc: float, fault_at: int) -> Cards:
        """Return cards that have long done the work of the first second."""
        made = cls(fault_at, np.zeros(CARDS))
        made.resistance[HOT_CARD] = HOT_RESISTANCE
        settled = coolant_degc + made.resistance * (IDLE_W + BUSY_W * first)
        made.temperature = np.minimum(settled, COOL_DEGC)
        return made

    def step(
        self, second: int, wanted: Floats, limit_w: float, coolant_degc: float, errors: Ints
    ) -> None:
        """Go on by one second; `limit_w` is what cards and hosts together may draw."""
        failed = 0 <= self.fault_at <= second
        wanted = np.where(self.off, 0.0, wanted)
        self.hot = (self.temperature > HOT_DEGC) | (self.hot & (self.temperature > COOL_DEGC))
        self.utilisation = np.where(self.hot, wanted * THROTTLE, wanted)
        if failed:
            self.utilisation[BAD_CARD] = 0
        asked = BUSY_W * float(self.utilisation.sum())
        spare = limit_w - NODES * NODE_W - np.count_nonzero(~self.off) * IDLE_W
        share = min(1.0, max(0.0, spare / asked)) if asked else 1.0
        self.utilisation = self.utilisation * share
        self.power = IDLE_W + BUSY_W * self.utilisation
        self.errors = np.minimum(self.errors + errors, 4095)
        self.state = np.where(wanted > 0, COMPUTE, IDLE)
        self.state[(self.hot | (share < 1)) & (wanted > 0)] = THROTTLED
        if failed:
            self.power[BAD_CARD], self.state[BAD_CARD] = 0.0, FAULT
        self.power[self.off], self.state[self.off] = 0.0, OFF
        aim = coolant_degc + self.resistance * self.power
        self.temperature = self.temperature + (aim - self.temperature) / LAG_S

    @property
    def total_w(self) -> float:
        """What cards and hosts draw."""
        return float(self.power.sum()) + NODES * NODE_W


def draw_errors(seconds: int, rng: np.random.Generator) -> Ints:
    """Draw the memory errors of every second and card; BAD_CARD has many."""
    rates = np.full(CARDS, ERRORS_A_SECOND)
    rates[BAD_CARD] = BAD_ERRORS_A_SECOND
    return rng.poisson(rates, (seconds, CARDS))
