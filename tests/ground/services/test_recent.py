"""What a run has called new is remembered, the newest of it, whatever its size."""

from __future__ import annotations

import pytest

from ground.archive.identities import digest_rows
from ground.services import recent
from ground.services.recent import Recent
from tests.ground.services import hand
from tests.ground.services.test_duplicates import row, table


def known(memory: Recent, *times: int) -> list[bool]:
    return memory.among(digest_rows(table(*(row(t) for t in times)))).tolist()


def test_it_knows_what_it_was_given_and_nothing_else() -> None:
    memory = Recent()
    assert known(memory, 1) == [False]
    memory.add(table(row(1), row(2)))
    memory.add(table(row(3)))
    assert known(memory, 0, 1, 2, 3, 4) == [False, True, True, True, False]
    assert memory.floor_ns < 0
    memory.add(table(row(0)))
    assert known(memory, 0) == [True]


@pytest.mark.parametrize("asked", [False, True])
def test_the_oldest_are_forgotten_and_the_floor_says_up_to_when(asked: bool) -> None:
    memory = Recent(capacity=4)
    for t in range(0, 10, 2):
        memory.add(table(row(t), row(t + 1)))
        if asked:
            known(memory, t)
    assert known(memory, *range(10)) == [False] * 6 + [True] * 4
    assert memory.floor_ns == hand.EPOCH_NS + 5


def test_octets_of_large_packets_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "FRESH_OCTETS", 10_000)
    memory = Recent()
    for t in range(50):
        memory.add(table(row(t, octets=bytes(3000))))
        assert sum(each.nbytes for each in memory._fresh) <= 10_000
    assert memory.among(digest_rows(table(row(7, octets=bytes(3000))))).tolist() == [True]


def test_over_one_link_alone_nothing_comes_from_elsewhere() -> None:
    assert Recent(links=1).alone and not Recent(links=2).alone
