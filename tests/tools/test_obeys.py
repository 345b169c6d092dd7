"""The live satellite obeys: what is heard on its uplinks shows in the telemetry that it sends."""

from __future__ import annotations

import socket
from importlib import resources

import numpy as np
import pytest

from ground import settings
from ground.decode.calibrate import Calibration
from ground.decode.decoder import Decoder
from ground.errors import InputError
from ground.mdb import plan, xtce
from ground.mdb.telecommand import Telecommand
from protocols import aos, clcw, cltu, envelope, map_segment, packet, tc
from protocols.cadu import Cadu
from protocols.channel import Channels
from protocols.pus.activities import Activity
from protocols.pus.header import Telecommand as Request
from protocols.pus.header import encode_telecommand
from protocols.pus.schedule import Insert
from protocols.reed_solomon import Code
from protocols.tc import Kind, TcFrame
from tools.simulator import START_NS
from tools.simulator.command import simulate
from tools.simulator.ears import listen, parse
from tools.simulator.forward import places
from tools.simulator.obeying import ObeyingStream

SECOND = 10**9
OCTETS = (resources.files("configs") / "chenguang1" / "database.xml").read_bytes()
DATABASE = xtce.load(OCTETS, "database.xml")
PLAN = plan.compile(DATABASE)
DECODER = Decoder(PLAN)
LAYOUT = aos.Layout(1115, fecf=True, ocf=True)
CG1, TIANLIAN = 171, 52
MISSION = """
[mission]
name = "obeying"
[[spacecraft]]
name = "CG-1"
scid = 171
database = "{database}"
root_container = "CCSDSPacket"
tc = {{ packet_error_control = true }}
[[link]]
name = "down"
kind = "udp"
address = "127.0.0.1:1"
frame = "aos"
length = 1115
fecf = true
ocf = true
asm = "1acffc1d"
randomiser = "tm8"
rs = {{ k = 223, interleave = 5, basis = "dual", fill = 0 }}
[[site]]
name = "kashi"
latitude_deg = 39.5
longitude_deg = 76.0
[[relay]]
name = "TL-9"
kind = "regenerative"
scid = 52
longitude_deg = 77.0
to = ["CG-1"]
[[relay]]
name = "TL-1"
kind = "bent-pipe"
longitude_deg = 16.8
to = ["CG-1"]
[[uplink]]
name = "direct"
site = "kashi"
to = ["CG-1"]
kind = "udp"
address = "127.0.0.1:10025"
[[uplink]]
name = "high"
site = "kashi"
to = ["TL-*"]
kind = "tcp-client"
address = "127.0.0.1:10026"
"""


class Mouth:
    """Stands for an ear: says what the test has it say, once."""

    def __init__(self, name="direct"):
        self.name, self.words = name, []

    def heard(self):
        words, self.words = self.words, []
        return words


@pytest.fixture(scope="module")
def mission(tmp_path_factory):
    folder = tmp_path_factory.mktemp("obeying")
    path = folder / "mission.toml"
    (folder / "database.xml").write_bytes(OCTETS)
    path.write_text(MISSION.format(database="database.xml"))
    return str(path)


def command(name, sequence=0, **values):
    made = Telecommand.of(DATABASE, name, packet_error_control=True)
    return made.encode(values, sequence=sequence)


def unit(octets, scid=CG1, kind=Kind.AD, sequence=0):
    (field,) = map_segment.segment([octets], most=900, map_id=0)
    return cltu.encode(tc.encode(TcFrame(scid, 0, kind, sequence, field)), randomise=True)


