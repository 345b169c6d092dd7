"""A packet that is stored is known again, wherever its row lies by now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.archive.embedded import EmbeddedStore
from ground.archive.identities import digest_rows
from tests.ground.archive.samples import SECOND, T0, packets

FIRST = packets("A", [1, 2], [T0, T0 + SECOND], [b"one", b"two"])


def test_a_digest_differs_with_every_part_of_the_identity():
    base = ("A", [1], [T0], [b"octets"])
    others = [
        packets("B", *base[1:]),
        packets("A", [2], *base[2:]),
        packets("A", [1], [T0 + 1], [b"octets"]),
        packets("A", [1], [None], [b"octets"]),
        packets("A", [1], [0], [b"octets"]),
        packets("A", [1], [T0], [b"octet"]),
        packets("As", [1], [T0], [b"octets"]),
    ]
    for name, kind in (("vcid", "uint8"), ("apid", "uint16")):
        table = packets(*base)
        at = table.column_names.index(name)
        others.append(table.set_column(at, name, table[name].cast("int64").cast(kind)))
        others[-1] = others[-1].set_column(at, name, [[9]])
    digests = {digest for table in [packets(*base), *others] for digest in digest_rows(table)}
    assert len(digests) == 1 + len(others)
    assert {len(digest) for digest in digests} == {16}


@pytest.mark.parametrize("place", ["hot", "segment", "day", "other process"])
def test_stored_packets_are_known_and_others_are_not(tmp_path: Path, place):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {"packets": FIRST})
        store.append("live", {"packets": packets("A", [3], [None], [b"three"])})
        if place in ("segment", "day"):
            store.flush()
        if place == "day":
            store.compact()
        asked = EmbeddedStore.open(tmp_path, write=False) if place == "other process" else store
        known = asked.identities("live", ["A"], T0, T0 + 1)
        assert all(digest in known for digest in digest_rows(FIRST))
        assert digest_rows(packets("A", [3], [None], [b"three"]))[0] in known
        assert digest_rows(packets("A", [3], [T0], [b"three"]))[0] not in known
        assert not asked.identities("live", ["B"])
        assert not asked.identities("sim/demo")
        if asked is not store:
            asked.close()


def test_packets_appended_since_the_last_question_are_known(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        for number in range(20):
            more = packets("A", [number], [T0 + number], [bytes([number])])
            assert digest_rows(more)[0] not in store.identities("live", ["A"], T0, T0 + 100)
            store.append("live", {"packets": more})
            assert digest_rows(more)[0] in store.identities("live", ["A"], T0, T0 + 100)


def test_rows_with_and_without_a_time_are_asked_for_apart(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        for table in (FIRST, packets("A", [3], [None], [b"three"])):
            store.append("live", {"packets": table})
            store.flush()
        [timed, _], [untimed] = (
            digest_rows(FIRST),
            digest_rows(packets("A", [3], [None], [b"three"])),
        )
        both = store.identities("live")
        assert timed in both and untimed in both
        only = store.identities("live", timed=False)
        assert timed not in only and untimed in only
        only = store.identities("live", start_ns=T0, untimed=False)
        assert timed in only and untimed not in only


def test_only_files_that_overlap_are_read(tmp_path: Path):
    with EmbeddedStore.open(tmp_path, write=True) as store:
        store.append("live", {"packets": FIRST})
        store.flush()
        assert not store.identities("live", ["A"], T0 + 10 * SECOND, T0 + 20 * SECOND)
        assert not store.identities("live", [])
