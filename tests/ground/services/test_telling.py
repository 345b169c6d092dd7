"""What is told of packets is what was decoded, whatever its kind, on the other side of the wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ground import databases, wire
from ground.columns import Column
from ground.mdb import plan
from ground.messages import ParametersDecoded
from ground.services import parcels, telling
from ground.services.crafts import Crafts, Definition
from ground.services.meant import Judged
from ground.services.processing import Processor
from ground.services.tally import Tally
from protocols import packet
from tests.ground.services import hand
from tests.ground.services.test_chain import new_chain, records_of
from tests.recordings import mission_of
from tools import simulator

DATABASES = (
    *("imap_codice_hk/codice_packet_definition.xml", "imap_swapi/swapi_packet_definition.xml"),
    *("ctim/ctim_xtce_v1.xml", "idex/idex_combined_science_definition.xml"),
    *("xtcetools/BogusSAT-2.xml", "jpss1/jpss1_geolocation_xtce_v1.xml"),
)  # fmt: skip


def judged(database: Path, octets: list[bytes], root: str | None = None) -> list[Judged]:
    """What an observer sees of these packets."""
    files = databases.database_files(database)
    compiled = plan.compile(databases.from_files(files, str(database)), root)
    crafts = Crafts(only="A", definitions={"A": Definition("key", compiled)})
    seen: list[Judged] = []
    nothing = lambda table: np.zeros(len(table), bool)  # noqa: E731
    Processor(crafts, nothing, Tally(), observer=seen.extend).process(
        packet.scan(b"".join(octets)).packets, "x"
    )
    return seen


def travelled(each: Judged) -> list[ParametersDecoded]:
    made = []
    for part in parcels.parts(telling.parameters(each)):
        frames = wire.encode(part, topic="live/x", realm="live", seq=1, t_ns=0)
        made.append(wire.decode([bytes(frame) for frame in frames]).message)
    return made


def cells(column: Column) -> list[str]:
    """Each value as text; what is missing shows as None, a label as itself."""
    valid = np.ones(column.values.shape, bool) if column.valid is None else column.valid
    found = []
    for value, there in zip(column.values.reshape(-1), valid.reshape(-1), strict=True):
        code = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if column.labels is not None and isinstance(code, int):
            code = column.labels[code] if there and code >= 0 else None
        there = there and code == code  # nan is nothing
        found.append(repr(code) if there else "None")
    return found


def told(messages: list[ParametersDecoded], path: str) -> tuple[list[str], list[str]]:
    """Raw and engineering values as a receiver reads them."""
    raw: list[str] = []
    engineering: list[str] = []
    for message in messages:
        columns: dict[str, Any] = message.columns
        valid = columns.get(f"valid:{path}")
        values = columns[f"raw:{path}"]
        labels = message.labels.get(path)
        raw += cells(Column(values, valid))
        if f"eng:{path}" not in columns:
            engineering += cells(Column(values, valid))
        elif labels is not None:
            engineering += cells(Column(columns[f"eng:{path}"], None, tuple(labels)))
        else:
            engineering += cells(Column(columns[f"eng:{path}"], valid))
    return raw, engineering


def check(each: Judged) -> None:
    messages = travelled(each)
    for path, column in each.batch.raw.items():
        assert told(messages, path) == (cells(column), cells(each.values[path])), path
    names = [m.spacecraft[code] for m in messages for code in m.columns["craft"].tolist()]
    assert names == [each.names[code] for code in each.spacecraft.tolist()]


def test_every_kind_of_value_of_the_hand_made_mission_travels(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, hand.MISSION, {"hand.xml": hand.DATABASE})
    whole = hand.hk(2, 2, mode=7, load=float("nan"), big=0)
    short = packet.encode(hand.HK, 3, whole[6:20])  # ends within its fields
    octets = [hand.hk(0, 0), hand.hk(1, 1, mode=0, wide=(1 << 64) - 1), whole, short]
    octets += [hand.event(4, 4, 1), hand.event(5, 5, 2, 7, 8, 9), hand.hk(6, 6, load=float("inf"))]
    database = mission.spacecraft[0].database
    assert database is not None
    found = judged(database, octets)
    assert [each.batch.packet_type for each in found] == ["/H/HK", "/H/EVENT"]
    for each in found:
        check(each)
    raw, engineering = told(travelled(found[0]), "/H/MODE")
    assert raw == ["1", "0", "7", "7", "1"]
    assert engineering == ["'ON'", "'OFF'", "None", "None", "'ON'"]
    raw, _ = told(travelled(found[0]), "/H/BIG")
    assert raw == [str(1 << 90), str(1 << 90), "0", "None", str(1 << 90)]


def test_only_the_spacecraft_of_the_packets_are_named(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, hand.MISSION, {"hand.xml": hand.DATABASE})
    database = mission.spacecraft[0].database
    assert database is not None
    [each] = judged(database, [hand.hk(0, 0)])
    each.names[:] = [*(f"SCID-{n}" for n in range(5000)), "A"]
    each.spacecraft[:] = 5000
    assert telling.parameters(each).spacecraft == ["A"]


@pytest.mark.parametrize("name", DATABASES)
def test_any_octets_by_real_databases_travel(name: str, shared: Path) -> None:
    path, root = shared / name, "CCSDSPacket" if "Bogus" in name else None
    rng = np.random.default_rng(3)
    text = path.read_text(errors="replace")
    apids = {int(each) for each in re.findall(r'value="(\d{1,4})"', text)} & set(range(2047))
    octets = [
        packet.encode(apid, 0, rng.integers(0, high, size, np.uint8).tobytes(), **secondary)
        for apid in sorted(apids)
        for high, size in ((256, 5), (256, 250), (3, 700))
        for secondary in ({}, {"secondary_header": True})
    ]
    found = judged(path, octets, root)
    assert found
    for each in found:
        check(each)


def test_a_simulated_pass_travels(tmp_path: Path) -> None:
    simulator.record(tmp_path / "pass", seconds=200, seed=3)
    seen: list[Judged] = []
    chain = new_chain(tmp_path, seen)
    octets = (tmp_path / "pass").read_bytes()
    chain.receive("recording", records_of(octets, list(range(1279, len(octets), 1279)), {0}))
    assert len({each.batch.packet_type for each in seen}) > 5
    for each in seen:
        check(each)