class Listener:
    """A station's own protocols and database, on what a stream sends."""

    def __init__(self, stream):
        self.stream, self.chain = (
            stream,
            Cadu(1115, b"\x1a\xcf\xfc\x1d", "tm8", Code(223, 5, "dual")),
        )
        self.channels, self.words, self.packets = Channels(), {}, []
        self.gaps = 0

    def until(self, t_ns):
        sent = self.stream.frames(t_ns)
        octets = np.frombuffer(b"".join(octets for _, octets in sent), np.uint8)
        frames, rejects = aos.decode_many(self.chain.receive(octets).frames, LAYOUT)
        assert not rejects
        for scid, word in zip(frames.scid.tolist(), frames.ocf.tolist(), strict=True):
            self.words[scid] = clcw.decode(word)
        extracted = self.channels.receive(frames)
        self.gaps += len(extracted.gaps)
        rows = [extracted.packets.octets(row) for row in range(len(extracted.packets))]
        self.packets += list(zip(extracted.packets.scid.tolist(), rows, strict=True))
        mine = extracted.packets.take(extracted.packets.scid == CG1)
        decoded = DECODER.decode(mine)
        assert all(mine.octets(row)[7] == 17 for row in decoded.unknown.tolist())
        return {each.packet_type: each for each in decoded.batches}

    def verified(self):
        """(subtype, sequence count of the request) of each report of ST[01]."""
        return [
            (each[8], int.from_bytes(each[21:23], "big") & 0x3FFF)
            for scid, each in self.packets
            if scid == CG1 and each[7] == 1
        ]


def values(batches, path):
    """The engineering values of a parameter, in order of time."""
    for each in batches.values():
        if path in each.raw:
            types = PLAN.column_types[each.packet_type]
            column = Calibration(types).engineering(each.raw, [path])[path]
            if column.labels is None:
                return column.values
            return np.array(column.labels, object)[column.values]
    raise KeyError(path)


def flown(mission, *ears):
    return Listener(ObeyingStream(ears, mission=mission, keep_truth=False))


def at(seconds):
    return START_NS + int(seconds * SECOND)


