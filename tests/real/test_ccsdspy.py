"""Files that come with ccsdspy: octet orders, packets of variable length, definitions in CSV."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

import ccsdspy
import numpy as np
import pytest
from ccsdspy import FixedLength, PacketArray, PacketField, VariableLength

from ground import databases
from ground.columns import Batch
from ground.decode.decoder import Decoder
from ground.mdb import dictionary, plan
from ground.mdb.model import Database, DatabaseError
from protocols import packet
from tests.clauses import clause

ORDERS = [
    *("1", "12", "21", "123", "321", "1234", "2143", "3412", "4321"),
    *("123456", "1234567", "12345678", "78563412", "87654321"),
]
SIZES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
SECOND_SIZES = [5, 7, 2, 8, 3, 41, 42, 1, 3, 4]  # by the script that wrote the file


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccsdspy.log, "disabled", True)
    logging.getLogger("ccsdspy").setLevel(logging.CRITICAL)


def decode(database: Database, octets: bytes) -> Batch:
    """Decode packets that are all of one type; nothing is left over or missing."""
    decoded = Decoder(plan.compile(database)).decode(packet.scan(octets).packets)
    (batch,) = decoded.batches
    assert not len(decoded.unknown)
    return batch


def definition(*lines: str) -> Database:
    text = "\n".join(lines) + "\n"
    return dictionary.load_ccsdspy(text.encode(), "definition.csv", name="T")


@pytest.mark.parametrize("order", ORDERS)
def test_each_octet_order_gives_the_values_of_its_truth_file(shared: Path, order: str) -> None:
    folder = shared / "ccsdspy_byte_order"
    truth = np.loadtxt(folder / f"byteorder_{order}.csv", delimiter=",", dtype=np.uint64)
    database = definition(
        "name,data_type,bit_length,byte_order", f"body,uint(80),{8 * len(order)},{order}"
    )
    batch = decode(database, (folder / f"byteorder_{order}.bin").read_bytes())
    assert truth.shape == (10, 80)
    assert np.array_equal(batch.raw["/T/body"].values.astype(np.uint64), truth)
    assert not batch.flags.any()


def test_little_is_the_order_with_the_least_significant_octet_first(shared: Path) -> None:
    folder = shared / "ccsdspy_byte_order"
    truth = np.loadtxt(folder / "byteorder_4321.csv", delimiter=",", dtype=np.uint64)
    database = definition("name,data_type,bit_length,byte_order", "body,uint(80),32,little")
    batch = decode(database, (folder / "byteorder_4321.bin").read_bytes())
    assert np.array_equal(batch.raw["/T/body"].values.astype(np.uint64), truth)


VARIABLE = {
    "var_length_packets.bin": ["data,uint(expand),16"],
    "var_length_packets_with_footer.bin": ["data,uint(expand),16", "footer,uint,16"],
    "var_length_packets_double_varfield_with_footer.bin": [
        "data1_len,uint,8",
        "data1,uint(data1_len),16",
        "data2_len,uint,8",
        "data2,uint(data2_len),16",
        "footer,uint,16",
    ],
}


@pytest.mark.parametrize("name", VARIABLE)
def test_packets_of_variable_length_equal_what_ccsdspy_decodes(
    shared: Path, tmp_path: Path, name: str
) -> None:
    file, lines = shared / "ccsdspy_var_length" / name, ["name,data_type,bit_length"]
    text = "\n".join(lines + VARIABLE[name]) + "\n"
    (tmp_path / "definition.csv").write_text(text)
    oracle = VariableLength.from_file(str(tmp_path / "definition.csv")).load(
        str(file), include_primary_header=True
    )
    batch = decode(databases.read_database(tmp_path / "definition.csv"), file.read_bytes())
    assert not batch.flags.any()
    assert set(batch.raw) == {f"/definition/{field}" for field in oracle}
    for field, values in oracle.items():
        found = batch.raw[f"/definition/{field}"].values
        assert [np.asarray(each).tolist() for each in found] == [
            np.asarray(each).tolist() for each in values
        ]


def test_variable_fields_have_the_sizes_and_values_of_the_readme(shared: Path) -> None:
    folder = shared / "ccsdspy_var_length"
    for name, lines in VARIABLE.items():
        database = definition("name,data_type,bit_length", *lines)
        batch = decode(database, (folder / name).read_bytes())
        first = batch.raw["/T/data1" if "double" in name else "/T/data"].values
        assert [len(each) for each in first] == SIZES
        assert [each.tolist() for each in first] == [list(range(size, 2 * size)) for size in SIZES]
        assert set(batch.raw["/T/CCSDS_VERSION_NUMBER"].values) == {1}
        if "footer" in name:
            assert set(batch.raw["/T/footer"].values) == {1}
    second = batch.raw["/T/data2"].values
    assert [len(each) for each in second] == SECOND_SIZES


@pytest.mark.parametrize("name", ["array", "reference", "expand"])
def test_the_published_definitions_decode_what_ccsdspy_encodes(
    shared: Path, tmp_path: Path, name: str
) -> None:
    path = shared / f"ccsdspy_packet_def/basic_csv_3col_with_{name}.csv"
    random = np.random.default_rng(5)
    octets, expected = [], []
    for count in range(20):
        mode = int(random.integers(8))
        values = random.integers(0, 128, {"array": 288, "reference": mode, "expand": 30}[name])
        head = (int(random.integers(2**32)) << 24) | (int(random.integers(2**20)) << 4) | mode << 1
        body = head.to_bytes(7, "big") + values.astype(np.uint8).tobytes()
        start = (0x0863).to_bytes(2, "big") + (0xC000 | count).to_bytes(2, "big")
        octets.append(start + (len(body) - 1).to_bytes(2, "big") + body)
        expected.append((head >> 24, head >> 4 & 0xFFFFF, mode, values.tolist()))
    batch = decode(databases.read_database(path), b"".join(octets))
    columns = [
        batch.raw[f"/{path.stem}/{field}"].values
        for field in ("SHCOARSE", "SHFINE", "OPMODE", "VOLTAGE")
    ]
    found = [
        (int(a), int(b), int(c), np.ravel(d).tolist()) for a, b, c, d in zip(*columns, strict=True)
    ]
    assert found == expected
    assert not batch.flags.any()


@pytest.mark.parametrize("name", ["", "_with_array"])
def test_offsets_give_the_same_as_counting_the_fields(shared: Path, name: str) -> None:
    """`extended_csv_4col` says by offsets what its lines say in order."""
    octets = (shared / f"ccsdspy_packet_def/extended_csv_4col{name}.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(octets.decode()), skipinitialspace=True))
    plain = "\n".join(",".join(row[:3]) for row in rows)
    by_offset = dictionary.load_ccsdspy(octets, "a.csv", name="T")
    by_order = dictionary.load_ccsdspy(plain.encode(), "a.csv", name="T")
    body = bytes(np.random.default_rng(3).integers(0, 256, 20, np.uint8))
    packet_ = bytes.fromhex("0863c0000013") + body
    first, second = decode(by_offset, packet_), decode(by_order, packet_)
    for path in second.raw:
        assert first.raw[path].values.tolist() == second.raw[path].values.tolist()


def test_the_published_definition_that_no_packet_can_follow_is_refused_with_lines(
    shared: Path,
) -> None:
    with pytest.raises(DatabaseError) as refused:
        databases.read_database(shared / "ccsdspy_packet_def/basic_csv_3col_with_all.csv")
    assert [problem.where.line for problem in refused.value.problems] == [3, 4]


# ---- what the files do not show, with ccsdspy itself as the judge ---------------------------


def test_fields_of_every_kind_equal_what_ccsdspy_decodes(tmp_path: Path) -> None:
    """Unaligned integers of all widths, floats, text, fill, gaps and overlaps by bit_offset."""
    fields = [
        ("a", "uint", 3, 48),
        ("b", "int", 13, 51),
        ("c", "uint", 24, 64),
        ("d", "int", 40, 88),
        ("e", "float", 32, 128),
        ("f", "float", 64, 160),
        ("g", "str", 40, 224),
        ("h", "uint", 7, 265),
        ("i", "uint", 16, 88),
        ("j", "int", 1, 300),
        ("k", "uint", 64, 304),
    ]
    text = "name,data_type,bit_length,bit_offset\n" + "".join(
        ",".join(map(str, field)) + "\n" for field in fields
    )
    random = np.random.default_rng(11)
    packets = []
    for count in range(50):
        body = bytearray(random.integers(0, 256, 60, np.uint8).tobytes())
        body[10:22] = np.array([count / 7, -count], ">f4").tobytes() + b"\0\0\0\0"
        body[14:22] = np.array([count * 1e100], ">f8").tobytes()
        body[22:27] = random.integers(65, 90, 5, np.uint8).tobytes()
        packets.append(bytes.fromhex("0863") + (0xC000 | count).to_bytes(2, "big"))
        packets.append((59).to_bytes(2, "big") + body)
    octets = b"".join(packets)
    (tmp_path / "all.csv").write_text(text)
    oracle = FixedLength.from_file(str(tmp_path / "all.csv")).load(io.BytesIO(octets))
    batch = decode(databases.read_database(tmp_path / "all.csv"), octets)
    for name, kind, _, _ in fields:
        expected = oracle[name]
        if kind == "str":
            padded = [each.decode().lstrip("\0") for each in expected]  # to 8 octets, in front
            assert batch.raw[f"/all/{name}"].values.tolist() == padded
        else:
            assert np.array_equal(batch.raw[f"/all/{name}"].values, expected), name


@clause("133.0-B-2 §4.1.3.3.4")
def test_an_apid_chooses_the_packets_that_a_definition_is_for(shared: Path) -> None:
    octets = (shared / "hs_synthetic/apid130/defs.csv").read_bytes()
    database = dictionary.load_ccsdspy(octets, "defs.csv", apid=130, name="HS")
    files = [next((shared / f"hs_synthetic/apid{apid}").glob("*.tlm")) for apid in ("130", "001")]
    both = packet.scan(files[0].read_bytes()[: 39 * 10] + files[1].read_bytes()[: 51 * 5]).packets
    decoded = Decoder(plan.compile(database)).decode(both)
    (batch,) = decoded.batches
    assert (batch.packet_type, len(batch)) == ("/HS/PACKET", 10)
    assert decoded.unknown.tolist() == [10, 11, 12, 13, 14]


def test_the_packets_of_noaa_20_equal_what_ccsdspy_decodes(shared: Path) -> None:
    folder = shared / "jpss1"
    path = folder / "ccsdspy_jpss1_geolocation.csv"
    file = folder / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
    oracle = FixedLength.from_file(str(path)).load(str(file), include_primary_header=True)
    batch = decode(databases.read_database(path), file.read_bytes())
    assert len(batch) == 7200
    assert set(batch.raw) == {f"/{path.stem}/{field}" for field in oracle}
    for field, expected in oracle.items():
        assert np.array_equal(batch.raw[f"/{path.stem}/{field}"].values, expected), field


def test_arrays_of_two_axes_equal_what_ccsdspy_decodes(shared: Path) -> None:
    file = shared / "ccsdspy_byte_order/byteorder_123.bin"
    field = PacketArray(name="body", data_type="int", bit_length=24, array_shape=(8, 10))
    oracle = FixedLength([field]).load(str(file))["body"]
    database = definition("name,data_type,bit_length", '"body","int(8, 10)",24')
    found = decode(database, file.read_bytes()).raw["/T/body"].values
    assert np.array_equal(found.reshape(oracle.shape), oracle)


def test_a_single_field_equals_a_packet_field(shared: Path) -> None:
    file = shared / "ccsdspy_byte_order/byteorder_21.bin"
    fields = [PacketField("x", "int", 11), PacketArray("y", "uint", 5, array_shape=253)]
    oracle = FixedLength([*fields, PacketField("z", "uint", 4)]).load(str(file))
    database = definition("name,data_type,bit_length", "x,int,11", "y,uint(253),5", "z,uint,4")
    batch = decode(database, file.read_bytes())
    assert all(np.array_equal(batch.raw[f"/T/{name}"].values, oracle[name]) for name in "xyz")