def test_a_card_that_is_switched_off_is_off_and_the_bus_load_falls(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    before = heard.until(at(20))
    card = int(np.argmax(values(before, "/CG1/DC/CARDS.power")[-1]))
    mouth.words.append(unit(command("/CG1/DC/CARD_OFF", 5, card=card)))
    after = heard.until(at(30))
    assert values(after, "/CG1/DC/CARDS.state")[-1][card] == "OFF"
    assert values(after, "/CG1/DC/CARDS.power")[-1][card] == 0
    assert values(before, "/CG1/DC/CARDS.state")[-1][card] != "OFF"
    load = [values(each, "/CG1/EPS/LOAD_COMPUTE")[-1] for each in (before, after)]
    assert load[1] < load[0] - 10
    assert heard.verified() == [(1, 5), (3, 5), (7, 5)]
    assert heard.words[CG1].report_value == 1
    assert heard.gaps == 0


EFFECTS = [
    ("/CG1/DC/DC_POWER_LIMIT", {"limit": 1800.0}, "/CG1/DC/DC_POWER_LIMIT", 1800.0),
    ("/CG1/DC/NODE_DRAIN", {"node": 3}, "/CG1/DC/NODES.state", "DRAINING"),
    ("/CG1/DC/JOB_START", {"job": 77, "first": 8, "cards": 2, "image": "train"},
     "/CG1/DC/CARDS.job", 77),
    ("/CG1/TCS/PUMP_SPEED", {"pump": 1, "speed": 2000.0}, "/CG1/TCS/PUMPS.speed", 2000.0),
    ("/CG1/EPS/HEATER", {"state": "ON"}, "/CG1/EPS/BATTERY_HEATER", "ON"),
    ("/CG1/EPS/ARRAY_DRIVE", {"state": "OFF"}, "/CG1/EPS/ARRAY_DRIVE", "OFF"),
    ("/CG1/COMM/LASER_POINT", {"azimuth": 10.0, "elevation": 5.0}, "/CG1/COMM/LASER_STATE",
     "ACQUISITION"),
    ("/CG1/OBSW/MODE", {"mode": "SAFE"}, "/CG1/OBSW/SATELLITE_MODE", "SAFE"),
]  # fmt: skip


def test_each_command_shows_in_its_column_and_is_reported_complete(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    heard.until(at(6))
    for number, (name, given, path, expected) in enumerate(EFFECTS):
        mouth.words.append(unit(command(name, number, **given), sequence=number))
        after = heard.until(at(20 + 14 * number))
        found = np.array(values(after, path), object)[-2:]
        assert expected in found.ravel().tolist(), name
    complete = {sequence for subtype, sequence in heard.verified() if subtype == 7}
    assert complete == set(range(len(EFFECTS)))
    assert {subtype for subtype, _ in heard.verified()} <= {1, 3, 5, 7}
    job = np.array(values(after, "/CG1/DC/CARDS.job"))
    assert (job[-1] == 0).all(), "no job runs in safe mode"


def test_counters_and_the_control_word_follow_what_was_heard(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    before = heard.until(at(15))
    bad = unit(command("/CG1/OBSW/PING", 9), sequence=100)
    good = [unit(command("/CG1/OBSW/PING", each), sequence=each) for each in range(3)]
    mouth.words += [*good, unit(command("/CG1/DC/JOB_STOP", 3, job=1)[:-1] + b"!", sequence=3), bad]
    after = heard.until(at(40))
    for name, more in [
        ("TC_FRAMES_ACCEPTED", 4),
        ("TC_FRAMES_REJECTED", 1),
        ("FARM_LOCKOUT", None),
    ]:
        found = [values(each, f"/CG1/COMM/{name}")[-1] for each in (before, after)]
        assert more is None or found[1] - found[0] == more
    assert values(after, "/CG1/COMM/FARM_LOCKOUT")[-1] == "LOCKOUT"
    assert values(after, "/CG1/COMM/FARM_REPORT")[-1] == heard.words[CG1].report_value == 4
    assert heard.words[CG1].lockout
    executed = [values(each, "/CG1/OBSW/COMMANDS_EXECUTED")[-1] for each in (before, after)]
    failed = [values(each, "/CG1/OBSW/COMMANDS_FAILED")[-1] for each in (before, after)]
    assert (executed[1] - executed[0], failed[1] - failed[0]) == (3, 1)
    assert (2, 3) in heard.verified()
    assert len([each for _, each in heard.packets if each[7:9] == bytes([17, 2])]) == 3


def test_an_answer_comes_within_three_seconds(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    for second in range(10, 40, 4):
        heard.until(at(second) + 1)
        mouth.words.append(unit(command("/CG1/OBSW/PING", second), kind=Kind.BD))
        heard.until(at(second + 3) + 1)
        assert (7, second) in heard.verified()


def test_what_is_scheduled_on_board_is_done_at_its_time(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    heard.until(at(5))
    later = Activity(at(20), command("/CG1/OBSW/MODE", 50, mode="STANDBY"))
    request = Request(150, 11, 4, Insert((later,)).encode(), sequence=1)
    mouth.words.append(unit(encode_telecommand(request)))
    assert "STANDBY" not in values(heard.until(at(20)), "/CG1/OBSW/SATELLITE_MODE")
    after = heard.until(at(35))
    assert values(after, "/CG1/OBSW/SATELLITE_MODE")[-1] == "STANDBY"
    (done,) = [each for each in heard.stream.forward.world.executed if each.scheduled]
    assert done.t_ns == at(20)


def test_commands_come_by_either_relay_and_custody_is_reported_in_its_own_frames(mission):
    mouth = Mouth("high")
    heard = flown(mission, mouth)
    heard.until(at(5))
    mouth.words.append(unit(command("/CG1/OBSW/PING", 1), kind=Kind.BD))
    (field,) = map_segment.segment([command("/CG1/OBSW/PING", 2)], most=900, map_id=0)
    frame = tc.encode(TcFrame(CG1, 0, Kind.BD, 0, field))
    given = envelope.Envelope(b"e" * 16, CG1, 0, frame, 1, at(60), (TIANLIAN,))
    carrier = packet.encode(2040, 0, envelope.encode(given), type=1)
    mouth.words.append(unit(carrier, scid=TIANLIAN, kind=Kind.BD))
    heard.until(at(20))
    assert {sequence for _, sequence in heard.verified()} == {1, 2}
    custody = [
        envelope.decode_custody(each[6:]) for scid, each in heard.packets if scid == TIANLIAN
    ]
    assert [each.state for each in custody] == [envelope.State.RECEIVED, envelope.State.FORWARDED]
    assert all(each.id == b"e" * 16 for each in custody)
    assert heard.words[TIANLIAN].farm_b_counter == 1
    counts = heard.stream.counts()["commands"]
    assert (counts["heard"], counts["astray"], counts["executed"]) == (2, 0, 2)


def test_a_restart_by_command_is_told_and_begins_every_count_anew(mission):
    mouth = Mouth()
    heard = flown(mission, mouth)
    heard.until(at(5))
    mouth.words.append(unit(command("/CG1/OBSW/BOOT", 1, image="CURRENT")))
    heard.until(at(9))
    assert heard.verified() == [(1, 1), (3, 1), (7, 1)]
    after = heard.until(at(40))
    assert values(after, "/CG1/OBSW/BOOT_REASON")[-1] == "COMMAND"
    assert values(after, "/CG1/OBSW/BOOT_COUNT")[-1] == 8
    assert heard.words[CG1].report_value == 0
    mouth.words.append(unit(command("/CG1/OBSW/PING", 2)))
    heard.until(at(45))
    assert (7, 2) in heard.verified()


def test_real_sockets_are_heard_whole_or_in_pieces(mission):
    ears = [listen(name, parse(f"{kind}:127.0.0.1:0")[1])
            for name, kind in (("direct", "udp"), ("high", "tcp-server"))]  # fmt: skip
    heard = flown(mission, *ears)
    try:
        heard.until(at(5))
        octets = unit(command("/CG1/OBSW/PING", 1), kind=Kind.BD)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(octets, ("127.0.0.1", ears[0].port))
            sender.sendto(b"noise", ("127.0.0.1", ears[0].port))
        other = unit(command("/CG1/OBSW/PING", 2), kind=Kind.BD)
        with socket.create_connection(("127.0.0.1", ears[1].port)) as connection:
            connection.sendall(b"\x55" * 7 + other[:11])
            heard.until(at(7))
            connection.sendall(other[11:])
            heard.until(at(12))
        heard.until(at(14))
    finally:
        for each in ears:
            each.close()
    assert {sequence for _, sequence in heard.verified()} == {1, 2}
    assert not ears[1].clients


def test_without_an_uplink_nothing_is_heard_and_names_must_be_known(mission):
    found = settings.find(mission)
    assert set(places(found, [], every=True)) == {"direct", "high"}
    assert places(found, [parse("high=tcp-server:127.0.0.1:7")])["high"].port == 7
    for given in ("nobody=udp:127.0.0.1:7", "udp:127.0.0.1:7"):
        with pytest.raises(InputError, match="direct, high"):
            places(found, [parse(given)])
    for wrong in ("high=tcp:127.0.0.1:7", "=udp:127.0.0.1:7", "high=file:x", "high"):
        with pytest.raises(InputError):
            parse(wrong)


def test_the_command_of_the_shell_listens_and_counts(mission, tmp_path):
    found = simulate(
        mission, f"file:{tmp_path}/octets", start_ns=START_NS, rate=0, seconds=10,
        uplinks=["direct=udp:127.0.0.1:0"], stopped=lambda: False, sleep=lambda _: None,
    )  # fmt: skip
    assert found["counts"]["commands"]["heard"] == 0
    assert found["counts"]["link"]["frames"] == 15
